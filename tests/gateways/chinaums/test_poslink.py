"""What poslink's answers mean: every result, and every way in which an answer proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from posd.gateways.base import Answer, HttpResponse
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    Paid,
    PaymentVerdict,
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
from tests.gateways.chinaums.support import (
    CODE,
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
    paid,
    refund_found,
    with_signature,
)

Read = Callable[[HttpResponse], Answer[Verdict]]

PAY: Read = CODEC.pay(ORDER, STAMP).read
QUERY: Read = CODEC.query(REF, STAMP).read
VOID: Read = CODEC.cancel(REF, STAMP).read
REFUND_CALL: Read = CODEC.refund(REFUND, STAMP).read
REFUND_QUERY: Read = CODEC.refund_query(REFUND, STAMP).read
READERS = {
    "pay": PAY,
    "query": QUERY,
    "void": VOID,
    "refund": REFUND_CALL,
    "refund query": REFUND_QUERY,
    "precreate": CODEC.pay(QR_ORDER, STAMP).read,
    "netpay query": CODEC.query(QR_REF, STAMP).read,
    "close": CODEC.cancel(QR_REF, STAMP).read,
    "netpay refund": CODEC.refund(QR_REFUND, STAMP).read,
    "netpay refund query": CODEC.refund_query(QR_REFUND, STAMP).read,
}
UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
MISMATCH = Unknown(Doubt.MISMATCH)


# --- what proves nothing, whatever was asked --------------------------------------------------------------------------


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("response", "doubt"),
    [
        (HttpResponse(500, b"Internal Server Error"), Doubt.HTTP_STATUS),
        (replace(found(), status=401), Doubt.HTTP_STATUS),
        (HttpResponse(200, b""), Doubt.BROKEN_BODY),
        (HttpResponse(200, b"<html>502</html>"), Doubt.BROKEN_BODY),
        (HttpResponse(200, b'[{"errCode":"00"}]'), Doubt.BROKEN_BODY),
        (HttpResponse(200, b'{"errCode":"00","errCode":"00"}'), Doubt.BROKEN_BODY),
        (HttpResponse(200, b"\xff\xfe"), Doubt.BROKEN_BODY),
        (with_signature(found(), Signature="AAAA"), Doubt.BAD_SIGNATURE),
        (with_signature(found(), AppId="1" * 32), Doubt.BAD_SIGNATURE),
        (replace(found(), headers={"authorization": "OPEN-BODY-SIG"}), Doubt.BAD_SIGNATURE),
        (answered(), Doubt.UNCLEAR_CODE),
        (answered(errCode=["00"]), Doubt.UNCLEAR_CODE),
        (answered(errCode="96", errInfo="系统异常"), Doubt.UNCLEAR_CODE),
        (answered(errCode="TIMEOUT"), Doubt.UNCLEAR_CODE),
        (answered(errCode="INTERNAL_ERROR"), Doubt.UNCLEAR_CODE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_proof(read: Read, response: HttpResponse, doubt: Doubt) -> None:
    """No 200, no body, a signature that is there and wrong, a code that nobody knows: unknown, never a failure."""
    assert Unknown(doubt) == read(response).verdict


def test_a_signature_on_an_answer_is_welcome_and_not_required() -> None:
    """A right header changes nothing, another scheme is none of ours."""
    assert isinstance(QUERY(with_signature(found())).verdict, Paid)
    assert isinstance(QUERY(replace(found(), headers={"authorization": "Basic abc"})).verdict, Paid)
    changed = replace(with_signature(found()), body=found(amount=1).body)
    assert Unknown(Doubt.BAD_SIGNATURE) == QUERY(changed).verdict


def test_a_refusal_by_http_is_told() -> None:
    """A gate that refuses the key says why in its body; the timeline shows it."""
    answer = QUERY(HttpResponse(401, answered(errCode="1000", errInfo="认证失败").body))
    assert (401, "1000", "认证失败") == (
        answer.evidence.http_status,
        answer.evidence.gateway_code,
        answer.evidence.gateway_message,
    )


# --- pay --------------------------------------------------------------------------------------------------------------


def test_paid() -> None:
    """The real answer of the sandbox: amounts, both trade numbers, the moment, and what is worth keeping."""
    assert PAY(paid()).verdict == Paid(
        Amounts.undiscounted(Fen(1250)),
        trade_no="20250923164207406370624529",
        channel_trade_no="4200002792202509233617110129",
        paid_at="20250923164207",
        details=(
            ("thirdPartyName", "微信钱包"),
            ("thirdPartyPayInformation", "现金:1250"),
            ("promotionAmt", "0"),
            ("actualTransactionAmount", "1250"),
            ("retrievalRefNum", "15005163609N"),
        ),
    )


def test_a_face_is_paid_like_a_code() -> None:
    """FACE_SCAN has the same answer, and the face code is shown nowhere."""
    face = Secret("b713b5d2-666c-48")
    read = CODEC.pay(replace(ORDER, method=Method.FACE, credential=face), STAMP).read
    assert isinstance(read(paid(errInfo=f"{face.reveal()} ok")).verdict, Paid)
    assert face.reveal() not in repr(read(answered(errCode="99", errInfo=f"{face.reveal()} 无效")))


def test_a_discount_is_what_was_not_paid() -> None:
    """``amount`` is what was really paid of ``transactionAmount``."""
    verdict = PAY(paid(amount="1000", totalDiscountAmount=250)).verdict
    assert isinstance(verdict, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == verdict.amounts


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"transactionAmount": 1249}, MISMATCH),
        ({"transactionAmount": None}, UNCLEAR),
        ({"transactionAmount": ""}, UNCLEAR),
        ({"transactionAmount": "12.50"}, UNCLEAR),
        ({"amount": None}, UNCLEAR),
        ({"amount": 1251}, UNCLEAR),
        ({"amount": -1}, UNCLEAR),
        ({"amount": True}, UNCLEAR),
        ({"merchantOrderId": "31940101K2"}, MISMATCH),
        ({"merchantOrderId": 31940101}, MISMATCH),
    ],
    ids=str,
)
def test_not_paid_without_this_order_and_this_amount(changes: dict[str, object], expected: Unknown) -> None:
    """Another amount or order is a mismatch; no amount is no proof."""
    assert expected == PAY(paid(**changes)).verdict


def test_an_order_number_in_the_answer_may_be_ours_or_missing() -> None:
    """The real answer has none; one that is there must be right."""
    for number in (None, "", "31940101K1"):
        assert isinstance(PAY(paid(merchantOrderId=number)).verdict, Paid)


@pytest.mark.parametrize("code", ["0000", "SUCCESS", "01", "51", "99", "BAD_SIGN", "DUP_ORDER", "NO_MERCHANT"])
def test_any_other_code_of_pay_is_open(code: str) -> None:
    """Only 00 is documented: what another code means is left to the query."""
    answer = PAY(paid(errCode=code, errInfo="失败"))
    assert (UNCLEAR, code, "失败") == (answer.verdict, answer.evidence.gateway_code, answer.evidence.gateway_message)


def test_the_code_never_shows_in_an_answer() -> None:
    """A platform that repeats the customer's code does not bring it into the timeline."""
    assert CODE not in repr(PAY(answered(errCode="99", errInfo=f"付款码{CODE}无效")))
    assert CODE not in repr(QUERY(found()))
    assert CODE not in repr(QUERY(found(queryResCode="5", queryResDesc=f"{CODE} 无效")))


