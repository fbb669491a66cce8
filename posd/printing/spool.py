"""The printer of a till and what waits for it: jobs live in the journal, one is printed at a time.

    checkout, API ─► PrintQueued ─► journal ─► worker ─► document ─► bytes ─► PrintStarted, synced ─► first byte …
                                                  ▲                                   … last byte ─► PrintFinished
                       nothing was sent: later ───┴─── it broke off: PrintBroken, and a copy in its place

A payment never waits for any of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from devices.errors import DeviceError
from devices.printer.document import Cut, Document, QrCode, Text
from devices.printer.profile import Profile
from devices.state import DeviceState, Health
from posd.clock import TimeLine
from posd.config import Config, sections
from posd.ids import Ids
from posd.journal.errors import JournalUnavailable
from posd.journal.journal import Journal
from posd.journal.records import PaymentRecord
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import Status
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundStatus
from posd.printing import plan
from posd.printing.errors import NoDrawer, NoPrinter, NothingToPrint, PrinterUnavailable
from posd.printing.job import (
    Audience,
    JobKind,
    JobState,
    PrintFailed,
    PrintFinished,
    PrintJob,
    PrintQueued,
    PrintStarted,
    PrintWithdrawn,
)
from posd.printing.jobs import Jobs
from posd.printing.papers import Papers, demand_succeeded, kind_of
from posd.printing.plan import Subject
from posd.printing.printer import printer_of
from posd.resources import Views
from posd.tasks import Tasks

if TYPE_CHECKING:
    from devices.printer.driver import Printer

_log = logging.getLogger(__name__)

RETRY_FIRST_S = 0.5
"""After a printer that was not ready: somebody may just be closing its cover."""
RETRY_MOST_S = 5.0
"""The pause doubles up to this: nobody who has put in paper wants to wait longer."""
JOURNAL_RETRY_S = 1.0
"""Between two tries to write what must not be forgotten while the disk is full."""
FIRST_LOOK_S = 0.3
"""How long the start waits for the printer's state, so that the first who asks is told the truth. One that answers does
so in milliseconds; a till that starts again has more urgent things to do than to wait for one that does not."""
STOP_GRACE_S = 3.0
"""What is on its way to the paper may end when posd is stopped; a receipt takes one or two seconds."""

MakePrinter = Callable[[sections.Printer, Callable[[DeviceState], None]], "Printer | None"]


class Spool:
    """Owns the printer. ``start`` begins printing, ``close`` ends it; what is left stays in the journal.

    Belongs to one event loop; its methods may be called by many tasks at once. Cancelling one does not undo what it has
    journaled.
    """

    def __init__(
        self,
        config: Config,
        journal: Journal,
        clock: TimeLine,
        views: Views,
        ids: Ids,
        make_printer: MakePrinter = printer_of,
    ) -> None:
        self.papers = Papers.of(config, views)
        self.on_state: Callable[[DeviceState], None] = _tell_nobody
        """Called from the loop whenever the printer's state has changed, and once at the start."""
        self._section = config.printer
        self._journal = journal
        self._clock = clock
        self._jobs = Jobs(journal, clock, ids)
        self._printer = make_printer(config.printer, self._state_changed)
        self._tasks = Tasks()
        self._news = asyncio.Event()
        self._looked = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._on_its_way = False
        self._timed = False
        """Something waits whose time passes."""
        self._torn = False
        """What broke off still hangs on the roll."""
        self._stopping = False

    @property
    def name(self) -> str:
        """The printer's name in the configuration."""
        return self._section.name

    @property
    def state(self) -> DeviceState:
        """How the printer is."""
        if self._printer is None:
            return DeviceState(self.name, self._section.type, Health.DISABLED)
        return self._printer.state

    @property
    def counting(self) -> bool:
        """Whether a duration counts, so that the time line must not be moved: a paper comes out, or its time passes."""
        return self._on_its_way or self._timed

    async def start(self) -> None:
        """Settle what an earlier process left, and print what is waiting. Raises JournalUnavailable.

        Returns once the printer was looked at, or after a moment.
        """
        await self._settle_the_past()
        if self._printer is None:
            self.on_state(self.state)
            return
        self._tasks.start(self._printer.watch(), "printer-watch")
        self._worker = self._tasks.start(self._work(self._printer), "spool")
        try:
            async with asyncio.timeout(FIRST_LOOK_S):
                await self._looked.wait()
        except TimeoutError:
            self.on_state(self.state)

    def warm_up(self) -> None:
        """Load what makes receipts, beside everything else: the start has no time for it, nor the first customer."""
        if self._printer is not None:
            self._tasks.start(_warm_up(self.name, self.papers.profile), "printer-warm-up")

    async def close(self) -> None:
        """Let come out what is on its way, for a moment; leave the rest in the journal."""
        self._stopping = True
        self._news.set()
        if self._worker is not None and self._on_its_way:
            await asyncio.wait({self._worker}, timeout=STOP_GRACE_S)
        await self._tasks.close()

    def wake(self) -> None:
        """Something was queued."""
        self._news.set()

    # --- what is to be printed

    def sale_jobs(self, payment: Payment, now_ms: int) -> list[tuple[PrintJob, PrintQueued]]:
        """What goes into the same transaction as the end of a payment: the originals, if it is paid."""
        if self._printer is None or payment.status is not Status.PAID:
            return []
        return self._originals(Subject(JobKind.SALE, payment.payment_id), now_ms)

    def refund_jobs(self, refund: Refund, now_ms: int) -> list[tuple[PrintJob, PrintQueued]]:
        """What goes into the same transaction as the end of a refund: the originals, if it has succeeded."""
        if self._printer is None or refund.status is not RefundStatus.SUCCEEDED:
            return []
        return self._originals(Subject(JobKind.REFUND, refund.payment_id, refund.refund_id), now_ms)

    def _originals(self, subject: Subject, now_ms: int) -> list[tuple[PrintJob, PrintQueued]]:
        return plan.originals(subject, self._section.copies, now_ms, self._jobs.new_id)

    async def print_payment(self, record: PaymentRecord, audience: Audience = Audience.CUSTOMER) -> PrintJob:
        """The till asks for the receipt of a paid payment or the void slip of a cancelled one.

        The original if nothing of it can be on paper yet, else a copy. Raises NoReceipt, NoPrinter, JournalUnavailable.
        """
        return await self._ask(Subject(kind_of(record), record.payment.payment_id), audience)

    async def print_refund(self, refund: Refund, audience: Audience = Audience.CUSTOMER) -> PrintJob:
        """The same for a refund that has succeeded."""
        demand_succeeded(refund)
        return await self._ask(Subject(JobKind.REFUND, refund.payment_id, refund.refund_id), audience)

    async def print_report(self, date: str) -> PrintJob:
        """The figures of a business date (YYYY-MM-DD), as they are when it comes out. Raises NoPrinter."""
        subject = Subject(JobKind.REPORT, text=date)
        return await self._queue(subject.queued(self._jobs.new_id(), Audience.CUSTOMER, self._clock.now_ms()))

    async def test(self) -> PrintJob:
        """A slip that tries out everything a receipt may contain, soon or not at all. Raises NoPrinter."""
        return await self._queue(plan.trial(self.name, self._clock.now_ms(), self._jobs.new_id))

    async def kick(self) -> None:
        """Open the cash drawer, now or not at all. Raises NoDrawer, PrinterUnavailable."""
        if self._printer is None or not self._section.drawer:
            raise NoDrawer("no cash drawer is configured; set drawer = true in [printer] if there is one")
        try:
            await self._printer.kick()
        except DeviceError as error:
            raise PrinterUnavailable(error.detail) from error

    async def withdraw(self, job_id: str) -> PrintJob | None:
        """Take back a job unless it was started already. The job as it then stands; None if there is none."""
        return await self._jobs.drop(job_id, PrintWithdrawn(self._clock.now_ms(), "taken back"))

    async def ended(self, job_id: str) -> PrintJob | None:
        """Wait until a job is no longer to come out, for as long as that takes. None if there is none."""
        return await self._jobs.ended(job_id)

    async def _ask(self, subject: Subject, audience: Audience) -> PrintJob:
        self._demand_printer()
        job = await self._jobs.ask(subject, audience)
        self.wake()
        return job

    async def _queue(self, event: PrintQueued) -> PrintJob:
        self._demand_printer()
        job = await self._jobs.queue(event)
        self.wake()
        return job

    def _demand_printer(self) -> None:
        if self._printer is None:
            raise NoPrinter("no printer is configured; set its type in [printer]")

    # --- for eyes

    async def preview(self, record: PaymentRecord) -> str:
        """The receipt or void slip as text. Raises NoReceipt."""
        return self.papers.text(self.papers.of_payment(record))

    async def png(self, record: PaymentRecord) -> bytes:
        """The same as a picture."""
        document = self.papers.of_payment(record)
        return await asyncio.get_running_loop().run_in_executor(None, self.papers.png, document)

    # --- the worker

    async def _work(self, printer: Printer) -> None:
        """Print what is waiting, the oldest first, until told to stop."""
        pause_s = RETRY_FIRST_S
        while not self._stopping:
            self._news.clear()
            try:
                job = await self._next_job()
                if job is None:
                    await self._news.wait()
                    continue
                done = await self._print(printer, job)
            except JournalUnavailable as error:
                _log.critical("nothing can be printed: %s", error)
                job, done = None, False
            if done:
                pause_s = RETRY_FIRST_S
            else:
                await self._pause(pause_s, job)
                pause_s = min(pause_s * 2, RETRY_MOST_S)

    async def _next_job(self) -> PrintJob | None:
        """What is printed next, once everything is dropped whose time has passed."""
        waiting, now_ms = [], self._clock.now_ms()
        jobs = await self._jobs.live()
        for place, job in enumerate(jobs):
            if job.expired(now_ms):
                await self._jobs.drop(job.job_id, PrintWithdrawn(now_ms, "the printer was not ready in time"))
            elif place < len(jobs) - plan.WAITING_AT_MOST:
                await self._jobs.drop(job.job_id, PrintFailed(now_ms, "too many papers waited for the printer"))
            else:
                waiting.append(job)
        self._timed = any(job.expires_at_ms is not None for job in waiting)
        return plan.next_job(waiting)

    async def _pause(self, pause_s: float, job: PrintJob | None) -> None:
        """Until it is time to try again, or something has changed, or the job's time has passed."""
        if job is not None and job.expires_at_ms is not None:
            left_ms = max(1, job.expires_at_ms - self._clock.now_ms())
            pause_s = min(pause_s, left_ms / 1000)
        try:
            async with asyncio.timeout(pause_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def _print(self, printer: Printer, job: PrintJob) -> bool:
        """Print a job; False if it has to be tried again because nothing of it was sent."""
        now_ms = self._clock.now_ms()
        try:
            data = await self._make(printer, job, now_ms)
        except NothingToPrint as error:
            await self._jobs.drop(job.job_id, PrintFailed(now_ms, str(error)))
            return True
        try:
            await self._hand_over(printer, job.job_id, data)
        except _NotAnyMore:
            return True
        except DeviceError:
            return False
        finally:
            self._on_its_way = False
        return True

    async def _make(self, printer: Printer, job: PrintJob, now_ms: int) -> bytes:
        """The bytes of a job. Raises NothingToPrint or JournalUnavailable."""
        try:
            document = await self._journal.read(lambda db: self.papers.of_job(db, job, now_ms))
            torn = self._torn or job.replaces is not None
            # Cut off first what hangs on the roll, so that this paper stands for itself.
            return await printer.encode(Document((Cut(), *document.lines)) if torn else document)
        except (NothingToPrint, JournalUnavailable):
            raise
        except Exception as error:  # the top of one paper: those behind it must come out
            _log.exception("the paper %s cannot be made", job.job_id)
            raise NothingToPrint("posd itself failed to make it; see the log") from error

    async def _hand_over(self, printer: Printer, job_id: str, data: bytes) -> None:
        """Send a job and record what became of it. Raises _NotAnyMore or a DeviceError if nothing was sent."""
        started = False

        async def on_started() -> None:
            nonlocal started
            await self._start_job(job_id)
            started = True

        try:
            await printer.print_job(data, on_started)
        except DeviceError as error:
            if not started:
                raise
            self._torn = self._timed = True
            broke_at_ms, detail = self._clock.now_ms(), error.detail
            await self._for_sure(lambda: self._jobs.break_off(job_id, broke_at_ms, detail))
        else:
            self._torn = False
            await self._for_sure(lambda: self._jobs.move(job_id, PrintFinished(self._clock.now_ms())))

    async def _start_job(self, job_id: str) -> None:
        """The last moment at which a job can be called back."""
        if self._stopping:
            raise _NotAnyMore
        self._on_its_way = True
        try:
            await self._jobs.move(job_id, PrintStarted(self._clock.now_ms()))
        except ImpossibleTransition as error:
            raise _NotAnyMore from error

    async def _for_sure(self, record: Callable[[], Awaitable[None]]) -> None:
        """Record what has happened to paper, for as long as it takes: forgotten, it would come out once more."""
        while True:
            try:
                return await record()
            except JournalUnavailable as error:
                _log.critical("what was printed cannot be recorded: %s", error)
                await asyncio.sleep(JOURNAL_RETRY_S)

    async def _settle_the_past(self) -> None:
        """A job that was being printed when posd ended has broken off then; without a printer none will come out."""
        detail = "posd ended while it was being printed"
        for job in await self._jobs.live():
            if job.state is JobState.PRINTING:
                self._torn = True
                await self._jobs.break_off(job.job_id, job.started_at_ms or job.created_at_ms, detail)
        if self._printer is None:
            for job in await self._jobs.live():
                await self._jobs.drop(job.job_id, PrintFailed(self._clock.now_ms(), "no printer is configured"))

    # --- the printer's state

    def _state_changed(self, state: DeviceState) -> None:
        self._looked.set()
        self.on_state(state)
        if state.health is Health.READY:
            self.wake()


class _NotAnyMore(Exception):
    """A job was called back, or its time has passed, before its first byte."""


async def _warm_up(name: str, profile: Profile) -> None:
    """What takes long the first time is done before the first receipt: for some printers, fonts too are loaded."""
    from devices.printer import escpos

    slip = Document((Text(name), QrCode(name), Cut()))
    await asyncio.get_running_loop().run_in_executor(None, escpos.encode, slip, profile)


def _tell_nobody(_: DeviceState) -> None:
    """Until somebody wants to know."""
