"""From the configuration to a scanner."""

from __future__ import annotations

import pytest

from devices.scanner.factory import SCANNER_TYPES, make_scanner
from devices.state import DeviceState, Health
from tests.devices.scanner.support import Till


@pytest.mark.parametrize("kind", SCANNER_TYPES)
async def test_each_type_makes_its_scanner(kind: str) -> None:
    """Under its name and type, not opened yet, nothing reported."""
    till = Till()
    scanner = make_scanner(kind, "front", "/dev/nonexistent", till.on_scan, till.on_state)
    assert DeviceState("front", kind, Health.LOST, "not opened yet") == scanner.state
    assert (kind, "front", False) == (scanner.type, scanner.name, scanner.tried.is_set())
    assert [] == till.states


async def test_another_type_is_refused() -> None:
    """With the name of the scanner and the types there are."""
    till = Till()
    with pytest.raises(ValueError, match=r"'front'.*serial, hid, hidraw, not 'usb'"):
        make_scanner("usb", "front", "/dev/nonexistent", till.on_scan, till.on_state)
