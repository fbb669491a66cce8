"""Printers with a kernel driver: /dev/usb/lp* (usblp) and the like, non-blocking and without a thread."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat
import struct
import tty

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport import file_descriptor
from devices.transport.base import Inbox, LineStatus, reason

READ_BYTES = 4096
"""More than a printer ever says at once."""

EMPTY_READ_PAUSE_S = 0.1
"""Some USB printers answer a read with an empty packet, again and again; asking at this pace costs nothing."""

_LPGETSTATUS = 0x060B
_LP_PAPER_OUT = 0x20

_ADVICE = {
    errno.EACCES: "add the service's user to the group `lp`",
    errno.EBUSY: "another program has it open; CUPS takes printers for itself",
    errno.ENOENT: "plugged in and switched on?",
    errno.ENODEV: "plugged in and switched on?",
    errno.ENXIO: "plugged in and switched on?",
}


class DeviceFileTransport:
    """A character device (or a named pipe, which cannot answer)."""

    def __init__(self, path: str) -> None:
        self.where = path
        self.answers = True
        self._fd = -1
        self._inbox = Inbox()
        self._is_terminal = False

    async def connect(self) -> None:
        """Raises DeviceUnavailable: not there, no permission, in use, no device file at all."""
        self.abort()
        loop = asyncio.get_running_loop()
        try:
            fd, can_read = await loop.run_in_executor(None, self._open)
        except OSError as error:
            advice = _ADVICE.get(error.errno or 0, "")
            detail = f"{reason(error)}: {advice}" if advice else reason(error)
            raise DeviceUnavailable(f"{self.where}: {detail}") from error
        self._fd, self._inbox, self.answers = fd, Inbox(), can_read
        self._is_terminal = os.isatty(fd)
        if can_read:
            loop.add_reader(fd, self._readable)

    def _open(self) -> tuple[int, bool]:
        mode = os.stat(self.where).st_mode  # noqa: PTH116 — runs in an executor; a Path would add nothing
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or os.path.realpath(self.where) == os.devnull:
            raise DeviceUnavailable(f'{self.where}: this is no device; for a file, use type = "file" and path')
        if stat.S_ISFIFO(mode):
            # Opened for reading too, it would read back what we write.
            return os.open(self.where, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC), False
        fd = os.open(self.where, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if os.isatty(fd):
            tty.setraw(fd)
        return fd, True

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            asyncio.get_running_loop().remove_reader(self._fd)
            if error.errno == errno.EINVAL:
                self.answers = False  # What usblp says of a printer without a way back.
            else:
                self._inbox.end(f"{self.where}: {reason(error)}")
            return
        if data:
            self._inbox.put(data)
        elif self._is_terminal:
            asyncio.get_running_loop().remove_reader(self._fd)
            self._inbox.end(f"{self.where}: unplugged")
        else:
            self._pause_reading()

    def _pause_reading(self) -> None:
        loop, fd = asyncio.get_running_loop(), self._fd
        loop.remove_reader(fd)
        loop.call_later(EMPTY_READ_PAUSE_S, lambda: fd == self._fd and loop.add_reader(fd, self._readable))

    async def write(self, data: bytes) -> None:
        """Returns when the driver has taken it."""
        try:
            await file_descriptor.write_all(self._open_fd(), data)
        except OSError as error:
            raise DeviceLost(f"{self.where}: {reason(error)}") from error

    async def drain(self) -> None:
        """Returns when the last transfer is complete: usblp takes more only then; terminals have a queue to look at."""
        try:
            await file_descriptor.writable(self._open_fd())
            if self._is_terminal:
                await file_descriptor.queue_empty(self._fd, self._inbox.check)
        except OSError as error:
            raise DeviceLost(f"{self.where}: {reason(error)}") from error
        self._inbox.check()

    def _open_fd(self) -> int:
        self._inbox.check()
        if self._fd < 0:
            raise DeviceLost(f"{self.where}: not open")
        return self._fd

    async def read(self, timeout_s: float) -> bytes:
        """Raises DeviceLost when it was unplugged."""
        return await self._inbox.get(timeout_s)

    async def line_status(self) -> LineStatus | None:
        """The paper line of the printer class, which usblp asks for beside the data; None if this is no printer.

        Only a paper line that says "out" is told: printers that have none say anything in the other bits.
        """
        try:
            status = await asyncio.get_running_loop().run_in_executor(None, _lp_status, self._open_fd())
        except OSError:
            return None
        return LineStatus(paper_out=True) if status & _LP_PAPER_OUT else None

    async def close(self) -> None:
        """Closes it; usblp forgets transfers that are under way, so `drain` first."""
        self.abort()

    def abort(self) -> None:
        """Closes it."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)


def _lp_status(fd: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(fd, _LPGETSTATUS, bytes(4)))[0])
