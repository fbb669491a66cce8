"""From the order to the end, as long as nobody has decided to void (contract §1; design §2, rules 1 and 2)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from posd.payment.actions import GiveUpQuery, SendCancel, SendPay, SendQuery, SendRefund
from posd.payment.amounts import Amounts, Fen
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import (
    AnyVerdict,
    Armed,
    FaceAsked,
    FaceTold,
    Resolved,
    Source,
    Status,
    Submitted,
    VoidBy,
    VoidRequested,
)
from posd.payment.state_machine import apply, create
from posd.payment.terms import Method, Rules
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    Evidence,
    NotFound,
    NotSent,
    Paid,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    Refusal,
    Refused,
    Unknown,
)
from tests.payment.playbook import AMOUNT, CHAOYING, LOST, PAID, START_MS, Playbook

ANY_ANSWER_ABOUT_PAY = (Source.PAY, Source.QUERY, Source.NOTIFICATION)


# --- armed ------------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_while_no_code_was_shown() -> None:
    """`awaiting_code`: armed, nothing was sent."""
    play = Playbook().arm().at(119)
    assert Status.AWAITING_CODE == play.stands()
    assert [] == play.sent


def test_an_armed_payment_ends_without_a_code() -> None:
    """`awaiting_code` ends after the armed time-out as `failed`, `no_code`."""
    play = Playbook().arm(until_s=120).at(120)
    assert (Status.FAILED, Reason.NO_CODE) == (play.stands(), play.why())
    assert not play.payment.live
    assert [] == play.sent


def test_the_cashier_ends_an_armed_payment_at_once() -> None:
    """Given up before anything was sent: `cancelled` at once, `cancelled_by_cashier`, nothing to undo."""
    play = Playbook().arm().at(3).cashier_cancels()
    assert Status.CANCELLED == play.stands()
    assert Reason.CANCELLED_BY_CASHIER == (play.why())
    assert VoidBy.CASHIER == play.payment.void_by
    assert [] == play.at(200).sent


def test_a_code_after_the_end_is_not_charged() -> None:
    """What has ended is never submitted."""
    play = Playbook().arm().cashier_cancels()
    with pytest.raises(ImpossibleTransition):
        play.submit()
    assert [] == play.sent


def test_the_screen_of_a_face_bridge_is_told_however_it_ends() -> None:
    """Contract §7: once a face was asked for, the payment is not done with before the bridge knows its end."""
    play = Playbook().arm().happen(FaceAsked(START_MS)).at(3)
    with pytest.raises(ImpossibleTransition):
        play.happen(FaceTold(play.desk.now_ms))
    play.cashier_cancels()
    assert (Status.CANCELLED, True) == (play.stands(), play.payment.live)
    assert not play.happen(FaceTold(play.desk.now_ms)).payment.live
    with pytest.raises(ImpossibleTransition):
        play.happen(FaceAsked(play.desk.now_ms))


# --- what ends it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ANY_ANSWER_ABOUT_PAY)
def test_paid_ends_it(source: Source) -> None:
    """Rule 1: `Paid` from pay, query or notification ends it as `paid`, with the gateway's amounts and numbers."""
    play = Playbook().submit().at(2).answer(source, PAID)
    assert Status.PAID == play.stands()
    assert Amounts(AMOUNT, Fen(250), Fen(1000)) == play.payment.amounts
    assert ("T1", "C1") == (PAID.trade_no, PAID.channel_trade_no)
    assert play.payment.cause is None
    assert not play.payment.live


@pytest.mark.parametrize("source", [Source.PAY, Source.QUERY])
def test_declined_ends_it(source: Source) -> None:
    """Rule 1: `Declined` ends it as `failed`, with our reason and the gateway's own words."""
    evidence = Evidence("10006", "余额不足")
    play = Playbook().submit().at(1).answer(source, Declined(Reason.INSUFFICIENT_FUNDS), evidence=evidence)
    assert Status.FAILED == play.stands()
    cause = play.payment.cause
    assert cause is not None
    assert (Reason.INSUFFICIENT_FUNDS, "10006", "余额不足") == (cause.reason, cause.gateway_code, cause.gateway_message)
    assert play.payment.amounts is None
    assert not play.payment.live


@pytest.mark.parametrize("verdict", [Closed(), Refunded()])
def test_closed_at_the_gateway_ends_it(verdict: AnyVerdict) -> None:
    """Rule 1: what a query finds closed, or gone back, is not paid."""
    play = Playbook().submit().at(1).answer(Source.QUERY, verdict)
    assert Status.FAILED == play.stands()
    assert [] == play.times(SendCancel)


