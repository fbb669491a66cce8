"""Closing a journal while somebody still reads: what is being read is read to its end."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

from posd.clock import TimeLine
from posd.journal.journal import Journal
from posd.resources import Views
from posd.telling import renderer


async def test_a_read_under_way_ends_before_its_connection_is_closed(tmp_path: Path) -> None:
    """SQLite crashes the process where one thread closes a connection that another one is reading."""
    views = Views(ZoneInfo("Asia/Shanghai"), "en")
    journal = Journal(tmp_path / "journal.db", TimeLine(), renderer(views), views.date)
    await journal.open()
    reading, go_on = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> int:
        reading.set()
        go_on.wait(60)
        return int(db.execute("SELECT count(*) FROM events").fetchone()[0])

    read = asyncio.ensure_future(journal.read(slow))
    await asyncio.get_running_loop().run_in_executor(None, reading.wait, 60)
    closing = asyncio.ensure_future(journal.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    go_on.set()
    assert 0 == await read
    await closing
