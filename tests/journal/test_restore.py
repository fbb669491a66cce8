"""A backup in place of a journal: what is refused, and what is set apart from what the old till may have done."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from posd.ids import Ids
from posd.journal import queries
from posd.journal.errors import JournalError, JournalUnusable
from posd.journal.restore import NOTICES_APART, restore
from tests.journal.support import new_payment, open_journal

LATER_MS = 4_000_000_000_000
"""After every event of these tests."""


async def a_backup(path: Path, payments: int = 2) -> Path:
    """A journal with payments, closed."""
    async with open_journal(path) as journal:
        for number in range(payments):
            await journal.append(new_payment(number))
    return path


def names(folder: Path, start: str) -> list[str]:
    """The files that begin so."""
    return sorted(each.name for each in folder.iterdir() if each.name.startswith(start))


async def test_events_go_on_and_notices_far_behind(tmp_path: Path) -> None:
    """The chain continues; ids of notices grow, and none is told twice that the old till may have told."""
    backup = await a_backup(tmp_path / "backup.db")
    done = restore(backup, tmp_path / "till" / "j.db", LATER_MS, replace=False)
    assert (2, None) == (done.events, done.aside)
    async with open_journal(tmp_path / "till" / "j.db") as journal:
        (told,) = await journal.append(new_payment(7))
        assert NOTICES_APART + 3 == told.id
        assert done.last_at_ms == await journal.read(queries.restored_at_ms)
        assert [1, 2, 3] == [stored.seq for stored in await journal.read(lambda db: list(queries.events(db)))]


async def test_a_stick_may_have_any_name(tmp_path: Path) -> None:
    """Characters that mean something in an address mean nothing in a path; no file of another name is made."""
    stick = tmp_path / "STICK #1 (50%)?mode=x"
    stick.mkdir()
    backup = await a_backup(stick / "été.db")
    assert 2 == restore(backup, tmp_path / "j.db", LATER_MS, replace=False).events
    assert ["STICK #1 (50%)?mode=x"] == names(tmp_path, "STICK")


async def test_a_journal_without_payments_makes_room(tmp_path: Path) -> None:
    """A package that was just installed has made one; nothing is put aside for it, and no leftover of it is read."""
    backup, path = await a_backup(tmp_path / "backup.db"), tmp_path / "j.db"
    async with open_journal(path):
        pass
    assert restore(backup, path, LATER_MS, replace=False).aside is None
    assert ["j.db", "j.db.lock"] == names(tmp_path, "j.db")


async def test_a_journal_that_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    """Somebody may still get something out of it."""
    backup, path = await a_backup(tmp_path / "backup.db"), tmp_path / "j.db"
    path.write_bytes(b"what a dying disk has left" * 100)
    with pytest.raises(JournalUnusable, match="--replace"):
        restore(backup, path, LATER_MS, replace=False)
    aside = restore(backup, path, LATER_MS, replace=True).aside
    assert aside is not None
    assert aside.read_bytes().startswith(b"what a dying disk")


@pytest.mark.parametrize("fault", ["changed", "no journal", "from the future"])
async def test_what_is_not_sound_is_refused(tmp_path: Path, fault: str) -> None:
    """A changed event, another file, a clock that is behind: the reason in a line, and the journal is as it was."""
    backup, path = await a_backup(tmp_path / "backup.db"), await a_backup(tmp_path / "j.db", 1)
    if fault == "changed":
        with closing(sqlite3.connect(backup)) as db, db:
            db.execute("UPDATE events SET stream = 'x' WHERE seq = 1")
    elif fault == "no journal":
        backup.write_bytes(b"a list of groceries")
    before = path.read_bytes()
    with pytest.raises(JournalError) as caught:
        restore(backup, path, 1_000 if fault == "from the future" else LATER_MS, replace=True)
    assert str(backup) in str(caught.value)
    assert before == path.read_bytes()


def test_refunds_of_older_payments_get_numbers_of_their_own() -> None:
    """In a row where this journal has them all; else of 32,768, and never longer than the gateways take."""
    longest = "1234" + "01010101" + "261120103015" + "K7QM"
    assert f"{longest}R2" == Ids().refund_no(longest, 2, others_may_exist=False)
    numbers = {Ids().refund_no(longest, 1, others_may_exist=True) for _ in range(40)}
    assert len(numbers) > 1
    assert {(32, f"{longest}S")} == {(len(number), number[:29]) for number in numbers}
