"""What the drivers have in common: a name, a state, a reader, and a session that is begun again for ever."""

from __future__ import annotations

import asyncio
import errno
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar

from devices.errors import DeviceLost, DeviceUnavailable
from devices.reconnect import Backoff, keep_connected
from devices.scanner.abstract import ScanCallback, StateCallback
from devices.scanner.framing import Framing, Scan
from devices.scanner.reader import CodeReader
from devices.state import DeviceState, Health

# A line that babbles never settles; after this the scanner counts as ready, and its garbage is dropped.
SETTLE_LIMIT_S = 1.0

# One unreadable code is a smudged label; so many in a row are a wrong setting.
UNREADABLE_CODES_TO_TELL = 3

UNPLUGGED = "it was unplugged: plug the scanner in again"

Opened = TypeVar("Opened")


class ScannerDriver(ABC):
    """A scanner behind a device file. Fulfils `abstract.Scanner`; a driver adds `_session`.

    Lives as long as `run`; used from the loop only. Cancelling `run` closes the device.
    """

    type: ClassVar[str]
    unreadable_hint: ClassVar[str] = "its codes cannot be read: look at the settings of the scanner"

    def __init__(
        self,
        name: str,
        path: str | Path,
        on_scan: ScanCallback,
        on_state: StateCallback,
        *,
        framing: Framing | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.name = name
        self.path = Path(path)
        self.tried = asyncio.Event()
        self._armed = False
        self._on_state = on_state
        self._backoff = backoff
        self._state = DeviceState(name, self.type, Health.LOST, "not opened yet")
        self._reader = CodeReader(name, framing or Framing(), on_scan, self._accepts)

    @property
    def state(self) -> DeviceState:
        """How it is now; `ready` with a detail when nothing of what it sends can be read."""
        if self._state.health is Health.READY and self._reader.unreadable_in_a_row >= UNREADABLE_CODES_TO_TELL:
            return replace(self._state, detail=self.unreadable_hint)
        return self._state

    async def run(self) -> None:
        """Read codes for ever."""
        await keep_connected(self._session, self._report, is_there=self._is_there, backoff=self._backoff)

    def arm(self) -> None:
        """A payment waits for a code. What the device has sent by now is read first: it was scanned before."""
        self._drain()
        self._armed = True

    def disarm(self) -> None:
        """No payment waits for a code any more."""
        self._armed = False

    @abstractmethod
    async def _session(self, up: Callable[[], None]) -> None:
        """Open the device, call `up`, read until it is lost, close it; raises `DeviceError`."""

    @abstractmethod
    def _drain(self) -> None:
        """Read what the device has sent and nobody has read yet, without waiting."""

    def _accepts(self, scan: Scan) -> bool:
        """Whether it is ours at all; not always so for a device that is shared."""
        return True

    def _is_there(self) -> bool:
        try:
            return self.path.exists()
        except OSError:  # a directory on the way that may not be read
            return False

    def _report(self, health: Health, detail: str) -> None:
        changed = health is not self._state.health or not self.tried.is_set()
        self._state = DeviceState(self.name, self.type, health, detail)
        self.tried.set()
        if changed:
            self._on_state(self._state)

    async def _read_until(self, lost: asyncio.Future[str], up: Callable[[], None]) -> None:
        """Say that it is up once it reads whole codes, and wait for its end; raises `DeviceLost` with the reason."""
        settled = self._reader.start()
        try:
            ends: set[asyncio.Future[None] | asyncio.Future[str]] = {settled, lost}
            await asyncio.wait(ends, timeout=SETTLE_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
            if not lost.done():
                up()
            raise DeviceLost(await lost)
        finally:
            self._reader.stop()


async def open_in_executor(
    open_device: Callable[[], Opened], close: Callable[[Opened], object], executor: Executor | None = None
) -> Opened:
    """Open what may block (a USB device waits for its bus); cancelled meanwhile, it is closed as soon as it is open."""
    opening = asyncio.get_running_loop().run_in_executor(executor, open_device)

    def close_unwanted(done: asyncio.Future[Opened]) -> None:
        if not done.cancelled() and done.exception() is None:
            close(done.result())

    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(close_unwanted)
        raise


def cannot_open(path: Path, number: int | None, remedy: str) -> DeviceUnavailable:
    """The error for a device file that did not open, by its errno; `remedy` is what to do where it is forbidden."""
    match number:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return DeviceUnavailable(f"{path} is not there: plug the scanner in")
        case errno.EACCES | errno.EPERM:
            return DeviceUnavailable(f"{path} may not be opened: {remedy}")
        case errno.EAGAIN | errno.EBUSY:
            return DeviceUnavailable(f"{path} is in use by another program: stop that one")
        case _:
            reason = "" if number is None else f" ({errno.errorcode.get(number, number)})"
            return DeviceUnavailable(f"{path} cannot be used as a scanner{reason}: look at the path and its settings")
