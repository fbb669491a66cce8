"""Faces: from the bridge's camera to the end of the payment, and the result back to its screen on every path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec
import pytest

from devices.face.listener import UnixAddress
from devices.face.simulator import Asked, Behaviour, VirtualBridge
from devices.reconnect import Backoff
from posd import faces
from tests.api.till import LOOK_AGAIN_S, Desk, Till, events, fresh_code

A_DAY_S = 86_400
QUICK = Backoff(first_s=0.01, most_s=0.05)


class Bridge(VirtualBridge):
    """A bridge whose questions can be waited for."""

    def methods(self) -> list[str]:
        """What it was asked, in order."""
        return [asked.method for asked in self.asked]

    def results(self) -> list[Asked]:
        """The results it was told."""
        return [asked for asked in self.asked if asked.method == "result"]

    async def until(self, method: str) -> None:
        """Wait until it was asked."""
        while method not in self.methods():  # noqa: ASYNC110 - the log tells nobody
            await asyncio.sleep(LOOK_AGAIN_S)


def with_face(till: Till, protocol: str = "chaoying") -> Till:
    """A till with a face bridge."""
    till.gateway("main", protocol)
    till.sections["[face]"] = {"listen": str(till.directory / "face.sock")}
    return till


@asynccontextmanager
async def bridge_of(
    till: Till, script: Iterable[Behaviour] = (), take_s: float = 0.0, device_id: str = "simulator"
) -> AsyncIterator[Bridge]:
    """A bridge that connects for as long as the block lasts."""
    address = UnixAddress(till.directory / "face.sock")
    bridge = Bridge(address, script=script, take_s=take_s, backoff=QUICK)
    bridge._hello = msgspec.structs.replace(bridge._hello, device_id=device_id)
    task = asyncio.create_task(bridge.run())
    try:
        yield bridge
    finally:
        task.cancel()
        await asyncio.wait([task])


async def ready(desk: Desk) -> None:
    """Wait until the daemon knows the bridge."""
    while (await desk.get("/healthz")).json["devices"]["face"] != "ready":  # noqa: ASYNC110 - as above
        await asyncio.sleep(LOOK_AGAIN_S)


@pytest.mark.parametrize("protocol", ["chaoying", "umf-sp"])
async def test_a_face_pays(till: Till, protocol: str) -> None:
    """Raw data, credentials of the gateway, the face, the payment, the result to the screen; and again."""
    async with with_face(till, protocol).serving() as desk, bridge_of(till) as bridge:
        await ready(desk)
        payment = (await desk.pay(method="face")).json
        assert ("paid", "face", "WECHAT") == (payment["status"], payment["method"], payment["wallet"])
        await bridge.until("result")
        assert ["rawdata", "face_code", "result"] == bridge.methods()
        assert [Asked("result", payment["orderNo"], "SUCCESS")] == bridge.results()
        again = (await desk.pay(method="face")).json
        assert "paid" == again["status"]


async def test_credentials_that_expire_are_asked_for_anew(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some time before they do, so that none dies in a customer's face."""
    monkeypatch.setattr(faces, "AUTH_MARGIN_S", A_DAY_S)
    async with with_face(till).serving() as desk, bridge_of(till) as bridge:
        await ready(desk)
        await face_pays(desk, bridge)
        await face_pays(desk, bridge)
        assert 2 == bridge.methods().count("rawdata")


async def test_credentials_are_kept_for_their_device(till: Till) -> None:
    """The gateway is asked once for many customers; another device's raw data gets its own."""
    async with with_face(till).serving() as desk:
        async with bridge_of(till) as bridge:
            await ready(desk)
            for _ in range(3):
                await face_pays(desk, bridge)
            assert 1 == bridge.methods().count("rawdata")
        while (await desk.get("/healthz")).json["devices"]["face"] != "lost":  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_AGAIN_S)
        async with bridge_of(till, device_id="another") as other:
            await ready(desk)
            await face_pays(desk, other)
            assert 1 == other.methods().count("rawdata"), "the first were given for another device"


async def test_credentials_are_asked_for_anew_after_a_fault(till: Till) -> None:
    """An SDK that was set up anew may not take the old ones: one customer meets that, not all of an hour."""
    async with with_face(till).serving() as desk, bridge_of(till) as bridge:
        await ready(desk)
        await face_pays(desk, bridge)
        bridge.script.append(Behaviour.NOT_INITIALISED)
        assert "device_fault" == (await desk.pay(method="face")).json["reason"]["code"]
        await freed(bridge)
        assert 1 == bridge.methods().count("rawdata")
        await face_pays(desk, bridge)
        assert 2 == bridge.methods().count("rawdata")


async def face_pays(desk: Desk, bridge: Bridge) -> None:
    """A customer pays with the face, and the screen is free for the next."""
    assert "paid" == (await desk.pay(method="face")).json["status"]
    await freed(bridge)


async def freed(bridge: Bridge) -> None:
    """Wait until the screen of the device waits for no result."""
    while bridge.screen is not None:  # noqa: ASYNC110 - the log tells nobody
        await asyncio.sleep(LOOK_AGAIN_S)


async def test_whichever_comes_first(till: Till) -> None:
    """With nothing said, scanner and bridge both wait: the scan is used, the face is given up and its screen freed."""
    async with with_face(till).serving() as desk, bridge_of(till, [Behaviour.HANGS]) as bridge:
        await ready(desk)
        waiting = (await desk.pay(wait=0)).json
        await bridge.until("face_code")
        till.scanner.scan(fresh_code(wallet="28"))
        paid = await desk.payment(waiting["id"], wait=30)
        assert ("paid", "barcode", "ALIPAY") == (paid["status"], paid["method"], paid["wallet"])
        await bridge.until("stop")
        await bridge.until("result")
        assert 1 == len(till.simulator.bank.orders)


