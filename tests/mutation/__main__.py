"""``python -m tests.mutation [--only TEXT] [--guard NAME] [--jobs N]``: break posd, and see that it is noticed.

Each break is made in a copy of the sources, and the suites that guard that part are run on it. Exit code 1 if one of
them goes unnoticed, or if an unbroken copy does not pass.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from tests.mutation.mutation import Mutation
from tests.mutation.mutations import ALL
from tests.mutation.runner import GUARDS, run

JOBS = 2
"""Copies at once, where nothing else is said."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutations that were asked for, after an unbroken copy."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="the mutations whose name contains this")
    parser.add_argument("--guard", choices=GUARDS, help="ask this suite alone, to see what it notices by itself")
    parser.add_argument("--jobs", metavar="N", type=int, default=JOBS)
    given = parser.parse_args(arguments)
    wanted = [mutation for mutation in ALL if given.only in mutation.name]
    guards = sorted({guard for mutation in wanted for guard in mutation.guards} if not given.guard else {given.guard})
    whole = [Mutation(f"(unbroken: {guard})", (), (guard,)) for guard in guards]
    caught, passed = Counter[str](), True
    for verdict in run(whole, given.jobs):
        passed &= verdict.caught_by is None
        print(f"{verdict.mutation.name:<55} {'passes' if verdict.caught_by is None else 'FAILS'}", flush=True)
    for verdict in run(wanted, given.jobs, given.guard) if passed else ():
        caught[verdict.caught_by or "nobody"] += 1
        print(verdict, flush=True)
    print(f"{len(wanted)} mutations: " + ", ".join(f"{number} caught by {who}" for who, number in caught.items()))
    return 0 if passed and caught.total() == len(wanted) and not caught["nobody"] else 1


if __name__ == "__main__":
    sys.exit(main())
