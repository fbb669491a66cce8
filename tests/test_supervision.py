"""What systemd is told: alive only while every part has answered."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from posd.supervision import notify, report_alive

SOON = "1000"
"""A watchdog's limit in microseconds: asked every 0.4 ms."""


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """Where systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def told(systemd: socket.socket) -> list[str]:
    """What has arrived."""
    found = []
    while True:
        try:
            found.append(systemd.recv(4096).decode())
        except BlockingIOError:
            return found


def environment(tmp_path: Path) -> dict[str, str]:
    """What systemd sets."""
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": SOON}


async def test_alive_while_the_parts_answer(tmp_path: Path, systemd: socket.socket) -> None:
    """Each round asks the parts first and then says what posd does."""
    asked = 0

    async def answers() -> None:
        nonlocal asked
        asked += 1

    task = asyncio.create_task(report_alive(lambda: "2 payments unresolved", answers, [], environment(tmp_path)))
    while asked < 3:  # noqa: ASYNC110 - until it has gone round
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert {"WATCHDOG=1\nSTATUS=2 payments unresolved"} == set(told(systemd))


async def test_silent_while_the_disk_does_not_answer(
    tmp_path: Path, systemd: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    """A journal that hangs is not called alive, and the log says so."""
    task = asyncio.create_task(report_alive(lambda: "", asyncio.Event().wait, [], environment(tmp_path)))
    while not caplog.records:  # noqa: ASYNC110 - until it has given up once
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [] == told(systemd)
    assert "the journal has not answered" in caplog.text


async def test_silent_once_a_bug_has_ended_a_part(tmp_path: Path, systemd: socket.socket) -> None:
    """The status names what has crashed; "alive" is not said any more, though the disk answers."""

    async def answers() -> None:
        pass

    task = asyncio.create_task(report_alive(lambda: "", answers, ["scanner:front"], environment(tmp_path)))
    while not (said := told(systemd)):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "scanner:front" in said[0]
    assert "WATCHDOG" not in "".join([*said, *told(systemd)])


def test_without_systemd_nothing_is_said(systemd: socket.socket) -> None:
    """Nobody asked: no datagram, no error; a socket that has gone is no error either."""
    notify("READY=1", {})
    notify("READY=1", {"NOTIFY_SOCKET": "/nonexistent/notify"})
    assert [] == told(systemd)
