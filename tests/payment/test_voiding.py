"""A payment that must not stand, until that is proven (contract §1; design §2, rules 3 to 5)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from posd.payment.actions import SendCancel, SendQuery, SendRefund, SendRefundQuery
from posd.payment.amounts import Fen
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import (
    AnyVerdict,
    AttentionRaised,
    Resolved,
    Source,
    Status,
    UndoStep,
    VoidBy,
    VoidRequested,
    VoidSent,
)
from posd.payment.terms import Rules, VoidTerms
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    NotSent,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundNotSure,
    RefundProcessing,
    Refusal,
    Refused,
    Unknown,
)
from tests.payment.playbook import ACCEPTING, CLOSING, LOST, PAID, START_MS, Playbook


def voiding(rules: Rules | None = None, window_s: int = 15) -> Playbook:
    """A payment whose customer dithers until the window ends and the first cancel has left."""
    play = Playbook(rules, window_s) if rules else Playbook(window_s=window_s)
    return play.submit().answer(Source.PAY, Pending()).at(max(window_s, 15))


# --- the record -------------------------------------------------------------------------------------------------------


def test_the_window_records_the_void_and_then_the_cancel_leaves() -> None:
    """Rule 3: at `submitted + window` a void is recorded by the clock; journaled first, sent second."""
    play = voiding()
    assert (Status.CANCELLING, VoidBy.WINDOW) == (play.stands(), play.payment.void_by)
    requested, sent = play.journal[-2:]
    assert (VoidRequested(START_MS + 15_000, VoidBy.WINDOW), VoidSent(START_MS + 15_000, UndoStep.CANCEL)) == (
        requested,
        sent,
    )
    assert [15.0] == play.times(SendCancel)


def test_the_cashier_records_the_void_at_once_and_the_cancel_waits_for_the_gateway() -> None:
    """Rule 3: earlier by the cashier; never sent before the gateway's own earliest moment; asking goes on meanwhile."""
    play = Playbook().submit().answer(Source.PAY, Pending()).at(4).cashier_cancels()
    assert (Status.CANCELLING, VoidBy.CASHIER) == (play.stands(), play.payment.void_by)
    assert [] == play.at(14.999).times(SendCancel)
    assert 14 <= len(play.times(SendQuery))
    assert [15.0] == play.at(15).times(SendCancel)


def test_the_void_is_recorded_whether_or_not_a_cancel_is_allowed_yet() -> None:
    """Contract §1: a short window ends before the floor: the record comes with it, the cancel with the floor."""
    play = Playbook(window_s=4).submit().answer(Source.PAY, Pending()).at(4)
    assert Status.CANCELLING == play.stands()
    assert [] == play.times(SendCancel)
    assert [15.0] == play.at(15).times(SendCancel)


def test_the_floor_counts_from_the_hand_over() -> None:
    """Contract §5.5: a disk that takes three seconds for the record of the submit must not make the cancel early."""
    play = Playbook(window_s=4)
    play.desk = play.desk.record(Playbook().submit().journal[1])[0].at(START_MS + 3_000)
    play.at(4)
    play.answer(Source.PAY, Pending())
    assert [] == play.at(18.999).times(SendCancel)
    assert [19.0] == play.at(19).times(SendCancel)


def test_the_floor_counts_from_the_answer_which_proves_the_arrival() -> None:
    """The gateway counts from when the pay request came; it came before it was answered, or travels a second more."""
    quick = Playbook(window_s=4).submit().at(0.3).answer(Source.PAY, Pending())
    slow = Playbook(window_s=4).submit().at(5).answer(Source.PAY, Pending())
    silent = Playbook(window_s=4).submit()
    assert [[15.3], [16.0], [16.0]] == [play.at(17).times(SendCancel) for play in (quick, slow, silent)]


def test_the_floor_counts_from_the_latest_attempt() -> None:
    """An attempt that never left is no pay request."""
    play = Playbook(window_s=4).submit().at(1).answer(Source.PAY, NotSent()).answer(Source.PAY, Pending())
    assert [15.0 + 1.0] == play.at(30).times(SendCancel)[:1]


def test_a_void_is_recorded_once() -> None:
    """A second wish to give up changes nothing, and the end of the window adds nothing."""
    play = Playbook().submit().at(1).cashier_cancels()
    with pytest.raises(ImpossibleTransition):
        play.cashier_cancels()
    assert 1 == len(play.at(20).events(VoidRequested))


@pytest.mark.parametrize("end", [PAID, Declined(Reason.DECLINED)])
def test_what_has_ended_cannot_be_voided(end: AnyVerdict) -> None:
    """`paid`: 409; other final: 409. Nothing is recorded, nothing is sent."""
    play = Playbook().submit().answer(Source.PAY, end)
    with pytest.raises(ImpossibleTransition):
        play.cashier_cancels()
    assert [] == play.at(100).times(SendCancel)


