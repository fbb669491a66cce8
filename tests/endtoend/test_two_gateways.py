"""Two gateways behind one till: each wallet's money goes where it is routed, and waits as long as it may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from posd.gateways.protocols import PROTOCOLS
from tests.api.till import Desk, Till, a_till, fresh_code

CODES = {"WECHAT": "13", "ALIPAY": "28", "UNIONPAY": "62"}
LONGEST_TERMINAL = "A1234567"


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """Chaoying by default; the longest terminal number, so that every number is as long as it gets."""
    async with a_till(tmp_path) as till:
        till.sections["[terminal]"]["id"] = LONGEST_TERMINAL
        yield till


async def scanned(desk: Desk, wallet: str, behaviour: str = "00") -> dict[str, Any]:
    """A payment whose code is scanned after it was made: it has its order number before its wallet is known."""
    held = asyncio.create_task(desk.pay(wait=60))
    await desk.first("?status=awaiting_code")
    # UnionPay's codes have nineteen digits.
    head = CODES[wallet] + ("0" if wallet == "UNIONPAY" else "")
    desk.till.scanner.scan(fresh_code(behaviour, wallet=head))
    payment: dict[str, Any] = (await held).json
    return payment


@pytest.mark.parametrize("other", [name for name in PROTOCOLS if name != "chaoying"])
async def test_a_wallet_goes_where_it_is_routed(till: Till, other: str) -> None:
    """Paid, refunded and known there under one number; the other gateway never hears of it."""
    default, second = ("second", "main") if other == "chinaums" else ("main", "second")
    till.gateway("second", other)
    till.sections["[payments]"]["gateway"] = default
    till.sections["[payments.routes]"] = {"ALIPAY": second, "WECHAT": default}
    at = {"main": "chaoying", "second": other}
    async with till.serving() as desk:
        for wallet, name in {"ALIPAY": second, "WECHAT": default, "UNIONPAY": default}.items():
            payment = await scanned(desk, wallet)
            assert ("paid", wallet, name) == (payment["status"], payment["wallet"], payment["gateway"])
            order = till.simulator.bank.orders[payment["orderNo"]]
            assert (at[name], 1) == (order.protocol, order.submits)
            path = f"/v1/payments/{payment['id']}/refunds"
            refund = (await desk.post(path, {"amount": 250}, key=payment["id"])).json
            ended = (await desk.get(f"/v1/refunds/{refund['id']}?wait=60")).json
            assert ("succeeded", 250) == (ended["status"], order.history[-1][1].refunded)
    assert [] == [fault.text for fault in till.simulator.bank.violations]


async def test_each_wallet_has_its_window(till: Till) -> None:
    """Nobody pays: one wallet is given up after two seconds, the other waits on."""
    till.gateway("second", "daxpay")
    till.sections["[payments.routes]"] = {"WECHAT": "second", "ALIPAY": "second"}
    till.sections["[payments.windows]"] = {"WECHAT": 2}
    till.sections["[payments]"]["window"] = 200
    async with till.serving() as desk:
        patient = (await desk.pay(authCode=fresh_code("12", wallet="28"), wait=0)).json
        hasty = (await desk.pay(authCode=fresh_code("12"), wait=60)).json
        assert ("cancelled", "window_elapsed", "window") == (
            hasty["status"],
            hasty["reason"]["code"],
            hasty["voidRequestedBy"],
        )
        assert "processing" == (await desk.payment(patient["id"]))["status"]
        await desk.post(f"/v1/payments/{patient['id']}/cancel")
        ended = await desk.payment(patient["id"], wait=60)
        assert ("cancelled", "cashier") == (ended["status"], ended["voidRequestedBy"])


async def test_a_code_to_show_is_one_that_can_be_shown(till: Till) -> None:
    """The default gateway's own choice is WeChat, whose route has no QR codes: Alipay's is shown."""
    till.gateway("second", "umf-sp")
    till.sections["[payments.routes]"] = {"WECHAT": "second"}
    async with till.serving() as desk:
        shown = (await desk.pay(8800_00, method="qr")).json
        assert ("paid", "ALIPAY", "main") == (shown["status"], shown["wallet"], shown["gateway"])
        assert (422, "method_not_supported") == (await desk.pay(method="qr", wallet="WECHAT")).code
    assert [1] == [order.submits for order in till.simulator.bank.orders.values()]


async def test_a_silent_gateway_does_not_hold_up_the_other(till: Till) -> None:
    """What one of them does not answer is no matter of the other's customers."""
    till.gateway("second", "umf-sp", pay_timeout=60.0, query_timeout=60.0)
    till.sections["[payments.routes]"] = {"ALIPAY": "second"}
    async with till.serving() as desk:
        stuck = (await desk.pay(authCode=fresh_code("82", wallet="28"), wait=0)).json
        assert "paid" == (await desk.paid())["status"]
        assert "processing" == (await desk.payment(stuck["id"]))["status"]


PROMOTIONS = {
    "chaoying": "promotion_detail",
    "umf-huishang": "promotionDetail",
    "chinaums": "thirdPartyPayInformation",
}
"""What a gateway says of the discount besides its amount."""


@pytest.mark.parametrize("protocol", PROMOTIONS)
async def test_what_a_discount_was_made_of_is_kept(till: Till, protocol: str) -> None:
    """On disk and in the timeline, in the gateway's own words, with the daemon started anew."""
    till.gateway("main", protocol)
    async with till.serving() as desk:
        payment = (await desk.pay(authCode=fresh_code("14", 1))).json
        assert ("paid", 100, 1150) == (payment["status"], payment["coupAmount"], payment["payAmount"])
    async with till.serving() as desk:
        items = (await desk.get(f"/v1/payments/{payment['id']}/timeline")).json["items"]
    told = [item["details"]["verdict"] for item in items if item["kind"] == "answered"]
    kept = [dict(verdict["details"]) for verdict in told if verdict["verdict"] == "paid"]
    assert kept
    assert PROMOTIONS[protocol] in kept[-1], kept
    assert kept[-1][PROMOTIONS[protocol]]
