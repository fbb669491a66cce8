"""What has ended stays as it was told; what contradicts it is noticed, and what turns up goes back (design §2)."""

from __future__ import annotations

import pytest

from posd.payment.actions import SendCancel, SendPay, SendQuery, SendRefund
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import (
    Answered,
    AnyVerdict,
    Resolved,
    Source,
    Status,
    VoidBy,
    VoidRequested,
)
from posd.payment.state_machine import apply, is_news
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
    Refusal,
    Refused,
    Unknown,
)
from tests.payment.playbook import CLOSING, LOST, PAID, START_MS, Playbook

MINUTE, HOUR, DAY = 60, 3600, 86_400


def not_received() -> Playbook:
    """A payment that was cancelled at 60 s because the gateway did not know it."""
    play = Playbook().submit().answer(Source.PAY, LOST).at(15).answer(Source.CANCEL, NotFound()).at(60)
    for asked_ms in play.desk.activity.queries_ms:
        play.answer(Source.QUERY, NotFound(), asked_s=(asked_ms - START_MS) / 1000)
    assert (Status.CANCELLED, 60.0, True) == (play.stands(), play.second, play.payment.not_received)
    for asked_ms in play.desk.activity.queries_ms:
        play.answer(Source.QUERY, LOST, asked_s=(asked_ms - START_MS) / 1000)
    return play.answer(Source.CANCEL, LOST)


def reasons(play: Playbook) -> list[Reason]:
    """Why a person should look at it."""
    return [cause.reason for cause in play.payment.attention]


ENDS = {
    "paid": lambda: Playbook().submit().at(1).answer(Source.PAY, PAID),
    "failed": lambda: Playbook().submit().at(1).answer(Source.PAY, Declined(Reason.DECLINED)),
    "cancelled": lambda: Playbook().submit().answer(Source.PAY, LOST).at(15).answer(Source.CANCEL, Closed()),
}

