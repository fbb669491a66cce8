"""Scanners in HID-POS mode, read from `/dev/hidraw…`: the kernel has no driver for them, and nothing types."""

from __future__ import annotations

import asyncio
import fcntl
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

from devices.errors import DeviceFault
from devices.reconnect import Backoff
from devices.scanner.abstract import ScanCallback, StateCallback
from devices.scanner.file import FileScanner
from devices.scanner.framing import Framing
from devices.scanner.hidpos import MAX_DESCRIPTOR_BYTES, Assembler, Layout, ReportError, parse_descriptor, read_report

ReadDescriptor = Callable[[int], bytes]

_HIDIOCGRDESCSIZE = 0x80044801
_HIDIOCGRDESC = 0x90044802
_SIZE = struct.Struct("I")


def read_descriptor(fd: int) -> bytes:
    """The report descriptor of a hidraw device; raises `OSError`. May wait for the kernel."""
    size = bytearray(_SIZE.size)
    fcntl.ioctl(fd, _HIDIOCGRDESCSIZE, size)
    # struct hidraw_report_descriptor: the size, then the descriptor.
    descriptor = bytearray(size + bytes(MAX_DESCRIPTOR_BYTES))
    fcntl.ioctl(fd, _HIDIOCGRDESC, descriptor)
    return bytes(descriptor[_SIZE.size :][: _SIZE.unpack(size)[0]])


class HidRawScanner(FileScanner):
    """A scanner in HID-POS mode (usage page 0x8C).

    `read_descriptor` asks the device how its reports are made; a test that feeds recorded reports brings its own.
    """

    type: ClassVar[str] = "hidraw"
    forbidden_remedy: ClassVar[str] = "root alone may; let a udev rule give it to a group of this program's user"

    def __init__(
        self,
        name: str,
        device: str | Path,
        on_scan: ScanCallback,
        on_state: StateCallback,
        *,
        framing: Framing | None = None,
        backoff: Backoff | None = None,
        read_descriptor: ReadDescriptor = read_descriptor,
    ) -> None:
        super().__init__(name, device, on_scan, on_state, framing=framing, backoff=backoff)
        self._read_descriptor = read_descriptor
        self._layout = Layout({}, numbered=False)
        self._assembler = Assembler()

    def _prepare(self, fd: int) -> None:
        try:
            self._layout = parse_descriptor(self._read_descriptor(fd))
        except ReportError as error:
            raise DeviceFault(f"{self.path} is no scanner in HID-POS mode ({error}): set the scanner to it") from error

    def _opened(self, fd: int, executor: ThreadPoolExecutor, lost: asyncio.Future[str]) -> None:
        self._assembler.forget()

    def _closed(self) -> None:
        self._assembler.forget()

    def _received(self, data: bytes) -> None:
        """One read of hidraw gives one report."""
        if self._reader.skipping:
            # The report may be the rest of a code that began before the device was open.
            self._reader.skip()
            return
        now = asyncio.get_running_loop().time()
        garbage = self._assembler.garbage
        try:
            part = read_report(self._layout, data)
        except ReportError:
            self._reader.unreadable_in_a_row += 1
            self._assembler.forget()
            return
        code = None if part is None else self._assembler.add(part, now)
        self._reader.unreadable_in_a_row += self._assembler.garbage - garbage
        if code is not None:
            self._reader.take(code.data, code.began_at, code.symbology)
