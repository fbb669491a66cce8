"""From the configuration to the printer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from devices.printer.profile import Profile
from devices.state import DeviceState
from posd.config import sections

if TYPE_CHECKING:
    from devices.printer.driver import Printer


def printer_of(section: sections.Printer, on_state: Callable[[DeviceState], None]) -> Printer | None:
    """The configured printer, or None for ``type = "none"``. Opens nothing; raises ValueError for impossible wiring."""
    if section.type == "none":
        # A till without a printer does not wait for a driver to be loaded.
        return None
    from devices.printer.factory import RAW_PORT, Wiring, make_printer

    wiring = Wiring(
        type=section.type,
        host=section.host or "",
        port=RAW_PORT if section.port is None else section.port,
        baudrate=section.baudrate,
        device=section.device or "",
        path=section.path or "",
        queue=section.queue or "",
    )
    return make_printer(section.name, wiring, Profile(section.paper, section.encoding), on_state=on_state)
