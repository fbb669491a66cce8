"""Who may own a journal, and its directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from posd.journal.access import demand_own, lax_modes
from posd.journal.errors import JournalUnusable

A_USER = 4711


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal that does not exist yet, in a directory that belongs to a user who is not root."""
    if os.geteuid() == 0:
        os.chown(tmp_path, A_USER, -1)
    return tmp_path / "journal.db"


def run_as(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    """Let this process be somebody else, as far as it asks."""
    monkeypatch.setattr(os, "geteuid", lambda: user)


def test_its_owner_and_root_may_use_it(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posd's own user, and the technician who looks after a till that is down."""
    for user in (journal.parent.stat().st_uid, 0):
        run_as(monkeypatch, user)
        demand_own(journal)


def test_somebody_elses_is_refused(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could exchange it; the error says what to run."""
    owner = journal.parent.stat().st_uid
    run_as(monkeypatch, owner + 1)
    with pytest.raises(JournalUnusable, match=f"belongs to another user .{owner}.; run: chown {owner + 1} "):
        demand_own(journal)


@pytest.mark.parametrize(("mode", "told"), [(0o700, 0), (0o750, 0), (0o751, 1), (0o755, 1), (0o770, 1), (0o775, 2)])
def test_who_may_look(journal: Path, mode: int, told: int) -> None:
    """Posd's user and its group; everybody else, and a group that may write, is told of, the file as well."""
    journal.parent.chmod(mode)
    journal.touch(mode=0o640)
    assert told == len(list(lax_modes(journal)))
    journal.chmod(0o644)
    assert told + 1 == len(list(lax_modes(journal)))


def test_a_directory_of_everybody(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, unless nobody can replace there what is another's, as in /tmp."""
    run_as(monkeypatch, journal.parent.stat().st_uid)
    journal.parent.chmod(0o1777)
    demand_own(journal)
    journal.parent.chmod(0o777)
    with pytest.raises(JournalUnusable, match="written to by everybody"):
        demand_own(journal)
