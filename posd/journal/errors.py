"""What can go wrong with the journal; each says what the technician can do."""

from __future__ import annotations


class JournalError(Exception):
    """The root of the errors of this package."""


class JournalLocked(JournalError):
    """Another process writes to this journal."""


class JournalUnusable(JournalError):
    """It cannot be opened: not a journal, damaged, of a newer version, no permission."""


class JournalUnavailable(JournalError):
    """It could not be written to: disk full, I/O error. Nothing of the batch is on disk; it may be tried again."""


class KeyTaken(JournalError):
    """The idempotency key, or another name that must be unique, was used meanwhile; nothing was written."""
