"""Whether a journal is what it was: the chain of hashes, and every projection made anew from the events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

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
    """Every event once: is it chained to the one before, and could it happen? Then: do the projections agree?"""
    things: dict[str, _Thing] = {}
    before, count = GENESIS, 0
    for seq, stream, body, digest in db.execute("SELECT seq, stream, body, hash FROM events ORDER BY seq"):
        count += 1
        if seq != count:
            yield f"event {count} is missing"
            count = seq
        before = chain(before, seq, stream, body)
        if before != digest:
            yield f"event {seq} was changed, or one before it"
            before = digest
        try:
            things[stream] = _apply(things.get(stream), _decode(body))
        except (msgspec.MsgspecError, PaymentError, JournalError) as error:
            yield f"event {seq} of {stream} cannot have happened: {error}"
    yield count
    yield from _compare(db, things)


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


_PROJECTIONS = {
    "payments": ("payment_id", "order_no", "status", "wallet", "reference", "live"),
    "refunds": ("refund_id", "refund_no", "payment_id", "status", "holds", "live"),
    "print_jobs": ("job_id", "payment_id", "refund_id", "kind", "copy_no", "live"),
}
"""Table -> its key, and the columns that repeat what stands in its ``state`` under the same name."""


def _compare(db: sqlite3.Connection, things: dict[str, _Thing]) -> Iterator[str]:
    seen = set()
    for table, names in _PROJECTIONS.items():
        for state, *columns in db.execute(f"SELECT state, {', '.join(names)} FROM {table}"):
            ident = columns[0]
            seen.add(ident)
            thing = things.get(ident)
            repeated = [getattr(thing, name, None) for name in names]
            if thing is None or msgspec.json.encode(thing) != state or repeated != columns:
                yield f"{ident} stands in {table} as its events have not made it"
    for ident in things.keys() - seen:
        yield f"{ident} has events and stands in no table"
