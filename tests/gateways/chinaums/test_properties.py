"""No bytes raise out of the ChinaUMS codec, and none become money without the right order and amount."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import Answer, HttpResponse
from posd.payment.verdicts import Closed, Declined, Paid, RefundDone, Refunded, RefundFailed, Unknown, Verdict
from tests.gateways.chinaums.support import (
    CODEC,
    ORDER,
    QR_ORDER,
    QR_REF,
    QR_REFUND,
    REF,
    REFUND,
    STAMP,
    answered,
    found,
    netpay_found,
    netpay_refunded,
    paid,
    refund_found,
    with_signature,
)

PAYMENTS = {
    "pay": CODEC.pay(ORDER, STAMP).read,
    "query": CODEC.query(REF, STAMP).read,
    "void": CODEC.cancel(REF, STAMP).read,
    "precreate": CODEC.pay(QR_ORDER, STAMP).read,
    "netpay query": CODEC.query(QR_REF, STAMP).read,
    "close": CODEC.cancel(QR_REF, STAMP).read,
}
REFUNDS = {
    "refund": CODEC.refund(REFUND, STAMP).read,
    "refund query": CODEC.refund_query(REFUND, STAMP).read,
    "netpay refund": CODEC.refund(QR_REFUND, STAMP).read,
    "netpay refund query": CODEC.refund_query(QR_REFUND, STAMP).read,
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
NAMES = sorted(
    {
        name
        for response in (paid(), found(), refund_found(), netpay_found(), netpay_refunded())
        for name in json.loads(response.body)
    }
    | {"merchantOrderId", "refundRequestId", "qrCode", "errMsg"}
)
STATES = ("00", "SUCCESS", "0", "2", "3", "4", "5", "FF", "TRADE_SUCCESS", "TRADE_CLOSED", "TRADE_REFUND", "FAIL")
NUMBERS = ("31940101K1", "31940101K1R1", "31940101K2", "1250", "250", "NO_ORDER")
WORDS = st.sampled_from(STATES + NUMBERS)
# Mostly the platform's own words in the platform's own fields: what nearly fits is more dangerous than noise.
FIELDS = st.dictionaries(st.sampled_from(NAMES), WORDS | st.sampled_from([0, 1, 250, 1250]) | JSON)


def verdicts(response: HttpResponse) -> dict[str, Verdict]:
    """What every reader makes of it."""
    answers: dict[str, Answer[Verdict]] = {name: read(response) for name, read in (PAYMENTS | REFUNDS).items()}
    return {name: answer.verdict for name, answer in answers.items()}


@given(st.integers(100, 599), st.binary(max_size=400))
def test_bytes_prove_nothing(status: int, body: bytes) -> None:
    """Any status and any bytes: unknown, and a notification of them is none."""
    response = HttpResponse(status, body)
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(response).values())
    assert CODEC.read_notification(response, STAMP) is None
    assert not CODEC.call("netpay/query", {}, STAMP).read(response).verdict.succeeded


@given(FIELDS, st.sampled_from(["Signature", "AppId", "Nonce", "Timestamp"]), st.text(alphabet="aZ0=/", max_size=50))
def test_a_wrong_signature_proves_nothing(fields: dict[str, object], item: str, value: str) -> None:
    """Where an answer is signed, any wrong item of the header makes it worthless."""
    response = with_signature(answered(**fields), **{item: value})
    doubts = verdicts(response).values()
    assert all(isinstance(verdict, Unknown) for verdict in doubts)


@given(FIELDS)
def test_money_only_for_this_order_and_amount(fields: dict[str, object]) -> None:
    """No state of an order under another number or amount, none of a refund under another number."""
    found_verdicts = verdicts(answered(**fields))
    for name, number, total in (
        ("pay", "merchantOrderId", "transactionAmount"),
        ("query", "merchantOrderId", "originalTransactionAmount"),
        ("netpay query", "merOrderId", "totalAmount"),
    ):
        verdict = found_verdicts[name]
        assert fields.get(number) != "31940101K2" or not isinstance(verdict, Paid | Refunded | Closed | Declined)
        assert fields.get(total) in (1250, "1250") or not isinstance(verdict, Paid)
    assert not isinstance(found_verdicts["void"], Paid | Closed | Refunded | Declined)
    assert not isinstance(found_verdicts["close"], Paid | Closed | Refunded | Declined)
    assert not isinstance(found_verdicts["refund"], RefundDone)
    done = isinstance(found_verdicts["netpay refund query"], RefundDone | RefundFailed)
    assert not done or "31940101K1R1" in (fields.get("refundOrderId"), fields.get("merOrderId"))


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=8), st.text(max_size=64))
def test_a_forged_notification_is_none(fields: dict[str, str], sign: str) -> None:
    """Any form with a made-up signature."""
    body = urlencode({**fields, "merOrderId": "31940101K1", "sign": sign}, errors="replace").encode()
    assert CODEC.read_notification(HttpResponse(200, body), STAMP) is None