# --- query ------------------------------------------------------------------------------------------------------------

PAID = Paid(
    Amounts.undiscounted(Fen(1250)),
    trade_no="20250923164207406370624529",
    channel_trade_no="4200002792202509233617110129",
    paid_at="20250923164213",
    details=(("actualTransactionAmount", "1250"),),
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PAID),
        ({"queryResCode": 0}, PAID),
        ({"merchantOrderId": None}, PAID),
        ({"queryResCode": "1"}, UNCLEAR),
        ({"queryResCode": "2"}, Closed()),
        ({"queryResCode": "4"}, Closed()),
        ({"queryResCode": "FF"}, UNCLEAR),
        ({"queryResCode": "5", "queryResDesc": "失败"}, Declined(Reason.DECLINED)),
        ({"queryResCode": "5", "queryResDesc": "余额不足"}, Declined(Reason.INSUFFICIENT_FUNDS)),
        ({"queryResCode": "5余额不足", "queryResDesc": None, "errInfo": None}, Declined(Reason.INSUFFICIENT_FUNDS)),
        ({"queryResCode": "7"}, UNCLEAR),
        ({"queryResCode": None}, UNCLEAR),
        ({"queryResCode": "3", "refundedAmount": 1250}, Refunded()),
        ({"queryResCode": "3", "refundedAmount": 0, "orderStatus": "TRADE_CLOSED"}, Refunded()),
        ({"queryResCode": "3", "refundedAmount": 0, "orderStatus": "TRADE_REFUND"}, UNCLEAR),
        ({"queryResCode": "3", "refundedAmount": None}, UNCLEAR),
        ({"queryResCode": "3", "refundedAmount": 2000}, UNCLEAR),
    ],
    ids=str,
)
def test_query_result(changes: dict[str, object], expected: PaymentVerdict) -> None:
    """Every ``queryResCode``; 已退货 without a sum is said of a refund in part as well."""
    assert expected == QUERY(found(**changes)).verdict


def test_a_refund_in_part_is_still_paid() -> None:
    """Some of the money went back: paid, and how much is gone."""
    verdict = QUERY(found(queryResCode="3", refundedAmount="250")).verdict
    assert isinstance(verdict, Paid)
    assert (Fen(250), PAID.amounts) == (verdict.refunded, verdict.amounts)


@pytest.mark.parametrize("result", ["0", "2", "3", "4", "5"])
def test_another_amount_is_a_mismatch_in_every_state(result: str) -> None:
    """Whatever has become of the order: it is not ours with another amount or number."""
    assert MISMATCH == QUERY(found(queryResCode=result, originalTransactionAmount=1)).verdict
    assert MISMATCH == QUERY(found(queryResCode=result, merchantOrderId="31940101K2")).verdict


