"""Every behaviour of the simulator at every gateway, by code, face and QR: the word at the till against the books.

A real daemon on a real socket, a real journal, the simulator over real HTTP; windows of two seconds, so that voids are
among it. All of it runs side by side, as on a Saturday.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from posd.config import load
from posd.daemon import running
from posd.gateways.simulator import Simulator
from posd.gateways.simulator.magic import TABLE
from tests.invariants import Books, Told, unfinished

FINAL = {"paid", "failed", "cancelled"}
PATIENCE_S = 100.0
"""Longer than Chaoying's floor and a row of refused cancels take on any machine."""
CUSTOMERS_EVERY_S = 0.06
OPENS_EVERY_S = 3.5
"""Nobody is measured here, so nobody has to hurry: a till with a thousand customers in a second is another test."""
SLOW = {"13", "30", "38"}
"""Behaviours that end by a clock of the gateway, after half a minute: the simulation with a virtual clock has them."""
REFUNDS = {code for code in TABLE if code.startswith("7")}
DISCOUNTS = {"02", "14"}
NO_WORD_FOR_DISCOUNTS = {"umf-sp", "daxpay"}
"""What a customer was given off is in no answer of these two; the amount they name is believed."""
BLIND = {"45", "46", "82"}
"""No query ever says anything: only a cancel's own answer can end these, and only at Chaoying is it proof."""
PARAMETERS = {"33": "02", "81": "02"}
"""A request that is late, and not later than the horizon."""

METHODS = [
    (gateway, method)
    for gateway, methods in {
        "chaoying": ("barcode", "face", "qr"),
        "umf-huishang": ("barcode",),
        "umf-sp": ("barcode", "face"),
        "chinaums": ("barcode", "face", "qr"),
        "daxpay": ("barcode", "qr"),
    }.items()
    for method in methods
]
"""惠商+ has no call that closes a code nobody paid: its QR orders die by themselves, after five minutes."""


class Till:
    """The POS's side of one daemon."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def pay(self, comes_s: float, key: str, **body: Any) -> dict[str, Any]:
        """Start a payment when its customer comes, and wait for its end."""
        await asyncio.sleep(comes_s)
        async with self._http.post("http://x/v1/payments", json=body, headers={"Idempotency-Key": key}) as response:
            payment: dict[str, Any] = await response.json(content_type=None)
            assert response.status == 201, payment
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while payment["status"] not in FINAL and asyncio.get_running_loop().time() < deadline:
            async with self._http.get(f"http://x/v1/payments/{payment['id']}?wait=20") as response:
                payment = await response.json()
        return payment


@asynccontextmanager
async def till_at(simulator: Simulator, gateway: str, directory: Path) -> AsyncIterator[Till]:
    """A daemon wired to one gateway of the simulator."""
    table = {**simulator.settings(gateway, directory), "query_timeout": 3.0, "pay_timeout": 5.0}
    socket = directory / "s"
    config = directory / "posd.toml"
    rows = "\n".join(f"{name} = {json.dumps(value)}" for name, value in table.items())
    config.write_text(
        f'[terminal]\nid = "0101"\n[journal]\npath = "{directory}/journal.db"\n[api]\nsocket = "{socket}"\n'
        f'[payments]\ngateway = "main"\nwindow = 2\nqr_window = 4\narrival_horizon = 4\n[gateways.main]\n{rows}\n',
        "utf-8",
    )
    async with (
        running(load(config)),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket), limit=0)) as http,
    ):
        yield Till(http)


def order_of(method: str, code: str, number: int) -> dict[str, Any]:
    """A payment whose customer behaves by ``code``."""
    magic = code + PARAMETERS.get(code, "00")
    match method:
        case "barcode":
            return {"amount": 1000 + number, "authCode": f"13{number:08d}0000{magic}"}
        case "face":
            return {"amount": 1000 + number, "faceCode": f"13{number:08d}0000{magic}", "openid": "o1"}
        case _:
            return {"amount": 880000 + int(magic), "method": "qr"}


@dataclass(frozen=True)
class Outcome:
    """What came of all behaviours at one gateway by one method."""

    statuses: set[str]
    wrong: dict[str, list[str]]
    """By behaviour: where the word at the till and the books differ."""
    early: list[str]
    """Cancels before the gateway's floor."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Outcome]:
    """All of them side by side: most of the time they only wait. Customers come one after the other."""

    async def play() -> dict[tuple[str, str], Outcome]:
        ends = await asyncio.gather(
            *(
                outcome(*each, tmp_path_factory.mktemp("till"), opens_s=index * OPENS_EVERY_S)
                for index, each in enumerate(METHODS)
            )
        )
        return dict(zip(METHODS, ends, strict=True))

    return asyncio.run(play())


async def outcome(gateway: str, method: str, directory: Path, opens_s: float) -> Outcome:
    """One daemon, one gateway, every behaviour."""
    await asyncio.sleep(opens_s)
    left_out = SLOW | REFUNDS | (DISCOUNTS if gateway in NO_WORD_FOR_DISCOUNTS else set())
    left_out |= set() if gateway == "chaoying" else BLIND
    codes = [code for code in TABLE if code not in left_out]
    async with Simulator(query_burst_max=1_000) as simulator, till_at(simulator, gateway, directory) as till:
        ends = await asyncio.gather(
            *(
                till.pay(index * CUSTOMERS_EVERY_S, f"k{code}", **order_of(method, code, 100 + index))
                for index, code in enumerate(codes)
            )
        )
        found = {
            code: unfinished(told_of(end), books_of(simulator, end["orderNo"]))
            for code, end in zip(codes, ends, strict=True)
        }
        early = [fault.text for fault in simulator.bank.violations if "15" in fault.text]
    statuses = {str(end["status"]) for end in ends}
    return Outcome(statuses, {code: wrong for code, wrong in found.items() if wrong}, early)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("each", METHODS, ids="-".join)
def test_the_till_tells_the_truth(outcomes: dict[tuple[str, str], Outcome], each: tuple[str, str]) -> None:
    """Whatever gateway and customer do, each end is true by the gateway's books, and each order was submitted once."""
    found = outcomes[each]

    assert found.wrong == {}
    assert found.early == []
    assert found.statuses >= {"paid", "cancelled"}


def told_of(payment: dict[str, Any]) -> Told:
    """What posd says."""
    return Told(
        payment["orderNo"],
        payment["status"],
        payment["amount"],
        payment["coupAmount"],
        payment["payAmount"],
        payment["attention"],
    )


def books_of(simulator: Simulator, order_no: str) -> Books:
    """What the simulator's bank knows."""
    order = simulator.bank.find(order_no)
    state = order.state(simulator.now_ms()) if order is not None else None
    if order is None or state is None:
        return Books(order_no, submits=order.submits if order is not None else 0)
    given_back = state.reversed + state.refunded
    return Books(order_no, order.submits, state.captured, given_back, chargeable=state.phase == "paying")
