"""Old days leave the journal for a file; the chain holds, and nothing that is open or recent goes along."""

from __future__ import annotations

import json
import sqlite3
from importlib import resources
from pathlib import Path

import pytest

from posd.config.sections import JournalSection
from posd.journal import queries
from posd.journal.archive import archive_some, check_archive, gaps
from posd.journal.batch import Batch
from posd.journal.errors import JournalError, JournalUnavailable
from posd.journal.journal import Journal, open_for_writing
from posd.journal.verify import verify
from posd.journal.writer import connect
from posd.payment import state_machine
from posd.payment.amounts import Amounts, Fen
from posd.payment.events import Answered, PaymentEvent, Source, Submitted
from posd.payment.terms import Method, Rules
from posd.payment.verdicts import Paid
from posd.retention import DAY_MS, archive_old
from tests.journal.support import created, open_journal

BEGINNING_MS = 1_795_140_000_000
LATER_MS = BEGINNING_MS + 1000 * DAY_MS


async def take(journal: Journal, number: int, at_ms: int, *, paid: bool = True) -> None:
    """A payment of that moment, paid or left open."""
    first = created(number, at_ms)
    payment = state_machine.create(first)
    events: list[PaymentEvent] = [Submitted(at_ms, Method.BARCODE, first.wallet, "main", 15_000, "13…0000")]
    if paid:
        verdict = Paid(Amounts.undiscounted(Fen(100 + number)))
        events.append(Answered(at_ms + 500, Source.PAY, at_ms, verdict))
    after, happened = state_machine.advance(payment, events, at_ms + 500, Rules())
    await journal.append(Batch().payment(after, [first, *happened]))


def archives(folder: Path) -> list[Path]:
    """The files of an archive."""
    return sorted(folder.glob("*.jsonl")) if folder.exists() else []


async def test_old_payments_go_and_the_chain_holds(tmp_path: Path) -> None:
    """Two old ones around an open and a recent one: two gaps, every event in one place, verify is content."""
    async with open_journal(tmp_path / "j.db") as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, BEGINNING_MS, paid=False)
        await take(journal, 3, BEGINNING_MS)
        await take(journal, 4, LATER_MS)
        (before, _) = await journal.read(verify)
        done = await journal.archive(tmp_path / "archive", LATER_MS - DAY_MS)
        assert done is not None
        assert None is await journal.archive(tmp_path / "archive", LATER_MS - DAY_MS)
        count, faults = await journal.read(verify)
        left = await journal.read(lambda db: [record.payment.payment_id for record in queries.all_payments(db)])
        found = await journal.read(gaps)
    assert [] == faults
    assert ["pay_2", "pay_4"] == left
    assert before == count + done.events
    assert 2 == len(found)
    assert [done.file] == archives(tmp_path / "archive")
    assert done.events == check_archive(done.file)
    ids = {json.loads(line)["paymentId"] for line in done.file.read_text("utf-8").splitlines()}
    assert {"pay_1", "pay_3"} == ids
    assert 0o600 == done.file.stat().st_mode & 0o777


async def test_gaps_grow_together(tmp_path: Path) -> None:
    """Day after day the gaps stay few: what touches is one, and the journal goes on after a restart."""
    path = tmp_path / "j.db"
    async with open_journal(path) as journal:
        for number in range(6):
            await take(journal, number, BEGINNING_MS + number * DAY_MS)
        for number in range(1, 5):
            await journal.archive(tmp_path / "archive", BEGINNING_MS + number * DAY_MS)
        (gap,) = await journal.read(gaps)
    assert 1 == gap.first
    async with open_journal(path) as journal:
        await take(journal, 99, LATER_MS)
        _, faults = await journal.read(verify)
    assert [] == faults
    assert 4 == len(archives(tmp_path / "archive"))


async def test_the_last_event_stays(tmp_path: Path) -> None:
    """However old: the next event is chained to it."""
    async with open_journal(tmp_path / "j.db") as journal:
        await take(journal, 1, BEGINNING_MS)
        assert None is await journal.archive(tmp_path / "archive", LATER_MS)
    assert [] == archives(tmp_path / "archive")


