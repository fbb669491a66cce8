"""No device keeps the event loop for more than 20 ms, on its good days and on its worst; the watch says where."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from devices.errors import DeviceError
from devices.face.bridge import FaceBridge
from devices.face.protocol import MAX_LINE_BYTES
from devices.face.simulator import Behaviour, VirtualBridge
from devices.scanner.abstract import Scanner
from devices.scanner.framing import MAX_CODES_IN_REPEAT_TIME
from devices.scanner.hid import HidScanner
from devices.scanner.hidraw import HidRawScanner
from devices.scanner.serial import SerialScanner
from devices.scanner.simulator import VirtualScanner
from devices.state import Health
from tests.devices.face.support import WANTED, Watch, connected, listening, unix
from tests.devices.face.support import running as running_face
from tests.devices.scanner.keyboard import typed
from tests.devices.scanner.support import QUICK, DeviceFile, Till, eventually, running
from tests.devices.scanner.test_hidpos import COUNTED, counted
from tests.watchdog import assert_never_blocks

ENDLESS_BYTES = 100_000
FLOOD_CODES = MAX_CODES_IN_REPEAT_TIME - 1
"""More in two seconds no scanner reads: the rest would be dropped."""
WRONG_BAUD_RATE = bytes(range(128, 256))
SLOW_KERNEL_S = 0.05
"""Longer than the loop may be kept."""


def number(place: int) -> str:
    """A code for each place, no two alike."""
    return f"13{place:016d}"


async def live(make: Callable[[Till], Scanner], gun: DeviceFile, code: Callable[[str], bytes]) -> None:
    """What may happen to a scanner that is a device file: a flood of codes, arming in between, unplug, replug."""
    till = Till()
    scanner = make(till)
    async with running(scanner):
        await eventually(lambda: scanner.state.health is Health.READY)
        for place in range(FLOOD_CODES):
            gun.send(code(number(place)))
            scanner.arm() if place % 2 else scanner.disarm()
            await asyncio.sleep(0)
        await eventually(lambda: number(FLOOD_CODES - 1) in till.texts)
        gun.unplug()
        await eventually(lambda: scanner.state.health is Health.LOST)
        gun.plug()
        await eventually(lambda: scanner.state.health is Health.READY)


async def test_serial_scanner(tmp_path: Path) -> None:
    """Codes, input without an end, the garbage of a wrong baud rate, arming on top of it, unplug and replug."""
    with VirtualScanner(tmp_path / "scanner") as cable:

        async def a_day() -> None:
            till = Till()
            scanner = SerialScanner("front", cable.link, till.on_scan, till.on_state, backoff=QUICK)
            async with running(scanner):
                await eventually(lambda: scanner.state.health is Health.READY)
                for place in range(FLOOD_CODES):
                    cable.scan(number(place))
                    scanner.arm()
                    await asyncio.sleep(0)
                sent = 0
                while sent < ENDLESS_BYTES:
                    sent += cable.send(b"8" * 4096)
                    await asyncio.sleep(0)
                for _ in range(FLOOD_CODES):
                    cable.send(b"\r" + WRONG_BAUD_RATE + b"\r")
                    await asyncio.sleep(0)
                cable.scan("the next code")
                await eventually(lambda: "the next code" in till.texts)
                cable.unplug()
                await eventually(lambda: scanner.state.health is Health.LOST)
                cable.plug()
                await eventually(lambda: scanner.state.health is Health.READY)

        await assert_never_blocks(a_day)


async def test_keyboard_scanner(tmp_path: Path) -> None:
    """However often it is taken from the till and given back: the kernel is waited for in a thread."""
    gun = DeviceFile(tmp_path / "event-kbd")

    def slow_kernel(fd: int, grabbed: bool) -> None:
        os.fstat(fd)
        del grabbed
        time.sleep(SLOW_KERNEL_S)

    def make(till: Till) -> Scanner:
        return HidScanner("gun", gun.path, till.on_scan, till.on_state, backoff=QUICK, grab_device=slow_kernel)

    await assert_never_blocks(lambda: live(make, gun, typed))
    gun.unplug()


async def test_hid_pos_scanner(tmp_path: Path) -> None:
    """Reports as fast as they come; its descriptor is read in a thread, however long the device takes."""
    gun = DeviceFile(tmp_path / "hidraw0")

    def slow_descriptor(fd: int) -> bytes:
        os.fstat(fd)
        time.sleep(SLOW_KERNEL_S)
        return COUNTED

    def make(till: Till) -> Scanner:
        read = slow_descriptor
        return HidRawScanner("gun", gun.path, till.on_scan, till.on_state, backoff=QUICK, read_descriptor=read)

    await assert_never_blocks(lambda: live(make, gun, lambda text: counted(text.encode())))
    gun.unplug()


async def test_face_bridge(tmp_path: Path) -> None:
    """Faces, every error, a bridge that hangs until it is stopped and one that dies in the middle."""

    async def a_day() -> None:
        watch = Watch()
        async with listening(unix(tmp_path), watch) as bridge:
            virtual = VirtualBridge(bridge.address, script=[*Behaviour, Behaviour.OK], backoff=QUICK)
            async with running_face(virtual.run()):
                for behaviour in (*Behaviour, Behaviour.OK):
                    await eventually(lambda: bridge.connected)
                    with contextlib.suppress(DeviceError):
                        await take_a_face(bridge, give_up=behaviour is Behaviour.HANGS)
                await eventually(lambda: bridge.connected)
                assert len(Behaviour) + 1 == sum(asked.method == "face_code" for asked in virtual.asked)

    await assert_never_blocks(a_day)


async def take_a_face(bridge: FaceBridge, *, give_up: bool) -> None:
    """The sequence of a payment; the screen is told of its end whatever happens."""
    await bridge.rawdata()
    try:
        face = asyncio.create_task(bridge.face_code(WANTED))
        if give_up:
            await asyncio.sleep(0)
            await bridge.stop()
        await face
    finally:
        await eventually(lambda: bridge.connected)
        await bridge.result(WANTED.order_no, "ERROR")


async def test_face_bridge_that_says_too_much(tmp_path: Path) -> None:
    """A megabyte as an answer, two thousand messages nobody asked for, and a line without an end."""

    async def a_day() -> None:
        watch = Watch()
        async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
            await peer.hello()
            raw = asyncio.create_task(bridge.rawdata())
            heard = await peer.hear()
            await peer.say(id=heard["id"], result={"rawdata": "r" * (MAX_LINE_BYTES - 100)})
            assert MAX_LINE_BYTES - 100 == len(await raw)
            await peer.send(b'{"jsonrpc":"2.0","method":"noise"}\n' * 2000)
            await peer.send(b"x" * 2 * MAX_LINE_BYTES)
            await peer.until_closed()

    await assert_never_blocks(a_day)
