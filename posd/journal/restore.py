"""A backup becomes the journal of a till, which may be another one than it was made on.

What happened on the old till after the backup is in no journal any more. So names that it may have used meanwhile are
not used again: order numbers carry the time; refunds of older payments get numbers that do not follow from their count
(``queries.restored_at_ms``); and the ids of notices begin far behind all that were told.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from posd.journal.access import give_to_the_owner
from posd.journal.errors import JournalError, JournalUnusable
from posd.journal.journal import check_version, sync_directory, take_lock
from posd.journal.verify import verify
from posd.journal.writer import connect

NOTICES_APART = 1_000_000_000
"""More notices than a till tells in its life, and nine million restores fit into what JSON holds exactly."""

_BESIDE = ("", "-wal", "-shm")
"""The files that are one SQLite database together."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in place now, and where what was there before has gone."""

    events: int
    last_at_ms: int
    aside: Path | None


def restore(source: Path, path: Path, now_ms: int, *, replace: bool) -> Restored:
    """Check a backup and put it in place of the journal; what was there is put aside, never deleted if it has payments.

    Raises JournalLocked while a posd runs, JournalUnusable where it cannot be done, JournalError where the backup is
    not sound or lies in this box's future; the journal is then as it was.
    """
    lock = take_lock(path)
    try:
        worth_keeping = _has_payments(path)
        if worth_keeping and not replace:
            raise JournalUnusable(f"{path} has payments already; --replace puts it aside, beside the new one")
        fresh = path.with_name(f"{path.name}.new")
        events, last_at_ms = _copy(source, fresh, now_ms)
        give_to_the_owner(fresh, path.parent)
        aside = _put_aside(path, now_ms) if worth_keeping else None
        _forget(path)
        fresh.replace(path)
        sync_directory(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise JournalUnusable(f"{source} cannot be restored to {path}: {error}") from error
    finally:
        os.close(lock)
    return Restored(events, last_at_ms, aside)


def _has_payments(path: Path) -> bool:
    """Whether somebody may want it back: a journal that cannot be read, too."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        with contextlib.closing(connect(path, read_only=True)) as db:
            return db.execute("SELECT 1 FROM payments LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return True


def _copy(source: Path, fresh: Path, now_ms: int) -> tuple[int, int]:
    """A sound copy, on disk: how many events it has, and when the last one was."""
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o640)
    with (
        contextlib.closing(connect(source, read_only=True)) as backup,
        contextlib.closing(sqlite3.connect(fresh)) as copy,
    ):
        check_version(backup, source)
        backup.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        events, faults = verify(copy)
        (last_at_ms,) = copy.execute("SELECT coalesce(max(at_ms), 0) FROM events").fetchone()
        if faults:
            raise JournalError(f"{source} is not sound: {faults[0]}; take another backup")
        if last_at_ms > now_ms:
            raise JournalError(f"{source} goes beyond the time of this box; set the clock first (timedatectl)")
        with copy:
            _set_apart(copy, last_at_ms)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    return events, last_at_ms


def _set_apart(copy: sqlite3.Connection, last_at_ms: int) -> None:
    copy.execute("INSERT OR REPLACE INTO meta VALUES ('restored_at_ms', ?)", (str(last_at_ms),))
    told = copy.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'notices'").fetchone()[0]
    copy.execute("DELETE FROM sqlite_sequence WHERE name = 'notices'")
    copy.execute("INSERT INTO sqlite_sequence VALUES ('notices', ?)", (told + NOTICES_APART,))


def _put_aside(path: Path, now_ms: int) -> Path:
    aside = path.with_name(f"{path.name}.before-{now_ms}")
    for end in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{aside}{end}")
    return aside


def _forget(path: Path) -> None:
    for end in _BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)
