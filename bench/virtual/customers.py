"""Who comes to the till, drawn from a seed: the same people for everybody who serves them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from posd.gateways.simulator.behaviour import Plan
from posd.gateways.simulator.orders import Charge
from posd.gateways.simulator.scripts import Scripts

BETWEEN_CUSTOMERS_S = 1.0
"""Far enough apart that the disk is idle, near enough that payments overlap."""
PROMPT_MS = (500, 14_000)
"""When a customer of figure 1 confirms: within the shortest patience of all schedules, so that each tells everybody."""
TYPICAL_S = 7.0
"""Half of those who are asked for a password have confirmed by then. An assumption, not a measurement: no operator
publishes it."""
SPREAD = 0.8
"""Of the logarithm: one in ten takes 20 s, one in a hundred 45 s."""
REFUSE, WALK_AWAY = 0.04, 0.04
"""Shares of those who press "cancel", and of those who do nothing at all."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer. Moments in milliseconds from the arrival of the pay request; None: never."""

    number: int
    arrives_s: float
    confirms_ms: int | None
    refuses_ms: int | None = None

    @property
    def amount(self) -> int:
        """In fen; tells the customers of a run apart."""
        return self.number * 100

    @property
    def code(self) -> str:
        """The auth code: 18 digits, as WeChat's."""
        return f"13{self.number:016d}"


def prompt_customers(seed: int, count: int) -> list[Customer]:
    """People who type a password and confirm in time."""
    rng = Random(seed)
    return [Customer(number, number * BETWEEN_CUSTOMERS_S, rng.randint(*PROMPT_MS)) for number in range(1, count + 1)]


def all_sorts(seed: int, count: int) -> list[Customer]:
    """People who type a password: most confirm sooner or later, some refuse, some walk away."""
    rng = Random(seed)
    return [_some_customer(rng, number) for number in range(1, count + 1)]


def _some_customer(rng: Random, number: int) -> Customer:
    kind, takes_ms = rng.random(), round(1000 * TYPICAL_S * rng.lognormvariate(0, SPREAD))
    if kind < REFUSE:
        return Customer(number, number * BETWEEN_CUSTOMERS_S, None, takes_ms)
    if kind < REFUSE + WALK_AWAY:
        return Customer(number, number * BETWEEN_CUSTOMERS_S, None)
    return Customer(number, number * BETWEEN_CUSTOMERS_S, takes_ms)


class Plans(Scripts):
    """The gateway's view of the customers, found by the amount."""

    def __init__(self, customers: list[Customer]) -> None:
        super().__init__()
        self._customers = {customer.amount: customer for customer in customers}

    def plan(self, order_no: str, charge: Charge) -> Plan:
        """How the customer of this charge behaves."""
        customer = self._customers[charge.amount]
        return Plan(confirm_after_ms=customer.confirms_ms, refuse_after_ms=customer.refuses_ms)