@pytest.mark.parametrize("source", ANY_ANSWER_ABOUT_PAY)
@pytest.mark.parametrize(
    "verdict",
    [
        Pending(),
        NotFound(),
        Accepted(),
        Refused(Refusal.OTHER),
        RefundDone(),
        RefundFailed(),
        *(Unknown(doubt) for doubt in Doubt),
    ],
)
def test_everything_else_ends_nothing(source: Source, verdict: AnyVerdict) -> None:
    """Rule 1: no answer, 5xx, broken, badly signed, unclear, still paying, not found yet: go on asking."""
    play = Playbook().submit().at(1).answer(source, verdict)
    assert Status.PROCESSING == play.stands()
    queries = len(play.times(SendQuery))
    assert len(play.at(8).times(SendQuery)) >= queries + 3
    assert 1 == play.submits()


def test_not_sent_from_a_query_says_nothing_of_the_order() -> None:
    """That a question did not leave is no word about the pay request, which is not sent again."""
    play = Playbook().submit().at(2).answer(Source.QUERY, NotSent()).at(8)
    assert Status.PROCESSING == play.stands()
    assert 1 == play.submits()


def test_the_first_conclusive_answer_wins() -> None:
    """Rule 2: after `paid` a late loss, a late `Pending` and a late not-found of earlier questions change nothing."""
    play = Playbook().submit().at(2).answer(Source.QUERY, PAID, asked_s=1)
    for verdict in (LOST, Pending(), NotFound()):
        play.at(play.second + 1).answer(Source.QUERY, verdict, asked_s=1)
    assert Status.PAID == play.stands()
    assert () == play.payment.attention
    assert [] == play.at(100).times(SendCancel)


def test_paid_in_the_last_moment_is_paid() -> None:
    """Rule 3: a `Paid` learnt before the void is recorded wins, even at the very end of the window."""
    play = Playbook().submit().at(14.999)
    play.desk = play.desk.at(START_MS + 15_000)
    play.answer(Source.QUERY, PAID)
    assert Status.PAID == play.stands()
    assert [] == play.events(VoidRequested)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_asking_begins_beside_a_silent_pay_request() -> None:
    """Rule 2: when the pay answer has not come after a short while, it is asked for beside the request."""
    play = Playbook().submit().at(5)
    assert [0.0] == play.times(SendPay)
    assert [1.0, 2.0, 3.0, 4.0, 5.0] == play.times(SendQuery)


def test_asking_begins_at_once_after_an_unclear_pay_answer() -> None:
    """Rule 2: the first query leaves with the unclear answer, the next ones an interval apart."""
    play = Playbook().submit().at(0.3).answer(Source.PAY, Pending()).at(3)
    assert [0.3, 1.3, 2.3] == play.times(SendQuery)


def test_hanging_queries_overlap_up_to_a_limit() -> None:
    """Rule 2: queries do not wait for each other; the oldest is given up for a new one."""
    play = Playbook(Rules(max_inflight_queries=3)).submit().at(6)
    assert [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] == play.times(SendQuery)
    assert [1.0, 2.0, 3.0] == play.given_up
    assert 3 == len(play.desk.activity.queries_ms)
    assert [] == play.times(GiveUpQuery)


def test_too_often_slows_the_queries_down() -> None:
    """Rule 2: a rate-limit answer doubles the interval, up to five seconds."""
    play = Playbook(window_s=60).submit().answer(Source.PAY, Pending())
    for _ in range(5):
        asked = play.times(SendQuery)[-1]
        play.answer(Source.QUERY, Unknown(Doubt.TOO_OFTEN), asked_s=asked)
        play.at(play.second + 10)
    times = play.times(SendQuery)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert 2.0 == gaps[0]
    assert 5.0 == gaps[-1] == max(gaps)
    assert sorted(gaps) == gaps


def test_a_notification_is_believed_and_an_unclear_one_makes_us_ask() -> None:
    """A notification that does not end the payment is followed by a question at once."""
    play = Playbook().submit().at(0.2).answer(Source.PAY, Pending()).at(0.5).answer(Source.NOTIFICATION, Pending())
    assert [0.2, 0.5] == play.times(SendQuery)


# --- a request that never left ----------------------------------------------------------------------------------------


def test_a_request_that_never_left_is_tried_again() -> None:
    """Contract §1: refused connections may be tried again; each attempt is recorded before it leaves."""
    play = Playbook().submit().answer(Source.PAY, NotSent()).at(0.5)
    assert [0.0, 0.5] == play.times(SendPay)
    assert [1, 2] == [event.attempt for event in play.events(Submitted) if isinstance(event, Submitted)]
    assert START_MS == play.payment.submitted_at_ms
    assert [] == play.times(SendQuery)


