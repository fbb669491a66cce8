"""The page behind a code to scan: what the customer's wallet would show, with two buttons. Pure."""

from __future__ import annotations

import io
from html import escape
from urllib.parse import quote

from posd.gateways.simulator.orders import Order, Phase
from posd.payment.amounts import Fen, format_yuan

_WORDS = {
    Phase.PAYING: "待付款 · to be paid",
    Phase.PAID: "已付款 · paid",
    Phase.FAILED: "未付款 · not paid",
    Phase.CLOSED: "已关闭 · closed",
    Phase.REVERSED: "已撤销 · undone",
}

_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated wallet</title>
<style>body{{font:18px sans-serif;margin:3em auto;max-width:22em;text-align:center}}
button{{font-size:1em;padding:.8em 2em;margin:.5em}}strong{{font-size:2em}}</style></head>
<body><p>模拟钱包 · simulated wallet</p><p><strong>¥{amount}</strong></p><p>{order_no}</p><p>{word}</p>
{buttons}</body></html>
"""
_BUTTONS = """<form method="post" action="/customer/{path}/confirm"><button>确认付款 · pay</button></form>
<form method="post" action="/customer/{path}/refuse"><button>取消 · refuse</button></form>"""


def customer_page(order: Order, now_ms: int) -> str:
    """The page of an order as it stands."""
    state = order.state(now_ms)
    phase = state.phase if state else Phase.PAYING
    buttons = _BUTTONS.format(path=quote(order.order_no, safe="")) if phase is Phase.PAYING else ""
    return _PAGE.format(
        amount=format_yuan(Fen(order.pay_amount)), order_no=escape(order.order_no), word=_WORDS[phase], buttons=buttons
    )


def code_picture(text: str) -> bytes:
    """A QR code as PNG. Takes some ten milliseconds of CPU."""
    import qrcode

    picture = io.BytesIO()
    qrcode.make(text).save(picture, format="PNG")
    return picture.getvalue()
