"""Several gateways over one bank: an order belongs to the one to which it was submitted."""

from __future__ import annotations

import pytest

from posd.gateways.chaoying.codec import ChaoyingCodec
from posd.gateways.chaoying.settings import ChaoyingSettings
from posd.gateways.simulator.behaviour import Plan, QueryFault
from posd.gateways.simulator.chaoying import Chaoying
from posd.gateways.simulator.ledger import details, ledger
from posd.gateways.simulator.orders import Phase, State
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Closed, NotFound, Paid, RefundDone
from tests.gateways.simulator.support import Till


class Twin(Chaoying):
    """A second gateway of the same protocol."""

    name = "twin"


def till_of(sandbox: Sandbox, gateway: str) -> Till:
    """A till in front of one of them."""
    facts = sandbox.credentials(gateway)
    key = facts["key"]
    assert isinstance(key, Secret)
    return Till(gateway, ChaoyingCodec(ChaoyingSettings(str(facts["agent_id"]), str(facts["mch_id"]), key)), sandbox)


@pytest.fixture
def tills() -> tuple[Till, Till]:
    """Two gateways, one bank."""
    sandbox = Sandbox(protocols=(Chaoying, Twin))
    return till_of(sandbox, "chaoying"), till_of(sandbox, "twin")


def test_they_are_made_when_they_are_asked_for() -> None:
    """A test of one of them does not wait for the keys of the other; a person sees both."""
    sandbox = Sandbox(protocols=(Chaoying, Twin))
    assert (list(sandbox.engines), len(sandbox.engines)) == (["chaoying", "twin"], 2)
    assert list(sandbox.engines.made()) == []
    assert sandbox.engines["twin"] is sandbox.engines["twin"]
    assert len(list(sandbox.engines.made())) == 1
    with pytest.raises(KeyError):
        sandbox.engines["nobody"]


def test_pages_are_where_the_server_is() -> None:
    """For those that are made before, and for those that are made after the address is known."""
    sandbox = Sandbox(protocols=(Chaoying, Twin))
    before = sandbox.engines["chaoying"]
    sandbox.set_site("http://127.0.0.1:1")
    assert {before.protocol.site, sandbox.engines["twin"].protocol.site} == {"http://127.0.0.1:1"}


@pytest.mark.parametrize("plan", [Plan(), Plan(query=(QueryFault.STALE,)), Plan(query=(QueryFault.LIE,))])
def test_an_order_is_not_known_elsewhere(tills: tuple[Till, Till], plan: Plan) -> None:
    """Asked for, cancelled or refunded at the wrong gateway: not found, nothing happens, and it is a violation."""
    home, away = tills
    home.plan(plan)
    order = home.order()
    home.pay(order)
    home.wait(20)
    away.now_ms = home.now_ms
    assert away.query(order) == NotFound()
    assert away.cancel(order) != Closed()
    assert not isinstance(away.refund(away.refund_order(order, 1000)), RefundDone)
    assert home.state(order) == State(Phase.PAID, captured=1000)
    assert home.faults() == ["the order belongs to chaoying"] * 3


def test_a_refund_is_not_known_elsewhere(tills: tuple[Till, Till]) -> None:
    """Nor is its number."""
    home, away = tills
    order = home.order()
    home.pay(order)
    refund = home.refund_order(order, 1000)
    home.refund(refund)
    assert away.refund_query(refund) == NotFound()
    assert home.refund_query(refund) == RefundDone(refund.amount)


def test_an_order_number_is_used_once_in_the_world(tills: tuple[Till, Till]) -> None:
    """The same number at another gateway is the same number once more."""
    home, away = tills
    order = home.order()
    home.pay(order)
    assert not isinstance(away.pay(order), Paid)
    assert home.faults() == ["submitted 2 times"]
    assert home.state(order).net == 1000


def test_asking_elsewhere_first_does_not_matter(tills: tuple[Till, Till]) -> None:
    """An order belongs to the gateway that it is submitted to, not to the one that was asked for it."""
    home, away = tills
    order = home.order()
    assert away.query(order) == NotFound()
    assert isinstance(home.pay(order), Paid)
    assert isinstance(home.query(order), Paid)
    assert home.faults() == []


def test_the_ledger_tells_all_of_it(tills: tuple[Till, Till]) -> None:
    """Orders of all gateways, newest first; refunds and faults with what a person needs to find them."""
    home, away = tills
    first = home.order()
    home.pay(first)
    second = away.order(order_no="0101W1", code="132222222222222222")
    away.pay(second)
    away.refund(away.refund_order(second, 300))
    home.query(second)
    told = ledger(home.sandbox.bank, home.now_ms)
    orders, violations = told["orders"], told["violations"]
    assert isinstance(orders, list)
    assert isinstance(violations, list)
    assert [(order["orderNo"], order["gateway"], order["net"]) for order in orders] == [
        ("0101W1", "twin", 700),
        (first.order_no, "chaoying", 1000),
    ]
    assert [(fault["gateway"], fault["operation"], fault["orderNo"]) for fault in violations] == [
        ("chaoying", "orderquery", "0101W1")
    ]
    refunds = details(home.truth(second), home.now_ms)["refunds"]
    assert isinstance(refunds, list)
    assert [(refund["amount"], refund["payAmount"], refund["status"]) for refund in refunds] == [(300, 300, "success")]
