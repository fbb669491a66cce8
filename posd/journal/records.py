"""What the journal gives back: a payment with what belongs to it, as one row tells it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from posd.payment.amounts import Fen
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.printing.job import JobState, PrintJob

if TYPE_CHECKING:
    import sqlite3  # only the name of a type: what is pure may import this module


class ReceiptState(StrEnum):
    """How the receipt of a payment stands."""

    NONE = "none"
    QUEUED = "queued"
    PRINTING = "printing"
    PRINTED = "printed"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


class PaymentRecord(msgspec.Struct, frozen=True):
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
    (SELECT group_concat(j.job_state || ':' || j.copy_no || ':' || j.audience) FROM
        (SELECT job_state, copy_no, json_extract(CAST(state AS TEXT), '$.audience') AS audience FROM print_jobs
         WHERE payment_id = p.payment_id AND refund_id IS NULL ORDER BY position) j)"""

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
    """The state of a receipt from its jobs in order, and how many copies came out.

    ``papers``: ``printed:0:customer,queued:1:merchant``. What is still to come counts first; then the worse of the two
    papers, since somebody has to do something about that one.
    """
    if not papers:
        return ReceiptState.NONE, 0
    jobs = [paper.split(":") for paper in papers.split(",")]
    copies = sum(1 for state, copy_no, _ in jobs if state == JobState.PRINTED and copy_no != "0")
    ends = {_end_of([state for state, _, whose in jobs if whose == audience]) for _, _, audience in jobs}
    states = {state for state, _, _ in jobs if state in _TO_COME} | ends
    return next(state for state in _MOST_URGENT_FIRST if state in states), copies


_TO_COME = frozenset({JobState.PRINTING, JobState.QUEUED})

_MOST_URGENT_FIRST = (
    ReceiptState.PRINTING,
    ReceiptState.QUEUED,
    ReceiptState.UNCERTAIN,
    ReceiptState.FAILED,
    ReceiptState.PRINTED,
)


def _end_of(states: list[str]) -> ReceiptState:
    """How one paper stands when nothing of it is to come any more: by the last job that may have come out."""
    on_paper = [state for state in states if state not in {JobState.WITHDRAWN, JobState.FAILED}]
    if not on_paper:
        return ReceiptState.FAILED
    # What broke off and was replaced counts only where the replacement is missing: then nobody knows.
    known = [state for state in on_paper if state != JobState.BROKEN]
    return ReceiptState(known[-1]) if known else ReceiptState.UNCERTAIN
