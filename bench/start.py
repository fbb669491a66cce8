"""Figure 7: from the process's start to ready, memory, processor time at rest, from the decision to print to paper."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.daemon import Daemon, Table, scratch
from bench.figures import Figure, Row, Spread, aimed, exactly, limited, spread
from bench.wire import RawGateway
from devices.printer.simulator import VirtualPrinter
from devices.scanner.simulator import VirtualScanner
from posd.gateways.simulator.behaviour import Plan

STARTS, STARTS_QUICK = 9, 3
RECEIPTS, RECEIPTS_QUICK = 40, 8
LIMIT_S = 30.0
INITIALISE = b"\x1b@"
"""What every receipt begins with; what comes before it only asks how the printer is."""

START_AIM = 1.6
"""Times the imports: what posd may take of its own until it is ready."""
IDLE_S, IDLE_S_QUICK = 60.0, 5.0
IDLE_AIM_PERCENT = 0.5
CALM_S = 3.0
"""Between the start and the look at an idle till: what is loaded after the start is loaded by then."""

_IMPORTS = "import aiohttp, aiohttp.web, msgspec, sqlite3"
"""The libraries that every till needs, and nothing else."""
_SCANNER_IMPORTS = f"{_IMPORTS}, serial, serial_asyncio"
"""With those of a scanner on a serial port. What makes ESC/POS is loaded when posd is ready, so it does not count."""
_SAY_MEMORY = """
status = open("/proc/self/status").read()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), flush=True)
"""


class Tap(VirtualPrinter):
    """A printer that notes when the first byte of a receipt came."""

    def __init__(self) -> None:
        super().__init__()
        self.first_byte: asyncio.Future[float] | None = None

    def _receive(self, data: bytes, *rest: Any) -> bool:
        if self.first_byte is not None and not self.first_byte.done() and INITIALISE in data:
            self.first_byte.set_result(time.perf_counter())
        return super()._receive(data, *rest)


def measure(*, quick: bool) -> Figure:
    """Starts beside bare imports, rest, then receipts."""
    rows = asyncio.run(_starts(STARTS_QUICK if quick else STARTS))
    rows += asyncio.run(_idle(IDLE_S_QUICK if quick else IDLE_S))
    rows += asyncio.run(_receipts(RECEIPTS_QUICK if quick else RECEIPTS))
    return Figure(7, "Start, memory, rest, receipt", tuple(rows), (), _NOTES)


# --- the start


async def _starts(count: int) -> list[Row]:
    rows = []
    async with _devices() as (directory, sections):
        for name, libraries, tables in (("", _IMPORTS, []), (" with scanner and printer", _SCANNER_IMPORTS, sections)):
            ours_s, ours_mib, bare_s, bare_mib = [], [], [], []
            for _ in range(count):
                async with Daemon(directory, None, tables) as daemon:
                    ours_s.append(daemon.start_s)
                    ours_mib.append(daemon.memory_mib())
                seconds, mebibytes = await _imported(libraries)
                bare_s.append(seconds)
                bare_mib.append(mebibytes)
            against = "importing the same libraries"
            rows += [
                aimed(f"start to ready{name}", spread(ours_s), "s", against, spread(bare_s), START_AIM),
                Row(f"resident memory, ready{name}", spread(ours_mib), "MiB", against, spread(bare_mib)),
            ]
    return rows


async def _imported(libraries: str) -> tuple[float, float]:
    """Seconds and MiB of a process that does nothing else."""
    began_s = time.perf_counter()
    command = sys.executable, "-c", libraries + _SAY_MEMORY
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    kibibytes = int(await process.stdout.readline())
    took_s = time.perf_counter() - began_s
    await process.wait()
    return took_s, kibibytes / 1024


@contextlib.asynccontextmanager
async def _devices() -> AsyncIterator[tuple[Path, list[tuple[str, Table]]]]:
    """A directory, and the sections of a serial scanner and a network printer that are there."""
    printer = VirtualPrinter()
    await printer.start()
    with scratch() as name, VirtualScanner(Path(name) / "scanner") as scanner:
        yield (
            Path(name),
            [
                ("[printer]", {"type": "tcp", "host": "127.0.0.1", "port": printer.port}),
                ("[[scanners]]", {"name": "front", "type": "serial", "port": str(scanner.link)}),
            ],
        )
    await printer.close()


# --- at rest


async def _idle(seconds: float) -> list[Row]:
    """A till with everything, between two customers: connections warm, devices watched."""
    plan = Plan(latency_ms=0)
    async with _devices() as (place, tables), RawGateway(plan) as gateway, Daemon(place, gateway, tables) as daemon:
        await daemon.pay(100, wait_s=LIMIT_S, authCode=f"13{0:016d}")
        alone = await _share(daemon, seconds)
        async with daemon.http.get("http://localhost/v1/events"):
            watched = await _share(daemon, seconds)
    name = "at rest, share of one processor"
    return [
        limited(name, exactly(alone), "%", IDLE_AIM_PERCENT),
        limited(f"{name}, a page open", exactly(watched), "%", IDLE_AIM_PERCENT),
    ]


async def _share(daemon: Daemon, seconds: float) -> float:
    """Processor time of all threads, in percent of the time that passes."""
    await asyncio.sleep(CALM_S)
    began_s, before_s = time.perf_counter(), daemon.cpu_s()
    await asyncio.sleep(seconds)
    return 100 * (daemon.cpu_s() - before_s) / (time.perf_counter() - began_s)


# --- receipts


async def _receipts(count: int) -> list[Row]:
    printer = Tap()
    await printer.start()
    section = ("[printer]", {"type": "tcp", "host": "127.0.0.1", "port": printer.port})
    with scratch() as name:
        async with RawGateway(Plan(latency_ms=0)) as gateway, Daemon(Path(name), gateway, [section]) as daemon:
            sales, told, copies = list[float](), list[float](), list[float]()
            for number in range(count):
                payment = await _sale(daemon, gateway, printer, number, sales, told)
                copies.append(await _copy(daemon, printer, payment["id"]))
    await printer.close()
    return [
        Row("approved to the first byte at the printer", _later(sales), "ms", "approved to told", _later(told)),
        Row("asked for a copy to its first byte at the printer", _later(copies), "ms"),
    ]


def _later(values_ms: list[float]) -> Spread:
    """Without the first: the printer's driver and the fonts are loaded with it."""
    return spread(values_ms[1:])


