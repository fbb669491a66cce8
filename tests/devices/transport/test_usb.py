"""USB printers through pyusb, with a bus of our own below it: descriptors, packets and errors as libusb gives them."""

# ruff: noqa: D102 — the methods of the bus are those of pyusb, and documented there

from __future__ import annotations

import array
import asyncio
import errno
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import usb.backend
import usb.core

from devices.errors import DeviceLost, DeviceUnavailable
from devices.printer.driver import PrintBroken
from devices.transport.base import LineStatus
from devices.transport.usb import UsbTransport
from tests.devices.printer.support import IMPATIENT, DeskPrinter, Spool
from tests.devices.transport.support import HANG_S, until

PACKET = 64
JOB = b"\x1b@\x1c&\xd6\xd0\n\x1dV\x00"
CLASS_PRINTER, CLASS_STORAGE = 7, 8


class Bus(usb.backend.IBackend):  # type: ignore[misc] # pyusb has no types
    """One bus with some devices; the first printer on it is `inside`."""

    def __init__(self, inside: DeskPrinter, classes: tuple[int, ...] = (CLASS_STORAGE, CLASS_PRINTER)) -> None:
        self.inside = inside
        self.classes = classes
        self.received = bytearray()
        self.packets: list[int] = []
        self.answers = bytearray()
        inside.send = self.answers.extend
        self.takes = True
        self.plugged = True
        self.allowed = True
        self.kernel_has_it = True
        self.port_status = 0x18
        self.calls: list[str] = []

    def enumerate_devices(self) -> Iterator[int]:
        return iter(range(len(self.classes) if self.plugged else 0))

    def get_device_descriptor(self, dev: int) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=0x04B8, idProduct=0x0200 + dev, bcdDevice=0x100, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=dev, bus=1, port_number=1, port_numbers=(1,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: int, config: int) -> SimpleNamespace:
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0xC0, bMaxPower=1, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        if intf or alt or config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=2,
            bInterfaceClass=self.classes[dev], bInterfaceSubClass=1, bInterfaceProtocol=2, iInterface=0,
            extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: int, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        if ep > 1:
            raise IndexError
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=(0x81, 0x03)[ep], bmAttributes=2, wMaxPacketSize=PACKET,
            bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: int) -> int:
        if not self.allowed:
            raise usb.core.USBError("Access denied (insufficient permissions)", -3, errno.EACCES)
        self.calls.append("open")
        return dev

    def close_device(self, dev_handle: int) -> None:
        self.calls.append("close")

    def set_configuration(self, dev_handle: int, config_value: int) -> None:
        """As it is."""

    def get_configuration(self, dev_handle: int) -> int:
        return 1

    def claim_interface(self, dev_handle: int, intf: int) -> None:
        assert not self.kernel_has_it, "busy"
        self.calls.append("claim")

    def release_interface(self, dev_handle: int, intf: int) -> None:
        self.calls.append("release")

    def is_kernel_driver_active(self, dev_handle: int, intf: int) -> bool:
        return self.kernel_has_it

    def detach_kernel_driver(self, dev_handle: int, intf: int) -> None:
        self.kernel_has_it = False

    def attach_kernel_driver(self, dev_handle: int, intf: int) -> None:
        self.kernel_has_it = True

    def _there(self) -> None:
        if not self.plugged:
            raise usb.core.USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)

    def bulk_write(self, dev_handle: int, ep: int, intf: int, data: Any, timeout: int) -> int:
        assert (ep, 0 < timeout <= 1000) == (0x03, True), "the printer's own endpoint, and never without a time-out"
        self._there()
        if not self.takes:
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        self.packets.append(len(data))
        self.received += bytes(data)
        self.answers += self.inside.take(bytes(data))
        return len(data)

    def bulk_read(self, dev_handle: int, ep: int, intf: int, buff: array.array[int], timeout: int) -> int:
        self._there()
        if not self.answers:
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        size = min(len(buff), len(self.answers))
        buff[:size] = array.array("B", self.answers[:size])
        del self.answers[:size]
        return size

    def ctrl_transfer(self, dev_handle: int, *request: Any) -> int:
        assert (0xA1, 1, 0, 0) == request[:4], "GET_PORT_STATUS of interface 0"
        request[4][0] = self.port_status
        return 1


@pytest.fixture
def inside() -> DeskPrinter:
    """The printer on the bus."""
    return DeskPrinter()


@pytest.fixture
def bus(inside: DeskPrinter) -> Bus:
    """The bus."""
    return Bus(inside)


@pytest.fixture
async def transport(bus: Bus) -> AsyncIterator[UsbTransport]:
    """The way to it."""
    way = UsbTransport(backend=bus)
    yield way
    await way.close()


