"""Jobs appended to a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from devices.errors import DeviceLost, DeviceUnavailable
from devices.transport.file import FileTransport
from tests.devices.printer.support import Spool


async def test_every_job_is_appended(tmp_path: Path) -> None:
    """Through the driver: nothing but the jobs gets in, no questions; others may not read it."""
    path, spool = tmp_path / "receipts.bin", Spool()
    path.write_bytes(b"before ")
    printer = spool.printer(FileTransport(str(path)))
    for job in (b"one ", b"two "):
        await printer.print_job(job, spool.on_started)
    await printer.probe()
    assert b"before one two " == path.read_bytes()
    assert "ready" == printer.state.health


async def test_a_new_file(tmp_path: Path) -> None:
    """Is made, readable to owner and group at most."""
    transport = FileTransport(str(tmp_path / "new"))
    await transport.connect()
    await transport.write(b"x")
    await transport.drain()
    await transport.close()
    assert not stat.S_IMODE((tmp_path / "new").stat().st_mode) & 0o027


async def test_no_directory(tmp_path: Path) -> None:
    """Unavailable; nothing is made."""
    with pytest.raises(DeviceUnavailable, match="No such file or directory"):
        await FileTransport(str(tmp_path / "no" / "file")).connect()
    assert not (tmp_path / "no").exists()


async def test_a_pipe_nobody_reads(tmp_path: Path) -> None:
    """Unavailable at once, instead of a wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DeviceUnavailable):
        await FileTransport(str(tmp_path / "pipe")).connect()


async def test_disk_full() -> None:
    """Lost while writing (the kernel's own full disk)."""
    transport = FileTransport("/dev/full")
    await transport.connect()
    with pytest.raises(DeviceLost, match="No space left on device"):
        await transport.write(b"x")
    transport.abort()


async def test_without_a_connection(tmp_path: Path) -> None:
    """Says so; closing is harmless, reading gives nothing."""
    transport = FileTransport(str(tmp_path / "file"))
    with pytest.raises(DeviceLost, match="not open"):
        await transport.write(b"x")
    assert b"" == await transport.read(0)
    assert await transport.line_status() is None
    await transport.close()
