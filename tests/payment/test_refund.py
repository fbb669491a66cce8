"""A refund as the facts make it (contract §2 refunds; ``posd.payment.refund``)."""

from __future__ import annotations

import msgspec
import pytest

from posd.payment import refund as machine
from posd.payment.amounts import Fen
from posd.payment.errors import ImpossibleTransition
from posd.payment.events import AnyVerdict, Source
from posd.payment.refund import (
    ARRIVAL_HORIZON_MS,
    Refund,
    RefundAnswered,
    RefundEvent,
    RefundRequested,
    RefundResolved,
    RefundSent,
    RefundStatus,
)
from posd.payment.verdicts import (
    Doubt,
    NotFound,
    NotSent,
    RefundDone,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    Unknown,
)

LOST = Unknown(Doubt.NO_ANSWER)


class Story:
    """One refund, told as a conversation."""

    def __init__(self) -> None:
        self.journal: list[RefundEvent] = []
        self.now_ms = 1_000_000
        requested = RefundRequested(self.now_ms, "ref_1", "A1R1", "pay_1", Fen(500))
        self.journal.append(requested)
        self.refund = machine.request(requested)

    def send(self) -> Story:
        """The request leaves."""
        return self._happen(RefundSent(self.now_ms))

    def answer(self, verdict: AnyVerdict) -> Story:
        """The answer to the latest request."""
        return self._answer(Source.REFUND, verdict, self.refund.sent_at_ms or 0)

    def ask(self, verdict: AnyVerdict) -> Story:
        """A question of this moment, and its answer."""
        return self._answer(Source.REFUND_QUERY, verdict, self.now_ms)

    def later(self, span_ms: int) -> Story:
        """Time goes by."""
        self.now_ms += span_ms
        return self

    def restart(self, *, trusted: bool) -> Story:
        """Posd is started again."""
        lost = machine.resumed(self.refund, self.now_ms, clock_trusted=trusted)
        return self._happen(lost) if lost is not None else self

    def stands(self) -> RefundStatus:
        """Where it stands."""
        return self.refund.status

    def again(self) -> bool:
        """Whether the next thing to send is the refund itself."""
        return self.refund.resend

    def _answer(self, source: Source, verdict: AnyVerdict, asked_at_ms: int) -> Story:
        self._happen(RefundAnswered(self.now_ms, source, asked_at_ms, verdict))
        ended = machine.consequence(self.refund, self.now_ms)
        return self._happen(ended) if ended is not None else self

    def _happen(self, event: RefundEvent) -> Story:
        self.refund = machine.apply(self.refund, event)
        self.journal.append(event)
        return self

    def replayed(self) -> Refund:
        """The refund that its journal makes, read back from JSON."""
        decode = msgspec.json.Decoder(RefundEvent).decode
        first, *others = [decode(msgspec.json.encode(event)) for event in self.journal]
        refund = machine.request(first)
        for event in others:
            refund = machine.apply(refund, event)
        return refund


def test_a_refund_begins_with_a_request_to_send() -> None:
    """It holds its amount from the moment it is on disk, before anything is sent."""
    refund = Story().refund
    assert (RefundStatus.PROCESSING, Fen(500), True, True) == (
        refund.status,
        refund.holds,
        refund.resend,
        refund.live,
    )


@pytest.mark.parametrize(
    ("verdict", "status", "holds", "pay_amount"),
    [
        (RefundDone(Fen(400)), RefundStatus.SUCCEEDED, 500, 400),
        (RefundDone(), RefundStatus.SUCCEEDED, 500, None),
        (RefundManual(), RefundStatus.MANUAL, 500, None),
        (RefundFailed(), RefundStatus.FAILED, 0, None),
    ],
)
def test_a_clear_answer_ends_it(verdict: AnyVerdict, status: RefundStatus, holds: int, pay_amount: int | None) -> None:
    """Done, by hand, or failed; a failed refund frees its amount, the others hold it; what went back is told."""
    story = Story().send().later(10).answer(verdict)
    assert (status, holds, pay_amount) == (story.stands(), story.refund.holds, story.refund.pay_amount)
    assert not story.refund.live
    assert story.refund == story.replayed()
    asked = Story().send().later(10).ask(verdict)
    assert (status, holds, pay_amount) == (asked.stands(), asked.refund.holds, asked.refund.pay_amount)


