"""Chaoying's notifications: what is believed, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import HttpResponse, Notice
from posd.payment.amounts import Amounts, Fen
from posd.payment.verdicts import Doubt, Paid, PaymentVerdict, Unknown
from tests.gateways.chaoying.support import CODEC, NOTICE, ORDER, REF, STAMP, notified, sign


def notice(fields: Mapping[str, object]) -> Notice:
    """A rightly signed notification."""
    read = CODEC.read_notification(notified(fields), STAMP)
    assert read is not None
    return read


def told(fields: Mapping[str, object]) -> PaymentVerdict:
    """What it says of our order."""
    return notice(fields).read(REF).verdict


def test_paid() -> None:
    """total_fee is what was due here, coupon_fee what was given off; success is the platform's own word."""
    read = notice(NOTICE)
    paid = read.read(REF).verdict
    assert isinstance(paid, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == paid.amounts
    assert ("199520439266201804177199552446", "2018041721001004870537670226") == (paid.trade_no, paid.channel_trade_no)
    assert (ORDER.order_no, None, None) == (read.order_no, read.refund_no, read.read_refund)
    assert (200, b"success") == (read.success.status, read.success.body)
    assert (200, b"fail") == (read.failure.status, read.failure.body)
    assert read.failure == CODEC.notification_refusal()


def test_paid_with_alipay() -> None:
    """支付宝预下单结果通知: other fields, no coupon_fee; its encoded text and address are signed as they are meant."""
    alipay = {name: value for name, value in NOTICE.items() if name != "coupon_fee"} | {
        "buyer_logon_id": "13800000000@qq.com",
        "buyer_user_id": "2088822494428000",
        "fund_bill_list": '[{"amount":"12.50","fundChannel":"ALIPAYACCOUNT"}]',
        "device_info": "",
    }
    paid = told(alipay)
    assert isinstance(paid, Paid)
    assert Amounts.undiscounted(Fen(1250)) == paid.amounts
    assert alipay["fund_bill_list"] == dict(paid.details)["fund_bill_list"]
    assert "138" not in repr(paid)


def test_amounts_as_answers_have_them() -> None:
    """An edition that sends base_fee here too means the same as in its answers."""
    paid = told(NOTICE | {"base_fee": "1250", "total_fee": "1000"})
    assert isinstance(paid, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == paid.amounts


@pytest.mark.parametrize(
    ("fields", "doubt"),
    [
        ({"total_fee": "1251"}, Doubt.MISMATCH),
        ({"total_fee": "1000"}, Doubt.MISMATCH),
        ({"coupon_fee": "1251"}, Doubt.MISMATCH),
        ({"total_fee": ""}, Doubt.BROKEN_BODY),
        ({"total_fee": "12.50"}, Doubt.BROKEN_BODY),
        ({"coupon_fee": "x"}, Doubt.MISMATCH),
        ({"fee_type": "USD"}, Doubt.MISMATCH),
        ({"pay_result": "1"}, Doubt.UNCLEAR_CODE),
        ({"pay_result": ""}, Doubt.UNCLEAR_CODE),
        ({"result_code": "FAIL"}, Doubt.UNCLEAR_CODE),
        ({"state": "FAIL"}, Doubt.UNCLEAR_CODE),
        ({"state": ""}, Doubt.UNCLEAR_CODE),
    ],
    ids=str,
)
def test_not_paid(fields: dict[str, str], doubt: Doubt) -> None:
    """Another amount, a failed attempt, no success: nothing is known, and nothing has failed."""
    assert Unknown(doubt) == told(NOTICE | fields)


def test_another_order_of_ours() -> None:
    """The notice names its order; read against another one it proves nothing."""
    other = NOTICE | {"out_trade_no": "010120261120100001"}
    assert "010120261120100001" == notice(other).order_no
    assert Unknown(Doubt.MISMATCH) == told(other)
    assert Unknown(Doubt.MISMATCH) == notice(NOTICE).read(replace(REF, amount=Fen(1251))).verdict


@pytest.mark.parametrize(
    "request_",
    [
        notified(NOTICE, "another key"),
        notified(NOTICE | {"mch_id": "00000002"}),
        notified({name: value for name, value in NOTICE.items() if name != "mch_id"}),
        notified({name: value for name, value in NOTICE.items() if name != "out_trade_no"}),
        HttpResponse(200, notified(NOTICE).body.replace(b"1250", b"1251")),
        HttpResponse(200, notified(NOTICE).body + b"&total_fee=1250"),
        HttpResponse(200, notified(NOTICE).body + b"&extra=1"),
        HttpResponse(200, notified(NOTICE).body.split(b"&sign=")[0]),
        HttpResponse(200, notified(NOTICE).body.split(b"&sign=")[0] + b"&sign="),
        HttpResponse(200, b""),
        HttpResponse(200, b'{"out_trade_no": "010120261120100000"}'),
        HttpResponse(200, b"\xff=\xff"),
    ],
    ids=[
        "key",
        "merchant",
        "no merchant",
        "no order",
        "tampered",
        "twice",
        "added",
        "unsigned",
        "empty sign",
        "",
        "JSON",
        "bytes",
    ],
)
def test_what_is_no_notice(request_: HttpResponse) -> None:
    """Forged, for another merchant of the same agent, not readable: it is refused and means nothing."""
    assert CODEC.read_notification(request_, STAMP) is None


def test_new_fields_are_signed_too() -> None:
    """接口可能增加字段，验证签名时必须支持增加的扩展字段."""
    assert isinstance(told(NOTICE | {"new_field": "x y&z=1+中"}), Paid)


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    """Any bytes at all are no notice, and no exception."""
    assert CODEC.read_notification(HttpResponse(200, body), STAMP) is None


@given(st.sampled_from(sorted(NOTICE)), st.text(), st.booleans())
def test_one_field_changed(name: str, value: str, resign: bool) -> None:
    """Signed again or not: paid only if it still is this order, this amount and a success."""
    fields = NOTICE | {name: value}
    body = notified(fields).body if resign else notified(NOTICE).body
    if not resign:
        body = notified(fields | {"sign": sign(NOTICE)}).body.rsplit(b"&sign=", 1)[0]
    read = CODEC.read_notification(HttpResponse(200, body), STAMP)
    if read is None:
        return
    paid = read.read(REF).verdict
    if isinstance(paid, Paid):
        assert (ORDER.order_no, "0") == (fields["out_trade_no"], fields["pay_result"])
        assert ORDER.amount == paid.amounts.amount
