"""Who else can get at the journal: it holds no secret, but whoever can change it decides what was paid."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from posd.journal.errors import JournalUnusable

_ANYBODY_WRITES = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_LOOK = stat.S_IROTH | stat.S_IXOTH


def demand_own(path: Path) -> None:
    """Nobody but posd's user and root can write to a journal or its directory, or own one of them.

    Raises JournalUnusable, which says what to run. Root may use anybody's: it is how a technician looks after a till
    whose daemon is down. What does not exist yet is not judged.
    """
    for each in (path.parent, path):
        try:
            found = each.stat()
        except FileNotFoundError:
            continue
        if found.st_mode & _ANYBODY_WRITES:
            mode = found.st_mode & 0o777
            raise JournalUnusable(f"{each} can be written to by others (mode {mode:04o}); run: chmod go-w {each}")
        if os.geteuid() not in {0, found.st_uid} and found.st_uid != 0:
            raise JournalUnusable(f"{each} belongs to another user ({found.st_uid}); run: chown {os.geteuid()} {each}")


def readable_by_others(path: Path) -> Iterator[str]:
    """A line for the journal and its directory where users outside their group can look into them.

    That is the store's business, not a way to its money: posd starts, and says so.
    """
    for each in (path.parent, path):
        if each.exists() and (mode := each.stat().st_mode) & _OTHERS_LOOK:
            yield f"{each} can be read by everybody (mode {mode & 0o777:04o}); run: chmod o-rwx {each}"
