"""What every transport does, and the box that incoming bytes wait in."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Protocol

from devices.errors import DeviceError, DeviceLost

INBOX_BYTES = 4096
"""Bytes of a device that nobody has read yet. A printer answers with single bytes, so more is noise; the oldest go."""

CLOSE_TIMEOUT_S = 1.0
"""How long an orderly goodbye may take before the connection is simply dropped."""


@dataclass(frozen=True, slots=True)
class LineStatus:
    """What the port, not the printer's language, knows about paper; from beside the byte stream."""

    paper_out: bool


class ByteTransport(Protocol):
    """A connection to one device, made and dropped any number of times.

    Used by one task at a time, except that `read` may run beside `write` and `drain`. Nothing here blocks the loop.
    Cancelling a call leaves the connection in an unknown state: `abort` it. Errors are `DeviceUnavailable` from
    `connect` and `DeviceLost` from everything else.
    """

    @property
    def where(self) -> str:
        """The address or path, for people."""

    @property
    def answers(self) -> bool:
        """Whether bytes can come back at all."""

    async def connect(self) -> None:
        """Reach or open the device; raises DeviceUnavailable. Nothing is sent. Old input is thrown away."""

    async def write(self, data: bytes) -> None:
        """Hand bytes over; returns when they are on their way, not when they have arrived."""

    async def drain(self) -> None:
        """Return when the device has taken every byte, as far as the operating system can tell. May take for ever."""

    async def read(self, timeout_s: float) -> bytes:
        """What has come in, at once or within the time; empty if nothing. Raises DeviceLost at the end."""

    async def line_status(self) -> LineStatus | None:
        """The port's own word about the device; None where ports have none."""

    async def close(self) -> None:
        """Say goodbye after `drain`; bounded, never raises."""

    def abort(self) -> None:
        """Drop the connection and what is on its way. Harmless when there is none."""


class Inbox:
    """Bytes that came in and are not read yet, at most `INBOX_BYTES`, and then the error that ended the connection."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._error: DeviceError | None = None
        self._news = asyncio.Event()

    def put(self, data: bytes) -> None:
        """Add bytes."""
        self._data += data
        del self._data[:-INBOX_BYTES]
        self._news.set()

    def end(self, detail: str) -> None:
        """No more will come; the first reason stays."""
        self._error = self._error or DeviceLost(detail)
        self._news.set()

    def check(self) -> None:
        """Raise DeviceLost if the connection has ended."""
        if self._error is not None:
            raise DeviceLost(self._error.detail)

    async def get(self, timeout_s: float) -> bytes:
        """Everything that is there, at once or within the time; empty if nothing; DeviceLost when nothing will come."""
        if not self._data:
            self.check()
            self._news.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
            except TimeoutError:
                return b""
        if not self._data:
            self.check()
        data, self._data = bytes(self._data), bytearray()
        return data


def reason(error: BaseException) -> str:
    """An error of the operating system in its plain words, for a detail; any other in its own."""
    if isinstance(error, OSError) and (error.errno or 0) > 0 and error.args:
        return os.strerror(error.errno or 0)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
