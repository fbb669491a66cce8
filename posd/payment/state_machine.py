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

from typing import assert_never

import msgspec

from posd.payment.errors import ImpossibleTransition
from posd.payment.events import (
    Answered,
    Armed,
    AttentionRaised,
    Created,
    PaymentEvent,
    Resolved,
    Resumed,
    Source,
    Status,
    Submitted,
    UndoStep,
    VoidBy,
    VoidRequested,
    VoidSent,
)
from posd.payment.payment import Cause, Heard, Payment
from posd.payment.terms import Rules
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    NotSent,
    Paid,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    Refused,
    Unknown,
)

RETRY_HORIZON_MS = 5_000
"""For how long a request that certainly never left is tried again (or the window, whichever is shorter)."""
RETRY_GAP_MS = 500
"""Between two such tries: a till's network comes back in seconds, not in milliseconds."""
SLOW_VOID_MS = 60_000
"""A void that takes longer than this wants a person's eye."""
FOLLOW_UPS_MS = (5 * 60_000, 60 * 60_000, 24 * 60 * 60_000)
"""When an order that the gateway did not know is asked for again after the end."""

HEARD_AT_MOST = 16
"""Different answers remembered in one phase, so that each is written once; more than any gateway has words."""


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
            return _replace(payment, armed_until_ms=event.until_ms)
        case Submitted():
            return _submitted(payment, event)
        case Answered():
            _demand(payment, event, payment.submitted_at_ms is not None)
            return _answered(payment, event)
        case VoidRequested():
            _demand(payment, event, not payment.status.final and payment.void_by is None)
            status = Status.CANCELLING if payment.submitted_at_ms is not None else payment.status
            return _replace(payment, status=status, void_by=event.by, void_requested_at_ms=event.at_ms)
        case VoidSent():
            return _void_sent(payment, event)
        case Resolved():
            return _resolved(payment, event)
        case AttentionRaised():
            return _attend(payment, Cause(event.reason, event.note))
        case Resumed():
            since = payment.sure_since_ms if event.clock_trusted else event.at_ms
            return _replace(payment, interrupted=True, sure_since_ms=since)
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


def wakes_at_ms(payment: Payment) -> int | None:
    """When the clock alone will next make something true; None when only an answer or a person can."""
    match payment.status:
        case Status.AWAITING_CODE:
            return payment.armed_until_ms
        case Status.PROCESSING if payment.unsent:
            return min(_retry_at_ms(payment), _unreachable_at_ms(payment))
        case Status.PROCESSING:
            return payment.window_ends_ms()
        case Status.CANCELLING if not _attends(payment, Reason.SLOW_VOID):
            return (payment.void_requested_at_ms or 0) + SLOW_VOID_MS
        case _:
            return None


def is_news(payment: Payment, answer: Answered, rules: Rules) -> bool:
    """Whether an answer says anything that was not heard in this phase, or brings something about.

    What is no news is not recorded, only counted.
    """
    if _as_heard(answer) not in payment.heard:
        return True
    after = apply(payment, answer)
    ended = consequence(after, answer.at_ms, rules)
    return isinstance(ended, Resolved) or after.follow_ups_ms != payment.follow_ups_ms


# --- events ----------------------------------------------------------------------------------------------------------


