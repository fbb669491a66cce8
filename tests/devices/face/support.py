"""What the face tests share: a bridge end that says what it is told to, and waiting."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from devices.face.bridge import FaceBridge
from devices.face.listener import Address, TcpAddress, UnixAddress
from devices.face.protocol import FaceCodeRequest
from devices.reconnect import Backoff
from devices.state import DeviceState, Health

# So that a test which reconnects does not wait.
QUICK = Backoff(first_s=0.01, most_s=0.02)

# Ends a test that would hang; nothing is measured with it.
HANG_S = 30.0

TOKEN = "5ecret-of-the-face-bridge"
HELLO = {"provider": "wechat", "deviceId": "cam-1", "sdkVersion": "3.2"}

WANTED = FaceCodeRequest(
    authinfo="authinfo-of-the-gateway",
    appid="wx1",
    mch_id="100",
    sub_appid="wx2",
    sub_mch_id="200",
    store_id="md_001",
    order_no="0101A1",
    amount=1250,
    face_code_type="0",
    timeout=30,
)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what nobody announces."""
    async with asyncio.timeout(HANG_S):
        while not condition():  # noqa: ASYNC110  nobody sets an event for it
            await asyncio.sleep(0.002)


class Watch:
    """Takes what the bridge reports."""

    def __init__(self) -> None:
        self.states: list[DeviceState] = []
        self.connections = 0

    def on_connected(self) -> None:
        """Count a hello."""
        self.connections += 1

    @property
    def healths(self) -> list[Health]:
        """Every change of health."""
        return [state.health for state in self.states]

    async def until_healths(self, *healths: Health) -> None:
        """Wait for exactly this row of states."""
        await eventually(lambda: len(self.states) >= len(healths))
        assert list(healths) == self.healths


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """It runs; a failure of its task fails the test."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def listening(address: Address, watch: Watch, token: str = "") -> AsyncIterator[FaceBridge]:
    """A bridge that listens."""
    bridge = FaceBridge(
        "face", address, watch.states.append, token=token, on_connected=watch.on_connected, backoff=QUICK
    )
    async with running(bridge.run()), asyncio.timeout(HANG_S):
        await bridge.listening.wait()
        yield bridge


def unix(folder: Path) -> UnixAddress:
    """A socket in this folder."""
    return UnixAddress(folder / "face.sock")


class Peer:
    """The other end of the line: says and hears lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, **message: Any) -> None:
        """Send a JSON-RPC message."""
        await self.send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def send(self, data: bytes) -> None:
        """Send bytes; that nobody takes them any more is no fault."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        line = await self._reader.readline()
        assert line.endswith(b"\n"), f"the line ended: {line!r}"
        heard: dict[str, Any] = json.loads(line)
        assert "2.0" == heard.pop("jsonrpc")
        return heard

    async def hello(self, **params: Any) -> None:
        """Say hello and be welcome."""
        await self.say(id="h", method="hello", params=HELLO | params)
        assert {"id": "h", "result": {}} == await self.hear()

    async def until_closed(self) -> None:
        """Wait until the other side has closed; hears nothing more."""
        with contextlib.suppress(ConnectionError):
            assert b"" == await self._reader.read()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def connected(address: Address) -> AsyncIterator[Peer]:
    """A connection to this address."""
    match address:
        case UnixAddress(path):
            streams = await asyncio.open_unix_connection(path, limit=2**22)
        case TcpAddress(host, port):
            streams = await asyncio.open_connection(host, port, limit=2**22)
    peer = Peer(*streams)
    try:
        yield peer
    finally:
        await peer.close()
