"""DaxPay's notifications: signed like an answer, about an order or about a refund."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from posd.gateways.base import HttpResponse
from posd.payment.amounts import Amounts, Fen
from posd.payment.verdicts import Closed, Doubt, Paid, RefundDone, RefundFailed, Unknown
from tests.gateways.daxpay.support import CODEC, REF, REFUND, STAMP, order_data, refund_data, signed


def noted(**data: object) -> HttpResponse:
    """A notification with the platform's signature."""
    return HttpResponse(200, json.dumps(signed(**data)).encode(), {"content-type": "application/json"})


def test_a_paid_order() -> None:
    """支付通知: the order as a query would tell it; the answer is exactly SUCCESS."""
    notice = CODEC.read_notification(noted(code=0, attach="", createTime=1715576000, **order_data()), STAMP)
    assert notice is not None
    assert ("0101K1", None, None) == (notice.order_no, notice.refund_no, notice.read_refund)
    verdict = notice.read(REF).verdict
    assert isinstance(verdict, Paid)
    assert Amounts.undiscounted(Fen(1250)) == verdict.amounts
    assert (200, b"SUCCESS") == (notice.success.status, notice.success.body)
    assert b"SUCCESS" not in notice.failure.body
    assert b"SUCCESS" not in CODEC.notification_refusal().body


def test_a_closed_order() -> None:
    """The platform also tells of orders that were closed."""
    notice = CODEC.read_notification(noted(**order_data(status="close")), STAMP)
    assert notice is not None
    assert Closed() == notice.read(REF).verdict


@pytest.mark.parametrize("ref", [replace(REF, amount=Fen(1)), replace(REF, order_no="0101K2")], ids=["amount", "order"])
def test_another_order_or_amount_is_a_mismatch(ref: object) -> None:
    """What the journal knows decides, not what the notification says."""
    notice = CODEC.read_notification(noted(**order_data()), STAMP)
    assert notice is not None
    assert isinstance(ref, type(REF))
    assert Unknown(Doubt.MISMATCH) == notice.read(ref).verdict


def test_a_refund() -> None:
    """退款通知: about the refund, and no word about the order itself."""
    notice = CODEC.read_notification(noted(**refund_data()), STAMP)
    assert notice is not None
    assert notice.read_refund is not None
    assert ("0101K1", "0101K1R1") == (notice.order_no, notice.refund_no)
    assert RefundDone(Fen(250)) == notice.read_refund(REFUND).verdict
    assert Unknown(Doubt.UNCLEAR_CODE) == notice.read(REF).verdict
    failed = CODEC.read_notification(noted(**refund_data(status="fail")), STAMP)
    assert failed is not None
    assert failed.read_refund is not None
    assert RefundFailed() == failed.read_refund(REFUND).verdict


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"not json",
        json.dumps(order_data()).encode(),
        json.dumps({**order_data(), "sign": "0" * 64}).encode(),
        json.dumps({**signed(**order_data()), "amount": 1}).encode(),
        noted(status="success").body,
    ],
)
def test_what_is_not_rightly_signed_is_no_notice(body: bytes) -> None:
    """Unreadable, unsigned, forged, or without an order number: not taken."""
    assert CODEC.read_notification(HttpResponse(200, body), STAMP) is None
