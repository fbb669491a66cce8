"""What the daemon holds in memory after ten thousand payments, each printed.

    python -m bench.endurance                                     a till at Chaoying
    python -m bench.endurance --protocol umf-sp --limit 70        one that needs the library for RSA

A till on the loopback: payments over HTTP, a gateway that approves at once, a scanner on a pseudo-terminal, a network
printer that says when the paper is out, and a page that listens to all events. Ten thousand payments are a month of a
busy till in a few minutes, so what the daemon remembers for ten minutes (codes, keys) counts here in full.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.daemon import Daemon, Table, scratch
from bench.virtual.network import PROTOCOL
from bench.wire import RawGateway
from devices.printer.simulator import VirtualPrinter
from devices.scanner.simulator import VirtualScanner
from posd.gateways.protocols import PROTOCOLS
from posd.gateways.simulator.behaviour import Plan
from posd.tasks import Tasks

PAYMENTS = 10_000
AT_ONCE = 4
"""Payments that run beside each other: more than the cashiers of a till, few enough to wait for their receipts."""
RECEIPTS_BEHIND = 10
"""So many may still be on their way to the paper: customers do not come faster than a printer prints."""
STEPS = 10
LIMIT_MB = 60.0
"""What the daemon may hold at the end, in millions of bytes."""
GROWTH_LIMIT_MB = 2.0
"""From the middle to the end. Memory that is handed out and taken back in other pieces wanders by a megabyte."""
PAPER_LIMIT_S = 120.0
"""For the last receipts of a step; a busy machine is no reason to give up."""
SETTLE_S = 1.0
"""From the last receipt to the look: what was in flight is gone."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Held:
    """Memory after so many payments, in millions of bytes."""

    payments: int
    resident_mb: float
    """VmRSS: everything, libraries that other programs have loaded as well included."""
    share_mb: float
    """Pss: the same, with such libraries shared out among those who use them."""
    private_mb: float
    """What nobody else has."""


async def endure(payments: int = PAYMENTS, say: Say = print, protocol: str = PROTOCOL) -> list[Held]:
    """Take and print so many payments; what was held at the start and after each tenth."""
    async with _till(protocol) as (daemon, printer):
        held = [_look(daemon, 0)]
        say(_line(held[0]))
        for step in range(1, STEPS + 1):
            first, last = payments * (step - 1) // STEPS, payments * step // STEPS
            await _sell(daemon, printer, first, last)
            held.append(_look(daemon, last))
            say(_line(held[-1]))
    return held


def faults(held: list[Held], limit_mb: float = LIMIT_MB) -> list[str]:
    """What should not be so."""
    last, grown_mb = held[-1], held[-1].resident_mb - held[len(held) // 2].resident_mb
    found = []
    if last.resident_mb > limit_mb:
        found.append(f"{last.resident_mb:.1f} MB after {last.payments:,} payments; {limit_mb:g} are the limit")
    if grown_mb > GROWTH_LIMIT_MB:
        found.append(f"grown by {grown_mb:.1f} MB in the second half")
    return found


@contextlib.asynccontextmanager
async def _till(protocol: str) -> AsyncIterator[tuple[Daemon, VirtualPrinter]]:
    printer = VirtualPrinter()
    await printer.start()
    tasks = Tasks()
    with scratch() as name, VirtualScanner(Path(name) / "scanner") as scanner:
        sections: list[tuple[str, Table]] = [
            ("[printer]", {"type": "tcp", "host": "127.0.0.1", "port": printer.port}),
            ("[[scanners]]", {"name": "front", "type": "serial", "port": str(scanner.link)}),
        ]
        gateway = RawGateway(Plan(latency_ms=0), protocol=protocol)
        async with gateway, Daemon(Path(name), gateway, sections) as daemon:
            tasks.start(_listen(daemon), "page")
            await asyncio.sleep(SETTLE_S)
            yield daemon, printer
            await tasks.close()
    await printer.close()


async def _listen(daemon: Daemon) -> None:
    """A page that is open."""
    for_ever = aiohttp.ClientTimeout(total=None)
    async with daemon.http.get("http://localhost/v1/events", timeout=for_ever) as response:
        async for _ in response.content.iter_any():
            pass


async def _sell(daemon: Daemon, printer: VirtualPrinter, first: int, last: int) -> None:
    numbers = iter(range(first, last))

    async def cashier() -> None:
        for number in numbers:
            payment = await daemon.pay(100 + number % 900, wait_s=60, authCode=f"13{number:016d}")
            if payment["status"] != "paid":
                raise RuntimeError(str(payment))
            await _printed(daemon, printer, number - RECEIPTS_BEHIND)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(cashier())
    await _printed(daemon, printer, last)
    await asyncio.sleep(SETTLE_S)


async def _printed(daemon: Daemon, printer: VirtualPrinter, count: int) -> None:
    """Wait until so many have come out. Raises RuntimeError with the daemon's log."""
    try:
        async with asyncio.timeout(PAPER_LIMIT_S):
            await printer.wait_receipts(count)
    except TimeoutError:
        log = (daemon.directory / "log").read_text("utf-8").splitlines()
        told = [line for line in log if not line.endswith("queries")]
        came = f"{len(printer.receipts):,} of {count:,} receipts came out; the log ends:"
        raise RuntimeError("\n".join([came, *told[-20:]])) from None


def _look(daemon: Daemon, payments: int) -> Held:
    lines = Path(f"/proc/{daemon.process.pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    mb = {name: int(rest.split()[0]) * 1024 / 1e6 for name, _, rest in (line.partition(":") for line in lines)}
    return Held(payments, mb["Rss"], mb["Pss"], mb["Private_Clean"] + mb["Private_Dirty"])


def _line(held: Held) -> str:
    return (
        f"{held.payments:6,} payments: {held.resident_mb:5.1f} MB resident, {held.share_mb:5.1f} with shared "
        f"libraries shared out, {held.private_mb:5.1f} private"
    )


def run(payments: int, protocol: str = PROTOCOL, limit_mb: float = LIMIT_MB) -> int:
    """Print the table; 1 where it is too much."""
    began_s = time.monotonic()
    held = asyncio.run(endure(payments, lambda line: print(line, flush=True), protocol))
    found = faults(held, limit_mb)
    print(f"{held[-1].payments:,} payments in {time.monotonic() - began_s:.0f} s: {'; '.join(found) or 'good'}")
    return 1 if found else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m bench.endurance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--payments", type=int, default=PAYMENTS)
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default=PROTOCOL)
    parser.add_argument("--limit", type=float, default=LIMIT_MB, metavar="MB", help="that it may hold at the end")
    arguments = parser.parse_args()
    sys.exit(run(arguments.payments, arguments.protocol, arguments.limit))
