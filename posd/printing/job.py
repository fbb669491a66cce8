"""A print job as the facts have made it. Pure.

::

   queued ──► printing ──► printed
     │  ▲        │
     │  └────────┼── the printer was not ready: nothing of it is on the paper
     │           └── it broke off: ``broken``; a copy follows within 120 s, else ``uncertain``
     └──► failed     it can never be printed
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


class PrintStarted(Event, frozen=True, tag="print_started"):
    """Its first byte is about to leave; from here on some of it may be on the paper."""


class PrintFinished(Event, frozen=True, tag="print_finished"):
    """The printer has taken all of it and still answers."""


class PrintBroken(Event, frozen=True, tag="print_broken"):
    """It broke off in the middle. ``replaced``: a copy takes its place; else the till is asked."""

    detail: str
    replaced: bool


class PrintFailed(Event, frozen=True, tag="print_failed"):
    """It can never be printed."""

    detail: str


JobEvent = PrintQueued | PrintStarted | PrintFinished | PrintBroken | PrintFailed


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
    state: JobState = JobState.QUEUED
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    detail: str | None = None

    @property
    def live(self) -> bool:
        """Whether it is still to come out."""
        return self.state in {JobState.QUEUED, JobState.PRINTING}


def queue(event: PrintQueued) -> PrintJob:
    """The job that begins with this event."""
    return PrintJob(
        event.job_id,
        event.job_kind,
        event.audience,
        event.at_ms,
        event.payment_id,
        event.refund_id,
        event.copy_no,
        event.text,
    )


def apply(job: PrintJob, event: JobEvent) -> PrintJob:
    """The job after an event. Raises ImpossibleTransition, and then nothing has changed."""
    change = msgspec.structs.replace
    match event:
        case PrintStarted() if job.state is JobState.QUEUED:
            return change(job, state=JobState.PRINTING, started_at_ms=event.at_ms)
        case PrintFinished() if job.state is JobState.PRINTING:
            return change(job, state=JobState.PRINTED, ended_at_ms=event.at_ms)
        case PrintBroken() if job.state is JobState.PRINTING:
            state = JobState.BROKEN if event.replaced else JobState.UNCERTAIN
            return change(job, state=state, ended_at_ms=event.at_ms, detail=event.detail)
        case PrintFailed() if job.live:
            return change(job, state=JobState.FAILED, ended_at_ms=event.at_ms, detail=event.detail)
        case _:
            raise ImpossibleTransition(f"{job.job_id} is {job.state}: {type(event).__name__} cannot happen to it")
