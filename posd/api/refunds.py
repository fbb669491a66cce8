"""The calls about refunds."""

from __future__ import annotations

from aiohttp import web

from posd.api.body import idempotency_key, read_body, wait_s
from posd.api.context import Context, reply
from posd.api.payments import fingerprint
from posd.api.schemas import NoBody, RefundBody
from posd.payment.amounts import Fen
from posd.resources import RefundResource


async def start(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/payments/{id}/refunds``."""
    seconds, key = wait_s(request), idempotency_key(request)
    body, values = await read_body(request, RefundBody)
    record = await context.record(request.match_info["id"])
    path = f"/v1/payments/{record.payment.payment_id}/refunds"
    refund, replayed = await context.refunds.start(
        record.payment.payment_id, Fen(body.amount), body.reason, key, fingerprint(path, values)
    )
    resource = await _held(context, refund.refund_id, seconds)
    if replayed:
        return reply(resource, 200, {"Idempotent-Replayed": "true"})
    return reply(resource, 201, {"Location": f"/v1/refunds/{resource.id}"})


async def show(context: Context, request: web.Request) -> web.Response:
    """``GET /v1/refunds/{id}``."""
    return reply(await _held(context, request.match_info["id"], wait_s(request)))


async def print_receipt(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/refunds/{id}/receipt``."""
    await read_body(request, NoBody)
    refund = await context.refunds.find(request.match_info["id"])
    job = await context.spool.print_refund(refund)
    return reply(context.views.job(job), 202)


async def _held(context: Context, ident: str, seconds: float) -> RefundResource:
    """A refund, once it is final, the time is over, or posd is being stopped."""
    hub = context.hub
    refund = await context.refunds.find(ident)
    deadline = hub.time() + seconds
    with hub.watch(refund.refund_id) as watch:
        while True:
            refund = await context.refunds.find(refund.refund_id)
            left = deadline - hub.time()
            if refund.status.final or left <= 0 or hub.closed or not await watch.changed(left):
                return context.views.refund(refund if refund.status.final else await context.refunds.find(ident))