@pytest.mark.parametrize("doubt", list(Doubt))
def test_no_answer_is_asked_after_and_not_sent_again(doubt: Doubt) -> None:
    """Unclear is neither done nor failed: the next thing is a question under the same number."""
    story = Story().send().answer(Unknown(doubt))
    assert RefundStatus.PROCESSING == story.stands()
    assert not story.again()
    assert RefundStatus.SUCCEEDED == story.ask(RefundDone()).stands()


@pytest.mark.parametrize("verdict", [NotFound(), RefundNotSure()])
def test_what_the_gateway_does_not_have_is_sent_again_with_the_same_number(verdict: AnyVerdict) -> None:
    """`NOTSURE` and "no such refund": the same request, the same number."""
    story = Story().send().answer(LOST).ask(verdict)
    assert story.again()
    assert "A1R1" == story.refund.refund_no
    story.send()
    assert not story.again()
    assert RefundStatus.SUCCEEDED == story.answer(RefundDone()).stands()


def test_not_sure_to_the_request_itself_sends_it_again() -> None:
    """Chaoying `NOTSURE` may come at once."""
    assert Story().send().answer(RefundNotSure()).again()


def test_a_request_that_never_left_is_sent_again_and_can_still_fail() -> None:
    """Nothing can have arrived, so a refusal of the next one is a refusal."""
    story = Story().send().answer(NotSent())
    assert story.again()
    assert RefundStatus.FAILED == story.send().answer(RefundFailed()).stands()


def test_a_question_that_never_left_changes_nothing() -> None:
    """The network is down: ask again."""
    story = Story().send().answer(LOST).ask(NotSent())
    assert not story.again()
    assert RefundStatus.PROCESSING == story.ask(LOST).stands()


@pytest.mark.parametrize("first", [LOST, RefundNotSure(), RefundProcessing()])
def test_a_refusal_of_a_repetition_is_not_believed(first: AnyVerdict) -> None:
    """The first request may have done it; the second is refused because of that: asked, and only then believed."""
    story = Story().send().answer(first).ask(NotFound()).send().answer(RefundFailed())
    assert RefundStatus.PROCESSING == story.stands()
    assert not story.again()
    assert RefundStatus.SUCCEEDED == story.ask(RefundDone(Fen(500))).stands()


def test_a_failure_on_the_books_is_believed_at_once_when_only_one_request_was_made() -> None:
    """The answer was lost, and the gateway has the refund as failed: nothing else is on its way."""
    assert RefundStatus.FAILED == Story().send().answer(LOST).ask(RefundFailed()).stands()


def test_a_failure_on_the_books_is_believed_late_when_another_request_may_arrive() -> None:
    """The same number may be tried anew by a gateway: a request that was lost must not do it after the end."""
    story = Story().send().answer(LOST).later(10).ask(NotFound()).send().answer(RefundFailed()).ask(RefundFailed())
    assert RefundStatus.PROCESSING == story.stands()
    assert RefundStatus.FAILED == story.later(ARRIVAL_HORIZON_MS - 10).ask(RefundFailed()).stands()


def test_a_crash_between_the_record_and_the_answer_is_a_lost_answer() -> None:
    """`RefundSent` twice without an answer in between: the first may have arrived, so a refusal proves nothing yet."""
    story = Story().send().later(5_000).ask(NotFound()).send().answer(RefundFailed())
    assert RefundStatus.PROCESSING == story.stands()
    assert RefundStatus.PROCESSING == story.later(ARRIVAL_HORIZON_MS - 5_001).ask(NotFound()).stands()
    assert Fen(500) == story.refund.holds
    assert RefundStatus.FAILED == story.later(1).ask(NotFound()).stands()


