"""``posd journal archive``: what the daemon does by itself, for a journal that no daemon uses."""

from __future__ import annotations

import os
import time
from pathlib import Path

from posd.cli.errors import CommandError, Exit
from posd.config import Config
from posd.journal.archive import archive_some, check_archive
from posd.journal.errors import JournalError
from posd.journal.journal import open_for_writing, take_lock
from posd.retention import DAY_MS


def archive(config: Config) -> int:
    """Take out everything that is old enough. Raises JournalLocked while a posd runs."""
    section = config.journal
    if section.keep_days == 0:
        raise CommandError(Exit.USAGE, "[journal] keep_days is 0: nothing is ever archived")
    path, events = Path(section.path), 0
    if not path.exists():
        raise CommandError(Exit.OTHERWISE, f"there is no journal {path} yet")
    before_ms = time.time_ns() // 1_000_000 - section.keep_days * DAY_MS
    lock = take_lock(path)
    db = open_for_writing(path)
    try:
        while (step := archive_some(db, section.archive_folder, before_ms)) is not None:
            events += step.events
            print(step.file)
    finally:
        db.close()
        os.close(lock)
    print(f"{events} events archived, of payments that are older than {section.keep_days} days")
    return Exit.DONE


def check(file: Path) -> int:
    """Whether an archive is what was written."""
    try:
        count = check_archive(file)
    except (JournalError, OSError) as error:
        raise CommandError(Exit.OTHERWISE, str(error)) from error
    print(f"{file}: {count} events, all well")
    return Exit.DONE
