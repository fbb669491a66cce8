"""What the scanner tests share: somebody who takes scans and states, a scanner that runs while a test does."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from devices.reconnect import Backoff
from devices.scanner.abstract import Scanner
from devices.scanner.framing import Scan
from devices.state import DeviceState, Health

# So that a test which replugs does not wait; the real ones are tested with a virtual clock.
QUICK = Backoff(first_s=0.01, most_s=0.02)

# Ends a test that would hang; nothing is measured with it.
HANG_S = 30.0


class Till:
    """Takes what a scanner hands on."""

    def __init__(self) -> None:
        self.scans: list[Scan] = []
        self.states: list[DeviceState] = []
        self._changed = asyncio.Event()

    def on_scan(self, scan: Scan) -> None:
        """Take a scan."""
        self.scans.append(scan)
        self._changed.set()

    def on_state(self, state: DeviceState) -> None:
        """Take a change of state."""
        self.states.append(state)
        self._changed.set()

    @property
    def texts(self) -> list[str]:
        """What was scanned."""
        return [scan.text for scan in self.scans]

    @property
    def healths(self) -> list[Health]:
        """Every change of health."""
        return [state.health for state in self.states]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at whenever something was handed on."""
        async with asyncio.timeout(HANG_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_scans(self, count: int) -> None:
        """Wait for so many scans."""
        await self.until(lambda: len(self.scans) >= count)

    async def until_healths(self, *healths: Health) -> None:
        """Wait for exactly this row of states."""
        await self.until(lambda: len(self.states) >= len(healths))
        assert list(healths) == self.healths


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what nobody announces."""
    async with asyncio.timeout(HANG_S):
        while not condition():  # noqa: ASYNC110  nobody sets an event for it
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def running(scanner: Scanner) -> AsyncIterator[asyncio.Task[None]]:
    """The scanner runs; a failure of its task fails the test."""
    task = asyncio.create_task(scanner.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class DeviceFile:
    """A pipe under a path, which stands for a device file: what is written comes out of it, a write at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        self.plug()

    def plug(self) -> None:
        """The device appears."""
        os.mkfifo(self.path)
        self._fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        # One write is one read, as with reports of hidraw.
        fcntl.fcntl(self._fd, fcntl.F_SETFL, os.O_DIRECT | os.O_NONBLOCK)

    def unplug(self) -> None:
        """The device vanishes, for who has it open too."""
        if self._fd >= 0:
            self.path.unlink()
            os.close(self._fd)
            self._fd = -1

    def send(self, data: bytes) -> None:
        """The device says something."""
        os.write(self._fd, data)
