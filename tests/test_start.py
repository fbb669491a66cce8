"""What the daemon has loaded when it is ready, and what it does at rest: counted, since clocks differ by machine."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from posd import daemon
from posd.cli.main import main
from tests.api.conftest import till as till  # noqa: PLC0414 - the fixture
from tests.api.till import Till
from tests.test_process import Systemd

AWAKE_A_SECOND = 8
"""Now one or two, all threads together; something that looks ten times a second is more."""
MOMENTS = 60
"""Seconds in which a slow machine may come to rest."""
MAKES_RECEIPTS = {"escpos", "yaml", "barcode", "qrcode", "PIL"}
READS_SERIAL_PORTS = {"serial", "serial_asyncio"}
OTHERS = {"cryptography", "usb", "numpy", "hypothesis", "pytest"}
OTHER_PARTS = {
    *(
        "posd.api.ui",
        "posd.cli.money",
        "posd.cli.paper",
        "posd.demo",
        "posd.doctor",
        "posd.faces",
        "posd.notifications",
    ),
    *("posd.gateways.chinaums", "posd.gateways.daxpay", "posd.gateways.umf", "posd.gateways.umf_sp"),
    *("posd.gateways.rsa_keys", "posd.gateways.simulator", "devices.printer.raster", "devices.face"),
    *("devices.scanner.hid", "devices.scanner.hidraw", "devices.transport.usb", "devices.transport.cups"),
}

_SLEEPS = re.compile(r"^voluntary_ctxt_switches:\s+(\d+)", re.MULTILINE)


@asynccontextmanager
async def ready(till: Till, *options: str) -> AsyncIterator[tuple[int, Path]]:
    """`posd run` of this till, ready; its process and its log. ``options`` are for the interpreter."""
    till.write_config()
    systemd, log = Systemd(till.directory / "notify"), till.directory / "log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *options, "-m", "posd", "--config", str(till.config_path), "run"),
            env={**os.environ, "NOTIFY_SOCKET": str(systemd.path)},
            stderr=file,
        )
    try:
        await systemd.until("READY=1")
        # Said after the line in the log that follows READY at once.
        await systemd.until("WATCHDOG=1")
        yield process.pid, log
    finally:
        process.kill()
        await process.wait()
        systemd.close()


async def imported_when_ready(till: Till) -> set[str]:
    """Every module that the daemon has imported when it says READY."""
    async with ready(till, "-v") as (_, log):
        before, said, _ = log.read_text("utf-8").partition(" serves on ")
    assert said
    return set(re.findall(r"^import '([^']+)'", before, re.MULTILINE))


def loaded_of(names: set[str], modules: set[str]) -> set[str]:
    """Which of these packages and modules were imported, whole or in part."""
    return {name for name in names if any(module == name or module.startswith(f"{name}.") for module in modules)}


async def test_a_simple_till_loads_no_more_than_it_needs(till: Till) -> None:
    """A shared key and no device: no library for RSA, serial ports or receipts, no other gateway, no other command."""
    del till.sections["[[scanners]]"], till.sections["[printer]"]
    modules = await imported_when_ready(till)
    assert {"aiohttp", "posd.daemon", "posd.gateways.chaoying.codec"} <= modules
    assert set() == loaded_of(OTHERS | OTHER_PARTS | MAKES_RECEIPTS | READS_SERIAL_PORTS, modules)


async def test_receipts_are_made_ready_after_the_start(till: Till) -> None:
    """With scanner and printer, the serial library is there and the one for receipts is not: it comes afterwards."""
    modules = await imported_when_ready(till)
    assert {"devices.scanner.serial", "devices.transport.tcp"} <= modules
    assert READS_SERIAL_PORTS == loaded_of(READS_SERIAL_PORTS, modules)
    assert set() == loaded_of(OTHERS | OTHER_PARTS | MAKES_RECEIPTS, modules)


def times_awake(pid: int) -> int:
    """How often the threads of a process went to sleep so far, each time having been awake for something."""
    states = [(task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(count) for state in states for count in _SLEEPS.findall(state))


async def test_between_two_customers_it_sleeps(till: Till) -> None:
    """A scanner, a printer, a warm connection, and nothing that is asked again and again: it wakes once in a while.

    What is done after the start may take its time, so the first calm seconds count.
    """
    awake = []
    async with ready(till) as (pid, _):
        for _ in range(MOMENTS):
            before = times_awake(pid)
            await asyncio.sleep(1)
            awake.append(times_awake(pid) - before)
            if awake[-1] <= AWAKE_A_SECOND:
                break
    assert awake[-1] <= AWAKE_A_SECOND, awake


@pytest.fixture
def unsearched() -> Iterator[None]:
    """No search for garbage, and nothing set aside, as while `python -m posd` starts; afterwards a search as usual."""
    gc.unfreeze()
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("unsearched")
def test_a_command_searches_for_garbage(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the start does without: a command may run for long."""
    assert 0 == main(["completion", "bash"])
    assert gc.isenabled()
    assert 0 == gc.get_freeze_count()
    assert "posd" in capsys.readouterr().out


@pytest.mark.usefixtures("unsearched")
def test_what_stays_is_searched_no_more() -> None:
    """When posd is ready, what there is is set aside, and what comes is searched."""
    daemon._settle_down()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
