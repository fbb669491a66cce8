"""An order as answers describe it: as it is, as it was, or not as it is at all. Pure."""

from __future__ import annotations

from dataclasses import replace

from posd.gateways.simulator.orders import Order, Phase, State
from posd.gateways.simulator.protocol import View

# What a wrong amount is off by, in fen.
_OFF_BY = 100


def view_of(order: Order, now_ms: int, state: State | None = None) -> View:
    """The order as it stands, or in a state of the past."""
    known = state or order.state(now_ms) or State(Phase.PAYING)
    return View(order, order.order_no, order.amount, order.pay_amount, known.phase, known.refunded, now_ms)


def opposite(view: View) -> View:
    """What a forged answer says."""
    return replace(view, phase=Phase.FAILED if view.phase is Phase.PAID else Phase.PAID)


def with_other_amount(view: View) -> View:
    """The same of another amount."""
    return replace(view, amount=view.amount + _OFF_BY, pay_amount=view.pay_amount + _OFF_BY)


def with_other_order(view: View) -> View:
    """The same of another order."""
    last = "0" if view.order_no[-1:] != "0" else "1"
    return replace(view, order_no=view.order_no[:-1] + last)
