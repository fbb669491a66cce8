"""What is asked of the journal. Each query is a function of a read-only connection, run on the reader's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from posd.journal.batch import Told
from posd.journal.records import PAYMENT_COLUMNS, PaymentRecord, job_of, payment_record, refund_of
from posd.payment.events import PaymentEvent
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundEvent
from posd.printing.job import JobEvent, PrintJob

AnyEvent = PaymentEvent | RefundEvent | JobEvent

_decode_event = msgspec.json.Decoder(AnyEvent).decode
_decode_payment = msgspec.json.Decoder(Payment).decode


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it stands in the journal."""

    seq: int
    at_ms: int
    stream: str
    event: AnyEvent


class Filter(msgspec.Struct, frozen=True):
    """Which payments to list; None for any.

    ``attention``: only those that a person should look at. ``before``: only those created before this position.
    """

    date: str | None = None
    status: str | None = None
    wallet: str | None = None
    reference: str | None = None
    attention: bool = False
    before: int | None = None


_ATTENTION = "json_array_length(CAST(p.state AS TEXT), '$.attention') > 0"
"""To the letter the condition of the index ``payments_attention``, which SQLite uses for nothing else."""


def find_payment(db: sqlite3.Connection, ident: str) -> PaymentRecord | None:
    """One payment by its id or its order number."""
    query = f"SELECT {PAYMENT_COLUMNS} FROM payments p WHERE p.payment_id = ?1 OR p.order_no = ?1"
    row = db.execute(query, (ident,)).fetchone()
    return payment_record(row) if row else None


def list_payments(db: sqlite3.Connection, wanted: Filter, limit: int) -> list[PaymentRecord]:
    """At most ``limit`` payments, the newest first."""
    terms = {"date": wanted.date, "status": wanted.status, "wallet": wanted.wallet, "reference": wanted.reference}
    given = {name: value for name, value in terms.items() if value is not None}
    where = [f"p.{name} = :{name}" for name in given]
    if wanted.attention:
        where.append(_ATTENTION)
    if wanted.before is not None:
        where.append("p.position < :before")
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    query = f"SELECT {PAYMENT_COLUMNS} FROM payments p {condition} ORDER BY p.position DESC LIMIT :limit"
    rows = db.execute(query, {**given, "before": wanted.before, "limit": limit})
    return [payment_record(row) for row in rows]


def count_attention(db: sqlite3.Connection) -> int:
    """How many payments a person should look at, whatever day they are of."""
    return int(db.execute(f"SELECT count(*) FROM payments p WHERE {_ATTENTION}").fetchone()[0])


def all_payments(db: sqlite3.Connection) -> Iterator[PaymentRecord]:
    """Every payment, the oldest first, a row at a time."""
    for row in db.execute(f"SELECT {PAYMENT_COLUMNS} FROM payments p ORDER BY p.position"):
        yield payment_record(row)


def latest_payment(db: sqlite3.Connection) -> PaymentRecord | None:
    """The last payment that was paid, and so has a receipt of its own accord."""
    query = f"SELECT {PAYMENT_COLUMNS} FROM payments p WHERE p.status = 'paid' ORDER BY p.position DESC LIMIT 1"
    row = db.execute(query).fetchone()
    return payment_record(row) if row else None


def live_payments(db: sqlite3.Connection) -> list[Payment]:
    """Every payment with something left to do, the oldest first."""
    rows = db.execute("SELECT payment_id FROM payments WHERE live ORDER BY position").fetchall()
    return [found.payment for (ident,) in rows if (found := find_payment(db, ident)) is not None]


def unresolved_payments(db: sqlite3.Connection) -> list[PaymentRecord]:
    """Payments without an end."""
    query = f"""SELECT {PAYMENT_COLUMNS} FROM payments p
                WHERE p.status IN ('awaiting_code', 'processing', 'cancelling') ORDER BY p.position"""
    return [payment_record(row) for row in db.execute(query)]


def live_refunds(db: sqlite3.Connection) -> list[Refund]:
    """Every refund without an end."""
    return [refund_of(state) for (state,) in db.execute("SELECT state FROM refunds WHERE live ORDER BY position")]


def find_refund(db: sqlite3.Connection, refund_id: str) -> Refund | None:
    """One refund by its id or its number."""
    query = "SELECT state FROM refunds WHERE refund_id = ?1 OR refund_no = ?1"
    row = db.execute(query, (refund_id,)).fetchone()
    return refund_of(row[0]) if row else None


