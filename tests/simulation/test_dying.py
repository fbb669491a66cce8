"""A process may die at any await: the callbacks of one small sale are gone through, a death behind each of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from posd.gateways.simulator.keys import KeyRing
from tests.simulation.outcome import Outcome
from tests.simulation.story import playground, tell
from tests.simulation.weather import Life, Weather

Sale = tuple[int, int]
"""A seed and its payments."""

CALM: Sale = (8, 3)
"""Three payments, one refund, nothing else."""
VOIDED: Sale = (46, 4)
"""Three payments, and one that nobody confirms: it is asked after, and cancelled."""
STRIDE = 29
"""A prime, so that what repeats is met in other places; behind each of them takes minutes."""
CALLBACKS_MOST = 5_000
"""More than any such sale has: a process that always dies is a fault of the simulation."""


def told(sale: Sale, playing: tuple[Path, KeyRing], life: Life, patch: pytest.MonkeyPatch) -> Outcome:
    """The sale, its first process living so long, the next as long as they want."""
    seed, payments = sale
    lives = itertools.chain((life,), itertools.repeat(Life()))
    with patch.context() as context:
        context.setattr(Weather, "life", lambda _weather: next(lives))
        return tell(seed, *playing, payments)


@pytest.mark.parametrize("sale", [CALM, VOIDED])
def test_a_sale_outlives_a_death_at_any_await(sale: Sale, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever callback of its loop is the last: one more start ends every payment rightly, and the death was one."""
    deaths = 0
    with playground() as playing:
        whole = told(sale, playing, Life(), monkeypatch)
        assert ([], 0) == (whole.faults, whole.crashes)
        for last in range(1, CALLBACKS_MOST, STRIDE):
            outcome = told(sale, playing, Life(callbacks=last), monkeypatch)
            assert [] == outcome.faults, f"died behind callback {last}: {outcome.faults}, {outcome.timeline}"
            assert whole.payments == outcome.payments
            if not outcome.crashes:
                break
            deaths += 1
        else:
            pytest.fail("it died every time")
    assert deaths >= 10, "the sale has some hundred callbacks at least"


def test_a_death_is_part_of_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same death tells the same story, byte for byte; another one another."""
    with playground() as playing:
        once, again = (told(VOIDED, playing, Life(callbacks=150), monkeypatch) for _ in range(2))
        other = told(VOIDED, playing, Life(callbacks=90), monkeypatch)
    assert (1, once.digest, once.requests) == (again.crashes, again.digest, again.requests)
    assert other.digest != once.digest
