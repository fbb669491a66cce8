"""Devices on the network: raw TCP, port 9100 with printers."""

from __future__ import annotations

import asyncio
import socket

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport.base import CLOSE_TIMEOUT_S, LineStatus, reason
from devices.transport.file_descriptor import DRAIN_POLL_S, queued_bytes

CONNECT_TIMEOUT_S = 3.0
"""A device on the same network answers in milliseconds; this covers one lost packet (1 s) and the next (2 s)."""

READ_BYTES = 4096
"""More than a device ever says at once."""

KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 10, 5, 3
"""A printer that loses its power while it waits for paper says no goodbye: notice within 25 s."""

UNANSWERED_LIMIT = 6
"""Resends (or window probes) in a row without any answer after which the other end is gone: about 25 s. One that has
no paper and takes nothing still answers them, and is waited for."""

_ESTABLISHED, _CLOSE_WAIT = 1, 8


class TcpTransport:
    """A TCP connection. `drain` knows when the other end has acknowledged every byte."""

    answers = True

    def __init__(self, host: str, port: int, *, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self.where = f"{host}:{port}"
        self._address = (host, port)
        self._connect_timeout_s = connect_timeout_s
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Raises DeviceUnavailable: refused, no such host, no answer."""
        self.abort()
        try:
            async with asyncio.timeout(self._connect_timeout_s) as limit:
                self._reader, self._writer = await asyncio.open_connection(*self._address)
        except TimeoutError as error:
            waited = limit.expired()
            detail = "no answer: check power, cable and address" if waited else reason(error)
            raise DeviceUnavailable(f"{self.where}: {detail}") from error
        except OSError as error:
            raise DeviceUnavailable(f"{self.where}: {reason(error)}: check power, cable and address") from error
        _keep_alive(self._writer.get_extra_info("socket"))

    async def write(self, data: bytes) -> None:
        """Hands over to asyncio, which hands over to the kernel as it takes it."""
        writer, _ = self._unacknowledged()
        writer.write(data)

    async def drain(self) -> None:
        """Raises DeviceLost when the connection broke, or when the other end has stopped answering altogether."""
        while True:
            _, waiting = self._unacknowledged()
            if not waiting:
                return
            await asyncio.sleep(DRAIN_POLL_S)

    def _unacknowledged(self) -> tuple[asyncio.StreamWriter, int]:
        """Bytes that the other end has not acknowledged; raises DeviceLost when it never will."""
        if self._writer is None or self._writer.is_closing():
            raise DeviceLost(f"{self.where}: the connection broke")
        sock = self._writer.get_extra_info("socket")
        # The queue first, the state second: a reset empties the queue, and must not look like an acknowledgement.
        waiting = self._writer.transport.get_write_buffer_size() + queued_bytes(sock.fileno())
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)
        state, resends, probes = info[0], info[2], info[3]
        if state not in (_ESTABLISHED, _CLOSE_WAIT):
            raise DeviceLost(f"{self.where}: the connection broke")
        if waiting and resends + probes >= UNANSWERED_LIMIT:
            raise DeviceLost(f"{self.where}: no sign of life: check power and cable")
        return self._writer, waiting

    async def read(self, timeout_s: float) -> bytes:
        """Raises DeviceLost at the end of the stream, reset or not."""
        if self._reader is None:
            raise DeviceLost(f"{self.where}: not connected")
        try:
            async with asyncio.timeout(timeout_s) as limit:
                data = await self._reader.read(READ_BYTES)
        except OSError as error:
            # A connection that timed out raises TimeoutError too; only our own limit means "nothing yet".
            if isinstance(error, TimeoutError) and limit.expired():
                return b""
            raise DeviceLost(f"{self.where}: {reason(error)}") from error
        if not data:
            raise DeviceLost(f"{self.where}: the device closed the connection")
        return data

    async def line_status(self) -> LineStatus | None:
        """There is none."""
        return None

    async def close(self) -> None:
        """FIN, and a moment for it to go out."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        writer.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await writer.wait_closed()
        except OSError:
            writer.transport.abort()  # It broke while closing: what mattered was settled by `drain`.

    def abort(self) -> None:
        """Drops the socket at once."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.transport.abort()


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
