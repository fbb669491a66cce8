"""The short form of the benchmarks: what can be counted, never what a clock says."""

from __future__ import annotations

import pytest

from bench.thumb import INTERVAL_S
from bench.virtual.customers import all_sorts, prompt_customers
from bench.virtual.network import HANGING, LOSSY, LOSSY_LINE, NONE, Faults
from bench.virtual.references import CSHARP, F2FPAY, JEEPAY
from bench.virtual.run import Run, most_within, run_posd, run_reference
from bench.voids import ends

CUSTOMERS = 40
SEED = 3

SYNCS_A_PAYMENT = 4.5
"""One for the request, one for each answer that says something new: pending by pay, pending by query, paid."""
BYTES_A_PAYMENT = 9_000
"""What they leave in a fresh journal, with the notices, which are forgotten after a week. Now 7,500."""
WINDOW_S = 30.0


@pytest.fixture(scope="module")
def calm() -> Run:
    """Customers who confirm in time at a gateway without faults."""
    return run_posd(prompt_customers(SEED, CUSTOMERS), NONE, SEED, WINDOW_S)


@pytest.mark.parametrize("faults", [NONE, HANGING, LOSSY], ids=lambda faults: faults.name)
def test_an_order_is_asked_about_once_a_second(faults: Faults) -> None:
    """No order is asked about twice within a second, whatever hangs or is lost, and the gateway has no complaint."""
    run = run_posd(prompt_customers(SEED, CUSTOMERS), faults, SEED, WINDOW_S)
    assert 1 == max(one.most_in_a_second for one in run.served)
    assert 0 == run.complaints


def test_no_more_is_asked_than_the_time_allows(calm: Run) -> None:
    """From the first question to the answer there is one query each interval, and none after the payment is paid."""
    assert {"paid"} == {one.word for one in calm.served}
    for one in calm.served:
        assert one.customer.confirms_ms is not None
        assert one.queries <= one.customer.confirms_ms / 1000 / INTERVAL_S + 2, one


def test_polling_writes_nothing(calm: Run) -> None:
    """A payment costs a few commits, however often it is asked about: repeated answers are counted, not written."""
    assert calm.syncs <= SYNCS_A_PAYMENT * CUSTOMERS
    assert CUSTOMERS * 7 < sum(one.queries for one in calm.served)


def test_a_payment_leaves_few_bytes(calm: Run) -> None:
    """The journal grows by what happened, not by what was asked."""
    assert calm.journal_bytes <= BYTES_A_PAYMENT * CUSTOMERS + 200_000


@pytest.mark.parametrize("faults", [NONE, HANGING, LOSSY_LINE], ids=lambda faults: faults.name)
def test_nothing_is_left_open_or_wrong(faults: Faults) -> None:
    """Every customer has an end, and it is what the gateway says, whatever is lost on the way."""
    found = ends(run_posd(all_sorts(SEED, CUSTOMERS), faults, SEED, 15.0))
    assert (0, 0) == (found.left_open, found.wrong)


def test_the_references_ask_as_they_are_published() -> None:
    """Who never confirms is asked about as often as each schedule says; the one that never cancels leaves it open."""
    nobody = [customer for customer in all_sorts(SEED, 200) if customer.confirms_ms is customer.refuses_ms is None]
    assert nobody
    for schedule, asks, word in ((F2FPAY, 5, "failed"), (CSHARP, 10, "failed"), (JEEPAY, 6, "open")):
        run = run_reference(schedule, nobody, NONE, SEED)
        assert {asks} == {one.queries for one in run.served}, schedule.name
        assert {word} == {one.word for one in run.served}, schedule.name


def test_the_same_seed_gives_the_same_figures(calm: Run) -> None:
    """A sceptic who runs it again finds the same."""
    again = run_posd(prompt_customers(SEED, CUSTOMERS), NONE, SEED, WINDOW_S)
    assert calm.served == again.served
    assert calm.syncs == again.syncs


def test_most_within_counts_neighbours() -> None:
    """Moments a whole second apart are not within one second."""
    assert 1 == most_within([0.0, 1.0, 2.0], 1.0)
    assert 2 == most_within([0.0, 0.9, 2.0], 1.0)
    assert 0 == most_within([], 1.0)
