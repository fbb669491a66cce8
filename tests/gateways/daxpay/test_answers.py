"""What DaxPay's answers mean: every status, every code, every way in which an answer proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from posd.gateways.base import Answer, HttpResponse
from posd.gateways.daxpay.codec import DaxpayCodec
from posd.gateways.daxpay.codes import (
    ERROR_NUMBERS,
    ORDER_REFUND_STATUS,
    PAY_STATUS,
    PAY_SYNC_STATUS,
    REFUND_STATUS,
    REFUND_SYNC_STATUS,
)
from posd.payment.amounts import Amounts, Fen
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
    RefundDone,
    Refunded,
    RefundFailed,
    RefundProcessing,
    RefundVerdict,
    Refusal,
    Refused,
    Unknown,
    Verdict,
)
from tests.gateways.daxpay.support import (
    CODE,
    CODEC,
    ORDER,
    QR_ORDER,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
    answered,
    enveloped,
    order_data,
    refund_data,
    signed,
)

Read = Callable[[HttpResponse], Answer[Verdict]]

PAY: Read = CODEC.pay(ORDER, STAMP).read
PAY_QR: Read = CODEC.pay(QR_ORDER, STAMP).read
QUERY: Read = CODEC.query(REF, STAMP).read
CANCEL: Read = CODEC.cancel(REF, STAMP).read
REFUND_CALL: Read = CODEC.refund(REFUND, STAMP).read
REFUND_QUERY: Read = CODEC.refund_query(REFUND, STAMP).read
READERS = {
    "pay": PAY,
    "query": QUERY,
    "cancel": CANCEL,
    "refund": REFUND_CALL,
    "refund query": REFUND_QUERY,
}

PAID = Paid(
    Amounts.undiscounted(Fen(1250)),
    trade_no="DEVP24051020531763000004",
    channel_trade_no="4200002792202509233617110129",
    paid_at="1715576190",
)
UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)


# --- what proves nothing, whatever was asked --------------------------------------------------------------------------


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("response", "doubt"),
    [
        (HttpResponse(500, b"Internal Server Error"), Doubt.HTTP_STATUS),
        (replace(answered(**order_data()), status=201), Doubt.HTTP_STATUS),
        (HttpResponse(200, b""), Doubt.BROKEN_BODY),
        (HttpResponse(200, b"<html>502</html>"), Doubt.BROKEN_BODY),
        (HttpResponse(200, b'[{"data":{}}]'), Doubt.BROKEN_BODY),
        (HttpResponse(200, b'{"data":{},"data":{}}'), Doubt.BROKEN_BODY),
        (HttpResponse(200, b"\xff\xfe"), Doubt.BROKEN_BODY),
        (enveloped(None, 20052, "签名错误"), Doubt.BAD_SIGNATURE),
        (enveloped("text"), Doubt.BAD_SIGNATURE),
        (enveloped({"code": 0, **order_data()}), Doubt.BAD_SIGNATURE),
        (enveloped({"code": 0, **order_data(), "sign": "0" * 64}), Doubt.BAD_SIGNATURE),
        (enveloped({"code": 0, **order_data(), "sign": 7}), Doubt.BAD_SIGNATURE),
        (answered(replace(SETTINGS, sign_type="MD5"), **order_data()), Doubt.BAD_SIGNATURE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_proof(read: Read, response: HttpResponse, doubt: Doubt) -> None:
    """No 200, no body, no signed data: unknown, never a failure."""
    assert Unknown(doubt) == read(response).verdict


def test_a_signature_counts_in_its_own_case_only() -> None:
    """The platform compares exactly, and so do we."""
    data = signed(code=0, **order_data())
    data["sign"] = str(data["sign"]).upper()
    assert Unknown(Doubt.BAD_SIGNATURE) == QUERY(enveloped(data)).verdict


def test_one_changed_field_breaks_the_signature() -> None:
    """Whatever is signed cannot be changed, and an extra field is signed as well."""
    data = signed(code=0, **order_data())
    assert Unknown(Doubt.BAD_SIGNATURE) == QUERY(enveloped({**data, "amount": 1})).verdict
    assert Unknown(Doubt.BAD_SIGNATURE) == QUERY(enveloped({**data, "extra": "1"})).verdict


def test_the_refusal_outside_the_data_is_told() -> None:
    """A request that is turned away has no data; the timeline still says what the platform said."""
    evidence = QUERY(enveloped(None, 20052, "签名错误")).evidence
    assert ("20052", "签名错误") == (evidence.gateway_code, evidence.gateway_message)


def test_the_published_answer_is_signed_rightly() -> None:
    """退款同步接口, 响应参数(成功): its signature holds under the published secret."""
    body = (
        b'{"msg":"success","code":0,"data":{"status":"pay_not_found","code":0,"resTime":1715576198,'
        b'"sign":"913e925dcda0f68787b8ade8c0c34064a0b71cd008ba3377b42333c0da0c9df9"},"traceId":"sIV4zJVhZ4Uz"}'
    )
    result = CODEC.call("syncRefund", {"refundNo": "DEVR24051020531763000004"}, STAMP).read(HttpResponse(200, body))
    assert result.verdict.verified is True
    assert "pay_not_found" == result.verdict.fields["status"]
    assert result.verdict.succeeded


# --- pay --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("progress", Pending()),
        ("success", UNCLEAR),
        ("refunding", UNCLEAR),
        ("partial_refund", UNCLEAR),
        ("refunded", UNCLEAR),
        ("close", Closed()),
        ("cancel", Closed()),
        ("fail", Declined(Reason.DECLINED)),
        ("timeout", UNCLEAR),
        ("", UNCLEAR),
        (None, UNCLEAR),
        (0, UNCLEAR),
    ],
)
def test_pay_status(status: object, expected: PaymentVerdict) -> None:
    """Every status of a pay answer; "success" names no amount, so the query has the last word."""
    response = answered(bizOrderNo="0101K1", orderNo="DEVP1", status=status)
    assert expected == PAY(response).verdict


def test_a_pay_answer_that_says_paid_is_told_and_not_believed() -> None:
    """The note says why a paid order is asked about once more."""
    evidence = PAY(answered(bizOrderNo="0101K1", status="success")).evidence
    assert "success" == evidence.gateway_code
    assert "amount" in (evidence.note or "")


def test_the_qr_code_comes_with_the_pending_order() -> None:
    """``payBody`` is what the customer scans; without it there is nothing to show."""
    shown = answered(bizOrderNo="0101K1", status="progress", payBody="weixin://wxpay/bizpayurl?pr=1")
    assert Pending(qr_code="weixin://wxpay/bizpayurl?pr=1") == PAY_QR(shown).verdict
    assert Pending() == PAY(shown).verdict
    assert UNCLEAR == PAY_QR(answered(bizOrderNo="0101K1", status="progress")).verdict


def test_a_bar_code_is_refused_in_the_customers_words() -> None:
    """The reason is read from the message where it is clear."""
    response = answered(bizOrderNo="0101K1", status="fail", errorMsg="余额不足")
    assert Declined(Reason.INSUFFICIENT_FUNDS) == PAY(response).verdict


@pytest.mark.parametrize("data", [{}, {"bizOrderNo": "0101K1"}, {"msg": "支付出现异常"}], ids=str)
def test_success_without_a_status_may_have_happened(data: dict[str, object]) -> None:
    """After an inner exception the platform answers code 0 and no status: unknown, so it is asked."""
    assert UNCLEAR == PAY(answered(**data)).verdict


def test_an_answer_for_another_order_is_a_mismatch() -> None:
    """Rightly signed for somebody else's order: a person should look at it."""
    response = answered(bizOrderNo="0101K2", status="success")
    assert Unknown(Doubt.MISMATCH) == PAY(response).verdict


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("支付金额超过限额", Declined(Reason.LIMIT_EXCEEDED)),
        ("正在支付中，请勿重复支付", UNCLEAR),
        ("已经支付成功，请勿重新支付", UNCLEAR),
        ("支付失败或已经被关闭", UNCLEAR),
        ("操作超过时间", UNCLEAR),
        ("余额不足", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_refused_pay_by_words(message: str | None, expected: PaymentVerdict) -> None:
    """Code 1 says nothing; only the limit is checked before an order is made."""
    assert expected == PAY(answered(code=1, msg=message)).verdict
    assert expected == PAY(answered(code="1", msg=message)).verdict


@pytest.mark.parametrize("number", ERROR_NUMBERS)
def test_refused_pay_by_number(number: str) -> None:
    """Every number of the error table: a refused request is final, whatever may concern an order is not."""
    rejected = {"20011", "20012", "20013", "20021", "20022", "20023", "20024", "20030", "20051", "20052"}
    expected: PaymentVerdict = UNCLEAR
    if number in rejected:
        expected = Declined(Reason.GATEWAY_REJECTED)
    elif number == "20060":
        expected = Declined(Reason.LIMIT_EXCEEDED)
    answer = PAY(answered(code=int(number), msg="x"))
    assert (expected, number) == (answer.verdict, answer.evidence.gateway_code)


def test_the_code_never_shows_in_an_answer() -> None:
    """A platform that repeats the customer's code in its complaint does not bring it into the timeline."""
    answer = PAY(answered(code=1, msg=f"付款码{CODE}无效"))
    assert CODE not in repr(answer)
    assert "13" in (answer.evidence.gateway_message or "")


# --- query ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PAID),
        ({"refundStatus": None}, PAID),
        ({"refundStatus": "refunding", "refundableBalance": 0}, PAID),
        ({"status": "refunding"}, PAID),
        ({"refundStatus": "partial_refund", "refundableBalance": 1000}, Fen(250)),
        ({"status": "partial_refund", "refundableBalance": 1000}, Fen(250)),
        ({"status": "partial_refund", "refundableBalance": None}, Fen(0)),
        ({"status": "partial_refund", "refundableBalance": 2000}, Fen(0)),
        ({"refundStatus": "refunded", "refundableBalance": 0}, Refunded()),
        ({"status": "refunded"}, Refunded()),
        ({"status": "progress"}, Pending()),
        ({"status": "close"}, Closed()),
        ({"status": "cancel"}, Closed()),
        ({"status": "fail"}, Declined(Reason.DECLINED)),
        ({"status": "fail", "errorMsg": "用户取消支付"}, Declined(Reason.USER_CANCELLED)),
        ({"status": "paid"}, UNCLEAR),
        ({"status": None}, UNCLEAR),
        ({"status": ["success"]}, UNCLEAR),
        ({"refundStatus": "gone"}, UNCLEAR),
        ({"refundStatus": 1}, UNCLEAR),
    ],
    ids=str,
)
def test_query_status(changes: dict[str, object], expected: PaymentVerdict | int) -> None:
    """Every status of an order and of its refund; part of the money gone back is still paid."""
    wanted = (
        expected
        if isinstance(expected, Verdict)
        else Paid(PAID.amounts, PAID.trade_no, PAID.channel_trade_no, PAID.paid_at, refunded=Fen(expected))
    )
    assert wanted == QUERY(answered(**order_data(**changes))).verdict


