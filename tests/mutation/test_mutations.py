"""The list of breaks follows the source, and a break is noticed (the whole list: ``python -m tests.mutation``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.mutation import Edit, Mutation
from tests.mutation.mutations import ALL
from tests.mutation.runner import GUARDS, ROOT, Copy, StaleMutation, broken


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.name)
def test_a_break_stands_in_the_source(mutation: Mutation) -> None:
    """What it replaces is there exactly once, and what takes its place is still Python."""
    texts: dict[str, str] = {}
    for edit in mutation.edits:
        text = texts.get(edit.path) or (ROOT / edit.path).read_text("utf-8")
        texts[edit.path] = broken(text, edit.old, edit.new)
    for path, text in texts.items():
        compile(text, path, "exec")
    assert set(mutation.guards) <= set(GUARDS)


def test_there_are_enough_and_each_has_a_name() -> None:
    """At least thirty, and no name twice."""
    assert 30 <= len(ALL) == len({mutation.name for mutation in ALL})


def test_a_text_that_has_moved_is_told() -> None:
    """A list that the source has left behind is no list."""
    with pytest.raises(StaleMutation):
        broken("a = 1\n", "b = 1", "b = 2")
    with pytest.raises(StaleMutation):
        broken("a = 1\na = 1\n", "a = 1", "a = 2")


def test_a_break_is_made_in_a_copy_and_noticed_and_mended(tmp_path: Path) -> None:
    """One of them in full: the unbroken copy passes, the broken one does not, and the sources here are untouched."""
    copy = Copy(tmp_path)
    path = "posd/payment/amounts.py"
    mutation = Mutation("negative money", (Edit(path, 'sign = "-" if amount < 0 else ""', 'sign = ""'),), ("payment",))
    before = (ROOT / path).read_text("utf-8")
    assert copy.try_out(Mutation("unbroken", ()), ("payment",)).caught_by is None
    assert "payment" == copy.try_out(mutation, ("payment",)).caught_by
    assert before == (tmp_path / path).read_text("utf-8") == (ROOT / path).read_text("utf-8")
