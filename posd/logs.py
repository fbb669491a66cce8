"""Logs: one line a thing. To systemd's journal with its fields where there is one, else to standard error.

Levels: ERROR, a person has to do something; WARNING, something is not as it should be and posd lives with it; INFO,
what happened. Secrets do not get here: the types that hold them print themselves masked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping
from typing import Any

JOURNAL_SOCKET = "/run/systemd/journal/socket"

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def set_up_logging(level: int = logging.INFO, journal: str = JOURNAL_SOCKET) -> None:
    """Send all records where they are read."""
    handler: logging.Handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    if "JOURNAL_STREAM" in os.environ:
        handler.setFormatter(_ForStream())
        with contextlib.suppress(OSError):
            handler = JournalHandler(journal)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def fields(**named: object) -> dict[str, Any]:
    """What a record says besides its text, for ``extra=``: ``fields(order_no=…)`` is found as ``ORDER_NO=…``."""
    return {"fields": {name: value for name, value in named.items() if value is not None}}


class JournalHandler(logging.Handler):
    """Speaks journald's own protocol, so that fields stay fields. Raises OSError where no journald listens.

    Never waits: a record that journald does not take at once goes to standard error, which it reads too.
    """

    def __init__(self, path: str = JOURNAL_SOCKET) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._spare = _ForStream()

    def emit(self, record: logging.LogRecord) -> None:
        """One record, one datagram."""
        try:
            self._socket.send(datagram(self._fields(record)))
        except OSError:
            sys.stderr.write(self._spare.format(record) + "\n")

    def _fields(self, record: logging.LogRecord) -> dict[str, object]:
        bound: Mapping[str, object] = getattr(record, "fields", {})
        return {
            "MESSAGE": self.format(record),
            "PRIORITY": _priority(record),
            "SYSLOG_IDENTIFIER": "posd",
            "LOGGER": record.name,
            **{name.upper(): value for name, value in bound.items()},
        }

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()


def datagram(named: Mapping[str, object]) -> bytes:
    """Fields as journald takes them (systemd.io, Native Journal Protocol): values with line breaks by their length."""
    parts = []
    for name, value in named.items():
        data = str(value).encode("utf-8", "backslashreplace")
        if b"\n" in data:
            parts.append(name.encode("ascii") + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode("ascii") + b"=" + data + b"\n")
    return b"".join(parts)


def _priority(record: logging.LogRecord) -> int:
    return next((number for level, number in _PRIORITIES if record.levelno >= level), 7)


class _ForStream(logging.Formatter):
    """``<6>message``: systemd takes the number as the priority of a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        return f"<{_priority(record)}>{super().format(record)}"
