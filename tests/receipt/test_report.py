"""The day's figures, from a real journal (contract §2, ``GET /v1/report``)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from posd.clock import TimeLine
from posd.payment.events import Status
from posd.payment.payment import Payment
from posd.printing.printer import printer_of
from posd.report import load_report
from posd.resources import Views
from tests.printing.support import START_MS, Till

TODAY, TOMORROW = "2026-11-20", "2026-11-21"
DAY_MS = 24 * 3_600_000


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def time_line(self) -> TimeLine:
        """A time line that follows it."""
        return TimeLine(lambda: self.now_ms, lambda: self.now_ms, "the same boot")


@pytest.fixture
def clock() -> Clock:
    """Its time is at noon of the first day."""
    return Clock()


@pytest.fixture
async def till(clock: Clock, tmp_path: Path) -> AsyncIterator[Till]:
    """A till without a printer."""
    till = Till(tmp_path / "journal.db", printer_of, time_line=clock.time_line, type="none")
    yield await till.open()
    await till.close()


async def report(till: Till, date: str) -> dict[str, object]:
    """The report as it is told."""
    views = Views(till.config.terminal.zone, "zh-CN")
    loaded = await till.journal.read(lambda db: load_report(db, date, views))
    told = msgspec.json.decode(msgspec.json.encode(loaded))
    assert isinstance(told, dict)
    return told


def sums(count: int, amount: int, coup_amount: int, pay_amount: int) -> dict[str, int]:
    """As they are told."""
    return {"count": count, "amount": amount, "coupAmount": coup_amount, "payAmount": pay_amount}


NOTHING = {"count": 0, "amount": 0, "payAmount": 0, "processing": 0}


async def test_a_day_without_payments(till: Till) -> None:
    """All there is, and all of it nothing."""
    assert {
        "date": TODAY,
        "totals": sums(0, 0, 0, 0),
        "byWallet": {},
        "byStatus": {},
        "refunds": NOTHING,
        "unresolved": [],
    } == await report(till, TODAY)


async def test_totals_and_wallets_are_of_what_is_paid(till: Till) -> None:
    """Every status is counted by itself; only paid payments have a discount and a paid amount."""
    await till.pay()
    await till.pay()
    await till.end_as(Status.FAILED)
    await till.end_as(Status.CANCELLED)
    told = await report(till, TODAY)
    assert sums(2, 2500, 500, 2000) == told["totals"]
    assert {"WECHAT": sums(2, 2500, 500, 2000)} == told["byWallet"]
    assert {
        "paid": sums(2, 2500, 500, 2000),
        "failed": sums(1, 1250, 0, 0),
        "cancelled": sums(1, 1250, 0, 0),
    } == told["byStatus"]
    assert [] == told["unresolved"]


async def test_refunds(till: Till) -> None:
    """Those that succeeded, by what was asked and by what went back; where that is not known, nothing is made up."""
    payment: Payment = await till.pay()
    other = await till.pay()
    await till.give_back(payment, 500, 400)
    await till.give_back(other, 300, None)
    told = await report(till, TODAY)
    assert {"count": 2, "amount": 800, "payAmount": 400, "processing": 0} == told["refunds"]
    assert sums(2, 2500, 500, 2000) == told["totals"], "a refund takes nothing from what was paid"


async def test_unresolved_payments_are_listed(till: Till) -> None:
    """As payments, with what one needs to look after them."""
    await till.pay()
    open_one = await till.end_as(Status.PROCESSING)
    told = await report(till, TODAY)
    unresolved = told["unresolved"]
    assert isinstance(unresolved, list)
    assert [(open_one.payment_id, open_one.order_no, "processing")] == [
        (payment["id"], payment["orderNo"], payment["status"]) for payment in unresolved
    ]


async def test_a_day_begins_at_midnight_in_the_terminals_time_zone(till: Till, clock: Clock) -> None:
    """16:00 UTC in Shanghai; what belongs to another day is not in the report."""
    midnight_ms = START_MS - START_MS % DAY_MS + 16 * 3_600_000
    clock.now_ms = midnight_ms - 1
    await till.pay()
    await till.end_as(Status.PROCESSING)
    clock.now_ms = midnight_ms
    payment = await till.pay()
    await till.give_back(payment, 100, 100)
    today, tomorrow = await report(till, TODAY), await report(till, TOMORROW)
    assert (sums(1, 1250, 250, 1000), NOTHING) == (today["totals"], today["refunds"])
    assert sums(1, 1250, 250, 1000) == tomorrow["totals"]
    assert {"count": 1, "amount": 100, "payAmount": 100, "processing": 0} == tomorrow["refunds"]
    assert [] == tomorrow["unresolved"]
    assert 1 == len(today["unresolved"])  # type: ignore[arg-type]