def test_a_paid_payment_cannot_be_cancelled_on_the_wire() -> None:
    """No `VoidSent` without a void."""
    play = Playbook().submit().answer(Source.PAY, PAID)
    with pytest.raises(ImpossibleTransition):
        play.happen(VoidSent(START_MS, UndoStep.CANCEL))


# --- after it, paid is no longer possible -----------------------------------------------------------------------------


@pytest.mark.parametrize("source", list(Source))
def test_after_the_record_nothing_makes_it_paid(source: Source) -> None:
    """Rule 4: learnt after the void it goes back; the customer's money is cancelled again."""
    play = voiding().at(16).answer(source, PAID)
    assert Status.CANCELLING == play.stands()
    play.answer(Source.CANCEL, LOST)
    assert [15.0, 17.0] == play.at(18).times(SendCancel)
    with pytest.raises(ImpossibleTransition):
        play.happen(Resolved(play.desk.now_ms, Status.PAID))


def test_paid_between_the_record_and_the_floor_goes_back() -> None:
    """What counts is when posd learns of it: after the record it is cancelled, though no cancel was sent yet."""
    play = Playbook(window_s=4).submit().answer(Source.PAY, Pending()).at(6).answer(Source.QUERY, PAID)
    assert Status.CANCELLING == play.stands()
    play.at(15).answer(Source.CANCEL, Closed())
    assert (Status.CANCELLED, Reason.WINDOW_ELAPSED) == (
        play.stands(),
        play.why(),
    )
    assert play.payment.amounts is None


# --- the proof --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        (Source.CANCEL, Closed()),
        (Source.QUERY, Closed()),
        (Source.QUERY, Refunded()),
        (Source.QUERY, Declined(Reason.DECLINED)),
        (Source.NOTIFICATION, Closed()),
    ],
)
def test_a_proof_ends_it(source: Source, verdict: AnyVerdict) -> None:
    """Rule 4: closed, reversed or refunded in full is `cancelled`, and nothing is sent after it."""
    play = voiding().at(16).answer(source, verdict)
    assert Status.CANCELLED == play.stands()
    sent = len(play.sent)
    assert sent == len(play.at(1000).sent)
    assert not play.payment.live


@pytest.mark.parametrize(
    "verdict",
    [Accepted(), NotFound(), LOST, NotSent(), Refused(Refusal.STILL_PAYING), Refused(Refusal.TOO_LATE), Pending()],
)
def test_anything_else_from_a_cancel_proves_nothing(verdict: AnyVerdict) -> None:
    """Rule 4: taken is not done, refused is not done, lost is not done: ask at once, cancel again."""
    play = voiding().at(15.2).answer(Source.CANCEL, verdict)
    assert Status.CANCELLING == play.stands()
    assert 15.2 == play.times(SendQuery)[-1]
    assert [15.0, 17.0] == play.at(17).times(SendCancel)


def test_cancels_are_repeated_ever_more_calmly_and_for_ever() -> None:
    """Rule 7: two seconds, doubled each time up to a minute, never giving up."""
    play = voiding()
    while len(play.times(SendCancel)) < 10 and play.second < 1000:
        play.answer(Source.CANCEL, LOST).at(play.second + 1)
    times = play.times(SendCancel)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0] == gaps
    assert Status.CANCELLING == play.stands()


def test_one_cancel_at_a_time() -> None:
    """While one is on the wire, no second one leaves."""
    assert [15.0] == voiding().at(200).times(SendCancel)


def test_what_was_asked_before_the_cancel_proves_nothing_after_it() -> None:
    """Rule 2: a query speaks of the moment it was asked; neither `Paid` nor an end nor not-found of before counts."""
    for verdict in (PAID, Declined(Reason.DECLINED), Closed(), NotFound(), Pending()):
        play = voiding()
        before = play.payment
        play.at(16).answer(Source.QUERY, verdict, asked_s=14.9)
        assert before == play.payment.but(heard=before.heard)


@pytest.mark.parametrize("verdict", [Declined(Reason.CODE_EXPIRED), NotSent()])
def test_a_pay_request_that_was_refused_stays_refused(verdict: AnyVerdict) -> None:
    """An old answer to pay that nothing was, or can be, charged is as true after the cancel as before it."""
    play = Playbook(ACCEPTING, window_s=5).submit().at(6).answer(Source.PAY, verdict, asked_s=0)
    assert Status.CANCELLED == play.stands()
    assert [] == play.at(200).times(SendRefund)


