"""Many orders under a clock of numbers: the truth adds up, and time is not what it costs."""

from __future__ import annotations

import random

from posd.gateways.simulator.magic import TABLE
from posd.gateways.simulator.orders import Phase
from posd.payment.verdicts import Closed, Paid, RefundDone
from tests.gateways.simulator.support import chaoying_till

ORDERS = 2_000


def test_a_long_day() -> None:
    """Random behaviours, and a client that asks, cancels and refunds at random moments.

    Whatever a rightly signed answer says of the end was true when it was said, no money goes back twice, and no order
    is charged more than once.
    """
    dice, till = random.Random(20_261_120), chaoying_till()
    for number in range(ORDERS):
        behaviour, parameter = dice.choice(list(TABLE)), dice.randrange(1, 30)
        order = till.order(dice.randrange(2, 5000), code=f"13{number:08d}0000{behaviour}{parameter:02d}")
        if isinstance(till.pay(order), Paid):
            assert till.state(order).phase is Phase.PAID
        till.wait(15)
        for _ in range(dice.randrange(4)):
            till.query(order)
            till.wait(1)
        if dice.random() < 0.3 and till.cancel(order) == Closed():
            assert till.state(order).net == 0
        for part in range(dice.randrange(3)):
            refund = till.refund_order(order, dice.randrange(1, order.amount), f"R{part}")
            before = till.truth(order).state(till.now_ms)
            if isinstance(told := till.refund(refund), RefundDone):
                assert before is not None
                assert before.net - till.state(order).net == told.pay_amount
    for found in till.sandbox.bank:
        state = found.state(till.now_ms + 3_600_000)
        assert state is None or 0 <= state.net <= state.captured <= found.amount
        assert found.submits == 1
    assert [fault.text for fault in till.sandbox.bank.violations if "exceeds" not in fault.text] == []
