"""A file that every job is appended to: for tests, for archives, and for whatever picks the bytes up from there."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport.base import LineStatus, reason

FILE_MODE = 0o640
"""Receipts show what people bought: the group may read them, others not."""


class FileTransport:
    """An append-only file; made when it is missing, its directory is not. `drain` means: on the disk."""

    answers = False

    def __init__(self, path: str) -> None:
        self.where = path
        self._fd = -1

    async def connect(self) -> None:
        """Raises DeviceUnavailable: no such directory, no permission."""
        self.abort()
        try:
            self._fd = await asyncio.get_running_loop().run_in_executor(None, self._open)
        except OSError as error:
            raise DeviceUnavailable(f"{self.where}: {reason(error)}") from error

    def _open(self) -> int:
        # Non-blocking, so that a named pipe without a reader is an error and not a wait for ever.
        return os.open(self.where, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE)

    async def write(self, data: bytes) -> None:
        """Raises DeviceLost: disk full, or the like. A part may be in the file then."""
        await self._in_executor(_append, data)

    async def drain(self) -> None:
        """Synchronises the file to the disk."""
        await self._in_executor(_sync)

    async def _in_executor(self, action: Callable[..., None], *args: bytes) -> None:
        if self._fd < 0:
            raise DeviceLost(f"{self.where}: not open")
        try:
            await asyncio.get_running_loop().run_in_executor(None, action, self._fd, *args)
        except OSError as error:
            raise DeviceLost(f"{self.where}: {reason(error)}") from error

    async def read(self, timeout_s: float) -> bytes:
        """A file says nothing."""
        await asyncio.sleep(timeout_s)
        return b""

    async def line_status(self) -> LineStatus | None:
        """There is none."""
        return None

    async def close(self) -> None:
        """Closes it."""
        self.abort()

    def abort(self) -> None:
        """Closes it; what was written stays."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _append(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _sync(fd: int) -> None:
    if stat.S_ISREG(os.fstat(fd).st_mode):
        os.fsync(fd)
