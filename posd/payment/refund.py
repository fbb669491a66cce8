"""Giving money back: a refund as the facts have made it, and what follows. Pure, and of the same build as a payment.

::

   processing ── done ──► succeeded        not sure, not known there: the same number is sent again
        │  ├──── failed ─► failed          no answer: asked after; a failure that may speak of a repetition too
        │  └──── by hand ► manual          asked after, only then believed
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from posd.payment.amounts import Fen
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import AnyVerdict, Event, Source
from posd.payment.verdicts import (
    Doubt,
    Evidence,
    NotFound,
    NotSent,
    RefundDone,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    Unknown,
)

ARRIVAL_HORIZON_MS = 60_000
"""A request whose answer was lost arrives within this, or never: as long as we grant a pay request."""


class RefundStatus(StrEnum):
    """Where a refund stands."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MANUAL = "manual"

    @property
    def final(self) -> bool:
        """Whether it stays so."""
        return self is not RefundStatus.PROCESSING


class RefundRequested(Event, frozen=True, tag="refund_requested"):
    """Money is to go back. Written before anything is sent; it holds its amount from here on."""

    refund_id: str
    refund_no: str
    payment_id: str
    amount: Fen
    reason: str | None = None


class RefundSent(Event, frozen=True, tag="refund_sent"):
    """The refund request is about to leave; the number is the same every time."""


class RefundAnswered(Event, frozen=True, tag="refund_answered"):
    """An answer to the refund or to a question after it."""

    source: Source
    asked_at_ms: int
    verdict: AnyVerdict
    evidence: Evidence = Evidence()


class RefundResolved(Event, frozen=True, tag="refund_resolved"):
    """The end of a refund."""

    status: RefundStatus
    pay_amount: Fen | None = None


RefundEvent = RefundRequested | RefundSent | RefundAnswered | RefundResolved


class Refund(msgspec.Struct, frozen=True):
    """One refund of one payment. Immutable; ``apply`` makes the next one."""

    refund_id: str
    refund_no: str
    payment_id: str
    amount: Fen
    created_at_ms: int
    reason: str | None = None
    status: RefundStatus = RefundStatus.PROCESSING
    sent_at_ms: int | None = None
    awaiting: bool = False
    """The latest request has no answer yet."""
    lost_at_ms: int | None = None
    """When the latest request left whose answer was lost; it may still arrive."""
    requests: int = 0
    """Requests that may have left. Of several, one may have done it, and a refusal only mean that it was repeated."""
    refused: bool = False
    """One of several requests was refused: nothing is sent any more, only asked."""
    outcome: RefundStatus | None = None
    """The end that an answer has brought and that is not recorded yet."""
    pay_amount: Fen | None = None
    resend: bool = True
    """The next thing to send is the refund itself, not a question after it."""
    resolved_at_ms: int | None = None
    evidence: Evidence = Evidence()

    @property
    def live(self) -> bool:
        """Whether anything is left to do."""
        return not self.status.final

    @property
    def holds(self) -> Fen:
        """What it takes of the order's amount: everything but a failed refund counts."""
        return Fen(0) if self.status is RefundStatus.FAILED else self.amount


def request(event: RefundRequested) -> Refund:
    """The refund that begins with this event."""
    return Refund(event.refund_id, event.refund_no, event.payment_id, event.amount, event.at_ms, event.reason)


def apply(refund: Refund, event: RefundEvent) -> Refund:
    """The refund after an event. Raises ImpossibleTransition, and then nothing has changed."""
    if refund.status.final or isinstance(event, RefundRequested):
        raise ImpossibleTransition(f"{refund.refund_id} is {refund.status}: {type(event).__name__} cannot happen to it")
    match event:
        case RefundSent():
            before = _lost(refund, refund.sent_at_ms) if refund.awaiting else refund
            sent = refund.requests + 1
            return _replace(before, sent_at_ms=event.at_ms, awaiting=True, requests=sent, resend=False)
        case RefundAnswered():
            return _answered(_replace(refund, evidence=event.evidence), event)
        case RefundResolved():
            return _replace(refund, status=event.status, pay_amount=event.pay_amount, resolved_at_ms=event.at_ms)


