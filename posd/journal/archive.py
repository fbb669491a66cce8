"""Old days: out of the journal into a file, without breaking the chain of hashes.

A payment goes as a whole, with its refunds and its papers, once nothing is left to do and nothing has happened to it
for long enough. What is left of it is a gap that says how the chain goes on; the file has the events themselves. The
file is on disk before the journal lets go: a crash in between leaves both, and the next run writes the file anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from posd.journal.access import give_to_the_owner
from posd.journal.errors import JournalError, JournalUnavailable
from posd.journal.writer import GENESIS, chain

PAYMENTS_AT_ONCE = 200
"""In one transaction: some milliseconds, for which a new payment may have to wait."""

_Row = tuple[int, int, str, str | None, str, bytes, bytes]


class ArchivedEvent(msgspec.Struct, frozen=True, rename="camel"):
    """A line of an archive. ``before`` stands where the event in front of it is not the line above."""

    seq: int
    at_ms: int
    stream: str
    payment_id: str | None
    kind: str
    body: msgspec.Raw
    hash: str
    before: str | None = None


class Archived(msgspec.Struct, frozen=True):
    """What one step has taken out of the journal."""

    file: Path
    events: int


class Gap(msgspec.Struct, frozen=True):
    """Events in a row that are in an archive, and the hashes at its two ends."""

    first: int
    last: int
    before: bytes
    after: bytes


def archive_some(db: sqlite3.Connection, folder: Path, before_ms: int) -> Archived | None:
    """Take out a few payments to which nothing has happened since ``before_ms``; None when there are none (any more).

    Runs on the thread of the one connection that writes. Raises JournalUnavailable; the journal is then as it was.
    """
    try:
        db.execute("CREATE TEMP TABLE IF NOT EXISTS going (stream TEXT PRIMARY KEY)")
        db.execute("DELETE FROM going")
        rows = _going(db, before_ms)
        if not rows:
            return None
        runs = list(_runs(db, rows))
        file = _write(folder, rows, runs)
        _let_go(db, rows, runs)
    except (sqlite3.Error, OSError) as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise JournalUnavailable(f"old days cannot be archived: {error}; is the disk full?") from error
    return Archived(file, len(rows))


def gaps(db: sqlite3.Connection) -> list[Gap]:
    """All gaps in order; a journal of version 1 has none."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'gaps'").fetchone() is None:
        return []
    return [Gap(*row) for row in db.execute("SELECT first_seq, last_seq, before, after FROM gaps ORDER BY first_seq")]


def check_archive(file: Path) -> int:
    """How many events an archive has. Raises JournalError where one was changed, or lines are missing."""
    decode = msgspec.json.Decoder(ArchivedEvent).decode
    hash_before, count = None, 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                event = decode(line)
                start = bytes.fromhex(event.before) if event.before is not None else hash_before
                told = bytes.fromhex(event.hash)
            except (msgspec.MsgspecError, ValueError) as error:
                raise JournalError(f"{file}:{number}: {error}") from error
            if start is None or chain(start, event.seq, event.stream, bytes(event.body)) != told:
                raise JournalError(f"{file}:{number}: event {event.seq} was changed, or one before it")
            hash_before, count = told, count + 1
    return count


# --- which events go --------------------------------------------------------------------------------------------------

_PAYMENTS_DUE = """
    INSERT INTO going SELECT payment_id FROM payments p
    WHERE NOT p.live
      AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.payment_id = p.payment_id AND r.live)
      AND NOT EXISTS (SELECT 1 FROM print_jobs j WHERE j.payment_id = p.payment_id AND j.live)
      AND (SELECT max(e.at_ms) FROM events e WHERE e.payment_id = p.payment_id) < :before_ms
    ORDER BY p.position LIMIT :limit"""

_PAPERS_DUE = """
    INSERT INTO going SELECT job_id FROM print_jobs j
    WHERE j.payment_id IS NULL AND NOT j.live
      AND (SELECT max(e.at_ms) FROM events e WHERE e.stream = j.job_id) < :before_ms
    ORDER BY j.position LIMIT :limit"""

