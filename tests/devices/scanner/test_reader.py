"""The reader minds silences with the clock of the loop: a virtual one here."""

from __future__ import annotations

import asyncio

import pytest

from devices.scanner.framing import Framing
from devices.scanner.reader import CodeReader
from tests.devices.scanner.support import Till

pytestmark = pytest.mark.looptime


def reader_for(till: Till) -> CodeReader:
    """A reader that hands on to this till."""
    return CodeReader("front", Framing(), till.on_scan)


async def test_a_code_without_an_end_comes_after_50_ms() -> None:
    """Not before; and the time counts from the last byte."""
    till = Till()
    reader = reader_for(till)
    reader.feed(b"69012345")
    await asyncio.sleep(0.04)
    reader.feed(b"67892")
    await asyncio.sleep(0.04)
    assert [] == till.texts
    await asyncio.sleep(0.02)
    assert ["6901234567892"] == till.texts
    await asyncio.sleep(1)
    assert ["6901234567892"] == till.texts


async def test_nothing_counts_before_the_line_was_silent() -> None:
    """The rest of a code that was begun before the start is dropped; `start` is done when the line was silent."""
    till = Till()
    reader = reader_for(till)
    settled = reader.start()
    await asyncio.sleep(0.03)
    reader.feed(b"567890123456789")
    await asyncio.sleep(0.03)
    assert not settled.done()
    await settled
    reader.feed(b"134567890123456789\r")
    assert ["134567890123456789"] == till.texts


async def test_stop_drops_half_a_code() -> None:
    """A device that went away takes its half code with it: no silence ends it afterwards."""
    till = Till()
    reader = reader_for(till)
    reader.feed(b"134567890")
    reader.stop()
    await asyncio.sleep(1)
    assert [] == till.scans


async def test_a_process_that_stood_still_looks_again() -> None:
    """A timer that runs far too late gives the bytes that wait in the kernel another chance: the code stays whole."""
    till = Till()
    reader = reader_for(till)
    reader.feed(b"1345678")
    reader._silence(asyncio.get_running_loop().time() - 0.5)
    reader.feed(b"90123456789\r")
    await asyncio.sleep(1)
    assert ["134567890123456789"] == till.texts


async def test_a_stall_only_delays_a_code_without_an_end() -> None:
    """After the second look the silence counts."""
    till = Till()
    reader = reader_for(till)
    reader.feed(b"6901234567892")
    reader._silence(asyncio.get_running_loop().time() - 0.5)
    assert [] == till.scans
    await asyncio.sleep(0.06)
    assert ["6901234567892"] == till.texts


async def test_a_repeat_is_not_handed_on() -> None:
    """The phone that lies under the scanner is one scan."""
    till = Till()
    reader = reader_for(till)
    for _ in range(5):
        reader.feed(b"134567890123456789\r")
        await asyncio.sleep(0.3)
    assert ["134567890123456789"] == till.texts


async def test_unreadable_codes_are_counted_until_a_good_one() -> None:
    """Garbage in a row is told; one good code takes it back."""
    till = Till()
    reader = reader_for(till)
    reader.feed(b"\xff\xfe\r\x80\x81\r")
    assert 2 == reader.unreadable_in_a_row
    reader.feed(b"6901234567892\r")
    assert 0 == reader.unreadable_in_a_row
    assert ["6901234567892"] == till.texts
