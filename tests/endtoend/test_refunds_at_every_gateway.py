"""Refunds at every gateway through the whole daemon: what is said at the till against the books of the bank.

Each gateway takes a refund and does it in its own words (at once, or only when its query says so); each way in which
the simulator lets one go wrong ends all the same, by the same refund number, with the money moved once.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from posd.gateways.protocols import PROTOCOLS
from posd.gateways.simulator.magic import TABLE
from tests.api.till import Desk, a_till, fresh_code

AMOUNT = 1000
PART = 300
WAYS = ["00", *(code for code in TABLE if code.startswith("7"))]
BY_HAND, FAILS = "73", "74"
POLLS = {"70": 1}
"""A refund that takes one query to be done: each further one comes after twice the time."""
LATER = ("umf-huishang", "umf-sp", "daxpay", "chinaums")
"""Their answer to a refund only says that it was taken."""
END_S = 60


async def given_back(desk: Desk, ident: str, amount: int, key: str) -> dict[str, Any]:
    """Ask for a refund and wait for its end; asking again with the same key makes no second one."""
    path, body = f"/v1/payments/{ident}/refunds", {"amount": amount}
    asked = await desk.post(path, body, key=key)
    again = await desk.post(path, body, key=key)
    assert (201, 200, asked.json["id"]) == (asked.status, again.status, again.json["id"]), asked.data
    ended: dict[str, Any] = (await desk.get(f"/v1/refunds/{asked.json['id']}?wait={END_S}")).json
    return ended


async def in_two_parts(desk: Desk, behaviour: str) -> list[str]:
    """Pay, give a part back and then the rest; what is wrong with it."""
    code = fresh_code(behaviour, POLLS.get(behaviour, 0))
    paid = (await desk.pay(AMOUNT, authCode=code)).json
    ident, found = paid["id"], []
    assert "paid" == paid["status"], (behaviour, paid)
    refunds = [await given_back(desk, ident, amount, f"{ident}-{amount}") for amount in (PART, AMOUNT - PART)]

    state = desk.till.simulator.bank.orders[paid["orderNo"]].history[-1][1]
    at_chaoying = desk.till.simulator.bank.orders[paid["orderNo"]].protocol == "chaoying"
    expected = {BY_HAND: "manual" if at_chaoying else "failed", FAILS: "failed"}.get(behaviour, "succeeded")
    if [refund["status"] for refund in refunds] != [expected] * 2:
        found.append(f"{behaviour}: {refunds}")
    succeeded = sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded")
    if (state.refunded, state.reversed) != (succeeded, 0):
        found.append(f"{behaviour}: told {succeeded}, moved {state}")
    held = (await desk.payment(ident))["refundedAmount"]
    if held != sum(refund["amount"] for refund in refunds if refund["status"] != "failed"):
        found.append(f"{behaviour}: {held} are held")
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_is_told_of_a_refund_is_true(tmp_path: Path, protocol: str) -> None:
    """A part, then the rest, whatever goes wrong on the way: one end, the one of the books, and nothing moved twice."""
    async with a_till(tmp_path) as till:
        till.gateway("main", protocol, query_timeout=1.0)
        async with till.serving() as desk:
            found = await asyncio.gather(*(in_two_parts(desk, behaviour) for behaviour in WAYS))
    assert [] == [fault for each in found for fault in each]
    assert [] == [fault.text for fault in till.simulator.bank.violations]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_taken_is_not_done(tmp_path: Path, protocol: str) -> None:
    """Where the answer to a refund says only that it was taken, the query after it ends it; Chaoying's answer does."""
    async with a_till(tmp_path) as till:
        till.gateway("main", protocol)
        async with till.serving() as desk:
            paid = await desk.paid(AMOUNT)
            ended = await given_back(desk, paid["id"], PART, "k")
            items = (await desk.get(f"/v1/payments/{paid['id']}/timeline")).json["items"]
    assert "succeeded" == ended["status"]
    told = [item["details"]["source"] for item in items if item["kind"] == "refund_answered"]
    assert (["refund", "refund_query"] if protocol in LATER else ["refund"]) == told
