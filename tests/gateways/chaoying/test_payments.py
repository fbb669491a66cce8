"""What Chaoying's answers mean for a payment: every code, every trade state, and everything that proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from posd.gateways.base import Answer, HttpResponse
from posd.gateways.chaoying import codes
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    Paid,
    PaymentVerdict,
    Pending,
    Reason,
    Refunded,
    Refusal,
    Refused,
    Unknown,
)
from tests.gateways.chaoying.support import (
    AUTH_CODE,
    CODEC,
    FACE_ORDER,
    KEY,
    ORDER,
    PAID,
    QR_ORDER,
    REF,
    STAMP,
    SUCCESS,
    says,
    sign,
    signed,
    unsigned,
)

Read = Callable[[HttpResponse], Answer[PaymentVerdict]]

PAY: Read = CODEC.pay(ORDER, STAMP).read
FACEPAY: Read = CODEC.pay(FACE_ORDER, STAMP).read
PREORDER: Read = CODEC.pay(QR_ORDER, STAMP).read
QUERY: Read = CODEC.query(REF, STAMP).read
CANCEL: Read = CODEC.cancel(REF, STAMP).read
ALL = pytest.mark.parametrize(
    "read", [PAY, FACEPAY, PREORDER, QUERY, CANCEL], ids=["pay", "face", "qr", "query", "cancel"]
)
PAYING = pytest.mark.parametrize("read", [PAY, FACEPAY, QUERY], ids=["pay", "face", "query"])

UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
MISMATCH = Unknown(Doubt.MISMATCH)
BROKEN = Unknown(Doubt.BROKEN_BODY)
REJECTED = Declined(Reason.GATEWAY_REJECTED)


def verdict(read: Read, fields: Mapping[str, object]) -> PaymentVerdict:
    """What a rightly signed answer means."""
    return read(signed(fields)).verdict


# --- paid -------------------------------------------------------------------------------------------------------------


@PAYING
def test_paid(read: Read) -> None:
    """base_fee was due, total_fee was paid, the rest was given off; what is worth keeping is kept, the payer is not."""
    answer = read(signed(PAID))
    paid = answer.verdict
    assert isinstance(paid, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == paid.amounts
    assert ("7551000001201706196281085687", "4005572001201706196460269701") == (paid.trade_no, paid.channel_trade_no)
    assert "20261120100003" == paid.paid_at
    assert {"promotion_detail": PAID["promotion_detail"], "coupon_fee": "250", "bank_type": "CFT"} == dict(paid.details)
    assert "oywgtuCJFeGzT" not in repr(answer)
    assert ("10000", "SUCCESS") == (answer.evidence.gateway_code, answer.evidence.gateway_message)


@PAYING
@pytest.mark.parametrize(
    "fields",
    [
        {"coupon_fee": ""},
        {"base_fee": "0000001250", "total_fee": "00001000"},
        {"base_fee": 1250, "total_fee": 1000, "coupon_fee": 250},
        {"fee_type": ""},
        {"an_extension": "of later editions", "nothing": None, "number": 7},
        {"out_transaction_id": "", "promotion_detail": ""},
    ],
    ids=["no coupon", "zero-padded", "numbers", "no currency", "new fields", "empty fields"],
)
def test_paid_in_other_words(read: Read, fields: dict[str, object]) -> None:
    """Amounts come as texts, padded or not, or as numbers; new fields are signed and otherwise ignored."""
    paid = verdict(read, PAID | fields)
    assert isinstance(paid, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == paid.amounts


@PAYING
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"out_trade_no": "010120261120100001"}, MISMATCH),
        ({"out_trade_no": 10120261120100000}, MISMATCH),
        ({"base_fee": "1251", "total_fee": "1001"}, MISMATCH),
        ({"base_fee": "12.50"}, MISMATCH),
        ({"base_fee": True}, MISMATCH),
        ({"total_fee": "1251", "coupon_fee": ""}, MISMATCH),
        ({"coupon_fee": "249"}, MISMATCH),
        ({"coupon_fee": "-250"}, MISMATCH),
        ({"fee_type": "USD"}, MISMATCH),
        ({"out_trade_no": ""}, BROKEN),
        ({"base_fee": ""}, BROKEN),
        ({"total_fee": ""}, BROKEN),
        ({"total_fee": "10.00"}, BROKEN),
        ({"total_fee": ["1000"]}, BROKEN),
        ({"trade_state": ""}, UNCLEAR),
        ({"trade_state": "FAIL"}, UNCLEAR),
        ({"trade_state": "success"}, UNCLEAR),
        ({"state": "FAIL"}, UNCLEAR),
        ({"code": "0"}, UNCLEAR),
        ({"code": ""}, UNCLEAR),
    ],
    ids=str,
)
def test_not_quite_paid(read: Read, fields: dict[str, object], expected: PaymentVerdict) -> None:
    """Another order, another amount, amounts that do not add up, a word that does not fit: not paid, and not failed."""
    assert expected == verdict(read, PAID | fields)


def test_a_success_of_another_call_is_not_paid() -> None:
    """What a cancel or a pre-order answers to say that it worked does not pay an order, though it is signed."""
    assert BROKEN == verdict(PAY, SUCCESS)
    assert BROKEN == verdict(QUERY, SUCCESS | {"mch_id": "00000001"})
    assert not isinstance(verdict(PREORDER, PAID), Paid)
    assert isinstance(verdict(CANCEL, PAID), Closed)


def test_a_number_is_a_code_too() -> None:
    """A platform that writes its code as a number is understood."""
    assert isinstance(verdict(PAY, PAID | {"code": 10000}), Paid)


def test_long_details_are_left_out() -> None:
    """A promotion of absurd length does not go into the journal in part."""
    paid = verdict(PAY, PAID | {"promotion_detail": "x" * 20_000})
    assert isinstance(paid, Paid)
    assert "promotion_detail" not in dict(paid.details)


# --- the tables -------------------------------------------------------------------------------------------------------

FITTING = {"10002": "REFUND", "10004": "FAIL", "10005": "FAIL", "10006": "FAIL"}


def fit(code: str) -> dict[str, object]:
    """The states with which a code comes."""
    state = "SUCCESS" if code.startswith("1") else "FAIL"
    return says(code, "", FITTING.get(code), state)


PAY_TABLE: dict[str, PaymentVerdict] = {
    "10001": Pending(),
    "10002": Refunded(),
    "10003": Pending(),
    "10004": Closed(),
    "10005": Closed(),
    "10006": Declined(Reason.DECLINED),
    **dict.fromkeys(["20002", "20004", "20005", "20012", "20013"], REJECTED),
    **dict.fromkeys(["20003", "20006", "20007", "20008", "20009", "20010", "20011", "30001"], UNCLEAR),
}
QUERY_TABLE: dict[str, PaymentVerdict] = {
    **PAY_TABLE,
    **{code: UNCLEAR for code, meaning in PAY_TABLE.items() if meaning == REJECTED},
    "20007": NotFound(),
}
CANCEL_TABLE: dict[str, PaymentVerdict] = {
    "10001": Refused(Refusal.STILL_PAYING),
    "10002": Refunded(),
    "10003": UNCLEAR,
    "10004": Closed(),
    "10005": Closed(),
    "10006": UNCLEAR,
    "20007": NotFound(),
    **dict.fromkeys(["20002", "20004", "20005", "20011", "20012", "20013"], Refused(Refusal.OTHER)),
    **dict.fromkeys(["20003", "20006", "20008", "20009", "20010", "30001"], UNCLEAR),
}


@pytest.mark.parametrize(("code", "expected"), [*PAY_TABLE.items()])
def test_every_code_of_pay(code: str, expected: PaymentVerdict) -> None:
    """1.3 code - 状态码, as the answer to a payment by code, by face and to a pre-order."""
    assert expected == verdict(PAY, fit(code))
    assert expected == verdict(FACEPAY, fit(code))
    assert set(PAY_TABLE) == set(codes.PAY)


@pytest.mark.parametrize(("code", "expected"), [*PAY_TABLE.items()])
def test_every_code_of_a_preorder(code: str, expected: PaymentVerdict) -> None:
    """The same table, but never without a signature."""
    assert expected == verdict(PREORDER, fit(code))
    assert UNCLEAR == PREORDER(unsigned(fit(code))).verdict


@pytest.mark.parametrize(("code", "expected"), [*QUERY_TABLE.items()])
def test_every_code_of_a_query(code: str, expected: PaymentVerdict) -> None:
    """1.3 code - 状态码, as the answer to 订单查询."""
    assert expected == verdict(QUERY, fit(code))
    assert set(QUERY_TABLE) == set(codes.QUERY)


@pytest.mark.parametrize(("code", "expected"), [*CANCEL_TABLE.items()])
def test_every_code_of_a_cancel(code: str, expected: PaymentVerdict) -> None:
    """1.3 code - 状态码, as the answer to 交易撤销; success closes what was unpaid and reverses what was paid."""
    assert expected == verdict(CANCEL, fit(code))
    assert Closed() == verdict(CANCEL, SUCCESS)
    assert {*CANCEL_TABLE, "10000"} == set(codes.CANCEL)


@ALL
@pytest.mark.parametrize("code", ["", "9", "10007", "20014", "30002", "SUCCESS", "1" * 40])
def test_a_code_that_no_document_knows(read: Read, code: str) -> None:
    """It is unknown, never a failure."""
    for state in ("SUCCESS", "FAIL"):
        for trade_state in (None, "SUCCESS", "FAIL", "REFUND"):
            assert UNCLEAR == verdict(read, says(code, "支付错误", trade_state, state))


@ALL
@pytest.mark.parametrize("code", ["10002", "10004", "10005", "10006"])
@pytest.mark.parametrize(
    ("state", "trade_state"), [("FAIL", None), ("FAIL", "FAIL"), ("SUCCESS", "SUCCESS"), ("VER", None), ("", "FAIL")]
)
def test_states_that_do_not_fit_a_code(read: Read, code: str, state: str, trade_state: str | None) -> None:
    """A code that ends something ends nothing when the two states contradict it.

    The document's own failure example writes 10002, 转入退款, where it means a wrong signature.
    """
    expected = REJECTED if (state, read) in [("VER", PAY), ("VER", FACEPAY), ("VER", PREORDER)] else UNCLEAR
    assert expected == verdict(read, says(code, "签名错误", trade_state, state))


@PAYING
@pytest.mark.parametrize("trade_state", ["NEED_QUERY", "PROCESSING"])
@pytest.mark.parametrize("code", ["10000", "10001", "10003", "10006", "20006", "20004", "77777"])
def test_waiting_is_waiting_whatever_the_code_says(read: Read, code: str, trade_state: str) -> None:
    """NEED_QUERY and PROCESSING decide nothing, so nothing is decided."""
    assert Pending() == verdict(read, says(code, "", trade_state))


@PAYING
def test_refunded_by_its_trade_state(read: Read) -> None:
    """A query that worked and says REFUND means the same as code 10002."""
    assert Refunded() == verdict(read, says("10000", "", "REFUND"))
    assert MISMATCH == verdict(read, says("10002", "", "REFUND") | {"out_trade_no": "010120261120100001"})
    assert MISMATCH == verdict(read, says("10002", "", "REFUND") | {"base_fee": "1"})


@pytest.mark.parametrize("read", [PAY, FACEPAY, PREORDER])
def test_a_version_that_is_too_low(read: Read) -> None:
    """VER: nothing was done with the request, so nobody was charged; to a query it says nothing of the order."""
    assert REJECTED == verdict(read, says("20004", "版本过低", None, "VER"))
    assert UNCLEAR == verdict(QUERY, says("20004", "版本过低", None, "VER"))


# --- what only the message tells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("支付错误: 余额不足，请换其它方式支付", Declined(Reason.INSUFFICIENT_FUNDS)),
        ("支付错误: 银行卡余额不足", Declined(Reason.INSUFFICIENT_FUNDS)),
        ("支付错误: 二维码已过期，请用户在微信上刷新后再试", Declined(Reason.CODE_EXPIRED)),
        ("101 每个二维码仅限使用一次，请刷新再试", Declined(Reason.CODE_USED)),
        ("支付错误: 授权码无效", Declined(Reason.CODE_INVALID)),
        ("用户取消支付", Declined(Reason.USER_CANCELLED)),
        ("支付错误", Declined(Reason.DECLINED)),
        ("支付错误: 系统超时", UNCLEAR),
        ("支付错误: 银行系统异常", UNCLEAR),
        ("支付错误: 网络异常，请稍后再试", UNCLEAR),
        ("支付错误: 状态未知", UNCLEAR),
    ],
)
def test_why_a_payment_was_declined(message: str, expected: PaymentVerdict) -> None:
    """Where the words name a reason it is that; where they blame the way to the bank, pay is not believed.

    A query speaks of the order as it stands, so its FAIL is one whatever the words.
    """
    assert expected == verdict(PAY, says("10006", message, "FAIL"))
    assert isinstance(verdict(QUERY, says("10006", message, "FAIL")), Declined)


@pytest.mark.parametrize(
    "message", ["参数错误: 商户订单号重复", "订单号已存在", "订单已支付", "Duplicate out_trade_no"]
)
@pytest.mark.parametrize("code", ["20004", "20005"])
def test_a_repeated_order_number_is_no_failure(code: str, message: str) -> None:
    """The order that has the number already may be paid: a query tells."""
    assert UNCLEAR == verdict(PAY, says(code, message, None, "FAIL"))
    assert REJECTED == verdict(PAY, says(code, "参数错误: body", None, "FAIL"))


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("20009", "交易查询错误: 查询过于频繁", Unknown(Doubt.TOO_OFTEN)),
        ("20006", "请求频率超限", Unknown(Doubt.TOO_OFTEN)),
        ("20009", "交易查询错误", UNCLEAR),
        ("20009", "交易查询错误: 订单不存在", NotFound()),
        ("20006", "订单不存在", UNCLEAR),
    ],
)
def test_what_a_query_says_in_words(code: str, message: str, expected: PaymentVerdict) -> None:
    """20009 has one code for being asked too often, for orders that are not there and for its own trouble."""
    assert expected == verdict(QUERY, says(code, message, None, "FAIL"))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("交易撤销错误: 用户支付中，请稍后再试", Refused(Refusal.STILL_PAYING)),
        ("需要用户输入密码", Refused(Refusal.STILL_PAYING)),
        ("请在支付15秒后撤销", Refused(Refusal.TOO_EARLY)),
        ("交易撤销错误: 超过5分钟，请调用退款接口", Refused(Refusal.TOO_LATE)),
        ("已超过撤销时限", Refused(Refusal.TOO_LATE)),
        ("交易撤销错误: 订单已转入退款", Refused(Refusal.OTHER)),
        ("交易撤销错误: 系统超时", Refused(Refusal.OTHER)),
        ("交易撤销错误", Refused(Refusal.OTHER)),
        ("请求过于频繁", Unknown(Doubt.TOO_OFTEN)),
    ],
)
def test_why_a_cancel_was_refused(message: str, expected: PaymentVerdict) -> None:
    """20011 says why in words only; what they do not name clearly is asked again, never refunded."""
    assert expected == verdict(CANCEL, says("20011", message, "FAIL", "FAIL"))


def test_a_cancel_that_is_under_way() -> None:
    """Taken and not done is no proof; still paying is a refusal; anything else that waits says nothing."""
    assert Accepted() == verdict(CANCEL, says("10000", "", "PROCESSING"))
    assert Refused(Refusal.STILL_PAYING) == verdict(CANCEL, says("10001", "", "NEED_QUERY"))
    assert UNCLEAR == verdict(CANCEL, says("20006", "", "PROCESSING"))
    assert UNCLEAR == verdict(CANCEL, says("10000", "SUCCESS"))
    assert Unknown(Doubt.TOO_OFTEN) == verdict(CANCEL, says("20006", "过于频繁", None, "FAIL"))


def test_a_cancel_names_our_order_or_none() -> None:
    """Later editions name the order in the answer; another one proves nothing of ours."""
    assert Closed() == verdict(CANCEL, SUCCESS | {"out_trade_no": ORDER.order_no})
    assert MISMATCH == verdict(CANCEL, SUCCESS | {"out_trade_no": "010120261120100001"})


# --- QR codes ---------------------------------------------------------------------------------------------------------

SHOWN = {**SUCCESS, "out_trade_no": ORDER.order_no, "code_url": "weixin://wxpay/bizpayurl?pr=T1"}


def test_a_code_to_show() -> None:
    """With a signature or without: only a query can make it paid."""
    expected = Pending("weixin://wxpay/bizpayurl?pr=T1")
    assert expected == PREORDER(signed(SHOWN)).verdict
    assert expected == PREORDER(unsigned(SHOWN)).verdict
    assert Unknown(Doubt.BAD_SIGNATURE) == PREORDER(signed(SHOWN, "another key")).verdict


@pytest.mark.parametrize("code_url", ["", None, 7, ["x"], "a b", "a\x1b[2J", "中", "x" * 600])
def test_a_code_that_cannot_be_shown(code_url: object) -> None:
    """Control characters, blanks and absurd lengths go to no screen and to no printer."""
    assert BROKEN == PREORDER(unsigned(SHOWN | {"code_url": code_url})).verdict


def test_a_code_for_another_order() -> None:
    """It is not shown; only a signed one is a matter for a person."""
    other = SHOWN | {"out_trade_no": "010120261120100001"}
    assert MISMATCH == PREORDER(signed(other)).verdict
    assert BROKEN == PREORDER(unsigned(other)).verdict


# --- what is not believed ---------------------------------------------------------------------------------------------

SIGNED_ONLY = pytest.mark.parametrize("read", [PAY, FACEPAY, QUERY, CANCEL], ids=["pay", "face", "query", "cancel"])
WORDS = [PAID, SUCCESS, *(fit(code) for code in PAY_TABLE)]


@SIGNED_ONLY
@pytest.mark.parametrize("fields", WORDS, ids=lambda fields: fields["code"])
def test_nothing_is_believed_without_its_signature(read: Read, fields: dict[str, object]) -> None:
    """Missing, empty, of another key, of another text, in place of a text: not a word of it counts."""
    right = sign(fields)
    for wrong in (None, "", sign(fields, "another key"), right[:-1], right + "0", "0" * 32, "中" * 32, [right], 1):
        answer = read(unsigned(fields if wrong is None else fields | {"sign": wrong}))
        assert Unknown(Doubt.BAD_SIGNATURE) == answer.verdict
        assert fields["code"] == answer.evidence.gateway_code
        assert answer.evidence.note in ("no sign", "sign does not hold")
    tampered = fields | {"sign": right, "out_trade_no": "0"}
    assert Unknown(Doubt.BAD_SIGNATURE) == read(unsigned(tampered)).verdict


def test_a_signature_in_lower_case_holds() -> None:
    """The vendor's own client compares without regard to case, so a platform may write either."""
    assert isinstance(PAY(unsigned(PAID | {"sign": sign(PAID).lower()})).verdict, Paid)


