"""No bytes raise out of the 惠商+ codec, and none become money without signature, order and amount."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import Answer, HttpResponse
from posd.gateways.signing import joined_pairs
from posd.payment.verdicts import Closed, Declined, Paid, RefundDone, Refunded, RefundFailed, Unknown, Verdict
from tests.gateways.umf_huishang.support import (
    CODEC,
    ORDER,
    PLATFORM,
    QR_ORDER,
    REF,
    REFUND,
    STAMP,
    STRANGER,
    paid_fields,
    response,
    signed,
)

READERS = (
    CODEC.pay(ORDER, STAMP).read,
    CODEC.pay(QR_ORDER, STAMP).read,
    CODEC.query(REF, STAMP).read,
    CODEC.cancel(REF, STAMP).read,
    CODEC.refund(REFUND, STAMP).read,
    CODEC.refund_query(REFUND, STAMP).read,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
NAMES = sorted({*paid_fields(), "retMsg", "status", "refundPartnerOrderId", "feeUrl", "tradeState", "promotionDetail"})
WORDS = st.sampled_from(
    [
        "0000",
        "3333",
        "01000000",
        "88881137",
        "88881220",
        "00060761",
        "订单已关闭",
        "余额不足",
        "0101K1",
        "0101K1R1",
        "1",
    ]
)
# Mostly the platform's own words in the platform's own fields: what nearly fits is more dangerous than noise.
DATA = st.dictionaries(st.sampled_from(NAMES), WORDS | st.sampled_from([0, 1, 250, 1250, "1250", "001250"]) | JSON)


def verdicts(answer: HttpResponse) -> list[Verdict]:
    """What every reader makes of it."""
    answers: list[Answer[Verdict]] = [read(answer) for read in READERS]
    return [each.verdict for each in answers]


@given(st.integers(100, 599), st.binary(max_size=400))
def test_bytes_prove_nothing(status: int, body: bytes) -> None:
    """Any status and any bytes: unknown, and a notification of them is none."""
    answer = HttpResponse(status, body)
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(answer))
    assert CODEC.read_notification(answer, STAMP) is None
    assert not CODEC.call("apisync", {}, STAMP).read(answer).verdict.succeeded
    assert not CODEC.harmless(STAMP).read(answer).verdict.succeeded


@given(JSON)
def test_unsigned_json_proves_nothing(data: object) -> None:
    """Any JSON."""
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(HttpResponse(200, json.dumps(data).encode())))


@given(DATA, st.text(max_size=64) | st.just(""))
def test_a_wrong_signature_proves_nothing(data: dict[str, object], sign: str) -> None:
    """The right words with a made-up signature, or with another merchant's."""
    data = json.loads(json.dumps(data))
    for answer in (response({**data, "sign": sign}), response({**data, "sign": STRANGER.sign(joined_pairs(data))})):
        assert all(isinstance(verdict, Unknown) for verdict in verdicts(answer))
        assert CODEC.read_notification(answer, STAMP) is None


@given(DATA)
def test_signed_data_is_money_only_for_this_order_and_amount(data: dict[str, object]) -> None:
    """Even rightly signed: no end of an order without its number and amount, none of a refund without its own."""
    data = json.loads(json.dumps(data))
    pay, show, sync, repeal, refund, refund_query = verdicts(response(signed(**data)))
    order_fits = data.get("partnerOrderId") == "0101K1"
    amount_fits = data.get("amount") in (1250, "1250", "001250")
    assert (order_fits and amount_fits) or not isinstance(pay, Paid)
    assert not isinstance(pay, Closed | Refunded)
    assert not isinstance(show, Paid | Closed | Refunded)
    assert (order_fits and amount_fits) or not isinstance(sync, Paid)
    ends = isinstance(sync, Closed | Declined)
    assert not ends or (order_fits and (amount_fits or data.get("amount") in (None, "")))
    assert not isinstance(sync, Refunded)
    assert not isinstance(repeal, Paid | Closed | Refunded | Declined)
    assert not isinstance(refund, RefundDone)
    named = data.get("refundPartnerOrderId") == "0101K1R1" or order_fits
    assert named or not isinstance(refund_query, RefundDone | RefundFailed)


@given(DATA)
def test_signed_notifications_are_money_only_for_this_order_and_amount(data: dict[str, object]) -> None:
    """The same for what comes unasked."""
    data = json.loads(json.dumps({**data, "funCode": "PayResultNotify"}))
    notice = CODEC.read_notification(response({**data, "sign": PLATFORM.sign(joined_pairs(data))}), STAMP)
    if notice is None:
        return
    verdict = notice.read(REF).verdict
    fits = data.get("partnerOrderId") == "0101K1" and data.get("amount") in (1250, "1250", "001250")
    assert fits or not isinstance(verdict, Paid | Closed | Declined)
    if notice.read_refund is not None:
        done = isinstance(notice.read_refund(REFUND).verdict, RefundDone | RefundFailed)
        assert not done or data.get("refundPartnerOrderId") == "0101K1R1"
