"""The truth: orders, the customers' money and what was done with it. Pure: the time is handed in.

The servers of the five protocols only describe what stands here, rightly or, where a plan says so, wrongly.
``violations`` is where a client broke a document, ``notes`` what is worth a look and breaks none.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from posd.gateways.simulator.behaviour import Plan, RefundFault
from posd.gateways.simulator.orders import (
    Charge,
    Fault,
    Order,
    Phase,
    Refund,
    RefundRefusal,
    RefundRefused,
    RefundStatus,
    State,
)
from posd.payment.verdicts import Reason

# A simulator that runs for months in a shop's test corner must not grow for ever; the oldest orders are forgotten.
ORDERS_MAX = 100_000
# What a person would still read; a client that errs in a loop must not fill the memory.
FAULTS_MAX = 1_000
# One query a second is what an eager client asks; a burst on top of it is fine, twelve in ten seconds are too many.
QUERY_BURST_MS = 10_000
QUERY_BURST_MAX = 12


class Bank:
    """Every order at every gateway of one simulator.

    ``advance`` must be called with the time before anything else is asked; the engine does so. ``query_burst_max`` is
    how many queries of one order in ten seconds are still no haste; ``first_serial`` keeps the numbers of two runs
    apart.
    """

    def __init__(self, query_burst_max: int = QUERY_BURST_MAX, first_serial: int = 1) -> None:
        self.query_burst_max = query_burst_max
        self.orders: dict[str, Order] = {}
        self.violations: deque[Fault] = deque(maxlen=FAULTS_MAX)
        self.notes: deque[Fault] = deque(maxlen=FAULTS_MAX)
        self._by_serial: dict[int, Order] = {}
        self._codes: dict[str, str] = {}
        self._refund_owners: dict[str, Order] = {}
        self._queries: dict[str, deque[int]] = {}
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._serials = itertools.count(first_serial)
        self._tokens = itertools.count(first_serial)

    # --- time ---------------------------------------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Let everything happen whose moment has come, in its order."""
        while self._due and self._due[0][0] <= now_ms:
            at_ms, _, action = heapq.heappop(self._due)
            action(at_ms)

    def at(self, at_ms: int, action: Callable[[int], None]) -> None:
        """Have something happen at a moment; ``action`` is told the moment."""
        heapq.heappush(self._due, (at_ms, next(self._tokens), action))

    # --- orders -------------------------------------------------------------------------------------------------------

    def find(self, order_no: str | None) -> Order | None:
        """The record of an order number, whether or not the gateway knows the order."""
        return self.orders.get(order_no) if order_no is not None else None

    def by_serial(self, serial: int) -> Order | None:
        """The order behind a platform's number."""
        return self._by_serial.get(serial)

    def record(self, order_no: str, protocol: str) -> Order:
        """The record of an order number, made when it is first heard of; that does not create the order."""
        order = self.orders.get(order_no)
        if order is None:
            order = self.orders[order_no] = Order(order_no, protocol, next(self._serials))
            self._by_serial[order.serial] = order
            self._forget_the_oldest()
        return order

    def submit(self, order: Order, charge: Charge, plan: Plan, now_ms: int) -> bool:
        """A pay request is on the wire. False when this order number was submitted before."""
        order.submits += 1
        if order.created_at_ms is None:
            order.charge = charge
        if order.submits > 1:
            return False
        order.plan, order.submitted_at_ms = plan, now_ms
        return True

    def create(self, order: Order, now_ms: int) -> bool:
        """The pay request takes effect. False when the order exists already: then nothing happens."""
        if order.created_at_ms is not None or order.charge is None:
            return False
        order.created_at_ms = now_ms
        order.expires_at_ms = order.charge.expires_at_ms
        order.reason = order.plan.decline if self._use_code(order) else Reason.CODE_USED
        order.push(now_ms, State(Phase.PAYING if order.reason is None else Phase.FAILED))
        return True

    def code_spent(self, order: Order) -> bool:
        """Whether its auth code belongs to another order."""
        credential = order.charge.credential if order.charge else None
        return credential is not None and self._codes.get(credential, order.order_no) != order.order_no

    def confirm(self, order: Order, now_ms: int) -> bool:
        """The customer pays. False when there is nothing to pay (any more)."""
        return self._decide_by_hand(order, State(Phase.PAID, captured=order.pay_amount), now_ms)

    def refuse(self, order: Order, now_ms: int) -> bool:
        """The customer will not pay. False when there is nothing to refuse (any more)."""
        if not self._decide_by_hand(order, State(Phase.FAILED), now_ms):
            return False
        order.reason = Reason.USER_CANCELLED
        return True

    def close(self, order: Order, now_ms: int) -> bool:
        """An unpaid order ends; the customer can no longer pay it. False when it was not open."""
        return self._decide_by_hand(order, State(Phase.CLOSED), now_ms)

    def reverse(self, order: Order, now_ms: int) -> bool:
        """A paid order is undone in full. False when it is not paid."""
        state = order.state(now_ms)
        if state is None or state.phase is not Phase.PAID:
            return False
        order.push(now_ms, replace(state, phase=Phase.REVERSED, reversed=state.captured - state.refunded))
        return True

    def token(self, length: int = 32) -> str:
        """Hexadecimal digits, never the same twice and the same in every run."""
        return hashlib.sha256(str(next(self._tokens)).encode()).hexdigest()[:length]

    # --- refunds ------------------------------------------------------------------------------------------------------

    def refund(self, order: Order, refund_no: str, amount: int, due: int, fault: RefundFault, now_ms: int) -> Refund:
        """A new refund. Raises RefundRefused when the order is not paid."""
        state = order.state(now_ms)
        if state is None or state.phase is not Phase.PAID:
            raise RefundRefused(RefundRefusal.NOT_PAID)
        refund_id = f"5{order.serial:010d}{len(order.refunds):04d}"
        refund = Refund(refund_no, amount, due, RefundStatus.PROCESSING, refund_id, now_ms)
        order.refunds[refund_no] = refund
        self._refund_owners[refund_no] = order
        match fault:
            case RefundFault.PROCESSING:
                refund.polls_left = order.plan.refund_polls
            case RefundFault.NOT_SURE:
                refund.status = RefundStatus.NOT_SURE
            case RefundFault.BY_HAND:
                refund.status = RefundStatus.BY_HAND
            case RefundFault.FAIL:
                refund.status = RefundStatus.FAILED
            case _:
                self._give_back(order, refund, now_ms)
        return refund

    def refund_again(self, order: Order, refund: Refund, amount: int, now_ms: int) -> Refund:
        """The same refund number once more: the same refund, and one that is not sure is pushed through."""
        if refund.amount != amount:
            raise RefundRefused(RefundRefusal.MISMATCH)
        if refund.status is RefundStatus.NOT_SURE:
            self._give_back(order, refund, now_ms)
        return refund

    def poll(self, order: Order, refund: Refund, now_ms: int) -> RefundStatus:
        """A refund query: how the refund stands now."""
        if refund.status is RefundStatus.PROCESSING:
            if refund.polls_left > 0:
                refund.polls_left -= 1
            else:
                self._give_back(order, refund, now_ms)
        return refund.status

    def owner_of(self, refund_no: str | None) -> Order | None:
        """The order that a refund number belongs to."""
        return self._refund_owners.get(refund_no) if refund_no is not None else None

    def refund_no_of(self, refund_id: str) -> str | None:
        """The merchant's number of a refund, by the platform's."""
        digits = refund_id[1:11]
        order = self.by_serial(int(digits)) if digits.isascii() and digits.isdigit() else None
        refunds = order.refunds.values() if order else ()
        return next((refund.refund_no for refund in refunds if refund.refund_id == refund_id), None)

    # --- what a client does wrong -------------------------------------------------------------------------------------

    def violate(self, fault: Fault) -> None:
        """A client broke a document."""
        self.violations.append(fault)

    def note(self, fault: Fault) -> None:
        """Worth a look, and against no document; each text once."""
        if all((known.protocol, known.text) != (fault.protocol, fault.text) for known in self.notes):
            self.notes.append(fault)

    def asks_too_often(self, order: Order, now_ms: int) -> bool:
        """Whether this query is one of a sustained haste. True once, when it begins."""
        times = self._queries.setdefault(order.order_no, deque(maxlen=self.query_burst_max + 2))
        times.append(now_ms)
        while times[0] < now_ms - QUERY_BURST_MS:
            times.popleft()
        return len(times) == self.query_burst_max + 1

    # --- inside -------------------------------------------------------------------------------------------------------

    def _use_code(self, order: Order) -> bool:
        """An auth code pays one order. False when it was spent on another."""
        credential = order.charge.credential if order.charge else None
        if credential is None:
            return True
        return self._codes.setdefault(credential, order.order_no) == order.order_no

    def _decide_by_hand(self, order: Order, state: State, now_ms: int) -> bool:
        known = order.state(now_ms)
        if known is None or known.phase is not Phase.PAYING:
            return False
        order.push(now_ms, state)
        return True

    def _give_back(self, order: Order, refund: Refund, now_ms: int) -> None:
        state = order.state(now_ms)
        if state is None or state.net < refund.due:
            # The order was reversed meanwhile: the money is back already, and must not go back twice.
            refund.status = RefundStatus.FAILED
            return
        refund.status, refund.settled_at_ms = RefundStatus.SUCCESS, now_ms
        order.push(now_ms, replace(state, refunded=state.refunded + refund.due))

    def _forget_the_oldest(self) -> None:
        if len(self.orders) <= ORDERS_MAX:
            return
        oldest = next(iter(self.orders.values()))
        del self.orders[oldest.order_no], self._by_serial[oldest.serial]
        self._queries.pop(oldest.order_no, None)
        if oldest.charge and oldest.charge.credential:
            self._codes.pop(oldest.charge.credential, None)
        for refund_no in oldest.refunds:
            self._refund_owners.pop(refund_no, None)

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders.values())
