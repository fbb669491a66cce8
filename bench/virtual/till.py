"""posd itself in virtual time: real checkout, payment machine, codec and journal; only clock and wire are not."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from bench.virtual.customers import Customer
from bench.virtual.network import START_MS, BenchGateway, Network
from posd.checkout.case import Shop
from posd.checkout.checkout import Checkout
from posd.checkout.hub import Hub
from posd.checkout.keys import Keys
from posd.checkout.orders import Order, Till
from posd.clock import TimeLine
from posd.config import Config, sections
from posd.daemon import Policy
from posd.gateways.gateway import Gateway
from posd.ids import Ids
from posd.journal.batch import Told
from posd.journal.journal import Journal
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode
from posd.resources import Views
from posd.telling import renderer

FINAL = frozenset({"paid", "failed", "cancelled"})


class _Seen(msgspec.Struct):
    status: str
    amount: int


class VirtualTill:
    """One till with posd, in the running (virtual) loop. ``told``: status and moment of each final word, by amount."""

    def __init__(self, network: Network, path: Path, window_ms: int) -> None:
        self.told: dict[int, tuple[str, float]] = {}
        self._window_ms = window_ms
        self._loop = asyncio.get_running_loop()
        self._config = _config(network, path)
        self._decode = msgspec.json.Decoder(_Seen).decode
        self._ends: dict[int, asyncio.Event] = {}
        loop = self._loop
        clock = TimeLine(lambda: START_MS + int(loop.time() * 1000), lambda: int(loop.time() * 1000), "boot")
        views = Views(self._config.terminal.zone, "zh-CN")
        no_executor: Any = object()
        self.journal = Journal(path, clock, renderer(views), views.date, executor=no_executor)
        self.journal.on_told = self._on_told
        self._gateway = BenchGateway(network)
        self.checkout = self._checkout(clock)

    def _checkout(self, clock: TimeLine) -> Checkout:
        gateways: dict[str, Gateway] = {"main": self._gateway}
        policy = Policy(self._config, gateways)
        shop = Shop(
            journal=self.journal,
            clock=clock,
            till=Till("0101", "md_001", "", "1"),
            rules_of=policy.rules,
            gateways=gateways,
            route=policy.route,
            receipts=lambda _payment, _now_ms: [],
            wake_printer=_nothing,
            counting=lambda: False,
            on_settled=lambda _payment: None,
        )
        return Checkout(self._config, shop, Hub(), Keys(self.journal), Ids(Random(1).randrange))

    def _on_told(self, told: list[Told]) -> None:
        for notice in told:
            seen = self._decode(notice.data)
            if seen.status in FINAL and seen.amount not in self.told:
                self.told[seen.amount] = seen.status, self._loop.time()
                self._ends[seen.amount].set()

    async def serve(self, customer: Customer) -> str:
        """Charge one customer; the till's last word."""
        self._ends[customer.amount] = asyncio.Event()
        order = Order(Fen(customer.amount), auth_code=AuthCode(customer.code), window_ms=self._window_ms)
        key = f"bench-{customer.number}"
        await self.checkout.start(order, key, hashlib.sha256(key.encode()).digest())
        await self._ends[customer.amount].wait()
        return self.told[customer.amount][0]

    async def close(self) -> None:
        """Stop the cases and let go of the journal."""
        await self.checkout.close()
        await self._gateway.close()
        await self.journal.close()


def _config(network: Network, path: Path) -> Config:
    common = sections.GatewaySection(protocol="chaoying", base_url="https://pay.example")
    return Config(
        path="",
        terminal=sections.Terminal(id="0101", store_id="md_001"),
        journal=sections.JournalSection(path=str(path)),
        api=sections.Api(),
        payments=sections.Payments(gateway="main"),
        gateways={"main": sections.Gateway("main", common, network.settings())},
    )


def _nothing() -> None:
    """No printer is there."""