def test_every_status_of_the_tables_is_known_to_the_tests() -> None:
    """A status that is added to a table needs its row above."""
    assert set(PAY_STATUS) == {
        "progress", "success", "refunding", "partial_refund", "refunded", "close", "cancel", "fail",
    }  # fmt: skip
    assert set(ORDER_REFUND_STATUS) == {"no_refund", "refunding", "partial_refund", "refunded"}
    assert set(REFUND_STATUS) == {"success", "progress", "fail", "close"}
    assert not (PAY_SYNC_STATUS | REFUND_SYNC_STATUS) & (set(PAY_STATUS) | set(REFUND_STATUS))


@pytest.mark.parametrize("status", sorted(PAY_STATUS))
@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"amount": 1249}, Doubt.MISMATCH),
        ({"amount": 0}, Doubt.MISMATCH),
        ({"amount": -1250}, Doubt.UNCLEAR_CODE),
        ({"amount": 1250.0}, Doubt.UNCLEAR_CODE),
        ({"amount": True}, Doubt.UNCLEAR_CODE),
        ({"amount": None}, Doubt.UNCLEAR_CODE),
        ({"amount": "12.50"}, Doubt.UNCLEAR_CODE),
        ({"bizOrderNo": "0101K2"}, Doubt.MISMATCH),
        ({"bizOrderNo": None}, Doubt.UNCLEAR_CODE),
        ({"bizOrderNo": 1}, Doubt.UNCLEAR_CODE),
    ],
    ids=str,
)
def test_no_state_without_this_order_and_this_amount(status: str, changes: dict[str, object], doubt: Doubt) -> None:
    """Whatever the status says: another amount or order is a mismatch, none at all is no proof."""
    assert Unknown(doubt) == QUERY(answered(**order_data(status=status, **changes))).verdict