def test_it_is_given_up_after_five_seconds() -> None:
    """Contract §1: within 5 s; then `failed`, `gateway_unreachable`, and nothing is asked."""
    play = Playbook().submit()
    while not play.stands().final and play.second < 10:
        play.answer(Source.PAY, NotSent()).at(play.second + 0.5)
    assert 5.0 == play.second
    assert Reason.GATEWAY_UNREACHABLE == (play.why())
    assert 10 == play.submits()
    assert [] == play.times(SendQuery) + play.times(SendCancel)
    assert not play.payment.live


def test_a_shorter_window_ends_the_tries_earlier() -> None:
    """Contract §1: 5 s or the window, whichever is shorter; certainly unsent, so it has failed and needs no void."""
    play = Playbook(window_s=2).submit()
    while not play.stands().final and play.second < 10:
        play.answer(Source.PAY, NotSent()).at(play.second + 0.5)
    assert 2.0 == play.second
    assert Status.FAILED == play.stands()
    assert [] == play.events(VoidRequested)


def test_an_attempt_that_may_have_left_is_never_repeated() -> None:
    """Contract §5.2: a connection that broke, a time-out, a 5xx: it may have arrived, so it is not sent again."""
    for doubt in Doubt:
        play = Playbook().submit().at(0.1).answer(Source.PAY, Unknown(doubt)).at(14)
        assert 1 == play.submits()
        assert 1 == play.payment.attempts


def test_a_stale_not_sent_does_not_speak_of_the_next_attempt() -> None:
    """An old `NotSent` that comes twice must not make a third submit while the second is on the wire."""
    play = Playbook().submit().answer(Source.PAY, NotSent()).at(0.5)
    play.at(1).answer(Source.PAY, NotSent(), asked_s=0).at(4)
    assert 2 == play.submits()


@pytest.mark.parametrize("verdict", [Pending(), PAID])
def test_an_order_that_the_gateway_knows_has_left(verdict: AnyVerdict) -> None:
    """Whatever our side says of the connection: a known order is never submitted again."""
    before = Playbook().submit().at(1).answer(Source.QUERY, verdict).answer(Source.PAY, NotSent(), asked_s=0).at(6)
    assert 1 == before.submits()
    after = Playbook().submit().answer(Source.PAY, NotSent()).at(0.2).answer(Source.NOTIFICATION, verdict).at(6)
    assert 1 == after.submits()
    assert Reason.GATEWAY_UNREACHABLE != (after.why())


# --- not found --------------------------------------------------------------------------------------------------------


def test_not_found_is_no_failure_while_the_request_may_arrive() -> None:
    """Rule 5: with a window longer than the horizon, `NotFound` before 60 s ends nothing."""
    play = Playbook(window_s=120).submit().at(59).answer(Source.QUERY, NotFound())
    assert Status.PROCESSING == play.stands()
    play.at(61).answer(Source.QUERY, NotFound(), asked_s=59.999)
    assert Status.PROCESSING == play.stands()


def test_not_found_after_the_horizon_is_a_failure() -> None:
    """Contract §1: asked at least 60 s after submit it is `failed`, `not_received`, without a void."""
    play = Playbook(window_s=120).submit().at(61).answer(Source.QUERY, NotFound(), asked_s=60)
    assert (Status.FAILED, Reason.NOT_RECEIVED) == (
        play.stands(),
        play.why(),
    )
    assert [] == play.times(SendCancel)


@pytest.mark.parametrize("source", [Source.PAY, Source.NOTIFICATION, Source.CANCEL])
def test_only_a_query_can_say_not_found(source: Source) -> None:
    """What any other call means by it is not "asked at least 60 s after submit"."""
    play = Playbook(window_s=120).submit().at(61).answer(source, NotFound(), asked_s=61)
    assert Status.PROCESSING == play.stands()


def test_what_was_known_is_not_lost() -> None:
    """An order that was pending is not "not received", even if a query stumbles."""
    play = Playbook(window_s=120).submit().at(5).answer(Source.QUERY, Pending()).at(61).answer(Source.QUERY, NotFound())
    assert Status.PROCESSING == play.stands()


# --- a code to show ---------------------------------------------------------------------------------------------------


def test_the_window_of_a_code_begins_when_it_can_be_shown() -> None:
    """Contract: QR: the window counts from the moment the code can be shown."""
    play = Playbook(window_s=20, method=Method.QR).submit().at(5).answer(Source.PAY, Pending("https://pay.example/1"))
    assert "https://pay.example/1" == play.payment.qr_code
    assert Status.PROCESSING == play.at(24.9).stands()
    assert Status.CANCELLING == play.at(25).stands()


def test_the_first_code_is_the_one_that_is_shown() -> None:
    """A code that comes twice does not move the window, nor does a `Pending` without one."""
    play = Playbook(window_s=20, method=Method.QR).submit().at(1).answer(Source.PAY, Pending("a"))
    play.at(3).answer(Source.QUERY, Pending("b")).at(4).answer(Source.QUERY, Pending())
    assert ("a", START_MS + 1000) == (play.payment.qr_code, play.payment.shown_at_ms)


