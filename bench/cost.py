"""Figure 4: what a query and a payment cost the processor, beside a bare client that sends the same requests meanwhile.

Both run at the same time, so that whatever else the machine does is done to both.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.daemon import Daemon, cpu_s, scratch
from bench.figures import Figure, Plot, Row, Series, Spread, aimed, exactly, limited, spread
from bench.wire import RawGateway, Recorded, write_requests
from posd.gateways.simulator.behaviour import Plan

AT_MOST = 1.5
LINEAR = 1.25
"""What a query may cost with the most payments pending, beside what it costs with fifty."""
SLICES = 4
WARM_UP_S = 1.5
"""Connections are opened and the first answers written in the journal before anything is counted."""
BARE_STARTS_IN_S = 60
"""Two rounds of all its requests, on a busy machine."""
WINDOW_S = 300.0
"""As long as the gateway cancels: no window ends while it is measured."""
PAYMENTS, PAYMENTS_QUICK = 200, 40


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many payments pending, each asked about so often, for so long.

    The more payments, the longer the interval: it is the cost of a query that is compared, and the machine must not
    be full.
    """

    pending: int
    interval_s: float
    seconds: float


CROWDS = (Crowd(1, 0.2, 12.0), Crowd(50, 0.5, 12.0), Crowd(1000, 5.0, 20.0))
CROWDS_QUICK = (Crowd(1, 0.2, 4.0), Crowd(50, 0.5, 4.0), Crowd(300, 2.0, 4.0))


def measure(*, quick: bool) -> Figure:
    """Each crowd at posd and at the bare client."""
    ours, bare, rows = [], [], []
    crowds = CROWDS_QUICK if quick else CROWDS
    for crowd in crowds:
        daemon_ms, client_ms = asyncio.run(_measured(crowd))
        ours.append(daemon_ms)
        bare.append(client_ms)
        rows.append(aimed(f"a query, {crowd.pending} pending", daemon_ms, "ms", "bare aiohttp", client_ms, AT_MOST))
    growth = exactly(ours[-1].median / ours[1].median)
    rows.append(
        limited(f"a query with {crowds[-1].pending} pending, beside one with {crowds[1].pending}", growth, "×", LINEAR)
    )
    rows.append(Row("a payment, approved at once", asyncio.run(_payments(PAYMENTS_QUICK if quick else PAYMENTS)), "ms"))
    xs = tuple(float(crowd.pending) for crowd in crowds)
    curves = (
        Series("posd", xs, tuple(each.median for each in ours)),
        Series("bare aiohttp client", xs, tuple(each.median for each in bare)),
    )
    plot = Plot("4-cost", "What a query costs", "payments pending", "ms of processor time", curves, log_x=True)
    return Figure(4, "Cost", tuple(rows), (plot,), _NOTES)


async def _measured(crowd: Crowd) -> tuple[Spread, Spread]:
    with scratch() as name:
        directory = Path(name)
        plan = Plan(confirm_after_ms=None, latency_ms=0)
        async with RawGateway(plan) as gateway, RawGateway(plan, gateway.sandbox) as other:
            async with Daemon(directory, gateway, window=WINDOW_S, poll_interval=crowd.interval_s) as daemon:
                await _pend(crowd, daemon, gateway)
                write_requests(_queries(gateway, crowd.pending), directory / "requests")
                async with _bare(crowd, directory / "requests", other) as pid:
                    ours, bare = await _side_by_side(
                        crowd, (daemon.cpu_s, lambda: gateway.requests), (lambda: cpu_s(pid), lambda: other.requests)
                    )
                daemon.kill()
            return ours, bare


async def _pend(crowd: Crowd, daemon: Daemon, gateway: RawGateway) -> None:
    """So many payments that are asked about; the latest question after each is kept."""
    for number in range(crowd.pending):
        await daemon.pay(100 + number, authCode=f"13{number:016d}")
    await asyncio.sleep(WARM_UP_S)
    gateway.keep = True
    await asyncio.sleep(WARM_UP_S + crowd.interval_s)
    gateway.keep = False


@asynccontextmanager
async def _bare(crowd: Crowd, requests: Path, gateway: RawGateway) -> AsyncIterator[int]:
    """The bare client at its work, by its process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.bare_client", str(gateway.port), str(requests), str(crowd.interval_s))
    )
    try:
        for _ in range(BARE_STARTS_IN_S):
            await asyncio.sleep(1)
            if gateway.requests >= 2 * crowd.pending:
                break
        else:
            raise RuntimeError("the bare client does not get round")
        yield process.pid
    finally:
        process.kill()
        await process.wait()


async def _side_by_side(crowd: Crowd, *clients: tuple[Callable[[], float], Callable[[], int]]) -> tuple[Spread, ...]:
    """Milliseconds of processor time for each request of each client, in slices that all of them share.

    A client is what says how many seconds it has had of the processor, and how many requests it has sent.
    """
    found: tuple[list[float], ...] = tuple([] for _ in clients)
    for _ in range(SLICES):
        before = [(cpu(), sent()) for cpu, sent in clients]
        await asyncio.sleep(crowd.seconds / SLICES)
        for times, (cpu, sent), (cpu_before_s, sent_before) in zip(found, clients, before, strict=True):
            times.append(1000 * (cpu() - cpu_before_s) / (sent() - sent_before))
    return tuple(spread(times) for times in found)


def _queries(gateway: RawGateway, pending: int) -> list[Recorded]:
    """One query of each payment, as it was sent and when."""
    path = gateway.kept[0].path
    return [request for request in gateway.kept if request.path == path][:pending]


async def _payments(count: int) -> Spread:
    """Milliseconds of processor time for a payment that the gateway approves at once, the API included."""
    with scratch() as name:
        async with RawGateway(Plan(latency_ms=0)) as gateway, Daemon(Path(name), gateway) as daemon:
            found = []
            for each in range(SLICES):
                spent_s = daemon.cpu_s()
                for number in range(count // SLICES):
                    code = f"13{each * count + number:016d}"
                    await daemon.pay(100 + number, wait_s=30, authCode=code)
                found.append(1000 * (daemon.cpu_s() - spent_s) / (count // SLICES))
            return spread(found)


_NOTES = (
    (
        "Processor time of the whole process, from the kernel's own count in nanoseconds. The bare client runs at the "
        "same time and sends the very bytes that posd sent, at the same moments of the interval; it neither signs nor "
        "reads what comes back."
    ),
)
