"""From settings to printers, and a slip to see whether they fit."""

from __future__ import annotations

import pytest

from devices.printer import escpos, slip
from devices.printer.factory import Wiring, make_printer, make_transport
from devices.printer.profile import Profile
from devices.transport.cups import CupsTransport
from devices.transport.device_file import DeviceFileTransport
from devices.transport.file import FileTransport
from devices.transport.serial import SerialTransport
from devices.transport.tcp import TcpTransport
from devices.transport.usb import UsbTransport
from tests.devices.printer.support import lines_of, read_back


@pytest.mark.parametrize(
    ("wiring", "kind", "where"),
    [
        (Wiring("tcp", host="192.0.2.1"), TcpTransport, "192.0.2.1:9100"),
        (Wiring("tcp", host="printer.example", port=9101), TcpTransport, "printer.example:9101"),
        (Wiring("serial", port="/dev/ttyS0", baudrate=19200), SerialTransport, "/dev/ttyS0"),
        (Wiring("device", device="/dev/usb/lp0"), DeviceFileTransport, "/dev/usb/lp0"),
        (Wiring("usb"), UsbTransport, "USB printer"),
        (Wiring("usb", device="04b8:0202"), UsbTransport, "USB printer 04b8:0202"),
        (Wiring("cups", queue="till"), CupsTransport, "CUPS queue till"),
        (Wiring("file", path="/tmp/receipts.bin"), FileTransport, "/tmp/receipts.bin"),
    ],
)
def test_wiring(wiring: Wiring, kind: type, where: str) -> None:
    """Each type gets its transport and is named as it was configured; nothing is opened."""
    transport = make_transport(wiring)
    assert transport is not None
    assert (kind, where) == (type(transport), transport.where)
    printer = make_printer("front", wiring, Profile(80))
    assert printer is not None
    assert ("front", wiring.type) == (printer.state.name, printer.state.type)


def test_no_printer() -> None:
    """`none` is none."""
    assert make_printer("printer", Wiring("none"), Profile()) is None


@pytest.mark.parametrize(
    ("wiring", "message"),
    [
        (Wiring("tcp"), "host is missing"),
        (Wiring("serial"), "port is missing"),
        (Wiring("device"), "device is missing"),
        (Wiring("cups"), "queue is missing"),
        (Wiring("file"), "path is missing"),
        (Wiring("usb", device="/dev/usb/lp0"), "vendor:product"),
        (Wiring("lpt"), "no such type of printer: 'lpt'"),
    ],
)
def test_wiring_that_cannot_be(wiring: Wiring, message: str) -> None:
    """Is refused with the name of the setting."""
    with pytest.raises(ValueError, match=message):
        make_printer("printer", wiring, Profile())


@pytest.mark.parametrize("profile", [Profile(58), Profile(80, "gbk")])
def test_trial_slip(profile: Profile) -> None:
    """Shows the settings, fills the paper from edge to edge, cuts, kicks nothing, and is no receipt."""
    (paper,) = read_back(escpos.encode(slip.trial_slip("front", profile), profile))
    lines = lines_of(paper)
    assert ([], True, 0) == (paper.unknown, paper.cut, paper.drawer_kicks)
    assert 2 <= sum(line.columns == profile.columns and line.text.strip("- ") == line.text for line in lines)
    text = "\n".join(line.text for line in lines)
    assert "front" in text
    assert f"{profile.paper_mm} mm" in text
    assert "not a receipt" in text
