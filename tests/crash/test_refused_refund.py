"""A void whose refund the gateway refuses for good, with the real process, a restart and a person who helps."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from posd.gateways.simulator.behaviour import CancelFault, Plan, RefundFault
from tests.crash.rig import Rig, rig

REFUSES = Plan(
    confirm_after_ms=None,
    confirm_on_cancel=True,
    cancel=(CancelFault.TOO_LATE,),
    refund=(RefundFault.FAIL,),
)
"""Paid in the moment in which it is cancelled; nothing but a refund is left, and that is refused."""


async def test_it_is_open_until_the_money_went_back_by_other_ways(tmp_path: Path) -> None:
    """Never told as cancelled before, never given up, one line in the log, and no more requests than it says."""
    async with rig(tmp_path, "daxpay", seed=1) as till:
        till.simulator.scripts.add_next(REFUSES)
        await till.launch()
        await till.serves()
        status, sold = await till.post("/v1/payments", "sale-1", {"amount": 1250, "authCode": "130000000000000001"})
        assert 201 == status
        await refused(till, times=1)
        async with asyncio.timeout(60):
            while lines(till) == 0:  # noqa: ASYNC110 - another process, which has yet to read that
                await asyncio.sleep(0.02)
        assert "cancelling" == (await payment(till, sold["id"]))["status"]
        await till.end(signal.SIGKILL)

        await till.launch()
        await till.serves()
        await refused(till, times=3)
        assert "cancelling" == (await payment(till, sold["id"]))["status"]
        bank, now_ms = till.simulator.bank, till.simulator.now_ms()
        order = bank.find(sold["orderNo"])
        assert order is not None
        bank.refund(order, "BY-HAND-1", 1250, 1250, RefundFault.OK, now_ms)

        after = await till.get(f"/v1/payments/{sold['id']}?wait=30")
        assert ("cancelled", "window_elapsed", False) == (after["status"], after["reason"]["code"], after["attention"])
        assert 1 == lines(till)
        assert {f"{sold['orderNo']}V", "BY-HAND-1"} == set(order.refunds), "the number is the same at every try"
        assert [] == await till.faults()


async def refused(till: Rig, times: int) -> None:
    """Wait until the gateway has refused so many requests for the refund."""
    async with asyncio.timeout(60):
        while requests(till).count("refund") < times:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


def lines(till: Rig) -> int:
    """How often the log says that it was refused."""
    return (till.directory / "log").read_text("utf-8").count("will not give the money back")


def requests(till: Rig) -> list[str]:
    """What the gateway was asked for."""
    return [request.operation for order in till.simulator.bank for request in order.requests]


async def payment(till: Rig, ident: str) -> dict[str, Any]:
    """A payment as the API tells it."""
    told = await till.get(f"/v1/payments/{ident}")
    assert isinstance(told, dict)
    return told
