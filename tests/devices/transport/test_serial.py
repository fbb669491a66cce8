"""Serial ports, over a real pseudo terminal, with what pyserial-asyncio does on unplug."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.errors import DeviceLost, DeviceUnavailable
from devices.printer.driver import PrintBroken
from devices.transport.serial import SerialTransport
from tests.devices.printer.support import IMPATIENT, DeskPrinter, Spool
from tests.devices.transport.support import HANG_S, FarEnd, until

JOB = b"\x1b@\x1c&\xd6\xd0\n\x1dV\x00"


def open_files() -> int:
    """Descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
async def far_end(tmp_path: Path) -> AsyncIterator[FarEnd]:
    """Takes everything, says nothing."""
    end = FarEnd(tmp_path / "printer")
    yield end
    end.unplug()


@pytest.fixture
async def transport(far_end: FarEnd) -> AsyncIterator[SerialTransport]:
    """The near end."""
    port = SerialTransport(str(far_end.path), 115200)
    yield port
    await port.close()


async def test_there_and_back(far_end: FarEnd, transport: SerialTransport) -> None:
    """Every byte value arrives unchanged, both ways, and again after closing."""
    everything = bytes(range(256))
    for _ in range(2):
        far_end.received.clear()
        await transport.connect()
        await transport.write(everything)
        await transport.drain()
        await until(lambda: len(far_end.received) == 256)
        assert everything == bytes(far_end.received)
        far_end.send(b"\x12\x11\x13\r\n")
        assert b"\x12\x11\x13\r\n" == await transport.read(HANG_S)
        assert b"" == await transport.read(0)
        await transport.close()
        far_end.take()


async def test_what_was_said_before_is_dropped(far_end: FarEnd, transport: SerialTransport) -> None:
    """An answer to somebody else's question must not pass for one of ours."""
    far_end.send(b"\x32")
    await transport.connect()
    assert b"" == await transport.read(0.01)


async def test_no_such_port(tmp_path: Path) -> None:
    """Unavailable, with the path."""
    with pytest.raises(DeviceUnavailable, match="nowhere"):
        await SerialTransport(str(tmp_path / "nowhere")).connect()


async def test_ours_alone(far_end: FarEnd, transport: SerialTransport) -> None:
    """A second one is refused while the first has it, and not after."""
    await transport.connect()
    second = SerialTransport(str(far_end.path))
    with pytest.raises(DeviceUnavailable):
        await second.connect()
    await transport.close()
    await second.connect()
    await second.close()


async def test_unplugged(far_end: FarEnd, transport: SerialTransport) -> None:
    """Reading, writing and draining all say so, and go on saying so; closing is quick."""
    await transport.connect()
    far_end.unplug()
    with pytest.raises(DeviceLost):
        await transport.read(HANG_S)
    for _ in range(2):
        with pytest.raises(DeviceLost):
            await transport.write(b"x")
        with pytest.raises(DeviceLost):
            await transport.drain()


async def test_nobody_reads(far_end: FarEnd, transport: SerialTransport) -> None:
    """Writing waits, without keeping the loop; closing throws away what is stuck and comes back."""
    await transport.connect()
    far_end.stop()
    write = asyncio.create_task(transport.write(bytes(1_000_000)))
    done, _ = await asyncio.wait({write}, timeout=0.05)
    assert not done
    write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    async with asyncio.timeout(HANG_S):
        await transport.close()


async def test_unplugged_while_nobody_reads(
    far_end: FarEnd, transport: SerialTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """Lost, and without a traceback of asyncio's in the log."""
    await transport.connect()
    far_end.stop()
    write = asyncio.create_task(transport.write(bytes(1_000_000)))
    await asyncio.wait({write}, timeout=0.05)
    far_end.unplug()
    with pytest.raises(DeviceLost):
        await write
    assert [] == caplog.records


async def test_no_descriptor_is_lost(far_end: FarEnd, transport: SerialTransport) -> None:
    """Fifty connections leave as many open files as none."""
    before = open_files()
    for _ in range(50):
        await transport.connect()
        await transport.close()
    assert before == open_files()


async def test_printing(tmp_path: Path) -> None:
    """The driver, a serial printer that runs out of paper, and one that is unplugged."""
    inside, spool = DeskPrinter(), Spool()
    far_end = FarEnd(tmp_path / "printer", inside.take)
    inside.send = far_end.send
    printer = spool.printer(SerialTransport(str(far_end.path)), timing=IMPATIENT)
    await printer.print_job(JOB, spool.on_started)
    assert 1 == len(inside.receipts)
    far_end.take()
    inside.paper_out(after_lines=1)
    job = asyncio.create_task(printer.print_job(JOB * 3, spool.on_started))
    await until(lambda: printer.state.detail == "out of paper: put in a new roll")
    inside.paper_in()
    await job
    assert 4 == len(inside.receipts)
    far_end.take()
    inside.paper_out(after_lines=1)
    job = asyncio.create_task(printer.print_job(JOB * 3, spool.on_started))
    await until(lambda: printer.state.detail == "out of paper: put in a new roll")
    far_end.unplug()
    with pytest.raises(PrintBroken):
        await job
