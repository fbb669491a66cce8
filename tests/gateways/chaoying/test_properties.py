"""No bytes raise out of the codec, or end anything without a valid signature, this order and this amount."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import FaceAuthRequest, HttpResponse
from posd.gateways.chaoying import codes
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Declined, NotFound, Paid, Pending, RefundDone, Unknown
from tests.gateways.chaoying.support import (
    CODEC,
    FACE_ORDER,
    ORDER,
    PAID,
    QR_ORDER,
    REF,
    REFUND,
    RETURNED,
    STAMP,
    SUCCESS,
    entry,
    listed,
    says,
    sign,
    signed,
    unsigned,
)

Read = Callable[[HttpResponse], Any]
READS: dict[str, Read] = {
    "pay": CODEC.pay(ORDER, STAMP).read,
    "facepay": CODEC.pay(FACE_ORDER, STAMP).read,
    "query": CODEC.query(REF, STAMP).read,
    "cancel": CODEC.cancel(REF, STAMP).read,
    "refund": CODEC.refund(REFUND, STAMP).read,
    "refundquery": CODEC.refund_query(REFUND, STAMP).read,
    "getfaceauth": CODEC.face_auth(FaceAuthRequest(Wallet.WECHAT, "1", "raw"), STAMP).read,
}
PREORDER: Read = CODEC.pay(QR_ORDER, STAMP).read
CALL: Read = CODEC.harmless(STAMP).read
EVERY = pytest.mark.parametrize("read", [*READS.values(), PREORDER, CALL], ids=[*READS, "preorder", "call"])
SIGNED = pytest.mark.parametrize("read", READS.values(), ids=READS)

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(sorted({*PAID, *RETURNED, *listed(), "sign", "code_url", "authinfo", "expires_in"}))
_words = st.sampled_from(
    ["SUCCESS", "FAIL", "VER", "REFUND", "NEED_QUERY", "PROCESSING", *sorted(codes.ALL), *map(str, PAID.values())]
)
_answers = st.dictionaries(_names, _words | _values)


@EVERY
@given(body=st.binary(), status=st.sampled_from([200, 500]))
def test_any_bytes(read: Read, body: bytes, status: int) -> None:
    """Any bytes prove nothing, and raise nothing."""
    answer = read(HttpResponse(status, body))
    assert isinstance(answer.verdict, Unknown) or not answer.verdict.succeeded


@EVERY
@given(fields=_answers)
def test_any_json(read: Read, fields: dict[str, object]) -> None:
    """Any object in the platform's own words, in any types, raises nothing; unsigned it proves nothing."""
    answer = read(HttpResponse(200, json.dumps(fields).encode()))
    if read is PREORDER and "sign" not in fields:
        assert isinstance(answer.verdict, Unknown | Pending)
    elif read is not CALL:
        assert isinstance(answer.verdict, Unknown)


@EVERY
@given(fields=_answers)
def test_any_signed_json(read: Read, fields: dict[str, object]) -> None:
    """Rightly signed nonsense raises nothing, and pays nothing but this order at this amount."""
    fields = {name: value for name, value in fields.items() if name != "sign" and isinstance(value, str)}
    verdict = read(signed(fields)).verdict
    if isinstance(verdict, Paid):
        assert (ORDER.order_no, "1250") == (fields["out_trade_no"], fields["base_fee"])
        assert verdict.amounts.amount == ORDER.amount
    if isinstance(verdict, RefundDone):
        assert (REFUND.refund_no, "500") == (fields["out_refund_no"], fields["base_refund_fee"])


FINAL = [
    PAID,
    SUCCESS,
    RETURNED,
    listed(entry("SUCCESS")),
    *(says(code, "", None, "FAIL") for code in sorted(codes.ALL)),
]


@SIGNED
@given(fields=st.sampled_from(FINAL), name=_names, value=_texts)
def test_one_field_forged(read: Read, fields: dict[str, object], name: str, value: str) -> None:
    """A true answer in which one field was changed afterwards is not believed."""
    forged = {**fields, "sign": sign(fields), name: value}
    if forged.get(name) == fields.get(name) or (name == "sign" and value.upper() == sign(fields)):
        return
    if not value and not fields.get(name) and name != "sign":
        return  # an empty field is as good as none: it is not signed
    assert isinstance(read(unsigned(forged)).verdict, Unknown)


@SIGNED
@given(fields=st.sampled_from(FINAL), cut=st.integers(0, 400), put=st.binary(max_size=3))
def test_bytes_damaged_on_the_way(read: Read, fields: dict[str, object], cut: int, put: bytes) -> None:
    """A true answer with bytes cut out or put in either says the same, or proves nothing."""
    whole = signed(fields)
    damaged = whole.body[:cut] + put + whole.body[cut + len(put) :]
    verdict = read(HttpResponse(200, damaged)).verdict
    assert isinstance(verdict, Unknown) or verdict == read(whole).verdict


@SIGNED
@given(fields=st.sampled_from(FINAL))
def test_cut_short(read: Read, fields: dict[str, object]) -> None:
    """No beginning of an answer is an answer."""
    body = signed(fields).body
    for end in range(0, len(body), 7):
        assert isinstance(read(HttpResponse(200, body[:end])).verdict, Unknown)


def test_only_a_signed_answer_declines_or_denies() -> None:
    """The same words without a signature neither fail a payment nor say that it is not there."""
    for code in sorted(codes.ALL):
        for state in ("SUCCESS", "FAIL", "VER"):
            fields = says(code, "订单不存在", None, state)
            for read in READS.values():
                assert isinstance(read(unsigned(fields)).verdict, Unknown)
    assert isinstance(READS["pay"](signed(says("20005", "", None, "FAIL"))).verdict, Declined)
    assert isinstance(READS["query"](signed(says("20007", "", None, "FAIL"))).verdict, NotFound)
