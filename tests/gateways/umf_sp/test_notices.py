"""The notifications of the UMF service-provider platform: only its own, only of this order, answered in its words."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from posd.gateways.base import HttpResponse, Notice
from posd.gateways.umf_sp.codec import UmfSpCodec
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Accepted, Doubt, Paid, PaymentVerdict, RefundProcessing, RefundVerdict, Unknown
from tests.gateways.umf_sp.support import CODEC, MERCHANT, REF, REFUND, SETTINGS, STAMP, STRANGER, form, notified

MISMATCH = Unknown(Doubt.MISMATCH)
UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
BROKEN = Unknown(Doubt.BROKEN_BODY)


def notice(**fields: str | None) -> Notice:
    """A rightly signed notification as the codec reads it."""
    found = CODEC.read_notification(notified(**fields), STAMP)
    assert found is not None
    return found


def payment_verdict(**fields: str | None) -> PaymentVerdict:
    """What it says of our order."""
    return notice(**fields).read(REF).verdict


def refund_verdict(**fields: str | None) -> RefundVerdict:
    """What it says of our refund."""
    found = notice(**{"notifyType": "3", "refundOrderNo": "0101K1R1", **fields})
    assert found.read_refund is not None
    assert "0101K1R1" == found.refund_no
    return found.read_refund(REFUND).verdict


@pytest.mark.parametrize(
    ("kind", "expected"), [("2", Accepted()), ("3", UNCLEAR), ("4", UNCLEAR), ("", UNCLEAR), (None, UNCLEAR)]
)
def test_kinds(kind: str | None, expected: PaymentVerdict) -> None:
    """Only a payment is notified because it succeeded; whether a cancel is done, the query tells."""
    answer = notice(notifyType=kind).read(REF)
    assert expected == answer.verdict
    assert (kind or None, "notification") == (answer.evidence.gateway_code, answer.evidence.note)


def test_paid() -> None:
    """A payment of this order and amount, nothing said of what the buyer paid."""
    assert (
        Paid(
            Amounts.undiscounted(Fen(1250)),
            trade_no="2019092515170000002850",
            channel_trade_no="4200000395201909251384927907",
            paid_at="20190925151705",
            details=(("cardType", "02"),),
        )
        == payment_verdict()
    )


@pytest.mark.parametrize(
    ("pay_amount", "expected"),
    [
        ("1000", Amounts(Fen(1250), Fen(250), Fen(1000))),
        ("0000001000", Amounts(Fen(1250), Fen(250), Fen(1000))),
        ("1250", Amounts.undiscounted(Fen(1250))),
        ("1251", MISMATCH),
        ("10.00", BROKEN),
    ],
)
def test_what_the_buyer_paid_is_the_discount(pay_amount: str, expected: Amounts | Unknown) -> None:
    """``payAmt`` is the only word of this platform about a discount."""
    verdict = payment_verdict(payAmt=pay_amount, couponInfo="满12减2")
    assert expected == (verdict.amounts if isinstance(verdict, Paid) else verdict)
    assert not isinstance(verdict, Paid) or ("couponInfo", "满12减2") in verdict.details


@pytest.mark.parametrize("kind", ["1", "2", None])
@pytest.mark.parametrize("changes", [{"orderNo": "0101K2"}, {"txnAmt": "1251"}, {"txnAmt": None}])
def test_another_order_or_amount(kind: str | None, changes: dict[str, str | None]) -> None:
    """Rightly signed and not of this order and amount: nothing is decided, a person should look."""
    assert MISMATCH == payment_verdict(notifyType=kind, **changes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"txnAmt": "250"}, RefundProcessing()),
        ({"txnAmt": "1250"}, RefundProcessing()),
        ({"txnAmt": "251"}, MISMATCH),
        ({"txnAmt": None}, BROKEN),
        ({"txnAmt": "250", "orderNo": "0101K2"}, MISMATCH),
    ],
)
def test_refunds(fields: dict[str, str | None], expected: RefundVerdict) -> None:
    """That there is a refund is said, that it is done is not."""
    assert expected == refund_verdict(**fields)


def test_a_refund_of_another_number() -> None:
    """The notification of another refund of the same order decides nothing."""
    found = notice(notifyType="3", refundOrderNo="0101K1R2", txnAmt="250")
    assert found.read_refund is not None
    assert MISMATCH == found.read_refund(REFUND).verdict


def test_a_refund_without_a_number_is_nobodys() -> None:
    """The number is for refunds at card terminals only; a payment has none either."""
    for found in (notice(notifyType="3"), notice(notifyType="1", refundOrderNo="0101K1R1")):
        assert found.refund_no is None
        assert found.read_refund is None


def test_the_logged_notification_is_read() -> None:
    """The example of 交易结果通知, under the published certificate's key, speaks of a refund of another merchant's."""
    certificate = Secret(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAZhF6SMGSm3wg+vK8zJsZazyRh2a2SzQrF0sqVWK4M3TfI4+Ig7d6gjSJzz2SnG98Anz2"
        "/nedYTgfJs4ys9mJHoerRew5K4/PGy9OlRiF3lwQyCK/q5l9KJPAl+t6g/7QqWTq5otz0GFY8xrDreLFZEc2hjkdR4UujuFI7OdquQIDAQAB"
    )
    example = {
        "sign": "cv0CbgyZC/QUkGwiSDrqcm8c8JdI6lnE+yT6RPvoFyYbKYAKJkxdhsrtXQDklpJ3Uq7ZSFB7o0M9MtFkzla5pv3fzCwt9WkRxaqBNz"
        "YiDYLuvSUaCtWUPHWGBn8pPeDnnvdxUla9jNZdp60FtpKO9+Oxo2xny8+QoND5ZKEGJEY=",
        "transactionId": "",
        "currencyCode": "CNY",
        "orderNo": "JD202003180342460001",
        "acqSpId": "Y471790403",
        "acqMerId": "41509208",
        "notifyType": "3",
        "transIndex": "2020031815420000024575",
        "merPriv": "",
        "payTime": "20200927111534",
        "cardType": "02",
        "payerInfo": "",
        "txnAmt": "1",
    }
    codec = UmfSpCodec(replace(SETTINGS, platform_key=certificate))
    found = codec.read_notification(form(example), STAMP)
    assert found is not None
    assert "JD202003180342460001" == found.order_no
    other = UmfSpCodec(replace(SETTINGS, platform_key=certificate, acq_mer_id="41509209"))
    assert other.read_notification(form(example), STAMP) is None


def test_the_replies_are_signed() -> None:
    """``00`` for what was taken, anything else for what was not; signed as values in ASCII order."""
    found = notice()
    replies = [found.success, found.failure, CODEC.notification_refusal()]
    bodies = [json.loads(each.body) for each in replies]
    assert ["00", "99", "11"] == [body["respCode"] for body in bodies]
    for reply, body in zip(replies, bodies, strict=True):
        assert (200, "application/json; charset=utf-8") == (reply.status, reply.headers["content-type"])
        assert MERCHANT.public_key().verify(f"{body['respCode']}|{body['respMsg']}", body["signature"])


def forged() -> list[HttpResponse]:
    """Everything that is not a notification of the platform about our merchant."""
    body = notified().body
    return [
        HttpResponse(200, b""),
        HttpResponse(200, b"{}"),
        HttpResponse(200, b"\xff=1"),
        HttpResponse(200, body.replace(b"1250", b"1")),
        HttpResponse(200, body + b"&extra=1"),
        HttpResponse(200, body + b"&orderNo=0101K1"),
        HttpResponse(200, urlencode({"orderNo": "0101K1", "txnAmt": "1250"}).encode()),
        notified(STRANGER),
        notified(orderNo=None),
        notified(orderNo=""),
        notified(acqMerId="41509209"),
        notified(acqSpId=None),
    ]


@pytest.mark.parametrize("request_", forged())
def test_a_forged_notification_is_none(request_: HttpResponse) -> None:
    """Changed, unsigned, signed by somebody else, of no order, of another merchant: not a notice."""
    assert CODEC.read_notification(request_, STAMP) is None
