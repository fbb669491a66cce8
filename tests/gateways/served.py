"""A codec, the real transport and the simulator on a real socket; and a receiver of notifications."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from posd.gateways.base import Codec, HttpResponse, Notice, OrderRef, PayOrder, Stamp
from posd.gateways.gateway import Gateway
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.simulator.protocol import Protocol
from posd.gateways.transport import Timeouts, Transport
from posd.payment.auth_code import Secret

# Longer than any answer takes on any machine.
PATIENT = Timeouts(connect_s=60.0, query_s=60.0, pay_s=60.0)

Facts = dict[str, str | Secret]


@asynccontextmanager
async def served(protocol: type[Protocol], make: Callable[[Facts], Codec]) -> AsyncIterator[tuple[Simulator, Gateway]]:
    """One gateway of the simulator, which answers at once, and a client of it."""
    numbers = itertools.count(1)
    async with Simulator(protocols=(protocol,)) as simulator:
        simulator.scripts.default = Plan(latency_ms=0)
        codec = make(simulator.sandbox.credentials(protocol.name))
        transport = Transport(simulator.base_url(protocol.name), timeouts=PATIENT)
        async with Gateway("main", codec, transport, simulator.now_ms, lambda: f"{next(numbers):032x}") as gateway:
            yield simulator, gateway


def ref_of(order: PayOrder) -> OrderRef:
    """An order as later calls name it."""
    return OrderRef(order.order_no, order.amount, order.method, order.wallet, 0, order.operator)


def faults(simulator: Simulator) -> list[str]:
    """What the client did wrong, or what is odd about it."""
    return [fault.text for fault in (*simulator.bank.violations, *simulator.bank.notes)]


@dataclass
class Receiver:
    """What a notification listener does: read by the codec, answer in the gateway's own word."""

    codec: Codec
    url: str = ""
    notices: asyncio.Queue[Notice] = field(default_factory=asyncio.Queue)

    async def handle(self, request: web.Request) -> web.Response:
        """One notification."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = self.codec.read_notification(HttpResponse(200, await request.read(), headers), Stamp(0, "0" * 32))
        answer = found.success if found else self.codec.notification_refusal()
        if found:
            self.notices.put_nowait(found)
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))


@asynccontextmanager
async def receiver(codec: Codec) -> AsyncIterator[Receiver]:
    """A listener on a free port."""
    listening = Receiver(codec)
    application = web.Application()
    application.router.add_post("/notify/main", listening.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}/notify/main"
    try:
        yield listening
    finally:
        await runner.cleanup()