def test_an_amount_written_as_text_counts() -> None:
    """Zero-padded digits are the same number; the signature is over the text."""
    assert PAID == QUERY(answered(**order_data(amount="0001250"))).verdict


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (1, "支付订单不存在", NotFound()),
        ("1", "当前订单不存在", NotFound()),
        (1, "未查询到支付订单", NotFound()),
        (20041, "", NotFound()),
        (1, "请求过于频繁", Unknown(Doubt.TOO_OFTEN)),
        (1, "商户不存在", UNCLEAR),
        (1, "系统异常", UNCLEAR),
        (1, None, UNCLEAR),
        (30000, "未知错误", UNCLEAR),
        (None, "支付订单不存在", NotFound()),
    ],
)
def test_refused_query(code: object, message: str | None, expected: PaymentVerdict) -> None:
    """Only "no such order" is an answer; anything else leaves it open."""
    assert expected == QUERY(answered(code=code, msg=message)).verdict


# --- close and cancel -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (0, None, Accepted()),
        (1, "支付订单不存在", NotFound()),
        (1, "订单不是支付中, 无法进行关闭订单", Refused(Refusal.TOO_LATE)),
        (1, "订单不是支付中, 无法进行撤销订单", Refused(Refusal.TOO_LATE)),
        (20044, "", Refused(Refusal.TOO_LATE)),
        (20042, "", Refused(Refusal.TOO_LATE)),
        (1, "用户支付中，请稍后再试", Refused(Refusal.STILL_PAYING)),
        (1, "关闭订单失败", Refused(Refusal.OTHER)),
        (1, "支付订单已在撤销中，请勿重复发起", Refused(Refusal.OTHER)),
        (1, None, Refused(Refusal.OTHER)),
    ],
)
def test_cancel(code: int, message: str | None, expected: PaymentVerdict) -> None:
    """A cancel is never proof: its answer names no order, so the query has the last word."""
    assert expected == CANCEL(answered(code=code, msg=message)).verdict


