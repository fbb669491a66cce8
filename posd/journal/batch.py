"""What is written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from posd.payment.events import Event
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.printing.job import PrintJob


class Fact(msgspec.Struct, frozen=True):
    """An event and what it happened to."""

    stream: str
    payment_id: str | None
    event: Event


class Key(msgspec.Struct, frozen=True):
    """An idempotency key and what it made."""

    key: str
    fingerprint: bytes
    subject_id: str


class Notice(msgspec.Struct, frozen=True):
    """Something the POS is told. ``data``: JSON; None where it is the resource ``subject_id`` as it then stands."""

    kind: str
    subject_id: str | None = None
    data: bytes | None = None


class Batch(msgspec.Struct):
    """All or nothing. Facts in the order in which they happened; projections as they stand after them."""

    facts: list[Fact] = msgspec.field(default_factory=list)
    payments: list[Payment] = msgspec.field(default_factory=list)
    refunds: list[Refund] = msgspec.field(default_factory=list)
    jobs: list[PrintJob] = msgspec.field(default_factory=list)
    keys: list[Key] = msgspec.field(default_factory=list)
    notices: list[Notice] = msgspec.field(default_factory=list)

    def payment(self, payment: Payment, events: Sequence[Event]) -> Batch:
        """Events of a payment, and the payment after them."""
        self.facts.extend(Fact(payment.payment_id, payment.payment_id, event) for event in events)
        self.payments.append(payment)
        self.notices.append(Notice("payment", payment.payment_id))
        return self

    def refund(self, refund: Refund, events: Sequence[Event]) -> Batch:
        """Events of a refund, and the refund after them."""
        self.facts.extend(Fact(refund.refund_id, refund.payment_id, event) for event in events)
        self.refunds.append(refund)
        self.notices.append(Notice("refund", refund.refund_id))
        return self

    def job(self, job: PrintJob, events: Sequence[Event]) -> Batch:
        """Events of a print job, and the job after them."""
        self.facts.extend(Fact(job.job_id, job.payment_id, event) for event in events)
        self.jobs.append(job)
        self.notices.append(Notice("print", job.job_id))
        return self


class Told(msgspec.Struct, frozen=True):
    """A notice that is durable, with the id under which it is told."""

    id: int
    kind: str
    subject_id: str | None
    data: bytes
