"""The serial scanner on a real pseudo terminal."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from devices.reconnect import Backoff
from devices.scanner.framing import Framing
from devices.scanner.serial import SerialScanner, _InputPort
from devices.scanner.simulator import VirtualScanner
from devices.state import Health
from tests.devices.scanner.support import HANG_S, QUICK, Till, eventually, running

WECHAT = "134567890123456789"
ALIPAY = "280000000000000042"


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[VirtualScanner]:
    """A virtual scanner that is plugged in."""
    with VirtualScanner(tmp_path / "by-id" / "scanner") as scanner:
        yield scanner


@pytest.fixture
def till() -> Till:
    """Takes scans and states."""
    return Till()


def can_be_opened(port: Path) -> bool:
    """Whether nobody else has it."""
    try:
        serial.Serial(str(port), exclusive=True).close()
    except serial.SerialException:
        return False
    return True


def wait_without_the_loop(scanner: SerialScanner, count: int) -> None:
    """Wait until so many bytes lie in the port, while the loop does nothing."""
    ends_at = time.monotonic() + HANG_S
    while scanner._port is not None and scanner._port.in_waiting < count and time.monotonic() < ends_at:
        time.sleep(0.001)


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def scanner_on(cable: VirtualScanner, till: Till, *, framing: Framing | None = None) -> SerialScanner:
    """The driver on that cable."""
    return SerialScanner("front", cable.link, till.on_scan, till.on_state, framing=framing, backoff=QUICK)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\t", ""])
async def test_a_code_is_a_scan(cable: VirtualScanner, till: Till, end: str) -> None:
    """With each end, and with none: one scan for each code, in order, under the scanner's name."""
    async with running(scanner_on(cable, till)):
        await till.until_healths(Health.READY)
        cable.scan(WECHAT, end)
        await till.until_scans(1)
        cable.scan("0012345", end)
        await till.until_scans(2)
    assert [WECHAT, "0012345"] == till.texts
    assert {"front"} == {scan.scanner for scan in till.scans}
    assert all(scan.began_at <= scan.at for scan in till.scans)


async def test_what_was_sent_before_the_port_was_open_is_no_scan(cable: VirtualScanner, till: Till) -> None:
    """A code that lies in the buffer of the terminal was scanned for nobody; neither is it glued to the next."""
    cable.scan(WECHAT)
    cable.scan(ALIPAY, end="")
    async with running(scanner_on(cable, till)):
        await till.until_healths(Health.READY)
        cable.scan("6901234567892")
        await till.until_scans(1)
    assert ["6901234567892"] == till.texts


async def test_arming_reads_first_what_lies_there(cable: VirtualScanner, till: Till) -> None:
    """A code that came before arming is handed on before it, though the loop had no time; half a one began before."""
    scanner = scanner_on(cable, till)
    scanner.arm()
    async with running(scanner):
        await till.until_healths(Health.READY)
        cable.scan(WECHAT)
        cable.scan("690123", end="")
        wait_without_the_loop(scanner, len(f"{WECHAT}\r690123"))
        scanner.arm()
        armed_at = asyncio.get_running_loop().time()
        assert [WECHAT] == till.texts
        cable.scan("4567892")
        await till.until_scans(2)
        cable.scan(ALIPAY)
        await till.until_scans(3)
        scanner.disarm()
    assert [True, True, False] == [scan.began_at < armed_at for scan in till.scans]


async def test_unplug_and_replug_are_told_once_each(cable: VirtualScanner, till: Till) -> None:
    """Lost once, back once, under the same link; a half code is dropped at the unplug, and the new port works."""
    async with running(scanner_on(cable, till)) as task:
        await till.until_healths(Health.READY)
        cable.scan(WECHAT[:9], end="")
        await asyncio.sleep(0)
        cable.unplug()
        await till.until_healths(Health.READY, Health.LOST)
        await asyncio.sleep(0.1)
        cable.plug()
        await till.until_healths(Health.READY, Health.LOST, Health.READY)
        cable.scan(ALIPAY)
        await till.until(lambda: ALIPAY in till.texts)
        assert not task.done()
    assert [ALIPAY] == [text for text in till.texts if text != WECHAT[:9]]
    assert "unplugged" in till.states[1].detail
    assert [Health.READY, Health.LOST, Health.READY] == till.healths


