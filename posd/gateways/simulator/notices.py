"""The notifications of one gateway: when they go out, what may be wrong with them, when they are repeated. Pure."""

from __future__ import annotations

from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.behaviour import NoticeFault
from posd.gateways.simulator.orders import Notice, Order, Phase, Refund
from posd.gateways.simulator.protocol import Event, Protocol, Seal
from posd.gateways.simulator.reply import Later, Send
from posd.gateways.simulator.views import view_of, with_other_amount, with_other_order

# What a receiver answers is a word or a short JSON; more is not kept.
_TEXT_MAX = 200

_TRUE_OF = {Event.PAID: Phase.PAID, Event.CANCELLED: Phase.REVERSED, Event.REFUNDED: Phase.PAID}


class Notices:
    """Makes the notifications of one protocol."""

    def __init__(self, bank: Bank, protocol: Protocol) -> None:
        self._bank, self._protocol = bank, protocol

    def schedule(self, order: Order, event: Event, at_ms: int, refund: Refund | None = None) -> tuple[Later, ...]:
        """What is to be sent from this moment on, as the order's plan and the documents have it."""
        url = order.charge.notify_url if order.charge else None
        fault = order.plan.notice
        if not url or fault is NoticeFault.NONE or event not in self._protocol.notify_events:
            return ()
        first = self._attempt(order, event, refund, url, at_ms, 0)
        if fault is NoticeFault.TWICE and first is not None:
            return (first, first)
        return (first,) if first else ()

    def now(self, order: Order, event: Event, url: str, fault: NoticeFault, now_ms: int) -> Send:
        """One notification at once, true or not, whatever the documents say; for scripts."""
        refund = next(reversed(order.refunds.values()), None) if event is Event.REFUNDED else None
        return self._send(order, event, refund, url, fault, now_ms, None)

    def _attempt(
        self, order: Order, event: Event, refund: Refund | None, url: str, at_ms: int, number: int
    ) -> Later | None:
        if number >= len(self._protocol.notify_pauses_s):
            return None

        def act(now_ms: int) -> Send | None:
            self._bank.advance(now_ms)
            state = order.state(now_ms)
            if state is None or state.phase is not _TRUE_OF[event] or not self._protocol.wants_notice(order, event):
                return None
            return self._send(order, event, refund, url, order.plan.notice, now_ms, number)

        return Later(at_ms + self._protocol.notify_pauses_s[number] * 1000, act)

    def _send(
        self,
        order: Order,
        event: Event,
        refund: Refund | None,
        url: str,
        fault: NoticeFault,
        now_ms: int,
        number: int | None,
    ) -> Send:
        """``number`` counts the attempts; None is a single one that is not repeated."""
        view = view_of(order, now_ms)
        if fault is NoticeFault.WRONG_AMOUNT:
            view = with_other_amount(view)
        elif fault is NoticeFault.WRONG_ORDER:
            view = with_other_order(view)
        seal = Seal.WRONG if fault is NoticeFault.LIE else Seal.RIGHT
        posting = self._protocol.posting(view, event, refund, seal)

        def done(status: int | None, text: str, at_ms: int) -> Later | None:
            taken = status is not None and self._protocol.acknowledges(status, text)
            order.notices.append(Notice(at_ms, event, url, status, text[:_TEXT_MAX], taken))
            if taken or number is None:
                return None
            return self._attempt(order, event, refund, url, at_ms, number + 1)

        return Send(url, posting.content_type, posting.body, done)
