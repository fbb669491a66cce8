"""Scanners through the whole daemon: which scan pays, which does not, and what a cable that comes loose does."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.scanner import hid
from devices.scanner.hid import HidScanner
from tests.api.till import LOOK_AGAIN_S, Desk, Stream, Till, events, fresh_code
from tests.devices.scanner.keyboard import typed
from tests.devices.scanner.support import DeviceFile

ENDLESS_BYTES = 100_000
WRONG_BAUD_RATE = bytes(range(128, 256))
GOODS = "6901234567892"


@asynccontextmanager
async def armed(desk: Desk) -> AsyncIterator[tuple[dict[str, Any], Stream]]:
    """A payment that waits for a code, and what is told meanwhile."""
    async with events(desk) as stream:
        payment = (await desk.pay(wait=0)).json
        assert "awaiting_code" == payment["status"]
        yield payment, stream


async def pays(desk: Desk, payment: dict[str, Any], code: str) -> None:
    """Scan, and see the payment that waits be paid by it, and by nothing else."""
    desk.till.scanner.scan(code)
    paid = await desk.payment(payment["id"], wait=30)
    assert ("paid", "barcode") == (paid["status"], paid["method"])
    assert [payment["orderNo"]] == list(desk.till.simulator.bank.orders)


async def state(desk: Desk, name: str, wanted: str) -> None:
    """Wait until a device is in a state."""
    while (await desk.get("/healthz")).json["devices"][name] != wanted:  # noqa: ASYNC110 - no event tells everything
        await asyncio.sleep(LOOK_AGAIN_S)


async def device(desk: Desk, name: str) -> dict[str, Any]:
    """What is told of a device."""
    return next(item for item in (await desk.get("/v1/devices")).json["items"] if item["name"] == name)


async def test_a_scan_before_the_payment_does_not_pay(desk: Desk) -> None:
    """A whole code, and one that began before and ends after: both are told to the POS, masked, and charge nobody."""
    early, begun, right = fresh_code(), fresh_code(), fresh_code()
    async with events(desk) as stream:
        desk.till.scanner.scan(early)
        _, told = await stream.until("scan")
        assert (early[:2] + "*" * 12 + early[-4:], "not_armed") == (told["text"], told["reason"])
        desk.till.scanner.send(begun.encode())
        payment = (await desk.pay(wait=0)).json
        desk.till.scanner.send(b"\r")
        _, told = await stream.until("scan")
        assert (begun[:2] + "*" * 12 + begun[-4:], "not_armed") == (told["text"], told["reason"])
        assert "awaiting_code" == (await desk.payment(payment["id"]))["status"]
        assert {} == dict(desk.till.simulator.bank.orders)
        await pays(desk, payment, right)


async def test_a_scan_read_twice_is_one(desk: Desk) -> None:
    """A code that the scanner reads again within two seconds is neither a second scan nor an event."""
    code = fresh_code()
    async with armed(desk) as (payment, stream):
        desk.till.scanner.scan(code)
        await pays(desk, payment, code)
        desk.till.scanner.scan(code)
        desk.till.scanner.scan(GOODS)
        _, told = await stream.until("scan")
        assert GOODS == told["text"], "the repeat came before it and was not told"


async def test_unplugged_while_armed(desk: Desk) -> None:
    """Lost once, back once; the payment stays armed, half a code of before is forgotten, the next scan pays."""
    async with armed(desk) as (payment, stream):
        desk.till.scanner.send(fresh_code()[:10].encode())
        desk.till.scanner.unplug()
        await state(desk, "front", "lost")
        assert "awaiting_code" == (await desk.payment(payment["id"]))["status"]
        desk.till.scanner.plug()
        await state(desk, "front", "ready")
        await pays(desk, payment, fresh_code())
        kinds: set[str] = set()
        states: list[str] = []
        while "paid" not in kinds:
            _, kind, data = await stream.next()
            kinds.add(data["status"] if kind == "payment" else kind)
            states += [data["state"]] if data.get("name") == "front" else []
        assert ["lost", "ready"] == states[states.index("lost") :]
        assert "scan" not in kinds


async def test_armed_while_the_scanner_is_away(desk: Desk) -> None:
    """A lost scanner may come back: the payment is armed, and its scan pays."""
    desk.till.scanner.unplug()
    await state(desk, "front", "lost")
    async with armed(desk) as (payment, _):
        desk.till.scanner.plug()
        await state(desk, "front", "ready")
        await pays(desk, payment, fresh_code())


async def test_babble_while_armed(desk: Desk) -> None:
    """Digits without an end and the bytes of a wrong baud rate pay nothing and lose nothing; the next scan pays."""
    async with armed(desk) as (payment, _):
        sent = 0
        while sent < ENDLESS_BYTES:
            sent += desk.till.scanner.send(b"134567890123456789" * 100)
            await asyncio.sleep(0)
        for _ in range(10):
            desk.till.scanner.send(b"\r" + WRONG_BAUD_RATE + b"\r")
            await asyncio.sleep(LOOK_AGAIN_S)
        assert "awaiting_code" == (await desk.payment(payment["id"]))["status"]
        assert {} == dict(desk.till.simulator.bank.orders)
        front = await device(desk, "front")
        assert ("ready", True) == (front["state"], "baud rate" in front["detail"])
        await pays(desk, payment, fresh_code())
        assert "" == (await device(desk, "front"))["detail"]


@pytest.fixture
def gun(tmp_path: Path) -> Iterator[DeviceFile]:
    """A keyboard scanner: a pipe instead of its device file."""
    file = DeviceFile(tmp_path / "event-kbd")
    yield file
    file.unplug()


async def test_a_shared_scanner(till: Till, gun: DeviceFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``grab = "armed"`` it is taken from the till only while a payment waits; what it types else is not ours."""
    grabs: list[bool] = []

    def grab(fd: int, grabbed: bool) -> None:
        os.fstat(fd)
        grabs.append(grabbed)

    monkeypatch.setattr(hid, "HidScanner", functools.partial(HidScanner, grab_device=grab))
    till.sections["[[scanners]]"] = {"name": "gun", "type": "hid", "device": str(gun.path), "grab": "armed"}
    code = fresh_code()
    async with till.serving() as desk, events(desk) as stream:
        await state(desk, "gun", "ready")
        assert [True, False] == grabs, "tried once, and given back"
        gun.send(typed(fresh_code()) + typed(GOODS))
        payment = (await desk.pay(wait=0)).json
        gun.send(typed(code))
        paid = await desk.payment(payment["id"], wait=30)
        assert "paid" == paid["status"]
        while grabs != [True, False, True, False]:  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(LOOK_AGAIN_S)
        gun.send(typed(GOODS))
        again = (await desk.paid())["id"]
        kinds = [(await stream.next())[1]]
        while kinds[-1] != "payment" or (await desk.payment(again))["status"] != "paid":
            kinds.append((await stream.next())[1])
        assert "scan" not in kinds, "it typed into the till"
    assert code not in str(paid)
