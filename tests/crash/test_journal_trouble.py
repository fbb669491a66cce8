"""The journal in trouble, with the real process: nothing is lost, and money moves only with a record of it."""

from __future__ import annotations

import resource
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash.rig import Rig, rig

SAYS_USE_ANOTHER = 2
"""The exit code of a daemon that cannot use its configuration."""


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Rig]:
    """A till whose daemon is not started yet."""
    async with rig(tmp_path, "daxpay", seed=1) as made:
        yield made


def paid_order(number: int) -> dict[str, object]:
    """An order that is paid at once."""
    return {"amount": 1000 + number, "authCode": f"13{number:016d}"}


async def sold(till: Rig, number: int) -> None:
    """A payment that is paid."""
    status, payment = await till.post("/v1/payments?wait=30", f"sale-{number}", paid_order(number))
    assert 201 == status
    assert "paid" == payment["status"]


async def test_a_full_disk_stops_sales_and_nothing_else(till: Rig) -> None:
    """What cannot be recorded is not sent; when there is room again, the same request is served once."""
    await till.launch()
    await till.serves()
    await sold(till, 1)
    assert till.process is not None
    unlimited = resource.prlimit(till.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    status, problem = await till.post("/v1/payments", "sale-2", paid_order(2))
    assert (503, True) == (status, problem["retryable"])
    assert [1001] == [order.amount for order in till.simulator.bank], "nothing was sent"
    assert ["paid"] == [payment["status"] for payment in await till.payments()]
    resource.prlimit(till.process.pid, resource.RLIMIT_FSIZE, unlimited)
    await sold(till, 2)
    assert [1, 1] == [order.submits for order in till.simulator.bank]
    assert [] == await till.faults()


async def test_a_second_daemon_keeps_away(till: Rig) -> None:
    """It ends with exit code 2 and says why; the first one goes on."""
    await till.launch()
    await till.serves()
    code, text = await till.run("run")
    assert SAYS_USE_ANOTHER == code
    assert "in use by another posd" in text
    await sold(till, 1)
    assert [] == await till.faults()


@pytest.mark.parametrize("trouble", ["newer", "garbage", "foreign"])
async def test_a_journal_that_is_not_ours_is_left_alone(till: Rig, trouble: str) -> None:
    """Of a newer version, no database, somebody else's: the start is refused, and not a byte of it changes."""
    await till.launch()
    await till.serves()
    await sold(till, 1)
    await till.end(signal.SIGTERM)
    if trouble == "garbage":
        till.journal.write_bytes(b"not a database, though it may once have been one" * 100)
    else:
        db = sqlite3.connect(till.journal)
        db.execute("PRAGMA user_version = 999" if trouble == "newer" else "ALTER TABLE events RENAME TO something")
        db.commit()
        db.close()
    before = till.journal.read_bytes()
    code, text = await till.run("run")
    assert SAYS_USE_ANOTHER == code
    assert str(till.journal) in text
    assert before == till.journal.read_bytes()
    assert 1 == len(till.simulator.bank.orders)


async def test_a_changed_event_is_found(till: Rig) -> None:
    """``posd journal verify`` names the first event that is not what was written, and ends with 1."""
    await till.launch()
    await till.serves()
    await sold(till, 1)
    await till.end(signal.SIGTERM)
    db = sqlite3.connect(till.journal)
    db.execute("UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '1001', '9001') AS BLOB) WHERE seq = 1")
    db.commit()
    db.close()
    code, text = await till.run("journal", "verify")
    assert 1 == code
    assert "event 1 was changed" in text


@pytest.mark.parametrize(("place", "mode"), [("directory", 0o757), ("directory", 0o777), ("journal", 0o646)])
async def test_a_journal_that_others_can_change_is_refused(till: Rig, place: str, mode: int) -> None:
    """Whoever can write there decides what was paid: exit code 2, what to run, and not a byte is changed."""
    await till.launch()
    await till.serves()
    await sold(till, 1)
    await till.end(signal.SIGTERM)
    judged = getattr(till, place)
    judged.chmod(mode)
    before = till.journal.read_bytes()
    code, text = await till.run("run")
    assert (SAYS_USE_ANOTHER, True) == (code, f"run: chmod o-w {judged}" in text), text
    assert before == till.journal.read_bytes()
    code, text = await till.run("doctor")
    assert (1, True) == (code, f"run: chmod o-w {judged}" in text), text


async def test_a_journal_that_others_can_read_is_told(till: Rig) -> None:
    """It holds no secret: posd starts and warns, the doctor too, until it was mended."""
    till.directory.chmod(0o755)
    await till.launch()
    await till.serves()
    assert f"run: chmod o-rwx {till.directory}" in (till.directory / "log").read_text("utf-8")
    assert f"BAD  permissions: {till.directory} can be read by everybody" in (await till.run("doctor"))[1]
    till.directory.chmod(0o750)
    assert f"ok   permissions: {till.journal} is for posd and its group" in (await till.run("doctor"))[1]
