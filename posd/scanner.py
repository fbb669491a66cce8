"""From the configuration to a scanner."""

from __future__ import annotations

from devices.scanner.abstract import ScanCallback, Scanner, StateCallback
from devices.scanner.factory import make_scanner
from devices.scanner.framing import Framing
from posd.config import sections


def scanner_of(section: sections.Scanner, on_scan: ScanCallback, on_state: StateCallback) -> Scanner:
    """The configured scanner. Opens nothing; ``run`` does."""
    path = section.port if section.type == "serial" else section.device
    return make_scanner(
        section.type,
        section.name,
        path or "",
        on_scan,
        on_state,
        baudrate=section.baudrate,
        grab=section.grab,
        framing=Framing(prefix=section.prefix, suffix=section.suffix),
    )
