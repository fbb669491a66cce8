"""No bytes raise out of the DaxPay codec, and none become money without signature, order and amount."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import Answer, HttpResponse
from posd.payment.verdicts import Closed, Declined, Paid, RefundDone, Refunded, RefundFailed, Unknown, Verdict
from tests.gateways.daxpay.support import CODEC, ORDER, REF, REFUND, STAMP, enveloped, order_data, refund_data, signed

READERS = (
    CODEC.pay(ORDER, STAMP).read,
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
NAMES = sorted({*order_data(), *refund_data(), "code", "msg", "errorMsg", "payBody", "resTime"})
WORDS = st.sampled_from(
    ["success", "progress", "close", "cancel", "fail", "refunded", "partial_refund", "no_refund", "0101K1", "0101K1R1"]
)
# Mostly the platform's own words in the platform's own fields: what nearly fits is more dangerous than noise.
DATA = st.dictionaries(st.sampled_from(NAMES), WORDS | st.sampled_from([0, 1, 250, 1250, "1250"]) | JSON)


def verdicts(response: HttpResponse) -> list[Verdict]:
    """What every reader makes of it."""
    answers: list[Answer[Verdict]] = [read(response) for read in READERS]
    return [answer.verdict for answer in answers]


@given(st.integers(100, 599), st.binary(max_size=400))
def test_bytes_prove_nothing(status: int, body: bytes) -> None:
    """Any status and any bytes: unknown, and a notification of them is none."""
    response = HttpResponse(status, body)
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(response))
    assert CODEC.read_notification(response, STAMP) is None
    assert not CODEC.call("queryPay", {}, STAMP).read(response).verdict.succeeded


@given(JSON)
def test_unsigned_json_proves_nothing(data: object) -> None:
    """Any JSON, inside the envelope and bare."""
    for response in (enveloped(data), HttpResponse(200, json.dumps(data).encode())):
        assert all(isinstance(verdict, Unknown) for verdict in verdicts(response))


@given(DATA, st.text(max_size=64))
def test_a_wrong_signature_proves_nothing(data: dict[str, object], sign: str) -> None:
    """The right words with a made-up signature."""
    response = enveloped({**data, "sign": sign})
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(response))
    assert CODEC.read_notification(HttpResponse(200, json.dumps({**data, "sign": sign}).encode()), STAMP) is None


@given(DATA)
def test_signed_data_is_money_only_for_this_order_and_amount(data: dict[str, object]) -> None:
    """Even rightly signed: no state of an order without its number and amount, none of a refund without its own."""
    response = enveloped(json.loads(json.dumps(signed(**data))))
    pay, query, cancel, refund, refund_query = verdicts(response)
    order_fits = data.get("bizOrderNo") == "0101K1"
    amount_fits = data.get("amount") in (1250, "1250")
    refund_fits = data.get("bizRefundNo") == "0101K1R1"
    assert not isinstance(pay, Paid | Refunded)
    assert order_fits or not isinstance(pay, Closed)
    assert (order_fits and amount_fits) or not isinstance(query, Paid | Closed | Refunded | Declined)
    assert not isinstance(cancel, Paid | Closed | Refunded | Declined)
    assert not isinstance(refund, RefundDone)
    done = isinstance(refund_query, RefundDone | RefundFailed)
    assert not done or (refund_fits and data.get("amount") in (250, "250"))
