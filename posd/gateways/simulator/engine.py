"""What happens to a request: the plan of its order is carried out in the bank, and worded by the protocol. Pure.

HttpRequest ─► protocol.read ─► Call ─► plan and bank ─► View ─► protocol.…_answer ─► encode ─► Reply
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.behaviour import LATENCY_MS, CancelFault, PayFault, Plan, QueryFault, RefundFault
from posd.gateways.simulator.fields import unknown
from posd.gateways.simulator.notices import Notices
from posd.gateways.simulator.orders import (
    Charge,
    Fault,
    Order,
    Phase,
    Refund,
    RefundRefusal,
    RefundRefused,
    RefundStatus,
    Request,
)
from posd.gateways.simulator.protocol import (
    Breach,
    Call,
    CancelOutcome,
    Event,
    Fields,
    Kind,
    Protocol,
    QueryRefusal,
    Reject,
    Seal,
    View,
)
from posd.gateways.simulator.reply import Broken, Later, Reply
from posd.gateways.simulator.views import opposite, view_of, with_other_amount, with_other_order
from posd.payment.auth_code import mask

GARBAGE = HttpResponse(
    200,
    b"<html><head><title>502</title></head><body>upstream sent too big header</body></html>",
    {"content-type": "text/html"},
)
"""What a proxy in between says."""
SERVER_ERROR = HttpResponse(500, b"Internal Server Error", {"content-type": "text/plain"})
NO_SUCH_PATH = HttpResponse(404, b"Not Found", {"content-type": "text/plain"})

# The network may shorten the pause between two requests by this much; it is not the client's fault.
_FLOOR_SLACK_MS = 100

Chooser = Callable[[str, Charge], Plan]
"""The plan of a new order, by its number and what it asks for."""


class Engine:
    """One gateway. ``handle`` decides everything at once, in the moment in which the request arrives."""

    def __init__(self, bank: Bank, protocol: Protocol, choose: Chooser) -> None:
        self.protocol = protocol
        self.notices = Notices(bank, protocol)
        self._bank, self._choose = bank, choose

    def handle(self, request: HttpRequest, now_ms: int) -> Reply:
        """What becomes of a request whose path has lost the gateway's prefix."""
        self._bank.advance(now_ms)
        try:
            call = self.protocol.read(request, now_ms)
        except Reject as reject:
            return self._rejected(request, reject, now_ms)
        self._log(call, now_ms)
        match call.route.kind:
            case Kind.PAY | Kind.PREORDER:
                return self._pay(call, now_ms)
            case Kind.QUERY:
                return self._query(call, now_ms)
            case Kind.CANCEL:
                return self._cancel(call, now_ms)
            case Kind.REFUND:
                return self._refund(call, now_ms)
            case Kind.REFUND_QUERY:
                return self._refund_query(call, now_ms)
            case Kind.OTHER:
                return self._answer(call, self.protocol.other(call, now_ms), now_ms)
            case _:
                assert_never(call.route.kind)

    # --- pay ----------------------------------------------------------------------------------------------------------

    def _pay(self, call: Call, now_ms: int) -> Reply:
        order = self._record(call)
        charge = self.protocol.charge(call)
        plan = order.plan if order.submits else self._choose(order.order_no, charge)
        if not self._bank.submit(order, charge, plan, now_ms):
            return self._pay_again(call, order, now_ms)
        if plan.arrive_after_ms is not None:
            return self._arrive_late(order, plan, now_ms, now_ms + plan.arrive_after_ms)
        delay_ms = plan.latency_ms if plan.pay_latency_ms is None else plan.pay_latency_ms
        if plan.pay is PayFault.CUT_BEFORE:
            return Reply(delay_ms, Broken.CUT)
        if plan.pay is PayFault.ERROR_BEFORE:
            return Reply(delay_ms, SERVER_ERROR)
        later = self._create(order, now_ms)
        outcome = self._pay_outcome(call, order, plan.pay, now_ms)
        return Reply(delay_ms, outcome, later)

    def _pay_again(self, call: Call, order: Order, now_ms: int) -> Reply:
        """The order number comes again: a client must never do that, and an order is made of it at most once."""
        self._violate(call, f"submitted {order.submits} times", now_ms)
        if order.protocol == self.protocol.name and order.created_at_ms is None:
            later = self._create(order, now_ms)
            outcome = self._pay_outcome(call, order, PayFault.OK, now_ms)
            return Reply(order.plan.latency_ms, outcome, later)
        view = view_of(order, now_ms)
        return self._answer(call, self.protocol.duplicate_answer(call, view), now_ms, order)

    def _arrive_late(self, order: Order, plan: Plan, now_ms: int, at_ms: int) -> Reply:
        order.arriving += 1

        def arrive(moment_ms: int) -> None:
            order.arriving -= 1
            self._bank.create(order, moment_ms)

        self._bank.at(at_ms, arrive)
        return Reply(plan.latency_ms, Broken.CUT, self._paid_notice(order, at_ms))

    def _create(self, order: Order, now_ms: int) -> tuple[Later, ...]:
        self._bank.create(order, now_ms)
        if self._bank.code_spent(order):
            fault = Fault(now_ms, self.protocol.name, "pay", order.order_no, "the auth code was used for another order")
            self._bank.violate(fault)
        return self._paid_notice(order, now_ms)

    def _paid_notice(self, order: Order, created_at_ms: int) -> tuple[Later, ...]:
        confirm_ms = order.plan.confirm_after_ms
        return () if confirm_ms is None else self.notices.schedule(order, Event.PAID, created_at_ms + confirm_ms)

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
                return self._encode(call, self._pay_words(call, opposite(view)), now_ms, Seal.WRONG)
            case PayFault.UNSIGNED:
                return self._encode(call, self._pay_words(call, view), now_ms, Seal.MISSING)
            case PayFault.PENDING:
                return self._encode(call, self._pay_words(call, replace(view, phase=Phase.PAYING)), now_ms)
            case PayFault.NO_STATUS:
                words = self._pay_words(call, replace(view, phase=Phase.PAYING))
                return self._encode(call, self.protocol.no_status(call, words), now_ms)
            case PayFault.WRONG_AMOUNT:
                return self._encode(call, self._pay_words(call, with_other_amount(view)), now_ms)
            case PayFault.WRONG_ORDER:
                return self._encode(call, self._pay_words(call, with_other_order(view)), now_ms)
            case PayFault.OK:
                self._told(view)
                return self._encode(call, self._pay_words(call, view), now_ms)
            case _:
                assert_never(fault)

    def _pay_words(self, call: Call, view: View) -> Fields:
        if call.route.kind is Kind.PREORDER:
            return self.protocol.preorder_answer(call, view)
        return self.protocol.pay_answer(call, view)

    # --- query --------------------------------------------------------------------------------------------------------

    def _query(self, call: Call, now_ms: int) -> Reply:
        order = self._record(call)
        if self._bank.asks_too_often(order, now_ms):
            most = self._bank.query_burst_max
            self._violate(call, f"more than {most} queries of one order in ten seconds", now_ms)
        fault = order.next_query()
        state = order.state(now_ms) if self._is_home(call, order, now_ms) else None
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
                refusal = self.protocol.query_refusal(call, QueryRefusal(fault))
                return self._answer(call, refusal, now_ms, order)
            case QueryFault.LIE:
                words = self.protocol.query_answer(call, opposite(view_of(order, now_ms)))
                return self._answer(call, words, now_ms, order, Seal.WRONG)
            case QueryFault.STALE:
                state = order.state_at(now_ms - order.plan.stale_ms, now_ms)
            case _:
                pass
        if state is None:
            return self._answer(call, self.protocol.query_refusal(call, QueryRefusal.NOT_FOUND), now_ms, order)
        view = _distorted(view_of(order, now_ms, state), fault)
        if fault in (QueryFault.OK, QueryFault.STALE):
            self._told(view)
        seal = Seal.MISSING if fault is QueryFault.UNSIGNED else Seal.RIGHT
        return self._answer(call, self.protocol.query_answer(call, view), now_ms, order, seal)

    # --- cancel, close ------------------------------------------------------------------------------------------------

    def _cancel(self, call: Call, now_ms: int) -> Reply:
        order = self._record(call)
        self._watch_the_floor(call, order, now_ms)
        known = self._is_home(call, order, now_ms) and order.created_at_ms is not None
        fault = order.next_cancel()
        if fault is CancelFault.CUT_BEFORE:
            return Reply(order.plan.latency_ms, Broken.CUT)
        if fault is CancelFault.ERROR_BEFORE:
            return Reply(order.plan.latency_ms, SERVER_ERROR)
        paid_now = self._pay_on_cancel(order, now_ms) if known else ()
        if fault is CancelFault.LIE:
            words = self.protocol.cancel_answer(call, order, CancelOutcome.DONE)
            return self._answer(call, words, now_ms, order, Seal.WRONG)
        happened = len(order.history)
        outcome = self._void(call, order, fault, now_ms) if known else CancelOutcome.NOT_FOUND
        later = paid_now + self._void_notice(order, happened, now_ms)
        match fault:
            case CancelFault.CUT_AFTER:
                return Reply(order.plan.latency_ms, Broken.CUT, later)
            case CancelFault.HANG:
                return Reply(order.plan.latency_ms, Broken.HANG, later)
            case CancelFault.ERROR_AFTER:
                return Reply(order.plan.latency_ms, SERVER_ERROR, later)
            case _:
                reply = self._answer(call, self.protocol.cancel_answer(call, order, outcome), now_ms, order)
                return replace(reply, later=later)

    def _void(self, call: Call, order: Order, fault: CancelFault, now_ms: int) -> CancelOutcome:
        match fault:
            case CancelFault.STILL_PAYING:
                return CancelOutcome.STILL_PAYING
            case CancelFault.TOO_LATE:
                return CancelOutcome.TOO_LATE
            case CancelFault.NOT_DONE:
                # Where an answer is proof, saying "done" for nothing would be more than any document allows.
                return CancelOutcome.STILL_PAYING if self.protocol.cancel_proves else CancelOutcome.DONE
            case _:
                return self.protocol.void(call, order, now_ms)

    def _pay_on_cancel(self, order: Order, now_ms: int) -> tuple[Later, ...]:
        if not (order.plan.confirm_on_cancel and self._bank.confirm(order, now_ms)):
            return ()
        return self.notices.schedule(order, Event.PAID, now_ms)

    def _void_notice(self, order: Order, known: int, now_ms: int) -> tuple[Later, ...]:
        """``known`` is how much had happened to the order before: what was undone earlier is not news."""
        undone = len(order.history) > known and order.history[-1][1].phase is Phase.REVERSED
        return self.notices.schedule(order, Event.CANCELLED, now_ms) if undone else ()

    def _watch_the_floor(self, call: Call, order: Order, now_ms: int) -> None:
        floor_ms = self.protocol.cancel_floor_ms
        if order.submitted_at_ms is None or order.by_itself:
            return
        waited_ms = now_ms - order.submitted_at_ms
        if waited_ms < floor_ms - _FLOOR_SLACK_MS:
            text = f"cancelled {waited_ms / 1000:.2f} s after the pay request, allowed from {floor_ms / 1000:g} s"
            self._violate(call, text, now_ms)

    # --- refund -------------------------------------------------------------------------------------------------------

    def _refund(self, call: Call, now_ms: int) -> Reply:
        order = self._record(call)
        refund_no, amount = self.protocol.refund_terms(call)
        known = order.refunds.get(refund_no)
        fault = RefundFault.OK
        try:
            if not self._is_home(call, order, now_ms) or order.created_at_ms is None:
                raise RefundRefused(RefundRefusal.NOT_FOUND)
            if self._bank.owner_of(refund_no) not in (None, order):
                raise RefundRefused(RefundRefusal.MISMATCH)
            if known is not None:
                refund = self._bank.refund_again(order, known, amount, now_ms)
            else:
                fault = order.next_refund()
                refund = self._new_refund(order, refund_no, amount, fault, now_ms)
        except RefundRefused as refused:
            if refused.why in (RefundRefusal.EXCEEDS, RefundRefusal.MISMATCH):
                self._violate(call, f"refund {refund_no}: {refused.why}", now_ms)
            return self._answer(call, self.protocol.refund_refusal(call, order, refused.why), now_ms, order)
        return self._refund_reply(call, order, refund, fault, now_ms)

    def _new_refund(self, order: Order, refund_no: str, amount: int, fault: RefundFault, now_ms: int) -> Refund:
        state = order.state(now_ms)
        if state is None or state.phase is not Phase.PAID:
            raise RefundRefused(RefundRefusal.NOT_PAID)
        due = self.protocol.refund_due(order, amount)
        if fault in (RefundFault.CUT_BEFORE, RefundFault.LIE):
            return Refund(refund_no, amount, due, RefundStatus.SUCCESS, self._bank.token(14), now_ms)
        return self._bank.refund(order, refund_no, amount, due, fault, now_ms)

    def _refund_reply(self, call: Call, order: Order, refund: Refund, fault: RefundFault, now_ms: int) -> Reply:
        later = self.refund_notice(order, refund, now_ms) if refund.refund_no in order.refunds else ()
        latency_ms = order.plan.latency_ms
        match fault:
            case RefundFault.CUT_BEFORE | RefundFault.CUT_AFTER:
                return Reply(latency_ms, Broken.CUT, later)
            case RefundFault.HANG:
                return Reply(latency_ms, Broken.HANG, later)
            case RefundFault.ERROR_AFTER:
                return Reply(latency_ms, SERVER_ERROR, later)
            case _:
                seal = Seal.WRONG if fault is RefundFault.LIE else Seal.RIGHT
                words = self.protocol.refund_answer(call, order, refund)
                return replace(self._answer(call, words, now_ms, order, seal), later=later)

    def refund_notice(self, order: Order, refund: Refund, now_ms: int) -> tuple[Later, ...]:
        """What is sent when a refund has just been settled; nothing where it was not, or long ago."""
        if refund.settled_at_ms != now_ms:
            return ()
        return self.notices.schedule(order, Event.REFUNDED, now_ms, refund)

    def _refund_query(self, call: Call, now_ms: int) -> Reply:
        order = self._bank.find(call.order_no) or self._bank.owner_of(call.refund_no)
        refund = order.refunds.get(call.refund_no or "") if order else None
        if order is None or refund is None or order.protocol != self.protocol.name:
            words = self.protocol.refund_refusal(call, order, RefundRefusal.NOT_FOUND)
            return self._answer(call, words, now_ms, order)
        status = self._bank.poll(order, refund, now_ms)
        reply = self._answer(call, self.protocol.refund_query_answer(call, order, refund, status), now_ms, order)
        return replace(reply, later=self.refund_notice(order, refund, now_ms))

    # --- what all have in common --------------------------------------------------------------------------------------

    def _answer(
        self, call: Call, fields: Fields, now_ms: int, order: Order | None = None, seal: Seal = Seal.RIGHT
    ) -> Reply:
        latency_ms = order.plan.latency_ms if order else LATENCY_MS
        return Reply(latency_ms, self._encode(call, fields, now_ms, seal))

    def _encode(self, call: Call | None, fields: Fields, now_ms: int, seal: Seal = Seal.RIGHT) -> HttpResponse:
        return self.protocol.encode(call, fields, seal, now_ms)

    def _rejected(self, request: HttpRequest, reject: Reject, now_ms: int) -> Reply:
        call = reject.call
        operation = call.route.operation if call else f"{request.method} {request.path}"
        order_no = call.order_no if call else None
        self._bank.violate(Fault(now_ms, self.protocol.name, operation, order_no, f"{reject.breach}: {reject.detail}"))
        if call:
            self._log(call, now_ms, f"{reject.breach}: {reject.detail}")
        if reject.breach is Breach.PATH:
            return Reply(LATENCY_MS, NO_SUCH_PATH)
        return Reply(LATENCY_MS, self._encode(call, self.protocol.rejected(call, reject), now_ms))

    def _record(self, call: Call) -> Order:
        return self._bank.record(call.order_no or "", self.protocol.name)

    def _is_home(self, call: Call, order: Order, now_ms: int) -> bool:
        if order.protocol == self.protocol.name:
            return True
        self._violate(call, f"the order belongs to {order.protocol}", now_ms)
        return False

    def _told(self, view: View) -> None:
        if view.phase is Phase.PAID:
            view.order.told_paid = True

    def _violate(self, call: Call, text: str, now_ms: int) -> None:
        self._bank.violate(Fault(now_ms, self.protocol.name, call.route.operation, call.order_no, text))

    def _log(self, call: Call, now_ms: int, fault: str | None = None) -> None:
        name, operation = self.protocol.name, call.route.operation
        secret = self.protocol.secret_fields
        shown = {key: mask(str(value)) if key in secret else value for key, value in call.fields.items()}
        order = self._bank.find(call.order_no)
        if order is None and call.order_no and fault is None and call.route.kind is not Kind.OTHER:
            order = self._bank.record(call.order_no, name)
        if order is not None:
            order.requests.append(Request(now_ms, operation, call.order_no, shown, fault))
        if fault is not None:
            return
        advice = [f"field {field} is in no document" for field in unknown(call.fields, call.route.table)]
        for text in (*advice, *self.protocol.advice(call, now_ms)):
            self._bank.note(Fault(now_ms, name, operation, call.order_no, text))


def _distorted(view: View, fault: QueryFault) -> View:
    if fault is QueryFault.WRONG_AMOUNT:
        return with_other_amount(view)
    if fault is QueryFault.WRONG_ORDER:
        return with_other_order(view)
    return view
