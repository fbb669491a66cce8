"""How the receipt of a payment stands, from its jobs (contract §1, ``receipt``)."""

from __future__ import annotations

import pytest

from posd.journal.records import ReceiptState, receipt_of
from posd.printing.job import JobState


@pytest.mark.parametrize(
    ("papers", "state", "copies"),
    [
        ("", "none", 0),
        ("queued:0:customer", "queued", 0),
        ("printing:0:customer", "printing", 0),
        ("printed:0:customer", "printed", 0),
        ("failed:0:customer", "failed", 0),
        ("uncertain:0:customer", "uncertain", 0),
        ("printed:0:customer,printed:1:customer,printed:2:merchant", "printed", 2),
        ("printed:0:customer,queued:0:merchant", "queued", 0),
        ("printing:0:customer,queued:0:merchant", "printing", 0),
        ("broken:0:customer,queued:1:customer", "queued", 0),
        ("broken:0:customer,printed:1:customer", "printed", 1),
        ("uncertain:0:customer,withdrawn:1:customer", "uncertain", 0),
        ("broken:0:customer,uncertain:1:customer,withdrawn:2:customer", "uncertain", 0),
        ("uncertain:0:customer,printed:1:customer", "printed", 1),
        ("uncertain:0:customer,failed:1:customer", "uncertain", 0),
        ("printed:0:customer,failed:1:customer", "printed", 0),
        ("failed:0:customer,printed:0:customer", "printed", 0),
        ("withdrawn:0:customer", "failed", 0),
        ("broken:0:customer", "uncertain", 0),
    ],
)
def test_state_and_copies(papers: str, state: str, copies: int) -> None:
    """What is to come counts first, then the last that may be on paper; a failure only where there is nothing else."""
    assert (ReceiptState(state), copies) == receipt_of(papers)


@pytest.mark.parametrize(
    ("papers", "state"),
    [
        ("uncertain:0:customer,printed:0:merchant,withdrawn:1:customer", "uncertain"),
        ("printed:0:customer,uncertain:0:merchant", "uncertain"),
        ("printed:0:customer,failed:0:merchant", "failed"),
        ("failed:0:customer,uncertain:0:merchant", "uncertain"),
    ],
)
def test_the_worse_of_two_papers(papers: str, state: str) -> None:
    """The merchant's slip does not hide that the customer has none."""
    assert (ReceiptState(state), 0) == receipt_of(papers)


def test_every_state_of_a_job_has_an_answer() -> None:
    """Also those that only stand beside others."""
    assert set(ReceiptState) >= {receipt_of(f"{state}:0:customer")[0] for state in JobState}
