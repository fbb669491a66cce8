"""``verify`` finds what was changed, removed, reordered or made up; and nothing where nothing was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from posd.journal.verify import FAULTS_AT_MOST, verify
from posd.journal.writer import connect
from tests.journal.support import new_payment, open_journal

EVENTS = 6


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal with six events."""
    path = tmp_path / "journal.db"
    async with open_journal(path) as journal:
        for number in range(EVENTS):
            await journal.append(new_payment(number))
    return path


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the file and a grudge."""
    db = connect(path, read_only=False)
    yield db
    db.close()


def test_a_sound_journal_has_no_faults(db: sqlite3.Connection) -> None:
    """All events, nothing to say."""
    assert (EVENTS, []) == verify(db)


TAMPERED = [
    ("UPDATE events SET body = replace(CAST(body AS TEXT), '103', '903') WHERE seq = 4", "event 4 was changed"),
    ("UPDATE events SET stream = 'pay_9' WHERE seq = 4", "event 4 was changed"),
    ("UPDATE events SET hash = zeroblob(32) WHERE seq = 4", "event 4 was changed"),
    ("DELETE FROM events WHERE seq = 3", "event 3 is missing"),
    ("DELETE FROM events WHERE seq = 1", "event 1 is missing"),
    ("UPDATE payments SET state = replace(CAST(state AS TEXT), '103', '903')", "pay_3 stands in payments"),
    ("DELETE FROM payments WHERE payment_id = 'pay_3'", "pay_3 has events"),
    ("UPDATE payments SET status = 'paid' WHERE payment_id = 'pay_3'", "pay_3"),
    ("UPDATE events SET body = x'7b' WHERE seq = 2", "event 2"),
]


@pytest.mark.parametrize(("statement", "fault"), TAMPERED)
def test_tampering_is_found(db: sqlite3.Connection, statement: str, fault: str) -> None:
    """A changed, moved or missing event, and a projection that its events have not made; told by its number."""
    db.execute(statement.replace("replace(CAST(", "CAST(replace(CAST(").replace("'903')", "'903') AS BLOB)"))
    _, faults = verify(db)
    assert any(fault in line for line in faults), faults


def test_reordering_is_found(db: sqlite3.Connection) -> None:
    """Two events that changed places."""
    db.execute("UPDATE events SET seq = 99 WHERE seq = 2")
    db.execute("UPDATE events SET seq = 2 WHERE seq = 3")
    db.execute("UPDATE events SET seq = 3 WHERE seq = 99")
    _, faults = verify(db)
    assert any("event 2" in line for line in faults)


def test_a_journal_cut_short_is_found(db: sqlite3.Connection) -> None:
    """The last events are gone, with their hashes: their payments are left over."""
    db.execute("DELETE FROM events WHERE seq > 4")
    count, faults = verify(db)
    assert 4 == count
    assert ["pay_4", "pay_5"] == sorted(line.partition(" ")[0] for line in faults)


def test_the_list_of_faults_has_an_end(db: sqlite3.Connection) -> None:
    """A destroyed journal does not fill the screen."""
    for number in range(2 * FAULTS_AT_MOST):
        row = (number + 100, 1, f"x{number}", "created", b"{}", b"")
        db.execute("INSERT INTO events (seq, at_ms, stream, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)", row)
    assert FAULTS_AT_MOST == len(verify(db)[1])


def test_a_damaged_file_is_said(path: Path) -> None:
    """Bytes overwritten in the middle: a fault, no exception."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = b"\xa5" * 8192
    path.write_bytes(content)
    db = connect(path, read_only=True)
    assert verify(db)[1]
    db.close()
