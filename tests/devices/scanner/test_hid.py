"""The keyboard scanner, fed with events of the kernel through a pipe that stands for the device file."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.scanner.abstract import Grab
from devices.scanner.hid import GrabDevice, HidScanner, grab_device
from devices.state import Health
from tests.devices.scanner.keyboard import (
    ENTER,
    KEY,
    KEYPAD_ENTER,
    LAMP,
    PLAIN,
    REPEATED,
    SHIFT,
    SYNCHRONIZATION,
    TAB,
    event,
    events,
    strokes_of,
    tap,
    typed,
)
from tests.devices.scanner.support import HANG_S, QUICK, DeviceFile, Till, eventually, running

WECHAT = "134567890123456789"
ALIPAY = "280000000000000042"
GOODS = "6901234567892"


class Kernel:
    """Who has the device: stands for the ioctl that takes it."""

    def __init__(self) -> None:
        self.calls: list[bool] = []
        self.threads: set[int] = set()
        self.error: OSError | None = None

    def grab(self, fd: int, grabbed: bool) -> None:
        """Take it or give it back."""
        os.fstat(fd)
        if self.error is not None:
            raise self.error
        self.calls.append(grabbed)
        self.threads.add(threading.get_ident())


@pytest.fixture
def gun(tmp_path: Path) -> Iterator[DeviceFile]:
    """A scanner that is plugged in."""
    file = DeviceFile(tmp_path / "event-kbd")
    yield file
    file.unplug()


@pytest.fixture
def till() -> Till:
    """Takes scans and states."""
    return Till()


@pytest.fixture
def kernel() -> Kernel:
    """Takes grabs."""
    return Kernel()


def scanner_on(gun: DeviceFile, till: Till, grab_with: GrabDevice, grab: Grab = "always") -> HidScanner:
    """The driver on that device."""
    return HidScanner("gun", gun.path, till.on_scan, till.on_state, grab=grab, backoff=QUICK, grab_device=grab_with)


@pytest.mark.parametrize("end", [ENTER, KEYPAD_ENTER, TAB, None])
async def test_a_code_is_a_scan(gun: DeviceFile, till: Till, kernel: Kernel, end: int | None) -> None:
    """With each end, and with none; capitals with shift; one scan each."""
    async with running(scanner_on(gun, till, kernel.grab)):
        await till.until_healths(Health.READY)
        gun.send(typed(WECHAT, end))
        await till.until_scans(1)
        gun.send(typed("Ab-280/X", end))
        await till.until_scans(2)
    assert [WECHAT, "Ab-280/X"] == till.texts
    assert {"gun"} == {scan.scanner for scan in till.scans}
    assert [True] == kernel.calls


@given(cuts=st.lists(st.integers(0, 3000), max_size=20))
def test_any_chunking_of_events_gives_the_same_codes(cuts: list[int]) -> None:
    """Events cut in the middle are put together again."""
    data = typed("Code-1") + typed("0002", TAB)
    places = sorted({cut % len(data) for cut in cuts} | {0, len(data)})
    till = Till()

    async def feed() -> None:
        scanner = HidScanner("gun", "/nonexistent", till.on_scan, till.on_state)
        for begin, end in itertools.pairwise(places):
            scanner._received(data[begin:end])
        scanner._reader.stop()

    asyncio.run(feed())
    assert ["Code-1", "0002"] == till.texts


async def test_repeats_lamps_and_other_events_are_no_keys(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """A key held down is one character; a lamp that goes on turns letters, as on every keyboard."""
    async with running(scanner_on(gun, till, kernel.grab)):
        await till.until_healths(Health.READY)
        repeated = event(KEY, PLAIN["7"], 1) + 20 * event(KEY, PLAIN["7"], REPEATED) + event(KEY, PLAIN["7"], 0)
        gun.send(repeated + event(LAMP, 1, 1) + event(2, 0, 5) + typed("a1"))
        gun.send(event(LAMP, 1, 0) + event(LAMP, 0, 1) + typed("b2"))
        await till.until_scans(2)
    assert ["7A1", "b2"] == till.texts


async def test_lost_events_spoil_the_code_they_were_in(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """What the kernel dropped may have been a digit, or that shift went up: that code is no code, the next one is."""
    async with running(scanner_on(gun, till, kernel.grab)):
        await till.until_healths(Health.READY)
        gun.send(
            events([(SHIFT, 1)]) + typed("134567", None) + event(SYNCHRONIZATION, 3, 0) + typed("89") + typed(GOODS)
        )
        await till.until_scans(1)
    assert [GOODS] == till.texts


async def test_unplug_and_replug_are_told_once_each(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """A half code, half an event and a held shift do not outlive the unplug; the new device is grabbed again."""
    async with running(scanner_on(gun, till, kernel.grab)) as task:
        await till.until_healths(Health.READY)
        gun.send(typed(ALIPAY))
        gun.send(events([(SHIFT, 1)]) + typed("13", None)[:-7])
        await till.until_scans(1)
        gun.unplug()
        await till.until_healths(Health.READY, Health.LOST)
        gun.plug()
        await till.until_healths(Health.READY, Health.LOST, Health.READY)
        gun.send(typed(WECHAT))
        await till.until(lambda: WECHAT in till.texts)
        assert not task.done()
    assert [ALIPAY, WECHAT] == till.texts
    assert "unplugged" in till.states[1].detail
    assert [True, True] == kernel.calls


async def test_while_not_armed_a_shared_scanner_is_the_tills(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """It is grabbed only while armed; what it types before and after is not ours, nor a code begun before."""
    scanner = scanner_on(gun, till, kernel.grab, "armed")
    async with running(scanner):
        await till.until_healths(Health.READY)
        assert [True, False] == kernel.calls, "tried, and given back"
        gun.send(typed(WECHAT) + typed(GOODS[:6], None))
        await eventually(lambda: scanner._reader._framer.silent_at is not None)
        scanner.arm()
        await eventually(lambda: kernel.calls == [True, False, True])
        gun.send(typed(GOODS[6:]) + typed(ALIPAY))
        await till.until_scans(1)
        scanner.disarm()
        await eventually(lambda: kernel.calls == [True, False, True, False])
        gun.send(typed("between"))
        scanner.arm()
        gun.send(typed(WECHAT))
        await till.until_scans(2)
    assert [ALIPAY, WECHAT] == till.texts
    assert threading.get_ident() not in kernel.threads, "the kernel may wait: not in the loop"


async def test_a_scanner_is_not_grabbed_while_a_key_is_down(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """The till would never see the key go up, and repeat it for ever: the grab waits for it."""
    scanner = scanner_on(gun, till, kernel.grab, "armed")
    async with running(scanner):
        await till.until_healths(Health.READY)
        gun.send(events([(PLAIN["a"], 1)]))
        await eventually(lambda: not scanner._keys.still)
        scanner.arm()
        await asyncio.sleep(0)
        assert [True, False] == kernel.calls
        gun.send(events([(PLAIN["a"], 0)]))
        await eventually(lambda: kernel.calls == [True, False, True])


async def test_arming_and_disarming_fast_ends_as_wanted(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """However fast they follow each other; armed while it is unplugged it is grabbed when it comes back."""
    scanner = scanner_on(gun, till, kernel.grab, "armed")
    scanner.arm()
    async with running(scanner):
        await till.until_healths(Health.READY)
        await eventually(lambda: kernel.calls == [True, False, True])
        for _ in range(5):
            scanner.disarm()
            scanner.arm()
        scanner.disarm()
        await eventually(lambda: len(kernel.calls) == 14)
        assert not kernel.calls[-1]
        gun.unplug()
        await till.until(lambda: till.healths[-1] is Health.LOST)
        scanner.arm()
        gun.plug()
        await till.until(lambda: till.healths[-1] is Health.READY)
        await eventually(lambda: kernel.calls[-3:] == [True, False, True])


async def test_a_grab_that_fails_later_opens_the_device_anew(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """Another program took it: lost, with the reason; back when it is free."""
    scanner = scanner_on(gun, till, kernel.grab, "armed")
    async with running(scanner):
        await till.until_healths(Health.READY)
        kernel.error = OSError(errno.EBUSY, "busy")
        scanner.arm()
        await till.until_healths(Health.READY, Health.LOST)
        assert "grabbed" in till.states[1].detail
        kernel.error = None
        await till.until_healths(Health.READY, Health.LOST, Health.READY)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EBUSY, "in use by another program"),
        (errno.EACCES, "group input"),
        (errno.ENOTTY, "look at the path"),
        (errno.ENODEV, "plug the scanner in"),
    ],
)
async def test_what_cannot_be_grabbed_says_what_to_do(
    gun: DeviceFile, till: Till, kernel: Kernel, number: int, hint: str
) -> None:
    """Each cause in words; nothing of what it types is taken, for the till gets it too."""
    kernel.error = OSError(number, "no")
    async with running(scanner_on(gun, till, kernel.grab)):
        await till.until_healths(Health.LOST)
        gun.send(typed(WECHAT))
        await asyncio.sleep(0.02)
    assert hint in till.states[0].detail
    assert [] == till.scans


async def test_a_pipe_is_no_input_device(gun: DeviceFile, till: Till) -> None:
    """The real ioctl refuses what is none: the driver does not read on as if nothing were."""
    async with running(scanner_on(gun, till, grab_device)):
        await till.until_healths(Health.LOST)
    assert "ENOTTY" in till.states[0].detail


async def test_a_file_cannot_be_waited_for(tmp_path: Path, till: Till, kernel: Kernel) -> None:
    """A regular file is an error to read, and is closed again."""
    path = tmp_path / "file"
    path.write_bytes(typed(WECHAT))
    async with running(HidScanner("gun", path, till.on_scan, till.on_state, backoff=QUICK, grab_device=kernel.grab)):
        await till.until_healths(Health.LOST)
    assert [] == till.scans


async def test_taking_the_device_does_not_block_the_loop(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """The kernel waits here until the loop lets it: were it called by the loop, this would hang."""
    may_grab = threading.Event()

    def slow_grab(fd: int, grabbed: bool) -> None:
        assert may_grab.wait(HANG_S)
        kernel.grab(fd, grabbed)

    scanner = scanner_on(gun, till, slow_grab, "armed")
    async with running(scanner):
        asyncio.get_running_loop().call_later(0.02, may_grab.set)
        await till.until_healths(Health.READY)
        may_grab.clear()
        scanner.arm()
        gun.send(typed(WECHAT))
        await till.until_scans(1)
        may_grab.set()
    assert [True, False, True] == kernel.calls


async def test_held_keys_do_not_end_a_slow_code(gun: DeviceFile, till: Till, kernel: Kernel) -> None:
    """Keys that go up count as signs of life: a code is not cut between two characters that type slowly."""
    scanner = scanner_on(gun, till, kernel.grab)
    async with running(scanner):
        await till.until_healths(Health.READY)
        gun.send(events(strokes_of("12", None)[:-1]))
        await eventually(lambda: scanner._reader._framer.silent_at is not None)
        before = scanner._reader._framer.silent_at
        gun.send(events([(PLAIN["2"], 0)]))
        await eventually(lambda: scanner._reader._framer.silent_at != before)
        gun.send(events(tap(ENTER)))
        await till.until_scans(1)
    assert "12" == till.texts[0]
