"""How an event changes a payment, and which event follows from it by itself. A transition exists only here.

::

                     code read                 paid (before any void)
   awaiting_code ──────────────► processing ───────────────────────────► paid
        │                        │       │
        │ no code, given up      │ void  │ declined, closed, not received, unreachable
        ▼                        ▼       └─────────────────────────────► failed
   failed, cancelled         cancelling ── closed, reversed, refunded, ► cancelled
                                           not received

``apply`` takes one event and gives the payment after it; what cannot happen raises ImpossibleTransition and changes
nothing. ``consequence`` gives the one event that is now true without anybody doing anything, or None; the shell records
it in the same transaction and asks again. Both are functions of facts, so a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from posd.payment.answers import UNDONE, as_heard, hear
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import (
    Answered,
    Armed,
    AttentionRaised,
    Created,
    FaceAsked,
    FaceTold,
    PaymentEvent,
    Resolved,
    Resumed,
    Status,
    Submitted,
    UndoStep,
    VoidBy,
    VoidRequested,
    VoidSent,
)
from posd.payment.payment import Cause, Payment
from posd.payment.terms import Rules
from posd.payment.verdicts import Reason

RETRY_HORIZON_MS = 5_000
"""For how long a request that certainly never left is tried again (or the window, whichever is shorter)."""
RETRY_GAP_MS = 500
"""Between two such tries: a till's network comes back in seconds, not in milliseconds."""
SLOW_VOID_MS = 60_000
"""A void that takes longer than this wants a person's eye."""
FOLLOW_UPS_MS = (5 * 60_000, 60 * 60_000, 24 * 60 * 60_000)
"""When an order that the gateway did not know is asked for again after the end."""


def create(event: Created) -> Payment:
    """The payment that begins with this event."""
    return Payment(
        payment_id=event.payment_id,
        order_no=event.order_no,
        amount=event.amount,
        method=event.method,
        wallet=event.wallet,
        gateway=event.gateway,
        window_ms=event.window_ms,
        created_at_ms=event.at_ms,
        reference=event.reference,
        description=event.description,
        operator=event.operator,
    )


def apply(payment: Payment, event: PaymentEvent) -> Payment:
    """The payment after an event. Raises ImpossibleTransition, and then nothing has changed."""
    match event:
        case Created():
            raise _impossible(payment, event)
        case Armed():
            _demand(payment, event, payment.status is Status.AWAITING_CODE)
            return payment.but(armed_until_ms=event.until_ms)
        case FaceAsked():
            _demand(payment, event, payment.status is Status.AWAITING_CODE)
            return payment.but(face_waits=True)
        case FaceTold():
            _demand(payment, event, payment.status.final)
            return payment.but(face_waits=False)
        case Submitted():
            return _submitted(payment, event)
        case Answered():
            _demand(payment, event, payment.submitted_at_ms is not None)
            return hear(payment, event)
        case VoidRequested():
            _demand(payment, event, not payment.status.final and payment.void_by is None)
            status = Status.CANCELLING if payment.submitted_at_ms is not None else payment.status
            return payment.but(status=status, void_by=event.by, void_requested_at_ms=event.at_ms)
        case VoidSent():
            return _void_sent(payment, event)
        case Resolved():
            return _resolved(payment, event)
        case AttentionRaised():
            slow = payment.refund_refused if event.reason is Reason.SLOW_VOID else None
            return payment.attended(slow or Cause(event.reason, event.note))
        case Resumed():
            return _resumed(payment, event)
        case _:
            assert_never(event)


def consequence(payment: Payment, now_ms: int, rules: Rules) -> PaymentEvent | None:
    """The event that is true now without anybody doing anything; None when there is none."""
    match payment.status:
        case Status.AWAITING_CODE:
            return _while_armed(payment, now_ms)
        case Status.PROCESSING:
            return _while_processing(payment, now_ms, rules)
        case Status.CANCELLING:
            return _while_cancelling(payment, now_ms, rules)
        case Status.PAID | Status.FAILED | Status.CANCELLED:
            return None
        case _:
            assert_never(payment.status)


