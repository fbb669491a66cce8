"""``GET /v1/events``: server-sent events with replay, across restarts too."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial

from aiohttp import web

from posd.api.body import single
from posd.api.context import Context
from posd.checkout.hub import Stream
from posd.journal import queries
from posd.journal.batch import Told

HEARTBEAT_S = 15.0
"""A connection that says nothing for longer is taken for dead by proxies and browsers."""
ID_DIGITS = 18
"""No id has more: a longer number is none of ours."""
REPLAY_CHUNK = 500
"""Notices read at once while replaying."""


async def events(context: Context, request: web.Request) -> web.StreamResponse:
    """The stream; ends when the client goes, falls too far behind, or posd stops."""
    after = request.headers.get("Last-Event-ID") or single(request, "after")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    stream = context.hub.open_stream()
    try:
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        last = 0 if after is None else await _replay(context, response, after)
        await _follow(stream, response, last)
    except ConnectionError:
        pass  # the client has gone; it will come back with the last id it saw
    finally:
        context.hub.close_stream(stream)
    return response


async def _replay(context: Context, response: web.StreamResponse, after: str) -> int:
    """Everything since ``after``; all that is kept, behind a ``reset``, where it is not known (any more)."""
    first, last = await context.journal.read(queries.notice_range)
    known = len(after) <= ID_DIGITS and after.isascii() and after.isdigit() and first - 1 <= int(after) <= last
    if not known:
        await response.write(b"event: reset\ndata: {}\n\n")
    told_last = int(after) if known else first - 1
    while True:
        notices = await context.journal.read(partial(_notices_after, told_last))
        if not notices:
            return told_last
        await response.write(b"".join(frame(notice) for notice in notices))
        told_last = notices[-1].id


def _notices_after(since: int, db: sqlite3.Connection) -> list[Told]:
    return queries.notices_after(db, since, REPLAY_CHUNK)


async def _follow(stream: Stream, response: web.StreamResponse, last: int) -> None:
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                notice = await stream.get()
        except TimeoutError:
            await response.write(b": ping\n\n")
            continue
        if notice is None:
            return
        if notice.id > last:
            await response.write(frame(notice))


def frame(notice: Told) -> bytes:
    """One event as it stands on the wire; JSON has no line breaks of its own."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (notice.id, notice.kind.encode(), notice.data)