async def test_half_a_code_is_not_ended_by_the_unplug(cable: VirtualScanner, till: Till) -> None:
    """With a silence that never comes: what was read before the unplug is not a scan, then or later."""
    async with running(scanner_on(cable, till, framing=Framing(silence_s=0.3))):
        await till.until_healths(Health.READY)
        cable.scan(WECHAT[:9], end="")
        cable.unplug()
        await till.until(lambda: till.healths[-1] is Health.LOST)
        cable.plug()
        await till.until(lambda: till.healths[-1] is Health.READY)
        cable.scan(WECHAT[9:])
        cable.scan(ALIPAY)
        await till.until_scans(2)
    assert [WECHAT[9:], ALIPAY] == till.texts


async def test_a_scanner_that_is_not_there_is_lost_until_it_is(tmp_path: Path, till: Till) -> None:
    """Missing at the start: lost, once, with what to do; plugged in later it is back."""
    cable = VirtualScanner(tmp_path / "scanner")
    cable.unplug()
    scanner = scanner_on(cable, till)
    assert Health.LOST is scanner.state.health
    assert not scanner.tried.is_set()
    async with running(scanner):
        await till.until_healths(Health.LOST)
        assert scanner.tried.is_set()
        assert "plug the scanner in" in scanner.state.detail
        await asyncio.sleep(0.1)
        with cable:
            cable.plug()
            await till.until_healths(Health.LOST, Health.READY)
            cable.scan(WECHAT)
            await till.until_scans(1)
            assert "" == scanner.state.detail


async def test_garbage_is_never_handed_on_and_is_told(cable: VirtualScanner, till: Till) -> None:
    """A wrong baud rate: no scan, no loss, a hint in the state; good codes take it back."""
    scanner = scanner_on(cable, till)
    async with running(scanner):
        await till.until_healths(Health.READY)
        for _ in range(4):
            cable.send(b"\xf8\x00\x9e\xe0\x66\r")
        cable.send(b"\xfe\xff\r6901234567892\r")
        await till.until_scans(1)
        assert "" == scanner.state.detail
        for _ in range(4):
            cable.send(b"\xf8\x00\x9e\xe0\x66\r")
        await eventually(lambda: "baud rate" in scanner.state.detail)
    assert ["6901234567892"] == till.texts
    assert [Health.READY] == till.healths


async def test_endless_input_is_bounded_and_survived(cable: VirtualScanner, till: Till) -> None:
    """A hundred kilobytes without an end: no scan of any part of it, and the next code is read."""
    scanner = scanner_on(cable, till, framing=Framing(max_code_bytes=256))
    async with running(scanner):
        await till.until_healths(Health.READY)
        left = 100_000
        async with asyncio.timeout(HANG_S):
            while left > 0:
                left -= cable.send(b"7" * min(left, 1000))
                await asyncio.sleep(0)
        cable.send(b"\r")
        await eventually(lambda: scanner._reader._framer.garbage > 0)
        cable.scan(WECHAT)
        await till.until(lambda: WECHAT in till.texts)
    assert [Health.READY] == till.healths
    assert WECHAT == till.texts[-1]
    assert all(len(text) <= 256 for text in till.texts)


async def test_the_reason_is_that_of_the_latest_try(tmp_path: Path, till: Till) -> None:
    """Missing, then there and useless: still lost, which is told once, and its state says what to do now."""
    path = tmp_path / "scanner"
    scanner = SerialScanner("front", path, till.on_scan, till.on_state, backoff=QUICK)
    async with running(scanner):
        await till.until_healths(Health.LOST)
        assert "plug the scanner in" in scanner.state.detail
        path.write_text("")
        await eventually(lambda: "look at the path" in scanner.state.detail)
    assert [Health.LOST] == till.healths


async def test_a_second_program_does_not_get_the_port(cable: VirtualScanner, till: Till) -> None:
    """The port is ours alone; a second driver says what is wrong, and gets it when the first one is gone."""
    second = Till()
    async with running(scanner_on(cable, till)):
        await till.until_healths(Health.READY)
        async with running(scanner_on(cable, second)):
            await second.until_healths(Health.LOST)
            assert "in use by another program" in second.states[0].detail
    async with running(scanner_on(cable, second)):
        await second.until_healths(Health.LOST, Health.READY)


