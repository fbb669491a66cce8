"""Every interleaving up to a stated bound: the money is right in all of them, and each comes to an end.

The real functions of ``posd.payment`` beside a model of gateway, customer, network, clock and power: answers late,
lost, twice, out of order and old; the pay request after the cancel; cancels refused, lost, taken and not done; crash
and restart at every step, with a clock that is right, ahead or behind; the window and the cashier at any moment.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.exploration import refunds
from tests.exploration.__main__ import main
from tests.exploration.bounds import Scenario, scaled
from tests.exploration.explorer import Explorer
from tests.exploration.report import explore
from tests.exploration.scenarios import DEEP, SHORT, SHORT_MOST
from tests.exploration.walk import Walk

WALKS = 60
STEPS = 60
"""Of one walk: further than the longest way to a new state."""


@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
def test_nothing_goes_wrong_in_any_state(scenario: Scenario, record_property: Callable[[str, object], None]) -> None:
    """All states of the scenario are visited; none breaks an invariant; from each it ends within the stated ticks."""
    report = explore(scenario, SHORT_MOST)
    record_property("numbers", f"exploration: {report}")
    assert report.wrong is None, report.wrong
    assert report.complete, f"more than {SHORT_MOST} states: make the scenario smaller, or its bound larger"


@pytest.mark.parametrize("scenario", [*SHORT, *DEEP], ids=lambda scenario: scenario.name)
def test_one_till_stands_for_all_of_its_key(scenario: Scenario) -> None:
    """What is merged behaves the same, and the journal of every walk, read back from JSON, makes the same payment."""
    with scaled():
        explorer = Explorer(scenario)
        for seed in range(WALKS):
            walk = Walk(explorer, seed, STEPS)
            assert walk.differs is None, f"seed {seed}, after {walk.story}"
            assert walk.payment == walk.replayed


def test_no_refund_is_told_wrongly(record_property: Callable[[str, object], None]) -> None:
    """Every order of requests, answers, losses, crashes and late arrivals of a refund: what is told stays true."""
    explored = refunds.explore()
    record_property("numbers", f"exploration: refunds, {explored.states} states, {explored.transitions} transitions")
    assert explored.flaw is None
    assert explored.states > 1000


def test_the_numbers_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints states and transitions of each scenario and of all, and ends with 0 when nothing is wrong."""
    assert 0 == main(["--only", "slow disk", "--most", "2000"])
    told = capsys.readouterr().out
    assert "2,0" in told
    assert "transitions, 0 flaws" in told
