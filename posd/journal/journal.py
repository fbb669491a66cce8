"""The journal as the rest of posd sees it: append and wait until it is durable; read what is."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from posd.clock import TimeLine
from posd.histogram import Histogram
from posd.journal.access import demand_own, give_to_the_owner
from posd.journal.archive import Archived, archive_some
from posd.journal.batch import Batch, Told
from posd.journal.errors import JournalError, JournalLocked, JournalUnavailable, JournalUnusable, KeyTaken
from posd.journal.writer import Dates, Render, Writer, connect, read_mark
from posd.tasks import Tasks

SCHEMA_VERSION = 4
"""``PRAGMA user_version`` of the journals this program writes."""

GROUP_AT_MOST = 256
"""Batches in one transaction: bounds how long the first of them waits for the last."""

SYNC_BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper bounds of the classes of the time of a synced transaction: a disk takes tenths of a millisecond, a worn card
half a second."""

T = TypeVar("T")

_Waiting = tuple[Batch, "asyncio.Future[list[Told]]"]


class Journal:
    """An open journal: the only writer of its file from ``open`` to ``close``.

    Belongs to one event loop. ``append`` may be called by many tasks at once. Cancelling an ``append`` does not undo
    it: what was handed over is written.
    """

    def __init__(
        self, path: Path, clock: TimeLine, render: Render, date_of: Dates, *, executor: Executor | None = None
    ) -> None:
        self.path = path
        self._clock = clock
        self._render = render
        self._date_of = date_of
        self._writing: Executor = executor or ThreadPoolExecutor(1, "journal-writer")
        self._reading: Executor = executor or ThreadPoolExecutor(1, "journal-reader")
        self._waiting: list[_Waiting] = []
        self._tasks = Tasks()
        self._flushing: asyncio.Task[None] | None = None
        self._lock = -1
        self.on_told: Callable[[list[Told]], None] = _tell_nobody
        """Called in order with what has become durable, before its ``append`` returns."""
        self.clock_trusted = True
        """Whether the time since the last event before this start is known for sure."""
        self.syncs = 0
        self.sync_s = Histogram(SYNC_BOUNDS_S)
        """How long each of the ``syncs`` took until it was durable."""

    async def open(self) -> None:
        """Lock, create or migrate, and go on with the time line. Raises JournalLocked, JournalUnusable."""
        self._lock = take_lock(self.path)
        try:
            await self._run(self._writing, self._open)
        except BaseException:
            await self.close()
            raise

    def _open(self) -> None:
        self._db = open_for_writing(self.path)
        try:
            last = self._db.execute("SELECT at_ms FROM events ORDER BY seq DESC LIMIT 1").fetchone()
            if last is not None:
                self.clock_trusted = self._clock.resume(read_mark(self._db), int(last[0]))
            self._writer = Writer(self._db, self._render, self._date_of)
            self._reader = connect(self.path, read_only=True)
        except sqlite3.Error as error:
            raise JournalUnusable(f"{self.path} cannot be read: {error}; restore it from a backup") from error

    async def append(self, batch: Batch) -> list[Told]:
        """Write a batch; returns once it is durable and told.

        Raises JournalUnavailable (disk full, I/O error) or KeyTaken; nothing of the batch is written then.
        """
        future: asyncio.Future[list[Told]] = asyncio.get_running_loop().create_future()
        self._waiting.append((batch, future))
        if self._flushing is None or self._flushing.done():
            self._flushing = self._tasks.start(self._flush(), "journal-flush")
        return await asyncio.shield(future)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on the read-only connection, in its own thread; it sees only what is durable.

        Raises JournalUnavailable when the disk cannot be read.
        """
        try:
            return await self._run(self._reading, lambda: query(self._reader))
        except sqlite3.Error as error:
            raise JournalUnavailable(f"the journal cannot be read: {error}; look after the disk") from error

    async def archive(self, folder: Path, before_ms: int) -> Archived | None:
        """Take a few payments out to which nothing has happened since; None when there are none. See ``archive``.

        Raises JournalUnavailable; the journal is then as it was.
        """
        return await self._run(self._writing, lambda: archive_some(self._db, folder, before_ms))

    async def answers(self) -> None:
        """Returns once both threads have done what was before this: they are alive, and the disk is."""
        await self._run(self._writing, lambda: None)
        await self._run(self._reading, lambda: None)

    async def close(self) -> None:
        """Write what is waiting, and let go of the file."""
        await self._tasks.finished()
        # Each on its own thread, behind what it still does: SQLite crashes where one closes what another one reads.
        await self._run(self._reading, partial(self._let_go, "_reader"))
        await self._run(self._writing, partial(self._let_go, "_db"))
        for executor in (self._writing, self._reading):
            if isinstance(executor, ThreadPoolExecutor):
                executor.shutdown(wait=False)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _let_go(self, name: str) -> None:
        connection = self.__dict__.pop(name, None)
        if connection is not None:
            connection.close()

    async def _flush(self) -> None:
        """Commit what has gathered, group after group, until nothing is waiting."""
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP_AT_MOST], self._waiting[GROUP_AT_MOST:]
            batches, mark, now_ms = [batch for batch, _ in group], self._clock.mark, self._clock.now_ms()
            began_s = perf_counter()
            try:
                results = await self._run(self._writing, partial(self._writer.commit, batches, mark, now_ms))
            except JournalError as error:
                _fail(group, error)
                continue
            except BaseException:  # a fault of ours: it is logged by the owner of this task, and nobody waits for ever
                _fail(group + self._waiting, JournalUnavailable("a fault in posd; its log says which"))
                self._waiting.clear()
                raise
            self.syncs += 1
            self.sync_s.add(perf_counter() - began_s)
            self._settle(group, results)

    def _settle(self, group: list[_Waiting], results: list[list[Told] | KeyTaken]) -> None:
        told = [notice for result in results if isinstance(result, list) for notice in result]
        if told:
            self.on_told(told)
        for (_, future), result in zip(group, results, strict=True):
            if future.done():
                continue
            if isinstance(result, KeyTaken):
                future.set_exception(result)
            else:
                future.set_result(result)

    @staticmethod
    async def _run(executor: Executor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)


def _tell_nobody(_told: list[Told]) -> None:
    """Until somebody wants to be told."""


def _fail(group: list[_Waiting], error: JournalError) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(JournalUnavailable(str(error)))


def take_lock(path: Path) -> int:
    """The lock of a journal, held until the descriptor is closed or the process ends.

    Raises JournalLocked when another process has it, JournalUnusable when the directory cannot be used, or others could
    change what is in it.
    """
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        demand_own(path)
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnusable(f"{path}: {error.strerror}; its directory must belong to posd's user") from error
    give_to_the_owner(Path(f"{path}.lock"), path.parent)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise JournalLocked(f"{path} is in use by another posd; stop it, or name another journal") from error
    return lock


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The read-write connection of an existing or a new journal. Raises JournalUnusable."""
    fresh = not path.exists() or path.stat().st_size == 0
    try:
        if fresh:
            path.touch(mode=0o640)
        connection = connect(path, read_only=False)
        version = check_version(connection, path)
        for newer in range(version + 1, SCHEMA_VERSION + 1):
            connection.executescript(f"BEGIN IMMEDIATE;\n{_schema(newer)}")
            if version > 0:
                _relive(connection, newer)
            connection.execute(f"PRAGMA user_version = {newer}")
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise JournalUnusable(f"{path} cannot be opened: {error}; restore it from a backup") from error
    if fresh:
        sync_directory(path.parent)
    return connection


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version of a journal. Raises JournalUnusable where it is newer than this program, or no journal."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise JournalUnusable(f"{path} was written by a newer posd (version {version}); install that one again")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if (version == 0 and tables) or (version > 0 and "events" not in tables):
        raise JournalUnusable(f"{path} is no posd journal; name another file in [journal] path")
    return version


def _schema(version: int) -> str:
    """What a version adds to the one before it: a new journal goes through all of them, an old one through the rest."""
    return Path(__file__).with_name(f"schema_v{version}.sql").read_text("utf-8")


def _relive(connection: sqlite3.Connection, version: int) -> None:
    """Imported where an old journal is met: every other start does without."""
    from posd.journal.migrations import relive_for

    relive_for(connection, version)


def sync_directory(directory: Path) -> None:
    """Make a new file's name durable too."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
