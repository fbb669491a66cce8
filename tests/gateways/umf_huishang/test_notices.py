"""The notifications of 惠商+: only the platform's own, only of this order, answered in its own words."""

from __future__ import annotations

import json

import pytest

from posd.gateways.base import HttpResponse, Notice
from posd.gateways.signing import joined_pairs, joined_values
from posd.payment.amounts import Amounts, Fen
from posd.payment.verdicts import (
    Closed,
    Declined,
    Doubt,
    Paid,
    PaymentVerdict,
    Pending,
    Reason,
    RefundDone,
    RefundFailed,
    RefundVerdict,
    Unknown,
)
from tests.gateways.umf_huishang.support import CODEC, MERCHANT, REF, REFUND, STAMP, STRANGER, notified, response

MISMATCH = Unknown(Doubt.MISMATCH)
UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)


def notice(**fields: object) -> Notice:
    """A rightly signed notification as the codec reads it."""
    found = CODEC.read_notification(notified(**fields), STAMP)
    assert found is not None
    return found


def payment_verdict(**fields: object) -> PaymentVerdict:
    """What it says of our order."""
    return notice(**fields).read(REF).verdict


def refund_verdict(**fields: object) -> RefundVerdict:
    """What it says of our refund."""
    found = notice(**{"refundPartnerOrderId": "0101K1R1", **fields})
    assert found.read_refund is not None
    assert "0101K1R1" == found.refund_no
    return found.read_refund(REFUND).verdict


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("WAIT_BUYER_PAY", Pending()),
        ("TRADE_CLOSED", Closed()),
        ("TRADE_CANCEL", Closed()),
        ("TRADE_FAIL", Declined(Reason.DECLINED)),
        ("REFUND_SUCCESS", UNCLEAR),
        ("REFUND_FAIL", UNCLEAR),
        ("PREAUTH_SUCCESS", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_states(state: str | None, expected: PaymentVerdict) -> None:
    """Every state of 交易状态说明; a refund may be of a part, so it says nothing of the payment."""
    answer = notice(tradeState=state).read(REF)
    assert expected == answer.verdict
    assert (state, "notification") == (answer.evidence.gateway_code, answer.evidence.note)


def test_paid() -> None:
    """``TRADE_SUCCESS`` of this order and amount; nothing is said of a discount, so there was none."""
    paid = Paid(
        Amounts.undiscounted(Fen(1250)),
        channel_trade_no="4200000112223805095997813703",
        details=(("payType", "WX"),),
    )
    assert paid == payment_verdict()
    assert paid == payment_verdict(amount=1250)


@pytest.mark.parametrize(
    ("promotions", "expected"),
    [
        ('[{"name":"红包","amount":250}]', Amounts(Fen(1250), Fen(250), Fen(1000))),
        ('[{"amount":"50"},{"amount":200}]', Amounts(Fen(1250), Fen(250), Fen(1000))),
        ("[]", Amounts.undiscounted(Fen(1250))),
        ('[{"amount":1251}]', MISMATCH),
        ('[{"amount":2.5}]', UNCLEAR),
        ("[5]", UNCLEAR),
        ("none", UNCLEAR),
        ([{"amount": 250}], UNCLEAR),
    ],
)
def test_promotions_are_the_discount(promotions: object, expected: Amounts | Unknown) -> None:
    """What ``promotionDetail`` adds up to was given off; what cannot be read leaves the amounts to ``apisync``."""
    verdict = payment_verdict(promotionDetail=promotions)
    assert expected == (verdict.amounts if isinstance(verdict, Paid) else verdict)


@pytest.mark.parametrize("state", ["TRADE_SUCCESS", "TRADE_CANCEL", "TRADE_FAIL"])
@pytest.mark.parametrize("changes", [{"partnerOrderId": "0101K2"}, {"amount": "1251"}, {"amount": None}])
def test_another_order_or_amount(state: str, changes: dict[str, object]) -> None:
    """Rightly signed and not of this order and amount: nothing is decided, a person should look."""
    assert MISMATCH == payment_verdict(tradeState=state, **changes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tradeState": "REFUND_SUCCESS", "amount": "250"}, RefundDone()),
        ({"tradeState": "REFUND_SUCCESS", "amount": "1250"}, RefundDone()),
        ({"tradeState": "REFUND_FAIL", "amount": "250"}, RefundFailed()),
        ({"tradeState": "REFUND_SUCCESS", "amount": "249"}, MISMATCH),
        ({"tradeState": "REFUND_SUCCESS", "amount": None}, Unknown(Doubt.BROKEN_BODY)),
        ({"tradeState": "REFUND_SUCCESS", "amount": "250", "partnerOrderId": "0101K2"}, MISMATCH),
    ],
)
def test_refunds(fields: dict[str, object], expected: RefundVerdict) -> None:
    """A refund under its own number, of its own order; the amount may be either's."""
    assert expected == refund_verdict(**fields)