async def _sale(
    daemon: Daemon, gateway: RawGateway, printer: Tap, number: int, sales: list[float], told: list[float]
) -> dict[str, Any]:
    approved_s = 0.0

    def approve(_order_no: str) -> None:
        nonlocal approved_s
        approved_s = time.perf_counter()

    gateway.on_answer = approve
    printer.first_byte = asyncio.get_running_loop().create_future()
    payment = await daemon.pay(100 + number, wait_s=LIMIT_S, authCode=f"13{number:016d}")
    told.append((time.perf_counter() - approved_s) * 1000)
    async with asyncio.timeout(LIMIT_S):
        sales.append((await printer.first_byte - approved_s) * 1000)
    await _until_printed(daemon, payment["id"])
    return payment


async def _copy(daemon: Daemon, printer: Tap, payment_id: str) -> float:
    printer.first_byte = asyncio.get_running_loop().create_future()
    began_s = time.perf_counter()
    address = f"http://localhost/v1/payments/{payment_id}/receipt"
    async with daemon.http.post(address) as response:
        if response.status != 202:
            raise RuntimeError(await response.text())
    async with asyncio.timeout(LIMIT_S):
        took_s = await printer.first_byte - began_s
    await _until_printed(daemon, payment_id, copies=1)
    return took_s * 1000


async def _until_printed(daemon: Daemon, payment_id: str, copies: int = 0) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            async with daemon.http.get(f"http://localhost/v1/payments/{payment_id}") as response:
                receipt = (await response.json())["receipt"]
            if receipt["state"] == "printed" and receipt["copies"] >= copies:
                return
            await asyncio.sleep(0.02)


_NOTES = (
    (
        "Each start is followed by one of its reference, which imports aiohttp, msgspec and SQLite (with a scanner: "
        "pyserial) and does nothing else. At rest, posd reads the scanner, looks after the printer, keeps a connection "
        "to the gateway young and tells systemd how it is."
    ),
    (
        "A sale's receipt is decided in the same commit that makes the payment paid, so both ways from the gateway's "
        "approval are shown: to the POS and to the printer. The printer is asked for paper and cover before the first "
        "byte, and that the print has begun is on disk before it."
    ),
)