def resumed(refund: Refund, now_ms: int, *, clock_trusted: bool) -> RefundAnswered | None:
    """What a restart means for it, if anything: nobody hears the answer any more.

    Where nobody knows how long it was (the machine was rebooted), what was lost may be on its way from now on.
    """
    if not refund.awaiting and (clock_trusted or refund.lost_at_ms is None):
        return None
    left_at_ms = refund.sent_at_ms or 0 if clock_trusted else now_ms
    return RefundAnswered(now_ms, Source.REFUND, left_at_ms, Unknown(Doubt.NO_ANSWER))


def _lost(refund: Refund, left_at_ms: int | None) -> Refund:
    """The refund when the answer to a request that left at the latest at this moment will not come."""
    return _replace(refund, awaiting=False, lost_at_ms=left_at_ms)


def consequence(refund: Refund, now_ms: int) -> RefundResolved | None:
    """The end, once an answer has brought it."""
    if refund.outcome is None or refund.status.final:
        return None
    return RefundResolved(now_ms, refund.outcome, refund.pay_amount)


def _answered(refund: Refund, answer: RefundAnswered) -> Refund:
    if answer.source is not Source.REFUND:
        return _told(refund, answer)
    if isinstance(answer.verdict, Unknown):
        # Where nothing was missing it says nothing; posd once wrote such a one at every restart.
        missing = refund.awaiting or refund.lost_at_ms is not None
        return _lost(refund, answer.asked_at_ms) if missing else refund
    return _done(_replace(refund, awaiting=False), answer.verdict)


def _done(refund: Refund, verdict: AnyVerdict) -> Refund:
    """What the answer to a request says."""
    match verdict:
        case RefundDone(pay_amount):
            return _replace(refund, outcome=RefundStatus.SUCCEEDED, pay_amount=pay_amount)
        case RefundManual():
            return _replace(refund, outcome=RefundStatus.MANUAL)
        case RefundFailed() if refund.requests > 1:
            return _replace(refund, refused=True, resend=False)
        case RefundFailed():
            return _replace(refund, outcome=RefundStatus.FAILED)
        case RefundNotSure():
            return _replace(refund, resend=True)
        case NotSent():
            return _replace(refund, requests=refund.requests - 1, resend=True)
        case _:
            return refund


def _told(refund: Refund, answer: RefundAnswered) -> Refund:
    """What a question after it has brought, or a notification."""
    match answer.verdict:
        case RefundDone() | RefundManual() | RefundNotSure():
            return _done(refund, answer.verdict)
        case RefundFailed() if refund.requests == 1 or not _may_arrive(refund, answer.asked_at_ms):
            return _replace(refund, outcome=RefundStatus.FAILED)
        case NotFound() if not refund.refused:
            return _replace(refund, resend=True)
        case NotFound() if not _may_arrive(refund, answer.asked_at_ms):
            return _replace(refund, outcome=RefundStatus.FAILED)
        case _:
            return refund


def _may_arrive(refund: Refund, asked_at_ms: int) -> bool:
    """Whether a request without an answer may still have been on its way at that moment."""
    left_at_ms = refund.sent_at_ms if refund.awaiting else refund.lost_at_ms
    return left_at_ms is not None and asked_at_ms < left_at_ms + ARRIVAL_HORIZON_MS


def _replace(refund: Refund, **changes: object) -> Refund:
    return msgspec.structs.replace(refund, **changes)


# --- pace ------------------------------------------------------------------------------------------------------------

FIRST_GAP_MS = 1_000
"""Between the first two requests of a refund; doubled each time: a cashier waits for it."""
LONGEST_GAP_MS = 5 * 60_000
"""Card refunds take days; asking every five minutes is enough, and never stops."""


def next_at_ms(asked: int, last_at_ms: int | None, now_ms: int) -> int:
    """When the next request of a refund is due after ``asked`` requests in this process, the last at ``last_at_ms``."""
    if last_at_ms is None:
        return now_ms
    return last_at_ms + min(FIRST_GAP_MS << min(max(asked - 1, 0), 10), LONGEST_GAP_MS)
