"""Every operation of Chaoying's codec over real sockets: gateway, transport, simulator."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping

import pytest

from posd.gateways.base import CallResult, FaceAuth, FaceAuthRequest
from posd.gateways.gateway import Gateway
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.simulator.behaviour import PayFault
from posd.gateways.transport import Timeouts, Transport
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import Closed, Doubt, NotSent, Paid, Pending, RefundDone, Unknown
from tests.gateways.simulator.support import Till, chaoying_till

AT_ONCE = Plan(latency_ms=0)
BY_HAND: Mapping[str, Mapping[str, str]] = {
    "pay": {"out_trade_no": "H1234", "body": "x", "total_fee": "1", "auth_code": "131111111111111111"},
    "facepay": {"out_trade_no": "H1235", "body": "x", "total_fee": "1", "paytype": "WECHAT", "face_code": "f"},
    "getfaceauth": {"paytype": "WECHAT", "store_id": "1", "store_name": "x", "device_id": "1", "rawdata": "x"},
    "orderquery": {"paytype": "WECHAT", "out_trade_no": "H1234"},
    "refund": {
        "paytype": "WECHAT",
        "out_trade_no": "H1234",
        "out_refund_no": "R1",
        "total_fee": "1",
        "refund_fee": "1",
    },
    "refundquery": {"paytype": "WECHAT", "out_refund_no": "R1"},
    "cancel": {"paytype": "WECHAT", "out_trade_no": "H1235"},
    "WECHAT_PreOrder": {
        "out_trade_no": "H1236",
        "body": "x",
        "total_fee": "1",
        "trade_type": "JSPAY",
        "sub_appid": "wx1",
        "buyer_id": "o1",
    },
    "ALIPAY_PreOrder": {"out_trade_no": "H1237", "body": "x", "total_fee": "1", "trade_type": "APP"},
    "Mch_Reg": {"key1": "x"},
    "GetMchSMSValid": {"mobile": "13800000000"},
    "GetMchId": {"username": "x", "password": "x"},
    "GetPartnerId": {},
    "GetMchInfo": {},
    "WXA_Code2Session": {"appid": "wx1", "js_code": "x"},
}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A simulator that answers at once."""
    async with Simulator() as served:
        served.scripts.default = AT_ONCE
        yield served


@pytest.fixture
async def till(simulator: Simulator) -> Till:
    """Makes orders for this simulator."""
    made = chaoying_till(simulator.sandbox)
    made.now_ms = simulator.now_ms()
    return made


@pytest.fixture
async def gateway(simulator: Simulator, till: Till) -> AsyncIterator[Gateway]:
    """The client as it runs in the daemon."""
    numbers = itertools.count()
    transport = Transport(simulator.base_url("chaoying"), timeouts=Timeouts(pay_s=60.0, query_s=60.0))
    async with Gateway("main", till.codec, transport, simulator.now_ms, lambda: f"{next(numbers):032x}") as made:
        yield made


async def test_a_payment_from_beginning_to_end(gateway: Gateway, till: Till, simulator: Simulator) -> None:
    """Pay, query, refund, refund query: nothing about the requests is odd."""
    order = till.order(1250)
    told, asked = await gateway.pay(order), await gateway.query(till.ref(order))
    assert isinstance(told.verdict, Paid)
    assert isinstance(asked.verdict, Paid)
    assert told.verdict.amounts == asked.verdict.amounts == Amounts.undiscounted(Fen(1250))
    refund = till.refund_order(order, 1250)
    assert (await gateway.refund(refund)).verdict == RefundDone(Fen(1250))
    assert (await gateway.refund_query(refund)).verdict == RefundDone(Fen(1250))
    assert ([*simulator.bank.violations], [*simulator.bank.notes]) == ([], [])


async def test_a_face(gateway: Gateway, till: Till, simulator: Simulator) -> None:
    """Credentials for the SDK, then the face code that it gives."""
    auth = (await gateway.face_auth(FaceAuthRequest(Wallet.WECHAT, "d1", "rawdata", "md_001", "门店"))).verdict
    assert isinstance(auth, FaceAuth)
    assert (auth.expires_in_s, auth.face_code_type, bool(auth.authinfo)) == (3600, "0", True)
    order = till.order(method=Method.FACE, credential=Secret("face-1"), openid="o1")
    assert isinstance((await gateway.pay(order)).verdict, Paid)
    assert ([*simulator.bank.violations], [*simulator.bank.notes]) == ([], [])


@pytest.mark.parametrize("wallet", [Wallet.WECHAT, Wallet.ALIPAY])
async def test_a_code_to_scan(gateway: Gateway, till: Till, simulator: Simulator, wallet: Wallet) -> None:
    """Shown, cancelled, closed."""
    simulator.scripts.clear()
    order = till.qr_order(wallet=wallet)
    told = (await gateway.pay(order)).verdict
    assert isinstance(told, Pending)
    assert told.qr_code == f"{simulator.address}/customer/{order.order_no}"
    assert (await gateway.cancel(till.ref(order))).verdict == Closed()
    assert (await gateway.query(till.ref(order))).verdict == Closed()
    assert ([*simulator.bank.violations], [*simulator.bank.notes]) == ([], [])


@pytest.mark.parametrize("fault", [PayFault.CUT_AFTER, PayFault.CUT_BEFORE])
async def test_a_connection_that_is_cut(gateway: Gateway, till: Till, simulator: Simulator, fault: PayFault) -> None:
    """The request may have arrived, so nothing is known, whether it did or not; and it is not sent again."""
    order = till.order()
    await gateway.warm()
    simulator.scripts.add_next(Plan(pay=fault, latency_ms=0))
    assert (await gateway.pay(order)).verdict == Unknown(Doubt.NO_ANSWER)
    found = simulator.bank.find(order.order_no)
    assert found is not None
    assert found.submits == 1


async def test_an_outage(gateway: Gateway, till: Till, simulator: Simulator) -> None:
    """Refused connections carry nothing."""
    await simulator.pause()
    order = till.order()
    assert (await gateway.pay(order)).verdict == NotSent()
    await simulator.resume()
    assert simulator.bank.find(order.order_no) is None
    assert isinstance((await gateway.pay(order)).verdict, Paid)


async def test_every_call_by_hand(gateway: Gateway, simulator: Simulator) -> None:
    """Each documented call with what it needs: taken, answered, verified."""
    assert set(gateway.codec.operations()) == set(BY_HAND)
    for operation, fields in BY_HAND.items():
        result = (await gateway.call(operation, fields)).verdict
        assert isinstance(result, CallResult), operation
        assert (operation, result.succeeded, result.verified is not False) == (operation, True, True)
    early = [fault.text for fault in simulator.bank.violations if "allowed from 15 s" not in fault.text]
    assert (early, [*simulator.bank.notes]) == ([], [])


async def test_a_harmless_call(gateway: Gateway, simulator: Simulator) -> None:
    """Tells whether the keys are right, and leaves no order behind."""
    result = (await gateway.harmless()).verdict
    assert isinstance(result, CallResult)
    assert (result.succeeded, result.verified, [*simulator.bank]) == (True, True, [])
