"""What happened to a payment, as sentences: made from its events, without a secret. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from posd.journal.queries import AnyEvent, StoredEvent
from posd.payment import refund as r
from posd.payment.amounts import format_yuan
from posd.payment.events import (
    Answered,
    Armed,
    AttentionRaised,
    Created,
    FaceAsked,
    FaceTold,
    Resolved,
    Resumed,
    Submitted,
    VoidRequested,
    VoidSent,
)
from posd.payment.verdicts import Evidence, Verdict
from posd.printing import job as j
from posd.resources import Views


class TimelineItem(msgspec.Struct, frozen=True):
    """One thing that happened. ``details`` are the facts of the event as they are kept."""

    at: str
    kind: str
    text: str
    details: dict[str, Any]


def timeline_items(events: Iterable[StoredEvent], views: Views) -> list[TimelineItem]:
    """The events of a payment, its refunds and its paper, in order."""
    return [
        TimelineItem(views.time(event.at_ms), _kind(event.event), describe(event.event), _details(event))
        for event in events
    ]


def _kind(event: AnyEvent) -> str:
    return str(event.__struct_config__.tag)


def _details(stored: StoredEvent) -> dict[str, Any]:
    facts = msgspec.to_builtins(stored.event)
    for name in ("kind", "at_ms"):
        facts.pop(name, None)
    return {"stream": stored.stream, **{name: value for name, value in facts.items() if value not in (None, 0, ())}}


def describe(event: AnyEvent) -> str:
    """An event as a sentence."""
    match event:
        case Created():
            return f"payment of {format_yuan(event.amount)} as {event.order_no} through {event.gateway}"
        case Armed():
            return "waiting for a code or a face"
        case FaceAsked():
            return "the face bridge is asked for a face"
        case FaceTold():
            return "the face bridge was told how it ended"
        case Submitted():
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            return f"pay request handed to {event.gateway} ({event.wallet or event.method}{again})"
        case Answered() | r.RefundAnswered():
            return f"{event.source}: {_verdict(event.verdict)}{_words(event.evidence)}{_repeated(event)}"
        case VoidRequested():
            return f"must not stand any more, decided by the {event.by}"
        case VoidSent():
            return f"{event.step} sent"
        case Resolved():
            return f"{event.status}" + (f": {event.reason}" if event.reason else "")
        case AttentionRaised():
            return f"a person should look at it: {event.reason}" + (f" ({event.note})" if event.note else "")
        case Resumed():
            return "posd was restarted" + ("" if event.clock_trusted else "; the time in between is not sure")
        case _:
            return _describe_other(event)


def _describe_other(event: r.RefundEvent | j.JobEvent | AnyEvent) -> str:
    match event:
        case r.RefundRequested():
            return f"refund of {format_yuan(event.amount)} as {event.refund_no}"
        case r.RefundSent():
            return "refund request sent"
        case r.RefundResolved():
            return f"refund {event.status}"
        case j.PrintQueued():
            copy = f", copy {event.copy_no}" if event.copy_no else ""
            again = ", in place of what broke off" if event.replaces else ""
            return f"{event.job_kind} slip for the {event.audience} queued{copy}{again}"
        case _:
            return _describe_paper(event)


def _describe_paper(event: j.JobEvent | AnyEvent) -> str:
    match event:
        case j.PrintAsked():
            return "the till asked for what was waiting: it waits as long as it takes now"
        case j.PrintStarted():
            return "printing"
        case j.PrintFinished():
            return "printed"
        case j.PrintBroken():
            what_next = "a copy takes its place" if event.replaced else "the till is asked whether to print it again"
            return f"broke off while printing: {event.detail}; {what_next}"
        case j.PrintGivenUp():
            return "the copy in its place did not come out: the till is asked whether to print it again"
        case j.PrintWithdrawn():
            return f"not printed: {event.detail}"
        case j.PrintFailed():
            return f"cannot be printed: {event.detail}"
        case _:
            return _kind(event)


def _verdict(verdict: Verdict) -> str:
    word = str(verdict.__struct_config__.tag).replace("_", " ")
    why = getattr(verdict, "doubt", None) or getattr(verdict, "why", None) or getattr(verdict, "reason", None)
    return f"{word} ({why})" if why else word


def _words(evidence: Evidence) -> str:
    said = " ".join(word for word in (evidence.gateway_code, evidence.gateway_message) if word)
    return f" - {said}" if said else ""


def _repeated(event: Answered | r.RefundAnswered) -> str:
    repeats = event.repeats if isinstance(event, Answered) else 0
    return f" (the answer before came {repeats + 1} times)" if repeats else ""