def refunds_of(db: sqlite3.Connection, payment_id: str) -> list[Refund]:
    """The refunds of a payment, the oldest first."""
    query = "SELECT state FROM refunds WHERE payment_id = ? ORDER BY position"
    return [refund_of(state) for (state,) in db.execute(query, (payment_id,))]


def refunds_on(db: sqlite3.Connection, date: str) -> list[Refund]:
    """The refunds requested on a business date."""
    query = "SELECT state FROM refunds WHERE date = ? ORDER BY position"
    return [refund_of(state) for (state,) in db.execute(query, (date,))]


def payments_on(db: sqlite3.Connection, date: str) -> Iterator[Payment]:
    """The payments of a business date in the order of creation, a row at a time."""
    for (state,) in db.execute("SELECT state FROM payments WHERE date = ? ORDER BY position", (date,)):
        yield _decode_payment(state)


def unresolved_on(db: sqlite3.Connection, date: str) -> list[PaymentRecord]:
    """The payments of a business date that have no end."""
    query = f"""SELECT {PAYMENT_COLUMNS} FROM payments p
                WHERE p.date = ? AND p.status IN ('awaiting_code', 'processing', 'cancelling') ORDER BY p.position"""
    return [payment_record(row) for row in db.execute(query, (date,))]


def live_jobs(db: sqlite3.Connection) -> list[PrintJob]:
    """Print jobs that are still to come out, the oldest first."""
    return [job_of(state) for (state,) in db.execute("SELECT state FROM print_jobs WHERE live ORDER BY position")]


def jobs_of(db: sqlite3.Connection, payment_id: str) -> list[PrintJob]:
    """The print jobs of a payment and of its refunds, the oldest first."""
    query = "SELECT state FROM print_jobs WHERE payment_id = ? ORDER BY position"
    return [job_of(state) for (state,) in db.execute(query, (payment_id,))]


def find_job(db: sqlite3.Connection, job_id: str) -> PrintJob | None:
    """One print job."""
    row = db.execute("SELECT state FROM print_jobs WHERE job_id = ?", (job_id,)).fetchone()
    return job_of(row[0]) if row else None


def restored_at_ms(db: sqlite3.Connection) -> int | None:
    """The last moment in the backup that this journal was restored from, by ``restore``; None where it never was."""
    row = db.execute("SELECT value FROM meta WHERE key = 'restored_at_ms'").fetchone()
    return int(row[0]) if row else None


def find_key(db: sqlite3.Connection, key: str) -> tuple[bytes, str] | None:
    """The fingerprint and the subject of an idempotency key."""
    query = "SELECT fingerprint, subject_id FROM idempotency_keys WHERE key = ?"
    row = db.execute(query, (key,)).fetchone()
    return (row[0], row[1]) if row else None


def timeline(db: sqlite3.Connection, payment_id: str) -> list[StoredEvent]:
    """Everything that happened to a payment, its refunds and its paper, in order."""
    query = "SELECT seq, at_ms, stream, body FROM events WHERE payment_id = ? ORDER BY seq"
    return [
        StoredEvent(seq, at, stream, _decode_event(body)) for seq, at, stream, body in db.execute(query, (payment_id,))
    ]


def events(db: sqlite3.Connection) -> Iterator[StoredEvent]:
    """Every event of the journal, in order, a row at a time."""
    for seq, at, stream, body in db.execute("SELECT seq, at_ms, stream, body FROM events ORDER BY seq"):
        yield StoredEvent(seq, at, stream, _decode_event(body))


def notices_after(db: sqlite3.Connection, notice_id: int, limit: int) -> list[Told]:
    """At most ``limit`` notices after one, in order."""
    query = "SELECT id, kind, data FROM notices WHERE id > ? ORDER BY id LIMIT ?"
    return [Told(ident, kind, None, data) for ident, kind, data in db.execute(query, (notice_id, limit))]


def notice_range(db: sqlite3.Connection) -> tuple[int, int]:
    """The ids of the first and the last notice that are kept; (1, 0) when there is none."""
    first, last = db.execute("SELECT min(id), max(id) FROM notices").fetchone()
    return (first, last) if last is not None else (1, 0)
