"""What is asked of the journal, and that SQLite does not read all of it for an answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from posd.journal import queries
from posd.journal.batch import Batch
from posd.payment import state_machine
from posd.payment.events import AttentionRaised
from posd.payment.verdicts import Reason
from tests.journal.support import created, new_payment, open_journal

DOUBTFUL = queries.Filter(attention=True)


def doubtful(number: int) -> Batch:
    """A payment that a person should look at."""
    began = created(number)
    raised = AttentionRaised(began.at_ms + 1, Reason.CONTRADICTION)
    payment = state_machine.apply(state_machine.create(began), raised)
    return Batch().payment(payment, [began, raised])


def listed(db: sqlite3.Connection) -> list[str]:
    """Who is found, after a look at how: not by reading every payment."""
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    found = [record.payment.payment_id for record in queries.list_payments(db, DOUBTFUL, 10)]
    db.set_trace_callback(None)
    plan = " ".join(str(row) for row in db.execute(f"EXPLAIN QUERY PLAN {asked[0]}"))
    assert "payments_attention" in plan
    return found


async def test_what_needs_a_look_is_found_by_its_index(tmp_path: Path) -> None:
    """The newest first, in a new journal and in one of version 2, which had no such index."""
    path = tmp_path / "j.db"
    async with open_journal(path) as journal:
        for number in range(1, 9):
            await journal.append(doubtful(number) if number in {2, 5} else new_payment(number))
        assert ["pay_5", "pay_2"] == await journal.read(listed)
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP INDEX payments_attention; PRAGMA user_version = 2;")
    async with open_journal(path) as journal:
        assert ["pay_5", "pay_2"] == await journal.read(listed)
