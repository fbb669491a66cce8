"""The journal: durable when it says so, whole or not at all, one writer, and clear about what is wrong with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from posd.clock import TimeLine
from posd.journal import queries
from posd.journal.batch import Batch, Key, Notice, Told
from posd.journal.errors import JournalLocked, JournalUnavailable, JournalUnusable, KeyTaken
from posd.journal.journal import SCHEMA_VERSION
from posd.journal.verify import verify
from posd.journal.writer import NOTICES_FORGOTTEN_AT_ONCE, NOTICES_KEPT_MS
from posd.payment import state_machine
from tests.journal.support import created, new_journal, new_payment, open_journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test is."""
    return tmp_path / "journal.db"


async def test_many_callers_share_a_sync(path: Path) -> None:
    """Each is told only when its own batch is on disk; far fewer transactions than batches."""
    async with open_journal(path) as journal:
        before = journal.syncs

        async def write(number: int) -> None:
            await journal.append(new_payment(number))
            assert await journal.read(lambda db: queries.find_payment(db, f"pay_{number}")) is not None

        await asyncio.gather(*(write(number) for number in range(200)))
        assert journal.syncs - before <= 5
        assert (200, []) == await journal.read(verify)


async def test_a_taken_key_takes_nothing_else_down(path: Path) -> None:
    """In one group the second use of a key fails whole; what is before and behind it stands."""
    async with open_journal(path) as journal:
        batches = [new_payment(1), new_payment(2, key="key-1"), new_payment(3)]
        results = await asyncio.gather(*(journal.append(batch) for batch in batches), return_exceptions=True)
        assert [list, KeyTaken, list] == [type(result) for result in results]
        assert await journal.read(lambda db: queries.find_payment(db, "pay_2")) is None
        assert (2, []) == await journal.read(verify)
        same_number = msgspec.structs.replace(created(4), order_no="01011")
        again = Batch(keys=[Key("another", b"f", "pay_4")]).payment(state_machine.create(same_number), [same_number])
        with pytest.raises(KeyTaken):
            await journal.append(again)
        assert await journal.read(lambda db: queries.find_key(db, "another")) is None
        await journal.append(new_payment(5))
        assert (3, []) == await journal.read(verify), "the chain goes on where it was"


async def test_what_is_told_is_durable_and_in_order(path: Path) -> None:
    """Notices go out before their ``append`` returns, in the order of their ids."""
    told: list[Told] = []
    async with open_journal(path) as journal:
        journal.on_told = told.extend
        await asyncio.gather(*(journal.append(new_payment(number)) for number in range(20)))
        assert list(range(1, 21)) == [notice.id for notice in told]
        assert told == [
            Told(notice.id, notice.kind, told[index].subject_id, notice.data)
            for index, notice in enumerate(await journal.read(lambda db: queries.notices_after(db, 0, 100)))
        ]