@ALL
@pytest.mark.parametrize("status", [0, 100, 201, 204, 301, 302, 400, 401, 404, 429, 500, 502, 503])
def test_any_other_http_status(read: Read, status: int) -> None:
    """Only 200 carries an answer, however well the body is signed."""
    answer = read(replace(signed(PAID), status=status))
    assert Unknown(Doubt.HTTP_STATUS) == answer.verdict
    assert status == answer.evidence.http_status


@ALL
@pytest.mark.parametrize("body", [b"", b"success", b"<html></html>", b"[]", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff"])
def test_a_broken_body(read: Read, body: bytes) -> None:
    """What is no object of JSON is no answer."""
    assert BROKEN == read(HttpResponse(200, body)).verdict


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_evidence_shows_no_credential() -> None:
    """A platform that repeats the code in its complaint does not get it into the journal."""
    answer = PAY(signed(says("10006", f"支付错误:\n授权码{AUTH_CODE}无效", "FAIL")))
    assert "支付错误: 授权码13************6789无效" == answer.evidence.gateway_message
    secret = Secret("face-code-of-many-letters")
    face = CODEC.pay(replace(FACE_ORDER, credential=secret), STAMP).read
    told = face(signed(says("20004", f"face_code {secret.reveal()}", None, "FAIL"))).evidence.gateway_message or ""
    assert secret.reveal() not in told
    unbelieved = face(unsigned(says("20004", secret.reveal()))).evidence.gateway_message or ""
    assert secret.reveal() not in unbelieved
    assert KEY not in repr(answer)