async def test_printing(bus: Bus, inside: DeskPrinter, transport: UsbTransport) -> None:
    """The driver prints over USB, with answers; the printer is given back to the kernel after each job."""
    spool = Spool()
    printer = spool.printer(transport, timing=IMPATIENT)
    for _ in range(2):
        await printer.print_job(JOB, spool.on_started)
        assert bus.kernel_has_it
    assert 2 == len(inside.receipts)
    assert ["open", "claim", "release", "close"] * 2 == bus.calls


async def test_single_packets(bus: Bus, transport: UsbTransport) -> None:
    """So that after a time-out it is known what arrived: nothing is lost and nothing sent twice."""
    data = bytes(range(256)) * 40
    await transport.connect()
    bus.takes = False
    write = asyncio.create_task(transport.write(data))
    done, _ = await asyncio.wait({write}, timeout=0.05)
    assert not done
    bus.takes = True
    async with asyncio.timeout(HANG_S):
        await write
    await transport.drain()
    assert data == bytes(bus.received)
    assert PACKET == max(bus.packets)


async def test_which_printer(bus: Bus) -> None:
    """The first of its class, whatever else is plugged in; or the one that is named."""
    first = UsbTransport(backend=bus)
    await first.connect()
    await first.close()
    with pytest.raises(DeviceUnavailable, match="this device is no printer"):
        await UsbTransport("04b8:0200", backend=bus).connect()
    named = UsbTransport("04B8:0201", backend=bus)
    await named.connect()
    await named.close()
    with pytest.raises(DeviceUnavailable, match="USB printer 1234:5678: none found: plugged in"):
        await UsbTransport("1234:5678", backend=bus).connect()


async def test_no_permission(bus: Bus, transport: UsbTransport) -> None:
    """Unavailable, and what a technician can do about it."""
    bus.allowed = False
    with pytest.raises(DeviceUnavailable, match="add a udev rule"):
        await transport.connect()


async def test_no_libusb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unavailable, and what to install."""

    def no_backend(**_: object) -> None:
        raise usb.core.NoBackendError("No backend available")

    monkeypatch.setattr(usb.core, "find", no_backend)
    with pytest.raises(DeviceUnavailable, match=r"libusb is missing: apt install libusb-1\.0-0"):
        await UsbTransport().connect()


async def test_unplugged(bus: Bus, transport: UsbTransport) -> None:
    """Lost in whatever it does; giving it back does not fail; found again when it is back."""
    await transport.connect()
    bus.plugged = False
    with pytest.raises(DeviceLost, match="No such device"):
        await transport.write(b"x")
    with pytest.raises(DeviceLost):
        await transport.read(HANG_S)
    await transport.close()
    with pytest.raises(DeviceUnavailable, match="none found"):
        await transport.connect()
    bus.plugged = True
    await transport.connect()
    await transport.write(b"x")


async def test_unplugged_in_the_middle_of_a_job(bus: Bus, inside: DeskPrinter, transport: UsbTransport) -> None:
    """Waiting for paper when the cable comes out: broken."""
    spool = Spool()
    printer = spool.printer(transport, timing=IMPATIENT)
    inside.paper_out(after_lines=1)
    job = asyncio.create_task(printer.print_job(JOB * 2, spool.on_started))
    await until(lambda: printer.state.detail == "out of paper: put in a new roll")
    bus.plugged = False
    with pytest.raises(PrintBroken):
        await job


async def test_nothing_to_read(transport: UsbTransport) -> None:
    """Is nothing, in time."""
    await transport.connect()
    assert b"" == await transport.read(0.01)


async def test_the_paper_line(bus: Bus, transport: UsbTransport) -> None:
    """Of the printer class: believed when it says that the paper is out."""
    await transport.connect()
    assert await transport.line_status() is None
    bus.port_status = 0x38
    assert LineStatus(paper_out=True) == await transport.line_status()


async def test_dropped_under_a_call(bus: Bus, transport: UsbTransport) -> None:
    """The handle is given back after the call that uses it, and never under it."""
    await transport.connect()
    bus.takes = False
    write = asyncio.create_task(transport.write(b"x"))
    await asyncio.wait({write}, timeout=0.02)
    transport.abort()
    with pytest.raises(DeviceLost, match="not open"):
        await write
    await until(lambda: bus.calls[-1] == "close")
    assert ["open", "claim", "release", "close"] == bus.calls


def test_addresses() -> None:
    """Four hexadecimal digits each."""
    for wrong in ("/dev/usb/lp0", "04b8", "4b8:202", "04b8:0202:1"):
        with pytest.raises(ValueError, match="vendor:product"):
            UsbTransport(wrong)
