"""What to ask of the gateway now, and when to look again.

An ``Activity`` is what is on the wire for one payment in this process. It is not journaled: after a crash nothing is on
the wire, and asking begins anew. ``due`` decides from the facts and the activity; ``started`` and ``answered`` keep the
activity up to date. Queries overlap on purpose: one hanging answer must not keep the customer waiting.
"""

from __future__ import annotations

import msgspec

from posd.payment.actions import (
    GiveUpQuery,
    PaymentAction,
    SendCancel,
    SendPay,
    SendQuery,
    SendRefund,
    SendRefundQuery,
)
from posd.payment.events import Answered, Source, UndoStep
from posd.payment.payment import Payment
from posd.payment.terms import Rules
from posd.payment.verdicts import Doubt, NotFound, RefundFailed, RefundManual, RefundNotSure, RefundProcessing, Unknown

PAY_PATIENCE_MS = 1_000
"""How long the pay request may stay unanswered before it is asked for beside it."""
SLOWEST_INTERVAL_MS = 5_000
"""To this a gateway that complains of too many queries can slow them down."""
TRAVEL_MS = 1_000
"""A request that is slower than the one behind it by more than this is a late one, not a slow one."""
UNDO_GAP_MS = 2_000
"""Between the first cancel and the second; doubled each time."""
UNDO_GAP_MOST_MS = 60_000
REFUSED_GAP_MOST_MS = 60 * 60_000
"""The same while the gateway refuses to refund: an account must be filled up first, or somebody pays by hand, which the
queries notice. Any other answer, and the usual pace is back."""
REFUND_QUERY_GAP_MS = 2_000
"""Between two questions after a refund on its way; doubled each time."""

FOLLOW_UP_GAP_MS = 30_000
"""Between two tries of a question that nobody waits for."""

_CALM = ((5 * 60_000, 5_000), (60 * 60_000, 30_000))
_CALMEST_MS = 300_000
"""How the pace of asking falls with the age of an open payment: after the customer has gone, 5 s; after five minutes,
30 s; after an hour, five minutes. Never giving up."""
_LIVELY_AFTER_WINDOW_MS = 90_000
"""For this long after the window the customer, or the cashier, still waits for the end."""


class Activity(msgspec.Struct, frozen=True):
    """What is on the wire for one payment, and what was heard without being worth a record. Immutable."""

    can_pay: bool = False
    """The credential is in memory and the current attempt has not been handed to the network yet."""
    paying_since_ms: int | None = None
    handed_over_at_ms: int = 0
    """When this process handed the pay request to the network: later than its record, by as long as the disk took."""
    queries_ms: tuple[int, ...] = ()
    """When each query that is on the wire was asked, the oldest first."""
    queried_at_ms: int | None = None
    undoing: bool = False
    """A cancel, a refund or a refund query is on the wire."""
    ask_now: bool = False
    """Something happened that only a query can explain."""
    slowdown: int = 1
    refund_known: bool = False
    """The gateway has the refund: ask after it instead of sending it again."""
    refund_asked_at_ms: int | None = None
    refund_asks: int = 0
    undos: int = 0
    """Cancels and refunds sent by this process, for their pace."""
    undone_at_ms: int | None = None
    refused: bool = False
    """The gateway's latest word on the refund is that it will not give the money back, or not by itself."""


def resumed(payment: Payment) -> Activity:
    """The activity after a restart: nothing is on the wire; a refund that was sent is asked for, not sent again."""
    return Activity(refund_known=payment.refund_sent_at_ms is not None)


def resubmitted(activity: Activity) -> Activity:
    """The activity after a ``Submitted``: the pay request may go."""
    return msgspec.structs.replace(activity, can_pay=True)


