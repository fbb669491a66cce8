"""What the receipts are made of in these tests, and how an outsider reads amounts from them."""

from __future__ import annotations

import re

import msgspec

from posd.journal.records import ReceiptState
from posd.payment.amounts import Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import Status, VoidBy
from posd.payment.refund import RefundStatus
from posd.payment.terms import Method
from posd.payment.verdicts import Reason
from posd.receipt import Shop
from posd.resources import PaymentResource, ReasonResource, ReceiptResource, RefundResource

PAID = PaymentResource(
    id="pay_01M7W7MXKD69R5Y0ZSE6JR6CDY",
    order_no="0101261120100002K7QM",
    reference="B-2024-17",
    status=Status.PAID,
    attention=False,
    method=Method.BARCODE,
    wallet=Wallet.WECHAT,
    gateway="main",
    amount=Fen(1250),
    coup_amount=Fen(250),
    pay_amount=Fen(1000),
    currency="CNY",
    refunded_amount=Fen(0),
    description="示例商品",
    operator="00000001",
    trade_no="2026112022001412345678901234",
    channel_trade_no="42000023452026112012345678901234",
    qr_code=None,
    reason=None,
    void_requested_by=None,
    created_at="2026-11-20T10:00:02.000+08:00",
    submitted_at="2026-11-20T10:00:02.010+08:00",
    resolved_at="2026-11-20T10:00:03.999+08:00",
    window_ends_at=None,
    receipt=ReceiptResource(ReceiptState.QUEUED, 0),
)

CANCELLED = msgspec.structs.replace(
    PAID,
    status=Status.CANCELLED,
    coup_amount=None,
    pay_amount=None,
    trade_no=None,
    channel_trade_no=None,
    reason=ReasonResource(Reason.WINDOW_ELAPSED, "超时未支付，已自动撤销"),
    void_requested_by=VoidBy.WINDOW,
)

REFUND = RefundResource(
    id="ref_01M7W7MXKD69R5Y0ZSE6JR6CDY",
    refund_no="0101261120100002K7QMR1",
    payment_id=PAID.id,
    amount=Fen(500),
    pay_amount=Fen(400),
    status=RefundStatus.SUCCEEDED,
    reason="退货",
    created_at="2026-11-20T11:00:00.000+08:00",
    resolved_at="2026-11-20T11:00:01.000+08:00",
)


def shop(locale: str = "zh-CN", **others: object) -> Shop:
    """A store with lines of its own."""
    facts = {
        "store_name": "示例超市人民路店",
        "terminal_id": "0101",
        "header": ("人民路 1 号  电话 010-12345678",),
        "footer": ("谢谢惠顾", "七日内凭此小票退换"),
        **others,
    }
    return Shop(locale=locale, **facts)  # type: ignore[arg-type]


def amount(text: str, label: str) -> str | None:
    """The figure beside a label, or alone on the next line: how somebody who does not know us finds it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        beside = re.search(rf"{re.escape(label)}\s*(-?\d+\.\d\d)\b", line)
        if beside:
            return beside[1]
        below = lines[number + 1].strip() if label in line and number + 1 < len(lines) else ""
        if re.fullmatch(r"-?\d+\.\d\d", below):
            return below
    return None
