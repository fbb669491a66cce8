"""Logs: one line a thing, to standard error, where systemd's journal reads them."""

from __future__ import annotations

import logging
import os


def set_up_logging(level: int = logging.INFO) -> None:
    """Lines for a terminal; with a priority in front for systemd's journal."""
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler = logging.StreamHandler()
    handler.setFormatter(_ForJournal() if under_systemd else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


class _ForJournal(logging.Formatter):
    """``<6>message``: systemd takes the number as the priority."""

    _PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        priority = next((number for level, number in self._PRIORITIES if record.levelno >= level), 7)
        return f"<{priority}>{super().format(record)}"
