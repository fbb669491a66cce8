"""One run: all customers of a seed, served one way, until everybody has his end.

Then the till's words are laid beside the gateway's truth.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from bench.virtual.customers import Customer
from bench.virtual.network import BenchGateway, Faults, Network, Truth
from bench.virtual.references import Schedule
from bench.virtual.till import VirtualTill
from posd.gateways.transport import Timeouts
from tests.simulation.loop import VirtualLoop

T = TypeVar("T")

SYNC_S = (0.0005, 0.0015)
"""What the disk takes before and after each commit: together what a synced append costs on a small SSD."""


@dataclass(frozen=True, slots=True)
class Served:
    """How one customer was served. ``word``: the till's; None is never the last one of posd."""

    customer: Customer
    word: str
    told_s: float
    paid_at_s: float | None
    kept: bool
    queries: int
    most_in_a_second: int

    @property
    def latency_s(self) -> float:
        """From the customer's confirmation to the till's word."""
        if self.paid_at_s is None:
            raise ValueError("nobody confirmed")
        return self.told_s - self.paid_at_s


@dataclass(frozen=True, slots=True)
class Run:
    """All customers of a run."""

    name: str
    served: list[Served]
    complaints: int
    """What the gateway says was against its document: asked in haste, submitted twice, cancelled too early."""
    syncs: int = 0
    journal_bytes: int = 0


Serve = Callable[[Customer], Awaitable[str]]


def run_reference(schedule: Schedule, customers: list[Customer], faults: Faults, seed: int) -> Run:
    """Serve everybody by one of the published schedules."""

    async def main() -> Run:
        network = Network(customers, faults, seed)
        gateway = BenchGateway(network)
        gateway.wire.timeouts = Timeouts(query_s=schedule.timeout_s, pay_s=schedule.pay_timeout_s)
        run = await _serve_all(schedule.name, network, lambda customer: schedule.serve(gateway, customer))
        await gateway.close()
        return run

    return _in_virtual_time(main())


def run_posd(customers: list[Customer], faults: Faults, seed: int, window_s: float) -> Run:
    """Serve everybody by posd."""

    async def main(path: Path) -> Run:
        network = Network(customers, faults, seed)
        till = VirtualTill(network, path, round(window_s * 1000))
        await till.journal.open()
        run = await _serve_all(f"posd, {window_s:g} s", network, till.serve)
        await till.close()
        return replace(run, syncs=till.journal.syncs)

    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="posd-bench-", dir=base) as directory:
        path = Path(directory) / "journal.db"
        run = _in_virtual_time(main(path))
        return replace(run, journal_bytes=path.stat().st_size)


def side_by_side(
    customers: list[Customer], faults: Faults, seed: int, windows_s: Sequence[float], schedules: Sequence[Schedule]
) -> list[Run]:
    """Serve by posd with each window, then by each schedule, in as many processes as there are processors.

    Virtual time does not care how fast a processor is, or how many others want it.
    """
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(run_posd, customers, faults, seed, window_s) for window_s in windows_s]
        futures += [pool.submit(run_reference, schedule, customers, faults, seed) for schedule in schedules]
        return [future.result() for future in futures]


def _in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    rng = Random(1)
    loop = VirtualLoop(0.0, lambda: rng.uniform(*SYNC_S), admit=lambda: True, on_last=lambda: None)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(work)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _serve_all(name: str, network: Network, serve: Serve) -> Run:
    loop = asyncio.get_running_loop()

    async def one(customer: Customer) -> tuple[Customer, str, float]:
        await asyncio.sleep(customer.arrives_s - loop.time())
        word = await serve(customer)
        return customer, word, loop.time()

    ends = await asyncio.gather(*(one(customer) for customer in network.customers))
    truths = network.truths(loop.time())
    served = []
    for customer, word, told_s in ends:
        # Where the pay request was lost, the gateway knows no such order.
        truth, asked = truths.get(customer.amount, Truth(None, kept=False)), network.queried_s[customer.amount]
        served.append(Served(customer, word, told_s, truth.paid_at_s, truth.kept, len(asked), most_within(asked, 1.0)))
    return Run(name, served, len(network.sandbox.bank.violations))


def most_within(moments_s: list[float], span_s: float) -> int:
    """The most of these (ascending) that fall within one span."""
    most = first = 0
    for last, moment in enumerate(moments_s):
        # Two that are a span apart are not within it; the clock of the loop has rounding.
        while moments_s[first] <= moment - span_s + 0.002:
            first += 1
        most = max(most, last - first + 1)
    return most
