"""The gateways' notifications: taken when signed, ours and right; everything else changes nothing and is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from posd import notifications
from posd.gateways.protocols import PROTOCOLS
from posd.gateways.simulator.behaviour import NoticeFault, PayFault, Plan, QueryFault
from tests.api.till import LOOK_AGAIN_S, Desk, Till, free_port, fresh_code

SILENT = "82"
"""Paid, and the gateway answers nothing: only a notification can tell."""


class Gateway:
    """Sends the notifications of a simulator to a till, true or not."""

    def __init__(self, till: Till, http: aiohttp.ClientSession, address: str) -> None:
        self.till = till
        self.http = http
        self.address = address

    async def notify(self, order_no: str, name: str = "main", **more: Any) -> dict[str, Any]:
        """Send one now; how it was answered."""
        body = {"order": order_no, "url": f"http://{self.address}/notify/{name}", **more}
        async with self.http.post(f"{self.till.simulator.address}/control/notify", json=body) as response:
            assert 200 == response.status, await response.text()
            notice: dict[str, Any] = (await response.json())["notifications"][-1]
            return notice

    async def counted(self, desk: Desk, outcome: str, name: str = "main") -> int:
        """What the metrics say."""
        line = f'posd_notifications_total{{gateway="{name}",outcome="{outcome}"}} '
        text = (await desk.get("/metrics")).data.decode()
        return next((int(row.removeprefix(line)) for row in text.splitlines() if row.startswith(line)), 0)


@asynccontextmanager
async def notified(till: Till) -> AsyncIterator[Gateway]:
    """A till with ``[notify]``; start it inside."""
    address = f"127.0.0.1:{free_port()}"
    till.sections["[notify]"] = {"listen": address}
    async with aiohttp.ClientSession() as http:
        yield Gateway(till, http, address)


async def started(desk: Desk, behaviour: str) -> dict[str, Any]:
    """A payment whose order has reached the gateway."""
    payment = (await desk.pay(authCode=fresh_code(behaviour), wait=0.3)).json
    assert "processing" == payment["status"]
    assert desk.till.simulator.bank.find(payment["orderNo"]) is not None
    result: dict[str, Any] = payment
    return result


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_true_one_ends_the_payment(till: Till, protocol: str) -> None:
    """For each gateway: paid, and the gateway's word for success; the second time too, with nothing told twice."""
    till.gateway("main", protocol)
    async with notified(till) as gateway, till.serving() as desk:
        payment = await started(desk, SILENT)
        notice = await gateway.notify(payment["orderNo"])
        assert notice["acknowledged"], notice
        assert "paid" == (await desk.payment(payment["id"]))["status"]
        items = (await desk.get(f"/v1/payments/{payment['id']}/timeline")).json["items"]
        assert (await gateway.notify(payment["orderNo"]))["acknowledged"]
        again = (await desk.get(f"/v1/payments/{payment['id']}/timeline")).json["items"]
        assert [item for item in items if item["kind"] == "answered"] == [
            item for item in again if item["kind"] == "answered"
        ]
        assert 2 == await gateway.counted(desk, "taken")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("fault", "outcome"), [("lie", "forged"), ("wrong_amount", "mismatch"), ("wrong_order", "foreign")]
)
async def test_a_false_one_changes_nothing(till: Till, protocol: str, fault: str, outcome: str) -> None:
    """The gateway's word for failure, the status as it was, counted; ``attention`` only for another amount."""
    till.gateway("main", protocol)
    async with notified(till) as gateway, till.serving() as desk:
        payment = await started(desk, SILENT)
        notice = await gateway.notify(payment["orderNo"], fault=fault)
        assert not notice["acknowledged"], notice
        now = await desk.payment(payment["id"])
        assert ("processing", fault == "wrong_amount") == (now["status"], now["attention"])
        assert 1 == await gateway.counted(desk, outcome)
        assert 0 == await gateway.counted(desk, "taken")


