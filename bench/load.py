"""Figure 5: payments a second through one daemon, until "approved → told" takes too long; and what is full by then."""

from __future__ import annotations

import asyncio
import pstats
import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from bench.daemon import Daemon, cpu_of_threads, scratch
from bench.figures import Figure, Plot, Row, Series, exactly, quantile, spread
from bench.wire import RawGateway
from posd.gateways.simulator.behaviour import Plan

RATES = (20, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800)
RATES_QUICK = (20, 100)
SECONDS, SECONDS_QUICK = 5.0, 2.0
CUSTOMERS_AT_LEAST = 200
"""However slow the rate: the 99th of a hundred is no percentile yet."""
P99_MS = 100.0
"""What still feels like at once."""
KEPT_UP = 0.9
"""The share of what was asked for that must have ended within the time, or the rate was more than it can."""
TRIES = 3
"""Of a rate that is too slow: somebody else may have wanted the disk."""
MISSES = 2
"""Rates in a row that are too much: then it is not chance."""
FULL = 0.8
"""Of the time: a part that is at work for more makes the others wait."""
PROFILED_SHARE = 0.4
"""Of the highest rate, under the profiler, which makes everything slower."""
NAMED = 5
AGAIN = 100
"""Sets the codes of a rate's later tries apart from those of the first."""
SEED = 5