def test_a_refund_without_a_number_is_nobodys() -> None:
    """Refunds made elsewhere have no number of ours; a payment has none either."""
    for found in (notice(tradeState="REFUND_SUCCESS"), notice(refundPartnerOrderId="0101K1R1")):
        assert found.refund_no is None
        assert found.read_refund is None


def test_the_reply_is_signed() -> None:
    """``0000`` with the request's own fields, signed as values in ASCII order; ``retMsg`` is empty and not signed."""
    found = notice()
    reply = json.loads(found.success.body)
    sign = reply.pop("sign")
    assert (200, "application/json; charset=utf-8") == (found.success.status, found.success.headers["content-type"])
    assert {
        "funCode": "PayResultNotify",
        "orderDate": "20171101",
        "partnerOrderId": "0101K1",
        "reqDate": "20171101",
        "reqTime": "144420",
        "retCode": "0000",
        "retMsg": "",
    } == reply
    assert MERCHANT.public_key().verify("PayResultNotify|20171101|0101K1|20171101|144420|0000", sign)


def test_the_refusals_are_not_success() -> None:
    """Not our order: any other code than ``0000``, signed too. No notification at all: nothing of it is repeated."""
    failure = json.loads(notice().failure.body)
    refusal = json.loads(CODEC.notification_refusal().body)
    for reply in (failure, refusal):
        sign = reply.pop("sign")
        assert "0000" != reply["retCode"]
        assert reply["retMsg"]
        assert MERCHANT.public_key().verify(joined_values(reply), sign)
    assert "0101K1" == failure["partnerOrderId"]
    assert "" == refusal["partnerOrderId"]


def test_the_example_of_the_document_is_signed_so() -> None:
    """The signed text is ``k=v&k=v`` in ASCII order without what is empty, as 交易结果通知 prints it."""
    example = {
        "amount": "1",
        "deviceInfo": "P2L01000000F9000289",
        "deviceType": "POS",
        "funCode": "PayResultNotify",
        "merId": "41193697",
        "operatorId": "301xxx6",
        "orderDate": "20180329",
        "partnerOrderId": "88800Dxxx192486",
        "paySeq": "1755105xxx956105",
        "payType": "WX",
        "reqDate": "20180329",
        "reqTime": "172149",
        "shopNo": "",
        "tradeState": "TRADE_SUCCESS",
    }
    assert (
        "amount=1&deviceInfo=P2L01000000F9000289&deviceType=POS&funCode=PayResultNotify&merId=41193697&"
        "operatorId=301xxx6&orderDate=20180329&partnerOrderId=88800Dxxx192486&paySeq=1755105xxx956105&payType=WX&"
        "reqDate=20180329&reqTime=172149&tradeState=TRADE_SUCCESS"
    ) == joined_pairs(example)


def forged() -> list[HttpResponse]:
    """Everything that is not a notification of the platform."""
    fields = json.loads(notified().body)
    values_signed = {name: value for name, value in fields.items() if name != "sign"}
    return [
        HttpResponse(200, b""),
        HttpResponse(200, b"sign=1"),
        response({**fields, "amount": "1"}),
        response({**fields, "sign": None}),
        response({**values_signed, "sign": STRANGER.sign(joined_pairs(values_signed))}),
        notified(funCode="Other"),
        notified(partnerOrderId=None),
        notified(partnerOrderId=5),
    ]


@pytest.mark.parametrize("request_", forged())
def test_a_forged_notification_is_none(request_: HttpResponse) -> None:
    """Changed, unsigned, signed by somebody else, of no order: not a notice."""
    assert CODEC.read_notification(request_, STAMP) is None
