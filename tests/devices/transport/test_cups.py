"""CUPS, with commands of our own in its place on the path: real processes, real pipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.errors import DeviceLost, DeviceUnavailable
from devices.printer.driver import PrintBroken
from devices.transport.cups import CupsTransport
from tests.devices.printer.support import Spool

LPSTAT = """#!/bin/sh
[ "$2" = till ] && exit 0
echo 'lpstat: Invalid destination name in list "'"$2"'".' >&2
exit 1
"""
LP = """#!/bin/sh
echo "$LC_ALL $*" >>"{log}"
cat >>"{jobs}"
"""


def install(directory: Path, name: str, script: str) -> None:
    """Put a command on the path."""
    command = directory / name
    command.write_text(script.replace("{log}", str(directory / "log")).replace("{jobs}", str(directory / "jobs")))
    command.chmod(0o755)


@pytest.fixture
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CUPS with one queue, `till`; its jobs and its log are in this directory."""
    install(tmp_path, "lpstat", LPSTAT)
    install(tmp_path, "lp", LP)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


async def test_jobs_are_handed_over(cups: Path) -> None:
    """Each once, raw and unchanged, to the right queue; the data goes through a pipe and not onto the command line."""
    spool = Spool()
    printer = spool.printer(CupsTransport("till"))
    jobs = [bytes(range(256)), b"\x1b@second\n"]
    for job in jobs:
        await printer.print_job(job, spool.on_started)
    await printer.probe()
    assert b"".join(jobs) == (cups / "jobs").read_bytes()
    assert ["C -s -d till -o raw -t receipt -- -"] * 2 == (cups / "log").read_text().splitlines()


async def test_no_such_queue(cups: Path) -> None:
    """Unavailable with what CUPS says; nothing was sent."""
    with pytest.raises(DeviceUnavailable, match='CUPS queue bar: lpstat: Invalid destination name in list "bar"'):
        await CupsTransport("bar").connect()
    assert not (cups / "jobs").exists()


async def test_no_cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unavailable, and what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceUnavailable, match="apt install cups-client"):
        await CupsTransport("till").connect()


async def test_a_job_that_is_refused(cups: Path) -> None:
    """Broken: how far it came, nobody knows."""
    install(cups, "lp", "#!/bin/sh\necho 'lp: Destination is not accepting jobs.' >&2\nexit 1\n")
    spool = Spool()
    with pytest.raises(PrintBroken, match="not accepting jobs"):
        await spool.printer(CupsTransport("till")).print_job(b"job", spool.on_started)
    assert 1 == spool.started


async def test_a_command_that_hangs(cups: Path) -> None:
    """Is ended, and no process stays behind."""
    install(cups, "lp", '#!/bin/sh\necho $$ >"{log}"\nexec sleep 1000\n')
    transport = CupsTransport("till", command_timeout_s=2.0)
    await transport.connect()
    await transport.write(b"job")
    with pytest.raises(DeviceLost, match="does not come back"):
        await transport.drain()
    process = Path("/proc") / (cups / "log").read_text().strip()
    assert not process.exists()


async def test_nothing_to_print(cups: Path) -> None:
    """No job is made of nothing, and one that was dropped is not printed later."""
    transport = CupsTransport("till")
    await transport.connect()
    await transport.drain()
    await transport.write(b"dropped")
    transport.abort()
    await transport.connect()
    await transport.drain()
    await transport.close()
    assert not (cups / "jobs").exists()