@dataclass(frozen=True, slots=True)
class Busy:
    """Which share of the time each part is at work, 1 is all of it."""

    loop: float
    """The event loop's thread, on a processor."""
    journal: float
    """The threads of the journal, on a processor."""
    disk: float
    """A commit is under way, on a processor or waiting for the disk."""
    client: float
    """This process, which is the gateway and the POS, on a processor."""

    def parts(self) -> tuple[tuple[str, float], ...]:
        """Each share with what it is a share of."""
        return (
            ("the event loop's thread on a processor", self.loop),
            ("the journal's threads on a processor", self.journal),
            ("a commit under way", self.disk),
            ("gateway and POS of this measurement on a processor", self.client),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One rate, held for some seconds."""

    asked: float
    rate: float
    """Payments that ended, a second."""
    latencies_ms: list[float]
    busy: Busy

    @property
    def p99_ms(self) -> float:
        """Of "approved → told"."""
        return quantile(self.latencies_ms, 0.99)

    @property
    def good(self) -> bool:
        """Whether everybody was told in time."""
        return self.p99_ms <= P99_MS and self.rate >= self.asked * KEPT_UP


def measure(*, quick: bool) -> Figure:
    """Faster and faster, until it is too fast."""
    seconds = SECONDS_QUICK if quick else SECONDS
    steps = asyncio.run(_climb(RATES_QUICK if quick else RATES, seconds))
    best = next((step for step in reversed(steps) if step.good), steps[0])
    profile = asyncio.run(_profile(max(5.0, best.rate * PROFILED_SHARE), seconds))
    rows = [
        Row(f"payments a second with p99 ≤ {P99_MS:g} ms", exactly(round(best.rate, 1)), "/s"),
        Row("approved to told at that rate", spread(best.latencies_ms), "ms"),
        Row("the same at the lowest rate", spread(steps[0].latencies_ms), "ms"),
        *(Row(f"at that rate: {name}", exactly(round(100 * share)), "%") for name, share in best.busy.parts()),
    ]
    rates = tuple(step.rate for step in steps)
    curves = (
        Series("p99", rates, tuple(step.p99_ms for step in steps)),
        Series("median", rates, tuple(quantile(step.latencies_ms, 0.5) for step in steps)),
    )
    plot = Plot("5-load", "Approved to told, by load", "payments a second", "milliseconds", curves, log_y=True)
    return Figure(5, "Load", tuple(rows), (plot,), (_NOTE, _first_full(steps, best), profile))


def _first_full(steps: list[Step], best: Step) -> str:
    """What there is no more of at the first rate that is too much."""
    beyond = next((step for step in steps if step.asked > best.asked and not step.good), None)
    if beyond is None:
        return "No rate that was tried is too much."
    parts = ", ".join(f"{name} {share:.0%}" for name, share in beyond.busy.parts())
    name, share = max(beyond.busy.parts(), key=lambda part: part[1])
    found = f"{name} fills first" if share >= FULL else "nothing is full: single commits and turns that take long do it"
    return (
        f"The next rate, {beyond.asked:g} a second, is too much: {beyond.rate:.0f} a second end, p99 is "
        f"{beyond.p99_ms:.0f} ms. By then {found}; of the time: {parts}."
    )


async def _climb(rates: tuple[int, ...], seconds: float) -> list[Step]:
    steps: list[Step] = []
    with scratch() as name:
        async with RawGateway(Plan(latency_ms=0)) as gateway, Daemon(Path(name), gateway) as daemon:
            await _hold(daemon, gateway, 20, 2.0, 0)
            for number, rate in enumerate(rates, 1):
                steps.append(await _best_try(daemon, gateway, rate, max(seconds, CUSTOMERS_AT_LEAST / rate), number))
                if len(steps) >= MISSES and not any(step.good for step in steps[-MISSES:]):
                    break
    return steps


async def _best_try(daemon: Daemon, gateway: RawGateway, rate: float, seconds: float, number: int) -> Step:
    tries = []
    for each in range(TRIES):
        tries.append(await _hold(daemon, gateway, rate, seconds, number + each * AGAIN))
        if tries[-1].good:
            return tries[-1]
    return min(tries, key=lambda step: step.p99_ms)


async def _hold(daemon: Daemon, gateway: RawGateway, rate: float, seconds: float, number: int) -> Step:
    """Customers come by chance, so many a second on average, whether or not those before are done."""
    rng, loop = Random(SEED + number), asyncio.get_running_loop()
    approved_s: dict[str, float] = {}
    latencies_ms: list[float] = []

    def approve(order_no: str) -> None:
        approved_s[order_no] = perf_counter()

    async def customer(serial: int) -> None:
        payment = await daemon.pay(100 + serial, wait_s=30, authCode=f"13{number:04d}{serial:012d}")
        latencies_ms.append((perf_counter() - approved_s[payment["orderNo"]]) * 1000)

    gateway.on_answer = approve
    began_s, before, next_s = loop.time(), await _spent(daemon), loop.time()
    async with asyncio.TaskGroup() as group:
        for serial in range(round(rate * seconds)):
            next_s += rng.expovariate(rate)
            await asyncio.sleep(max(0.0, next_s - loop.time()))
            group.create_task(customer(serial))
    took_s = loop.time() - began_s
    busy = Busy(*((after - then) / took_s for after, then in zip(await _spent(daemon), before, strict=True)))
    return Step(rate, len(latencies_ms) / took_s, latencies_ms, busy)


async def _spent(daemon: Daemon) -> tuple[float, float, float, float]:
    """Seconds so far, in the order of ``Busy``."""
    threads = cpu_of_threads(daemon.process.pid)
    loop_s = next(seconds for thread, seconds in threads.items() if thread.split()[0] == str(daemon.process.pid))
    return loop_s, sum(threads.values()) - loop_s, await daemon.syncing_s(), process_time()


# --- what is full


async def _profile(rate: float, seconds: float) -> str:
    """Where the daemon's time goes, in a sentence."""
    with scratch() as name:
        directory = Path(name)
        async with RawGateway(Plan(latency_ms=0)) as gateway:
            daemon = Daemon(directory, gateway)
            daemon.command = (sys.executable, "-m", "bench.profiled", str(directory / "profile"))
            async with daemon:
                daemon.process.send_signal(signal.SIGUSR1)
                await _hold(daemon, gateway, rate, seconds, 0)
        shares = _shares(directory / "profile")
    parts = ", ".join(f"{package} {share:.0%}" for package, share in shares[:NAMED])
    return f"By a profile at {rate:.0f} payments a second, of the event loop's own time: {parts}."


def _shares(profile: Path) -> list[tuple[str, float]]:
    """How the time in Python is spread over packages, the largest first; waiting does not count."""
    spent: Counter[str] = Counter()
    for (file, _, function), (_, _, own_s, _, _) in pstats.Stats(str(profile)).stats.items():  # type: ignore[attr-defined]
        if "poll" not in function:
            spent[_package(file, function)] += own_s
    total = sum(spent.values())
    return [(package, seconds / total) for package, seconds in spent.most_common()]


def _package(file: str, function: str) -> str:
    if "'send' of '_socket.socket'" in function or "'recv" in function:
        return "system calls of sockets"
    found = _PACKAGE.search(file)
    if found is None:
        return "functions in C" if file == "~" else "everything else"
    return found[1].replace("/", ".")


_PACKAGE = re.compile(r"(?:site-packages/|python3\.\d+/|/)(posd/\w+|aiohttp|asyncio|logging|json|urllib|yarl)\b")

_NOTE = (
    "Customers come by chance at the rate that is shown. The gateway approves at once; “told” is when the POS has "
    "read the answer to the request that started the payment. Gateway and POS run in one process on the same two cores."
)
