"""How a command ends: the exit codes of the contract."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    OTHERWISE = 1
    """Payment failed or cancelled, refused, no such order, mismatch found, integrity broken."""
    USAGE = 2
    """Usage or configuration."""
    UNREACHABLE = 3
    DEVICE = 4
    UNKNOWN = 5
    """The outcome is not known yet."""


class CommandError(Exception):
    """A command ends with a line on standard error."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
