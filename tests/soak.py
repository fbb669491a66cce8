"""The long runs, as ``make soak``: a million simulated payments, a thousand kills of the real daemon.

    python -m tests.soak                      everything; hours
    python -m tests.soak --payments 20000 --kills 0

Prints how far it is, the numbers, and each seed that failed with how to see it again. Exit code 1 if any did.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.rig import kill_often
from tests.simulation.story import PAYMENTS, Outcome, playground, tell

FIRST_SEED = 1_000_000
"""Far from those of ``make test``."""
SEEDS_AT_ONCE = 10
"""Seeds between two lines of progress of one worker."""
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
    """So many payments; returns how many seeds failed."""
    began_s, numbers, failed = time.monotonic(), Counter[str](), 0
    slowest_s = 0.0
    firsts = range(FIRST_SEED, FIRST_SEED + -(-payments // PAYMENTS), SEEDS_AT_ONCE)
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=20) as pool:
        for outcomes in pool.imap_unordered(simulate, firsts):
            for outcome in outcomes:
                numbers += _counts(outcome)
                slowest_s = max(slowest_s, outcome.slowest_s)
                failed += bool(outcome.faults)
                for line in outcome.faults[:3]:
                    print(f"seed {outcome.seed}: {line}; python -m tests.simulation.story {outcome.seed}")
            pace = numbers["payments"] / (time.monotonic() - began_s)
            print(f"{numbers['payments']} payments, {pace:.0f} a second, {failed} seeds failed", flush=True)
    print("simulation:", ", ".join(f"{count} {name}" for name, count in sorted(numbers.items())))
    print(f"simulation: the slowest payment ended {slowest_s:.0f} s after the faults")
    return failed


def _counts(outcome: Outcome) -> Counter[str]:
    return Counter(
        {
            "payments": outcome.payments,
            "requests": outcome.requests,
            "events": outcome.events,
            "crashes": outcome.crashes,
            "failed commits": outcome.failed_commits,
            "papers": outcome.papers,
            **{f"payments {status}": count for status, count in outcome.statuses.items()},
            **{f"refunds {status}": count for status, count in outcome.refunds.items()},
        }
    )


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


def main() -> int:
    """Both, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payments", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    failed = run_simulation(arguments.payments, arguments.workers) if arguments.payments else 0
    failed += run_kills(arguments.kills, arguments.workers * 2) if arguments.kills else 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
