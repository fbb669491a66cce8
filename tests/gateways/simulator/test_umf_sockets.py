"""Every operation of both UMF codecs over real sockets: gateway, transport, simulator; and their notifications back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from posd.gateways.base import CallResult, FaceAuth, FaceAuthRequest, HttpResponse, beijing
from posd.gateways.gateway import Gateway
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.simulator.behaviour import PayFault
from posd.gateways.transport import Timeouts, Transport
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Doubt,
    NotSent,
    Paid,
    Pending,
    RefundDone,
    RefundProcessing,
    Unknown,
)
from tests.gateways.simulator.support import START_MS, Till, till_of

AT_ONCE = Plan(latency_ms=0)
BOTH = ("umf-huishang", "umf-sp")
CODE = "131111111111111111"
DAY = beijing(START_MS, "%Y%m%d")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where keys are that are made once."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def simulator(keys: Path) -> AsyncIterator[Simulator]:
    """A simulator that answers at once, on a day of which much is left."""
    async with Simulator(keys=keys, wall_ms=lambda: START_MS) as served:
        served.scripts.default = AT_ONCE
        yield served


@pytest.fixture(params=BOTH)
async def till(request: pytest.FixtureRequest, simulator: Simulator) -> Till:
    """Makes orders for this simulator, by either protocol."""
    made = till_of(request.param, simulator.sandbox)
    made.now_ms = simulator.now_ms()
    return made


def client(simulator: Simulator, till: Till) -> Gateway:
    """The client as it runs in the daemon."""
    numbers = itertools.count()
    transport = Transport(simulator.base_url(till.gateway), timeouts=Timeouts(pay_s=60.0, query_s=60.0))
    return Gateway("main", till.codec, transport, simulator.now_ms, lambda: f"{next(numbers):032x}")


@pytest.fixture
async def gateway(simulator: Simulator, till: Till) -> AsyncIterator[Gateway]:
    """A client that is closed at the end."""
    async with client(simulator, till) as made:
        yield made


def faults(simulator: Simulator) -> list[str]:
    """What the client did wrong, or what is odd about it."""
    return [fault.text for fault in (*simulator.bank.violations, *simulator.bank.notes)]


async def test_a_payment_from_beginning_to_end(gateway: Gateway, till: Till, simulator: Simulator) -> None:
    """Pay, query, refund, refund query: nothing about the requests is odd."""
    order = till.order(1250)
    told, asked = await gateway.pay(order), await gateway.query(till.ref(order))
    assert isinstance(told.verdict, Paid)
    assert isinstance(asked.verdict, Paid)
    assert told.verdict.amounts == asked.verdict.amounts == Amounts.undiscounted(Fen(1250))
    refund = till.refund_order(order, 1250)
    assert RefundProcessing() == (await gateway.refund(refund)).verdict
    assert RefundDone() == (await gateway.refund_query(refund)).verdict
    assert [] == faults(simulator)


@pytest.mark.parametrize("known_paid", [True, False])
async def test_a_cancel_and_a_close(gateway: Gateway, till: Till, simulator: Simulator, *, known_paid: bool) -> None:
    """Taken, then proven."""
    simulator.scripts.add_next(Plan(latency_ms=0, confirm_after_ms=0 if known_paid else None))
    order = till.order()
    await gateway.pay(order)
    assert Accepted() == (await gateway.cancel(till.ref(order, known_paid=known_paid))).verdict
    assert Closed() == (await gateway.query(till.ref(order))).verdict
    assert [] == faults(simulator)


@pytest.mark.parametrize("fault", [PayFault.CUT_AFTER, PayFault.CUT_BEFORE])
async def test_a_connection_that_is_cut(gateway: Gateway, till: Till, simulator: Simulator, fault: PayFault) -> None:
    """The request may have arrived, so nothing is known; and it is not sent again."""
    simulator.scripts.add_next(Plan(pay=fault, latency_ms=0))
    order = till.order()
    assert Unknown(Doubt.NO_ANSWER) == (await gateway.pay(order)).verdict
    found = simulator.bank.find(order.order_no)
    assert found is not None
    assert 1 == found.submits


async def test_an_outage(gateway: Gateway, till: Till, simulator: Simulator) -> None:
    """Refused connections carry nothing."""
    await simulator.pause()
    assert NotSent() == (await gateway.pay(till.order())).verdict
    await simulator.resume()
    assert [] == list(simulator.bank)


async def test_a_harmless_call(gateway: Gateway, simulator: Simulator) -> None:
    """Tells whether the keys are right, and nothing is charged."""
    result = (await gateway.harmless()).verdict
    assert isinstance(result, CallResult)
    assert (True, True) == (result.succeeded, result.verified)
    assert [] == [order for order in simulator.bank if order.submits]
    assert [] == faults(simulator)


async def test_a_code_to_scan(simulator: Simulator) -> None:
    """惠商+ makes a code: shown, scanned, paid."""
    till = till_of("umf-huishang", simulator.sandbox)
    till.now_ms = simulator.now_ms()
    simulator.scripts.add_next(Plan(latency_ms=0, confirm_after_ms=None))
    async with client(simulator, till) as gateway:
        order = till.qr_order()
        told = (await gateway.pay(order)).verdict
        assert isinstance(told, Pending)
        assert f"{simulator.address}/customer/{order.order_no}" == told.qr_code
        found = simulator.bank.find(order.order_no)
        assert found is not None
        simulator.sandbox.confirm(found, simulator.now_ms())
        assert isinstance((await gateway.query(till.ref(order))).verdict, Paid)
    assert [] == faults(simulator)


async def test_a_face(simulator: Simulator) -> None:
    """UMF SP gives credentials for the SDK, and takes the code that it gives."""
    till = till_of("umf-sp", simulator.sandbox)
    till.now_ms = simulator.now_ms()
    async with client(simulator, till) as gateway:
        auth = (await gateway.face_auth(FaceAuthRequest(Wallet.WECHAT, "d1", "rdzIw3JD" * 100))).verdict
        assert isinstance(auth, FaceAuth)
        order = till.order(method=Method.FACE, credential=Secret(CODE))
        assert isinstance((await gateway.pay(order)).verdict, Paid)
    assert [] == faults(simulator)


HUISHANG_BY_HAND: Mapping[str, Mapping[str, str]] = {
    "unactivescan": {
        "partnerOrderId": "H1",
        "amount": "100",
        "payType": "WX",
        "mediaType": "05",
        "mediaNo": CODE,
        "goodsId": "goods",
        "goodsInfo": "goods",
    },
    "activescan": {"partnerOrderId": "H2", "amount": "100", "payType": "AL"},
    "apisync": {"partnerOrderId": "H1"},
    "refund": {"partnerOrderId": "H1", "amount": "40", "payType": "WX", "refundPartnerOrderId": "R1"},
    "refundquery": {"partnerOrderId": "H1", "refundPartnerOrderId": "R1"},
}
SP_BY_HAND: Mapping[str, Mapping[str, str]] = {
    "micropay": {"orderNo": "S1", "txnAmt": "100", "orderType": "wechat", "authCode": CODE},
    "queryOrder": {"orderNo": "S1"},
    "refund": {"orderNo": "R1", "txnAmt": "40", "origOrderNo": "S1", "origTxnAmt": "100"},
    "refundQuery": {"orderNo": "R1"},
    "wxface": {"rawDate": "rdzIw3JD"},
}


@pytest.mark.parametrize(
    ("protocol", "calls", "last"),
    [
        ("umf-huishang", HUISHANG_BY_HAND, ("repeal",)),
        ("umf-sp", SP_BY_HAND, ("closeOrder", "cancelOrder")),
    ],
)
async def test_every_call_by_hand(
    simulator: Simulator, protocol: str, calls: Mapping[str, Mapping[str, str]], last: tuple[str, ...]
) -> None:
    """Each documented call with what it needs: taken, answered, verified."""
    till = till_of(protocol, simulator.sandbox)
    async with client(simulator, till) as gateway:
        assert {*calls, *last} == set(gateway.codec.operations())
        for operation, fields in calls.items():
            result = (await gateway.call(operation, fields)).verdict
            assert isinstance(result, CallResult), operation
            assert (operation, True, True) == (operation, result.succeeded, result.verified)
        for operation in last:
            simulator.scripts.add_next(Plan(latency_ms=0, confirm_after_ms=None if operation == "closeOrder" else 0))
            order = till.order(100)
            await gateway.pay(order)
            fields = {"orderNo": order.order_no}
            if operation == "repeal":
                fields = {"partnerOrderId": order.order_no, "payType": "WX", "amount": "100", "orderDate": DAY}
            result = (await gateway.call(operation, fields)).verdict
            assert isinstance(result, CallResult), operation
            assert (operation, True, True) == (operation, result.succeeded, result.verified)
    assert [] == faults(simulator)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, list[bytes], list[HttpResponse]]]:
    """An address for notifications, what has arrived there, and what is to be answered to each."""
    arrived: list[bytes] = []
    answers: list[HttpResponse] = []

    async def receive(request: web.Request) -> web.Response:
        arrived.append(await request.read())
        answer = answers.pop(0)
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    app = web.Application()
    app.router.add_post("/notify/main", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/notify/main", arrived, answers
    await runner.cleanup()


@pytest.mark.parametrize("protocol", BOTH)
async def test_a_notification_goes_out_and_is_answered(
    simulator: Simulator, receiver: tuple[str, list[bytes], list[HttpResponse]], protocol: str
) -> None:
    """Sent by the simulator, refused, sent again, read by the codec, its own reply taken as such."""
    url, arrived, answers = receiver
    till = till_of(protocol, simulator.sandbox)
    till.now_ms = simulator.now_ms()
    order = till.order(1250)
    async with client(simulator, till) as gateway, aiohttp.ClientSession() as http:
        await gateway.pay(order)
        wanted = {"order": order.order_no, "url": url}
        answers.append(till.codec.notification_refusal())
        async with http.post(f"{simulator.address}/control/notify", json=wanted) as response:
            assert [False] == [each["acknowledged"] for each in (await response.json())["notifications"]]
        notice = till.codec.read_notification(HttpResponse(200, arrived[0]), till.stamp)
        assert notice is not None
        answers.append(notice.success)
        async with http.post(f"{simulator.address}/control/notify", json=wanted) as response:
            assert [False, True] == [each["acknowledged"] for each in (await response.json())["notifications"]]
    told = notice.read(till.ref(order)).verdict
    assert isinstance(told, Paid)
    assert (order.order_no, Amounts.undiscounted(Fen(1250))) == (notice.order_no, told.amounts)
