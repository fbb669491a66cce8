"""Where a document contradicts itself the simulator knows every reading: the till tells the truth under each."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from posd.gateways.protocols import PROTOCOLS
from posd.gateways.simulator.catalogue import PROTOCOLS as SERVED
from tests.api.till import Desk, a_till, fresh_code

AMOUNT, PART = 1000, 300
END_S = 60
ENDS = {"00": "paid", "02": "paid", "10": "paid", "20": "failed", "37": "paid"}
"""Paid at once, with a discount, after a password; declined; paid though the answer says still paying."""
CLOSES_ITSELF, AFTER_S = "13", 3
"""Nobody pays. Under some readings nothing closes such an order but the gateway, in its own time."""
NO_WORD_FOR_DISCOUNTS = {"umf-sp", "daxpay"}


@dataclass(frozen=True)
class Reading:
    """One reading of one gateway's document; ``more`` is what a configuration says of it."""

    protocol: str
    quirk: str = ""
    reading: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def readings(protocol: str) -> list[Reading]:
    """All of a gateway's, one deviating at a time."""
    quirks = next(served.QUIRKS for served in SERVED if served.name == protocol).items()
    found = [Reading(protocol, name, reading) for name, known in quirks for reading in known]
    if protocol == "daxpay":
        found += [Reading(protocol, "sign_type", "MD5", {"api": api}) for api in ("2.0.6", "2.0.8")]
        found.append(Reading(protocol, more={"api": "2.0.6"}))
    return found


async def wrong_at(each: Reading, directory: Path) -> list[str]:
    """What is wrong under one reading."""
    async with a_till(directory) as till:
        if each.quirk:
            till.simulator.sandbox.set_quirk(each.protocol, each.quirk, each.reading)
        till.gateway("main", each.protocol, **each.more)
        till.sections["[payments]"] |= {"window": 50, "arrival_horizon": 4}
        ends = {code: end for code, end in ENDS.items() if each.protocol not in NO_WORD_FOR_DISCOUNTS or code != "02"}
        async with till.serving() as desk:
            found = await asyncio.gather(*(paid(desk, code, end) for code, end in ends.items()), given_up(desk))
        early = [fault.text for fault in till.simulator.bank.violations]
    return [f"{each}: {wrong}" for wrong in [*found, *early] if wrong]


def a_directory(parent: Path) -> Path:
    """A directory for one till; its path is short, for it holds a socket."""
    return Path(tempfile.mkdtemp(dir=parent))


async def paid(desk: Desk, behaviour: str, end: str) -> str:
    """A payment, and a refund in part of what is paid."""
    parameter = 2 if behaviour in {"02", "10"} else 0
    payment = (await desk.pay(AMOUNT, authCode=fresh_code(behaviour, parameter), wait=END_S)).json
    back = 0
    if payment["status"] == "paid":
        asked = await desk.post(f"/v1/payments/{payment['id']}/refunds", {"amount": PART}, key=f"r{payment['id']}")
        refund = (await desk.get(f"/v1/refunds/{asked.json['id']}?wait={END_S}")).json
        if refund["status"] != "succeeded":
            return f"{behaviour}: {refund}"
        back = desk.till.simulator.bank.orders[payment["orderNo"]].history[-1][1].refunded
    net = desk.till.simulator.bank.orders[payment["orderNo"]].history[-1][1].net
    right = (payment["status"], net) == (end, payment["payAmount"] - back if end == "paid" else 0)
    return "" if right and bool(back) is (end == "paid") else f"{behaviour}: {payment}, the customer paid {net}"


async def given_up(desk: Desk) -> str:
    """A payment that nobody pays, and the cashier gives up."""
    started = (await desk.pay(AMOUNT, authCode=fresh_code(CLOSES_ITSELF, AFTER_S), wait=1)).json
    await desk.post(f"/v1/payments/{started['id']}/cancel")
    ended = await desk.payment(started["id"], wait=END_S)
    return "" if ended["status"] == "cancelled" else f"given up: {ended}"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_till_tells_the_truth_under_every_reading(tmp_path: Path, protocol: str) -> None:
    """Paid, declined, voided and refunded, by the books; no document is broken on the way."""
    every = readings(protocol)
    found = await asyncio.gather(*(wrong_at(each, a_directory(tmp_path)) for each in every))
    assert [] == [wrong for each in found for wrong in each]
