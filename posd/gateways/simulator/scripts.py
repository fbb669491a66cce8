"""Which plan the next orders get: what a script asked for, else the magic numbers. Pure."""

from __future__ import annotations

from collections import deque

from posd.gateways.simulator.behaviour import Plan
from posd.gateways.simulator.magic import choose
from posd.gateways.simulator.orders import Charge

# A test prepares a handful of orders, a long exploration some thousands.
SCRIPTED_MAX = 100_000


class ScriptFull(Exception):
    """More orders were scripted than are kept; start some first."""


class Scripts:
    """The plans that were asked for, by order number, for the next orders, or for all."""

    def __init__(self) -> None:
        self.default: Plan | None = None
        """For every order that has no plan of its own; None leaves it to the magic numbers."""
        self._by_order: dict[str, Plan] = {}
        self._next: deque[Plan] = deque()

    def set_order(self, order_no: str, plan: Plan) -> None:
        """The plan of an order that has not arrived yet. Raises ScriptFull."""
        self._check_room(1)
        self._by_order[order_no] = plan

    def add_next(self, plan: Plan, times: int = 1) -> None:
        """The plan of the next orders, after those that were added before. Raises ScriptFull."""
        self._check_room(times)
        self._next.extend([plan] * times)

    def clear(self) -> None:
        """Back to the magic numbers."""
        self.default = None
        self._by_order.clear()
        self._next.clear()

    def plan(self, order_no: str, charge: Charge) -> Plan:
        """The plan of an order that arrives now."""
        if (scripted := self._by_order.pop(order_no, None)) is not None:
            return scripted
        if self._next:
            return self._next.popleft()
        return self.default or choose(charge.credential, charge.amount)

    def _check_room(self, times: int) -> None:
        if len(self._by_order) + len(self._next) + times > SCRIPTED_MAX:
            raise ScriptFull(f"{SCRIPTED_MAX} orders are scripted already")
