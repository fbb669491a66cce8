"""Between a schedule and the gateway.

What becomes of a request depends on the customer and on how many came before it,
not on who sends it: everybody meets the same luck.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Never

from bench.virtual.customers import Customer, Plans
from posd.gateways.base import Answer, HttpRequest, HttpResponse, OrderRef, PayOrder
from posd.gateways.errors import NoAnswerError
from posd.gateways.gateway import Gateway
from posd.gateways.protocols import make_codec, settings_class
from posd.gateways.simulator.orders import Order, Phase
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.transport import Timeouts
from posd.payment.verdicts import PaymentVerdict

PROTOCOL = "chaoying"
START_MS = 1_795_140_000_000
"""Where the gateway's clock begins, in UTC milliseconds."""
ONE_WAY_S = (0.010, 0.040)
"""A shop's line to a platform in the same country. The gateway itself takes 20 ms more."""
HANG_S = 10.0


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of the queries that hang for ``HANG_S`` before they are answered, and of those that are lost.

    Half of these are lost on the way back. ``everything``: pay and cancel are lost as often.
    """

    name: str
    hang: float = 0.0
    lost: float = 0.0
    everything: bool = False


NONE = Faults("no faults")
HANGING = Faults("10 % of queries hang 10 s", hang=0.10)
LOSSY = Faults("5 % of queries lost", lost=0.05)
LOSSY_LINE = Faults("5 % of all requests lost", lost=0.05, everything=True)


class Network:
    """The gateway of one run, and the way to it."""

    def __init__(self, customers: list[Customer], faults: Faults, seed: int) -> None:
        self.customers = customers
        self.sandbox = Sandbox()
        self.sandbox.scripts = Plans(customers)
        self.queried_s: defaultdict[int, list[float]] = defaultdict(list)
        """When each query left, by the customer's amount."""
        self.cancels = 0
        self._faults, self._seed = faults, seed

    def settings(self) -> object:
        """The merchant's side of the gateway's keys."""
        return settings_class(PROTOCOL)(**self.sandbox.credentials(PROTOCOL))

    def order_of(self, customer: Customer) -> Order | None:
        """What the gateway knows of a customer's order."""
        return self._orders().get(customer.amount)

    def _orders(self) -> dict[int, Order]:
        return {order.amount: order for order in self.sandbox.bank.orders.values()}

    def truths(self, now_s: float) -> dict[int, Truth]:
        """How each customer's money stands, by amount."""
        return {amount: _truth(order, ms_at(now_s)) for amount, order in self._orders().items()}

    async def carry(self, request: HttpRequest, about: tuple[str, int], answer: asyncio.Future[HttpResponse]) -> None:
        """A request goes there and its answer back; ``answer`` is left alone where it is lost."""
        kind, amount = about
        loop = asyncio.get_running_loop()
        if kind == "query":
            self.queried_s[amount].append(loop.time())
        self.cancels += kind == "cancel"
        luck = Random(f"{self._seed}/{amount}/{kind}/{len(self.queried_s[amount])}")
        out_s, back_s, draw = luck.uniform(*ONE_WAY_S), luck.uniform(*ONE_WAY_S), luck.random()
        lost = draw < self._faults.lost if kind == "query" or self._faults.everything else False
        hangs = kind == "query" and draw >= 1 - self._faults.hang
        if lost and draw < self._faults.lost / 2:
            return
        await asyncio.sleep(out_s)
        reply = self.sandbox.handle(PROTOCOL, request, ms_at(loop.time()))
        await asyncio.sleep(reply.delay_ms / 1000 + back_s + (HANG_S if hangs else 0.0))
        if isinstance(reply.outcome, HttpResponse) and not (lost or answer.done()):
            answer.set_result(reply.outcome)


@dataclass(frozen=True, slots=True)
class Truth:
    """How a customer's money stands at the gateway. ``paid_at_s``: when he confirmed; None: he did not."""

    paid_at_s: float | None
    kept: bool
    """The merchant has it."""


def _truth(order: Order, now_ms: int) -> Truth:
    state, paid_at_ms = order.state(now_ms), order.paid_at_ms
    kept = state is not None and state.phase is Phase.PAID and state.captured > order.refunds_due
    return Truth(None if paid_at_ms is None else (paid_at_ms - START_MS) / 1000, kept)


def ms_at(now_s: float) -> int:
    """A moment of the loop as the gateway's clock tells it."""
    return START_MS + int(now_s * 1000)


class Wire:
    """What stands in for the transport."""

    def __init__(self, network: Network) -> None:
        self.timeouts = Timeouts()
        self.about = ("", 0)
        """What the next request is, and the amount of its order; set right before it."""
        self._network = network
        self._carried: set[asyncio.Task[None]] = set()

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """As ``Transport.send``; what is given up goes on to arrive."""
        answer: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._network.carry(request, self.about, answer), name=f"carry:{self.about}")
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {timeout_s:g} s") from error

    async def close(self) -> None:
        """Nobody waits for what is still under way."""
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)

    async def warm(self) -> None:
        """Nothing is kept open."""

    async def keep_warm(self) -> Never:
        """Nothing is kept open."""
        await asyncio.Event().wait()
        raise AssertionError


class BenchGateway(Gateway):
    """The real gateway; it tells its wire whom the next request is about."""

    def __init__(self, network: Network) -> None:
        self.wire = Wire(network)
        loop, numbers = asyncio.get_running_loop(), Random(1)
        super().__init__(
            "main",
            make_codec(PROTOCOL, network.settings()),
            self.wire,  # type: ignore[arg-type]  # has all that is used of it
            lambda: ms_at(loop.time()),
            lambda: f"{numbers.getrandbits(128):032x}",
        )

    async def pay(self, order: PayOrder) -> Answer[PaymentVerdict]:
        """As ``Gateway.pay``."""
        self.wire.about = "pay", order.amount
        return await super().pay(order)

    async def query(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """As ``Gateway.query``."""
        self.wire.about = "query", order.amount
        return await super().query(order)

    async def cancel(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """As ``Gateway.cancel``."""
        self.wire.about = "cancel", order.amount
        return await super().cancel(order)
