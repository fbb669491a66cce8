"""Figure 4: what a query and a payment cost the processor, beside a bare client that sends the same requests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
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


CROWDS = (Crowd(1, 0.2, 12.0), Crowd(50, 0.5, 10.0), Crowd(1000, 5.0, 15.0))
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
        async with RawGateway(Plan(confirm_after_ms=None, latency_ms=0)) as gateway:
            daemon_ms = await _posd(crowd, directory, gateway)
            write_requests(_queries(gateway, crowd.pending), directory / "requests")
            return daemon_ms, await _bare(crowd, directory / "requests", gateway)


async def _posd(crowd: Crowd, directory: Path, gateway: RawGateway) -> Spread:
    async with Daemon(directory, gateway, window=600.0, poll_interval=crowd.interval_s) as daemon:
        for number in range(crowd.pending):
            await daemon.pay(100 + number, authCode=f"13{number:016d}")
        await asyncio.sleep(WARM_UP_S + crowd.interval_s)
        gateway.keep = True
        found = await _cpu_a_request(crowd, gateway, daemon.cpu_s)
        gateway.keep = False
        daemon.kill()
    return found


async def _bare(crowd: Crowd, requests: Path, gateway: RawGateway) -> Spread:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.bare_client", str(gateway.port), str(requests), str(crowd.interval_s))
    )
    before = gateway.requests
    await asyncio.sleep(WARM_UP_S + crowd.interval_s)
    if gateway.requests < before + crowd.pending:
        raise RuntimeError("the bare client sends nothing")
    found = await _cpu_a_request(crowd, gateway, lambda: cpu_s(process.pid))
    process.kill()
    await process.wait()
    return found


async def _cpu_a_request(crowd: Crowd, gateway: RawGateway, cpu: Callable[[], float]) -> Spread:
    """Milliseconds of processor time for each request, measured in slices."""
    found = []
    for _ in range(SLICES):
        spent_s, sent = cpu(), gateway.requests
        await asyncio.sleep(crowd.seconds / SLICES)
        found.append(1000 * (cpu() - spent_s) / (gateway.requests - sent))
    return spread(found)


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
        "Processor time of the whole process, from the kernel's own count in nanoseconds. The bare client sends the "
        "very bytes that posd sent, at the same moments of the interval, and neither signs nor reads what comes back."
    ),
)
