"""Making things anew from their events: what verifying compares with, and what a migration writes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from posd.journal.errors import JournalError
from posd.journal.queries import AnyEvent
from posd.payment import refund as refunds
from posd.payment import state_machine
from posd.payment.events import Created
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundRequested
from posd.printing import job as jobs
from posd.printing.job import PrintJob, PrintQueued

Thing = Payment | Refund | PrintJob
"""What events happen to."""

PROJECTIONS: dict[type[Thing], tuple[str, tuple[str, ...]]] = {
    Payment: ("payments", ("payment_id", "order_no", "status", "wallet", "reference", "live")),
    Refund: ("refunds", ("refund_id", "refund_no", "payment_id", "status", "holds", "live")),
    PrintJob: ("print_jobs", ("job_id", "payment_id", "refund_id", "kind", "copy_no", "live")),
}
"""Its table, and the columns that repeat what stands in ``state`` under the same name; the first is the key."""

decode_event = msgspec.json.Decoder(AnyEvent).decode
"""An event from the ``body`` of its row. Raises msgspec.MsgspecError."""


def apply(thing: Thing | None, event: AnyEvent) -> Thing:
    """The thing after an event, None before its first. Raises PaymentError or JournalError where it cannot be."""
    match thing, event:
        case None, Created():
            return state_machine.create(event)
        case None, RefundRequested():
            return refunds.request(event)
        case None, PrintQueued():
            return jobs.queue(event)
        case Payment(), _:
            return state_machine.apply(thing, event)  # type: ignore[arg-type]  # a wrong kind raises ImpossibleTransition
        case Refund(), _:
            return refunds.apply(thing, event)  # type: ignore[arg-type]
        case PrintJob(), _:
            return jobs.apply(thing, event)  # type: ignore[arg-type]
        case _:
            raise JournalError(f"{type(event).__name__} begins nothing")


def relive(bodies: Iterable[bytes]) -> Thing | None:
    """What its events make of a thing, in order. Raises as ``apply``, and msgspec.MsgspecError."""
    thing: Thing | None = None
    for body in bodies:
        thing = apply(thing, decode_event(body))
    return thing


def row_of(thing: Thing) -> tuple[object, ...]:
    """What stands in its table: ``state``, then the columns of ``PROJECTIONS``."""
    _, names = PROJECTIONS[type(thing)]
    return (msgspec.json.encode(thing), *(getattr(thing, name, None) for name in names))
