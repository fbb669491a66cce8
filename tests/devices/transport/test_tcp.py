"""TCP, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport.tcp import TcpTransport
from tests.devices.transport.support import HANG_S


class Peer:
    """A listening socket, handled by hand."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.setblocking(False)
        self.address: tuple[str, int] = self.listener.getsockname()

    async def accept(self) -> socket.socket:
        """The next connection."""
        connection, _ = await asyncio.get_running_loop().sock_accept(self.listener)
        return connection

    async def read_all(self, connection: socket.socket, size: int) -> int:
        """Take so many bytes."""
        taken = 0
        async with asyncio.timeout(HANG_S):
            while taken < size:
                taken += len(await asyncio.get_running_loop().sock_recv(connection, 65536))
        return taken


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """Somebody to talk to."""
    somebody = Peer()
    yield somebody
    somebody.listener.close()


@pytest.fixture
async def transport(peer: Peer) -> AsyncIterator[TcpTransport]:
    """The way to them; closed in the end."""
    way = TcpTransport(*peer.address)
    yield way
    way.abort()


def reset(connection: socket.socket) -> None:
    """Cut, not closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


async def test_there_and_back(peer: Peer, transport: TcpTransport) -> None:
    """Bytes arrive, answers come, nothing is nothing, goodbye is an end of stream; and all of it once more."""
    for _ in range(2):
        await transport.connect()
        connection = await peer.accept()
        await transport.write(b"hello")
        await transport.drain()
        assert b"hello" == await asyncio.get_running_loop().sock_recv(connection, 100)
        assert b"" == await transport.read(0)
        connection.send(b"answer")
        assert b"answer" == await transport.read(HANG_S)
        await transport.close()
        assert b"" == await asyncio.get_running_loop().sock_recv(connection, 100)
        connection.close()


async def test_nobody_there(peer: Peer, transport: TcpTransport) -> None:
    """Refused, and a name that does not exist: unavailable, in plain words."""
    peer.listener.close()
    with pytest.raises(DeviceUnavailable, match=r"127\.0\.0\.1:\d+: Connection refused: check power"):
        await transport.connect()
    with pytest.raises(DeviceUnavailable, match=r"no-such-host\.invalid:9100: "):
        await TcpTransport("no-such-host.invalid", 9100).connect()


async def test_no_answer_to_a_connection(peer: Peer) -> None:
    """A printer that is off behind a switch swallows everything: given up after the time-out."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
    with pytest.raises(DeviceUnavailable, match="no answer: check power"):
        await TcpTransport(*full.getsockname(), connect_timeout_s=0.05).connect()
    for sock in (full, *fillers):
        sock.close()


async def test_taken_means_acknowledged(peer: Peer, transport: TcpTransport) -> None:
    """`write` is quick, `drain` returns when the other end has everything, and not while it reads nothing."""
    await transport.connect()
    connection = await peer.accept()
    size = 8_000_000
    await transport.write(bytes(size))
    drain = asyncio.create_task(transport.drain())
    done, _ = await asyncio.wait({drain}, timeout=0.1)
    assert not done, "eight megabytes are nowhere taken"
    assert size == await peer.read_all(connection, size)
    async with asyncio.timeout(HANG_S):
        await drain
    connection.close()


async def test_a_reset_is_no_acknowledgement(peer: Peer, transport: TcpTransport) -> None:
    """It empties the queue of the kernel; what was in it did not arrive."""
    await transport.connect()
    connection = await peer.accept()
    await transport.write(bytes(8_000_000))
    drain = asyncio.create_task(transport.drain())
    await asyncio.wait({drain}, timeout=0.05)
    reset(connection)
    with pytest.raises(DeviceLost):
        await drain
    with pytest.raises(DeviceLost):
        await transport.write(b"more")


async def test_reading_at_the_end(peer: Peer, transport: TcpTransport) -> None:
    """Closed or cut: lost, with the reason; never an empty answer for ever."""
    await transport.connect()
    (await peer.accept()).close()
    with pytest.raises(DeviceLost, match="closed the connection"):
        await transport.read(HANG_S)
    await transport.connect()
    reset(await peer.accept())
    with pytest.raises(DeviceLost, match="Connection reset by peer"):
        await transport.read(HANG_S)


async def test_a_peer_that_has_said_goodbye_still_takes(peer: Peer, transport: TcpTransport) -> None:
    """Some print servers close their side at once: what they acknowledge counts."""
    await transport.connect()
    connection = await peer.accept()
    connection.shutdown(socket.SHUT_WR)
    await transport.write(b"job")
    await transport.drain()
    assert b"job" == await asyncio.get_running_loop().sock_recv(connection, 100)
    connection.close()


async def test_without_a_connection(transport: TcpTransport) -> None:
    """Everything says so; closing is harmless."""
    with pytest.raises(DeviceLost):
        await transport.write(b"x")
    with pytest.raises(DeviceLost):
        await transport.drain()
    with pytest.raises(DeviceLost, match="not connected"):
        await transport.read(0)
    await transport.close()
    transport.abort()
    assert await transport.line_status() is None
