"""What the tests of the spool share: a till without its checkout, on a real journal file, that can crash anywhere."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.errors import DeviceLost
from devices.printer.document import Document
from devices.printer.driver import Printer, Timing
from devices.printer.factory import Wiring, make_printer
from devices.printer.profile import Profile
from devices.printer.simulator import VirtualPrinter
from devices.printer.text import rows_to_text
from devices.state import DeviceState
from devices.transport.memory import MemoryTransport
from posd.clock import TimeLine
from posd.config import sections
from posd.ids import Ids
from posd.journal import queries
from posd.journal.batch import Batch, Told
from posd.journal.journal import Journal
from posd.journal.records import PaymentRecord
from posd.payment import refund as refunds
from posd.payment import state_machine
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import Answered, Created, Event, PaymentEvent, Resolved, Source, Status, Submitted
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundAnswered, RefundRequested, RefundResolved, RefundStatus
from posd.payment.terms import Method, Rules
from posd.payment.verdicts import Paid, RefundDone
from posd.printing.job import PrintJob
from posd.printing.spool import MakePrinter, Spool
from posd.resources import Views
from posd.telling import renderer
from tests.devices.printer.support import DeskPrinter

HANG_S = 30.0
"""Ends a test that would hang; nothing is measured with it."""

START_MS = 1_795_140_000_000
"""2026-11-20 in UTC milliseconds; any moment would do."""

QUICK = Timing(poll_s=0.02, stall_s=HANG_S, in_turn_s=5.0, status_s=5.0, watch_trouble_s=0.02)
"""Does not wait long for people, and long enough for a printer in the same process on the slowest machine."""
MUTE = dataclasses.replace(QUICK, status_s=0.05, in_turn_s=0.05)
"""For a printer that does not answer, where every answer would be waited for in vain."""

HALF_A_RECEIPT = 250
"""Bytes: what is asked before a job takes under 50, a receipt without its symbol over 400."""

AGAIN_HALF_A_RECEIPT = HALF_A_RECEIPT + 568
"""After a break the driver sends zeros first, in case the printer still waits for the rest of a command."""

MakeTimeLine = Callable[[], TimeLine]


def config_of(path: Path, **printer: object) -> sections.Config:
    """A till with a printer."""
    return sections.Config(
        path="",
        terminal=sections.Terminal(id="0101", store_name="示例超市人民路店"),
        journal=sections.JournalSection(path=str(path)),
        api=sections.Api(),
        payments=sections.Payments(gateway="main"),
        gateways={},
        printer=sections.Printer(**{"type": "tcp", "host": "127.0.0.1", **printer}),  # type: ignore[arg-type]
    )


def at_tcp(printer: VirtualPrinter, timing: Timing = QUICK, profile: Profile | None = None) -> MakePrinter:
    """A driver over a real connection to this printer."""

    def make(section: sections.Printer, on_state: Callable[[DeviceState], None]) -> Printer | None:
        wiring = Wiring(section.type, host=printer.host, port=printer.port)
        return make_printer(section.name, wiring, profile or Profile(), on_state=on_state, timing=timing)

    return make


def at_desk(line: MemoryTransport) -> MakePrinter:
    """A driver with the real timing, for virtual time."""

    def make(section: sections.Printer, on_state: Callable[[DeviceState], None]) -> Printer | None:
        return Printer(section.name, section.type, line, Profile(), on_state=on_state)

    return make


def virtual_time() -> TimeLine:
    """A time line that runs with the loop's clock."""
    loop = asyncio.get_running_loop()

    def now_ms() -> int:
        return START_MS + round(loop.time() * 1000)

    return TimeLine(now_ms, now_ms, "the same boot")


