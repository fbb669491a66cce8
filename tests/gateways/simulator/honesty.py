"""One order through every call a till can make, each verdict held against the truth at the moment it was given.

A verdict may know less than is true, never something that is not: this is what a gateway's two sides, codec and
simulator, have to prove for every behaviour of the table.
"""

from __future__ import annotations

from posd.gateways.base import PayOrder
from posd.gateways.simulator.behaviour import QueryFault
from posd.gateways.simulator.orders import Phase, State
from posd.payment.verdicts import Closed, Declined, NotFound, Paid, Pending, RefundDone, Refunded
from tests.gateways.simulator.support import Till

# Long enough for every delay of the table with its default parameter.
ROUNDS = 8
ROUND_S = 6.0


def truth(till: Till, order: PayOrder) -> State | None:
    """How the order really stands now; None where it was never made."""
    return till.truth(order).state(till.now_ms)


def spoken_of(till: Till, order: PayOrder) -> State | None:
    """The state that answers describe: the present one, or the past where the plan has the gateway live in it."""
    record = till.truth(order)
    plan = record.plan
    if QueryFault.STALE not in plan.query:
        return record.state(till.now_ms)
    # Answers take their time as well: what they say was true when the question arrived.
    return record.state_at(till.now_ms - plan.stale_ms - plan.latency_ms, till.now_ms)


def held_against_the_truth(till: Till, order: PayOrder, verdict: object) -> None:
    """A verdict about an order, as soon as it was given."""
    state = spoken_of(till, order)
    match verdict:
        case Paid():
            assert state is not None
            assert state.phase is Phase.PAID
            paid, true = verdict.amounts, till.truth(order)
            assert (paid.amount, paid.pay_amount) in {(true.amount, true.pay_amount), (true.amount, true.amount)}
            assert verdict.refunded <= true.amount
        case Pending() if state is not None:
            assert state.phase in {Phase.PAYING, Phase.PAID}
        case Closed() | Declined():
            assert state is not None
            assert state.net == 0
            assert state.phase is not Phase.PAYING
        case Refunded():
            assert state is not None
            assert state.net == 0
        case _:
            # Unknown, not found, accepted, refused and a broken connection claim nothing about the money.
            pass


def watch(till: Till, order: PayOrder) -> list[object]:
    """Pay and ask for a while."""
    heard = [till.pay(order)]
    held_against_the_truth(till, order, heard[0])
    for _ in range(ROUNDS):
        till.wait(ROUND_S)
        heard.append(till.query(order))
        held_against_the_truth(till, order, heard[-1])
    return heard


def undo(till: Till, order: PayOrder) -> None:
    """Bring the order down as posd does: cancel, and refund what a cancel leaves paid; then nothing is charged."""
    for _ in range(ROUNDS):
        held_against_the_truth(till, order, till.cancel(order))
        till.wait(1)
        asked = till.query(order)
        held_against_the_truth(till, order, asked)
        if isinstance(asked, Closed | Declined | Refunded):
            return
        if isinstance(asked, Paid) and not till.codec.void_terms(order.method).reverses_paid:
            break
    refund = till.refund_order(order, order.amount, "V")
    for _ in range(ROUNDS):
        told = till.refund(refund)
        for _ in range(ROUNDS):
            if isinstance(told, RefundDone):
                return
            if isinstance(told, NotFound):
                break
            till.wait(1)
            told = till.refund_query(refund)