EVERY_VERDICT: list[AnyVerdict] = [
    PAID,
    Pending(),
    Declined(Reason.DECLINED),
    Closed(),
    Refunded(),
    NotFound(),
    Accepted(),
    Refused(Refusal.OTHER),
    NotSent(),
    RefundDone(),
    *(Unknown(doubt) for doubt in Doubt),
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("source", list(Source))
def test_no_answer_changes_an_end(end: str, source: Source) -> None:
    """Contract §1: a final state stays, whoever says what; no amount of it changes, and no pay request leaves."""
    for verdict in EVERY_VERDICT:
        play = ENDS[end]()
        status, cause, amounts = play.stands(), play.payment.cause, play.payment.amounts
        play.at(20).answer(source, verdict)
        assert (status, cause, amounts) == (play.stands(), play.payment.cause, play.payment.amounts)
        assert 1 == play.submits()
        with pytest.raises(ImpossibleTransition):
            apply(play.payment, Resolved(START_MS, Status.PAID))
        with pytest.raises(ImpossibleTransition):
            apply(play.payment, VoidRequested(START_MS, VoidBy.CASHIER))


# --- contradictions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [Declined(Reason.DECLINED), Closed(), Refunded(), NotFound(), Pending()])
def test_a_question_that_contradicts_paid_wants_a_person(verdict: AnyVerdict) -> None:
    """Rule 6: asked after the end, the gateway says something else: `attention`, and nothing is moved."""
    play = ENDS["paid"]().at(20).answer(Source.QUERY, verdict)
    assert [Reason.CONTRADICTION] == reasons(play)
    assert [] == play.at(1000).times(SendCancel) + play.times(SendRefund)


@pytest.mark.parametrize("source", [Source.PAY, Source.NOTIFICATION])
@pytest.mark.parametrize("verdict", [Declined(Reason.DECLINED), Closed()])
def test_a_signed_answer_that_can_never_agree_with_paid_wants_a_person(source: Source, verdict: AnyVerdict) -> None:
    """Rule 6: what is declined or closed was never to be paid, whenever that was said."""
    play = Playbook().submit().at(2).answer(Source.QUERY, PAID).at(5).answer(source, verdict, asked_s=0)
    assert [Reason.CONTRADICTION] == reasons(play)


@pytest.mark.parametrize("verdict", [Pending(), NotFound()])
def test_what_was_asked_before_paid_contradicts_nothing(verdict: AnyVerdict) -> None:
    """Answers out of order: a query from before the customer confirmed is simply old."""
    play = Playbook().submit().at(2).answer(Source.QUERY, PAID, asked_s=1.5).at(3)
    play.answer(Source.QUERY, verdict, asked_s=1)
    assert () == play.payment.attention


def test_paid_after_failed_is_asked_about_and_goes_back() -> None:
    """Declined, says one answer; paid, says a later one: attention, a question, and what is really paid is undone."""
    play = ENDS["failed"]().at(20).answer(Source.NOTIFICATION, PAID)
    assert [Reason.CONTRADICTION] == reasons(play)
    assert 20.0 == play.times(SendQuery)[-1]
    assert [] == play.times(SendCancel)
    play.at(20.5).answer(Source.QUERY, PAID, asked_s=20)
    assert [20.5] == play.times(SendCancel)
    play.answer(Source.CANCEL, Closed())
    assert Status.FAILED == play.stands()
    assert not play.undoing()
    assert not play.payment.live


def test_an_old_paid_after_a_proven_cancel_is_explained_by_it() -> None:
    """The pay answer was under way for long: it was paid, and went back. Asked once more, no attention."""
    play = ENDS["cancelled"]().at(20).answer(Source.PAY, PAID, asked_s=0)
    assert () == play.payment.attention
    assert 20.0 == play.times(SendQuery)[-1]
    play.answer(Source.QUERY, Closed(), asked_s=20)
    assert not play.payment.live
    assert () == play.payment.attention


# --- turning up -------------------------------------------------------------------------------------------------------


def test_what_was_not_received_is_asked_about_again() -> None:
    """Contract §1: again after 5 minutes, an hour and a day; then it is done with."""
    play = not_received()
    before = len(play.times(SendQuery))
    for due in (5 * MINUTE, HOUR, DAY):
        play.at(60 + due)
        assert 60.0 + due == play.times(SendQuery)[-1]
        play.answer(Source.QUERY, NotFound())
    assert before + 3 == len(play.times(SendQuery))
    assert not play.payment.live
    assert () == play.payment.attention


@pytest.mark.parametrize("verdict", [LOST, NotSent(), Accepted(), Unknown(Doubt.BAD_SIGNATURE)])
def test_a_question_without_a_word_about_the_order_is_repeated(verdict: AnyVerdict) -> None:
    """The network is down just then: asked again half a minute later, until the gateway has said something."""
    play = not_received().at(60 + 5 * MINUTE)
    play.answer(Source.QUERY, verdict).at(60 + 5 * MINUTE + 30)
    assert [360.0, 390.0] == play.times(SendQuery)[-2:]
    assert 3 == len(play.payment.follow_ups_ms)
    assert 2 == len(play.answer(Source.QUERY, NotFound()).payment.follow_ups_ms)


@pytest.mark.parametrize("found", [PAID, Pending()])
def test_what_turns_up_is_reversed_and_wants_a_person(found: AnyVerdict) -> None:
    """Contract §1: the state stays, `attention` is set, and posd reverses it."""
    play = not_received().at(60 + 5 * MINUTE).answer(Source.QUERY, found)
    assert (Status.CANCELLED, [Reason.CONTRADICTION]) == (play.stands(), reasons(play))
    assert play.undoing()
    undone = play.times(SendRefund) if found is PAID else play.times(SendCancel)
    assert 360.0 == undone[-1]
    play.at(361).answer(Source.QUERY, Refunded())
    assert not play.undoing()
    assert (Status.CANCELLED, [Reason.CONTRADICTION]) == (play.stands(), reasons(play))
    assert 2 == len(play.payment.follow_ups_ms)


def test_a_reversal_that_is_not_done_goes_on() -> None:
    """What turned up is undone with the same patience as any void."""
    play = not_received().at(60 + 5 * MINUTE).answer(Source.QUERY, Pending()).answer(Source.CANCEL, LOST)
    play.at(365).answer(Source.QUERY, PAID).answer(Source.CANCEL, Refused(Refusal.TOO_LATE)).at(430)
    assert play.undoing()
    assert 1 == len(play.times(SendRefund))
    play.answer(Source.REFUND, RefundDone())
    assert not play.undoing()


def test_what_went_back_and_has_no_clear_word_is_not_asked_about_for_ever() -> None:
    """UMF SP says of a refunded order what its document calls unclear: that is all it will ever say of it."""
    play = not_received().at(60 + 5 * MINUTE).answer(Source.QUERY, PAID).answer(Source.REFUND, RefundDone())
    for due in (HOUR, DAY):
        play.at(60 + due).answer(Source.QUERY, Unknown(Doubt.UNCLEAR_CODE))
    assert not play.payment.live
    assert [60.0 + HOUR, 60.0 + DAY] == play.times(SendQuery)[-2:]


def test_an_old_word_about_what_was_refunded_is_not_asked_about_for_ever() -> None:
    """A payment that comes to be told of once more after its refund is asked about once, however unclear the answer."""
    play = Playbook().submit().answer(Source.PAY, Pending()).at(15.5).answer(Source.QUERY, PAID)
    play.answer(Source.CANCEL, Refused(Refusal.TOO_LATE)).at(20).answer(Source.REFUND, RefundDone())
    assert Status.CANCELLED == play.stands()
    play.at(30).answer(Source.NOTIFICATION, PAID).answer(Source.QUERY, Unknown(Doubt.UNCLEAR_CODE))
    assert not play.payment.live
    assert [30.0] == [second for second in play.at(DAY).times(SendQuery) if second >= 20]


def test_it_may_turn_up_twice() -> None:
    """An hour later the gateway says paid again: it is reversed again."""
    play = not_received().at(60 + 5 * MINUTE).answer(Source.QUERY, Pending()).answer(Source.CANCEL, Closed())
    cancels = len(play.times(SendCancel))
    play.at(60 + HOUR).answer(Source.QUERY, PAID)
    assert play.undoing()
    assert cancels + 1 == len(play.times(SendCancel)) + len(play.times(SendRefund))


def test_a_failed_payment_without_a_void_turns_up_too() -> None:
    """`not_received` with a long window: no cancel was ever sent, and what turns up is reversed all the same."""
    play = Playbook(window_s=120).submit().at(61).answer(Source.QUERY, NotFound()).at(61 + 5 * MINUTE)
    play.answer(Source.QUERY, PAID)
    assert Status.FAILED == play.stands()
    assert 1 == len(play.times(SendCancel) + play.times(SendRefund))


def test_what_certainly_never_left_and_is_paid_all_the_same_goes_back() -> None:
    """Our side was wrong about `NotSent`: a notification says paid, a query confirms it, and it is reversed."""
    play = Playbook().submit()
    while not play.stands().final and play.second < 10:
        play.answer(Source.PAY, NotSent()).at(play.second + 0.5)
    submits = play.submits()
    play.at(21).answer(Source.NOTIFICATION, PAID).answer(Source.QUERY, PAID)
    assert play.undoing()
    assert [21.0] == play.times(SendCancel)
    assert submits == len(play.times(SendPay))
    assert not play.answer(Source.CANCEL, Closed()).payment.must_undo


def test_a_reversal_by_a_gateway_that_only_closes_is_a_refund() -> None:
    """The terms of the gateway hold after the end too."""
    play = Playbook(CLOSING).submit().answer(Source.PAY, Declined(Reason.DECLINED)).at(20)
    play.answer(Source.NOTIFICATION, PAID).answer(Source.QUERY, PAID)
    assert [20.0] == play.times(SendRefund)
    assert [] == play.times(SendCancel)


# --- news -------------------------------------------------------------------------------------------------------------


def test_a_repetition_is_counted_and_not_written() -> None:
    """Design §2: repeated identical answers are counted, not written one by one."""
    play = Playbook().submit().answer(Source.PAY, Pending())
    for second in range(1, 14):
        play.at(second).answer(Source.QUERY, Pending())
    assert 2 == len(play.events(Answered))


def test_a_repetition_that_changes_something_is_written() -> None:
    """A notification that comes again asks again; a query that finds the order again alive is a fact each time."""
    play = ENDS["cancelled"]().at(20).answer(Source.NOTIFICATION, PAID)
    play.answer(Source.QUERY, Closed()).at(30).answer(Source.NOTIFICATION, PAID)
    assert 30.0 == play.times(SendQuery)[-1]
    turned_up = Playbook(window_s=5).submit().at(15).answer(Source.QUERY, PAID).answer(Source.CANCEL, Closed())
    assert Status.CANCELLED == turned_up.stands()
    turned_up.at(100)
    again = Answered(turned_up.desk.now_ms, Source.QUERY, turned_up.desk.now_ms, PAID)
    assert is_news(turned_up.payment, again, turned_up.desk.rules)
    assert turned_up.answer(Source.QUERY, PAID).undoing()


def test_not_found_once_more_is_news_only_when_it_ends_something() -> None:
    """A minute of not-found each second is one line in the journal, and one more for the last."""
    play = not_received()
    found = [event for event in play.events(Answered) if isinstance(event, Answered) and event.verdict == NotFound()]
    assert 3 >= len(found)
