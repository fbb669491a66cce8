"""Whether a journal is what it was: the chain of hashes, and every projection made anew from the events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import msgspec

from posd.journal.archive import gaps
from posd.journal.errors import JournalError
from posd.journal.queries import AnyEvent
from posd.journal.writer import GENESIS, chain
from posd.payment import refund as refunds
from posd.payment import state_machine
from posd.payment.errors import PaymentError
from posd.payment.events import Created
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundRequested
from posd.printing import job as jobs
from posd.printing.job import PrintJob, PrintQueued

FAULTS_AT_MOST = 100
"""A damaged journal has one fault or thousands; the first hundred say where."""

_decode = msgspec.json.Decoder(AnyEvent).decode
_Thing = Payment | Refund | PrintJob


def verify(db: sqlite3.Connection) -> tuple[int, list[str]]:
    """How many events there are, and what is wrong with them: a line each."""
    faults: list[str] = []
    count = 0
    for fault in _faults(db):
        if isinstance(fault, int):
            count = fault
        elif len(faults) < FAULTS_AT_MOST:
            faults.append(fault)
    return count, faults


def _faults(db: sqlite3.Connection) -> Iterator[int | str]:
    try:
        (state,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        if state != "ok":
            yield f"the file is damaged: {state}"
        yield from _replay(db)
    except sqlite3.DatabaseError as error:
        yield f"the file is damaged: {error}"


def _replay(db: sqlite3.Connection) -> Iterator[int | str]:
    """Every event twice, so that little is in memory: chained in the order of time, and applied thing by thing."""
    before, expected, count = GENESIS, 1, 0
    gap_at = {gap.first: gap for gap in gaps(db)}
    for seq, stream, body, digest in db.execute("SELECT seq, stream, body, hash FROM events ORDER BY seq"):
        count += 1
        if (gap := gap_at.pop(expected, None)) is not None:
            if gap.before != before:
                yield f"the archived events from {gap.first} on do not follow event {expected - 1}"
            before, expected = gap.after, gap.last + 1
        if seq != expected:
            yield f"event {expected} is missing"
        expected = seq + 1
        before = chain(before, seq, stream, body)
        if before != digest:
            yield f"event {seq} was changed, or one before it"
            before = digest
    yield from (f"events {gap.first} to {gap.last} stand in no place of the chain" for gap in gap_at.values())
    yield count
    rows = db.execute("SELECT stream, seq, body FROM events ORDER BY stream, seq")
    for stream, events in groupby(rows, itemgetter(0)):
        yield from _relive(db, stream, events)
    yield from _strangers(db)


def _relive(db: sqlite3.Connection, stream: str, events: Iterable[tuple[str, int, bytes]]) -> Iterator[str]:
    """Could its events happen, and does its projection say the same?"""
    thing: _Thing | None = None
    for _, seq, body in events:
        try:
            thing = _apply(thing, _decode(body))
        except (msgspec.MsgspecError, PaymentError, JournalError) as error:
            yield f"event {seq} of {stream} cannot have happened: {error}"
    yield from _compare(db, stream, thing)


def _apply(thing: _Thing | None, event: AnyEvent) -> _Thing:
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


_PROJECTIONS: dict[type[_Thing], tuple[str, tuple[str, ...]]] = {
    Payment: ("payments", ("payment_id", "order_no", "status", "wallet", "reference", "live")),
    Refund: ("refunds", ("refund_id", "refund_no", "payment_id", "status", "holds", "live")),
    PrintJob: ("print_jobs", ("job_id", "payment_id", "refund_id", "kind", "copy_no", "live")),
}
"""Its table, and the columns that repeat what stands in ``state`` under the same name; the first is the key."""


def _compare(db: sqlite3.Connection, stream: str, thing: _Thing | None) -> Iterator[str]:
    if thing is None:
        return
    table, names = _PROJECTIONS[type(thing)]
    row = db.execute(f"SELECT state, {', '.join(names)} FROM {table} WHERE {names[0]} = ?", (stream,)).fetchone()
    if row is None:
        yield f"{stream} has events and stands in no table"
    elif row != (msgspec.json.encode(thing), *(getattr(thing, name, None) for name in names)):
        yield f"{stream} stands in {table} as its events have not made it"


def _strangers(db: sqlite3.Connection) -> Iterator[str]:
    """What stands in a table and has no event."""
    for table, (key, *_) in _PROJECTIONS.values():
        query = f"SELECT {key} FROM {table} WHERE NOT EXISTS (SELECT 1 FROM events WHERE stream = {table}.{key})"
        for (ident,) in db.execute(query):
            yield f"{ident} stands in {table} as its events have not made it"
