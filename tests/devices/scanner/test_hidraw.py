"""The HID-POS scanner, fed with reports through a pipe that stands for the device file."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.scanner.hidraw import HidRawScanner, ReadDescriptor, read_descriptor
from devices.state import Health
from tests.devices.scanner.support import QUICK, DeviceFile, Till, eventually, running
from tests.devices.scanner.test_hidpos import COUNTED, PLAIN, counted

WECHAT = "134567890123456789"
GOODS = "6901234567892"


@pytest.fixture
def gun(tmp_path: Path) -> Iterator[DeviceFile]:
    """A scanner that is plugged in."""
    file = DeviceFile(tmp_path / "hidraw0")
    yield file
    file.unplug()


@pytest.fixture
def till() -> Till:
    """Takes scans and states."""
    return Till()


def scanner_on(gun: DeviceFile, till: Till, descriptor: bytes | ReadDescriptor = COUNTED) -> HidRawScanner:
    """The driver on that device, which describes its reports like this."""
    read = (lambda _: descriptor) if isinstance(descriptor, bytes) else descriptor
    return HidRawScanner("gun", gun.path, till.on_scan, till.on_state, backoff=QUICK, read_descriptor=read)


async def test_a_code_is_a_scan(gun: DeviceFile, till: Till) -> None:
    """With its symbology; the end the scanner is set to is no part of it; a repeat is not another scan."""
    async with running(scanner_on(gun, till)):
        await till.until_healths(Health.READY)
        gun.send(counted(WECHAT.encode()))
        gun.send(counted(WECHAT.encode()))
        gun.send(counted(f"{GOODS}\r\n".encode(), symbology=b"]E0"))
        await till.until_scans(2)
    assert [(WECHAT, "]Q3", "gun"), (GOODS, "]E0", "gun")] == [(s.text, s.symbology, s.scanner) for s in till.scans]


async def test_another_maker_another_layout(gun: DeviceFile, till: Till) -> None:
    """Where the bytes are comes from the descriptor alone; the AIM identifier may be in the data."""
    async with running(scanner_on(gun, till, PLAIN)):
        await till.until_healths(Health.READY)
        gun.send(f"]E0{GOODS}".encode().ljust(61, b"\0"))
        await till.until_scans(1)
    assert [(GOODS, "]E0")] == [(scan.text, scan.symbology) for scan in till.scans]


async def test_a_long_code_comes_in_many_reports(gun: DeviceFile, till: Till) -> None:
    """It is one scan, also where a character is cut in two, and it began with its first report."""
    text = "发票" + "0123456789" * 20
    data = text.encode()
    parts = [data[place : place + 55] for place in range(0, len(data), 55)]
    async with running(scanner_on(gun, till)):
        await till.until_healths(Health.READY)
        for part in parts:
            gun.send(counted(part, continued=part is not parts[-1]))
        await till.until_scans(1)
    assert [text] == till.texts


async def test_arming_reads_first_what_lies_there(gun: DeviceFile, till: Till) -> None:
    """All of it, a report a read."""
    scanner = scanner_on(gun, till)
    async with running(scanner):
        await till.until_healths(Health.READY)
        for text in (WECHAT, GOODS, "0001"):
            gun.send(counted(text.encode()))
        scanner.arm()
        assert [WECHAT, GOODS, "0001"] == till.texts


async def test_the_rest_of_a_code_is_no_code(gun: DeviceFile, till: Till) -> None:
    """Reports that follow the opening at once may continue what was sent to nobody."""
    gun.send(counted(b"567890123456789"))
    async with running(scanner_on(gun, till)):
        await till.until_healths(Health.READY)
        gun.send(counted(WECHAT.encode()))
        await till.until_scans(1)
    assert [WECHAT] == till.texts


async def test_garbage_is_never_handed_on_and_is_told(gun: DeviceFile, till: Till) -> None:
    """Broken text, short reports: no scan, a hint in the state; other reports are no business of ours."""
    scanner = scanner_on(gun, till)
    async with running(scanner):
        await till.until_healths(Health.READY)
        for report in (counted(b"\xff\xfe"), counted(b"13\x0045"), b"\x02\x05]Q3"):
            gun.send(report)
        await eventually(lambda: "settings" in scanner.state.detail)
        gun.send(b"\x04" + bytes(63))
        gun.send(counted(GOODS.encode()))
        await till.until_scans(1)
        assert "" == scanner.state.detail
    assert [GOODS] == till.texts
    assert [Health.READY] == till.healths


async def test_unplug_and_replug_are_told_once_each(gun: DeviceFile, till: Till) -> None:
    """Half a code does not outlive the unplug."""
    async with running(scanner_on(gun, till)):
        await till.until_healths(Health.READY)
        gun.send(counted(b"999999", continued=True))
        await asyncio.sleep(0)
        gun.unplug()
        await till.until_healths(Health.READY, Health.LOST)
        gun.plug()
        await till.until_healths(Health.READY, Health.LOST, Health.READY)
        gun.send(counted(WECHAT.encode()))
        await till.until_scans(1)
    assert [WECHAT] == till.texts


async def test_a_scanner_in_another_mode_is_a_fault(gun: DeviceFile, till: Till) -> None:
    """A person has to scan the maker's setting; the driver does not guess where a code might be."""
    async with running(scanner_on(gun, till, bytes.fromhex("0501 0906 a101 c0"))):
        await till.until_healths(Health.FAULT)
        gun.send(counted(WECHAT.encode()))
        await asyncio.sleep(0.02)
    assert "HID-POS" in till.states[0].detail
    assert [] == till.scans


async def test_a_pipe_is_no_hidraw_device(gun: DeviceFile, till: Till) -> None:
    """The real ioctl refuses what is none."""
    async with running(scanner_on(gun, till, read_descriptor)):
        await till.until_healths(Health.LOST)
    assert "ENOTTY" in till.states[0].detail


async def test_without_permission_it_says_what_to_do(gun: DeviceFile, till: Till) -> None:
    """Debian gives hidraw to root alone: no group helps, a udev rule does."""

    def refuse(fd: int) -> bytes:
        raise PermissionError(errno.EACCES, f"no reading of {fd}")

    async with running(scanner_on(gun, till, refuse)):
        await till.until_healths(Health.LOST)
    assert "udev rule" in till.states[0].detail
    assert "group input" not in till.states[0].detail