def test_a_late_answer_to_pay_neither_ends_nor_forgets() -> None:
    """An old `Paid` of the pay request after the first cancel: the queries tell how it stands now."""
    play = Playbook(ACCEPTING, window_s=5).submit().at(6).answer(Source.PAY, PAID, asked_s=0)
    assert Status.CANCELLING == play.stands()
    assert Status.CANCELLED == play.answer(Source.QUERY, Closed()).stands()


# --- not found --------------------------------------------------------------------------------------------------------


def test_not_found_ends_a_void_only_after_the_horizon() -> None:
    """Rule 5: it may still be on its way: cancel and go on asking, until a query asked 60 s after submit."""
    play = Playbook().submit().at(16)
    while play.second < 59:
        play.answer(Source.CANCEL, NotFound()).answer(Source.QUERY, NotFound()).at(play.second + 1)
    assert Status.CANCELLING == play.stands()
    play.at(61).answer(Source.QUERY, NotFound(), asked_s=59.999)
    assert Status.CANCELLING == play.stands()
    play.answer(Source.QUERY, NotFound(), asked_s=60)
    assert Status.CANCELLED == play.stands()
    assert play.payment.not_received


def test_not_found_ends_no_void_without_a_cancel() -> None:
    """Contract §1: once a cancel was tried. With a floor above the horizon the query alone ends nothing."""
    rules = Rules(VoidTerms(floor_ms=90_000))
    play = Playbook(rules).submit().at(70).answer(Source.QUERY, NotFound())
    assert Status.CANCELLING == play.stands()
    assert [] == play.times(SendCancel)
    play.at(91).answer(Source.QUERY, NotFound())
    assert Status.CANCELLING == play.stands(), "the cancel is on the wire"
    play.answer(Source.CANCEL, LOST).answer(Source.QUERY, NotFound())
    assert Status.CANCELLED == play.stands()


def test_a_void_of_what_never_left_is_proven_at_once() -> None:
    """`NotSent` while the cashier has given up: nothing is at the gateway."""
    play = Playbook().submit().at(1).cashier_cancels().at(3).answer(Source.PAY, NotSent(), asked_s=0)
    assert Status.CANCELLED == play.stands()
    assert [] == play.at(100).times(SendCancel)
    assert 1 == play.submits()


def test_giving_up_between_two_tries_ends_it_at_once() -> None:
    """Nothing is on the wire, nothing was sent: the next try does not happen."""
    play = Playbook().submit().answer(Source.PAY, NotSent()).at(0.2).cashier_cancels()
    assert Status.CANCELLED == play.stands()
    assert 1 == play.at(10).submits()


# --- refund in full ---------------------------------------------------------------------------------------------------


def test_too_late_and_paid_is_refunded() -> None:
    """Rule 4: `Refused: too late` and paid → refund in full, with a number derived from the order number."""
    play = voiding().answer(Source.CANCEL, Refused(Refusal.TOO_LATE)).at(15.5).answer(Source.QUERY, PAID).at(20)
    assert [17.0] == play.times(SendRefund)
    assert "0101A1V" == play.payment.void_refund_no
    assert [15.0] == play.times(SendCancel)
    play.answer(Source.REFUND, RefundDone(Fen(1000)))
    assert Status.CANCELLED == play.stands()


def test_too_late_and_not_known_to_be_paid_is_cancelled_again() -> None:
    """A refund needs a payment: without one the cancel is repeated."""
    play = voiding().answer(Source.CANCEL, Refused(Refusal.TOO_LATE)).at(20)
    assert [] == play.times(SendRefund)
    assert [15.0, 17.0] == play.times(SendCancel)


def test_paid_after_the_gateways_deadline_is_refunded_without_a_cancel() -> None:
    """Rule 4: when cancelling is over by the gateway's own terms there is nothing to try."""
    play = Playbook(window_s=400).submit().at(399).answer(Source.PAY, LOST).at(400.5).answer(Source.QUERY, PAID)
    cancels = len(play.times(SendCancel))
    play.answer(Source.CANCEL, LOST).at(500)
    assert cancels == len(play.times(SendCancel))
    assert 1 == len(play.times(SendRefund))


def test_a_gateway_that_only_closes_gets_a_refund_for_what_is_paid() -> None:
    """Where a cancel undoes nothing that is paid, the refund is the void."""
    play = voiding(CLOSING).answer(Source.CANCEL, Refused(Refusal.OTHER)).at(16).answer(Source.QUERY, PAID).at(18)
    assert [15.0] == play.times(SendCancel)
    assert [17.0] == play.times(SendRefund)


