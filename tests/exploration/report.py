"""One scenario explored: how far it went, and what it found."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.exploration.bounds import Scenario, scaled
from tests.exploration.explorer import Explorer, Flaw
from tests.exploration.patience import Patience


@dataclass(frozen=True, slots=True)
class Report:
    """What an exploration has come to."""

    scenario: Scenario
    states: int
    transitions: int
    complete: bool
    """Nothing was left out: what bounds it is the scenario, not our patience."""
    longest: int
    """The most ticks from any visited state to an end that holds, without faults."""
    seconds: float
    """Of the processor."""
    flaw: Flaw | None

    @property
    def wrong(self) -> str | None:
        """What must not be; None when all is well."""
        if self.flaw is not None:
            return str(self.flaw)
        bound = self.scenario.settles_within
        return None if self.longest <= bound else f"settled within {self.longest} ticks only, not within {bound}"

    def __str__(self) -> str:
        reached = "all" if self.complete else "first"
        return (
            f"{self.scenario.name:<26} {reached:>5} {self.states:>9,} states {self.transitions:>11,} transitions, "
            f"settled within {self.longest} ticks, {self.seconds:6.1f} s"
        )


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """No search for cycles: none is made, and it takes up to a third of the time among millions of states."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def explore(scenario: Scenario, most: int) -> Report:
    """Every state up to ``most``, and the way to the end from each of them; stops at the first flaw."""
    began = time.process_time()
    with scaled(), _nothing_to_collect():
        explorer = Explorer(scenario)
        flaw = explorer.explore(most)
        patience = Patience(explorer)
        # Where not every state was visited, the way to the end leads through states that are not judged.
        for state in explorer.came_from if flaw is None and explorer.complete else ():
            patience.ask(state)
    return Report(
        scenario,
        len(explorer.came_from),
        explorer.transitions,
        explorer.complete,
        patience.longest,
        time.process_time() - began,
        flaw or patience.flaw,
    )
