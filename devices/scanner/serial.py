"""Scanners on a serial port: RS-232, USB-CDC, USB converters, a pty.

pyserial-asyncio carries the bytes. Two things are taken away from it: opening happens in an executor, and so does
closing, because the kernel may wait many seconds there for a converter that does not answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import serial
import serial_asyncio

from devices.errors import DeviceFault
from devices.reconnect import Backoff
from devices.scanner.abstract import DEFAULT_BAUDRATE, ScanCallback, StateCallback
from devices.scanner.driver import UNPLUGGED, ScannerDriver, cannot_open, open_in_executor
from devices.scanner.framing import Framing

FORBIDDEN_REMEDY = "add the user of this program to the group dialout"

# A terminal of the kernel holds no more.
READ_BYTES = 4096


class SerialScanner(ScannerDriver):
    """A scanner on a serial port, or on a link to one (`/dev/serial/by-id/…`), which it keeps to itself.

    What the scanner sent before the port was opened is dropped: it was not scanned for a payment of ours.
    """

    type: ClassVar[str] = "serial"
    unreadable_hint: ClassVar[str] = "its codes cannot be read: look at the baud rate, here and in the scanner"

    def __init__(
        self,
        name: str,
        port: str | Path,
        on_scan: ScanCallback,
        on_state: StateCallback,
        *,
        baudrate: int = DEFAULT_BAUDRATE,
        framing: Framing | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(name, port, on_scan, on_state, framing=framing, backoff=backoff)
        self._baudrate = baudrate
        self._port: _InputPort | None = None

    async def _session(self, up: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        with self._errors():
            port = await open_in_executor(self._open, _InputPort.release)
        lost: asyncio.Future[str] = loop.create_future()
        try:
            with self._errors():
                transport = serial_asyncio.SerialTransport(loop, _Input(self._reader.feed, lost), port)
            self._port = port
            try:
                await self._read_until(lost, up)
            finally:
                self._port = None
                if not transport.is_closing():
                    transport.abort()
        finally:
            await asyncio.shield(loop.run_in_executor(None, port.release))

    def _drain(self) -> None:
        port = self._port
        if port is None or not port.is_open:
            return
        # A port that breaks here is noticed by the transport.
        with contextlib.suppress(OSError, termios.error):
            if data := port.read(READ_BYTES):
                self._reader.feed(data)

    def _open(self) -> _InputPort:
        # pyserial flushes the input when it opens a port. No time-outs: the transport reads when there is something.
        return _InputPort(str(self.path), self._baudrate, timeout=0, write_timeout=0, exclusive=True)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise DeviceFault(f"{self.path} does not do {self._baudrate} baud: correct the baud rate") from error
        except termios.error as error:
            raise cannot_open(self.path, error.args[0], FORBIDDEN_REMEDY) from error
        except OSError as error:  # and so is serial.SerialException
            raise cannot_open(self.path, error.errno, FORBIDDEN_REMEDY) from error


class _InputPort(serial.Serial):
    """A port nothing is written to, closed by `release` only, which may block."""

    def flush(self) -> None:
        """Nothing is on its way out; the transport would wait for it in the loop."""

    def close(self) -> None:
        """Left to `release`: the transport would close it in the loop."""

    def release(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            super().close()


class _Input(asyncio.Protocol):
    def __init__(self, feed: Callable[[bytes], None], lost: asyncio.Future[str]) -> None:
        self._feed = feed
        self._lost = lost

    def data_received(self, data: bytes) -> None:
        self._feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # whatever it is, the device is gone
        if not self._lost.done():
            self._lost.set_result(UNPLUGGED)
