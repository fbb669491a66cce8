"""The print jobs of the journal, and every change of them: one change at a time, each from what is on disk.

A job is read, changed and written under one lock, because the till, the printer and the clock all change jobs, and a
change from a stale copy would print something twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from posd.clock import TimeLine
from posd.ids import Ids
from posd.journal import queries
from posd.journal.batch import Batch
from posd.journal.errors import JournalUnavailable
from posd.journal.journal import Journal
from posd.payment.errors import ImpossibleTransition
from posd.printing import plan
from posd.printing.job import (
    Audience,
    JobEvent,
    JobState,
    PrintFailed,
    PrintJob,
    PrintQueued,
    PrintWithdrawn,
    apply,
    queue,
)
from posd.printing.plan import Step, Subject


class Jobs:
    """Belongs to one event loop; any number of tasks may call it. Everything that changes a job is durable on return.

    Raises JournalUnavailable where the disk is full; nothing has changed then. Cancelling does not undo a change.
    """

    def __init__(self, journal: Journal, clock: TimeLine, ids: Ids) -> None:
        self._journal = journal
        self._clock = clock
        self._ids = ids
        self._changing = asyncio.Lock()
        self._moved = asyncio.Event()

    def new_id(self) -> str:
        """A name for a job."""
        return self._ids.new("prn", self._clock.now_ms())

    # --- reading

    async def find(self, job_id: str) -> PrintJob | None:
        """One job as it stands."""
        return await self._journal.read(lambda db: queries.find_job(db, job_id))

    async def live(self) -> list[PrintJob]:
        """The jobs that are still to come out, the oldest first."""
        return await self._journal.read(queries.live_jobs)

    async def ended(self, job_id: str) -> PrintJob | None:
        """Wait until a job is no longer to come out, for as long as that takes. None if there is none."""
        while True:
            moved = self._moved
            job = await self.find(job_id)
            if job is None or not job.live:
                return job
            await moved.wait()

    async def _about(self, subject: Subject) -> list[PrintJob]:
        payment_id = subject.payment_id
        if payment_id is None:
            return []
        jobs = await self._journal.read(lambda db: queries.jobs_of(db, payment_id))
        return [job for job in jobs if subject.owns(job)]

    # --- changing

    async def queue(self, event: PrintQueued) -> PrintJob:
        """A new job."""
        job = queue(event)
        await self._commit([(job, (event,))])
        return job

    async def ask(self, subject: Subject, audience: Audience) -> PrintJob:
        """The job that answers the till's wish for a paper: see ``plan.asked``."""
        async with self._changing:
            about = await self._about(subject)
            job, events = plan.asked(subject, audience, about, self._clock.now_ms(), self.new_id)
            if events:
                await self._commit([(job, events)])
        return job

    async def move(self, job_id: str, event: JobEvent) -> None:
        """Something happened to a job. Raises ImpossibleTransition where it cannot, and nothing has changed."""
        async with self._changing:
            job = await self.find(job_id)
            if job is None:
                raise ImpossibleTransition(f"there is no job {job_id}")
            await self._commit([(apply(job, event), (event,))])

    async def break_off(self, job_id: str, broke_at_ms: int, detail: str) -> None:
        """A job broke off in the middle: see ``plan.broken_off``."""
        async with self._changing:
            job = await self.find(job_id)
            if job is None or job.state is not JobState.PRINTING:
                raise ImpossibleTransition(f"{job_id} is not being printed, so it cannot break off")
            about = await self._about(Subject(job.kind, job.payment_id, job.refund_id)) or [job]
            now_ms = self._clock.now_ms()
            await self._commit(plan.broken_off(job, about, broke_at_ms, now_ms, detail, self.new_id))

    async def drop(self, job_id: str, event: PrintWithdrawn | PrintFailed) -> PrintJob | None:
        """A job will not be printed, unless it was started already. The job as it then stands; None if there is none.

        What it was to replace is then uncertain.
        """
        async with self._changing:
            job = await self.find(job_id)
            if job is None or job.state is not JobState.QUEUED:
                return job
            replaced = None if job.replaces is None else await self.find(job.replaces)
            steps = plan.dropped(job, replaced, event)
            await self._commit(steps)
            return steps[0][0]

    async def _commit(self, steps: Sequence[Step]) -> None:
        """Make steps durable, all or none. Ends only when that is decided, even if it is cancelled meanwhile."""
        batch = Batch()
        for job, events in steps:
            batch.job(job, events)
        try:
            await self._journal.append(batch)
        except asyncio.CancelledError:
            # It is written all the same. What is handed over behind it is decided after it.
            with contextlib.suppress(JournalUnavailable):
                await self._journal.append(Batch())
            raise
        finally:
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