def _submitted(payment: Payment, event: Submitted) -> Payment:
    first = payment.status is Status.AWAITING_CODE and payment.void_by is None
    again = payment.status is Status.PROCESSING and payment.unsent and not payment.interrupted
    _demand(payment, event, (first or again) and event.attempt == payment.attempts + 1)
    return _replace(
        payment,
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
    after = _replace(payment, undo_since_ms=payment.undo_since_ms or event.at_ms, heard=())
    match event.step:
        case UndoStep.CANCEL:
            return _replace(after, cancels=payment.cancels + 1, cancelled_at_ms=event.at_ms)
        case UndoStep.REFUND:
            return _replace(after, refund_sent_at_ms=event.at_ms)
        case _:
            assert_never(event.step)


def _resolved(payment: Payment, event: Resolved) -> Payment:
    _demand(payment, event, not payment.status.final)
    _demand(payment, event, event.status is not Status.PAID or (payment.paid is not None and payment.void_by is None))
    not_received = event.status is not Status.PAID and payment.over is None and payment.not_found_at_ms is not None
    over = payment.over or Cause(Reason.DECLINED)
    return _replace(
        payment,
        status=event.status,
        resolved_at_ms=event.at_ms,
        cause=event.reason and Cause(event.reason, event.message, over.gateway_code, over.gateway_message),
        attention=tuple(cause for cause in payment.attention if cause.reason is not Reason.SLOW_VOID),
        not_received=not_received,
        follow_ups_ms=tuple(event.at_ms + later for later in FOLLOW_UPS_MS) if not_received else (),
    )


# --- answers ---------------------------------------------------------------------------------------------------------


def _answered(payment: Payment, answer: Answered) -> Payment:
    heard = _replace(payment, heard=(_as_heard(answer), *payment.heard)[:HEARD_AT_MOST])
    if isinstance(answer.verdict, Unknown):
        if answer.verdict.doubt is Doubt.MISMATCH:
            return _attend(heard, _cause(answer, Reason.AMOUNT_MISMATCH))
        return heard
    if payment.status.final and not payment.must_undo:
        return _after_the_end(heard, answer)
    if _is_stale(payment, answer):
        return heard
    return _heard(heard, answer)


def _is_stale(payment: Payment, answer: Answered) -> bool:
    """A query speaks of the moment it was asked: from before the first cancel left it proves nothing after it."""
    return payment.undo_since_ms is not None and answer.asked_at_ms < payment.undo_since_ms


def _heard(payment: Payment, answer: Answered) -> Payment:
    """An answer about an order that is still open."""
    match answer.verdict:
        case Paid() as paid:
            return _replace(payment, standing=paid, not_found_at_ms=None, evidence=answer.evidence)
        case Pending() if payment.paid is not None:
            return payment  # an older query overtaken by a newer one: what is paid was not unpaid after it
        case Pending(qr_code):
            shown = payment.shown_at_ms if payment.qr_code or not qr_code else answer.at_ms
            return _replace(
                payment,
                standing=answer.verdict,
                not_found_at_ms=None,
                qr_code=payment.qr_code or qr_code,
                shown_at_ms=shown,
            )
        case Declined(reason):
            return _over(payment, answer, reason)
        case Closed() | Refunded():
            return _over(payment, answer, Reason.DECLINED)
        case RefundDone() if payment.refund_sent_at_ms is not None:
            return _over(payment, answer, Reason.DECLINED)
        case NotFound() if answer.source is Source.QUERY:
            known = payment.standing is not None
            return payment if known else _replace(payment, not_found_at_ms=answer.asked_at_ms)
        case Refused(why):
            paid_refusals = payment.refusals + (payment.paid is not None)
            return _replace(payment, refused=why, refusals=paid_refusals)
        case NotSent() if answer.source is Source.PAY:
            return _replace(payment, unsent=True)
        case NotFound() | NotSent() | Accepted() | Unknown():
            return payment
        case RefundDone() | RefundProcessing() | RefundFailed() | RefundNotSure() | RefundManual():
            return payment
        case _:
            assert_never(answer.verdict)


def _over(payment: Payment, answer: Answered, reason: Reason) -> Payment:
    if payment.turned_up_at_ms is not None:
        return _replace(payment, reversed_at_ms=answer.at_ms)
    return _replace(payment, over=_cause(answer, reason), evidence=answer.evidence)


def _after_the_end(payment: Payment, answer: Answered) -> Payment:
    """An answer about a payment that has ended: it never changes the end, it may contradict it."""
    asked = answer.source is Source.QUERY and answer.asked_at_ms >= (payment.resolved_at_ms or 0)
    if asked:
        payment = _replace(
            payment, follow_ups_ms=tuple(due for due in payment.follow_ups_ms if due > answer.asked_at_ms)
        )
    match payment.status, answer.verdict:
        case Status.PAID, Declined() | Closed() | Refunded() | NotFound() if asked:
            return _attend(payment, _cause(answer, Reason.CONTRADICTION))
        case ((Status.FAILED | Status.CANCELLED), Paid() | Pending()) if asked:
            return _turned_up(payment, answer)
        case ((Status.FAILED | Status.CANCELLED), Paid()):
            return _doubted(payment, answer)
        case _:
            return payment


def _turned_up(payment: Payment, answer: Answered) -> Payment:
    """The gateway knows as alive what has ended without a charge: it goes back, and a person should know."""
    standing = answer.verdict if isinstance(answer.verdict, Paid | Pending) else None
    alive = _replace(
        payment,
        standing=standing,
        turned_up_at_ms=answer.at_ms,
        reversed_at_ms=None,
        undo_since_ms=None,
        cancels=0,
        refusals=0,
        refused=None,
        refund_sent_at_ms=None,
        evidence=answer.evidence,
    )
    return _attend(alive, _cause(answer, Reason.CONTRADICTION))


def _doubted(payment: Payment, answer: Answered) -> Payment:
    """Paid, says an answer that may be older than the end: ask again now. A reversal that was proven explains it."""
    asking = _replace(payment, follow_ups_ms=(answer.at_ms, *payment.follow_ups_ms))
    explained = payment.status is Status.CANCELLED and not payment.not_received
    return asking if explained else _attend(asking, _cause(answer, Reason.CONTRADICTION))


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
    if proven or (payment.cancels > 0 and _will_not_arrive(payment, rules)):
        return Resolved(now_ms, Status.CANCELLED, _void_reason(payment))
    if now_ms >= (payment.void_requested_at_ms or 0) + SLOW_VOID_MS and not _attends(payment, Reason.SLOW_VOID):
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


# --- small things ----------------------------------------------------------------------------------------------------


def _replace(payment: Payment, **changes: object) -> Payment:
    return msgspec.structs.replace(payment, **changes)


def _demand(payment: Payment, event: PaymentEvent, possible: bool) -> None:  # noqa: FBT001 - a condition, not a flag
    if not possible:
        raise _impossible(payment, event)


def _impossible(payment: Payment, event: PaymentEvent) -> ImpossibleTransition:
    return ImpossibleTransition(f"{payment.payment_id} is {payment.status}: {type(event).__name__} cannot happen to it")


def _as_heard(answer: Answered) -> Heard:
    return Heard(answer.source, answer.verdict, answer.evidence.gateway_code)


def _cause(answer: Answered, reason: Reason) -> Cause:
    return Cause(reason, None, answer.evidence.gateway_code, answer.evidence.gateway_message)


def _attends(payment: Payment, reason: Reason) -> bool:
    return any(cause.reason is reason for cause in payment.attention)


def _attend(payment: Payment, cause: Cause) -> Payment:
    if _attends(payment, cause.reason):
        return payment
    return _replace(payment, attention=(*payment.attention, cause))
