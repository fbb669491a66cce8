"""The POS and its customers: each errand is one customer, served on from where it stood when the daemon is back."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from posd.checkout import errors
from posd.checkout.orders import Order
from posd.checkout.refunds import Refunds
from posd.gateways.simulator.behaviour import Plan
from posd.gateways.simulator.orders import Charge
from posd.gateways.simulator.scripts import Scripts
from posd.journal import queries
from posd.journal.batch import Told
from posd.journal.errors import JournalUnavailable
from posd.payment.amounts import Fen
from posd.payment.auth_code import Secret
from posd.payment.terms import Method
from posd.printing.errors import NoReceipt
from posd.refusals import Refusal
from tests.invariants import FINAL
from tests.simulation.process import Process
from tests.simulation.weather import Errand

T = TypeVar("T")

TRIES = 40
"""How often a POS repeats a request that could not be recorded, or met a busy terminal, before it gives up."""


class Seen(msgspec.Struct):
    """What the POS keeps of a resource."""

    id: str
    status: str
    amount: int = 0
    order_no: str = msgspec.field(default="", name="orderNo")
    coup_amount: int | None = msgspec.field(default=None, name="coupAmount")
    pay_amount: int | None = msgspec.field(default=None, name="payAmount")
    attention: bool = False


class Plans(Scripts):
    """The plan of each customer, found by the amount, which has his number in it."""

    def __init__(self, errands: list[Errand]) -> None:
        super().__init__()
        self._errands = errands

    def plan(self, order_no: str, charge: Charge) -> Plan:
        """As this customer will have it."""
        return self._errands[charge.amount // 100 - 1].plan


class Pos:
    """All tills of one shop, on one daemon. ``seen`` is what it was told, by payment and refund."""

    def __init__(self, errands: list[Errand], on_final: Callable[[Seen], None]) -> None:
        self.errands = errands
        self.seen: dict[str, Seen] = {}
        self.changed_ends: list[str] = []
        self._on_final = on_final
        self._decode = msgspec.json.Decoder(Seen).decode
        self.given_up = 0

    def told(self, notice: Told) -> None:
        """Something has become durable and is told."""
        if notice.kind not in {"payment", "refund"}:
            return
        seen = self._decode(notice.data)
        before = self.seen.get(seen.id)
        self.seen[seen.id] = seen
        if notice.kind == "payment":
            self._compare(before, seen)

    def _compare(self, before: Seen | None, seen: Seen) -> None:
        was_final = before is not None and before.status in FINAL
        if was_final and before is not None and before.status != seen.status:
            self.changed_ends.append(f"{seen.order_no} was {before.status} and is {seen.status}")
        if seen.status in FINAL and not was_final:
            self._on_final(seen)

    # --- at one process

    async def serve(self, process: Process) -> None:
        """Serve everybody who is not done with, and see to it that nothing is left to do."""
        # Not a group: it cancels in the order of addresses, and a seed would not always tell the same.
        await asyncio.gather(*(self._serve(process, errand) for errand in self.errands if not errand.done))

    async def _serve(self, process: Process, errand: Errand) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, errand.at_s - loop.time()))
        if errand.payment_id is None:
            errand.payment_id = await self._start(process, errand)
        if errand.payment_id is None:
            self.given_up += 1
        else:
            await self._look(process, errand.payment_id)
            await self._see_through(process, errand, errand.payment_id)
        errand.done = True

    async def _start(self, process: Process, errand: Errand) -> str | None:
        order, key = _order(errand), f"pay-{errand.number}"
        while errand.tries < TRIES:
            errand.tries += 1
            try:
                started = await process.checkout.start(order, key, _fingerprint(key))
            except (JournalUnavailable, errors.TerminalBusy):
                await asyncio.sleep(0.7)
                continue
            except Refusal:
                return None
            if errand.way == "armed" and not started.replayed:
                await asyncio.sleep(0.3)
                process.checkout.scanned(errand.code)
            return started.payment_id
        return None

    async def _look(self, process: Process, payment_id: str) -> None:
        """A GET: what a dead process could not tell any more."""
        record = await process.journal.read(lambda db: queries.find_payment(db, payment_id))
        assert record is not None, f"{payment_id} was told of and is not in the journal"
        if payment_id in self.seen and self.seen[payment_id].status in FINAL:
            return  # what was read has been overtaken by what was told
        resource = msgspec.json.encode(process.views.payment(record))
        self.told(Told(0, "payment", payment_id, resource))

    async def _see_through(self, process: Process, errand: Errand, payment_id: str) -> None:
        if errand.cancel_after_s is not None:
            await self._final(process, payment_id, errand.cancel_after_s)
            if self.seen[payment_id].status not in FINAL:
                await _refusable(lambda: process.checkout.cancel(payment_id))
        await self._final(process, payment_id, None)
        if self.seen[payment_id].status != "paid":
            return
        if errand.reprint:
            record = await process.journal.read(lambda db: queries.find_payment(db, payment_id))
            assert record is not None
            await _refusable(lambda: process.spool.print_payment(record))
        for number, (pause_s, amount) in enumerate(errand.refunds):
            await asyncio.sleep(pause_s)
            await self._give_back(process.refunds, process, payment_id, amount, f"back-{errand.number}-{number}")

    async def _give_back(self, refunds: Refunds, process: Process, payment_id: str, amount: int, key: str) -> None:
        started = await _refusable(lambda: refunds.start(payment_id, Fen(amount), None, key, _fingerprint(key)))
        if started is None:
            return
        refund, _ = started
        status = (await refunds.find(refund.refund_id)).status
        while not status.final:
            with process.hub.watch(refund.refund_id) as watch:
                await watch.changed(30)
            status = (await refunds.find(refund.refund_id)).status

    async def _final(self, process: Process, payment_id: str, within_s: float | None) -> None:
        loop = asyncio.get_running_loop()
        until_s = None if within_s is None else loop.time() + within_s
        with process.hub.watch(payment_id) as watch:
            while self.seen[payment_id].status not in FINAL:
                left_s = 600.0 if until_s is None else until_s - loop.time()
                if left_s <= 0:
                    return
                await watch.changed(left_s)


async def _refusable(call: Callable[[], Awaitable[T]]) -> T | None:
    """Ask again while it cannot be recorded; None when it is refused."""
    for _ in range(TRIES):
        try:
            return await call()
        except JournalUnavailable:
            await asyncio.sleep(0.7)
        except (Refusal, NoReceipt):
            return None
    return None


def _order(errand: Errand) -> Order:
    amount = Fen(errand.amount)
    match errand.way:
        case "qr":
            return Order(amount, method=Method.QR, wallet=errand.wallet, window_ms=20_000)
        case "face":
            return Order(amount, face_code=Secret(errand.code), wallet=errand.wallet)
        case "armed":
            return Order(amount, method=Method.BARCODE)
        case _:
            return Order(amount, auth_code=Secret(errand.code))


def _fingerprint(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
