"""The long runs, as ``make soak``: a million simulated payments, a thousand kills, the deepest exploration, memory.

    python -m tests.soak                      everything; hours
    python -m tests.soak --payments 20000 --kills 0 --no-exploration --no-memory

Prints how far it is, the numbers, and each seed that failed with how to see it again. Exit code 1 if any did.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import endurance
from tests.crash.rig import kill_often
from tests.simulation.outcome import Outcome
from tests.simulation.story import PAYMENTS, playground, tell

FIRST_SEED = 1_000_000
"""Far from those of ``make test``."""
SEEDS_AT_ONCE = 10
"""Seeds between two lines of progress of one worker."""
SERVED = 0.98
"""Of a seed's customers at least so many are sold something; the others come in vain, whatever happens."""
LIVES = 25
"""Kills of one till."""
PROTOCOLS = ("chaoying", "umf-huishang", "umf-sp", "chinaums", "daxpay")


def simulate(first: int) -> list[Outcome]:
    """Some seeds, in a process of their own."""
    with playground() as (directory, keys):
        return [tell(seed, directory, keys) for seed in range(first, first + SEEDS_AT_ONCE)]


def kill(seed: int) -> tuple[int, str, int, int, list[str]]:
    """One till that is killed often, in a process of its own."""
    protocol = PROTOCOLS[seed % len(PROTOCOLS)]
    with tempfile.TemporaryDirectory(prefix="posd-soak-") as name:
        kills, payments, faults = asyncio.run(kill_often(Path(name), protocol, seed, LIVES))
    return seed, protocol, kills, payments, faults


def run_simulation(payments: int, workers: int) -> int:
    """So many payments at least; returns how many seeds failed."""
    began_s, numbers, failed = time.monotonic(), Counter[str](), 0
    slowest_s = 0.0
    firsts = range(FIRST_SEED, FIRST_SEED + math.ceil(payments / (PAYMENTS * SERVED)), SEEDS_AT_ONCE)
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=20) as pool:
        for outcomes in pool.imap_unordered(simulate, firsts):
            for outcome in outcomes:
                numbers += outcome.counts
                slowest_s = max(slowest_s, outcome.slowest_s)
                failed += bool(outcome.faults)
                for line in outcome.faults[:3]:
                    print(f"seed {outcome.seed}: {line}; python -m tests.simulation.story {outcome.seed}")
            pace = numbers["payments"] / (time.monotonic() - began_s)
            print(f"{numbers['payments']} payments, {pace:.0f} a second, {failed} seeds failed", flush=True)
    print("simulation:", ", ".join(f"{count:,} {name}" for name, count in numbers.items()))
    print(f"simulation: the slowest payment ended {slowest_s:.0f} s after the faults")
    return failed


def run_kills(kills: int, workers: int) -> int:
    """So many kills of real daemons; returns how many tills failed."""
    done, sold, failed = 0, 0, 0
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for seed, protocol, killed, payments, faults in pool.imap_unordered(kill, range(-(-kills // LIVES))):
            done, sold, failed = done + killed, sold + payments, failed + bool(faults)
            for line in faults[:5]:
                print(f"till {seed} ({protocol}): {line}")
            print(f"{done} kills, {sold} payments, {failed} tills failed", flush=True)
    return failed


@contextlib.contextmanager
def exploring(*, wanted: bool) -> Iterator[list[int]]:
    """The deep exploration in a process of its own beside what runs in this block; then its exit code, if it ran."""
    codes: list[int] = []
    if not wanted:
        yield codes
        return
    with subprocess.Popen([sys.executable, "-m", "tests.exploration", "--deep"]) as process:
        try:
            yield codes
        except BaseException:
            process.terminate()
            raise
        codes.append(process.wait())


def main() -> int:
    """The exploration on one core, the others one after the other on what is left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--exploration", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--memory", action=argparse.BooleanOptionalAction, default=True, help="ten thousand receipts")
    arguments = parser.parse_args()
    with exploring(wanted=arguments.exploration) as codes:
        failed = run_simulation(arguments.payments, arguments.workers) if arguments.payments else 0
        failed += run_kills(arguments.kills, arguments.workers * 2) if arguments.kills else 0
    # By itself, at the end: the daemon forgets by the clock, so on a busy machine there is more to forget.
    grown = endurance.run(endurance.PAYMENTS) if arguments.memory else 0
    return 1 if failed or grown or any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
