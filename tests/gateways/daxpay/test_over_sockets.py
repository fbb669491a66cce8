"""Every DaxPay operation through the real transport to the simulator on a real socket, in both generations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from posd.gateways.base import CallResult, Codec, RefundOrder
from posd.gateways.daxpay.codec import DaxpayCodec
from posd.gateways.daxpay.operations import OPERATIONS
from posd.gateways.daxpay.settings import API_VERSIONS, DaxpaySettings
from posd.gateways.gateway import Gateway
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.simulator.daxpay import Daxpay
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret
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
from tests.gateways.daxpay.support import ORDER, QR_ORDER
from tests.gateways.served import Facts, faults, receiver, ref_of, served


def codec_of(facts: Facts, api: str, notify_url: str | None = None) -> Codec:
    """A codec for this simulator."""
    secret = facts["secret"]
    assert isinstance(secret, Secret)
    return DaxpayCodec(DaxpaySettings(secret, str(facts["sign_type"]), api=api, notify_url=notify_url))


@pytest.fixture(params=API_VERSIONS)
async def both(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Simulator, Gateway]]:
    """The simulator and a client of either generation."""
    async with served(Daxpay, lambda facts: codec_of(facts, str(request.param))) as made:
        yield made


async def test_a_bar_code_from_pay_to_refund(both: tuple[Simulator, Gateway]) -> None:
    """pay, queryPay, refund, queryRefund."""
    simulator, gateway = both
    assert (await gateway.pay(ORDER)).verdict == Unknown(Doubt.UNCLEAR_CODE)
    paid = (await gateway.query(ref_of(ORDER))).verdict
    assert isinstance(paid, Paid)
    assert paid.amounts == Amounts.undiscounted(Fen(1250))
    refund = RefundOrder("0101K1R1", Fen(250), ref_of(ORDER), simulator.now_ms(), reason="退货")
    assert (await gateway.refund(refund)).verdict == RefundProcessing()
    assert (await gateway.refund_query(refund)).verdict == RefundDone(Fen(250))
    assert faults(simulator) == []


async def test_a_code_to_scan_from_order_to_close(both: tuple[Simulator, Gateway]) -> None:
    """pay, queryPay, close."""
    simulator, gateway = both
    simulator.scripts.default = Plan(latency_ms=0, confirm_after_ms=None)
    order = replace(QR_ORDER, expires_at_ms=simulator.now_ms() + 120_000)
    pending = (await gateway.pay(order)).verdict
    assert isinstance(pending, Pending)
    assert (pending.qr_code or "").startswith(f"{simulator.address}/customer/")
    assert (await gateway.query(ref_of(order))).verdict == Pending()
    assert (await gateway.cancel(ref_of(order))).verdict == Accepted()
    assert (await gateway.query(ref_of(order))).verdict == Closed()
    assert faults(simulator) == []


async def test_a_bar_code_is_cancelled(both: tuple[Simulator, Gateway]) -> None:
    """Cancel (2.0.8), close (2.0.6)."""
    simulator, gateway = both
    simulator.scripts.default = Plan(latency_ms=0, confirm_after_ms=None)
    await gateway.pay(ORDER)
    assert (await gateway.cancel(ref_of(ORDER))).verdict == Accepted()
    assert (await gateway.query(ref_of(ORDER))).verdict == Closed()
    assert faults(simulator) == []


@pytest.mark.parametrize("api", API_VERSIONS)
async def test_every_operation_by_hand(api: str) -> None:
    """Each documented call is served, signed both ways, and says what it did."""
    given = {
        "pay": {"bizOrderNo": "0101K1", "title": "1", "channel": "wechat_pay", "method": "qrcode", "amount": "1000"},
        "queryPay": {"bizOrderNoeNo": "0101K1"},
        "syncPay": {"bizOrderNo": "0101K1"},
        "refund": {"bizRefundNo": "0101K1R1", "bizOrderNo": "0101K1", "amount": "1"},
        "queryRefund": {"bizRefundNo": "0101K1R1"},
        "syncRefund": {"bizRefundNo": "0101K1R1"},
        "close": {"bizOrderNo" if api == "2.0.8" else "bizTradeNo": "0101K1"},
        "cancel": {"bizOrderNo": "0101K1"},
    }
    assert set(OPERATIONS[api]) <= set(given)
    async with served(Daxpay, lambda facts: codec_of(facts, api)) as (simulator, gateway):
        for name, fields in given.items():
            if name in OPERATIONS[api]:
                result = (await gateway.call(name, fields)).verdict
                assert isinstance(result, CallResult)
                assert result.verified is True, name
                # What is paid can neither be closed nor cancelled.
                assert result.succeeded is (name not in {"close", "cancel"}), name
        assert faults(simulator) == []


async def test_the_harmless_call(both: tuple[Simulator, Gateway]) -> None:
    """Proves the way there and back, and makes nothing."""
    simulator, gateway = both
    result = (await gateway.harmless()).verdict
    assert isinstance(result, CallResult)
    assert result.succeeded
    assert faults(simulator) == []


async def test_a_wrong_secret_is_seen() -> None:
    """Nothing is believed, nothing is made, and the reason is told."""
    wrong = Secret("another")
    async with served(Daxpay, lambda facts: codec_of({**facts, "secret": wrong}, "2.0.8")) as (simulator, gateway):
        answer = await gateway.pay(ORDER)
        assert answer.verdict == Unknown(Doubt.BAD_SIGNATURE)
        assert (answer.evidence.gateway_code, answer.evidence.gateway_message) == ("20052", "签名错误")
        assert simulator.bank.find(ORDER.order_no) is None
        result = (await gateway.harmless()).verdict
        assert isinstance(result, CallResult)
        assert not result.succeeded


async def test_an_order_that_is_not_there(both: tuple[Simulator, Gateway]) -> None:
    """Every call says so."""
    _, gateway = both
    assert (await gateway.query(ref_of(ORDER))).verdict == NotFound()
    assert (await gateway.cancel(ref_of(ORDER))).verdict == NotFound()


async def test_notifications() -> None:
    """The platform tells of the payment and of the refund."""
    async with (
        served(Daxpay, lambda facts: codec_of(facts, "2.0.8")) as (simulator, gateway),
        receiver(gateway.codec) as listener,
    ):
        gateway.codec = codec_of(simulator.sandbox.credentials("daxpay"), "2.0.8", listener.url)
        await gateway.pay(ORDER)
        notice = await asyncio.wait_for(listener.notices.get(), 60)
        assert isinstance(notice.read(ref_of(ORDER)).verdict, Paid)
        refund = RefundOrder("0101K1R1", Fen(1250), ref_of(ORDER), simulator.now_ms())
        await gateway.refund(refund)
        notice = await asyncio.wait_for(listener.notices.get(), 60)
        assert notice.read_refund is not None
        assert notice.read_refund(refund).verdict == RefundDone(Fen(1250))
