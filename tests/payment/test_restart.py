"""After a restart: the same rules over the same facts, and never anything earlier than in truth (design §2, rule 8)."""

from __future__ import annotations

import pytest

from posd.payment.actions import SendCancel, SendPay, SendQuery, SendRefund, SendRefundQuery
from posd.payment.events import Armed, Resumed, Source, Status, VoidBy, VoidRequested, VoidSent
from posd.payment.verdicts import Closed, NotFound, NotSent, Pending, Reason, RefundDone
from tests.payment.playbook import CLOSING, LOST, PAID, START_MS, Playbook


def test_what_was_never_sent_is_interrupted() -> None:
    """Rule 8: a payment that was never submitted is `failed`, `interrupted`; its code is gone."""
    play = Playbook().arm().at(5).restart()
    assert (Status.FAILED, Reason.INTERRUPTED) == (
        play.stands(),
        play.why(),
    )
    assert [] == play.at(200).sent


def test_a_submitted_payment_is_asked_for_and_not_sent_again() -> None:
    """Contract §5.2: submitted at most once, whatever crashes; asking begins at once."""
    play = Playbook().submit().at(0.2).restart()
    assert [0.2] == play.times(SendQuery)
    assert 1 == play.at(14).submits()
    assert Status.PAID == play.answer(Source.QUERY, PAID).stands()


def test_a_crash_between_the_record_and_the_pay_request_sends_nothing() -> None:
    """The record alone says "may have left": it is asked for, and never sent, though nothing had left."""
    play = Playbook()
    play.desk = play.desk.record(Playbook().submit().journal[1])[0]
    play.restart().at(10)
    assert [] == play.times(SendPay)
    assert [0.0, 1.0, 2.0] == play.times(SendQuery)[:3]


def test_a_retry_that_a_restart_cut_off_is_not_made() -> None:
    """Between two tries of a request that never left: the code is gone, so it has failed (`interrupted`)."""
    play = Playbook().submit().answer(Source.PAY, NotSent()).at(0.2).restart().at(10)
    assert (Status.FAILED, Reason.INTERRUPTED) == (
        play.stands(),
        play.why(),
    )
    assert 1 == play.submits()


def test_a_window_that_has_passed_meanwhile_is_a_void_before_anything_else() -> None:
    """Rule 8: recorded first thing, in the batch of the restart; the cancel and the question come after it."""
    play = Playbook().submit().at(3)
    sent = len(play.sent)
    play.restart(line_s=40)
    assert [Resumed, VoidRequested, VoidSent] == [type(event) for event in play.journal[-3:]]
    assert VoidBy.WINDOW == play.payment.void_by
    assert [(40.0, "SendCancel"), (40.0, "SendQuery")] == play.sent[sent:]
    play.answer(Source.QUERY, PAID)
    assert Status.CANCELLING == play.stands()


def test_a_void_goes_on() -> None:
    """Contract §5.4: posd goes on, across restarts, until the void is proven."""
    play = Playbook().submit().at(15)
    for second in (20, 30, 40):
        play.at(second - 1).answer(Source.CANCEL, LOST).restart(line_s=second)
        assert second in play.times(SendCancel)
    assert Status.CANCELLED == play.answer(Source.CANCEL, Closed()).stands()


def test_a_refund_that_was_sent_is_asked_for_first() -> None:
    """The refund that stands in for a cancel is not sent blindly again; unknown there, it is, with the same number."""
    play = Playbook(CLOSING).submit().at(15).answer(Source.CANCEL, LOST).answer(Source.QUERY, PAID).at(17)
    number = play.payment.void_refund_no
    assert 1 == len(play.times(SendRefund))
    play.restart()
    assert [17.0] == play.times(SendRefundQuery)
    assert 1 == len(play.times(SendRefund))
    play.answer(Source.REFUND_QUERY, NotFound()).at(20)
    assert 2 == len(play.times(SendRefund))
    assert number == play.payment.void_refund_no
    assert Status.CANCELLED == play.answer(Source.REFUND, RefundDone()).stands()


def test_what_turned_up_is_still_reversed_after_a_restart() -> None:
    """A reversal after the end is a fact like any other."""
    play = Playbook().submit().answer(Source.PAY, LOST).at(15).answer(Source.CANCEL, LOST).at(60.5)
    play.answer(Source.QUERY, NotFound()).answer(Source.CANCEL, LOST).restart().at(400).answer(Source.QUERY, PAID)
    assert play.undoing()
    play.restart()
    assert play.undoing()
    assert 2 == len(play.times(SendRefund) + play.times(SendRefundQuery))


