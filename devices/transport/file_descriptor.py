"""Writing to non-blocking file descriptors from the event loop, without a buffer in between."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable

DRAIN_POLL_S = 0.01
"""How often the kernel is asked whether its queue is empty: there is no event for it."""


async def write_all(fd: int, data: bytes) -> None:
    """Return when the kernel has taken everything; raises OSError. `fd` is non-blocking and nobody else's writer."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            await writable(fd)


async def writable(fd: int) -> None:
    """Return when a write would take something, or fail."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(fd)


def queued_bytes(fd: int) -> int:
    """Bytes the kernel has taken for this terminal or socket that the other end has not; raises OSError."""
    return int(struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, bytes(4)))[0])


async def queue_empty(fd: int, check: Callable[[], object]) -> None:
    """Return when `queued_bytes` is none; `check` raises when there is no use in waiting. Raises OSError."""
    while True:
        waiting = queued_bytes(fd)
        check()
        if not waiting:
            return
        await asyncio.sleep(DRAIN_POLL_S)
