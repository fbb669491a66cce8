"""No bytes raise out of the UMF SP codec, and none become money without signature, order and amount."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import Answer, FaceAuth, FaceAuthRequest, HttpResponse
from posd.gateways.signing import joined_values
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Closed, Declined, Paid, RefundDone, Refunded, RefundFailed, Unknown
from tests.gateways.umf_sp.support import (
    CODEC,
    ORDER,
    PAID_REF,
    PLATFORM,
    REF,
    REFUND,
    STAMP,
    STRANGER,
    UNPAID_REF,
    form,
    paid_fields,
    response,
    signed,
)

READERS = (
    CODEC.pay(ORDER, STAMP).read,
    CODEC.query(REF, STAMP).read,
    CODEC.cancel(PAID_REF, STAMP).read,
    CODEC.cancel(UNPAID_REF, STAMP).read,
    CODEC.refund(REFUND, STAMP).read,
    CODEC.refund_query(REFUND, STAMP).read,
    CODEC.face_auth(FaceAuthRequest(Wallet.WECHAT, "device-1", "rdzIw3JD"), STAMP).read,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
NAMES = sorted({*paid_fields(), "orderNo", "authinfo", "expiresIn"})
WORDS = st.sampled_from(["00", "01", "02", "03", "04", "06", "14", "15", "17", "35", "0101K1", "0101K1R1", "支付成功"])
# Mostly the platform's own words in the platform's own fields: what nearly fits is more dangerous than noise.
DATA = st.dictionaries(st.sampled_from(NAMES), WORDS | st.sampled_from([0, 1, 250, 1250, "1250"]) | JSON)
NOTICE_NAMES = ["orderNo", "txnAmt", "payAmt", "notifyType", "refundOrderNo", "transIndex", "couponInfo"]
NOTICE = st.dictionaries(
    st.sampled_from(NOTICE_NAMES), st.sampled_from(["0101K1", "0101K1R1", "1", "2", "3", "250", "1250"]) | st.text()
)


def verdicts(answer: HttpResponse) -> list[object]:
    """What every reader makes of it."""
    answers: list[Answer[object]] = [read(answer) for read in READERS]
    return [each.verdict for each in answers]


@given(st.integers(100, 599), st.binary(max_size=400))
def test_bytes_prove_nothing(status: int, body: bytes) -> None:
    """Any status and any bytes: unknown, and a notification of them is none."""
    answer = HttpResponse(status, body)
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(answer))
    assert CODEC.read_notification(answer, STAMP) is None
    assert not CODEC.call("queryOrder", {}, STAMP).read(answer).verdict.succeeded
    assert not CODEC.harmless(STAMP).read(answer).verdict.succeeded


@given(JSON)
def test_unsigned_json_proves_nothing(data: object) -> None:
    """Any JSON."""
    assert all(isinstance(verdict, Unknown) for verdict in verdicts(HttpResponse(200, json.dumps(data).encode())))


@given(DATA, st.text(max_size=64) | st.just(""))
def test_a_wrong_signature_proves_nothing(data: dict[str, object], sign: str) -> None:
    """The right words with a made-up signature, or with another merchant's."""
    data = json.loads(json.dumps(data))
    for answer in (response({**data, "signature": sign}), response(signed(STRANGER, **data))):
        assert all(isinstance(verdict, Unknown) for verdict in verdicts(answer))


@given(DATA)
def test_signed_data_is_money_only_for_this_order_and_amount(data: dict[str, object]) -> None:
    """Even rightly signed: paid only with the amount, nothing with a number or an amount that is another's."""
    data = json.loads(json.dumps(data))
    pay, query, cancel, close, refund, refund_query, face = verdicts(response(signed(**data)))
    number, amount = data.get("orderNo"), data.get("txnAmt")
    other = number not in (None, "", "0101K1") or amount not in (None, "", 1250, "1250")
    assert not other or not isinstance(pay, Paid | Closed | Declined)
    assert not other or not isinstance(query, Paid | Closed | Declined)
    assert amount in (1250, "1250") or not isinstance(pay, Paid)
    assert amount in (1250, "1250") or not isinstance(query, Paid)
    for undone in (cancel, close):
        assert not isinstance(undone, Paid | Refunded | Declined)
        assert not other or not isinstance(undone, Closed)
    assert not isinstance(refund, RefundDone)
    others = number not in (None, "", "0101K1R1") or amount not in (None, "", 250)
    assert not others or not isinstance(refund_query, RefundDone | RefundFailed)
    assert isinstance(face, FaceAuth | Unknown)


@given(NOTICE)
def test_signed_notifications_are_money_only_for_this_order_and_amount(data: dict[str, str]) -> None:
    """The same for what comes unasked."""
    fields = {"acqSpId": "Y471790403", "acqMerId": "41509208", **data}
    notice = CODEC.read_notification(form({**fields, "sign": PLATFORM.sign(joined_values(fields))}), STAMP)
    assert CODEC.read_notification(form({**fields, "sign": STRANGER.sign(joined_values(fields))}), STAMP) is None
    if notice is None:
        return
    verdict = notice.read(REF).verdict
    fits = (data.get("orderNo"), data.get("txnAmt")) == ("0101K1", "1250")
    assert fits or not isinstance(verdict, Paid | Closed | Declined)
    if notice.read_refund is not None:
        assert not isinstance(notice.read_refund(REFUND).verdict, RefundDone | RefundFailed)
