"""A print job as the facts have made it. Pure.

::

   queued ──► printing ──► printed
     │  │         │
     │  │         └─ it broke off: ``broken``, and a copy is queued in its place ─┬─► the copy came out: it stays so
     │  │                          ``uncertain`` where there is no time for one   └─► it did not: ``uncertain``
     │  └──► withdrawn   its time passed, or it is not wanted any more: nothing of it is on the paper
     └─────► failed      it cannot be printed: nothing of it is on the paper
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from posd.payment.errors import ImpossibleTransition
from posd.payment.events import Event

REPRINT_HORIZON_MS = 120_000
"""What broke off is printed again by itself for this long: the customer is still there. Later the till is asked."""


class JobKind(StrEnum):
    """What is printed."""

    SALE = "sale"
    VOID = "void"
    REFUND = "refund"
    REPORT = "report"
    TEST = "test"


class Audience(StrEnum):
    """For whom."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    PRINTING = "printing"
    PRINTED = "printed"
    BROKEN = "broken"
    """It broke off in the middle, and another job has taken its place as a copy."""
    UNCERTAIN = "uncertain"
    """It broke off in the middle, and nothing comes by itself: the till is asked."""
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class PrintQueued(Event, frozen=True, tag="print_queued"):
    """Something is to be printed."""

    job_id: str
    job_kind: JobKind
    audience: Audience = Audience.CUSTOMER
    payment_id: str | None = None
    refund_id: str | None = None
    copy_no: int = 0
    """0 for an original; copies of one payment are numbered from 1."""
    text: str | None = None
    """What a report or a test slip is about: a date, a device."""
    replaces: str | None = None
    """The job that broke off and in whose place it is printed."""
    reprints: int = 0
    """How often it broke off before."""
    expires_at_ms: int | None = None
    """It is started before this moment or not at all. None: it waits as long as it takes."""


class PrintAsked(Event, frozen=True, tag="print_asked"):
    """The till asked for what was waiting for its time to pass: now it waits as long as it takes."""


class PrintStarted(Event, frozen=True, tag="print_started"):
    """Its first byte is about to leave; from here on some of it may be on the paper."""


class PrintFinished(Event, frozen=True, tag="print_finished"):
    """The printer has taken all of it and still answers."""


class PrintBroken(Event, frozen=True, tag="print_broken"):
    """It broke off in the middle. ``replaced``: a copy takes its place; else the till is asked."""

    detail: str
    replaced: bool


class PrintGivenUp(Event, frozen=True, tag="print_given_up"):
    """The copy that was to take its place did not come out."""


class PrintWithdrawn(Event, frozen=True, tag="print_withdrawn"):
    """It was not started in time, or is not wanted any more."""

    detail: str


class PrintFailed(Event, frozen=True, tag="print_failed"):
    """It can never be printed."""

    detail: str


JobEvent = (
    PrintQueued | PrintAsked | PrintStarted | PrintFinished | PrintBroken | PrintGivenUp | PrintWithdrawn | PrintFailed
)


class PrintJob(msgspec.Struct, frozen=True):
    """One piece of paper that is to come out. Immutable; ``apply`` makes the next one."""

    job_id: str
    kind: JobKind
    audience: Audience
    created_at_ms: int
    payment_id: str | None = None
    refund_id: str | None = None
    copy_no: int = 0
    text: str | None = None
    replaces: str | None = None
    reprints: int = 0
    expires_at_ms: int | None = None
    state: JobState = JobState.QUEUED
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    detail: str | None = None

    @property
    def live(self) -> bool:
        """Whether it is still to come out."""
        return self.state in {JobState.QUEUED, JobState.PRINTING}

    @property
    def on_paper(self) -> bool:
        """Whether some of it is, or may be, on the paper."""
        return self.started_at_ms is not None

    def expired(self, now_ms: int) -> bool:
        """Whether it waited too long to be started."""
        waits = self.state is JobState.QUEUED
        return waits and self.expires_at_ms is not None and now_ms >= self.expires_at_ms


def queue(event: PrintQueued) -> PrintJob:
    """The job that begins with this event."""
    return PrintJob(
        job_id=event.job_id,
        kind=event.job_kind,
        audience=event.audience,
        created_at_ms=event.at_ms,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        copy_no=event.copy_no,
        text=event.text,
        replaces=event.replaces,
        reprints=event.reprints,
        expires_at_ms=event.expires_at_ms,
    )


def apply(job: PrintJob, event: JobEvent) -> PrintJob:
    """The job after an event. Raises ImpossibleTransition, and then nothing has changed."""
    change = msgspec.structs.replace
    match event:
        case PrintAsked() if job.state is JobState.QUEUED:
            return change(job, expires_at_ms=None)
        case PrintStarted() if job.state is JobState.QUEUED and not job.expired(event.at_ms):
            return change(job, state=JobState.PRINTING, started_at_ms=event.at_ms)
        case PrintFinished() if job.state is JobState.PRINTING:
            return change(job, state=JobState.PRINTED, ended_at_ms=event.at_ms)
        case PrintBroken() if job.state is JobState.PRINTING:
            state = JobState.BROKEN if event.replaced else JobState.UNCERTAIN
            return change(job, state=state, ended_at_ms=event.at_ms, detail=event.detail)
        case PrintGivenUp() if job.state is JobState.BROKEN:
            return change(job, state=JobState.UNCERTAIN)
        case PrintWithdrawn() if job.state is JobState.QUEUED:
            return change(job, state=JobState.WITHDRAWN, ended_at_ms=event.at_ms, detail=event.detail)
        case PrintFailed() if job.state is JobState.QUEUED:
            return change(job, state=JobState.FAILED, ended_at_ms=event.at_ms, detail=event.detail)
        case _:
            raise ImpossibleTransition(f"{job.job_id} is {job.state}: {type(event).__name__} cannot happen to it")