async def test_a_scan_after_the_face_is_a_scan_event(till: Till) -> None:
    """The face was recorded first: the code is told to the POS and not charged."""
    async with with_face(till).serving() as desk, bridge_of(till) as bridge, events(desk) as stream:
        await ready(desk)
        payment = (await desk.pay()).json
        assert ("paid", "face") == (payment["status"], payment["method"])
        till.scanner.scan(fresh_code())
        _, scan = await stream.until("scan")
        assert "not_armed" == scan["reason"]
        assert 1 == len(till.simulator.bank.orders)
        await bridge.until("result")


ENDS = [
    (Behaviour.USER_CANCELS, "user_cancelled"),
    (Behaviour.SWITCHES_TO_SCAN, "user_cancelled"),
    (Behaviour.NOT_INITIALISED, "device_fault"),
    (Behaviour.TIMES_OUT, "no_code"),
    (Behaviour.DEVICE_FAULT, "device_fault"),
    (Behaviour.DIES, "device_fault"),
]


@pytest.mark.parametrize(("behaviour", "reason"), ENDS)
async def test_no_face_comes(till: Till, behaviour: Behaviour, reason: str) -> None:
    """Each error of a bridge is the reason; nothing was sent; the screen is told, after a reconnect too."""
    async with with_face(till).serving() as desk, bridge_of(till, [behaviour]) as bridge:
        await ready(desk)
        payment = (await desk.pay(method="face")).json
        assert ("failed", reason) == (payment["status"], payment["reason"]["code"])
        assert {} == dict(till.simulator.bank.orders)
        await bridge.until("result")
        assert [Asked("result", payment["orderNo"], "ERROR")] == bridge.results()
        await ready(desk)
        while bridge.screen is not None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_AGAIN_S)
        assert "paid" == (await desk.pay(method="face")).json["status"], "the device works for the next customer"


async def test_switched_to_scan_stays_armed(till: Till) -> None:
    """Where a code may come too, the customer's wish to scan is no end."""
    async with with_face(till).serving() as desk, bridge_of(till, [Behaviour.SWITCHES_TO_SCAN]) as bridge:
        await ready(desk)
        waiting = (await desk.pay(wait=0)).json
        await bridge.until("face_code")
        await asyncio.sleep(0.1)
        assert "awaiting_code" == (await desk.payment(waiting["id"]))["status"]
        till.scanner.scan(fresh_code())
        assert "paid" == (await desk.payment(waiting["id"], wait=30))["status"]
        await bridge.until("result")


async def test_the_cashier_cancels(till: Till) -> None:
    """Stop, and the result: the screen does not hang; nothing was sent."""
    async with with_face(till).serving() as desk, bridge_of(till, [Behaviour.HANGS]) as bridge:
        await ready(desk)
        waiting = (await desk.pay(method="face", wait=0)).json
        await bridge.until("face_code")
        cancelled = await desk.post(f"/v1/payments/{waiting['id']}/cancel")
        assert "cancelled" == cancelled.json["status"]
        await bridge.until("result")
        assert {"stop", "result"} <= set(bridge.methods())
        assert "ERROR" == bridge.results()[0].outcome
        assert {} == dict(till.simulator.bank.orders)


async def test_the_result_after_a_restart(till: Till) -> None:
    """The daemon went away in the middle: the screen is told when it is back."""
    with_face(till)
    async with bridge_of(till, [Behaviour.HANGS]) as bridge:
        async with till.serving() as desk:
            await ready(desk)
            waiting = (await desk.pay(method="face", wait=0)).json
            await bridge.until("face_code")
        async with till.serving() as desk:
            ended = await desk.payment(waiting["id"])
            assert ("failed", "interrupted") == (ended["status"], ended["reason"]["code"])
            await bridge.until("result")
            assert [Asked("result", waiting["orderNo"], "ERROR")] == bridge.results()


async def test_the_result_after_a_reconnect(till: Till) -> None:
    """The bridge was away when the payment ended: it is told when it comes back, once."""
    async with with_face(till).serving() as desk:
        async with bridge_of(till) as bridge:
            await ready(desk)
            till.simulator.scripts.clear()
            held = asyncio.create_task(desk.pay(8810_02, method="face"))
            await bridge.until("face_code")
            await desk.first("?status=processing")
        payment = (await held).json
        assert "paid" == payment["status"]
        async with bridge_of(till) as later:
            await later.until("result")
            assert [Asked("result", payment["orderNo"], "SUCCESS")] == later.results()


async def test_gateways_without_a_face_call(till: Till) -> None:
    """422 for ``method: "face"``, bridge or not."""
    till.gateway("second", "daxpay")
    till.sections["[payments.routes]"] = {"WECHAT": "second"}
    async with with_face(till).serving() as desk, bridge_of(till):
        await ready(desk)
        assert (422, "method_not_supported") == (await desk.pay(method="face", wallet="WECHAT", wait=0)).code


async def test_a_face_code_that_is_given(till: Till) -> None:
    """The POS has taken the face itself: no bridge is asked."""
    async with till.serving() as desk:
        payment = (await desk.pay(faceCode="2a-3b-4c", openid="o-1", wallet="WECHAT")).json
        assert ("paid", "face") == (payment["status"], payment["method"])
        timeline = (await desk.get(f"/v1/payments/{payment['id']}/timeline")).data
        assert b"2a-3b-4c" not in timeline
        assert b"o-1" not in timeline
