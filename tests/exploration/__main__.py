"""``python -m tests.exploration [--deep] [--only NAME] [--most N] [--first]``: explore, and tell how far it went."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.exploration import refunds
from tests.exploration.report import Report, explore
from tests.exploration.scenarios import DEEP, DEEP_MOST, SHORT, SHORT_MOST


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore every scenario of the list; 1 when something is wrong in one of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.exploration", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="more crashes, longer times, more on the wire")
    parser.add_argument("--only", metavar="NAME", help="the scenarios whose name contains this")
    parser.add_argument("--most", metavar="STATES", type=int, help="visit at most so many states of each scenario")
    parser.add_argument("--first", action="store_true", help="end with the first scenario in which something is wrong")
    given = parser.parse_args(arguments)
    most = given.most or (DEEP_MOST if given.deep else SHORT_MOST)
    reports = []
    for scenario in DEEP if given.deep else SHORT:
        if given.only is None or given.only in scenario.name:
            reports.append(explore(scenario, most))
            print(reports[-1], flush=True)
            if (wrong := reports[-1].wrong) is not None:
                print(wrong, flush=True)
                if given.first:
                    return 1
    print(total(reports))
    return int(any(report.wrong for report in reports) or _refunds())


def _refunds() -> bool:
    """Explore the refund machine too; whether something is wrong in it."""
    explored = refunds.explore()
    print(
        f"refunds: all {explored.states:,} states, {explored.transitions:,} transitions, {explored.flaw or '0 flaws'}"
    )
    return explored.flaw is not None


def total(reports: Sequence[Report]) -> str:
    """All of them in a line."""
    states, transitions = (sum(getattr(report, name) for report in reports) for name in ("states", "transitions"))
    flaws = sum(report.wrong is not None for report in reports)
    return f"{len(reports)} scenarios, {states:,} states, {transitions:,} transitions, {flaws} flaws"


if __name__ == "__main__":
    sys.exit(main())
