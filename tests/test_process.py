"""The process as systemd sees it: ready, alive, reloaded, stopped; a payment on the wire survives the stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.api.conftest import till as till  # noqa: PLC0414 - the fixture
from tests.api.till import Till, fresh_code

STOPPED_WITHIN_S = 10.0
"""What the unit allows a stop (TimeoutStopSec)."""


class Systemd:
    """The end of NOTIFY_SOCKET that systemd holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    async def until(self, word: str) -> str:
        """The next message with this word."""
        loop = asyncio.get_running_loop()
        while word not in (message := (await loop.sock_recv(self._socket, 4096)).decode()):
            self.said.append(message)
        self.said.append(message)
        return message

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


@asynccontextmanager
async def started(till: Till) -> AsyncIterator[tuple[Process, Systemd]]:
    """`posd run` of this till, under something that looks like systemd."""
    till.write_config()
    systemd = Systemd(till.directory / "notify")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "posd", "--config", str(till.config_path), "run"),
        env={**os.environ, "NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "500000"},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process, systemd
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        systemd.close()


async def said_by(process: Process) -> str:
    """Its log, once it has ended."""
    _, errors = await process.communicate()
    return errors.decode("utf-8")


async def test_ready_alive_reloaded_stopped(till: Till) -> None:
    """READY when it serves, WATCHDOG with the status, RELOADING around a SIGHUP, STOPPING and exit code 0."""
    async with started(till) as (process, systemd):
        assert "0 payments unresolved" in await systemd.until("READY=1")
        assert till.socket.is_socket()
        assert "STATUS=0 payments unresolved" in await systemd.until("WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        await systemd.until("RELOADING=1")
        await systemd.until("READY=1")
        process.terminate()
        await systemd.until("STOPPING=1")
        log = await said_by(process)
    assert 0 == process.returncode
    assert "nothing to take up" in log
    assert not till.socket.exists()


async def test_a_stop_leaves_what_is_on_the_wire_in_the_journal(till: Till) -> None:
    """A payment whose customer does nothing does not hold the stop up; the next start goes on with it."""
    async with started(till) as (process, systemd):
        await systemd.until("READY=1")
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(till.socket))) as session:
            url, body = "http://localhost/v1/payments", {"amount": 100, "authCode": fresh_code("12")}
            async with session.post(url, json=body, headers={"Idempotency-Key": "k"}) as response:
                assert 201 == response.status
        assert "1 payments unresolved" in await systemd.until("1 payments")
        began_s = asyncio.get_running_loop().time()
        process.terminate()
        await said_by(process)
        assert asyncio.get_running_loop().time() - began_s < STOPPED_WITHIN_S
        assert 0 == process.returncode
    (till.directory / "notify").unlink()
    async with started(till) as (process, systemd):
        assert "1 payments unresolved" in await systemd.until("READY=1")


async def test_a_configuration_with_faults_ends_with_2(till: Till) -> None:
    """Systemd is told nothing of ready, the log names file and key, the exit code is that of the contract."""
    systemd = Systemd(till.directory / "notify")
    text = "[terminal]\nid = 7\ncolour = 'red'\n"
    till.config_path.write_text(text, "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "posd", "--config", str(till.config_path), "run"),
        env={**os.environ, "NOTIFY_SOCKET": str(systemd.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    log = await said_by(process)
    systemd.close()
    assert 2 == process.returncode
    assert f"{till.config_path}: terminal.colour: unknown key" in log
    assert [] == systemd.said
