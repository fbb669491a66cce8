"""The calls about payments."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from aiohttp import web

from posd.api.body import idempotency_key, read_body, single, wait_s
from posd.api.context import Context, reply
from posd.api.problems import invalid
from posd.api.schemas import GoodsBody, NoBody, PaymentBody, ReceiptBody
from posd.checkout.orders import Order
from posd.gateways.base import Goods
from posd.journal import queries
from posd.payment.amounts import Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.events import Status
from posd.printing.job import Audience
from posd.resources import PaymentResource
from posd.timeline import timeline_items

CREDENTIALS = ("authCode", "faceCode", "openid")
"""Names whose values are neither kept nor compared."""
LIST_AT_MOST = 200
LIST_USUALLY = 50

_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


async def start(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/payments``."""
    seconds, key = wait_s(request), idempotency_key(request)
    body, values = await read_body(request, PaymentBody)
    ways = [name for name in ("authCode", "faceCode", "method") if values.get(name) is not None]
    if len(ways) > 1:
        raise invalid(f"{' and '.join(ways)}: send one of them")
    if body.openid is not None and body.face_code is None:
        raise invalid("openid: goes with faceCode")
    started = await context.checkout.start(_order(body), key, fingerprint(request.path, values))
    payment = await _held(context, started.payment_id, seconds)
    if started.replayed:
        return reply(payment, 200, {"Idempotent-Replayed": "true"})
    return reply(payment, 201, {"Location": f"/v1/payments/{payment.id}"})


async def show(context: Context, request: web.Request) -> web.Response:
    """``GET /v1/payments/{id}``."""
    seconds = wait_s(request)
    record = await context.record(request.match_info["id"])
    return reply(await _held(context, record.payment.payment_id, seconds))


async def listing(context: Context, request: web.Request) -> web.Response:
    """``GET /v1/payments``."""
    limit = _limit(request)
    wanted = queries.Filter(
        date=date_of(request),
        status=_word(request, "status", Status),
        wallet=_word(request, "wallet", Wallet),
        reference=single(request, "reference"),
        attention=_only_true(request, "attention"),
        before=_position(single(request, "cursor")),
    )
    records = await context.journal.read(lambda db: queries.list_payments(db, wanted, limit + 1))
    more = len(records) > limit
    items = [context.views.payment(record) for record in records[:limit]]
    return reply({"items": items, "nextCursor": _cursor(records[limit - 1].position) if more else None})


async def cancel(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/payments/{id}/cancel``."""
    await read_body(request, NoBody)
    ident = await context.checkout.cancel(request.match_info["id"])
    return reply(await context.payment(ident), 202)


async def timeline(context: Context, request: web.Request) -> web.Response:
    """``GET /v1/payments/{id}/timeline``."""
    record = await context.record(request.match_info["id"])
    ident = record.payment.payment_id
    events = await context.journal.read(lambda db: queries.timeline(db, ident))
    return reply({"items": timeline_items(events, context.views), "nextCursor": None})


async def print_receipt(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/payments/{id}/receipt``."""
    body, _ = await read_body(request, ReceiptBody)
    record = await context.record(request.match_info["id"])
    job = await context.spool.print_payment(record, Audience(body.kind))
    return reply(context.views.job(job), 202)


async def receipt(context: Context, request: web.Request) -> web.Response:
    """``GET /v1/payments/{id}/receipt``: as text, or as a picture where that is asked for."""
    record = await context.record(request.match_info["id"])
    if _wants_picture(request.headers.get("Accept", "")):
        return web.Response(body=await context.spool.png(record), content_type="image/png")
    return web.Response(text=await context.spool.preview(record), content_type="text/plain", charset="utf-8")


def _wants_picture(accept: str) -> bool:
    ranges = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    picture = next((index for index, kind in enumerate(ranges) if kind in {"image/png", "image/*"}), None)
    text = next((index for index, kind in enumerate(ranges) if kind in {"text/plain", "text/*", "*/*"}), None)
    return picture is not None and (text is None or picture < text)


def fingerprint(path: str, values: dict[str, Any]) -> bytes:
    """What makes a request the same as another: its path and its values, without credentials."""
    kept = {name: value for name, value in values.items() if name not in CREDENTIALS and value is not None}
    text = json.dumps([path, kept], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def date_of(request: web.Request) -> str | None:
    """``?date=YYYY-MM-DD``."""
    date = single(request, "date")
    if date is not None and not _DATE.fullmatch(date):
        raise invalid("date: expected YYYY-MM-DD")
    return date


async def _held(context: Context, ident: str, seconds: float) -> PaymentResource:
    """A payment, once it is final, the time is over, or posd is being stopped."""
    hub = context.hub
    deadline = hub.time() + seconds
    with hub.watch(ident) as watch:
        while True:
            payment = await context.payment(ident)
            left = deadline - hub.time()
            if payment.status.final or left <= 0 or hub.closed:
                return payment
            if not await watch.changed(left):
                return await context.payment(ident)


def _order(body: PaymentBody) -> Order:
    return Order(
        amount=Fen(body.amount),
        method=body.method,
        auth_code=Secret(body.auth_code) if body.auth_code is not None else None,
        face_code=Secret(body.face_code) if body.face_code is not None else None,
        openid=body.openid,
        wallet=body.wallet,
        reference=body.reference,
        description=body.description,
        operator=body.operator,
        attach=body.attach,
        goods=tuple(_goods(line) for line in body.goods or ()),
        window_ms=round(body.window * 1000) if body.window is not None else None,
    )


def _goods(line: GoodsBody) -> Goods:
    return Goods(line.goods_id, line.quantity, Fen(line.price), line.name)


def _limit(request: web.Request) -> int:
    text = single(request, "limit")
    if text is None:
        return LIST_USUALLY
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LIST_AT_MOST):
        raise invalid("limit: expected a number from 1 to 200")
    return int(text)


def _word(request: web.Request, name: str, words: type[Status | Wallet]) -> str | None:
    text = single(request, name)
    if text is not None and text not in set(words):
        raise invalid(f"{name}: expected one of {', '.join(words)}")
    return text


def _only_true(request: web.Request, name: str) -> bool:
    text = single(request, name)
    if text not in {None, "true"}:
        raise invalid(f"{name}: expected true")
    return text is not None


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"p{position}".encode()).decode().rstrip("=")


def _position(cursor: str | None) -> int | None:
    """The position in a cursor that we gave out."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    if not re.fullmatch(r"p\d{1,18}", text):
        raise invalid("cursor: expected the nextCursor of an earlier answer")
    return int(text[1:])
