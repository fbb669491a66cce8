"""Whether a journal is what it was: the chain of hashes, and every projection made anew from the events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import msgspec

from posd.journal.archive import gaps
from posd.journal.errors import JournalError
from posd.journal.migrations import changed_since
from posd.journal.replay import PROJECTIONS, Thing, apply, decode_event, row_of
from posd.journal.writer import GENESIS, chain
from posd.payment.errors import PaymentError

FAULTS_AT_MOST = 100
"""A damaged journal has one fault or thousands; the first hundred say where."""


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
    # A journal that waits for its migration is as well as it was; its states are made anew at the next start.
    old = changed_since(int(db.execute("PRAGMA user_version").fetchone()[0]))
    rows = db.execute("SELECT stream, seq, body FROM events ORDER BY stream, seq")
    for stream, events in groupby(rows, itemgetter(0)):
        yield from _relive(db, stream, events, old)
    yield from _strangers(db)


def _relive(
    db: sqlite3.Connection, stream: str, events: Iterable[tuple[str, int, bytes]], old: frozenset[type[Thing]]
) -> Iterator[str]:
    """Could its events happen, and does its projection say the same?"""
    thing: Thing | None = None
    for _, seq, body in events:
        try:
            thing = apply(thing, decode_event(body))
        except (msgspec.MsgspecError, PaymentError, JournalError) as error:
            yield f"event {seq} of {stream} cannot have happened: {error}"
    if thing is not None:
        yield from _compare(db, stream, thing, state_too=type(thing) not in old)


def _compare(db: sqlite3.Connection, stream: str, thing: Thing, *, state_too: bool) -> Iterator[str]:
    table, names = PROJECTIONS[type(thing)]
    row = db.execute(f"SELECT state, {', '.join(names)} FROM {table} WHERE {names[0]} = ?", (stream,)).fetchone()
    if row is None:
        yield f"{stream} has events and stands in no table"
    elif row[not state_too :] != row_of(thing)[not state_too :]:
        yield f"{stream} stands in {table} as its events have not made it"


def _strangers(db: sqlite3.Connection) -> Iterator[str]:
    """What stands in a table and has no event."""
    for table, (key, *_) in PROJECTIONS.values():
        query = f"SELECT {key} FROM {table} WHERE NOT EXISTS (SELECT 1 FROM events WHERE stream = {table}.{key})"
        for (ident,) in db.execute(query):
            yield f"{ident} stands in {table} as its events have not made it"
