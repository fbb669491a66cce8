"""Figure 6: what the journal writes in a second, and what a long one costs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.books import payment_batch, write_books
from bench.daemon import Daemon, scratch
from bench.figures import Figure, Row, Spread, exactly, spread
from posd.clock import TimeLine
from posd.config.sections import Terminal
from posd.journal.journal import Journal
from posd.resources import Views
from posd.telling import renderer

PAYMENTS, PAYMENTS_QUICK = 1_000_000, 10_000
APPENDS, APPENDS_QUICK = 600, 150
ROUNDS = 5
GROUPS = (8, 64)
RECORD_BYTES = 2_500
"""What one append of a payment brings: its events, its state, its notice."""
REPEATS = 5


def measure(*, quick: bool) -> Figure:
    """Appends beside bare SQLite and bare fsync on the same disk; then a long journal under a daemon."""
    with scratch() as name:
        directory = Path(name)
        rows = _append_rows(directory, APPENDS_QUICK if quick else APPENDS)
        rows += asyncio.run(_long_rows(directory, PAYMENTS_QUICK if quick else PAYMENTS))
    return Figure(6, "Journal", tuple(rows), (), _NOTES)


# --- appends


def _append_rows(directory: Path, count: int) -> list[Row]:
    sync = _rates(lambda _: _bare_sync(directory / "bare", count // ROUNDS), count // ROUNDS)
    sqlite = _rates(lambda each: _bare_sqlite(directory / f"bare-{each}.db", count // ROUNDS), count // ROUNDS)
    alone = _rates(lambda each: _appends(directory / f"alone-{each}.db", count // ROUNDS, 1), count // ROUNDS)
    rows = [
        Row("appends a second, one after the other", alone, "/s", "bare SQLite, one row a commit", sqlite),
        Row("", alone, "/s", "bare write and fdatasync", sync),
    ]
    for group in GROUPS:
        total = count // ROUNDS * group
        rates = _rates(lambda each, g=group: _appends(directory / f"{g}-{each}.db", count // ROUNDS, g), total)  # type: ignore[misc]
        rows.append(Row(f"appends a second, {group} callers", rates, "/s", "bare SQLite, one row a commit", sqlite))
    return rows


def _rates(work: Callable[[int], None], count: int) -> Spread:
    rates = []
    for each in range(ROUNDS):
        began_s = time.perf_counter()
        work(each)
        rates.append(count / (time.perf_counter() - began_s))
    return spread(rates)


def _bare_sync(path: Path, count: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(count):
        os.write(file, b"x" * RECORD_BYTES)
        os.fdatasync(file)
    os.close(file)


def _bare_sqlite(path: Path, count: int) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (body BLOB)")
    for _ in range(count):
        db.execute("INSERT INTO t VALUES (?)", (b"x" * RECORD_BYTES,))
    db.close()


def _appends(path: Path, rounds: int, callers: int) -> None:
    """Each caller writes a whole payment, waits until it is durable, and writes the next."""
    views, clock = Views(Terminal(id="0101").zone, "zh-CN"), TimeLine()

    async def caller(journal: Journal, number: int) -> None:
        for each in range(rounds):
            serial = number * rounds + each
            names = f"pay_{serial:026d}", f"0101{serial:020d}"
            await journal.append(payment_batch(serial, *names, clock.now_ms(), asked=False, told=True))

    async def main() -> None:
        journal = Journal(path, clock, renderer(views), views.date)
        await journal.open()
        async with asyncio.TaskGroup() as group:
            for number in range(callers):
                group.create_task(caller(journal, number))
        await journal.close()

    asyncio.run(main())


# --- a long journal


async def _long_rows(directory: Path, payments: int) -> list[Row]:
    (directory / "empty").mkdir()
    empty = spread([await _start_s(directory / "empty") for _ in range(3)])
    path = directory / "journal.db"
    began_s = time.perf_counter()
    write_books(path, payments)
    rate = payments / (time.perf_counter() - began_s)
    name = f"{payments:,} payments: "
    return [
        Row(f"{name}written in bulk", exactly(rate), "payments/s"),
        Row(f"{name}start", spread([await _start_s(directory) for _ in range(3)]), "s", "an empty journal", empty),
        *await _asked(directory, name),
        Row(f"{name}posd journal verify", exactly(await _verify_s(directory)), "s"),
        Row(f"{name}size, a payment", exactly(path.stat().st_size / payments), "bytes"),
    ]


async def _start_s(directory: Path) -> float:
    async with Daemon(directory, None) as daemon:
        return daemon.start_s


async def _asked(directory: Path, name: str) -> list[Row]:
    """What the API takes to read."""
    async with Daemon(directory, None) as daemon:
        listed = await _read_ms(daemon, "/v1/payments?limit=50")
        found = await _read_ms(daemon, "/v1/payments?status=paid&reference=B-77&limit=50")
        report = await _read_ms(daemon, "/v1/report")
        memory = daemon.memory_mib()
    return [
        Row(f"{name}the newest 50", listed, "ms"),
        Row(f"{name}one by the POS's bill number", found, "ms"),
        Row(f"{name}the day's report", report, "ms"),
        Row(f"{name}memory afterwards", exactly(memory), "MiB"),
    ]


async def _read_ms(daemon: Daemon, path: str) -> Spread:
    times = []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        async with daemon.http.get(f"http://localhost{path}") as response:
            await response.read()
        times.append((time.perf_counter() - began_s) * 1000)
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status}")
    return spread(times)


async def _verify_s(directory: Path) -> float:
    began_s = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "posd", "--config", str(directory / "posd.toml"), "journal", "verify"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() != 0:
        raise RuntimeError("the journal made by the benchmark does not verify")
    return time.perf_counter() - began_s


_NOTES = (
    (
        "An append is a whole payment: five events in a hash chain, its state, its key and its notices. “Callers” wait "
        "each until their own payment is durable; commits in between are shared."
    ),
)