def test_a_failed_order_needs_no_amount() -> None:
    """An order that failed has none in some answers; a paid one always."""
    assert Declined(Reason.DECLINED) == QUERY(found(queryResCode="5", originalTransactionAmount=None)).verdict
    assert UNCLEAR == QUERY(found(originalTransactionAmount=None)).verdict
    assert UNCLEAR == QUERY(found(amount=None)).verdict


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("NO_ORDER", "", NotFound()),
        ("25", "原交易不存在", NotFound()),
        ("03", "无此交易权限", UNCLEAR),
        ("99", "请求过于频繁", Unknown(Doubt.TOO_OFTEN)),
        ("99", "系统异常", UNCLEAR),
        ("NO_MERCHANT", "找不到请求指定的商户", UNCLEAR),
    ],
)
def test_refused_query(code: str, message: str, expected: PaymentVerdict) -> None:
    """Only "no such order" is an answer; anything else leaves it open."""
    assert expected == QUERY(answered(errCode=code, errInfo=message)).verdict


# --- void -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"errCode": "00", "transactionAmount": 1250, "orderId": "2025"}, Accepted()),
        ({"errCode": "00", "merchantOrderId": "31940101K2"}, MISMATCH),
        ({"errCode": "NO_ORDER"}, NotFound()),
        ({"errCode": "ORDER_PROCESSING"}, Refused(Refusal.STILL_PAYING)),
        ({"errCode": "99", "errInfo": "用户支付中"}, Refused(Refusal.STILL_PAYING)),
        ({"errCode": "NO_CROSS_DAY_TRADING"}, Refused(Refusal.TOO_LATE)),
        ({"errCode": "OPERATION_NOT_ALLOWED"}, Refused(Refusal.OTHER)),
        ({"errCode": "BAD_SIGN"}, Refused(Refusal.OTHER)),
        ({"errCode": "99"}, UNCLEAR),
        ({"errCode": "TIMEOUT"}, UNCLEAR),
        ({"errCode": "99", "errInfo": "过于频繁"}, UNCLEAR),
    ],
    ids=str,
)
def test_void(fields: dict[str, object], expected: PaymentVerdict) -> None:
    """A void is never proof: its answer names no order, so the query has the last word."""
    assert expected == VOID(answered(**fields)).verdict


# --- refunds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"errCode": "00", "transactionAmount": 250, "refundInvoiceAmount": "250"}, RefundProcessing()),
        ({"errCode": "00"}, RefundProcessing()),
        ({"errCode": "00", "transactionAmount": 1250}, MISMATCH),
        ({"errCode": "00", "refundRequestId": "31940101K1R2"}, MISMATCH),
        ({"errCode": "00", "merchantOrderId": "31940101K2"}, MISMATCH),
        ({"errCode": "NO_ORDER"}, RefundFailed()),
        ({"errCode": "OPERATION_NOT_ALLOWED"}, RefundFailed()),
        ({"errCode": "BAD_REQUEST"}, RefundFailed()),
        ({"errCode": "99", "errInfo": "过于频繁"}, Unknown(Doubt.TOO_OFTEN)),
        ({"errCode": "99", "errInfo": "退货失败"}, UNCLEAR),
        ({"errCode": "ORDER_PROCESSING"}, UNCLEAR),
    ],
    ids=str,
)
def test_refund(fields: dict[str, object], expected: RefundVerdict) -> None:
    """Taken is not done; what may hide an earlier refund with the same number is unknown."""
    assert expected == REFUND_CALL(answered(**fields)).verdict


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, RefundDone(Fen(250))),
        ({"refundInvoiceAmount": "200"}, RefundDone(Fen(200))),
        ({"refundInvoiceAmount": None}, RefundDone(None)),
        ({"refundInvoiceAmount": "x"}, RefundDone(None)),
        ({"queryResCode": "5"}, RefundFailed()),
        ({"queryResCode": "01", "queryResInfo": "退货失败"}, RefundFailed()),
        ({"queryResCode": "01", "queryResInfo": "退货处理中"}, RefundProcessing()),
        ({"queryResCode": "FF"}, UNCLEAR),
        ({"queryResCode": None}, UNCLEAR),
        ({"refundRequestId": "31940101K1R2"}, MISMATCH),
        ({"merchantOrderId": "31940101K2"}, MISMATCH),
        ({"errCode": "25", "errInfo": "退款记录不存在"}, NotFound()),
        ({"errCode": "99", "errInfo": "过于频繁"}, Unknown(Doubt.TOO_OFTEN)),
        ({"errCode": "99", "errInfo": "系统异常"}, UNCLEAR),
    ],
    ids=str,
)
def test_refund_query(changes: dict[str, object], expected: RefundVerdict) -> None:
    """What went back is the platform's word, ``refundInvoiceAmount``."""
    assert expected == REFUND_QUERY(refund_found(**changes)).verdict
