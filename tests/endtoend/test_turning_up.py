"""What is heard when nobody expects anything any more: the word stays, a person is told, the money goes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.till import LOOK_AGAIN_S, Till, a_till, free_port, fresh_code

ARRIVES_S = 12
"""Long after the horizon of these tests, which is two seconds."""


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """A till that soon gives up."""
    async with a_till(tmp_path) as till:
        till.sections["[payments]"] |= {"window": 2, "qr_window": 2, "arrival_horizon": 2}
        yield till


@pytest.mark.parametrize("protocol", ["umf-huishang", "umf-sp", "daxpay"])
async def test_a_notification_of_an_order_that_was_not_there(till: Till, protocol: str) -> None:
    """Cancelled as never received; then the request arrives after all and is paid, which a notification tells."""
    address = f"127.0.0.1:{free_port()}"
    till.sections["[notify]"] = {"listen": address}
    till.gateway("main", protocol, notify_url=f"http://{address}/notify/main")
    async with till.serving() as desk:
        ended = (await desk.pay(authCode=fresh_code("33", ARRIVES_S), wait=60)).json
        assert ("cancelled", False) == (ended["status"], ended["attention"])
        order = till.simulator.bank.orders[ended["orderNo"]]
        while not order.refunds and not any(state.reversed for _, state in order.history):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN_S)
        now = await desk.until(ended["id"], lambda now: bool(now["attention"]))
        assert ("cancelled", "window_elapsed") == (now["status"], now["reason"]["code"]), "its own reason stays"
        items = (await desk.get(f"/v1/payments/{ended['id']}/timeline")).json["items"]
        kinds = [item["details"].get("source") or item["kind"] for item in items]
        assert kinds.index("resolved") < kinds.index("notification"), "the timeline tells the cause"
        while order.history[-1][1].net:  # noqa: ASYNC110 - the bank tells nobody
            await asyncio.sleep(LOOK_AGAIN_S)
        assert (1, [True]) == (order.submits, [notice.acknowledged for notice in order.notices][:1])


async def test_a_qr_code_of_huishang(till: Till) -> None:
    """Shown and paid within the window, or, where the platform closes it, voided at its end."""
    till.simulator.sandbox.set_quirk("umf-huishang", "repeal_qr", "closes")
    till.gateway("main", "umf-huishang")
    till.sections["[payments]"]["qr_window"] = 4
    async with till.serving() as desk:
        paid, given_up = await asyncio.gather(desk.pay(8800_00, method="qr"), desk.pay(8812_00, method="qr"))
        assert ("paid", "qr", "WECHAT") == (paid.json["status"], paid.json["method"], paid.json["wallet"])
        voided = await desk.payment(given_up.json["id"], wait=60)
        assert ("cancelled", "window") == (voided["status"], voided["voidRequestedBy"])
        assert 0 == till.simulator.bank.orders[voided["orderNo"]].history[-1][1].net
        assert 1 == len(await till.printer.wait_receipts(1))