def started(activity: Activity, action: PaymentAction, now_ms: int) -> Activity:
    """The activity once an action is being performed."""
    change = msgspec.structs.replace
    match action:
        case SendPay():
            return change(activity, can_pay=False, paying_since_ms=now_ms, handed_over_at_ms=now_ms)
        case SendQuery():
            queries = (*activity.queries_ms, now_ms)
            return change(activity, queries_ms=queries, queried_at_ms=now_ms, ask_now=False)
        case GiveUpQuery(asked_at_ms):
            return change(activity, queries_ms=_without(activity.queries_ms, asked_at_ms))
        case SendCancel():
            return change(activity, undoing=True, undos=activity.undos + 1, undone_at_ms=now_ms)
        case SendRefund():
            sent = change(activity, undoing=True, undos=activity.undos + 1, undone_at_ms=now_ms)
            return change(sent, refund_known=False, refund_asks=0)
        case SendRefundQuery():
            asks = activity.refund_asks + 1
            return change(activity, undoing=True, refund_asked_at_ms=now_ms, refund_asks=asks)


def answered(activity: Activity, answer: Answered) -> Activity:
    """The activity once an answer has come, worth a record or not."""
    change = msgspec.structs.replace
    unclear = isinstance(answer.verdict, Unknown)
    match answer.source:
        case Source.PAY:
            arrived_ms = min(answer.at_ms, activity.handed_over_at_ms + TRAVEL_MS)
            return change(activity, paying_since_ms=None, ask_now=True, handed_over_at_ms=arrived_ms)
        case Source.QUERY:
            often = unclear and answer.verdict == Unknown(Doubt.TOO_OFTEN)
            slowdown = activity.slowdown * 2 if often else activity.slowdown
            queries = _without(activity.queries_ms, answer.asked_at_ms)
            return change(activity, queries_ms=queries, slowdown=min(slowdown, SLOWEST_INTERVAL_MS))
        case Source.CANCEL:
            return change(activity, undoing=False, ask_now=True)
        case Source.REFUND:
            known = unclear or isinstance(answer.verdict, RefundProcessing | RefundManual)
            return change(activity, undoing=False, refund_known=known, ask_now=True, refused=_refuses(answer))
        case Source.REFUND_QUERY:
            gone = isinstance(answer.verdict, NotFound | RefundNotSure | RefundFailed)
            known = activity.refund_known and not gone
            return change(activity, undoing=False, refund_known=known, refused=_refuses(answer))
        case Source.NOTIFICATION:
            return change(activity, ask_now=True)


def _refuses(answer: Answered) -> bool:
    return isinstance(answer.verdict, RefundFailed | RefundManual)


def due(payment: Payment, activity: Activity, now_ms: int, rules: Rules) -> tuple[PaymentAction, ...]:
    """What to send now."""
    if activity.can_pay and not payment.status.final and not payment.must_undo:
        return (SendPay(),)
    return (*_undo_due(payment, activity, now_ms, rules), *_query_due(payment, activity, now_ms, rules))


def wakes_at_ms(payment: Payment, activity: Activity, rules: Rules) -> int | None:
    """When something will be due by the clock alone; None when nothing will."""
    moments = (_query_at_ms(payment, activity, rules), _undo_at_ms(payment, activity, rules))
    return min((moment for moment in moments if moment is not None), default=None)


# --- queries ---------------------------------------------------------------------------------------------------------


def _query_due(payment: Payment, activity: Activity, now_ms: int, rules: Rules) -> tuple[PaymentAction, ...]:
    at_ms = _query_at_ms(payment, activity, rules)
    if at_ms is None or now_ms < at_ms:
        return ()
    if len(activity.queries_ms) >= rules.max_inflight_queries:
        return (GiveUpQuery(activity.queries_ms[0]), SendQuery())
    return (SendQuery(),)


