"""What the journal gives back: a payment with what belongs to it, as one row tells it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from posd.payment.amounts import Fen
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.printing.job import JobState, PrintJob


class ReceiptState(StrEnum):
    """How the receipt of a payment stands."""

    NONE = "none"
    QUEUED = "queued"
    PRINTING = "printing"
    PRINTED = "printed"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """A payment as it stands on disk, with its refunds and its paper."""

    payment: Payment
    position: int
    refunded: Fen
    """What its refunds hold of ``amount``."""
    receipt: ReceiptState
    copies: int
    """Copies that came out."""


PAYMENT_COLUMNS = """p.position, p.state,
    (SELECT coalesce(sum(r.holds), 0) FROM refunds r WHERE r.payment_id = p.payment_id),
    (SELECT group_concat(j.job_state || ':' || j.copy_no) FROM
        (SELECT job_state, copy_no FROM print_jobs WHERE payment_id = p.payment_id AND refund_id IS NULL
         ORDER BY position) j)"""

_decode_payment = msgspec.json.Decoder(Payment).decode
_decode_refund = msgspec.json.Decoder(Refund).decode
_decode_job = msgspec.json.Decoder(PrintJob).decode


def payment_record(row: sqlite3.Row | tuple[object, ...]) -> PaymentRecord:
    """From a row of ``PAYMENT_COLUMNS``."""
    position, state, refunded, papers = row
    receipt, copies = receipt_of(str(papers or ""))
    return PaymentRecord(_decode_payment(state), int(str(position)), Fen(int(str(refunded))), receipt, copies)  # type: ignore[arg-type]  # the column is a BLOB


def refund_of(state: bytes) -> Refund:
    """From the ``state`` of a row."""
    return _decode_refund(state)


def job_of(state: bytes) -> PrintJob:
    """From the ``state`` of a row."""
    return _decode_job(state)


def receipt_of(papers: str) -> tuple[ReceiptState, int]:
    """The state of a receipt from those of its jobs in order (``printed:0,queued:1``), and how many copies came out."""
    if not papers:
        return ReceiptState.NONE, 0
    jobs = [(JobState(state), int(copy_no)) for state, copy_no in (paper.split(":") for paper in papers.split(","))]
    copies = sum(1 for state, copy_no in jobs if state is JobState.PRINTED and copy_no > 0)
    states = [state for state, _ in jobs if state is not JobState.BROKEN]
    for state in (JobState.PRINTING, JobState.QUEUED):
        if state in states:
            return ReceiptState(state), copies
    return ReceiptState(states[-1]) if states else ReceiptState.UNCERTAIN, copies
