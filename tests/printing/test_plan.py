"""Which papers are to come out: the rules, without a printer."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec
import pytest

from posd.printing import plan
from posd.printing.job import (
    REPRINT_HORIZON_MS,
    Audience,
    JobEvent,
    JobKind,
    JobState,
    PrintAsked,
    PrintBroken,
    PrintFailed,
    PrintFinished,
    PrintJob,
    PrintStarted,
    PrintWithdrawn,
    apply,
    queue,
)
from posd.printing.plan import Subject

SALE = Subject(JobKind.SALE, "pay_1")
CUSTOMER, MERCHANT = Audience.CUSTOMER, Audience.MERCHANT


def ids() -> Callable[[], str]:
    """Names in a row."""
    numbers = itertools.count(1)
    return lambda: f"prn_{next(numbers)}"


def after(subject: Subject, *events: JobEvent, audience: Audience = CUSTOMER, copy_no: int = 0) -> PrintJob:
    """A job and what happened to it."""
    job = queue(subject.queued(f"prn_{audience}_{copy_no}", audience, 0, copy_no))
    for event in events:
        job = apply(job, event)
    return job


STARTED, PRINTED = PrintStarted(10), PrintFinished(20)
REPLACED, UNCERTAIN = PrintBroken(20, "", replaced=True), PrintBroken(20, "", replaced=False)
WITHDRAWN, FAILED = PrintWithdrawn(20, ""), PrintFailed(20, "")


def test_originals() -> None:
    """The customer's, and then the merchant's where two are wanted; no number on either."""
    one = plan.originals(SALE, 1, 5, ids())
    two = plan.originals(SALE, 2, 5, ids())
    assert [(CUSTOMER, 0)] == [(job.audience, job.copy_no) for job, _ in one]
    assert [(CUSTOMER, 0), (MERCHANT, 0)] == [(job.audience, job.copy_no) for job, _ in two]
    assert all(job == queue(event) and job.expires_at_ms is None for job, event in two)
    assert 2 == len({job.job_id for job, _ in two})


@pytest.mark.parametrize("state", ["queued", "printing"])
def test_the_original_is_still_to_come(state: str) -> None:
    """The same job, and nothing happens."""
    original = after(SALE, *([STARTED] if state == "printing" else []))
    assert (original, ()) == plan.asked(SALE, CUSTOMER, [original], 50, ids())


@pytest.mark.parametrize(
    ("jobs", "copy_no"),
    [
        ([], 0),
        ([after(SALE, FAILED)], 0),
        ([after(SALE, WITHDRAWN)], 0),
        ([after(SALE, STARTED, PRINTED, audience=MERCHANT)], 0),
        ([after(SALE, STARTED, PRINTED)], 1),
        ([after(SALE, STARTED, UNCERTAIN)], 1),
        ([after(SALE, STARTED, REPLACED), after(SALE, STARTED, copy_no=1)], 2),
        ([after(SALE, STARTED, PRINTED), after(SALE, copy_no=1)], 2),
        ([after(SALE, STARTED, PRINTED), after(SALE, FAILED, copy_no=1)], 1),
        ([after(SALE, STARTED, PRINTED), after(SALE, STARTED, PRINTED, audience=MERCHANT, copy_no=1)], 2),
    ],
)
def test_what_the_till_gets_when_it_asks(jobs: list[PrintJob], copy_no: int) -> None:
    """An original as long as nothing of it can be on paper; after that copies, no number twice, no gap without need."""
    job, [event] = plan.asked(SALE, CUSTOMER, jobs, 50, lambda: "prn_new")
    assert ("prn_new", copy_no, CUSTOMER, JobState.QUEUED) == (job.job_id, job.copy_no, job.audience, job.state)
    assert job.expires_at_ms is None
    assert event.at_ms == 50


def test_the_waiting_replacement_is_what_the_till_asks_for() -> None:
    """It stays, and waits as long as it takes; for another audience it is not."""
    broken, waiting = (step[0] for step in plan.broken_off(after(SALE, STARTED), [after(SALE)], 20, 20, "", ids()))
    job, events = plan.asked(SALE, CUSTOMER, [broken, waiting], 50, ids())
    assert (waiting.job_id, None, (PrintAsked(50),)) == (job.job_id, job.expires_at_ms, events)
    other, _ = plan.asked(SALE, MERCHANT, [broken, waiting], 50, lambda: "prn_new")
    assert ("prn_new", 0) == (other.job_id, other.copy_no)


def test_a_replacement_whose_time_has_passed_is_not() -> None:
    """The spool will withdraw it in a moment; the till gets a copy of its own."""
    broken, waiting = (step[0] for step in plan.broken_off(after(SALE, STARTED), [after(SALE)], 20, 20, "", ids()))
    job, _ = plan.asked(SALE, CUSTOMER, [broken, waiting], 20 + REPRINT_HORIZON_MS, lambda: "prn_new")
    assert ("prn_new", None) == (job.job_id, job.expires_at_ms)


def test_a_copy_takes_its_place() -> None:
    """Queued at the same moment, with the next number, for 120 s from the break."""
    job = after(SALE, STARTED)
    other = after(SALE, STARTED, PRINTED, audience=MERCHANT, copy_no=4)
    (broken, [broke]), (copy, [queued]) = plan.broken_off(job, [job, other], 500, 700, "cable out", ids())
    assert (JobState.BROKEN, "cable out") == (broken.state, broken.detail)
    assert (JobState.QUEUED, 5, job.job_id, 1) == (copy.state, copy.copy_no, copy.replaces, copy.reprints)
    assert 500 + REPRINT_HORIZON_MS == copy.expires_at_ms
    assert (job.kind, job.audience, job.payment_id) == (copy.kind, copy.audience, copy.payment_id)
    assert [700, 700] == [broke.at_ms, queued.at_ms]


@pytest.mark.parametrize(
    ("broke_at_ms", "now_ms", "replaced"),
    [
        (20, 20, True),
        (9 + REPRINT_HORIZON_MS, 9 + REPRINT_HORIZON_MS, True),
        (10 + REPRINT_HORIZON_MS, 10 + REPRINT_HORIZON_MS, False),
        (10, 9 + REPRINT_HORIZON_MS, True),
        (10, 10 + REPRINT_HORIZON_MS, False),
    ],
)
def test_there_is_time_for_a_copy(broke_at_ms: int, now_ms: int, replaced: bool) -> None:
    """Only if it broke off within 120 s of its start (10 ms), and this is known within 120 s of the break."""
    job = after(SALE, STARTED)
    steps = plan.broken_off(job, [job], broke_at_ms, now_ms, "", ids())
    assert (JobState.BROKEN if replaced else JobState.UNCERTAIN) is steps[0][0].state
    assert (2 if replaced else 1) == len(steps)


def test_a_copy_of_a_copy_has_no_more_time() -> None:
    """Nor are there more than a few of them."""
    new_id, job, now_ms = ids(), after(SALE, STARTED), 20
    jobs, expires = [job], set()
    while len(steps := plan.broken_off(job, jobs, now_ms, now_ms, "", new_id)) == 2:
        copy = steps[1][0]
        expires.add(copy.expires_at_ms)
        job = apply(copy, PrintStarted(now_ms + 100))
        jobs = [*jobs, job]
        now_ms += 200
    assert {20 + REPRINT_HORIZON_MS} == expires
    assert [0, 1, 2, 3] == [each.copy_no for each in jobs]
    assert plan.REPRINTS_AT_MOST == job.reprints
    assert JobState.UNCERTAIN is steps[0][0].state


def test_a_test_slip_is_not_printed_again() -> None:
    """Whoever tries the printer has seen what he wanted to see."""
    slip = apply(queue(plan.trial("printer", 0, ids())), STARTED)
    [(uncertain, _)] = plan.broken_off(slip, [slip], 20, 20, "", ids())
    assert JobState.UNCERTAIN is uncertain.state
    assert plan.TEST_HORIZON_MS == slip.expires_at_ms


def test_a_report_is() -> None:
    """It has no payment, and its copies are numbered all the same."""
    report = apply(queue(Subject(JobKind.REPORT, text="2026-11-20").queued("prn_r", CUSTOMER, 0)), STARTED)
    _, (copy, _) = plan.broken_off(report, [report], 20, 20, "", ids())
    assert (1, "2026-11-20", JobKind.REPORT) == (copy.copy_no, copy.text, copy.kind)


@pytest.mark.parametrize("event", [WITHDRAWN, FAILED])
def test_what_it_was_to_replace_is_uncertain(event: PrintWithdrawn | PrintFailed) -> None:
    """Once its copy will not come; a job that replaces nothing touches no other."""
    (broken, _), (waiting, _) = plan.broken_off(after(SALE, STARTED), [after(SALE)], 20, 20, "", ids())
    steps = plan.dropped(waiting, broken, event)
    assert [apply(waiting, event).state, JobState.UNCERTAIN] == [job.state for job, _ in steps]
    assert 1 == len(plan.dropped(after(SALE), None, event))


def test_what_broke_off_goes_first() -> None:
    """Then the oldest; what is printing already is not begun again."""
    (_, _), (copy, _) = plan.broken_off(after(SALE, STARTED), [after(SALE)], 20, 20, "", ids())
    older, newer, printing = after(SALE), after(SALE, audience=MERCHANT), after(SALE, STARTED, copy_no=7)
    assert copy == plan.next_job([printing, older, newer, copy])
    assert older == plan.next_job([printing, older, newer])
    assert None is plan.next_job([printing])
    assert None is plan.next_job([])


def test_a_refund_is_another_subject() -> None:
    """Its papers are not the payment's, and are numbered by themselves."""
    refund = Subject(JobKind.REFUND, "pay_1", "ref_1")
    of_payment, of_refund = after(SALE), after(refund)
    assert [True, False] == [SALE.owns(of_payment), SALE.owns(of_refund)]
    assert [False, True] == [refund.owns(of_payment), refund.owns(of_refund)]
    assert msgspec.structs.replace(of_refund, job_id="") != msgspec.structs.replace(of_payment, job_id="")
