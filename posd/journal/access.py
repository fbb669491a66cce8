"""Who else can get at the journal: it holds no secret, but whoever can change it decides what was paid."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from posd.journal.errors import JournalUnusable

_OTHERS_LOOK = stat.S_IROTH | stat.S_IXOTH


def demand_own(path: Path) -> None:
    """Not everybody can write to a journal or its directory, and neither is another user's than posd's or root's.

    Raises JournalUnusable, which says what to run. Root may use anybody's: it is how a technician looks after a till
    whose daemon is down. What does not exist yet is not judged; nor is a directory such as ``/tmp``, where
    everybody may write but nobody can replace what is another's.
    """
    for each in (path.parent, path):
        try:
            found = each.stat()
        except FileNotFoundError:
            continue
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            mode = found.st_mode & 0o777
            raise JournalUnusable(f"{each} can be written to by everybody (mode {mode:04o}); run: chmod o-w {each}")
        if os.geteuid() not in {0, found.st_uid} and found.st_uid != 0:
            raise JournalUnusable(f"{each} belongs to another user ({found.st_uid}); run: chown {os.geteuid()} {each}")


def give_to_the_owner(path: Path, directory: Path) -> None:
    """What root has made in a directory of posd's user belongs to that user, or posd could not use it afterwards."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def lax_modes(path: Path) -> Iterator[str]:
    """A line for the journal and its directory where their group can write, or others can look into them.

    That is the store's business: it may have a group for its technicians. posd starts, and says so.
    """
    for each in (path.parent, path):
        mode = each.stat().st_mode & 0o777 if each.exists() else 0
        if mode & stat.S_IWGRP:
            yield f"{each} can be written to by its group (mode {mode:04o}); run: chmod g-w {each}"
        if mode & _OTHERS_LOOK:
            yield f"{each} can be read by everybody (mode {mode:04o}); run: chmod o-rwx {each}"
