"""Figure 7: from the process's start to ready, what it holds in memory, and from the decision to print to the paper."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from bench.daemon import Daemon, scratch
from bench.figures import Figure, Row, Spread, spread
from bench.wire import RawGateway
from devices.printer.simulator import VirtualPrinter
from posd.gateways.simulator.behaviour import Plan

STARTS, STARTS_QUICK = 9, 3
RECEIPTS, RECEIPTS_QUICK = 40, 8
LIMIT_S = 30.0
INITIALISE = b"\x1b@"
"""What every receipt begins with; what comes before it only asks how the printer is."""

_LIBRARIES = """
import asyncio, logging, sqlite3, ssl, tomllib, zoneinfo
import aiohttp, aiohttp.web, msgspec
import cryptography.x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
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
    """Starts beside bare imports, then receipts."""
    rows = asyncio.run(_starts(STARTS_QUICK if quick else STARTS))
    rows += asyncio.run(_receipts(RECEIPTS_QUICK if quick else RECEIPTS))
    return Figure(7, "Start, memory, receipt", tuple(rows), (), _NOTES)


# --- the start


async def _starts(count: int) -> list[Row]:
    ours_s, ours_mib, bare_s, bare_mib = [], [], [], []
    with scratch() as name:
        for _ in range(count):
            async with Daemon(Path(name), None) as daemon:
                ours_s.append(daemon.start_s)
                ours_mib.append(daemon.memory_mib())
            seconds, mebibytes = await _imports()
            bare_s.append(seconds)
            bare_mib.append(mebibytes)
    against = "importing the same libraries"
    return [
        Row("start to ready", spread(ours_s), "s", against, spread(bare_s)),
        Row("resident memory, ready", spread(ours_mib), "MiB", against, spread(bare_mib)),
    ]


async def _imports() -> tuple[float, float]:
    """Seconds and MiB."""
    began_s = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*(sys.executable, "-c", _LIBRARIES), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    kibibytes = int(await process.stdout.readline())
    took_s = time.perf_counter() - began_s
    await process.wait()
    return took_s, kibibytes / 1024


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
        "A sale's receipt is decided in the same commit that makes the payment paid, so both ways from the gateway's "
        "approval are shown: to the POS and to the printer. The printer is asked for paper and cover before the first "
        "byte, and that the print has begun is on disk before it."
    ),
)