def test_a_refused_refund_that_the_gateway_never_had_ends_once_nothing_can_arrive() -> None:
    """Refused, and no such refund there: failed once the lost request can no longer be on its way."""
    story = Story().send().answer(LOST).later(1_000).ask(NotFound()).send().answer(RefundFailed())
    story.later(ARRIVAL_HORIZON_MS - 1_001).ask(NotFound())
    assert RefundStatus.PROCESSING == story.stands()
    assert not story.again()
    assert RefundStatus.FAILED == story.later(1).ask(NotFound()).stands()


def test_a_restart_is_a_lost_answer() -> None:
    """Of a request on the wire; there is nothing to say of a refund that awaits none."""
    assert machine.resumed(Story().refund, 9, clock_trusted=False) is None
    assert machine.resumed(Story().send().answer(RefundProcessing()).refund, 9, clock_trusted=False) is None
    assert machine.resumed(Story().send().answer(LOST).refund, 9, clock_trusted=True) is None
    story = Story().send().later(5_000).restart(trusted=True)
    assert (False, 1_000_000) == (story.refund.awaiting, story.refund.lost_at_ms)
    assert story.refund == story.replayed()


@pytest.mark.parametrize("lost_before", [False, True])
def test_after_a_reboot_a_lost_request_may_still_arrive(*, lost_before: bool) -> None:
    """A clock that jumped ahead must not make a refusal, or "not found", a proof: the horizon begins anew."""
    story = Story().send().later(10).ask(NotFound()).send()
    if lost_before:
        story.answer(LOST)
    story.later(1_000_000).restart(trusted=False).later(10).ask(NotFound()).send().answer(RefundFailed())
    story.later(ARRIVAL_HORIZON_MS - 11).ask(NotFound()).ask(RefundFailed())
    assert RefundStatus.PROCESSING == story.stands()
    assert RefundStatus.FAILED == story.later(1).ask(NotFound()).stands()
    assert story.refund == story.replayed()


def test_nothing_happens_to_a_refund_that_has_ended() -> None:
    """An impossible transition raises; the refund is a value, so nothing has changed."""
    story = Story().send().answer(RefundDone())
    for event in (
        RefundSent(2_000_000),
        RefundAnswered(2_000_000, Source.REFUND, 1_000_000, RefundFailed()),
        RefundResolved(2_000_000, RefundStatus.FAILED),
        story.journal[0],
    ):
        with pytest.raises(ImpossibleTransition):
            machine.apply(story.refund, event)
    assert machine.consequence(story.refund, 2_000_000) is None


def test_a_refund_cannot_begin_twice() -> None:
    """One number, one refund."""
    story = Story()
    with pytest.raises(ImpossibleTransition):
        machine.apply(story.refund, story.journal[0])


def test_the_pace_of_asking_falls_and_never_ends() -> None:
    """A second, doubled each time, up to five minutes: card refunds take days."""
    gaps = [machine.next_at_ms(asked, 1_000, 1_000) - 1_000 for asked in range(1, 13)]
    assert [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000] == gaps[:9]
    assert [300_000] * 3 == gaps[9:]
    assert 7_000 == machine.next_at_ms(0, None, 7_000)
    assert 301_000 == machine.next_at_ms(10_000, 1_000, 1_000)


def test_the_journal_makes_the_same_refund() -> None:
    """Everything in a refund follows from its events, also from their JSON."""
    story = Story().send().answer(LOST).later(100).ask(NotFound()).send().answer(RefundFailed())
    assert story.refund == story.replayed()
    story.later(ARRIVAL_HORIZON_MS).ask(NotFound())
    assert story.refund == story.replayed()
