"""What an answer of the gateway changes: about an order that is still open, and about one that has ended."""

from __future__ import annotations

from typing import assert_never

from posd.payment.events import Answered, Source, Status
from posd.payment.payment import Cause, Heard, Payment
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

UNDONE: dict[str, object] = {"cancel_answered": False, "refund_refused": None, "by_hand": False}
"""What only matters until it is undone; left out of what is kept of a payment after that."""
HEARD_AT_MOST = 16
"""Different answers remembered in one phase, so that each is written once; more than any gateway has words."""


def hear(payment: Payment, answer: Answered) -> Payment:
    """The payment after an answer."""
    heard = payment.but(heard=(as_heard(answer), *payment.heard)[:HEARD_AT_MOST])
    if payment.must_undo and answer.source is Source.CANCEL and not isinstance(answer.verdict, NotSent):
        heard = heard.but(cancel_answered=True)
    if _is_of_another(payment, answer):
        return heard.attended(_cause(answer, Reason.AMOUNT_MISMATCH))
    if isinstance(answer.verdict, Unknown):
        # Some gateways have no clear word for an order that was refunded: once it went back, this is their last.
        last = answer.verdict.doubt is Doubt.UNCLEAR_CODE and answer.source is Source.QUERY and not payment.must_undo
        return _followed_up(heard, answer) if last and _went_back(payment) else heard
    if payment.status.final and not payment.must_undo:
        return _after_the_end(heard, answer)
    if _is_stale(payment, answer):
        return heard
    return _heard(heard, answer)


def _went_back(payment: Payment) -> bool:
    """Whether its money is proven to have gone back: refunded by the void, or reversed when it turned up later."""
    refunded = payment.status is Status.CANCELLED and payment.refund_sent_at_ms is not None
    return refunded or payment.reversed_at_ms is not None


def _is_of_another(payment: Payment, answer: Answered) -> bool:
    """Rightly signed, but of another order or amount. For the amount no codec has to be believed."""
    match answer.verdict:
        case Unknown(Doubt.MISMATCH):
            return True
        case Paid(amounts):
            return amounts.amount != payment.amount
        case _:
            return False


def _is_stale(payment: Payment, answer: Answered) -> bool:
    """A query speaks of the moment it was asked: from before the first cancel left it proves nothing after it.

    A pay request that was declined or never left stays so for ever, however late that is learnt.
    """
    if answer.source is Source.PAY and isinstance(answer.verdict, Declined | NotSent):
        return False
    return payment.undo_since_ms is not None and answer.asked_at_ms < payment.undo_since_ms


def _heard(payment: Payment, answer: Answered) -> Payment:
    """An answer about an order that is still open."""
    match answer.verdict:
        case Paid() as paid:
            return payment.but(standing=paid, not_found_at_ms=None, unsent=False, evidence=answer.evidence)
        case Pending() if payment.paid is not None:
            return payment  # an older query overtaken by a newer one: what is paid was not unpaid after it
        case Pending(qr_code):
            shown = payment.shown_at_ms if payment.qr_code or not qr_code else answer.at_ms
            return payment.but(
                standing=answer.verdict,
                not_found_at_ms=None,
                unsent=False,
                qr_code=payment.qr_code or qr_code,
                shown_at_ms=shown,
            )
        case Declined(reason):
            return _over(payment, answer, reason)
        case Closed():
            return _over(payment, answer, Reason.DECLINED)
        case NotFound() if answer.source is Source.QUERY:
            known = payment.standing is not None
            return payment if known else payment.but(not_found_at_ms=answer.asked_at_ms)
        case Refused(why):
            paid_refusals = payment.refusals + (payment.paid is not None)
            return payment.but(refused=why, refusals=paid_refusals)
        case NotSent() if _never_left(payment, answer):
            return payment.but(unsent=True)
        case NotFound() | NotSent() | Accepted() | Unknown():
            return payment
        case Refunded() | RefundDone() | RefundProcessing() | RefundFailed() | RefundNotSure() | RefundManual():
            return _given_back(payment, answer)
        case _:
            assert_never(answer.verdict)


def _never_left(payment: Payment, answer: Answered) -> bool:
    """Whether the latest attempt never left. An order that the gateway knows has left, whatever our side says."""
    of_the_latest = answer.source is Source.PAY and answer.asked_at_ms >= (payment.attempted_at_ms or 0)
    return of_the_latest and payment.standing is None


