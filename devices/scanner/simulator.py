"""A virtual serial scanner, for demos, integrators and tests: a pty behind a link that stays."""

from __future__ import annotations

import os
import pty
import tty
from pathlib import Path
from types import TracebackType
from typing import Self


class VirtualScanner:
    """A scanner whose port is `link`, as `/dev/serial/by-id/…` is: it may come back under another number.

    Plugged in when made. Use it as a context manager, or `unplug` it at the end. Not for several threads.
    """

    def __init__(self, link: str | Path) -> None:
        self.link = Path(link)
        self._master = self._slave = -1
        self.plug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._master >= 0

    def plug(self) -> None:
        """Put the cable in: a new terminal, the same link."""
        if self.plugged:
            return
        self._master, self._slave = pty.openpty()
        # Held open and raw, so that nothing echoes and nothing is lost while no program has the port open.
        tty.setraw(self._slave)
        # A real cable does not wait for its reader either.
        os.set_blocking(self._master, False)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.link)

    def unplug(self) -> None:
        """Pull the cable out: what was not read yet is gone."""
        if not self.plugged:
            return
        self.link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def scan(self, text: str, end: str = "\r") -> None:
        """Read a code: `text` and then what the scanner is set to end codes with (`""` for nothing)."""
        self.send((text + end).encode())

    def send(self, data: bytes) -> int:
        """Send raw bytes; returns how many fitted. What nobody reads is lost, as on a cable."""
        if not self.plugged:
            raise RuntimeError(f"{self.link} is unplugged: plug it in first")
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
