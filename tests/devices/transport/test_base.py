"""The box for incoming bytes, and errors in plain words."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from devices.errors import DeviceLost
from devices.transport.base import INBOX_BYTES, Inbox, reason


async def test_waiting_for_bytes() -> None:
    """What is there comes at once; what comes within the time too; else nothing."""
    inbox = Inbox()
    assert b"" == await inbox.get(0)
    inbox.put(b"a")
    inbox.put(b"b")
    assert b"ab" == await inbox.get(0)
    asyncio.get_running_loop().call_soon(inbox.put, b"c")
    assert b"c" == await inbox.get(30)


async def test_it_is_bounded() -> None:
    """A device that never stops talking costs 4 KB; the newest bytes are kept."""
    inbox = Inbox()
    for _ in range(100):
        inbox.put(b"x" * 1000)
    inbox.put(b"end")
    data = await inbox.get(0)
    assert INBOX_BYTES == len(data)
    assert data.endswith(b"end")


async def test_the_end() -> None:
    """What came before the end is still read; then the first reason is told, every time."""
    inbox = Inbox()
    inbox.put(b"last words")
    inbox.end("unplugged")
    inbox.end("something later")
    assert b"last words" == await inbox.get(0)
    for _ in range(2):
        with pytest.raises(DeviceLost, match="unplugged"):
            await inbox.get(0)


async def test_the_end_while_waiting() -> None:
    """Wakes whoever waits."""
    inbox = Inbox()
    asyncio.get_running_loop().call_soon(inbox.end, "unplugged")
    with pytest.raises(DeviceLost, match="unplugged"):
        await inbox.get(30)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9100)"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ConnectionResetError(), "ConnectionResetError"),
        (ValueError("wrong"), "wrong"),
    ],
)
def test_reasons(error: BaseException, words: str) -> None:
    """What the system calls it, without addresses and tuples."""
    assert words == reason(error)