def _given_back(payment: Payment, answer: Answered) -> Payment:
    """What is said of the money that goes back. Where it must be moved by hand, ``Refunded`` says only that it left."""
    sent = payment.refund_sent_at_ms is not None
    match answer.verdict:
        case Refunded() if not payment.by_hand:
            return _over(payment, answer, Reason.DECLINED)
        case RefundDone() if sent:
            return _over(payment, answer, Reason.DECLINED)
        case RefundProcessing() | RefundNotSure() if sent:
            return payment.but(refund_refused=None, by_hand=False)
        case RefundFailed() | RefundManual() if sent:
            return _refund_refused(payment, answer)
        case _:
            return payment


def _refund_refused(payment: Payment, answer: Answered) -> Payment:
    """The gateway will not refund what must go back. It is tried again for ever, but a person should read why."""
    refused = _cause(answer, Reason.SLOW_VOID)
    attention = tuple(refused if cause.reason is Reason.SLOW_VOID else cause for cause in payment.attention)
    by_hand = isinstance(answer.verdict, RefundManual)
    return payment.but(refund_refused=refused, by_hand=by_hand, attention=attention)


def _over(payment: Payment, answer: Answered, reason: Reason) -> Payment:
    if payment.turned_up_at_ms is not None:
        return payment.but(reversed_at_ms=answer.at_ms, **UNDONE)
    return payment.but(over=_cause(answer, reason), evidence=answer.evidence)


def _after_the_end(payment: Payment, answer: Answered) -> Payment:
    """An answer about a payment that has ended: it never changes the end, it may contradict it."""
    asked = answer.source is Source.QUERY and answer.asked_at_ms >= (payment.resolved_at_ms or 0)
    if asked and isinstance(answer.verdict, Paid | Pending | Declined | Closed | Refunded | NotFound):
        payment = _followed_up(payment, answer)
    match payment.status, answer.verdict:
        case Status.PAID, Declined() | Closed():
            return payment.attended(_cause(answer, Reason.CONTRADICTION))
        case Status.PAID, Pending() | Refunded() | NotFound() if asked:
            return payment.attended(_cause(answer, Reason.CONTRADICTION))
        case ((Status.FAILED | Status.CANCELLED), Paid() | Pending()) if asked:
            return _turned_up(payment, answer)
        case ((Status.FAILED | Status.CANCELLED), Paid()):
            return _doubted(payment, answer)
        case _:
            return payment


def _followed_up(payment: Payment, answer: Answered) -> Payment:
    """The payment once a question after its end has been answered: it need not be repeated."""
    return payment.but(follow_ups_ms=tuple(due for due in payment.follow_ups_ms if due > answer.asked_at_ms))


def _turned_up(payment: Payment, answer: Answered) -> Payment:
    """The gateway knows as alive what has ended without a charge: it goes back, and a person should know."""
    standing = answer.verdict if isinstance(answer.verdict, Paid | Pending) else None
    alive = payment.but(
        standing=standing,
        unsent=False,
        turned_up_at_ms=answer.at_ms,
        reversed_at_ms=None,
        undo_since_ms=None,
        cancels=0,
        cancel_answered=False,
        refusals=0,
        refused=None,
        refund_sent_at_ms=None,
        refund_refused=None,
        by_hand=False,
        evidence=answer.evidence,
    )
    return alive.attended(_cause(answer, Reason.CONTRADICTION))


def _doubted(payment: Payment, answer: Answered) -> Payment:
    """Paid, says an answer that may be older than the end: ask again now. A reversal that was proven explains it."""
    asking = payment.but(follow_ups_ms=(answer.at_ms, *payment.follow_ups_ms))
    explained = payment.status is Status.CANCELLED and not payment.not_received
    return asking if explained else asking.attended(_cause(answer, Reason.CONTRADICTION))


def as_heard(answer: Answered) -> Heard:
    """What of an answer makes it the same as another."""
    return Heard(answer.source, answer.verdict, answer.evidence.gateway_code)


def _cause(answer: Answered, reason: Reason) -> Cause:
    return Cause(reason, None, answer.evidence.gateway_code, answer.evidence.gateway_message)
