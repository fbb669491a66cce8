"""The sentences of the timeline."""

from __future__ import annotations

from typing import get_args

import pytest

from posd.printing import job as j
from posd.timeline import describe

PAPER = [
    (j.PrintQueued(1, "job", j.JobKind.SALE), "sale slip for the customer queued"),
    (
        j.PrintQueued(1, "job", j.JobKind.VOID, j.Audience.MERCHANT, copy_no=2, replaces="another"),
        "void slip for the merchant queued, copy 2, in place of what broke off",
    ),
    (j.PrintAsked(1), "the till asked for what was waiting: it waits as long as it takes now"),
    (j.PrintStarted(1), "printing"),
    (j.PrintFinished(1), "printed"),
    (j.PrintBroken(1, "no paper", replaced=True), "broke off while printing: no paper; a copy takes its place"),
    (
        j.PrintBroken(1, "no paper", replaced=False),
        "broke off while printing: no paper; the till is asked whether to print it again",
    ),
    (
        j.PrintGivenUp(1),
        "the copy in its place did not come out: the till is asked whether to print it again",
    ),
    (j.PrintWithdrawn(1, "taken back"), "not printed: taken back"),
    (j.PrintFailed(1, "no printer is configured"), "cannot be printed: no printer is configured"),
]


@pytest.mark.parametrize(("event", "sentence"), PAPER)
def test_paper(event: j.JobEvent, sentence: str) -> None:
    """What became of the paper, and what happens next."""
    assert sentence == describe(event)


def test_every_event_of_paper_has_its_sentence() -> None:
    """None is told by its bare name: a new event needs a sentence here."""
    assert set(get_args(j.JobEvent)) == {type(event) for event, _ in PAPER}
    assert all(str(event.__struct_config__.tag) != sentence for event, sentence in PAPER)
