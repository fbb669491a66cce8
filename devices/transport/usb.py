"""USB printers without a kernel driver, by libusb (pyusb). With usblp loaded, `device_file` is simpler and better.

libusb blocks, so everything happens on one thread of the connection's own: calls take turns, each is over within
`CALL_TIMEOUT_MS`, and the handle is given back there, never under a call that is still using it.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport.base import LineStatus, reason

CALL_TIMEOUT_MS = 500
"""Longest stay in libusb: what a closing connection waits for at most."""

READ_SLICE_MS = 20
"""Reading takes turns with writing, so it looks only so long at a time."""

BATCH_BYTES = 4096
"""Written in one turn. In single packets: after a time-out of a longer transfer nobody knows how much arrived."""

PRINTER_CLASS = 7
_GET_PORT_STATUS = (0xA1, 1)
_PAPER_EMPTY = 0x20
_ADDRESS = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")

_T = TypeVar("_T")


class UsbTransport:
    """A USB printer: the one with this `vendor:product` (hexadecimal, `04b8:0202`), or the first of its class."""

    answers = True

    def __init__(self, address: str = "", *, backend: object = None) -> None:
        if address and not _ADDRESS.fullmatch(address):
            raise ValueError(f"a USB address is vendor:product, as in 04b8:0202, and not {address!r}")
        self.where = f"USB printer {address}".strip()
        self._address = address
        self._backend = backend
        self._port: _Port | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def connect(self) -> None:
        """Raises DeviceUnavailable: no libusb, no such printer, no permission, in use by another program."""
        self.abort()
        thread = ThreadPoolExecutor(1, "usb-printer")
        try:
            self._port = await asyncio.get_running_loop().run_in_executor(thread, self._open)
            self._thread = thread
        finally:
            if self._thread is None:
                thread.shutdown(wait=False)

    def _open(self) -> _Port:
        import usb.core

        try:
            device = next(self._devices(), None)
            if device is None:
                raise DeviceUnavailable(f"{self.where}: none found: plugged in and switched on?")
            return _claim(device)
        except usb.core.NoBackendError as error:
            advice = 'apt install libusb-1.0-0, or use type = "device"'
            raise DeviceUnavailable(f"{self.where}: libusb is missing: {advice}") from error
        except (usb.core.USBError, NotImplementedError) as error:
            advice = "add a udev rule that gives it to the service's group"
            raise DeviceUnavailable(f"{self.where}: {reason(error)}: {advice}") from error

    def _devices(self) -> Iterator[Any]:
        import usb.core

        wanted: dict[str, int] = {}
        if match := _ADDRESS.fullmatch(self._address):
            wanted = {"idVendor": int(match[1], 16), "idProduct": int(match[2], 16)}
        found = usb.core.find(find_all=True, backend=self._backend, **wanted)
        return (device for device in found if wanted or _printer_interface(device) is not None)

    async def write(self, data: bytes) -> None:
        """Returns when the printer has taken every packet; for as long as it takes none, it waits."""
        rest = data
        while rest:
            batch = rest[:BATCH_BYTES]
            rest = rest[await self._on_thread(functools.partial(self._open_port().write, batch)) :]

    async def drain(self) -> None:
        """Nothing is under way: `write` waits for every packet."""
        self._open_port()

    async def read(self, timeout_s: float) -> bytes:
        """Raises DeviceLost when it was unplugged."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while True:
            data = await self._on_thread(self._open_port().read)
            if data or loop.time() >= end:
                return data

    async def line_status(self) -> LineStatus | None:
        """The paper line of the printer class; None where it does not say "out"."""
        status = await self._on_thread(self._open_port().status)
        return LineStatus(paper_out=True) if status & _PAPER_EMPTY else None

    def _open_port(self) -> _Port:
        if self._port is None:
            raise DeviceLost(f"{self.where}: not open")
        return self._port

    async def _on_thread(self, action: Callable[[], _T]) -> _T:
        import usb.core

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, action)
        except usb.core.USBError as error:
            raise DeviceLost(f"{self.where}: {reason(error)}") from error

    async def close(self) -> None:
        """Gives the printer back."""
        port, thread, self._port, self._thread = self._port, self._thread, None, None
        if port is not None and thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, port.release)
            thread.shutdown(wait=False)

    def abort(self) -> None:
        """Gives the printer back as soon as the call that is under way returns."""
        port, thread, self._port, self._thread = self._port, self._thread, None, None
        if port is not None and thread is not None:
            thread.submit(port.release)
            thread.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class _Port:
    """A claimed printer interface. Every method blocks, for `CALL_TIMEOUT_MS` at most."""

    device: Any
    interface: int
    out_endpoint: Any
    in_endpoint: Any
    had_driver: bool

    def write(self, batch: bytes) -> int:
        import usb.core

        done, packet = 0, self.out_endpoint.wMaxPacketSize
        while done < len(batch):
            try:
                done += self.out_endpoint.write(batch[done : done + packet], CALL_TIMEOUT_MS)
            except usb.core.USBTimeoutError:
                break  # It takes nothing now; what was counted has arrived.
        return done

    def read(self) -> bytes:
        import usb.core

        if self.in_endpoint is None:
            return b""
        try:
            return bytes(self.in_endpoint.read(self.in_endpoint.wMaxPacketSize, READ_SLICE_MS))
        except usb.core.USBTimeoutError:
            return b""

    def status(self) -> int:
        answer = self.device.ctrl_transfer(*_GET_PORT_STATUS, 0, self.interface << 8, 1, CALL_TIMEOUT_MS)
        return int(answer[0]) if len(answer) else 0

    def release(self) -> None:
        import usb.core
        import usb.util

        try:
            usb.util.release_interface(self.device, self.interface)
            if self.had_driver:
                self.device.attach_kernel_driver(self.interface)
        except (usb.core.USBError, NotImplementedError):
            pass  # Unplugged: there is nothing to give back.
        usb.util.dispose_resources(self.device)


def _printer_interface(device: Any) -> Any:  # noqa: ANN401 — pyusb has no types
    return next((each for config in device for each in config if each.bInterfaceClass == PRINTER_CLASS), None)


def _claim(device: Any) -> _Port:  # noqa: ANN401 — pyusb has no types
    import usb.util

    interface = _printer_interface(device)
    if interface is None:
        raise DeviceUnavailable("USB printer: this device is no printer")
    number = interface.bInterfaceNumber
    had_driver = bool(device.is_kernel_driver_active(number))
    if had_driver:
        device.detach_kernel_driver(number)
    usb.util.claim_interface(device, number)
    out_endpoint, in_endpoint = (
        _bulk(interface, direction) for direction in (usb.util.ENDPOINT_OUT, usb.util.ENDPOINT_IN)
    )
    if out_endpoint is None:
        raise DeviceUnavailable("USB printer: it has no way in for data")
    return _Port(device, number, out_endpoint, in_endpoint, had_driver)


def _bulk(interface: Any, direction: int) -> Any:  # noqa: ANN401 — pyusb has no types
    import usb.util

    for endpoint in interface:
        is_bulk = usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
        if is_bulk and usb.util.endpoint_direction(endpoint.bEndpointAddress) == direction:
            return endpoint
    return None