def test_a_gateway_that_will_not_reverse_is_asked_for_a_refund() -> None:
    """Three refusals of a cancel of what is paid, for whatever reason, are enough."""
    play = voiding().answer(Source.QUERY, PAID)
    for _ in range(3):
        assert [] == play.times(SendRefund)
        play.answer(Source.CANCEL, Refused(Refusal.OTHER)).at(play.second + 20)
    assert 1 == len(play.times(SendRefund))


@pytest.mark.parametrize("verdict", [LOST, RefundProcessing()])
def test_a_refund_on_its_way_is_asked_for_and_not_sent_again(verdict: AnyVerdict) -> None:
    """No answer, or "in progress": the refund query tells, at a growing distance."""
    play = voiding(CLOSING).answer(Source.CANCEL, LOST).answer(Source.QUERY, PAID).at(18)
    play.answer(Source.REFUND, verdict)
    for _ in range(4):
        play.answer(Source.REFUND_QUERY, RefundProcessing()).at(play.second + 20)
    assert 1 == len(play.times(SendRefund))
    assert 4 <= len(play.times(SendRefundQuery))
    assert Status.CANCELLED == play.answer(Source.REFUND_QUERY, RefundDone()).stands()


@pytest.mark.parametrize("verdict", [NotFound(), RefundNotSure(), RefundFailed()])
def test_a_refund_that_was_not_done_is_sent_again_with_the_same_number(verdict: AnyVerdict) -> None:
    """`NOTSURE`, unknown or failed there: the same request once more; the number cannot change."""
    play = voiding(CLOSING).answer(Source.CANCEL, LOST).answer(Source.QUERY, PAID).at(18)
    number = play.payment.void_refund_no
    play.answer(Source.REFUND, LOST).at(19).answer(Source.REFUND_QUERY, verdict).at(30)
    assert 2 == len(play.times(SendRefund))
    assert number == play.payment.void_refund_no


@pytest.mark.parametrize("verdict", [RefundFailed(), RefundNotSure(), RefundProcessing(), NotSent()])
def test_a_refund_that_is_not_done_proves_nothing(verdict: AnyVerdict) -> None:
    """Only `Refunded`, or the refund done, ends it."""
    play = voiding(CLOSING).answer(Source.CANCEL, LOST).answer(Source.QUERY, PAID).at(18)
    play.answer(Source.REFUND, verdict)
    assert Status.CANCELLING == play.stands()
    assert Status.CANCELLED == play.at(40).answer(Source.QUERY, Refunded()).stands()


def test_a_refusal_without_our_refund_says_nothing() -> None:
    """A word about a refund that we have not sent is not about this void."""
    play = voiding().answer(Source.NOTIFICATION, RefundFailed())
    assert play.payment.refund_refused is None


def test_refund_done_without_our_refund_is_no_proof() -> None:
    """A word about a refund that we have not sent is not about this void."""
    play = voiding().answer(Source.NOTIFICATION, RefundDone())
    assert Status.CANCELLING == play.stands()


# --- attention --------------------------------------------------------------------------------------------------------


def test_a_slow_void_wants_a_person_until_it_is_proven() -> None:
    """Contract §1: `cancelling` for over 60 s; a slow void that got proven takes it back."""
    play = voiding().at(74)
    assert () == play.payment.attention
    assert [Reason.SLOW_VOID] == [cause.reason for cause in play.at(75).payment.attention]
    assert 1 == len(play.at(500).events(AttentionRaised))
    play.answer(Source.CANCEL, Closed())
    assert (Status.CANCELLED, ()) == (play.stands(), play.payment.attention)


def test_other_attention_stays_when_the_void_is_proven() -> None:
    """Contract §1: the others stay."""
    play = voiding().answer(Source.QUERY, Unknown(Doubt.MISMATCH)).at(80).answer(Source.CANCEL, Closed())
    assert [Reason.AMOUNT_MISMATCH] == [cause.reason for cause in play.payment.attention]


# --- pace -------------------------------------------------------------------------------------------------------------


def test_an_old_payment_is_asked_for_more_and_more_calmly() -> None:
    """Rule 7: seconds, then minutes, never giving up."""
    play = voiding()
    asked_of: dict[str, float] = {}
    for name, second in (("lively", 60.0), ("calm", 200.0), ("slow", 1000.0), ("old", 8000.0)):
        play.at(second)
        while play.second < 20_000 and (len(play.times(SendQuery)) < 2 or play.times(SendQuery)[-2] < second):
            play.at(play.second + 1)
        last, latest = play.times(SendQuery)[-2:]
        asked_of[name] = latest - last
    assert {"lively": 1.0, "calm": 5.0, "slow": 30.0, "old": 300.0} == asked_of
    assert Status.CANCELLING == play.stands()
