"""Cancels, closes and refunds: what gives the customer his money back. Pure."""

from __future__ import annotations

from dataclasses import replace

from posd.gateways.simulator.behaviour import CancelFault, RefundFault
from posd.gateways.simulator.desk import SERVER_ERROR, Desk
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundRefused, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Event, Seal
from posd.gateways.simulator.reply import Broken, Later, Reply

# The network may shorten the pause between two requests by this much; it is not the client's fault.
_FLOOR_SLACK_MS = 100


class Returns:
    """Ends orders and gives money back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # --- cancel, close ------------------------------------------------------------------------------------------------

    def cancel(self, call: Call, now_ms: int) -> Reply:
        """A cancel, close or reversal."""
        order = self._desk.record(call)
        self._watch_the_floor(call, order, now_ms)
        if not self._desk.is_home(call, order, now_ms):
            words = self._desk.protocol.cancel_answer(call, order, CancelOutcome.NOT_FOUND)
            return self._desk.answer(call, words, now_ms, order)
        known, fault = order.created_at_ms is not None, order.next_cancel()
        if fault is CancelFault.CUT_BEFORE:
            return Reply(order.plan.latency_ms, Broken.CUT)
        if fault is CancelFault.ERROR_BEFORE:
            return Reply(order.plan.latency_ms, SERVER_ERROR)
        paid_now = self._pay_on_cancel(order, now_ms) if known else ()
        if fault is CancelFault.LIE:
            words = self._desk.protocol.cancel_answer(call, order, CancelOutcome.DONE)
            return self._desk.answer(call, words, now_ms, order, Seal.WRONG)
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
                reply = self._desk.answer(call, self._desk.protocol.cancel_answer(call, order, outcome), now_ms, order)
                return replace(reply, later=later)

    def _void(self, call: Call, order: Order, fault: CancelFault, now_ms: int) -> CancelOutcome:
        match fault:
            case CancelFault.STILL_PAYING:
                return CancelOutcome.STILL_PAYING
            case CancelFault.TOO_LATE:
                return CancelOutcome.TOO_LATE
            case CancelFault.NOT_DONE:
                # Where an answer is proof, saying "done" for nothing would be more than any document allows.
                return CancelOutcome.STILL_PAYING if self._desk.protocol.cancel_proves else CancelOutcome.DONE
            case _:
                return self._desk.protocol.void(call, order, now_ms)

    def _pay_on_cancel(self, order: Order, now_ms: int) -> tuple[Later, ...]:
        if not (order.plan.confirm_on_cancel and self._desk.bank.confirm(order, now_ms)):
            return ()
        return self._desk.notices.schedule(order, Event.PAID, now_ms)

    def _void_notice(self, order: Order, known: int, now_ms: int) -> tuple[Later, ...]:
        """``known`` is how much had happened to the order before: what was undone earlier is not news."""
        undone = len(order.history) > known and order.history[-1][1].phase is Phase.REVERSED
        return self._desk.notices.schedule(order, Event.CANCELLED, now_ms) if undone else ()

    def _watch_the_floor(self, call: Call, order: Order, now_ms: int) -> None:
        floor_ms = self._desk.protocol.cancel_floor_ms
        if order.submitted_at_ms is None or order.by_itself:
            return
        waited_ms = now_ms - order.submitted_at_ms
        if waited_ms < floor_ms - _FLOOR_SLACK_MS:
            text = f"cancelled {waited_ms / 1000:.2f} s after the pay request, allowed from {floor_ms / 1000:g} s"
            self._desk.violate(call, text, now_ms)

    # --- refund -------------------------------------------------------------------------------------------------------

    def refund(self, call: Call, now_ms: int) -> Reply:
        """A refund, new or once more."""
        order = self._desk.record(call)
        refund_no, amount = self._desk.protocol.refund_terms(call)
        known = order.refunds.get(refund_no)
        fault = RefundFault.OK
        try:
            if not self._desk.is_home(call, order, now_ms) or order.created_at_ms is None:
                raise RefundRefused(RefundRefusal.NOT_FOUND)
            if self._desk.bank.owner_of(refund_no) not in (None, order):
                raise RefundRefused(RefundRefusal.MISMATCH)
            if known is not None:
                refund = self._desk.bank.refund_again(order, known, amount, now_ms)
            else:
                fault = order.next_refund()
                refund = self._new_refund(order, refund_no, amount, fault, now_ms)
        except RefundRefused as refused:
            if refused.why in (RefundRefusal.EXCEEDS, RefundRefusal.MISMATCH):
                self._desk.violate(call, f"refund {refund_no}: {refused.why}", now_ms)
            return self._desk.answer(call, self._desk.protocol.refund_refusal(call, order, refused.why), now_ms, order)
        return self._refund_reply(call, order, refund, fault, now_ms)

    def _new_refund(self, order: Order, refund_no: str, amount: int, fault: RefundFault, now_ms: int) -> Refund:
        state = order.state(now_ms)
        if state is None or state.phase is not Phase.PAID:
            raise RefundRefused(RefundRefusal.NOT_PAID)
        due = self._desk.protocol.refund_due(order, amount)
        if fault in (RefundFault.CUT_BEFORE, RefundFault.LIE):
            return Refund(refund_no, amount, due, RefundStatus.SUCCESS, self._desk.bank.token(14), now_ms)
        return self._desk.bank.refund(order, refund_no, amount, due, fault, now_ms)

    def _refund_reply(self, call: Call, order: Order, refund: Refund, fault: RefundFault, now_ms: int) -> Reply:
        later = self._refund_notice(order, refund, now_ms) if refund.refund_no in order.refunds else ()
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
                words = self._desk.protocol.refund_answer(call, order, refund)
                return replace(self._desk.answer(call, words, now_ms, order, seal), later=later)

    def _refund_notice(self, order: Order, refund: Refund, now_ms: int) -> tuple[Later, ...]:
        """What is sent when a refund has just been settled; nothing where it was not, or long ago."""
        if refund.settled_at_ms != now_ms:
            return ()
        return self._desk.notices.schedule(order, Event.REFUNDED, now_ms, refund)

    def refund_query(self, call: Call, now_ms: int) -> Reply:
        """How does a refund stand?"""
        order = self._desk.bank.find(call.order_no) or self._desk.bank.owner_of(call.refund_no)
        refund = order.refunds.get(call.refund_no or "") if order else None
        if order is None or refund is None or order.protocol != self._desk.protocol.name:
            words = self._desk.protocol.refund_refusal(call, order, RefundRefusal.NOT_FOUND)
            return self._desk.answer(call, words, now_ms, order)
        status = self._desk.bank.poll(order, refund, now_ms)
        reply = self._desk.answer(
            call, self._desk.protocol.refund_query_answer(call, order, refund, status), now_ms, order
        )
        return replace(reply, later=self._refund_notice(order, refund, now_ms))
