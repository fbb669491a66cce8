"""What the handlers work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from posd.api.guard import Guard
from posd.api.problems import not_found
from posd.checkout.checkout import Checkout
from posd.checkout.hub import Hub
from posd.checkout.refunds import Refunds
from posd.config import Config
from posd.journal import queries
from posd.journal.journal import Journal
from posd.journal.records import PaymentRecord
from posd.peripherals import Peripherals
from posd.printing.spool import Spool
from posd.reconcile import Reconciler
from posd.resources import PaymentResource, Views


class Context(msgspec.Struct, frozen=True):
    """The parts of the daemon that the API speaks to."""

    config: Config
    journal: Journal
    checkout: Checkout
    refunds: Refunds
    hub: Hub
    views: Views
    spool: Spool
    peripherals: Peripherals
    reconciler: Reconciler
    guard: Guard
    now_ms: Callable[[], int]
    metrics: Callable[[], Awaitable[str]]
    version: str

    async def record(self, ident: str) -> PaymentRecord:
        """A payment as it stands on disk. Raises Problem 404."""
        record = await self.journal.read(lambda db: queries.find_payment(db, ident))
        if record is None:
            raise not_found(f"there is no payment {ident[:64]}")
        return record

    async def payment(self, ident: str) -> PaymentResource:
        """The same as it is told."""
        return self.views.payment(await self.record(ident))


CONTEXT = web.AppKey("context", Context)

Call = Callable[[Context, web.Request], Awaitable[web.StreamResponse]]


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:  # noqa: ANN401 - any structure
    """A structure as JSON."""
    body = msgspec.json.encode(value)
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8", headers=headers)
