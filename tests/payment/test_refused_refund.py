"""A void whose refund the gateway refuses (contract §1 and §5; design §2, rules 4 and 7).

posd neither gives up nor says what is not true: it goes on sending the same refund, ever more calmly, asks all the time
whether the money has gone back by other ways, and shows a person the gateway's words.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from posd.payment.actions import Action, SendCancel, SendQuery, SendRefund, SendRefundQuery
from posd.payment.amounts import Fen
from posd.payment.events import AnyVerdict, AttentionRaised, Source, Status
from posd.payment.verdicts import (
    Evidence,
    NotFound,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
)
from tests.payment.playbook import CLOSING, LOST, PAID, Playbook

REFUSED = RefundFailed()


def refusing(verdict: AnyVerdict = REFUSED, until_s: float = 18, words: Evidence | None = None) -> Playbook:
    """A paid order that must not stand, whose refund the gateway refuses each time; queries go on saying "paid"."""
    play = Playbook(CLOSING).submit().answer(Source.PAY, Pending()).at(15)
    play.answer(Source.CANCEL, LOST).answer(Source.QUERY, PAID).at(17)
    while play.second < until_s:
        play.answer(Source.REFUND, verdict, evidence=words) if play.desk.activity.undoing else play.at(play.second + 1)
    return play


def test_a_refused_refund_is_sent_again_ever_more_calmly_and_for_ever() -> None:
    """Contract §5, 4: posd goes on; but what a person must mend is asked for once an hour in the end."""
    play = refusing(until_s=30_000)
    gaps = [later - earlier for earlier, later in pairwise(play.times(SendRefund))]
    assert [4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 3600.0, 3600.0] == gaps[:12]
    assert {3600.0} == set(gaps[10:])
    assert Status.CANCELLING == play.stands()
    assert 1 == len(play.times(SendCancel)), "a cancel cannot help"


def test_another_answer_than_a_refusal_brings_the_usual_pace_back() -> None:
    """It was refused for a reason that is gone (a clock that was wrong): the money must not wait for an hour."""
    play = refusing(until_s=3_000)
    sent = len(play.times(SendRefund))
    while len(play.times(SendRefund)) == sent:
        play.at(play.second + 1)
    since = play.answer(Source.REFUND, LOST).answer(Source.REFUND_QUERY, NotFound()).second
    while len(play.times(SendRefund)) == sent + 1:
        play.at(play.second + 1)
    assert play.second <= since + 60
    assert Status.CANCELLED == play.answer(Source.REFUND, RefundDone(Fen(1000))).stands()


def test_a_refused_refund_is_done_when_the_gateway_does_it_at_last() -> None:
    """The account was filled up: the same number, and the end is true."""
    play = refusing(until_s=10_000)
    number, sent = play.payment.void_refund_no, len(play.times(SendRefund))
    while len(play.times(SendRefund)) == sent:
        play.at(play.second + 60)
    assert number == play.payment.void_refund_no
    play.answer(Source.REFUND, RefundDone(Fen(1000)))
    assert (Status.CANCELLED, ()) == (play.stands(), play.payment.attention)
    assert not play.payment.live


def test_what_a_person_gave_back_at_the_gateway_ends_a_refused_refund() -> None:
    """The queries go on all the time, and the order's own word is a proof; nothing is sent after it."""
    play = refusing(until_s=10_000)
    asked = len(play.times(SendQuery))
    while len(play.times(SendQuery)) == asked:
        play.at(play.second + 1)
        assert play.second < 10_301, "not asked for more than five minutes"
    assert Status.CANCELLED == play.answer(Source.QUERY, Refunded()).stands()
    sent = len(play.sent)
    assert sent == len(play.at(100_000).sent)


def test_a_refused_refund_tells_a_person_why() -> None:
    """Attention carries the words of the gateway, from the refusal at first and then from the latest."""
    words = Evidence("20008", "退款错误: 余额不足")
    play = refusing(until_s=76, words=words)
    (cause,) = play.payment.attention
    assert (Reason.SLOW_VOID, "20008", "退款错误: 余额不足") == (
        cause.reason,
        cause.gateway_code,
        cause.gateway_message,
    )
    play.at(150).answer(Source.REFUND, REFUSED, evidence=Evidence("20013", "商户交易配置错误"))
    assert ["20013"] == [cause.gateway_code for cause in play.payment.attention]
    assert 1 == len(play.events(AttentionRaised))
    assert play.payment == play.replayed()


@pytest.mark.parametrize(("verdict", "next_"), [(RefundProcessing(), SendRefundQuery), (RefundNotSure(), SendRefund)])
def test_a_refusal_that_passes_brings_back_the_pace(verdict: AnyVerdict, next_: type[Action]) -> None:
    """Taken after all, or to be sent once more: from then on it goes as with every refund."""
    play = refusing(until_s=5_000)
    while not play.desk.activity.undoing:
        play.at(play.second + 10)
    happened = len(play.times(next_))
    play.answer(Source.REFUND, verdict)
    assert play.payment.refund_refused is None
    assert happened + 1 == len(play.at(play.second + 61).times(next_))


def test_money_to_be_moved_by_hand_is_not_sent_again_and_not_told_as_returned() -> None:
    """Chaoying `CHANGE`: the refund left and came back to the merchant. The order may say "refunded" for ever."""
    play = refusing(RefundManual())
    for _ in range(300):
        play.answer(Source.QUERY, Refunded()).at(play.second + 60)
        if play.desk.activity.undoing:
            play.answer(Source.REFUND_QUERY, RefundManual())
    assert Status.CANCELLING == play.stands()
    assert [Reason.SLOW_VOID] == [cause.reason for cause in play.payment.attention]
    assert 1 == len(play.times(SendRefund))
    assert 3600.0 == play.times(SendRefundQuery)[-1] - play.times(SendRefundQuery)[-2]
    assert Status.CANCELLED == play.answer(Source.REFUND_QUERY, RefundDone(Fen(1000))).stands()