async def test_one_of_another_gateway_is_foreign(till: Till) -> None:
    """Rightly signed for a gateway that did not take this payment."""
    till.gateway("second", "chaoying")
    async with notified(till) as gateway, till.serving() as desk:
        payment = await started(desk, SILENT)
        assert not (await gateway.notify(payment["orderNo"], "second"))["acknowledged"]
        assert "processing" == (await desk.payment(payment["id"]))["status"]
        assert 1 == await gateway.counted(desk, "foreign", "second")


async def test_for_a_final_payment(till: Till) -> None:
    """What agrees is taken and changes nothing; a declined payment that turns up paid asks for a person."""
    async with notified(till) as gateway, till.serving() as desk:
        paid = await desk.paid()
        assert (await gateway.notify(paid["orderNo"]))["acknowledged"]
        now = await desk.payment(paid["id"])
        assert ("paid", False) == (now["status"], now["attention"])
        failed = (await desk.pay(authCode=fresh_code("20"))).json
        await gateway.notify(failed["orderNo"])
        now = await desk.payment(failed["id"])
        assert ("failed", "insufficient_funds") == (now["status"], now["reason"]["code"])


async def test_nonsense_is_answered_and_survived(till: Till) -> None:
    """Anybody may send anything: the gateway's word for failure or a plain refusal, and the listener serves on."""
    async with notified(till) as gateway, till.serving() as desk:
        url = f"http://{gateway.address}/notify/main"
        for body in (b"", b"{", b"\xff" * 100, b"sign=x", b"[1]", b'{"sign": 1}', b"<xml>" + b"x" * 1000):
            async with gateway.http.post(url, data=body) as response:
                assert 500 != response.status, body
        assert 7 == await gateway.counted(desk, "forged")
        async with gateway.http.post(url, data=b"x" * 70_000) as response:
            assert 413 == response.status
        async with gateway.http.post(f"http://{gateway.address}/notify/none", data=b"x") as response:
            assert 404 == response.status
        async with gateway.http.get(url) as response:
            assert 405 == response.status
        async with gateway.http.get(f"http://{gateway.address}/v1/payments") as response:
            assert 404 == response.status, "the API is not on the listener that faces the network"


