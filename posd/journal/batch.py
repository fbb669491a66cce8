"""What is written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from posd.payment.events import Event
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.printing.job import PrintJob


@dataclass(frozen=True, slots=True)
class Fact:
    """An event and what it happened to."""

    stream: str
    payment_id: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key and what it made."""

    key: str
    fingerprint: bytes
    subject_id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the POS is told. ``data``: JSON; None where it is the resource ``subject_id`` as it then stands."""

    kind: str
    subject_id: str | None = None
    data: bytes | None = None


@dataclass(slots=True)
class Batch:
    """All or nothing. Facts in the order in which they happened; projections as they stand after them."""

    facts: list[Fact] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    jobs: list[PrintJob] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

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


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that is durable, with the id under which it is told."""

    id: int
    kind: str
    subject_id: str | None
    data: bytes
