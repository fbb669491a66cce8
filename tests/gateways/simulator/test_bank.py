"""The truth about the money."""

from __future__ import annotations

import pytest

from posd.gateways.simulator import bank as bank_module
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.behaviour import Plan, RefundFault
from posd.gateways.simulator.orders import Charge, Order, Phase, RefundRefusal, RefundRefused, RefundStatus, State
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

CODE = "130000000012345678"


def make(bank: Bank, plan: Plan | None = None, amount: int = 1000, no: str = "A1", code: str | None = CODE) -> Order:
    """An order that arrived at moment 0."""
    order = bank.record(no, "chaoying")
    assert bank.submit(order, Charge(amount, Wallet.WECHAT, code), plan or Plan(), 0)
    assert bank.create(order, 0)
    return order


def test_the_customer_pays_when_the_plan_says_so() -> None:
    """Not a millisecond earlier, and the ledger keeps the moment in which it was true."""
    order = make(Bank(), Plan(confirm_after_ms=5000))
    assert order.state(4999) == State(Phase.PAYING)
    assert order.state(9000) == State(Phase.PAID, captured=1000)
    assert (order.paid_at_ms, order.state_at(4999, 9000)) == (5000, State(Phase.PAYING))


def test_the_first_moment_decides() -> None:
    """Who refuses before he pays has refused."""
    order = make(Bank(), Plan(confirm_after_ms=5000, refuse_after_ms=3000, expire_after_ms=4000))
    assert order.state(60_000) == State(Phase.FAILED)
    assert order.reason is Reason.USER_CANCELLED


def test_a_discount_is_not_charged() -> None:
    """What was given off is not the customer's money; more than the price cannot be given off."""
    bank = Bank()
    order = make(bank, Plan(discount_fen=250))
    free = make(bank, Plan(discount_fen=5000), no="A2", code=None)
    assert (order.pay_amount, order.state(0)) == (750, State(Phase.PAID, captured=750))
    assert (free.pay_amount, free.state(0)) == (0, State(Phase.PAID, captured=0))


def test_an_order_is_made_once() -> None:
    """A second pay request changes neither the amount nor the plan of an order that exists."""
    bank = Bank()
    order = make(bank)
    assert not bank.submit(order, Charge(9, Wallet.ALIPAY, "x"), Plan(confirm_after_ms=None), 5)
    assert not bank.create(order, 5)
    assert (order.submits, order.amount, order.wallet, order.state(5)) == (
        2,
        1000,
        Wallet.WECHAT,
        State(Phase.PAID, captured=1000),
    )


def test_a_code_pays_one_order() -> None:
    """The second order with the same code fails, and only that one."""
    bank = Bank()
    first, second = make(bank), make(bank, no="A2")
    assert (first.state(0), second.state(0)) == (State(Phase.PAID, captured=1000), State(Phase.FAILED))
    assert (second.reason, bank.code_spent(first), bank.code_spent(second)) == (Reason.CODE_USED, False, True)


def test_what_is_closed_cannot_be_paid() -> None:
    """A close ends the order for the customer too."""
    bank = Bank()
    order = make(bank, Plan(confirm_after_ms=5000))
    assert bank.close(order, 4000)
    assert not bank.confirm(order, 4500)
    assert order.state(10_000) == State(Phase.CLOSED)
    assert not bank.close(order, 11_000)


def test_a_close_comes_too_late_for_what_is_paid() -> None:
    """The customer's moment is looked at first."""
    bank = Bank()
    order = make(bank, Plan(confirm_after_ms=5000))
    assert not bank.close(order, 5000)
    assert bank.reverse(order, 6000)
    state = order.state(6000)
    assert state is not None
    assert (state.phase, state.net, state.reversed) == (Phase.REVERSED, 0, 1000)
    assert not bank.reverse(order, 7000)


def test_what_is_unpaid_cannot_be_reversed() -> None:
    """Nothing was taken, nothing goes back."""
    order = make(bank := Bank(), Plan(confirm_after_ms=None))
    assert not bank.reverse(order, 5)
    assert order.state(5) == State(Phase.PAYING)


def test_things_happen_in_the_order_of_their_moments() -> None:
    """However late the bank is asked, an earlier arrival comes first and is told its own moment."""
    bank, seen = Bank(), list[tuple[str, int]]()
    bank.at(20, lambda at: seen.append(("late", at)))
    bank.at(10, lambda at: seen.append(("early", at)))
    bank.advance(9)
    assert seen == []
    bank.advance(1000)
    assert seen == [("early", 10), ("late", 20)]


def test_a_refund_gives_back_what_is_due() -> None:
    """And counts against the amount and against the money."""
    bank = Bank()
    order = make(bank, Plan(discount_fen=200))
    refund = bank.refund(order, "R1", 500, 400, RefundFault.OK, 7)
    assert (refund.status, refund.settled_at_ms) == (RefundStatus.SUCCESS, 7)
    assert (order.refunds_asked, order.refunds_due) == (500, 400)
    assert order.state(7) == State(Phase.PAID, captured=800, refunded=400)
    assert bank.owner_of("R1") is order
    assert bank.refund_no_of(refund.refund_id) == "R1"
    assert bank.refund_no_of("5") is None


