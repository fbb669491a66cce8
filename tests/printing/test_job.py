"""What can happen to a print job, and what cannot."""

from __future__ import annotations

import msgspec
import pytest

from posd.payment.errors import ImpossibleTransition
from posd.printing.job import (
    Audience,
    JobEvent,
    JobKind,
    JobState,
    PrintAsked,
    PrintBroken,
    PrintFailed,
    PrintFinished,
    PrintGivenUp,
    PrintJob,
    PrintQueued,
    PrintStarted,
    PrintWithdrawn,
    apply,
    queue,
)

QUEUED = PrintQueued(1, "prn_1", JobKind.SALE, payment_id="pay_1")

ASKED, STARTED, FINISHED = PrintAsked(2), PrintStarted(2), PrintFinished(2)
REPLACED, NOT_REPLACED = PrintBroken(2, "gone", replaced=True), PrintBroken(2, "gone", replaced=False)
GIVEN_UP, WITHDRAWN, FAILED = PrintGivenUp(2), PrintWithdrawn(2, "too late"), PrintFailed(2, "no printer")
EVENTS: tuple[JobEvent, ...] = (
    QUEUED, ASKED, STARTED, FINISHED, REPLACED, NOT_REPLACED, GIVEN_UP, WITHDRAWN, FAILED,
)  # fmt: skip

TRANSITIONS = {
    (JobState.QUEUED, ASKED): JobState.QUEUED,
    (JobState.QUEUED, STARTED): JobState.PRINTING,
    (JobState.QUEUED, WITHDRAWN): JobState.WITHDRAWN,
    (JobState.QUEUED, FAILED): JobState.FAILED,
    (JobState.PRINTING, FINISHED): JobState.PRINTED,
    (JobState.PRINTING, REPLACED): JobState.BROKEN,
    (JobState.PRINTING, NOT_REPLACED): JobState.UNCERTAIN,
    (JobState.BROKEN, GIVEN_UP): JobState.UNCERTAIN,
}
"""All there are."""


def job(state: JobState) -> PrintJob:
    """A job that stands like this."""
    return msgspec.structs.replace(queue(QUEUED), state=state)


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{type(event).__name__}-{getattr(event, 'replaced', '')}")
def test_every_transition(state: JobState, event: JobEvent) -> None:
    """Those of the table happen; every other one raises. Above all, what was started is never started again."""
    before = job(state)
    after = TRANSITIONS.get((state, event))
    if after is None:
        with pytest.raises(ImpossibleTransition):
            apply(before, event)
    else:
        assert after is apply(before, event).state
    assert state is before.state


def test_a_job_begins_with_all_that_it_was_queued_with() -> None:
    """Every field of the event is in the job."""
    event = PrintQueued(
        5, "prn_2", JobKind.REFUND, Audience.MERCHANT, "pay_1", "ref_1", 3, "text", "prn_1", 2, 120_005
    )  # fmt: skip
    fields = msgspec.structs.asdict(event)
    fields["kind"] = fields.pop("job_kind")
    fields["created_at_ms"] = fields.pop("at_ms")
    begun = msgspec.structs.asdict(queue(event))
    assert fields == {name: begun[name] for name in fields}
    assert JobState.QUEUED is queue(event).state


def test_a_job_whose_time_has_passed_is_not_started() -> None:
    """Not at that moment, and not later; before it, it is."""
    waiting = msgspec.structs.replace(queue(QUEUED), expires_at_ms=100)
    assert JobState.PRINTING is apply(waiting, PrintStarted(99)).state
    for late_ms in (100, 101):
        assert waiting.expired(late_ms)
        with pytest.raises(ImpossibleTransition):
            apply(waiting, PrintStarted(late_ms))


def test_what_is_asked_for_has_no_limit_any_more() -> None:
    """It waits as long as it takes."""
    waiting = msgspec.structs.replace(queue(QUEUED), expires_at_ms=100)
    assert not apply(waiting, PrintAsked(50)).expired(1_000_000)


@pytest.mark.parametrize("state", JobState)
def test_only_what_waits_can_expire(state: JobState) -> None:
    """What is being printed is not called back."""
    assert (state is JobState.QUEUED) == msgspec.structs.replace(job(state), expires_at_ms=100).expired(200)


def test_some_of_it_may_be_on_paper_from_the_start_on() -> None:
    """And nothing of what was withdrawn or has failed."""
    waiting = queue(QUEUED)
    started = apply(waiting, STARTED)
    assert [False, True, True, True, True] == [
        each.on_paper
        for each in (
            waiting,
            started,
            apply(started, FINISHED),
            apply(started, REPLACED),
            apply(apply(started, REPLACED), GIVEN_UP),
        )
    ]
    assert [False, False] == [apply(waiting, WITHDRAWN).on_paper, apply(waiting, FAILED).on_paper]


def test_events_come_back_from_the_journal_as_they_were() -> None:
    """Each with a tag of its own."""
    decoder = msgspec.json.Decoder(JobEvent)
    for event in EVENTS:
        assert event == decoder.decode(msgspec.json.encode(event))
    assert len({type(event) for event in EVENTS}) == len({type(event).__struct_config__.tag for event in EVENTS})