def advance(
    payment: Payment, events: Iterable[PaymentEvent], now_ms: int, rules: Rules
) -> tuple[Payment, tuple[PaymentEvent, ...]]:
    """The payment after some events and all that follows from them, and everything that then has happened."""
    happened = list(events)
    for event in happened:
        payment = apply(payment, event)
    while (following := consequence(payment, now_ms, rules)) is not None:
        payment = apply(payment, following)
        happened.append(following)
    return payment, tuple(happened)


def wakes_at_ms(payment: Payment) -> int | None:
    """When the clock alone will next make something true; None when only an answer or a person can."""
    match payment.status:
        case Status.AWAITING_CODE:
            return payment.armed_until_ms
        case Status.PROCESSING if payment.unsent:
            return min(_retry_at_ms(payment), _unreachable_at_ms(payment))
        case Status.PROCESSING:
            return payment.window_ends_ms()
        case Status.CANCELLING if not payment.attends(Reason.SLOW_VOID):
            return (payment.void_requested_at_ms or 0) + SLOW_VOID_MS
        case _:
            return None


def is_news(payment: Payment, answer: Answered, rules: Rules) -> bool:
    """Whether an answer says anything that was not heard in this phase, or changes anything.

    What is no news is not recorded, only counted. That an order is not found once more is none until it ends something.
    """
    if as_heard(answer) not in payment.heard:
        return True
    after = apply(payment, answer)
    if isinstance(consequence(after, answer.at_ms, rules), Resolved):
        return True
    return payment != after.but(heard=payment.heard, not_found_at_ms=payment.not_found_at_ms, evidence=payment.evidence)


# --- events ----------------------------------------------------------------------------------------------------------


def _resumed(payment: Payment, event: Resumed) -> Payment:
    """Where nobody knows how long it was, no duration is taken for over; what was to be asked in an hour may be due."""
    after = payment.but(interrupted=True)
    if event.clock_trusted:
        return after
    again_ms = tuple(event.at_ms + later for later in FOLLOW_UPS_MS[:-1]) if payment.follow_ups_ms else ()
    return after.but(sure_since_ms=event.at_ms, follow_ups_ms=(*payment.follow_ups_ms, *again_ms))


def _submitted(payment: Payment, event: Submitted) -> Payment:
    first = payment.status is Status.AWAITING_CODE and payment.void_by is None
    again = payment.status is Status.PROCESSING and payment.unsent and not payment.interrupted
    _demand(payment, event, (first or again) and event.attempt == payment.attempts + 1)
    return payment.but(
        status=Status.PROCESSING,
        method=event.method,
        wallet=event.wallet,
        gateway=event.gateway,
        window_ms=event.window_ms,
        code_hint=event.code_hint,
        submitted_at_ms=payment.submitted_at_ms or event.at_ms,
        attempted_at_ms=event.at_ms,
        attempts=event.attempt,
        unsent=False,
        heard=(),
    )


def _void_sent(payment: Payment, event: VoidSent) -> Payment:
    _demand(payment, event, payment.must_undo)
    after = payment.but(undo_since_ms=payment.undo_since_ms or event.at_ms, heard=())
    match event.step:
        case UndoStep.CANCEL:
            return after.but(cancels=payment.cancels + 1, cancelled_at_ms=event.at_ms)
        case UndoStep.REFUND:
            return after.but(refund_sent_at_ms=event.at_ms)
        case _:
            assert_never(event.step)


def _resolved(payment: Payment, event: Resolved) -> Payment:
    _demand(payment, event, _may_end(payment, event.status))
    not_received = event.status is not Status.PAID and payment.over is None and payment.not_found_at_ms is not None
    over = payment.over or Cause(Reason.DECLINED)
    return payment.but(
        status=event.status,
        resolved_at_ms=event.at_ms,
        cause=event.reason and Cause(event.reason, event.message, over.gateway_code, over.gateway_message),
        attention=tuple(cause for cause in payment.attention if cause.reason is not Reason.SLOW_VOID),
        not_received=not_received,
        **UNDONE,
        follow_ups_ms=tuple(event.at_ms + later for later in FOLLOW_UPS_MS) if not_received else (),
    )


