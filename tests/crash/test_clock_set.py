"""The real process is killed while payments are open, and started again on a machine whose clock was set.

Forth or back by an hour, on the same boot and on another: nothing is lost, submitted again, cancelled or given up too
early, or told wrongly; and when the clock is right again, nothing has changed.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from posd.clock import TimeLine
from tests.crash import elsewhen
from tests.crash.rig import Rig, rig

HOUR_MS = 3_600_000
OTHER_BOOT = "00000000-0000-4000-8000-000000000002"
UP_MS = 20_000
"""What the steady clock of the other boot shows, more or less."""
HORIZON_S = 12.0
"""Longer than a busy machine takes to start twice: what arrives late is known before it ends."""
LONG_S = 40.0
"""A window that is still open after the restart, on a machine that is busy too."""

NEVER, SLOW, LATE, AT_ONCE = "1200", "1008", "3306", "0000"
"""Magic numbers: never pays; pays after 8 s; the request arrives 6 s late; pays at once."""


def order(number: int, deed: str, window_s: float | None = None) -> dict[str, Any]:
    """An order whose customer does what the code says."""
    body: dict[str, Any] = {"amount": 1000 + number, "authCode": f"13{number:08d}0000{deed}", "reference": deed}
    return body if window_s is None else body | {"window": window_s}


async def sell(till: Rig, number: int, deed: str, window_s: float | None = None, wait_s: int = 0) -> dict[str, Any]:
    """A payment is started, and its end waited for if it is wanted."""
    status, payment = await till.post(f"/v1/payments?wait={wait_s}", f"sale-{number}", order(number, deed, window_s))
    assert 201 == status, payment
    assert isinstance(payment, dict)
    return payment


async def killed_in_the_middle(till: Rig) -> dict[str, dict[str, Any]]:
    """A sale that is done, and three payments that are open when the process dies; by what their customers do."""
    await till.launch()
    await till.serves()
    sold = await sell(till, 1, AT_ONCE, wait_s=30)
    started = [sell(till, 2, NEVER), sell(till, 3, SLOW, LONG_S), sell(till, 4, LATE, LONG_S)]
    made = [sold, *await asyncio.gather(*started)]
    async with asyncio.timeout(30):
        while sum(order.submits for order in till.simulator.bank) < len(made):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    await till.end(signal.SIGKILL)
    return {payment["reference"]: payment for payment in made}


def on_a_machine(till: Rig, wall_ms: int, *, rebooted: bool) -> None:
    """From now on the daemon is started with these clocks."""
    since_boot_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    steady_ms, boot_id = (UP_MS - since_boot_ms, OTHER_BOOT) if rebooted else (0, "")
    till.program = ("-m", "tests.crash.elsewhen", str(wall_ms), str(steady_ms), boot_id)


async def counted(till: Rig, payments: list[dict[str, Any]]) -> Counter[str]:
    """The reports of all days on which payments stand, added up: each by its status."""
    found = Counter[str]()
    for date in {payment["createdAt"][:10] for payment in payments}:
        report = await till.get(f"/v1/report?date={date}")
        found.update({status: figures["count"] for status, figures in report["byStatus"].items()})
    return found


@pytest.mark.parametrize("rebooted", [False, True], ids=["same boot", "another boot"])
async def test_a_clock_that_was_set_moves_no_money(tmp_path: Path, *, rebooted: bool) -> None:
    """Chaoying, whose cancels have a floor: ends, books, order numbers, reports, paper and journal are right."""
    async with asyncio.TaskGroup() as both:
        for wall_ms in (HOUR_MS, -HOUR_MS):
            (directory := tmp_path / str(wall_ms)).mkdir()
            both.create_task(is_right(directory, wall_ms, rebooted=rebooted))


async def is_right(directory: Path, wall_ms: int, *, rebooted: bool) -> None:
    """One till from its first sale on."""
    async with rig(directory, "chaoying", seed=1, horizon_s=HORIZON_S) as till:
        before = await killed_in_the_middle(till)
        on_a_machine(till, wall_ms, rebooted=rebooted)
        await till.launch()
        await till.serves()
        later = await sell(till, 5, AT_ONCE, wait_s=30)
        assert later["createdAt"] >= max(payment["createdAt"] for payment in before.values()), "the line went back"
        await till.ends()

        after = {payment["reference"]: payment for payment in await till.payments() if payment["id"] != later["id"]}
        # Where only the wall clock tells how long the machine was off, an hour forth means that the window has passed.
        passed = rebooted and wall_ms > 0
        assert ("paid", "cancelled") == (after[AT_ONCE]["status"], after[NEVER]["status"])
        assert {"cancelled" if passed else "paid"} == {after[SLOW]["status"], after[LATE]["status"]}
        for deed, payment in after.items():
            assert before[deed]["orderNo"] == payment["orderNo"]
            assert before[deed]["createdAt"] == payment["createdAt"], "what is on disk is not dated anew"
        payments = await till.payments()
        assert Counter(payment["status"] for payment in payments) == await counted(till, payments)
        assert [] == await till.faults()

        till.program = ("-m", "posd")
        await till.settle()
        assert "paid" == (await sell(till, 6, AT_ONCE, wait_s=30))["status"]
        assert payments == (await till.payments())[1:]
        assert [] == await till.faults()


async def test_a_gateway_that_refuses_old_dates_ends_nothing(tmp_path: Path) -> None:
    """DaxPay answers nothing that is dated an hour back: all stays open, and ends rightly once the clock is right."""
    async with rig(tmp_path, "daxpay", seed=1, horizon_s=HORIZON_S) as till:
        before = await killed_in_the_middle(till)
        on_a_machine(till, -HOUR_MS, rebooted=False)
        await till.launch()
        await till.serves()
        asked = till.simulator.bank.violations
        async with asyncio.timeout(60):
            while len(asked) < 10:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        statuses = {payment["reference"]: payment["status"] for payment in await till.payments()}
        assert statuses[AT_ONCE] == "paid"
        assert {"processing", "cancelling"} >= {statuses[deed] for deed in (NEVER, SLOW, LATE)}
        await till.end(signal.SIGKILL)

        till.program = ("-m", "posd")
        asked.clear()  # the dates were wrong indeed
        await till.settle()
        after = {payment["reference"]: payment for payment in await till.payments()}
        assert {payment["orderNo"] for payment in before.values()} == {each["orderNo"] for each in after.values()}
        assert ("paid", "cancelled") == (after[AT_ONCE]["status"], after[NEVER]["status"])
        assert [] == await till.faults()
        assert 1 == max(order.submits for order in till.simulator.bank)


def test_the_launcher_changes_what_the_time_line_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock, the steady clock and the boot: without it the tests above would show nothing."""
    for name in ("time", "time_ns", "clock_gettime", "clock_gettime_ns"):
        monkeypatch.setattr(time, name, getattr(time, name))
    monkeypatch.setattr(Path, "read_text", Path.read_text)
    before, was_ms = TimeLine(), TimeLine().wall_ms()
    elsewhen.set_clocks(HOUR_MS, -UP_MS)
    elsewhen.reboot(OTHER_BOOT)
    after = TimeLine()
    assert before.mark.boot_id != OTHER_BOOT == after.mark.boot_id
    assert HOUR_MS <= after.wall_ms() - was_ms < 2 * HOUR_MS
    assert HOUR_MS + UP_MS // 2 < after.mark.offset_ms - before.mark.offset_ms