async def test_a_refund_notice_is_asked_about(till: Till) -> None:
    """It ends nothing by itself: the refund is asked for at once."""
    till.gateway("main", "daxpay")
    async with notified(till) as gateway, till.serving() as desk:
        paid = (await desk.pay(authCode=fresh_code("70", 2))).json
        refund = (await desk.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 50}, key="r")).json
        assert (await gateway.notify(paid["orderNo"], event="refunded"))["acknowledged"] in {True, False}
        ended = (await desk.get(f"/v1/refunds/{refund['id']}?wait=30")).json
        assert "succeeded" == ended["status"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_slow_disk_does_not_keep_the_gateway_waiting(
    till: Till, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time comes the word for failure; what was begun is taken all the same, and the repetition is told so."""
    till.gateway("main", protocol)
    async with notified(till) as gateway, till.serving() as desk:
        payment = await started(desk, SILENT)
        monkeypatch.setattr(notifications, "ANSWER_WITHIN_S", 0.0)
        assert not (await gateway.notify(payment["orderNo"]))["acknowledged"]
        assert "paid" == (await desk.payment(payment["id"], wait=30))["status"]
        monkeypatch.undo()
        assert (await gateway.notify(payment["orderNo"]))["acknowledged"]
        assert (1, 1) == (await gateway.counted(desk, "late"), await gateway.counted(desk, "taken"))


async def test_a_body_that_never_comes(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """408, and the connection is free for others."""
    monkeypatch.setattr(notifications, "BODY_WITHIN_S", 0.1)
    async with notified(till) as gateway, till.serving() as desk:
        host, _, port = gateway.address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /notify/main HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert b" 408 " in (await reader.read()).splitlines()[0]
        writer.close()
        await writer.wait_closed()
        assert 0 == await gateway.counted(desk, "forged")


QR = [name for name in PROTOCOLS if name != "umf-sp"]


@pytest.mark.parametrize("protocol", QR)
async def test_one_ends_a_qr_payment(till: Till, protocol: str) -> None:
    """The code is shown, the customer pays, no query ever says so: the notification does, and a receipt comes out."""
    till.gateway("main", protocol, query_timeout=1.0)
    till.simulator.scripts.default = Plan(query=(QueryFault.HANG,), confirm_after_ms=None)
    async with notified(till) as gateway, till.serving() as desk:
        asked = (await desk.pay(method="qr", wait=0)).json
        shown = await desk.until(asked["id"], lambda now: now["qrCode"] is not None)
        assert "processing" == shown["status"]
        order = till.simulator.bank.find(asked["orderNo"])
        assert order is not None
        assert till.simulator.bank.confirm(order, till.simulator.now_ms())
        assert not (await gateway.notify(asked["orderNo"], fault="lie"))["acknowledged"]
        assert "processing" == (await desk.payment(asked["id"]))["status"]
        assert (await gateway.notify(asked["orderNo"]))["acknowledged"]
        paid = await desk.payment(asked["id"], wait=30)
        assert ("paid", "qr", 1250) == (paid["status"], paid["method"], paid["payAmount"])
        assert 1 == len(await till.printer.wait_receipts(1))


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_one_that_comes_after_the_void(till: Till, protocol: str) -> None:
    """The cashier gave up before it: rightly signed or not, it is no payment any more, and the money goes back."""
    till.gateway("main", protocol, query_timeout=1.0)
    till.simulator.scripts.default = Plan(pay=PayFault.PENDING, query=(QueryFault.SYSTEM_ERROR,) * 2 + (QueryFault.OK,))
    async with notified(till) as gateway, till.serving() as desk:
        payment = (await desk.pay(authCode=fresh_code("99"), wait=0.3)).json
        assert "cancelling" == (await desk.post(f"/v1/payments/{payment['id']}/cancel")).json["status"]
        assert (await gateway.notify(payment["orderNo"]))["acknowledged"]
        ended = await desk.payment(payment["id"], wait=60)
        assert ("cancelled", "cashier") == (ended["status"], ended["voidRequestedBy"])
        order = till.simulator.bank.find(payment["orderNo"])
        assert order is not None
        assert 0 == order.history[-1][1].net


BY_ITSELF = {"chaoying": "qr", "umf-huishang": "barcode", "umf-sp": "barcode", "chinaums": "qr", "daxpay": "barcode"}
"""What each gateway's document promises a notification of."""


@pytest.mark.parametrize(("protocol", "method"), BY_ITSELF.items())
async def test_the_gateway_sends_one_by_itself(till: Till, protocol: str, method: str) -> None:
    """To the ``notify_url`` of the configuration; twice, as may happen, and posd's word ends the repetition."""
    plan = {"pay": PayFault.PENDING, "notice": NoticeFault.TWICE, "query": (QueryFault.HANG,)}
    till.simulator.scripts.default = Plan(**plan, confirm_after_ms=2_000)  # type: ignore[arg-type]  # of three types
    async with notified(till) as gateway:
        url = f"http://{gateway.address}/notify/main"
        till.gateway("main", protocol, query_timeout=1.0, notify_url=url)
        async with till.serving() as desk:
            more: dict[str, Any] = {"method": "qr"} if method == "qr" else {"authCode": fresh_code("99")}
            payment = (await desk.pay(**more)).json
            assert ("paid", 1250) == (payment["status"], payment["payAmount"])
            order = till.simulator.bank.orders[payment["orderNo"]]
            while len(order.notices) < 2:  # noqa: ASYNC110 - the simulator's list tells nobody
                await asyncio.sleep(LOOK_AGAIN_S)
            assert [True, True] == [notice.acknowledged for notice in order.notices]
            assert 2 == await gateway.counted(desk, "taken")
        assert [] == [fault.text for fault in till.simulator.bank.violations]
