"""Figure 3: from the last byte on the scanner's cable to the first byte of the pay request at the gateway."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.daemon import Daemon, scratch
from bench.figures import Figure, Plot, Row, distribution, exactly, limited, spread
from bench.wire import RawGateway
from devices.scanner.simulator import VirtualScanner
from posd.gateways.simulator.behaviour import Plan

BEEPS, BEEPS_QUICK = 150, 25
PAUSE_S = 0.05
"""Between two customers: what the one before left on the disk and on the loop is over."""
OWN_MS = 5.0
"""What posd may take of its own, beside the synced append."""
LIMIT_S = 30.0


class Beeper:
    """Writes codes into the scanner and waits for them at the gateway."""

    def __init__(self, gateway: RawGateway, scanner: VirtualScanner) -> None:
        self._scanner = scanner
        self._arrived: asyncio.Future[int] | None = None
        gateway.on_request = self._on_request

    def _on_request(self, path: str, stamp_ns: int) -> None:
        if self._arrived is not None and not self._arrived.done() and "query" not in path:
            self._arrived.set_result(stamp_ns)

    async def beep(self, number: int) -> float:
        """Milliseconds from the cable to the wire."""
        self._arrived = asyncio.get_running_loop().create_future()
        self._scanner.scan(f"13{number:016d}", end="")
        began_ns = time.perf_counter_ns()
        self._scanner.send(b"\r")
        async with asyncio.timeout(LIMIT_S):
            return (await self._arrived - began_ns) / 1e6


def measure(*, quick: bool) -> Figure:
    """posd, the same two system calls with nothing between, and those with a synced append."""
    return asyncio.run(_measure(BEEPS_QUICK if quick else BEEPS))


async def _measure(count: int) -> Figure:
    with scratch() as name:
        directory = Path(name)
        ours = await _posd(directory, count)
        bare = await _relay(directory, count, [])
        synced = await _relay(directory, count, [str(directory / "appended")])
    own = exactly(spread(ours).median - spread(synced).median, count)
    rows = (
        Row("beep to wire", spread(ours), "ms", "read, synced append, send", spread(synced)),
        Row("", spread(ours), "ms", "read, send", spread(bare)),
        limited("posd's own part of it", own, "ms", OWN_MS),
    )
    plot = Plot(
        "3-beep",
        "From the scanner's last byte to the gateway's first",
        "milliseconds",
        "share of scans",
        (
            distribution("posd", ours),
            distribution("read, synced append, send", synced),
            distribution("read, send", bare),
        ),
        log_x=True,
    )
    return Figure(3, "Beep to wire", rows, (plot,), _NOTES)


async def _posd(directory: Path, count: int) -> list[float]:
    times_ms: list[float] = []
    async with _cable(directory) as (gateway, scanner):
        section = ("[[scanners]]", {"name": "front", "type": "serial", "port": str(scanner.link)})
        async with Daemon(directory, gateway, [section]) as daemon:
            beeper = Beeper(gateway, scanner)
            await _until_scanner_is_there(daemon)
            for number in range(count):
                payment = await daemon.pay(100 + number, method="barcode")
                await asyncio.sleep(PAUSE_S)
                times_ms.append(await beeper.beep(number))
                await daemon.ended(payment["id"])
    return times_ms


async def _until_scanner_is_there(daemon: Daemon) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            async with daemon.http.get("http://localhost/v1/devices") as response:
                devices = (await response.json())["items"]
            if any(device["name"] == "front" and device["state"] == "ready" for device in devices):
                return
            await asyncio.sleep(0.05)


async def _relay(directory: Path, count: int, journal: list[str]) -> list[float]:
    times_ms: list[float] = []
    async with _cable(directory) as (gateway, scanner):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.relay", str(scanner.link), str(gateway.port), *journal),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        await process.stdout.readline()
        beeper = Beeper(gateway, scanner)
        for number in range(count):
            await asyncio.sleep(PAUSE_S)
            times_ms.append(await beeper.beep(number))
        process.terminate()
        await process.wait()
    return times_ms


@asynccontextmanager
async def _cable(directory: Path) -> AsyncIterator[tuple[RawGateway, VirtualScanner]]:
    async with RawGateway(Plan(latency_ms=0)) as gateway:
        with VirtualScanner(directory / "scanner") as scanner:
            yield gateway, scanner


_NOTES = (
    (
        "Both stamps are taken in the same process, on a pseudo-terminal and on a TCP socket, so the way through the "
        "kernel and the scheduler is in all three. The synced append writes as much as one commit of the journal."
    ),
)
