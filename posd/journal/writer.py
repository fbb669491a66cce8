"""The one connection that writes. Synchronous; lives on the journal's own thread."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from posd.clock import Mark
from posd.journal.batch import Batch, Fact, Notice, Told
from posd.journal.errors import JournalUnavailable, KeyTaken
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.printing.job import PrintJob

GENESIS = bytes(32)
"""The hash before the first event."""

NOTICES_KEPT_MS = 8 * 24 * 3_600_000
"""Seven days are promised; one more, so that a clock that was set does not break the promise."""
NOTICES_FORGOTTEN_AT_ONCE = 32
"""A commit brings a few notices; to forget more than that keeps the table from growing."""

CACHE_KIB = 512
"""Pages that a connection keeps in memory: the newest of each table and index. SQLite's own 2 MiB a connection makes
nothing faster here (what is not there comes from the kernel's cache), and weighs 3 MiB on a till."""

_encode = msgspec.json.encode

Render = Callable[[sqlite3.Connection, Notice], bytes]
"""Makes the JSON of a notice that names its subject, as it stands in this transaction."""

Dates = Callable[[int], str]
"""The business date (YYYY-MM-DD) of a moment in UTC milliseconds."""


class Writer:
    """Writes batches, each whole or not at all, several in one synced transaction."""

    def __init__(self, connection: sqlite3.Connection, render: Render, date_of: Dates) -> None:
        self._db = connection
        self._render = render
        self._date_of = date_of
        row = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self._seq: int = row[0] if row else 0
        self._hash: bytes = row[1] if row else GENESIS
        self._mark: Mark | None = None
        self._oldest_notice_ms: int | None = None
        """When the first notice that is kept was told; None where that has to be looked up."""

    def commit(self, batches: Sequence[Batch], mark: Mark, now_ms: int) -> list[list[Told] | KeyTaken]:
        """One transaction for all of them; a batch whose key is taken is left out, the others stand.

        Raises JournalUnavailable when the transaction could not be made durable; then nothing of it counts.
        """
        before = self._seq, self._hash, self._mark
        try:
            self._db.execute("BEGIN IMMEDIATE")
            results = [self._attempt(batch, now_ms, alone=len(batches) == 1) for batch in batches]
            self._remember(mark)
            self._forget_notices(now_ms)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(before)
            raise JournalUnavailable(f"the journal cannot be written to: {error}; is the disk full?") from error
        except BaseException:
            self._roll_back(before)
            raise
        return results

    def _roll_back(self, before: tuple[int, bytes, Mark | None]) -> None:
        self._seq, self._hash, self._mark = before
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._oldest_notice_ms = None

    def _attempt(self, batch: Batch, now_ms: int, *, alone: bool) -> list[Told] | KeyTaken:
        """Whole or not at all; one that is ``alone`` needs no savepoint, as nothing else is undone with it."""
        before = self._seq, self._hash
        if not alone:
            self._db.execute("SAVEPOINT batch")
        try:
            told = self._write(batch, now_ms)
        except sqlite3.IntegrityError as error:
            self._seq, self._hash = before
            self._db.execute("ROLLBACK" if alone else "ROLLBACK TO batch")
            self._db.execute("BEGIN IMMEDIATE" if alone else "RELEASE batch")
            return KeyTaken(str(error))
        if not alone:
            self._db.execute("RELEASE batch")
        return told

    def _write(self, batch: Batch, now_ms: int) -> list[Told]:
        for key in batch.keys:
            self._db.execute(
                "INSERT INTO idempotency_keys VALUES (?, ?, ?)", (key.key, key.fingerprint, key.subject_id)
            )
        for fact in batch.facts:
            self._append(fact)
        for payment in batch.payments:
            self._project_payment(payment)
        for refund in batch.refunds:
            self._project_refund(refund)
        for job in batch.jobs:
            self._project_job(job)
        return [self._tell(notice, now_ms) for notice in batch.notices]

    def _append(self, fact: Fact) -> None:
        body = _encode(fact.event)
        seq = self._seq + 1
        digest = chain(self._hash, seq, fact.stream, body)
        kind = fact.event.__struct_config__.tag
        row = (seq, fact.event.at_ms, fact.stream, fact.payment_id, kind, body, digest)
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._seq, self._hash = seq, digest

    def _project_payment(self, payment: Payment) -> None:
        self._db.execute(
            """INSERT INTO payments (payment_id, order_no, date, status, wallet, reference, live, state)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (payment_id) DO UPDATE SET
                   status = excluded.status, wallet = excluded.wallet, live = excluded.live, state = excluded.state""",
            (
                payment.payment_id,
                payment.order_no,
                self._date_of(payment.created_at_ms),
                payment.status,
                payment.wallet,
                payment.reference,
                payment.live,
                _encode(payment),
            ),
        )

    def _project_refund(self, refund: Refund) -> None:
        date = self._date_of(refund.created_at_ms)
        row = (
            refund.refund_id,
            refund.refund_no,
            refund.payment_id,
            date,
            refund.status,
            refund.holds,
            refund.live,
            _encode(refund),
        )
        self._db.execute(
            """INSERT INTO refunds (refund_id, refund_no, payment_id, date, status, holds, live, state)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (refund_id) DO UPDATE SET
                   status = excluded.status, holds = excluded.holds, live = excluded.live, state = excluded.state""",
            row,
        )

    def _project_job(self, job: PrintJob) -> None:
        row = (job.job_id, job.payment_id, job.refund_id, job.kind, job.copy_no, job.state, job.live, _encode(job))
        self._db.execute(
            """INSERT INTO print_jobs (job_id, payment_id, refund_id, kind, copy_no, job_state, live, state)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (job_id) DO UPDATE SET
                   job_state = excluded.job_state, live = excluded.live, state = excluded.state""",
            row,
        )

    def _tell(self, notice: Notice, now_ms: int) -> Told:
        data = notice.data if notice.data is not None else self._render(self._db, notice)
        cursor = self._db.execute(
            "INSERT INTO notices (at_ms, kind, data) VALUES (?, ?, ?)", (now_ms, notice.kind, data)
        )
        return Told(cursor.lastrowid or 0, notice.kind, notice.subject_id, data)

    def _forget_notices(self, now_ms: int) -> None:
        """What was told is kept for replays, not for ever; a few at a time, so that no payment waits for it."""
        if self._oldest_notice_ms is None:
            row = self._db.execute("SELECT at_ms FROM notices ORDER BY id LIMIT 1").fetchone()
            self._oldest_notice_ms = row[0] if row else None
        if self._oldest_notice_ms is None or self._oldest_notice_ms >= now_ms - NOTICES_KEPT_MS:
            return
        self._oldest_notice_ms = None
        query = "DELETE FROM notices WHERE at_ms < ? AND id IN (SELECT id FROM notices ORDER BY id LIMIT ?)"
        self._db.execute(query, (now_ms - NOTICES_KEPT_MS, NOTICES_FORGOTTEN_AT_ONCE))

    def _remember(self, mark: Mark) -> None:
        if mark == self._mark:
            return
        value = _encode({"boot_id": mark.boot_id, "offset_ms": mark.offset_ms}).decode()
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('mark', ?)", (value,))
        self._mark = mark


def chain(before: bytes, seq: int, stream: str, body: bytes) -> bytes:
    """The hash of an event: over the hash before it, its number, its stream and its body."""
    return hashlib.sha256(before + seq.to_bytes(8, "big") + stream.encode() + b"\0" + body).digest()


def read_mark(connection: sqlite3.Connection) -> Mark | None:
    """Where the time line of the last process lay."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'mark'").fetchone()
    return msgspec.json.decode(row[0], type=Mark) if row else None


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection with the settings of this journal."""
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    return connection