_EVENTS = "SELECT seq, at_ms, stream, payment_id, kind, body, hash FROM events WHERE"


def _going(db: sqlite3.Connection, before_ms: int) -> list[_Row]:
    """All events of what goes, in order. The last event of the journal stays: the next one is chained to it."""
    limits = {"before_ms": before_ms, "limit": PAYMENTS_AT_ONCE}
    db.execute(_PAYMENTS_DUE, limits)
    db.execute(_PAPERS_DUE, limits)
    last = "(SELECT coalesce(payment_id, stream) FROM events ORDER BY seq DESC LIMIT 1)"
    db.execute(f"DELETE FROM going WHERE stream = {last}")
    of_payments = db.execute(f"{_EVENTS} payment_id IN (SELECT stream FROM going)").fetchall()
    of_papers = db.execute(f"{_EVENTS} payment_id IS NULL AND stream IN (SELECT stream FROM going)").fetchall()
    return sorted(of_payments + of_papers)


def _runs(db: sqlite3.Connection, rows: list[_Row]) -> Iterator[Gap]:
    """Events in a row, each with the hash in front of it."""
    ends = {gap.last: gap.after for gap in gaps(db)}
    start = 0
    for place, row in enumerate(rows):
        if place + 1 == len(rows) or rows[place + 1][0] != row[0] + 1:
            first = rows[start][0]
            found = db.execute("SELECT hash FROM events WHERE seq = ?", (first - 1,)).fetchone()
            before = found[0] if found else ends.get(first - 1, GENESIS)
            yield Gap(first, row[0], before, row[6])
            start = place + 1


# --- the file, then the journal ---------------------------------------------------------------------------------------


def _write(folder: Path, rows: list[_Row], runs: Iterable[Gap]) -> Path:
    """The archive, durable and read again."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        give_to_the_owner(folder, folder.parent)
    file = folder / f"events-{rows[0][0]:010d}-{rows[-1][0]:010d}.jsonl"
    fresh = file.with_suffix(".new")
    starts = {run.first: run.before.hex() for run in runs}
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        for seq, at_ms, stream, payment_id, kind, body, digest in rows:
            event = ArchivedEvent(
                seq, at_ms, stream, payment_id, kind, msgspec.Raw(body), digest.hex(), starts.get(seq)
            )
            out.write(msgspec.json.encode(event) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    if check_archive(fresh) != len(rows):
        raise OSError(f"{fresh} does not read as it was written")
    give_to_the_owner(fresh, folder)
    fresh.replace(file)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return file


def _let_go(db: sqlite3.Connection, rows: list[_Row], runs: Iterable[Gap]) -> None:
    """Delete what is in the file, in one transaction, and mark the gaps."""
    db.execute("BEGIN IMMEDIATE")
    db.executemany("DELETE FROM events WHERE seq = ?", [(row[0],) for row in rows])
    gone = "(SELECT stream FROM going)"
    refunds = f"(SELECT refund_id FROM refunds WHERE payment_id IN {gone})"
    db.execute(f"DELETE FROM idempotency_keys WHERE subject_id IN {gone} OR subject_id IN {refunds}")
    db.execute(f"DELETE FROM print_jobs WHERE payment_id IN {gone} OR job_id IN {gone}")
    db.execute(f"DELETE FROM refunds WHERE payment_id IN {gone}")
    db.execute(f"DELETE FROM payments WHERE payment_id IN {gone}")
    merged = list(_merged(sorted([*gaps(db), *runs], key=lambda gap: gap.first)))
    db.execute("DELETE FROM gaps")
    db.executemany("INSERT INTO gaps VALUES (?, ?, ?, ?)", [(g.first, g.last, g.before, g.after) for g in merged])
    db.execute("COMMIT")


def _merged(found: Iterable[Gap]) -> Iterator[Gap]:
    """Gaps that touch are one."""
    open_: Gap | None = None
    for gap in found:
        if open_ is not None and open_.last + 1 == gap.first:
            open_ = Gap(open_.first, gap.last, open_.before, gap.after)
            continue
        if open_ is not None:
            yield open_
        open_ = gap
    if open_ is not None:
        yield open_
