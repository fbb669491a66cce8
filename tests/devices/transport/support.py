"""What the transport tests share: a printer at the far end of a pseudo terminal."""

from __future__ import annotations

import asyncio
import os
import pty
from collections.abc import Callable
from pathlib import Path

HANG_S = 30.0
"""Ends a test that would hang; nothing is measured with it."""


class FarEnd:
    """The master side of a pty whose slave side is at `path`: takes bytes unless stopped, and answers.

    The terminal is left as it comes, with echo and line endings changed: that is for the near end to see to.
    """

    def __init__(self, path: Path, answer: Callable[[bytes], bytes] = lambda _: b"") -> None:
        self.path = path
        self.received = bytearray()
        self._answer = answer
        self._master, self._slave = pty.openpty()
        os.set_blocking(self._master, False)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(self._slave))
        self.take()

    def take(self) -> None:
        """Read what comes."""
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def stop(self) -> None:
        """Read nothing any more."""
        asyncio.get_running_loop().remove_reader(self._master)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:
            self.stop()  # Nobody has the other side open.
            return
        self.received += data
        self.send(self._answer(data))

    def send(self, data: bytes) -> None:
        """Say something."""
        if data:
            os.write(self._master, data)

    def unplug(self) -> None:
        """Both ends are gone, and so is the file."""
        if self._master < 0:
            return
        self.stop()
        self.path.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds that has no event of its own."""
    async with asyncio.timeout(HANG_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)