def test_follow_ups_survive_a_restart() -> None:
    """Asked again after 5 minutes, though posd was started anew in between."""
    play = Playbook().submit().answer(Source.PAY, LOST).at(15).answer(Source.CANCEL, LOST).at(60.5)
    play.answer(Source.QUERY, NotFound()).restart(line_s=100)
    assert 100.0 > play.times(SendQuery)[-1]
    assert 360.5 == play.at(361).times(SendQuery)[-1]


def test_after_a_reboot_what_was_not_received_is_asked_for_again() -> None:
    """A clock that jumped a day ahead makes all questions due at once, and the request may come behind them."""
    play = Playbook().submit().answer(Source.PAY, LOST).at(15).answer(Source.CANCEL, LOST).at(60.5)
    play.answer(Source.QUERY, NotFound()).restart(trusted=False, line_s=100_000).answer(Source.QUERY, NotFound())
    play.restart(trusted=False, line_s=100_010).at(100_300).answer(Source.QUERY, NotFound())
    play.at(100_310).answer(Source.QUERY, NotFound())
    assert [100_000, 100_300, 100_310] == play.times(SendQuery)[-3:]
    assert Status.CANCELLED == play.at(103_610).answer(Source.QUERY, PAID).stands()
    assert play.undoing()


def test_after_a_reboot_what_was_never_missing_is_not_asked_for() -> None:
    """It was closed: nothing is left to do."""
    play = Playbook().submit().answer(Source.PAY, LOST).at(15).answer(Source.CANCEL, Closed())
    assert not play.restart(trusted=False, line_s=100_000).payment.live


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_s", [3, 20, 4000])
def test_after_a_reboot_no_cancel_leaves_before_the_floor(line_s: float) -> None:
    """Rule 8: how long the machine was off is not known, whatever its clock says: the floor begins anew."""
    play = Playbook().submit().at(3).restart(trusted=False, line_s=line_s).at(line_s + 14.9)
    assert [] == play.times(SendCancel)
    assert [line_s + 15.0] == play.at(line_s + 15).times(SendCancel)


@pytest.mark.parametrize("line_s", [3, 20, 4000])
def test_after_a_reboot_the_request_may_still_arrive(line_s: float) -> None:
    """A clock that jumped an hour ahead must not make "not found" a proof: the horizon begins anew."""
    play = Playbook().submit().at(3).restart(trusted=False, line_s=line_s).at(line_s + 16)
    play.answer(Source.CANCEL, LOST).at(line_s + 59.9).answer(Source.QUERY, NotFound())
    assert Status.CANCELLING == play.stands()
    play.at(line_s + 60).answer(Source.QUERY, NotFound())
    assert Status.CANCELLED == play.stands()


def test_what_was_found_missing_before_a_reboot_proves_nothing_after_it() -> None:
    """An old not-found from beyond the horizon without a cancel, then a reboot: a new question is needed."""
    play = Playbook(window_s=400).submit().at(59).answer(Source.QUERY, NotFound()).restart(trusted=False, line_s=90)
    assert Status.PROCESSING == play.stands()
    assert Status.PROCESSING == play.at(149).answer(Source.QUERY, NotFound()).stands()
    assert Status.FAILED == play.at(150).answer(Source.QUERY, NotFound()).stands()


def test_a_restart_with_a_trusted_clock_changes_no_duration() -> None:
    """The daemon alone was restarted: the line goes on, so do floor and horizon."""
    play = Playbook().submit().at(3).restart(line_s=10).at(15.9)
    assert [] == play.times(SendCancel)
    assert [16.0] == play.at(16).times(SendCancel)


def test_a_clock_that_went_backwards_makes_nothing_happen_earlier() -> None:
    """The line then goes on from the last event: the window, the floor and the horizon come later, never earlier."""
    play = Playbook().submit().at(10).answer(Source.PAY, Pending()).restart(trusted=False, line_s=10)
    assert Status.PROCESSING == play.at(14.9).stands()
    assert Status.CANCELLING == play.at(15).stands()
    assert [] == play.at(24.9).times(SendCancel)
    assert [25.0] == play.at(25).times(SendCancel)


def test_a_restart_is_one_event_a_payment() -> None:
    """An armed payment stays armed for nobody: `Resumed` and its end are one batch."""
    play = Playbook().arm().restart()
    assert [Armed, Resumed] == [type(event) for event in play.journal[1:3]]
    assert START_MS == play.payment.resolved_at_ms


def test_the_record_of_a_cancel_is_no_cancel() -> None:
    """The process died between the record and the wire: a gateway that denies the order once more ends nothing."""
    play = Playbook().submit().at(16).restart().at(70).answer(Source.QUERY, NotFound())
    assert (Status.CANCELLING, 2) == (play.stands(), len(play.times(SendCancel)))
    assert Status.CANCELLED == play.answer(Source.CANCEL, Closed()).stands()
    assert not play.payment.not_received
