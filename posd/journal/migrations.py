"""What a newer version makes of the projections of an older one: they are made anew from their events."""

from __future__ import annotations

import sqlite3

import msgspec

from posd.journal.errors import JournalError
from posd.journal.replay import PROJECTIONS, Thing, relive, row_of
from posd.payment.errors import PaymentError
from posd.payment.payment import Payment
from posd.payment.refund import Refund

_CHANGED: dict[int, dict[type[Thing], str]] = {
    3: {
        Refund: "TRUE",
        # Few: what is open, and what had to be given back.
        Payment: "live OR instr(state, CAST('\"refund_sent_at_ms\"' AS BLOB))",
    },
    4: {
        Refund: "TRUE",
        Payment: "instr(state, CAST('\"not_received\"' AS BLOB))",
    },
}
"""By version: of which rows its program reads more, or something else, than the one before has written."""


def changed_since(version: int) -> frozenset[type[Thing]]:
    """Of what a program of this version may have written another state than today's."""
    return frozenset(kind for newer, kinds in _CHANGED.items() if newer > version for kind in kinds)


def relive_for(db: sqlite3.Connection, version: int) -> None:
    """Make those rows anew. Inside the transaction of the migration, so a crash leaves the version before."""
    for kind, condition in _CHANGED.get(version, {}).items():
        table, (key, *_) = PROJECTIONS[kind]
        for (ident,) in db.execute(f"SELECT {key} FROM {table} WHERE {condition}").fetchall():
            _make_anew(db, kind, ident)


def _make_anew(db: sqlite3.Connection, kind: type[Thing], ident: str) -> None:
    bodies = [body for (body,) in db.execute("SELECT body FROM events WHERE stream = ? ORDER BY seq", (ident,))]
    try:
        thing = relive(bodies)
    except (msgspec.MsgspecError, PaymentError, JournalError):
        # A till must not stay shut for it: the row stays as the older version left it, and `verify` tells of it.
        return
    if thing is None:
        return
    table, (key, *names) = PROJECTIONS[kind]
    state, _, *values = row_of(thing)
    columns = ", ".join(f"{name} = ?" for name in ("state", *names))
    db.execute(f"UPDATE {table} SET {columns} WHERE {key} = ?", (state, *values, ident))