async def test_what_is_no_terminal_is_said(tmp_path: Path, till: Till) -> None:
    """A path that is something else is an error to read, not a crash."""
    path = tmp_path / "file"
    path.write_text("")
    async with running(SerialScanner("front", path, till.on_scan, till.on_state, backoff=QUICK)):
        await till.until_healths(Health.LOST)
    assert "look at the path" in till.states[0].detail


async def test_an_impossible_baud_rate_is_a_fault(cable: VirtualScanner, till: Till) -> None:
    """A person has to correct it: fault, not lost."""
    scanner = SerialScanner("front", cable.link, till.on_scan, till.on_state, baudrate=-1, backoff=QUICK)
    async with running(scanner):
        await till.until_healths(Health.FAULT)
    assert "-1 baud" in till.states[0].detail


async def test_opening_and_closing_do_not_block_the_loop(
    cable: VirtualScanner, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both wait for a bus here until the loop lets them: were they called by the loop, this would hang."""
    may_open, may_close = threading.Event(), threading.Event()
    really_open, really_release = _InputPort.open, _InputPort.release

    def slow_open(port: _InputPort) -> None:
        assert may_open.wait(HANG_S)
        really_open(port)

    def slow_release(port: _InputPort) -> None:
        assert may_close.wait(HANG_S)
        really_release(port)

    monkeypatch.setattr(_InputPort, "open", slow_open)
    monkeypatch.setattr(_InputPort, "release", slow_release)
    loop = asyncio.get_running_loop()
    async with running(scanner_on(cable, till)):
        loop.call_later(0.02, may_open.set)
        await till.until_healths(Health.READY)
        loop.call_later(0.02, may_close.set)
    assert may_close.is_set()


async def test_cancelled_while_it_opens_it_closes_what_it_gets(
    cable: VirtualScanner, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that opens after the driver was stopped is closed again: the next program gets it."""
    may_open, opening = threading.Event(), threading.Event()
    really_open = _InputPort.open

    def slow_open(port: _InputPort) -> None:
        opening.set()
        assert may_open.wait(HANG_S)
        really_open(port)

    monkeypatch.setattr(_InputPort, "open", slow_open)
    async with running(scanner_on(cable, till)):
        await eventually(opening.is_set)
    may_open.set()
    await eventually(lambda: can_be_opened(cable.link))
    assert [] == till.states


async def test_replugging_leaks_no_file(cable: VirtualScanner, till: Till) -> None:
    """Ten times out and in: as many open files as before."""
    async with running(scanner_on(cable, till)):
        await till.until_healths(Health.READY)
        before = open_files()
        for _ in range(10):
            cable.unplug()
            await till.until(lambda: till.healths[-1] is Health.LOST)
            cable.plug()
            await till.until(lambda: till.healths[-1] is Health.READY)
        assert before == open_files()
    assert [Health.READY] + 10 * [Health.LOST, Health.READY] == till.healths


async def test_nothing_is_logged_of_a_code(cable: VirtualScanner, till: Till, caplog: pytest.LogCaptureFixture) -> None:
    """Even with everything logged, and with a callback that fails, no log holds the code."""
    caplog.set_level(logging.DEBUG)
    loop = asyncio.get_running_loop()
    failures: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))

    def fail_once(scan: object) -> None:
        scanner._reader._on_scan = till.on_scan
        raise RuntimeError(f"cannot take {scan}")

    scanner = SerialScanner("front", cable.link, fail_once, till.on_state, backoff=QUICK)
    async with running(scanner):
        await till.until_healths(Health.READY)
        cable.scan(WECHAT)
        cable.scan(ALIPAY)
        await eventually(lambda: bool(failures))
        cable.scan("6901234567892")
        await eventually(lambda: "6901234567892" in till.texts)
    assert WECHAT not in caplog.text + repr(failures)
    assert "6901234567892" == till.texts[-1]


async def test_the_virtual_scanner_never_waits_for_its_reader(cable: VirtualScanner) -> None:
    """With nobody at the other end what does not fit is lost, as on a cable; unplugged it says so."""
    for _ in range(100):
        cable.send(b"x" * 1000)
    assert 0 == cable.send(b"x" * 1000)
    cable.unplug()
    with pytest.raises(RuntimeError, match="unplugged"):
        cable.scan(WECHAT)


def test_the_back_off_is_the_documented_one() -> None:
    """A quarter of a second, doubled up to five."""
    assert (0.25, 5.0) == (Backoff().first_s, Backoff().most_s)
