"""Testing devices and opening the drawer through the API: harmless, and honest about what is not there."""

from __future__ import annotations

import functools

import pytest

from devices.scanner.hid import HidScanner
from devices.scanner.hidraw import HidRawScanner
from tests.api.test_faces import bridge_of, with_face
from tests.api.test_scanners import state
from tests.api.till import Desk, Till
from tests.devices.scanner.support import DeviceFile
from tests.devices.scanner.test_hidpos import COUNTED


async def try_out(desk: Desk, name: str) -> tuple[int, str]:
    """Test a device: the status of the answer, and the device's state or the problem's code."""
    answer = await desk.post(f"/v1/devices/{name}/test")
    return answer.code if answer.status >= 400 else (answer.status, answer.json["state"])


@pytest.mark.parametrize("kind", ["hid", "hidraw"])
async def test_a_scanner_that_is_a_device_file(till: Till, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """202 with what is known of it; unplugged 503, and 202 again when it is back."""
    gun = DeviceFile(till.directory / "device")
    hid = functools.partial(HidScanner, grab_device=lambda *_: None)
    monkeypatch.setattr("devices.scanner.hid.HidScanner", hid)
    monkeypatch.setattr(
        "devices.scanner.hidraw.HidRawScanner", functools.partial(HidRawScanner, read_descriptor=lambda _: COUNTED)
    )
    till.sections["[[scanners]]"] = {"name": "gun", "type": kind, "device": str(gun.path)}
    async with till.serving() as desk:
        await state(desk, "gun", "ready")
        assert (202, "ready") == await try_out(desk, "gun")
        gun.unplug()
        await state(desk, "gun", "lost")
        assert (503, "device_unavailable") == await try_out(desk, "gun")
        gun.plug()
        await state(desk, "gun", "ready")
        assert (202, "ready") == await try_out(desk, "gun")
    gun.unplug()


async def test_a_bridge(till: Till) -> None:
    """503 until one is connected; then 202, and no face is asked for."""
    async with with_face(till).serving() as desk:
        assert (503, "device_unavailable") == await try_out(desk, "face")
        async with bridge_of(till) as bridge:
            await state(desk, "face", "ready")
            assert (202, "ready") == await try_out(desk, "face")
            assert [] == bridge.methods()


async def test_a_printer(desk: Desk) -> None:
    """The slip says that it is no receipt; without paper it waits for it, and the state says why."""
    assert (202, "ready") == await try_out(desk, "printer")
    [slip] = await desk.till.printer.wait_receipts(1)
    assert "not a receipt" in slip.text
    desk.till.printer.paper_out()
    await state(desk, "printer", "fault")
    assert (202, "fault") == await try_out(desk, "printer")
    assert 1 == len(desk.till.printer.receipts)
    desk.till.printer.paper_in()
    await desk.till.printer.wait_receipts(2)


async def test_a_drawer_without_its_printer(till: Till) -> None:
    """503: it hangs on the printer. A test and a payment do not open it."""
    till.sections["[printer]"]["drawer"] = True
    async with till.serving() as desk:
        await desk.paid()
        assert 202 == (await desk.post("/v1/devices/printer/test")).status
        await till.printer.wait_receipts(2)
        assert 0 == till.printer.drawer_kicks
        till.printer.power_off()
        assert (503, "device_unavailable") == (await desk.post("/v1/drawer/open")).code
        await till.printer.power_on()
        assert 202 == (await desk.post("/v1/drawer/open")).status
        assert 1 == till.printer.drawer_kicks