class Till:
    """A journal and a spool: ``open`` and ``close`` them, let them ``crash``, and open them again.

    Every payment and refund is put on disk as the checkout does it: with its papers, in one batch.
    """

    def __init__(self, path: Path, make: MakePrinter, *, time_line: MakeTimeLine = TimeLine, **printer: object) -> None:
        self.config = config_of(path, **printer)
        self.states: list[DeviceState] = []
        self.told: list[Told] = []
        self.fuse: Fuse | None = None
        """Blows in the next process."""
        self._make = make
        self._time_line = time_line
        self._orders = 0
        self.spool: Spool
        self.journal: Journal

    async def open(self) -> Till:
        """A process begins. With a fuse, it may end before this does."""
        self.clock = self._time_line()
        views = Views(self.config.terminal.zone, self.config.terminal.locale)
        self.journal = Journal(Path(self.config.journal.path), self.clock, renderer(views), views.date)
        self.journal.on_told = self.told.extend
        await self.journal.open()
        if self.fuse is not None:
            self.fuse.guard(self.journal)
        self.ids = Ids()
        self.spool = Spool(self.config, self.journal, self.clock, views, self.ids, self._make)
        self.spool.on_state = self.states.append
        await self.spool.start()
        return self

    async def close(self) -> None:
        """The process ends in order."""
        await self.spool.close()
        await self.journal.close()

    async def crash(self) -> None:
        """The process ends here and now; what was handed to the journal is written."""
        await self.spool._tasks.close()
        await self.journal.close()

    # --- money

    async def pay(self, **facts: object) -> Payment:
        """A payment of 12.50 with 2.50 off that is paid."""
        payment, events = self._payment(Status.PAID, facts)
        batch = Batch().payment(payment, events)
        for job, queued in self.spool.sale_jobs(payment, self.clock.now_ms()):
            batch.job(job, [queued])
        await self.journal.append(batch)
        self.spool.wake()
        return payment

    async def end_as(self, status: Status) -> Payment:
        """A payment that ends otherwise; brings no paper by itself."""
        payment, events = self._payment(status, {})
        batch = Batch().payment(payment, events)
        assert [] == self.spool.sale_jobs(payment, self.clock.now_ms())
        await self.journal.append(batch)
        return payment

    def _payment(self, status: Status, facts: dict[str, object]) -> tuple[Payment, list[Event]]:
        self._orders += 1
        now_ms, amount = self.clock.now_ms(), Fen(1250)
        created = Created(
            now_ms,
            self.ids.new("pay", now_ms),
            f"0101261120100000A{self._orders:03d}",
            amount,
            Method.BARCODE,
            Wallet.WECHAT,
            "main",
            15_000,
            operator="00000001",
            **facts,  # type: ignore[arg-type]
        )
        paid = Paid(Amounts.paid(amount, Fen(1000)), trade_no="T" * 28, channel_trade_no="4" * 32)
        happened: list[PaymentEvent] = [
            Submitted(now_ms, Method.BARCODE, Wallet.WECHAT, "main", 15_000),
            *([Answered(now_ms, Source.PAY, now_ms, paid)] if status is Status.PAID else []),
        ]
        payment, events = state_machine.advance(state_machine.create(created), happened, now_ms, Rules())
        if payment.status is not status:
            resolved = Resolved(now_ms, status)
            payment, events = payment.but(status=status, resolved_at_ms=now_ms), (*events, resolved)
        return payment, [created, *events]

    async def give_back(self, payment: Payment, amount: int, pay_amount: int | None) -> Refund:
        """A refund that succeeds."""
        now_ms = self.clock.now_ms()
        requested = RefundRequested(
            now_ms, self.ids.new("ref", now_ms), f"{payment.order_no}R1", payment.payment_id, Fen(amount), "退货"
        )
        done = RefundDone(None if pay_amount is None else Fen(pay_amount))
        answered = RefundAnswered(now_ms, Source.REFUND, now_ms, done)
        refund = refunds.apply(refunds.request(requested), answered)
        resolved = refunds.consequence(refund, now_ms)
        assert isinstance(resolved, RefundResolved)
        refund = refunds.apply(refund, resolved)
        assert RefundStatus.SUCCEEDED is refund.status
        batch = Batch().refund(refund, [requested, answered, resolved])
        for job, queued in self.spool.refund_jobs(refund, now_ms):
            batch.job(job, [queued])
        await self.journal.append(batch)
        self.spool.wake()
        return refund

    # --- what became of it

    async def record(self, payment: Payment) -> PaymentRecord:
        """The payment as it stands on disk."""
        found = await self.journal.read(lambda db: queries.find_payment(db, payment.payment_id))
        assert found is not None
        return found

    async def receipt(self, payment: Payment) -> tuple[str, int]:
        """Its ``receipt.state`` and ``receipt.copies``."""
        record = await self.record(payment)
        return record.receipt.value, record.copies

    async def jobs(self, payment: Payment) -> list[PrintJob]:
        """Its jobs and those of its refunds."""
        return await self.journal.read(lambda db: queries.jobs_of(db, payment.payment_id))

    async def states_of(self, payment: Payment) -> list[str]:
        """The states of its jobs, the oldest first."""
        return [job.state.value for job in await self.jobs(payment)]

    async def settled(self) -> None:
        """Wait until nothing is to come out any more."""
        async with asyncio.timeout(HANG_S):
            for job in await self.journal.read(queries.live_jobs):
                await self.spool.ended(job.job_id)
            if await self.journal.read(queries.live_jobs):
                await self.settled()

    async def drawn_again(self) -> None:
        """Wait until a paper is drawn from what the journal holds now: one that is on its way may be older."""
        loop, drawn, papers = asyncio.get_running_loop(), asyncio.Event(), self.spool.papers
        draw = papers.of_job

        def watched(*args: Any) -> Document:
            loop.call_soon_threadsafe(drawn.set)
            return draw(*args)

        papers.of_job = watched  # type: ignore[method-assign, assignment]  # the spool tells nobody of what it draws
        async with asyncio.timeout(HANG_S):
            await drawn.wait()

    async def until(self, payment: Payment, *states: str) -> None:
        """Wait until its jobs stand like this."""
        async with asyncio.timeout(HANG_S):
            while True:
                if list(states) == await self.states_of(payment):
                    return
                await asyncio.sleep(0.005)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that has no event of its own."""
    async with asyncio.timeout(HANG_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


class Fuse:
    """Stops a process before (even steps) or after (odd steps) one of its writes to the journal, as a crash does."""

    def __init__(self, step: int) -> None:
        self.blown = asyncio.Event()
        self._step = step
        self._done = 0

    def guard(self, journal: Journal) -> None:
        """Stand between a process and its journal."""
        write = journal.append

        async def append(batch: Batch) -> list[Told]:
            if self.blown.is_set() or not batch.facts:
                return []
            await self._may_blow()
            told = await write(batch)
            await self._may_blow()
            return told

        journal.append = append  # type: ignore[method-assign]

    async def _may_blow(self) -> None:
        if self._done == self._step:
            self.blown.set()
            await asyncio.Event().wait()
        self._done += 1


def break_off(printer: VirtualPrinter, times: int) -> None:
    """The cable comes out in the middle of the next receipts, so many times."""
    receive, left = printer._receive, times - 1

    def receive_and_break_again(*what: object) -> bool:
        nonlocal left
        breaks = receive(*what)  # type: ignore[arg-type]
        if breaks and left > 0:
            left -= 1
            printer.break_after(AGAIN_HALF_A_RECEIPT)
        return breaks

    printer._receive = receive_and_break_again  # type: ignore[assignment,method-assign]
    printer.break_after(HALF_A_RECEIPT)


class Line(MemoryTransport):
    """The line to a printer; where it breaks, nobody answers the door until ``refuse`` is cleared."""

    comes_back = False
    """It breaks and is there again at once."""

    async def write(self, data: bytes) -> None:
        """As every line."""
        breaks = self.break_after is not None and len(data) >= self.break_after
        try:
            await super().write(data)
        finally:
            self.refuse = self.refuse or (breaks and not self.comes_back)


class Desk:
    """A printer in memory, and the line to it, for virtual time."""

    def __init__(self) -> None:
        self.inside = DeskPrinter()
        self.line = Line(self.inside.take)
        self.inside.send = self._say

    def _say(self, data: bytes) -> None:
        with contextlib.suppress(DeviceLost):
            self.line.send(data)

    @property
    def papers(self) -> list[str]:
        """What came out and was cut."""
        return [rows_to_text(receipt.rows, 32) for receipt in self.inside.receipts]


def copy_no(paper: str) -> int:
    """The number of a copy, 0 for a paper that does not say it is one."""
    found = re.search(r"补打 (\d+)", paper)
    return int(found[1]) if found else 0