# --- refunds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("success", RefundProcessing()),
        ("progress", RefundProcessing()),
        ("fail", RefundFailed()),
        ("close", RefundFailed()),
        ("done", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_refund_status(status: str | None, expected: RefundVerdict) -> None:
    """A refund's answer names no amount: "success" there is confirmed by a query."""
    response = answered(bizRefundNo="0101K1R1", refundNo="DEVR1", status=status)
    assert expected == REFUND_CALL(response).verdict


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("支付订单不存在", RefundFailed()),
        ("退款金额不能大于支付金额", RefundFailed()),
        ("当前支付单订状态[已关闭]不允许发起退款操作", RefundFailed()),
        ("只有失败状态的才可以重新发起退款", UNCLEAR),
        ("退款处理中，请勿重复操作", UNCLEAR),
        ("退款单号已存在", UNCLEAR),
        ("操作频繁", Unknown(Doubt.TOO_OFTEN)),
        ("系统异常", UNCLEAR),
    ],
)
def test_refused_refund(message: str, expected: RefundVerdict) -> None:
    """What may hide an earlier refund with the same number is unknown, so that it is asked about."""
    assert expected == REFUND_CALL(answered(code=1, msg=message)).verdict


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, RefundDone(Fen(250))),
        ({"bizOrderNo": None}, RefundDone(Fen(250))),
        ({"status": "progress"}, RefundProcessing()),
        ({"status": "fail"}, RefundFailed()),
        ({"status": "close"}, RefundFailed()),
        ({"status": "refund_success"}, UNCLEAR),
        ({"amount": 251}, Unknown(Doubt.MISMATCH)),
        ({"amount": None}, UNCLEAR),
        ({"bizRefundNo": "0101K1R2"}, Unknown(Doubt.MISMATCH)),
        ({"bizRefundNo": None}, UNCLEAR),
        ({"bizOrderNo": "0101K2"}, Unknown(Doubt.MISMATCH)),
    ],
    ids=str,
)
def test_refund_query(changes: dict[str, object], expected: RefundVerdict) -> None:
    """Done only for this refund, this order and this amount."""
    assert expected == REFUND_QUERY(answered(**refund_data(**changes))).verdict


