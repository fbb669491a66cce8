"""Device files: a pty and a named pipe stand for /dev/usb/lp0."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport import device_file
from devices.transport.base import LineStatus
from devices.transport.device_file import DeviceFileTransport
from tests.devices.printer.support import IMPATIENT, MUTE, DeskPrinter, Spool, read_back
from tests.devices.transport.support import HANG_S, FarEnd, until

JOB = b"\x1b@\x1c&\xd6\xd0\n\x1dV\x00"


@pytest.fixture
async def far_end(tmp_path: Path) -> AsyncIterator[FarEnd]:
    """Takes everything, says nothing."""
    end = FarEnd(tmp_path / "lp0")
    yield end
    end.unplug()


@pytest.fixture
async def transport(far_end: FarEnd) -> AsyncIterator[DeviceFileTransport]:
    """The near end."""
    port = DeviceFileTransport(str(far_end.path))
    yield port
    port.abort()


async def test_there_and_back(far_end: FarEnd, transport: DeviceFileTransport) -> None:
    """Every byte value arrives unchanged, both ways."""
    await transport.connect()
    await transport.write(bytes(range(256)))
    await transport.drain()
    await until(lambda: len(far_end.received) == 256)
    assert bytes(range(256)) == bytes(far_end.received)
    far_end.send(b"\x12\r\n")
    assert b"\x12\r\n" == await transport.read(HANG_S)
    assert b"" == await transport.read(0)


async def test_unplugged(far_end: FarEnd, transport: DeviceFileTransport) -> None:
    """Lost, in whatever it does, and again."""
    await transport.connect()
    far_end.unplug()
    with pytest.raises(DeviceLost):
        await transport.read(HANG_S)
    for _ in range(2):
        with pytest.raises(DeviceLost):
            await transport.write(b"x")
        with pytest.raises(DeviceLost):
            await transport.drain()


async def test_nobody_reads(far_end: FarEnd, transport: DeviceFileTransport) -> None:
    """Writing waits, without keeping the loop, and goes on when it can."""
    await transport.connect()
    far_end.stop()
    write = asyncio.create_task(transport.write(bytes(100_000)))
    done, _ = await asyncio.wait({write}, timeout=0.05)
    assert not done
    far_end.take()
    await write
    await until(lambda: len(far_end.received) == 100_000)


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda path: None, "No such file or directory: plugged in and switched on"),
        (lambda path: path.write_bytes(b"precious"), 'for a file, use type = "file"'),
        (lambda path: path.mkdir(), "this is no device"),
        (lambda path: path.symlink_to("/dev/null"), "this is no device"),
        (os.mkfifo, "plugged in and switched on"),
    ],
    ids=["nothing", "file", "directory", "null", "pipe without a reader"],
)
def test_what_is_no_printer(tmp_path: Path, make: Callable[[Path], object], advice: str) -> None:
    """Unavailable, with the path and what to do; a file is left as it was."""
    path = tmp_path / "lp0"
    make(path)
    with pytest.raises(DeviceUnavailable, match=rf"lp0: .*{advice}"):
        asyncio.run(DeviceFileTransport(str(path)).connect())
    assert not path.is_file() or path.is_symlink() or path.read_bytes() == b"precious"


async def test_a_named_pipe(tmp_path: Path) -> None:
    """Cannot answer, and is not asked to: it must not read back what it was sent. Printed when it has all bytes."""
    path = tmp_path / "lp0"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    spool = Spool()
    printer = spool.printer(DeviceFileTransport(str(path)), timing=MUTE)
    await printer.print_job(JOB, spool.on_started)
    assert JOB == os.read(reader, 4096)
    os.close(reader)


async def test_a_printer_without_a_way_back(
    far_end: FarEnd, transport: DeviceFileTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver usblp says EINVAL to a read then (a pty cannot): taken for mute, not for broken."""

    def no_way_back(fd: int, size: int) -> bytes:
        raise OSError(errno.EINVAL, "Invalid argument")

    await transport.connect()
    real = os.read
    monkeypatch.setattr(os, "read", no_way_back)
    far_end.send(b"x")
    await until(lambda: not transport.answers)
    monkeypatch.setattr(os, "read", real)
    await transport.write(b"job")
    await transport.drain()


async def test_empty_packets(far_end: FarEnd, transport: DeviceFileTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some printers answer reads with nothing, at once and always: neither an end nor a busy loop."""
    reads = 0
    real = os.read

    def empty_at_first(fd: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        return b"" if reads <= 3 else real(fd, size)

    await transport.connect()
    transport._is_terminal = False
    monkeypatch.setattr(os, "read", empty_at_first)
    began_at = asyncio.get_running_loop().time()
    far_end.send(b"\x12")
    far_end.stop()
    assert b"\x12" == await transport.read(HANG_S)
    assert asyncio.get_running_loop().time() - began_at >= 3 * device_file.EMPTY_READ_PAUSE_S * 0.9


async def test_the_paper_line(transport: DeviceFileTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit 0x20 of LPGETSTATUS; what is no printer port has none; other bits are not believed."""
    await transport.connect()
    assert await transport.line_status() is None, "a terminal has no paper line"
    for status, expected in ((0x18, None), (0x38, LineStatus(paper_out=True)), (0x00, None)):
        monkeypatch.setattr(device_file, "_lp_status", lambda fd, status=status: status)
        assert expected == await transport.line_status()


async def test_printing(tmp_path: Path) -> None:
    """The driver over a device file: out of paper in the middle, waited for."""
    inside, spool = DeskPrinter(), Spool()
    far_end = FarEnd(tmp_path / "lp0", inside.take)
    inside.send = far_end.send
    printer = spool.printer(DeviceFileTransport(str(far_end.path)), timing=IMPATIENT)
    inside.paper_out(after_lines=1)
    job = asyncio.create_task(printer.print_job(JOB * 2, spool.on_started))
    await until(lambda: printer.state.detail == "out of paper: put in a new roll")
    inside.paper_in()
    await job
    assert read_back(JOB * 2) == inside.receipts
    far_end.unplug()