def test_a_refund_number_is_one_refund() -> None:
    """The same again gives nothing back; another amount under the same number is refused."""
    bank = Bank()
    order = make(bank)
    refund = bank.refund(order, "R1", 500, 500, RefundFault.OK, 0)
    assert bank.refund_again(order, refund, 500, 5) is refund
    assert order.state(5) == State(Phase.PAID, captured=1000, refunded=500)
    with pytest.raises(RefundRefused) as refused:
        bank.refund_again(order, refund, 400, 5)
    assert refused.value.why is RefundRefusal.MISMATCH


def test_a_refund_that_is_not_sure_is_done_by_asking_again() -> None:
    """And not before, however often it is looked at."""
    bank = Bank()
    order = make(bank)
    refund = bank.refund(order, "R1", 500, 500, RefundFault.NOT_SURE, 0)
    assert bank.poll(order, refund, 1) is RefundStatus.NOT_SURE
    assert order.state(1) == State(Phase.PAID, captured=1000)
    bank.refund_again(order, refund, 500, 2)
    assert (refund.status, order.state(2)) == (
        RefundStatus.SUCCESS,
        State(Phase.PAID, captured=1000, refunded=500),
    )


def test_a_refund_takes_as_many_looks_as_the_plan_says() -> None:
    """Processing, processing, then done."""
    bank = Bank()
    order = make(bank, Plan(refund_polls=2))
    refund = bank.refund(order, "R1", 500, 500, RefundFault.PROCESSING, 0)
    assert [bank.poll(order, refund, now) for now in range(4)] == [
        RefundStatus.PROCESSING,
        RefundStatus.PROCESSING,
        RefundStatus.SUCCESS,
        RefundStatus.SUCCESS,
    ]
    assert order.state(9) == State(Phase.PAID, captured=1000, refunded=500)


@pytest.mark.parametrize(
    ("fault", "status"), [(RefundFault.BY_HAND, RefundStatus.BY_HAND), (RefundFault.FAIL, RefundStatus.FAILED)]
)
def test_a_refund_that_does_not_happen_frees_its_amount(fault: RefundFault, status: RefundStatus) -> None:
    """No money goes back, and the whole amount can be refunded anew."""
    bank = Bank()
    order = make(bank)
    refund = bank.refund(order, "R1", 1000, 1000, fault, 0)
    assert (bank.poll(order, refund, 1), order.refunds_asked, order.refunds_due) == (status, 0, 0)
    assert order.state(1) == State(Phase.PAID, captured=1000)


def test_money_does_not_go_back_twice() -> None:
    """A refund that was under way when the order was reversed fails."""
    bank = Bank()
    order = make(bank, Plan(refund_polls=0))
    refund = bank.refund(order, "R1", 1000, 1000, RefundFault.PROCESSING, 0)
    bank.reverse(order, 1)
    assert bank.poll(order, refund, 2) is RefundStatus.FAILED
    state = order.state(2)
    assert state is not None
    assert (state.net, state.refunded) == (0, 0)


def test_what_is_not_paid_is_not_refunded() -> None:
    """Nor is its number used up."""
    bank = Bank()
    order = make(bank, Plan(confirm_after_ms=None))
    with pytest.raises(RefundRefused) as refused:
        bank.refund(order, "R1", 1, 1, RefundFault.OK, 0)
    assert (refused.value.why, bank.owner_of("R1")) == (RefundRefusal.NOT_PAID, None)


def test_haste_is_noticed_once() -> None:
    """Twelve queries in ten seconds are taken, the thirteenth is noticed, those behind it are the same haste."""
    bank = Bank()
    order = make(bank)
    assert [bank.asks_too_often(order, now) for now in range(0, 7500, 500)] == [False] * 12 + [True, False, False]


def test_a_steady_pace_is_no_haste() -> None:
    """One query a second, for ever."""
    bank = Bank()
    order = make(bank)
    assert not any(bank.asks_too_often(order, second * 1000) for second in range(300))


def test_the_oldest_orders_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything that is known of them, so that the simulator does not grow for ever."""
    monkeypatch.setattr(bank_module, "ORDERS_MAX", 2)
    bank = Bank()
    oldest = make(bank)
    bank.refund(oldest, "R1", 1, 1, RefundFault.OK, 0)
    for number in (2, 3):
        make(bank, no=f"A{number}", code=f"13000000001234567{number}")
    assert [order.order_no for order in bank] == ["A2", "A3"]
    assert (bank.find("A1"), bank.by_serial(oldest.serial), bank.owner_of("R1")) == (None, None, None)
    assert not bank.code_spent(make(bank, no="A4"))


def test_tokens_differ_and_a_run_can_be_repeated() -> None:
    """No randomness: the same run gives the same numbers, two runs that start apart give others."""
    first, again, other = Bank(), Bank(), Bank(first_serial=1000)
    tokens = [first.token() for _ in range(100)]
    assert len(set(tokens)) == 100
    assert tokens == [again.token() for _ in range(100)]
    assert other.token() not in tokens
    assert len(first.token(64)) == 64
