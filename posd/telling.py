"""What the POS is told of a payment, a refund or a print job: made inside the transaction that changes it."""

from __future__ import annotations

import sqlite3

import msgspec

from posd.journal import queries
from posd.journal.batch import Notice
from posd.journal.writer import Render
from posd.resources import Views


def renderer(views: Views) -> Render:
    """Makes the JSON of a notice from what its subject is in this transaction."""

    def render(db: sqlite3.Connection, notice: Notice) -> bytes:
        ident = notice.subject_id or ""
        match notice.kind:
            case "payment" if (record := queries.find_payment(db, ident)) is not None:
                return msgspec.json.encode(views.payment(record))
            case "refund" if (refund := queries.find_refund(db, ident)) is not None:
                return msgspec.json.encode(views.refund(refund))
            case "print" if (job := queries.find_job(db, ident)) is not None:
                return msgspec.json.encode(views.job(job))
            case kind:
                raise LookupError(f"a {kind} notice without its subject")

    return render