async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """Where the file cannot be written nothing leaves the journal."""
    (tmp_path / "archive").write_text("a file where the directory should be", "utf-8")
    async with open_journal(tmp_path / "j.db") as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, LATER_MS)
        before = await journal.read(verify)
        with pytest.raises(JournalUnavailable, match="archived"):
            await journal.archive(tmp_path / "archive", LATER_MS)
        assert before == await journal.read(verify)


async def test_a_crash_before_the_journal_let_go(tmp_path: Path) -> None:
    """The file is there and the events too: the next run writes it anew and then lets go."""
    path, folder = tmp_path / "j.db", tmp_path / "archive"
    async with open_journal(path) as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, LATER_MS)
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    db = open_for_writing(copy)
    assert archive_some(db, folder, LATER_MS) is not None
    db.close()
    async with open_journal(path) as journal:
        done = await journal.archive(folder, LATER_MS)
        _, faults = await journal.read(verify)
    assert [] == faults
    assert done is not None
    assert [done.file] == archives(folder)


async def test_an_archive_that_was_changed_is_found(tmp_path: Path) -> None:
    """One amount changed, or one line taken out: named by file and line."""
    async with open_journal(tmp_path / "j.db") as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, LATER_MS)
        done = await journal.archive(tmp_path / "archive", LATER_MS)
    assert done is not None
    text = done.file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    for forged in (text.replace('"amount":101', '"amount":100', 1), "".join([lines[0], *lines[2:]])):
        assert forged != text
        done.file.write_text(forged, "utf-8")
        with pytest.raises(JournalError, match=r"jsonl:\d+: event \d+ was changed"):
            check_archive(done.file)


async def test_a_gap_that_was_moved_is_found(tmp_path: Path) -> None:
    """Whoever deletes events and makes up a gap for them does not know the hash that belongs there."""
    path = tmp_path / "j.db"
    async with open_journal(path) as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, BEGINNING_MS)
        await take(journal, 3, LATER_MS)
        await journal.archive(tmp_path / "archive", BEGINNING_MS + DAY_MS)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE gaps SET after = zeroblob(32)")
    db.close()
    db = connect(path, read_only=True)
    _, faults = verify(db)
    db.close()
    assert "was changed, or one before it" in faults[0]


async def test_nobody_is_kept_waiting(tmp_path: Path) -> None:
    """While a payment is open, and where keep_days is 0, nothing is archived."""
    async with open_journal(tmp_path / "j.db") as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, LATER_MS)
        section = JournalSection(path=str(tmp_path / "j.db"))
        never = JournalSection(path=str(tmp_path / "j.db"), keep_days=0)
        assert 0 == await archive_old(journal, section, lambda: LATER_MS, lambda: True)
        assert 0 == await archive_old(journal, never, lambda: LATER_MS, lambda: False)
        assert 0 < await archive_old(journal, section, lambda: LATER_MS, lambda: False)
    assert 1 == len(archives(tmp_path / "archive"))


async def test_a_journal_of_version_1_is_migrated(tmp_path: Path) -> None:
    """Its payments are all there, the chain holds, and it can be archived from then on."""
    path = tmp_path / "j.db"
    async with open_journal(path) as journal:
        await take(journal, 1, BEGINNING_MS)
        await take(journal, 2, LATER_MS)
    with sqlite3.connect(path) as db:
        newer = "DROP TABLE gaps; DROP INDEX keys_by_subject; DROP INDEX payments_attention;"
        db.executescript(f"{newer} PRAGMA user_version = 1;")
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    db.close()
    assert "gaps" not in tables
    assert "CREATE TABLE gaps" not in resources.files("posd.journal").joinpath("schema_v1.sql").read_text("utf-8")
    async with open_journal(path) as journal:
        assert 2 == await journal.read(lambda db: len(list(queries.all_payments(db))))
        assert [] == (await journal.read(verify))[1]
        assert None is not await journal.archive(tmp_path / "archive", LATER_MS)
        assert [] == (await journal.read(verify))[1]
