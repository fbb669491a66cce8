"""What must hold of the money, whatever happens: written once, asked everywhere.

Two sets of plain facts meet: what posd has told of a payment, and what the gateway's books say of its order number. The
exploration asks after every step, the simulation and the tests that kill processes ask while they run and when they are
over. Amounts are fen of the customer's money.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from posd.gateways.simulator.orders import Order, Phase, State

FINAL = frozenset({"paid", "failed", "cancelled"})
"""The states that stay (contract §1)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What posd has told of one payment: what is in its resource, and what came out on paper."""

    order_no: str
    status: str
    amount: int
    coup_amount: int | None = None
    pay_amount: int | None = None
    attention: bool = False
    refunded: int = 0
    """What succeeded refunds gave back, as told (their ``payAmount``)."""
    refunding: bool = False
    """A refund has no end yet: what it gives back may be on the books already."""
    originals: int = 0
    """Original receipts for the customer that came out."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the gateway knows of one order number."""

    order_no: str
    submits: int = 0
    """Pay requests that left for it; those that certainly never left do not count."""
    captured: int = 0
    """What the customer was charged, ever."""
    given_back: int = 0
    """What went back, by reversal or refund."""
    chargeable: bool = False
    """The customer can still be charged: he is at it, or the pay request may still arrive."""
    early_cancels: int = 0
    """Cancels that left before the gateway's own earliest moment."""
    too_late: bool = False
    """The pay request arrived after the time within which it arrives or never does (the contract's horizon)."""

    @property
    def net(self) -> int:
        """What the customer is charged, all in all."""
        return self.captured - self.given_back


def may_be_charged(order: Order | None, state: State | None) -> bool:
    """Whether a simulated gateway may still charge the customer of an order that stands so; None: there is none yet.

    What arrives of an order that is there already (sent again by the network) makes nothing of it.
    """
    return state.phase is Phase.PAYING if state is not None else order is not None and order.arriving > 0


def breaches(told: Told, books: Books) -> list[str]:
    """What does not hold now, in words; must be empty at every moment."""
    found = []
    if books.submits > 1:
        found.append(f"submitted {books.submits} times")
    if books.early_cancels:
        found.append("a cancel left before the gateway's floor")
    if told.originals > 1:
        found.append(f"{told.originals} original receipts")
    if told.status == "paid":
        found.extend(_breaches_of_paid(told, books))
    elif told.status in FINAL:
        found.extend(_breaches_of_unpaid(told, books))
    return found


def _breaches_of_paid(told: Told, books: Books) -> list[str]:
    found = []
    if told.coup_amount is None or told.pay_amount is None or told.amount != told.coup_amount + told.pay_amount:
        found.append(f"amounts do not add up: {told.amount}, {told.coup_amount}, {told.pay_amount}")
    if books.captured != told.pay_amount:
        found.append(f"paid {told.pay_amount}, but {books.captured} were captured")
    if books.given_back < told.refunded or (books.given_back > told.refunded and not told.refunding):
        found.append(f"paid, {told.refunded} refunded, but {books.given_back} went back")
    return found


def _breaches_of_unpaid(told: Told, books: Books) -> list[str]:
    if books.too_late:
        return []  # the contract's exception: it is reversed, and wants a person; ``unfinished`` asks for that
    if books.net:
        return [f"{told.status}, but the customer is charged {books.net}"]
    if books.chargeable:
        return [f"{told.status}, but the customer can still be charged"]
    return []


def unfinished(told: Told, books: Books) -> list[str]:
    """What does not hold at the end: faults have stopped and the stated time has passed; must be empty."""
    found = breaches(told, books)
    if told.status not in FINAL:
        found.append(f"still {told.status}")
    if told.status in FINAL and told.status != "paid" and (books.net or books.chargeable):
        found.append(f"{told.status}, and not undone at the gateway")
    return found


def reused(order_nos: Iterable[str]) -> list[str]:
    """Order numbers that were given to more than one payment; must be empty."""
    return [order_no for order_no, times in Counter(order_nos).items() if times > 1]
