"""Makes a scanner from what its configuration says. Only what its type needs is imported: the start must be quick."""

from __future__ import annotations

from pathlib import Path

from devices.scanner.abstract import DEFAULT_BAUDRATE, Grab, ScanCallback, Scanner, StateCallback
from devices.scanner.framing import Framing

SCANNER_TYPES = ("serial", "hid", "hidraw")
"""The types a configuration may name."""


def make_scanner(
    kind: str,
    name: str,
    path: str | Path,
    on_scan: ScanCallback,
    on_state: StateCallback,
    *,
    baudrate: int = DEFAULT_BAUDRATE,
    grab: Grab = "always",
    framing: Framing | None = None,
) -> Scanner:
    """A scanner of type `kind` on the device file or link `path`; `baudrate` is for serial ones, `grab` for `hid`.

    Opens nothing; `run` does. Raises `ValueError` for another type.
    """
    match kind:
        case "serial":
            from devices.scanner.serial import SerialScanner

            return SerialScanner(name, path, on_scan, on_state, baudrate=baudrate, framing=framing)
        case "hid":
            from devices.scanner.hid import HidScanner

            return HidScanner(name, path, on_scan, on_state, grab=grab, framing=framing)
        case "hidraw":
            from devices.scanner.hidraw import HidRawScanner

            return HidRawScanner(name, path, on_scan, on_state, framing=framing)
        case _:
            raise ValueError(f"scanner {name!r}: the type is one of {', '.join(SCANNER_TYPES)}, not {kind!r}")
