"""Every ChinaUMS operation through the real transport to the simulator on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from posd.gateways.base import CallResult, Codec, PayOrder, RefundOrder
from posd.gateways.chinaums.codec import ChinaumsCodec
from posd.gateways.chinaums.operations import OPERATIONS
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.gateway import Gateway
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.simulator.chinaums import Chinaums
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Doubt,
    NotFound,
    Paid,
    Pending,
    RefundDone,
    RefundProcessing,
    Unknown,
)
from tests.gateways.chinaums.support import CODE, ORDER, QR_ORDER
from tests.gateways.served import Facts, faults, receiver, ref_of, served

FACE_ORDER = replace(ORDER, method=Method.FACE, credential=Secret("b713b5d2-666c-48"), order_no="31940101F1")


def codec_of(facts: Facts, **more: object) -> Codec:
    """A codec for this simulator."""
    return ChinaumsCodec(ChinaumsSettings(**(facts | more)))  # type: ignore[arg-type]  # as they are named


@pytest.fixture
async def both() -> AsyncIterator[tuple[Simulator, Gateway]]:
    """The simulator and a client of it."""
    async with served(Chinaums, codec_of) as made:
        yield made


@pytest.mark.parametrize("order", [ORDER, FACE_ORDER], ids=["code", "face"])
async def test_from_pay_to_refund(both: tuple[Simulator, Gateway], order: PayOrder) -> None:
    """poslink: pay, query, refund, query-refund."""
    simulator, gateway = both
    for paid in ((await gateway.pay(order)).verdict, (await gateway.query(ref_of(order))).verdict):
        assert isinstance(paid, Paid)
        assert paid.amounts == Amounts.undiscounted(Fen(1250))
    refund = RefundOrder(f"{order.order_no}R1", Fen(250), ref_of(order), simulator.now_ms())
    assert (await gateway.refund(refund)).verdict == RefundProcessing()
    assert (await gateway.refund_query(refund)).verdict == RefundDone(Fen(250))
    assert faults(simulator) == []


@pytest.mark.parametrize("order", [ORDER, FACE_ORDER], ids=["code", "face"])
async def test_a_void(both: tuple[Simulator, Gateway], order: PayOrder) -> None:
    """poslink: pay, voidpayment, query."""
    simulator, gateway = both
    await gateway.pay(order)
    assert (await gateway.cancel(ref_of(order))).verdict == Accepted()
    assert (await gateway.query(ref_of(order))).verdict == Closed()
    assert faults(simulator) == []


async def test_a_code_to_scan_from_order_to_refund(both: tuple[Simulator, Gateway]) -> None:
    """netpay: trade/precreate, query, close refused once it is paid, refund, refund-query."""
    simulator, gateway = both
    order = replace(QR_ORDER, expires_at_ms=simulator.now_ms() + 120_000)
    pending = (await gateway.pay(order)).verdict
    assert isinstance(pending, Pending)
    assert (pending.qr_code or "").startswith(f"{simulator.address}/customer/")
    assert isinstance((await gateway.query(ref_of(order))).verdict, Paid)
    refund = RefundOrder(f"{order.order_no}R1", Fen(1250), ref_of(order), simulator.now_ms(), reason="退货")
    assert (await gateway.refund(refund)).verdict == RefundDone(Fen(1250))
    assert (await gateway.refund_query(refund)).verdict == RefundDone(Fen(1250))
    assert faults(simulator) == []


async def test_a_code_to_scan_is_closed(both: tuple[Simulator, Gateway]) -> None:
    """netpay: trade/precreate, close, query."""
    simulator, gateway = both
    simulator.scripts.default = Plan(latency_ms=0, confirm_after_ms=None)
    order = replace(QR_ORDER, expires_at_ms=None)
    await gateway.pay(order)
    assert (await gateway.cancel(ref_of(order))).verdict == Accepted()
    assert (await gateway.query(ref_of(order))).verdict == Closed()
    assert faults(simulator) == []


async def test_every_operation_by_hand(both: tuple[Simulator, Gateway]) -> None:
    """Each documented call is served, and says what it did."""
    simulator, gateway = both
    poslink = {"merchantOrderId": "3194P1"}
    order = {"tradeType": "APP", "totalAmount": "1000"}
    steps: list[tuple[str, dict[str, str]]] = [
        (
            "poslink/pay",
            {**poslink, "transactionAmount": "1000", "payMode": "CODE_SCAN", "payCode": CODE, "merchantRemark": "1"},
        ),
        ("poslink/query", poslink),
        ("poslink/refund", {**poslink, "refundRequestId": "3194P1R1", "transactionAmount": "1"}),
        ("poslink/query-refund", {**poslink, "refundRequestId": "3194P1R1"}),
        ("netpay/wx/app-pre-order", {**order, "merOrderId": "3194N1", "subAppId": "wx1"}),
        ("netpay/trade/precreate", {**order, "merOrderId": "3194N2"}),
        ("netpay/qmf/order", {**order, "merOrderId": "3194N3", "merchantUserId": "u", "mobile": "13800000000"}),
        ("netpay/uac/app-order", {**order, "merOrderId": "3194N4", "secureTransaction": "true"}),
        ("netpay/applepay/order", {**order, "merOrderId": "3194N5", "secureTransaction": "true"}),
        ("netpay/trade/app-pre-order", {**order, "merOrderId": "3194N6"}),
        ("netpay/query", {"merOrderId": "3194N1"}),
        ("netpay/refund", {"merOrderId": "3194N1", "refundOrderId": "3194N1R1", "refundAmount": "1"}),
        ("netpay/refund-query", {"merOrderId": "3194N1R1"}),
        ("netpay/secure-cancel", {"merOrderId": "3194N4"}),
        ("netpay/secure-complete", {"merOrderId": "3194N5", "completedAmount": "1000"}),
    ]
    for name, fields in steps:
        result = (await gateway.call(name, fields)).verdict
        assert isinstance(result, CallResult)
        assert (result.verified, result.succeeded) == (None, True), (name, result.fields)
    simulator.scripts.default = Plan(latency_ms=0, confirm_after_ms=None)
    await gateway.call("netpay/trade/precreate", {**order, "merOrderId": "3194N7"})
    await gateway.call("poslink/pay", {**steps[0][1], "merchantOrderId": "3194P2", "payCode": "131111111111111111"})
    last = [("netpay/close", {"merOrderId": "3194N7"}), ("poslink/voidpayment", {"merchantOrderId": "3194P2"})]
    for name, fields in last:
        closed = (await gateway.call(name, fields)).verdict
        assert isinstance(closed, CallResult)
        assert closed.succeeded, name
    assert {name for name, _ in steps + last} == set(OPERATIONS)
    assert faults(simulator) == []


async def test_the_harmless_call(both: tuple[Simulator, Gateway]) -> None:
    """Proves the way there and back, and makes nothing."""
    simulator, gateway = both
    result = (await gateway.harmless()).verdict
    assert isinstance(result, CallResult)
    assert result.succeeded
    assert faults(simulator) == []


@pytest.mark.parametrize("wrong", [{"app_key": Secret("another")}, {"mid": "898000000000000"}], ids=["key", "merchant"])
async def test_a_wrong_configuration_is_seen(wrong: dict[str, object]) -> None:
    """Nothing is made, and the harmless call does not say that all is well."""
    async with served(Chinaums, lambda facts: codec_of(facts, **wrong)) as (simulator, gateway):
        assert (await gateway.pay(ORDER)).verdict == Unknown(Doubt.UNCLEAR_CODE)
        assert simulator.bank.find(ORDER.order_no) is None
        result = (await gateway.harmless()).verdict
        assert isinstance(result, CallResult)
        assert not result.succeeded


async def test_an_order_that_is_not_there(both: tuple[Simulator, Gateway]) -> None:
    """Every call says so."""
    _, gateway = both
    for order in (ORDER, replace(QR_ORDER, order_no="31940101Q1")):
        assert (await gateway.query(ref_of(order))).verdict == NotFound()
        assert (await gateway.cancel(ref_of(order))).verdict == NotFound()


async def test_notifications() -> None:
    """The platform tells of the payment, and stops when it is answered."""
    async with served(Chinaums, codec_of) as (simulator, gateway), receiver(gateway.codec) as listener:
        gateway.codec = codec_of(simulator.sandbox.credentials("chinaums"), notify_url=listener.url)
        order = replace(QR_ORDER, expires_at_ms=None)
        await gateway.pay(order)
        notice = await asyncio.wait_for(listener.notices.get(), 60)
        assert notice.order_no == order.order_no
        verdict = notice.read(ref_of(order)).verdict
        assert isinstance(verdict, Paid)
        assert verdict.amounts == Amounts.undiscounted(Fen(1250))
