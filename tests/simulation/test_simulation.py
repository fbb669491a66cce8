"""The real checkout, journal, codecs and gateways in virtual time, under seeded faults: the money is always right.

The numbers are printed; ``python -m tests.soak`` runs more seeds, ``python -m tests.simulation.story SEED`` one alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posd.gateways.simulator.keys import KeyRing
from tests.simulation.outcome import Outcome
from tests.simulation.story import PAYMENTS, playground, tell

SEEDS = 80
"""Times ``PAYMENTS`` customers: 20,000."""
AT_ONCE = 4
"""Seeds in one test, so that all workers have something to do."""
FIRST_SEED = 1_000

REGRESSIONS = Path(__file__).with_name("regressions.txt")


@pytest.fixture(scope="module")
def playing() -> Iterator[tuple[Path, KeyRing]]:
    """A directory and keys for all seeds of one worker."""
    with playground() as found:
        yield found


def demand_right(outcome: Outcome) -> None:
    """Nothing is wrong; else the timeline of what is, and how to see it again."""
    again = f"python -m tests.simulation.story {outcome.seed}"
    assert [] == outcome.faults, "\n".join([again, *outcome.timeline, *outcome.faults])


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + SEEDS, AT_ONCE))
def test_the_money_is_right(
    playing: tuple[Path, KeyRing], first: int, record_property: Callable[[str, object], None]
) -> None:
    """Whatever network, gateway, disk, clocks and crashes do: the invariants hold at every end, and after."""
    outcomes = [tell(seed, *playing) for seed in range(first, first + AT_ONCE)]
    counts = sum((outcome.counts for outcome in outcomes), Counter[str]())
    record_property("counts", ("simulation", dict(counts)))
    for outcome in outcomes:
        demand_right(outcome)
    assert counts["payments"] > AT_ONCE * PAYMENTS * 0.8, "most customers are served, whatever happens"


@pytest.mark.parametrize("line", [line for line in REGRESSIONS.read_text("utf-8").splitlines() if line[:1] != "#"])
def test_what_once_failed(playing: tuple[Path, KeyRing], line: str) -> None:
    """A seed that has found a fault is kept, with the test that pins the fault whatever the seed tells by now."""
    seed, payments, test = line.split()
    assert (Path(__file__).parents[2] / test).is_file()
    demand_right(tell(int(seed), *playing, int(payments)))


def test_a_seed_is_a_whole_story(playing: tuple[Path, KeyRing]) -> None:
    """The same seed gives the same events, byte for byte, crashes and all; another one does not."""
    once, again, other = tell(11, *playing, 120), tell(11, *playing, 120), tell(12, *playing, 120)
    assert (once.digest, once.requests, once.crashes) == (again.digest, again.requests, again.crashes)
    assert once.events > 1_000
    assert once.digest != other.digest
