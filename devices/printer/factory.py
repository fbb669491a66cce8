"""From the settings of a printer to the printer. Only what its type needs is imported: the start must be quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.printer.driver import Printer, Timing
from devices.printer.profile import Profile
from devices.state import DeviceState
from devices.transport.base import ByteTransport

RAW_PORT = 9100
"""Where printers listen for raw data."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where a printer is. `type` decides which of the others count; names as in the configuration."""

    type: str
    """tcp | serial | usb | device | cups | file | none"""
    host: str = ""
    """tcp"""
    port: str | int = RAW_PORT
    """tcp: a number; serial: a path"""
    baudrate: int = 9600
    """serial"""
    device: str = ""
    """device: a path; usb: `vendor:product`, or empty for the first printer"""
    path: str = ""
    """file"""
    queue: str = ""
    """cups"""


def make_printer(
    name: str,
    wiring: Wiring,
    profile: Profile,
    *,
    on_state: Callable[[DeviceState], None] = lambda _: None,
    timing: Timing | None = None,
) -> Printer | None:
    """The printer, or None for `type = "none"`. Opens nothing yet. Raises ValueError for wiring that cannot be."""
    transport = make_transport(wiring)
    if transport is None:
        return None
    return Printer(name, wiring.type, transport, profile, on_state=on_state, timing=timing)


def make_transport(wiring: Wiring) -> ByteTransport | None:
    """The way to the printer; None for `none`. Raises ValueError with the setting that is missing or wrong."""
    match wiring.type:
        case "none":
            return None
        case "tcp":
            from devices.transport.tcp import TcpTransport

            return TcpTransport(_needed(wiring.host, "host"), int(wiring.port))
        case "serial":
            from devices.transport.serial import SerialTransport

            return SerialTransport(_needed(wiring.port, "port"), wiring.baudrate)
        case "device":
            from devices.transport.device_file import DeviceFileTransport

            return DeviceFileTransport(_needed(wiring.device, "device"))
        case "usb":
            from devices.transport.usb import UsbTransport

            return UsbTransport(wiring.device)
        case "cups":
            from devices.transport.cups import CupsTransport

            return CupsTransport(_needed(wiring.queue, "queue"))
        case "file":
            from devices.transport.file import FileTransport

            return FileTransport(_needed(wiring.path, "path"))
        case other:
            raise ValueError(f"no such type of printer: {other!r}")


def _needed(value: str | int, setting: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{setting} is missing")
    return value