def _query_at_ms(payment: Payment, activity: Activity, rules: Rules) -> int | None:
    if not payment.asking:
        return _follow_up_at_ms(payment, activity)
    if activity.queried_at_ms is not None:
        latest = activity.queried_at_ms
        return latest if activity.ask_now else latest + interval_ms(payment, activity, latest, rules)
    if activity.paying_since_ms is not None and not payment.must_undo:
        return activity.paying_since_ms + PAY_PATIENCE_MS
    return payment.submitted_at_ms


def _follow_up_at_ms(payment: Payment, activity: Activity) -> int | None:
    """A follow-up that got no clear answer is repeated, calmly."""
    if not payment.follow_ups_ms or activity.queries_ms:
        return None
    due_ms = min(payment.follow_ups_ms)
    asked_ms = activity.queried_at_ms
    return due_ms if asked_ms is None or asked_ms < due_ms else asked_ms + FOLLOW_UP_GAP_MS


def interval_ms(payment: Payment, activity: Activity, now_ms: int, rules: Rules) -> int:
    """Between two queries of this payment at this moment."""
    base = min(rules.poll_interval_ms * activity.slowdown, max(SLOWEST_INTERVAL_MS, rules.poll_interval_ms))
    end_ms = max(payment.window_ends_ms(), payment.turned_up_at_ms or 0)
    age_ms = now_ms - end_ms - _LIVELY_AFTER_WINDOW_MS
    if age_ms <= 0:
        return base
    calm = next((pace for until, pace in _CALM if age_ms < until), _CALMEST_MS)
    return max(base, calm)


# --- undoing ---------------------------------------------------------------------------------------------------------


def _undo_due(payment: Payment, activity: Activity, now_ms: int, rules: Rules) -> tuple[PaymentAction, ...]:
    at_ms = _undo_at_ms(payment, activity, rules)
    if at_ms is None or now_ms < at_ms:
        return ()
    if payment.undo_step(now_ms, rules) is UndoStep.CANCEL:
        return (SendCancel(),)
    return (SendRefundQuery(),) if _ask_refund(payment, activity) else (SendRefund(),)


def _undo_at_ms(payment: Payment, activity: Activity, rules: Rules) -> int | None:
    if not payment.must_undo or activity.undoing or payment.unsent:
        return None
    if _ask_refund(payment, activity):
        asked = activity.refund_asked_at_ms
        gap_ms = _undo_gap_ms(activity, REFUND_QUERY_GAP_MS, activity.refund_asks)
        return (payment.refund_sent_at_ms or 0) if asked is None else asked + gap_ms
    floor_ms = max(payment.floor_ms(rules), arrived_by_ms(payment, activity) + rules.void.floor_ms)
    if activity.undone_at_ms is None:
        return floor_ms
    return max(floor_ms, activity.undone_at_ms + _undo_gap_ms(activity, UNDO_GAP_MS, activity.undos - 1))


def arrived_by_ms(payment: Payment, activity: Activity) -> int:
    """By when the pay request has reached the gateway, which counts its own earliest moment of a cancel from there.

    Its answer proves it. Until there is one, a request may have travelled longer than a cancel will.
    """
    if activity.handed_over_at_ms == 0:
        return (payment.attempted_at_ms or 0) + TRAVEL_MS
    return activity.handed_over_at_ms + (TRAVEL_MS if activity.paying_since_ms is not None else 0)


def _ask_refund(payment: Payment, activity: Activity) -> bool:
    return activity.refund_known and payment.refund_sent_at_ms is not None and payment.paid is not None


def _undo_gap_ms(activity: Activity, first_ms: int, doublings: int) -> int:
    most_ms = REFUSED_GAP_MOST_MS if activity.refused else UNDO_GAP_MOST_MS
    return min(first_ms << min(doublings, 11), most_ms)


def _without(queries_ms: tuple[int, ...], asked_at_ms: int) -> tuple[int, ...]:
    if asked_at_ms not in queries_ms:
        return queries_ms
    index = queries_ms.index(asked_at_ms)
    return queries_ms[:index] + queries_ms[index + 1 :]