# --- attention --------------------------------------------------------------------------------------------------------


def test_a_signed_answer_with_another_amount_wants_a_person_and_changes_nothing_else() -> None:
    """Contract §1: `attention`, and posd goes on as before."""
    play = Playbook().submit().at(1).answer(Source.QUERY, Unknown(Doubt.MISMATCH)).at(2)
    assert [Reason.AMOUNT_MISMATCH] == [cause.reason for cause in play.payment.attention]
    assert Status.PROCESSING == play.stands()
    assert Status.PAID == play.answer(Source.QUERY, PAID).stands()
    assert play.payment.attends(Reason.AMOUNT_MISMATCH)


@pytest.mark.parametrize("source", ANY_ANSWER_ABOUT_PAY)
def test_paid_of_another_amount_is_not_paid(source: Source) -> None:
    """Contract §1: `paid` is said for this amount. The machine looks at it too, whatever a codec let pass."""
    other = Paid(Amounts(Fen(2500), Fen(250), Fen(2250)))
    play = Playbook().submit().at(1).answer(source, other)
    assert (Status.PROCESSING, True) == (play.stands(), play.payment.attends(Reason.AMOUNT_MISMATCH))
    assert play.payment.paid is None
    late = Playbook(window_s=5).submit().at(16).answer(source, other)
    assert late.payment.paid is None


# --- what cannot happen -----------------------------------------------------------------------------------------------


def test_what_cannot_happen_raises_and_changes_nothing() -> None:
    """Rule 4 of the house: an impossible transition raises; the payment is a value, so nothing can have changed."""
    play = Playbook()
    payment, first = play.payment, play.journal[0]
    impossible = (
        first,
        play.submit().answer(Source.PAY, LOST).journal[-1],
        Resolved(START_MS, Status.PAID),
        Resolved(START_MS, Status.CANCELLED),
        Resolved(START_MS, Status.PROCESSING),
    )
    for event in impossible:
        with pytest.raises(ImpossibleTransition):
            apply(payment, event)


@pytest.mark.parametrize("status", list(Status))
def test_no_end_without_its_facts(status: Status) -> None:
    """A submitted payment ends only in what a gateway has said of it, whoever asks for the end."""
    open_ = Playbook().submit().at(1).answer(Source.PAY, Pending()).payment
    void = Playbook().submit().at(1).answer(Source.PAY, PAID).payment
    with pytest.raises(ImpossibleTransition):
        apply(open_, Resolved(START_MS, status))
    with pytest.raises(ImpossibleTransition):
        apply(void, Resolved(START_MS, status))


@pytest.mark.parametrize(
    "again", [Armed(START_MS, START_MS), Submitted(START_MS, Method.BARCODE, None, "main", 1, attempt=2)]
)
def test_a_payment_that_is_under_way_is_not_begun_again(again: Armed | Submitted) -> None:
    """One payment is submitted at most once."""
    payment = Playbook().submit().payment
    with pytest.raises(ImpossibleTransition):
        apply(payment, again)


def test_an_answer_needs_a_question() -> None:
    """Nothing can be answered before something was sent."""
    answered = Playbook().submit().answer(Source.PAY, PAID).journal[-2]
    with pytest.raises(ImpossibleTransition):
        apply(Playbook().payment, answered)


def test_the_journal_makes_the_same_payment() -> None:
    """Everything in a payment follows from its events, also from their JSON."""
    play = Playbook(window_s=5).arm().submit().at(1).answer(Source.PAY, Pending("q")).at(3)
    play.answer(Source.QUERY, Unknown(Doubt.MISMATCH)).at(20).answer(Source.CANCEL, Refused(Refusal.TOO_LATE))
    play.answer(Source.QUERY, PAID).restart(trusted=False).at(36).answer(Source.REFUND, RefundDone(Fen(1000)))
    assert Status.CANCELLED == play.stands()
    assert play.times(SendRefund)
    assert play.payment == play.replayed()


def test_amounts_are_told_of_a_paid_payment_only() -> None:
    """`coupAmount`, `payAmount` are null until known to be paid for good."""
    play = Playbook(CHAOYING).submit().at(16).answer(Source.QUERY, PAID)
    assert Status.CANCELLING == play.stands()
    assert isinstance(play.payment.paid, Paid)
    assert play.payment.amounts is None


def test_a_payment_begins_as_it_was_asked_for() -> None:
    """Everything the POS said is there, and nothing has been sent."""
    play = Playbook()
    payment = create(play.journal[0])  # type: ignore[arg-type]  # the first event is the Created
    assert ("pay_1", "0101A1", AMOUNT, "B-1") == (
        payment.payment_id,
        payment.order_no,
        payment.amount,
        payment.reference,
    )
    assert not payment.asking
    assert payment.live
