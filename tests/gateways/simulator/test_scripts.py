"""Which plan an order gets."""

from __future__ import annotations

import pytest

from posd.gateways.simulator import scripts as scripts_module
from posd.gateways.simulator.behaviour import PAYS, WAITS, PayFault, Plan
from posd.gateways.simulator.magic import plan_of
from posd.gateways.simulator.orders import Charge
from posd.gateways.simulator.scripts import ScriptFull, Scripts
from posd.payment.auth_code import Wallet

PLAIN = Charge(100, Wallet.WECHAT, "130000000012345678")
MAGIC = Charge(100, Wallet.WECHAT, "130000000100003100")
HANGS, LIES = Plan(pay=PayFault.HANG), Plan(pay=PayFault.LIE)


def test_the_magic_numbers_count_where_nothing_is_scripted() -> None:
    """Codes, amounts, else it is paid."""
    scripts = Scripts()
    assert (scripts.plan("A", PLAIN), scripts.plan("B", MAGIC)) == (PAYS, plan_of("31"))


def test_an_order_of_its_own_then_the_next_then_the_default() -> None:
    """Each script is used once, but for the default."""
    scripts = Scripts()
    scripts.default = WAITS
    scripts.add_next(LIES)
    scripts.set_order("A", HANGS)
    assert [scripts.plan(number, MAGIC) for number in ("A", "B", "A", "C")] == [HANGS, LIES, WAITS, WAITS]


def test_several_next_ones() -> None:
    """In the order in which they were asked for."""
    scripts = Scripts()
    scripts.add_next(HANGS, 2)
    scripts.add_next(LIES)
    assert [scripts.plan("A", PLAIN) for _ in range(4)] == [HANGS, HANGS, LIES, PAYS]


def test_everything_can_be_forgotten() -> None:
    """Back to the magic numbers."""
    scripts = Scripts()
    scripts.default = WAITS
    scripts.add_next(LIES)
    scripts.set_order("A", HANGS)
    scripts.clear()
    assert scripts.plan("A", MAGIC) == plan_of("31")


def test_a_script_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills the memory by scripting."""
    monkeypatch.setattr(scripts_module, "SCRIPTED_MAX", 2)
    scripts = Scripts()
    scripts.add_next(LIES, 2)
    with pytest.raises(ScriptFull):
        scripts.set_order("A", HANGS)
    assert scripts.plan("A", PLAIN) == LIES


@pytest.mark.parametrize(
    "wrong", [{"query": ()}, {"refund": ()}, {"cancel": ()}, {"latency_ms": -1}, {"confirm_after_ms": -1}]
)
def test_a_plan_makes_sense(wrong: dict[str, object]) -> None:
    """No empty lists of words, nothing before it began."""
    with pytest.raises(ValueError, match=r"word|negative"):
        Plan(**wrong)  # type: ignore[arg-type]  # that is the point