def _may_end(payment: Payment, status: Status) -> bool:
    """Whether the facts allow this end: nobody is told of money what no gateway has said."""
    uncharged = payment.submitted_at_ms is None or payment.unsent or payment.over is not None
    match status:
        case _ if payment.status.final:
            return False
        case Status.PAID:
            return payment.paid is not None and payment.void_by is None
        case Status.FAILED:
            return payment.void_by is None and (uncharged or payment.not_found_at_ms is not None)
        case Status.CANCELLED:
            return payment.void_by is not None and (uncharged or payment.not_found_at_ms is not None)
        case _:
            return False


# --- what follows by itself ------------------------------------------------------------------------------------------


def _while_armed(payment: Payment, now_ms: int) -> PaymentEvent | None:
    if payment.void_by is not None:
        return Resolved(now_ms, Status.CANCELLED, _void_reason(payment))
    if payment.interrupted:
        return Resolved(now_ms, Status.FAILED, Reason.INTERRUPTED)
    if payment.armed_until_ms is not None and now_ms >= payment.armed_until_ms:
        return Resolved(now_ms, Status.FAILED, Reason.NO_CODE)
    return None


def _while_processing(payment: Payment, now_ms: int, rules: Rules) -> PaymentEvent | None:
    if payment.paid is not None:
        return Resolved(now_ms, Status.PAID)
    if payment.over is not None:
        return Resolved(now_ms, Status.FAILED, payment.over.reason, payment.over.message)
    if payment.unsent:
        return _while_unsent(payment, now_ms)
    if _will_not_arrive(payment, rules):
        return Resolved(now_ms, Status.FAILED, Reason.NOT_RECEIVED)
    if now_ms >= payment.window_ends_ms():
        return VoidRequested(now_ms, VoidBy.WINDOW)
    return None


def _while_unsent(payment: Payment, now_ms: int) -> PaymentEvent | None:
    """Every attempt so far certainly never left."""
    if payment.interrupted:
        return Resolved(now_ms, Status.FAILED, Reason.INTERRUPTED)
    if now_ms >= _unreachable_at_ms(payment):
        return Resolved(now_ms, Status.FAILED, Reason.GATEWAY_UNREACHABLE)
    if now_ms >= _retry_at_ms(payment):
        return Submitted(
            now_ms,
            payment.method,
            payment.wallet,
            payment.gateway,
            payment.window_ms,
            payment.code_hint,
            payment.attempts + 1,
        )
    return None


def _while_cancelling(payment: Payment, now_ms: int, rules: Rules) -> PaymentEvent | None:
    proven = payment.over is not None or payment.unsent
    if proven or (payment.cancel_answered and _will_not_arrive(payment, rules)):
        return Resolved(now_ms, Status.CANCELLED, _void_reason(payment))
    if now_ms >= (payment.void_requested_at_ms or 0) + SLOW_VOID_MS and not payment.attends(Reason.SLOW_VOID):
        return AttentionRaised(now_ms, Reason.SLOW_VOID)
    return None


def _will_not_arrive(payment: Payment, rules: Rules) -> bool:
    """The gateway did not know the order when asked so late that the request cannot come any more."""
    return payment.not_found_at_ms is not None and payment.not_found_at_ms >= payment.horizon_ms(rules)


def _retry_at_ms(payment: Payment) -> int:
    return (payment.attempted_at_ms or 0) + RETRY_GAP_MS


def _unreachable_at_ms(payment: Payment) -> int:
    return (payment.submitted_at_ms or 0) + min(RETRY_HORIZON_MS, payment.window_ms)


def _void_reason(payment: Payment) -> Reason:
    return Reason.CANCELLED_BY_CASHIER if payment.void_by is VoidBy.CASHIER else Reason.WINDOW_ELAPSED


def _demand(payment: Payment, event: PaymentEvent, possible: bool) -> None:  # noqa: FBT001 - a condition, not a flag
    if not possible:
        raise _impossible(payment, event)


def _impossible(payment: Payment, event: PaymentEvent) -> ImpossibleTransition:
    return ImpossibleTransition(f"{payment.payment_id} is {payment.status}: {type(event).__name__} cannot happen to it")
