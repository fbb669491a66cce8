"""Devices on a serial port, by pyserial (settings) and pyserial-asyncio (reading).

Writing goes to the file descriptor itself: pyserial-asyncio drops what is written after an unplug without a word,
buffers without limit and reports an unplug while it writes as a crash of the loop. Closing a port that still has
output would block the loop until the output is gone, for ever with a printer that has no paper; so what is left is
thrown away first.
"""

from __future__ import annotations

import asyncio
import contextlib
import termios

import serial
import serial_asyncio

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport import file_descriptor
from devices.transport.base import CLOSE_TIMEOUT_S, Inbox, LineStatus, reason

_BROKEN = (serial.SerialException, OSError, termios.error)


class SerialTransport:
    """A serial port, opened for ourselves alone; 8 data bits, no parity, one stop bit, no flow control."""

    answers = True

    def __init__(self, port: str, baudrate: int = 9600) -> None:
        self.where = port
        self._baudrate = baudrate
        self._link: _Link | None = None
        self._fd = -1

    async def connect(self) -> None:
        """Raises DeviceUnavailable: no such port, no permission, in use by another program."""
        self.abort()
        loop = asyncio.get_running_loop()
        try:
            port = await loop.run_in_executor(None, self._open)
        except (*_BROKEN, ValueError) as error:
            raise DeviceUnavailable(f"{self.where}: {reason(error)}: check the cable and who may use it") from error
        self._fd = port.fileno()
        self._link = link = _Link(self.where)
        link.transport = serial_asyncio.SerialTransport(loop, link, port)

    def _open(self) -> serial.Serial:
        port = serial.Serial(self.where, self._baudrate, exclusive=True)
        termios.tcflush(port.fileno(), termios.TCIOFLUSH)
        return port

    async def write(self, data: bytes) -> None:
        """Returns when the kernel has taken it."""
        self._alive()
        try:
            await file_descriptor.write_all(self._fd, data)
        except _BROKEN as error:
            raise DeviceLost(f"{self.where}: {reason(error)}") from error
        self._alive()

    async def drain(self) -> None:
        """Returns when the kernel's queue for the port is empty; a chip's own few bytes may still be on their way."""
        try:
            await file_descriptor.queue_empty(self._fd, self._alive)
        except _BROKEN as error:
            raise DeviceLost(f"{self.where}: {reason(error)}") from error

    def _alive(self) -> _Link:
        if self._link is None:
            raise DeviceLost(f"{self.where}: not connected")
        self._link.inbox.check()
        return self._link

    async def read(self, timeout_s: float) -> bytes:
        """Raises DeviceLost when the port is gone."""
        if self._link is None:
            raise DeviceLost(f"{self.where}: not connected")
        return await self._link.inbox.get(timeout_s)

    async def line_status(self) -> LineStatus | None:
        """There is none."""
        return None

    async def close(self) -> None:
        """Closes and waits until the port can be opened again."""
        link = self._link
        self.abort()
        if link is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await link.closed.wait()
        except TimeoutError:
            return  # The loop closes it when it gets to it; the next `connect` says so if it does not.

    def abort(self) -> None:
        """Throws away what the kernel has not sent, then closes."""
        link, self._link, self._fd = self._link, None, -1
        if link is not None:
            link.abort()


class _Link(asyncio.Protocol):
    """Where pyserial-asyncio puts what it reads, and the end of the connection."""

    def __init__(self, where: str) -> None:
        self.inbox = Inbox()
        self.closed = asyncio.Event()
        self.transport: serial_asyncio.SerialTransport | None = None
        self._where = where

    def data_received(self, data: bytes) -> None:
        self.inbox.put(data)

    def connection_lost(self, exc: Exception | None) -> None:
        # pyserial says "readiness to read but returned no data", which helps nobody.
        self.inbox.end(f"{self._where}: " + ("unplugged, or another program reads from it" if exc else "closed"))
        self.closed.set()

    def abort(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        with contextlib.suppress(*_BROKEN):  # Unplugged: there is nothing left to throw away.
            termios.tcflush(self.transport.serial.fileno(), termios.TCOFLUSH)
        self.transport.abort()
