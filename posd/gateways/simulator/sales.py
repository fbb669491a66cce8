"""Pay requests and queries: the plan of the order is carried out, and what the plan wants is said. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from posd.gateways.base import HttpResponse
from posd.gateways.simulator.behaviour import PayFault, Plan, QueryFault
from posd.gateways.simulator.desk import GARBAGE, SERVER_ERROR, Desk
from posd.gateways.simulator.orders import Charge, Fault, Order, Phase
from posd.gateways.simulator.protocol import Call, Event, Fields, Kind, QueryRefusal, Seal, View
from posd.gateways.simulator.reply import Broken, Later, Reply
from posd.gateways.simulator.views import opposite, view_of, with_other_amount, with_other_order

Chooser = Callable[[str, Charge], Plan]
"""The plan of a new order, by its number and what it asks for."""


class Sales:
    """Makes orders and says how they stand."""

    def __init__(self, desk: Desk, choose: Chooser) -> None:
        self._desk, self._choose = desk, choose

    # --- pay ----------------------------------------------------------------------------------------------------------

    def pay(self, call: Call, now_ms: int) -> Reply:
        """A pay request or a pre-order."""
        order = self._desk.record(call)
        charge = self._desk.protocol.charge(call)
        if not order.submits:
            # A client that asked for it elsewhere before does not make it an order of that place.
            order.protocol = self._desk.protocol.name
        plan = order.plan if order.submits else self._choose(order.order_no, charge)
        if not self._desk.bank.submit(order, charge, plan, now_ms):
            return self._pay_again(call, order, now_ms)
        if plan.arrive_after_ms is not None:
            return self._arrive_late(order, plan, now_ms + plan.arrive_after_ms)
        delay_ms = plan.latency_ms if plan.pay_latency_ms is None else plan.pay_latency_ms
        if plan.pay is PayFault.CUT_BEFORE:
            return Reply(delay_ms, Broken.CUT)
        if plan.pay is PayFault.ERROR_BEFORE:
            return Reply(delay_ms, SERVER_ERROR)
        self._create(order, now_ms)
        outcome = self._pay_outcome(call, order, plan.pay, now_ms)
        return Reply(delay_ms, outcome, self._paid_notice(order, now_ms))

    def _pay_again(self, call: Call, order: Order, now_ms: int) -> Reply:
        """The order number comes again: a client must never do that, and an order is made of it at most once."""
        self._desk.violate(call, f"submitted {order.submits} times", now_ms)
        if order.protocol == self._desk.protocol.name and order.created_at_ms is None:
            self._create(order, now_ms)
            outcome = self._pay_outcome(call, order, PayFault.OK, now_ms)
            return Reply(order.plan.latency_ms, outcome, self._paid_notice(order, now_ms))
        view = view_of(order, now_ms)
        return self._desk.answer(call, self._desk.protocol.duplicate_answer(call, view), now_ms, order)

    def _arrive_late(self, order: Order, plan: Plan, at_ms: int) -> Reply:
        order.arriving += 1

        def arrive(moment_ms: int) -> None:
            order.arriving -= 1
            self._create(order, moment_ms)

        self._desk.bank.at(at_ms, arrive)
        return Reply(plan.latency_ms, Broken.CUT, self._paid_notice(order, at_ms))

    def _create(self, order: Order, now_ms: int) -> None:
        self._desk.bank.create(order, now_ms)
        if self._desk.bank.code_spent(order):
            text = "the auth code was used for another order"
            self._desk.bank.violate(Fault(now_ms, self._desk.protocol.name, "pay", order.order_no, text))

    def _paid_notice(self, order: Order, created_at_ms: int) -> tuple[Later, ...]:
        confirm_ms = order.plan.confirm_after_ms
        return () if confirm_ms is None else self._desk.notices.schedule(order, Event.PAID, created_at_ms + confirm_ms)

    def _pay_outcome(self, call: Call, order: Order, fault: PayFault, now_ms: int) -> HttpResponse | Broken:
        view = view_of(order, now_ms)
        match fault:
            case PayFault.HANG:
                return Broken.HANG
            case PayFault.CUT_AFTER | PayFault.CUT_BEFORE:
                return Broken.CUT
            case PayFault.ERROR_AFTER | PayFault.ERROR_BEFORE:
                return SERVER_ERROR
            case PayFault.GARBAGE:
                return GARBAGE
            case PayFault.LIE:
                return self._desk.encode(call, self._pay_words(call, opposite(view)), now_ms, Seal.WRONG)
            case PayFault.UNSIGNED:
                return self._desk.encode(call, self._pay_words(call, view), now_ms, Seal.MISSING)
            case PayFault.PENDING:
                return self._desk.encode(call, self._pay_words(call, replace(view, phase=Phase.PAYING)), now_ms)
            case PayFault.NO_STATUS:
                words = self._pay_words(call, replace(view, phase=Phase.PAYING))
                return self._desk.encode(call, self._desk.protocol.no_status(call, words), now_ms)
            case PayFault.WRONG_AMOUNT:
                return self._desk.encode(call, self._pay_words(call, with_other_amount(view)), now_ms)
            case PayFault.WRONG_ORDER:
                return self._desk.encode(call, self._pay_words(call, with_other_order(view)), now_ms)
            case PayFault.OK:
                _told(view)
                return self._desk.encode(call, self._pay_words(call, view), now_ms)
            case _:
                assert_never(fault)

    def _pay_words(self, call: Call, view: View) -> Fields:
        if call.route.kind is Kind.PREORDER:
            return self._desk.protocol.preorder_answer(call, view)
        return self._desk.protocol.pay_answer(call, view)

    # --- query --------------------------------------------------------------------------------------------------------

    def query(self, call: Call, now_ms: int) -> Reply:
        """How does an order stand?"""
        order = self._desk.record(call)
        if self._desk.bank.asks_too_often(order, now_ms):
            most = self._desk.bank.query_burst_max
            self._desk.violate(call, f"more than {most} queries of one order in ten seconds", now_ms)
        if not self._desk.is_home(call, order, now_ms):
            return self._not_found(call, order, now_ms)
        fault, state = order.next_query(), order.state(now_ms)
        match fault:
            case QueryFault.HANG:
                return Reply(order.plan.latency_ms, Broken.HANG)
            case QueryFault.CUT:
                return Reply(order.plan.latency_ms, Broken.CUT)
            case QueryFault.ERROR:
                return Reply(order.plan.latency_ms, SERVER_ERROR)
            case QueryFault.GARBAGE:
                return Reply(order.plan.latency_ms, GARBAGE)
            case QueryFault.TOO_OFTEN | QueryFault.NOT_FOUND | QueryFault.SYSTEM_ERROR:
                refusal = self._desk.protocol.query_refusal(call, QueryRefusal(fault))
                return self._desk.answer(call, refusal, now_ms, order)
            case QueryFault.LIE:
                words = self._desk.protocol.query_answer(call, opposite(view_of(order, now_ms)))
                return self._desk.answer(call, words, now_ms, order, Seal.WRONG)
            case QueryFault.STALE:
                state = order.state_at(now_ms - order.plan.stale_ms, now_ms)
            case _:
                pass
        if state is None:
            return self._not_found(call, order, now_ms)
        view = _distorted(view_of(order, now_ms, state), fault)
        if fault in (QueryFault.OK, QueryFault.STALE):
            _told(view)
        seal = Seal.MISSING if fault is QueryFault.UNSIGNED else Seal.RIGHT
        return self._desk.answer(call, self._desk.protocol.query_answer(call, view), now_ms, order, seal)

    def _not_found(self, call: Call, order: Order, now_ms: int) -> Reply:
        words = self._desk.protocol.query_refusal(call, QueryRefusal.NOT_FOUND)
        return self._desk.answer(call, words, now_ms, order)


def _told(view: View) -> None:
    if view.phase is Phase.PAID:
        view.order.told_paid = True


def _distorted(view: View, fault: QueryFault) -> View:
    if fault is QueryFault.WRONG_AMOUNT:
        return with_other_amount(view)
    if fault is QueryFault.WRONG_ORDER:
        return with_other_order(view)
    return view
