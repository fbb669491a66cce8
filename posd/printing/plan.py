"""Which papers are to come out, and what becomes of one that broke off. Pure; the spool carries it out.

The rule behind all of it: an original is started at most once. So whatever was started is never started again; in its
place comes another job that says it is a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from posd.printing.job import (
    REPRINT_HORIZON_MS,
    Audience,
    JobEvent,
    JobKind,
    JobState,
    PrintAsked,
    PrintBroken,
    PrintFailed,
    PrintGivenUp,
    PrintJob,
    PrintQueued,
    PrintWithdrawn,
    apply,
    queue,
)

REPRINTS_AT_MOST = 3
"""Copies that are tried by themselves of one paper that keeps breaking off: a printer that fails four times will fail
the fifth time too, and each try leaves torn paper."""
COPIES_WAITING_AT_MOST = 5
"""Copies of one paper that may wait for the printer: who presses a sixth time wants the same piece of paper."""
WAITING_AT_MOST = 1_000
"""Jobs that may wait for the printer: a busy day's. When it is back, nobody wants to see more; the oldest are left to
be asked for."""
TEST_HORIZON_MS = 120_000
"""A test slip that comes out later puzzles whoever finds it."""

Step = tuple[PrintJob, tuple[JobEvent, ...]]
"""A job as it then stands, and what has happened to it; without events, it stands as it stood."""
NewId = Callable[[], str]


class Subject(msgspec.Struct, frozen=True):
    """What a paper is about."""

    kind: JobKind
    payment_id: str | None = None
    refund_id: str | None = None
    text: str | None = None

    def owns(self, job: PrintJob) -> bool:
        """Whether a job is about the same."""
        return (job.payment_id, job.refund_id) == (self.payment_id, self.refund_id)

    def queued(self, job_id: str, audience: Audience, now_ms: int, copy_no: int = 0) -> PrintQueued:
        """A job of it, without a limit in time."""
        return PrintQueued(
            at_ms=now_ms,
            job_id=job_id,
            job_kind=self.kind,
            audience=audience,
            payment_id=self.payment_id,
            refund_id=self.refund_id,
            copy_no=copy_no,
            text=self.text,
        )


def originals(subject: Subject, copies: int, now_ms: int, new_id: NewId) -> list[tuple[PrintJob, PrintQueued]]:
    """What comes out by itself: the customer's paper, then the merchant's where ``copies`` is 2."""
    audiences = (Audience.CUSTOMER, Audience.MERCHANT)[:copies]
    events = [subject.queued(new_id(), audience, now_ms) for audience in audiences]
    return [(queue(event), event) for event in events]


def trial(name: str, now_ms: int, new_id: NewId) -> PrintQueued:
    """A slip that tries out the printer of this name, soon or not at all."""
    return PrintQueued(now_ms, new_id(), JobKind.TEST, text=name, expires_at_ms=now_ms + TEST_HORIZON_MS)


def asked(subject: Subject, audience: Audience, jobs: Sequence[PrintJob], now_ms: int, new_id: NewId) -> Step:
    """What is done when the till asks for a paper. ``jobs``: all of this subject, the oldest first.

    The original if nothing of it can be on the paper, else a copy; nothing new while what it asks for is still to come.
    """
    own = [job for job in jobs if job.audience is audience]
    original = next((job for job in own if job.copy_no == 0 and job.live), None)
    if original is not None:
        return original, ()
    replacement = next((job for job in own if job.replaces and job.state is JobState.QUEUED), None)
    if replacement is not None and not replacement.expired(now_ms):
        wanted = PrintAsked(now_ms)
        return apply(replacement, wanted), (wanted,)
    waiting = [job for job in own if job.state is JobState.QUEUED and not job.expired(now_ms)]
    if len(waiting) >= COPIES_WAITING_AT_MOST:
        return waiting[-1], ()
    never_out = not any(job.on_paper for job in own)
    event = subject.queued(new_id(), audience, now_ms, 0 if never_out else next_copy_no(jobs))
    return queue(event), (event,)


def next_copy_no(jobs: Iterable[PrintJob]) -> int:
    """One more than any number that is, or may still come, on paper; the customer's and the merchant's in one row."""
    return 1 + max((job.copy_no for job in jobs if job.live or job.on_paper), default=0)


def broken_off(
    job: PrintJob, jobs: Sequence[PrintJob], broke_at_ms: int, now_ms: int, detail: str, new_id: NewId
) -> list[Step]:
    """What follows when a job broke off in the middle: a copy in its place where there is time for one.

    A copy of a copy has no more time than the first one had. ``jobs``: all of the same subject, for the number.
    """
    expires_at_ms = job.expires_at_ms or broke_at_ms + REPRINT_HORIZON_MS
    customer_is_there = broke_at_ms < (job.started_at_ms or 0) + REPRINT_HORIZON_MS and now_ms < expires_at_ms
    replaced = job.kind is not JobKind.TEST and job.reprints < REPRINTS_AT_MOST and customer_is_there
    broken = PrintBroken(now_ms, detail, replaced)
    steps: list[Step] = [(apply(job, broken), (broken,))]
    if replaced:
        event = PrintQueued(
            at_ms=now_ms,
            job_id=new_id(),
            job_kind=job.kind,
            audience=job.audience,
            payment_id=job.payment_id,
            refund_id=job.refund_id,
            copy_no=next_copy_no(jobs),
            text=job.text,
            replaces=job.job_id,
            reprints=job.reprints + 1,
            expires_at_ms=expires_at_ms,
        )
        steps.append((queue(event), (event,)))
    return steps


def dropped(job: PrintJob, replaced: PrintJob | None, event: PrintWithdrawn | PrintFailed) -> list[Step]:
    """What follows when a job will not be started: what it was to replace is now uncertain."""
    steps: list[Step] = [(apply(job, event), (event,))]
    if replaced is not None:
        given_up = PrintGivenUp(event.at_ms)
        steps.append((apply(replaced, given_up), (given_up,)))
    return steps


def next_job(jobs: Iterable[PrintJob]) -> PrintJob | None:
    """Which of these jobs, the oldest first, is printed next: before all others what broke off."""
    waiting = [job for job in jobs if job.state is JobState.QUEUED]
    return min(waiting, key=lambda job: job.replaces is None, default=None)
