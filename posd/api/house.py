"""The calls about the till itself: devices, drawer, report, health."""

from __future__ import annotations

from aiohttp import web

from posd.api.body import read_body, single
from posd.api.context import Context, reply
from posd.api.payments import date_of
from posd.api.problems import invalid
from posd.api.schemas import NoBody
from posd.report import load_report
from posd.resources import DeviceList


async def devices(context: Context, _request: web.Request) -> web.Response:
    """``GET /v1/devices``."""
    return reply(DeviceList(context.peripherals.devices()))


async def test_device(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/devices/{name}/test``."""
    await read_body(request, NoBody)
    return reply(await context.peripherals.test(request.match_info["name"]), 202)


async def open_drawer(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/drawer/open``."""
    await read_body(request, NoBody)
    await context.spool.kick()
    return reply({}, 202)


async def report(context: Context, request: web.Request) -> web.Response:
    """``GET /v1/report``."""
    date = date_of(request) or context.views.date(context.now_ms())
    return reply(await context.journal.read(lambda db: load_report(db, date, context.views)))


async def print_report(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/report/print``."""
    await read_body(request, NoBody)
    date = date_of(request) or context.views.date(context.now_ms())
    return reply(context.views.job(await context.spool.print_report(date)), 202)


async def reconcile(context: Context, request: web.Request) -> web.Response:
    """``POST /v1/reconcile``."""
    await read_body(request, NoBody)
    date = date_of(request) or context.views.date(context.now_ms())
    cursor = single(request, "cursor")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise invalid("cursor: expected the nextCursor of an earlier answer")
    return reply(await context.reconciler.step(date, int(cursor) if cursor else None))


async def health(context: Context, _request: web.Request) -> web.Response:
    """``GET /healthz``."""
    return reply(
        {
            "status": "ok",
            "version": context.version,
            "unresolved": context.checkout.unresolved,
            "devices": {device.name: device.state for device in context.peripherals.devices()},
        }
    )


async def metrics(context: Context, _request: web.Request) -> web.Response:
    """``GET /metrics``."""
    return web.Response(text=await context.metrics(), content_type="text/plain", charset="utf-8")