@pytest.mark.parametrize(
    ("message", "expected"),
    [("退款订单不存在", NotFound()), ("操作频繁", Unknown(Doubt.TOO_OFTEN)), ("系统异常", UNCLEAR)],
)
def test_refused_refund_query(message: str, expected: RefundVerdict) -> None:
    """A plain "no such refund" is an answer; anything else leaves it open."""
    assert expected == REFUND_QUERY(answered(code=1, msg=message)).verdict


# --- calls by hand ----------------------------------------------------------------------------------------------------


def test_a_call_tells_what_came_and_whether_it_holds() -> None:
    """Signed data is given as it came; an unsigned refusal is given too, and says that nobody signed it."""
    read = CODEC.call("queryPay", {"bizOrderNoeNo": "0101K1"}, STAMP).read
    result = read(answered(**order_data())).verdict
    assert (True, True, 1250) == (result.verified, result.succeeded, result.fields["amount"])
    result = read(enveloped(None, 20052, "签名错误")).verdict
    assert (None, False, "签名错误") == (result.verified, result.succeeded, result.fields["msg"])
    result = read(enveloped({"status": "success", "sign": "0"})).verdict
    assert (False, False) == (result.verified, result.succeeded)
    result = read(HttpResponse(502, b"")).verdict
    assert (None, False, {}) == (result.verified, result.succeeded, result.fields)


def test_the_harmless_call_is_content_with_a_signed_no() -> None:
    """A plain "no such order", rightly signed, proves keys, clock and network; an unsigned one proves nothing."""
    read = CODEC.harmless(STAMP).read
    assert read(answered(code=1, msg="支付订单不存在")).verdict.succeeded
    assert not read(answered(code=1, msg="系统异常")).verdict.succeeded
    assert not read(enveloped(None, 20052, "签名错误")).verdict.succeeded
    assert not CODEC.call("queryPay", {}, STAMP).read(answered(code=1, msg="支付订单不存在")).verdict.succeeded


def test_a_call_hides_the_code_it_sent() -> None:
    """The complaint of a pay call by hand does not repeat the code either."""
    read = CODEC.call("pay", {"authCode": CODE}, STAMP).read
    assert CODE not in repr(read(answered(code=1, msg=f"{CODE} 错误")).evidence)


def test_md5_answers_are_read() -> None:
    """A platform that is set to MD5 signs with MD5."""
    settings = replace(SETTINGS, sign_type="MD5")
    assert PAID == DaxpayCodec(settings).query(REF, STAMP).read(answered(settings, **order_data())).verdict
