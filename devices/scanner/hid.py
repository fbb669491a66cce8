"""Scanners that play a keyboard, read from `/dev/input/…`.

We read the kernel's `struct input_event` ourselves: three fields of it matter. A scanner that is grabbed types into
nothing else. With `grab="armed"` it is grabbed only while a payment waits for a code: all other time it types into the
till as a keyboard does, and what it types then is the till's, not ours.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from devices.reconnect import Backoff
from devices.scanner.abstract import Grab, ScanCallback, StateCallback
from devices.scanner.file import FileScanner
from devices.scanner.framing import Framing, Scan
from devices.scanner.keymap import KeyDecoder

GrabDevice = Callable[[int, bool], None]

# struct input_event: two longs of time, type, code, value; 24 bytes on a 64 bit system.
_EVENT = struct.Struct("llHHi")
_EVIOCGRAB = 0x40044590
_SYNCHRONIZATION, _KEY, _LAMP = 0x00, 0x01, 0x11
_EVENTS_LOST = 3
_CAPS_LOCK_LAMP = 1
_UP, _DOWN = 0, 1


def grab_device(fd: int, grabbed: bool) -> None:  # noqa: FBT001  the argument of the ioctl
    """Take an input device for us alone, or give it back; raises `OSError`. May wait for the kernel."""
    fcntl.ioctl(fd, _EVIOCGRAB, int(grabbed))


@dataclass(slots=True)
class _Device:
    """The open device: `grabbed` is what was asked for last, which the thread does in its order."""

    fd: int
    executor: ThreadPoolExecutor
    lost: asyncio.Future[str]
    grabbed: bool

    def grab_done(self, job: asyncio.Future[None]) -> None:
        """A device that cannot be grabbed any more is of no use: it is opened anew."""
        failed = not job.cancelled() and job.exception() is not None
        if failed and not self.lost.done():
            self.lost.set_result("it cannot be taken from the other programs: look whether one of them has grabbed it")


class HidScanner(FileScanner):
    """A scanner that plays a keyboard with the US layout.

    `grab_device` is what takes the device; a test that feeds recorded events through a pipe brings its own.
    """

    type: ClassVar[str] = "hid"
    unreadable_hint: ClassVar[str] = "its codes cannot be read: set the scanner to the keyboard of the USA"

    def __init__(
        self,
        name: str,
        device: str | Path,
        on_scan: ScanCallback,
        on_state: StateCallback,
        *,
        grab: Grab = "always",
        framing: Framing | None = None,
        backoff: Backoff | None = None,
        grab_device: GrabDevice = grab_device,
    ) -> None:
        super().__init__(name, device, on_scan, on_state, framing=framing, backoff=backoff)
        self._grab = grab
        self._grab_device = grab_device
        self._keys = KeyDecoder()
        self._rest = b""
        self._device: _Device | None = None

    def arm(self) -> None:
        """A payment waits for a code: codes that begin from now on are ours."""
        super().arm()
        if self._grab == "armed" and self._reader.in_code:
            # Its first half was typed into the till.
            self._reader.skip()
        self._grab_as_wanted()

    def disarm(self) -> None:
        """No payment waits for a code any more: the scanner types into the till again."""
        super().disarm()
        self._grab_as_wanted()

    def _accepts(self, scan: Scan) -> bool:
        return self._grab == "always" or self._armed

    def _prepare(self, fd: int) -> None:
        self._grab_device(fd, True)
        if self._grab == "armed":
            # It was taken only to know now, and not when a customer waits, that it can be.
            self._grab_device(fd, False)

    def _opened(self, fd: int, executor: ThreadPoolExecutor, lost: asyncio.Future[str]) -> None:
        self._device = _Device(fd, executor, lost, grabbed=self._grab == "always")
        self._keys.reset()
        self._rest = b""
        self._grab_as_wanted()

    def _closed(self) -> None:
        self._device = None

    def _received(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % _EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            self._event(kind, code, value)

    def _event(self, kind: int, code: int, value: int) -> None:
        if kind == _KEY and value == _DOWN:
            self._reader.feed(self._keys.press(code).encode())
        elif kind == _KEY and value == _UP:
            # A key that types nothing says all the same that the scanner is not done.
            self._reader.feed(self._keys.release(code).encode())
            self._grab_as_wanted()
        elif kind == _LAMP and code == _CAPS_LOCK_LAMP:
            self._keys.caps_lock_is(bool(value))
        elif kind == _SYNCHRONIZATION and code == _EVENTS_LOST:
            self._keys.reset()
            self._reader.skip()

    def _grab_as_wanted(self) -> None:
        device = self._device
        if device is None or self._grab == "always" or device.grabbed == self._armed:
            return
        if self._armed and not self._keys.still:
            # Whoever else reads the device would never see the key go up, and repeat it for ever.
            return
        device.grabbed = self._armed
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(device.executor, self._grab_device, device.fd, device.grabbed)
        job.add_done_callback(device.grab_done)
