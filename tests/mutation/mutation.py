"""A way to break posd: a small change of its source, and who must notice."""

from __future__ import annotations

from dataclasses import dataclass

PAYMENT = ("payment", "exploration")
"""Who guards the pure machine: its unit tests and the exploration."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that stands exactly once in a file, and what takes its place."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """One break."""

    name: str
    edits: tuple[Edit, ...]
    guards: tuple[str, ...] = PAYMENT
    """The suites that are asked, in this order, until one fails."""


def one(name: str, path: str, old: str, new: str, guards: tuple[str, ...] = PAYMENT) -> Mutation:
    """A break of one place."""
    return Mutation(name, (Edit(path, old, new),), guards)
