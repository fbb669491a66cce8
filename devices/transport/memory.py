"""A printer's end of the line within the process: for tests in virtual time, and for trying things out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport.base import Inbox, LineStatus


class MemoryTransport:
    """Bytes go to `on_bytes`, what that returns comes back. The attributes below are what may go wrong."""

    answers = True
    where = "memory"

    def __init__(self, on_bytes: Callable[[bytes], bytes] = lambda _: b"") -> None:
        self._on_bytes = on_bytes
        self._inbox: Inbox | None = None
        self.taken = bytearray()
        """Every byte that arrived, over all connections."""
        self.connections = 0
        self.refuse = False
        """Nobody answers the door."""
        self.break_after: int | None = None
        """So many more bytes arrive, then the connection breaks."""
        self.flowing = asyncio.Event()
        """While it is clear, no bytes are taken."""
        self.flowing.set()
        self.paper_line: LineStatus | None = None
        """What `line_status` says."""

    async def connect(self) -> None:
        """Raises DeviceUnavailable while `refuse` is set."""
        if self.refuse:
            raise DeviceUnavailable("memory: refused")
        self.connections += 1
        self._inbox = Inbox()

    async def write(self, data: bytes) -> None:
        """Delivers at once what the attributes let through."""
        await self.flowing.wait()
        if self.break_after is not None and len(data) >= self.break_after:
            cut, self.break_after = data[: self.break_after], None
            self._deliver(cut)
            self._open_inbox().end("memory: the connection broke")
        elif self.break_after is not None:
            self.break_after -= len(data)
        self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        inbox = self._open_inbox()
        inbox.check()
        self.taken += data
        if answer := self._on_bytes(data):
            inbox.put(answer)

    def send(self, data: bytes) -> None:
        """The device says something unasked."""
        self._open_inbox().put(data)

    async def drain(self) -> None:
        """Everything was delivered by `write`."""
        self._open_inbox().check()

    async def read(self, timeout_s: float) -> bytes:
        """As every transport."""
        return await self._open_inbox().get(timeout_s)

    def _open_inbox(self) -> Inbox:
        if self._inbox is None:
            raise DeviceLost("memory: not connected")
        return self._inbox

    async def line_status(self) -> LineStatus | None:
        """What `paper_line` holds."""
        return self.paper_line

    async def close(self) -> None:
        """Ends the connection."""
        self.abort()

    def abort(self) -> None:
        """Ends the connection."""
        self._inbox = None