async def test_a_full_disk_is_said_and_survived(path: Path) -> None:
    """JournalUnavailable, nothing of the group is written; once there is room, the same batch goes in."""
    async with open_journal(path) as journal:
        await journal.append(new_payment(0))
        (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        large = new_payment(1, description="x" * 100_000)
        with pytest.raises(JournalUnavailable, match="disk full"):
            await journal.append(large)
        assert await journal.read(lambda db: queries.find_payment(db, "pay_1")) is None
        journal._db.execute("PRAGMA max_page_count = 1000000")
        await journal.append(large)
        await journal.append(new_payment(2))
        assert (3, []) == await journal.read(verify)


async def test_a_fault_of_ours_keeps_nobody_waiting(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be written at all fails at once, is logged, and leaves no half transaction behind."""
    async with open_journal(path) as journal:
        broken = Batch(keys=[Key("k", b"f", "s")], notices=[Notice("nonsense", "of nothing")])
        with pytest.raises(JournalUnavailable, match="fault in posd"):
            await journal.append(broken)
        await journal.append(new_payment(1))
        assert await journal.read(lambda db: queries.find_key(db, "k")) is None
        assert (1, []) == await journal.read(verify)
    assert "journal-flush crashed" in caplog.text


async def test_giving_up_an_append_does_not_undo_it(path: Path) -> None:
    """What was handed over is written, also when the caller is cancelled meanwhile."""
    async with open_journal(path) as journal:
        task = asyncio.create_task(journal.append(new_payment(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with open_journal(path) as journal:
        assert await journal.read(lambda db: queries.find_payment(db, "pay_1")) is not None


async def test_one_writer_only(path: Path) -> None:
    """A second one is refused and does no harm; after the first has gone it may."""
    async with open_journal(path) as journal:
        with pytest.raises(JournalLocked, match="in use by another posd"):
            await new_journal(path).open()
        await journal.append(new_payment(1))
    async with open_journal(path):
        pass


async def test_a_newer_journal_is_left_alone(path: Path) -> None:
    """A version this program does not know stops the start, and the lock is given back."""
    async with open_journal(path):
        pass
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    for _ in range(2):
        with pytest.raises(JournalUnusable, match="newer posd"):
            await new_journal(path).open()


@pytest.mark.parametrize(
    "content", [b"this is no database, but long enough to look like something" * 20, b"\x00" * 5000]
)
async def test_another_file_is_left_alone(path: Path, content: bytes) -> None:
    """What is no journal is neither opened nor overwritten."""
    path.write_bytes(content)  # noqa: ASYNC240 - nothing else runs
    with pytest.raises(JournalUnusable):
        await new_journal(path).open()
    assert content == path.read_bytes()  # noqa: ASYNC240


async def test_another_database_is_left_alone(path: Path) -> None:
    """Somebody else's SQLite file."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (a)")
    db.close()
    with pytest.raises(JournalUnusable, match="no posd journal"):
        await new_journal(path).open()


async def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    """The message names the path and what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(JournalUnusable, match="must belong to posd's user"):
        await new_journal(tmp_path / "file" / "journal.db").open()


async def test_others_cannot_read_it(path: Path) -> None:
    """Payments are nobody else's business."""
    async with open_journal(path) as journal:
        await journal.append(new_payment(1))
        for file in path.parent.iterdir():
            assert 0 == file.stat().st_mode & 0o007, file


async def test_old_notices_are_forgotten_and_ids_go_on(path: Path) -> None:
    """What is older than promised goes, a few with each commit; no id is used twice."""
    now = [1_795_140_000_000]
    clock = TimeLine(lambda: now[0], lambda: now[0], "boot")
    async with open_journal(path, clock) as journal:
        for number in range(NOTICES_FORGOTTEN_AT_ONCE + 5):
            await journal.append(new_payment(number))
        now[0] += NOTICES_KEPT_MS
        await journal.append(new_payment(100))
        assert (1, NOTICES_FORGOTTEN_AT_ONCE + 6) == await journal.read(queries.notice_range), "nothing is too old yet"
        now[0] += 1
        await journal.append(new_payment(101))
        first, last = await journal.read(queries.notice_range)
        assert (NOTICES_FORGOTTEN_AT_ONCE + 1, NOTICES_FORGOTTEN_AT_ONCE + 7) == (first, last)
        now[0] += 2 * NOTICES_KEPT_MS
        for number in (102, 103):
            await journal.append(new_payment(number))
        assert last < (await journal.read(queries.notice_range))[1]
        assert (NOTICES_FORGOTTEN_AT_ONCE + 9, []) == await journal.read(verify)


ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import asyncio, sys
from pathlib import Path
from tests.journal.support import new_journal, new_payment

async def main():
    journal = new_journal(Path(sys.argv[1]))
    await journal.open()

    async def write(number):
        while True:
            await journal.append(new_payment(number))
            print(f"pay_{number}", flush=True)
            number += 8

    await asyncio.gather(*(write(first) for first in range(8)))

asyncio.run(main())
"""


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing: all that was acknowledged is there, and the chain holds."""
    for path in (tmp_path / "first.db", tmp_path / "second.db"):
        writer = subprocess.Popen(  # noqa: ASYNC220 - it is killed a moment later
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ}, text=True
        )
        with writer:
            assert writer.stdout is not None
            acknowledged = [writer.stdout.readline().strip() for _ in range(60)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += [
                line.strip() for line in writer.stdout.read().splitlines(keepends=True) if line[-1] == "\n"
            ]
        async with open_journal(path) as journal:
            known = {
                record.payment.payment_id for record in await journal.read(lambda db: list(queries.all_payments(db)))
            }
            assert set() == set(acknowledged) - known
            assert [] == (await journal.read(verify))[1]
