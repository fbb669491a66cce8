"""What netpay's answers mean, and what its calls by hand tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posd.gateways.base import Answer, HttpResponse
from posd.gateways.chinaums.codes import ERROR_CODES, Meaning
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
from tests.gateways.chinaums.support import (
    CODE,
    CODEC,
    QR_ORDER,
    QR_REF,
    QR_REFUND,
    STAMP,
    answered,
    found,
    netpay_found,
    netpay_refunded,
    with_signature,
)

Read = Callable[[HttpResponse], Answer[Verdict]]

PRECREATE: Read = CODEC.pay(QR_ORDER, STAMP).read
QUERY: Read = CODEC.query(QR_REF, STAMP).read
CLOSE: Read = CODEC.cancel(QR_REF, STAMP).read
REFUND_CALL: Read = CODEC.refund(QR_REFUND, STAMP).read
REFUND_QUERY: Read = CODEC.refund_query(QR_REFUND, STAMP).read
UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
MISMATCH = Unknown(Doubt.MISMATCH)
QR = "https://qr.alipay.com/bax03465mkipjzgposlk8001"
PAID = Paid(
    Amounts.undiscounted(Fen(1250)),
    trade_no="0031510000N",
    channel_trade_no="2018092022001418830581229369",
    paid_at="2018-09-20 09:50:33",
    details=(("targetSys", "Alipay 2.0"), ("couponAmount", "0")),
)


def ordered(**changes: object) -> HttpResponse:
    """ChinaUMS 1.1.4 响应, with our order."""
    fields = {
        "errCode": "SUCCESS",
        "merOrderId": "31940101K1",
        "totalAmount": 1250,
        "status": "NEW_ORDER",
        "qrCode": QR,
    }
    return answered(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Pending(qr_code=QR)),
        ({"merOrderId": None, "totalAmount": None}, Pending(qr_code=QR)),
        ({"qrCode": None}, UNCLEAR),
        ({"qrCode": ""}, UNCLEAR),
        ({"merOrderId": "31940101K2"}, MISMATCH),
        ({"totalAmount": 1}, MISMATCH),
        ({"totalAmount": "1.0"}, UNCLEAR),
    ],
    ids=str,
)
def test_precreate(changes: dict[str, object], expected: PaymentVerdict) -> None:
    """The code to show, for this order and this amount."""
    assert expected == PRECREATE(ordered(**changes)).verdict


@pytest.mark.parametrize("code", ERROR_CODES)
def test_precreate_refused(code: str) -> None:
    """A request that was turned away is final; whatever may have made an order is open."""
    expected: PaymentVerdict = UNCLEAR
    if ERROR_CODES[code] is Meaning.SUCCESS:
        expected = Pending(qr_code=QR)
    elif ERROR_CODES[code] is Meaning.REJECTED:
        expected = Declined(Reason.GATEWAY_REJECTED)
    answer = PRECREATE(ordered(errCode=code, errMsg="x", status=None))
    assert (expected, code) == (answer.verdict, answer.evidence.gateway_code)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PAID),
        ({"status": "NEW_ORDER"}, Pending()),
        ({"status": "WAIT_BUYER_PAY"}, Pending()),
        ({"status": "UNKNOWN"}, UNCLEAR),
        ({"status": "TRADE_CLOSED"}, Closed()),
        ({"status": "TRADE_REFUND"}, UNCLEAR),
        ({"status": "REFUND"}, UNCLEAR),
        ({"status": "TRADE_REFUND", "refundAmount": 1250}, Refunded()),
        ({"status": "TRADE_REFUND", "refundAmount": 2000}, UNCLEAR),
        ({"status": "PAID"}, UNCLEAR),
        ({"status": None}, UNCLEAR),
        ({"merOrderId": None}, UNCLEAR),
        ({"merOrderId": "31940101K2"}, MISMATCH),
        ({"totalAmount": 1}, MISMATCH),
        ({"totalAmount": None}, UNCLEAR),
        ({"totalAmount": None, "buyerPayAmount": None}, UNCLEAR),
        ({"buyerPayAmount": 1251}, UNCLEAR),
        ({"buyerPayAmount": "x"}, UNCLEAR),
        ({"buyerPayAmount": None, "couponAmount": 1251}, UNCLEAR),
        ({"buyerPayAmount": None, "couponAmount": "x"}, UNCLEAR),
    ],
    ids=str,
)
def test_query(changes: dict[str, object], expected: PaymentVerdict) -> None:
    """Every status; TRADE_REFUND without a sum may be a refund in part."""
    assert expected == QUERY(netpay_found(**changes)).verdict


@pytest.mark.parametrize(
    ("changes", "amounts"),
    [
        ({"buyerPayAmount": 1000}, Amounts(Fen(1250), Fen(250), Fen(1000))),
        ({"buyerPayAmount": 1000, "couponAmount": 100}, Amounts(Fen(1250), Fen(250), Fen(1000))),
        ({"buyerPayAmount": None, "couponAmount": "250"}, Amounts(Fen(1250), Fen(250), Fen(1000))),
        ({"buyerPayAmount": "", "couponAmount": ""}, Amounts.undiscounted(Fen(1250))),
        ({"buyerPayAmount": None, "couponAmount": None}, Amounts.undiscounted(Fen(1250))),
    ],
    ids=str,
)
def test_what_was_paid(changes: dict[str, object], amounts: Amounts) -> None:
    """What the customer paid, else what the platform gave off, else all of it."""
    verdict = QUERY(netpay_found(**changes)).verdict
    assert isinstance(verdict, Paid)
    assert amounts == verdict.amounts


def test_a_refund_in_part_is_still_paid() -> None:
    """Where a sum is told, the rest is still paid."""
    verdict = QUERY(netpay_found(status="TRADE_REFUND", refundAmount="250")).verdict
    assert isinstance(verdict, Paid)
    assert Fen(250) == verdict.refunded


@pytest.mark.parametrize("code", ERROR_CODES)
def test_refused_query(code: str) -> None:
    """Only "no such order" is an answer."""
    meanings: dict[Meaning, Verdict] = {Meaning.SUCCESS: PAID, Meaning.NOT_FOUND: NotFound()}
    expected = meanings.get(ERROR_CODES[code], UNCLEAR)
    assert expected == QUERY(netpay_found(errCode=code)).verdict


def test_too_often() -> None:
    """No document has a code for it; the word is clear."""
    response = answered(errCode="LIMIT", errMsg="请求过于频繁")
    for read in (QUERY, REFUND_CALL, REFUND_QUERY):
        assert Unknown(Doubt.TOO_OFTEN) == read(response).verdict


@pytest.mark.parametrize("code", ERROR_CODES)
def test_close(code: str) -> None:
    """A close is never proof; an order whose state rules it out is paid or closed, which the query tells."""
    meanings: dict[Meaning, Verdict] = {
        Meaning.SUCCESS: Accepted(),
        Meaning.NOT_FOUND: NotFound(),
        Meaning.BUSY: Refused(Refusal.STILL_PAYING),
        Meaning.NOT_ALLOWED: Refused(Refusal.TOO_LATE),
        Meaning.TOO_LATE: Refused(Refusal.TOO_LATE),
        Meaning.REJECTED: Refused(Refusal.OTHER),
    }
    expected = meanings.get(ERROR_CODES[code], UNCLEAR)
    assert expected == CLOSE(answered(errCode=code)).verdict
    assert MISMATCH == CLOSE(answered(errCode=code, merOrderId="31940101K2")).verdict


@pytest.mark.parametrize("read", [REFUND_CALL, REFUND_QUERY], ids=["refund", "refund query"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, RefundDone(None)),
        ({"refundInvoiceAmount": "200"}, RefundDone(Fen(200))),
        ({"merOrderId": "31940101K1R1", "refundOrderId": None}, RefundDone(None)),
        ({"refundStatus": "PROCESSING"}, RefundProcessing()),
        ({"refundStatus": "FAIL"}, RefundFailed()),
        ({"refundStatus": "UNKNOWN"}, UNCLEAR),
        ({"refundStatus": "DONE"}, UNCLEAR),
        ({"refundStatus": None}, UNCLEAR),
        ({"refundOrderId": None}, UNCLEAR),
        ({"refundOrderId": "31940101K1R2"}, MISMATCH),
        ({"merOrderId": "31940101K2"}, MISMATCH),
    ],
    ids=str,
)
def test_refund_status(read: Read, changes: dict[str, object], expected: RefundVerdict) -> None:
    """Every ``refundStatus``, for this refund of this order only."""
    assert expected == read(netpay_refunded(**changes)).verdict


@pytest.mark.parametrize("code", sorted(set(ERROR_CODES) - {"SUCCESS"}))
def test_refused_refund(code: str) -> None:
    """A refund that was turned away failed; what may have been done is open; "no such refund" is an answer."""
    final = {Meaning.NOT_FOUND, Meaning.NOT_ALLOWED, Meaning.REJECTED}
    expected: RefundVerdict = RefundFailed() if ERROR_CODES[code] in final else UNCLEAR
    assert expected == REFUND_CALL(answered(errCode=code)).verdict
    asked: RefundVerdict = NotFound() if code == "NO_ORDER" else UNCLEAR
    assert asked == REFUND_QUERY(answered(errCode=code)).verdict


# --- calls by hand ----------------------------------------------------------------------------------------------------


def test_a_call_tells_what_came() -> None:
    """Unsigned as usual, signed where the header is there, and refused by a wrong one."""
    read = CODEC.call("netpay/query", {"merOrderId": "31940101K1"}, STAMP).read
    result = read(netpay_found()).verdict
    assert (None, True, 1250) == (result.verified, result.succeeded, result.fields["totalAmount"])
    assert read(with_signature(netpay_found())).verdict.verified is True
    result = read(with_signature(netpay_found(), Signature="AAAA")).verdict
    assert (False, False) == (result.verified, result.succeeded)
    result = read(HttpResponse(401, answered(errCode="1000").body)).verdict
    assert (False, "1000") == (result.succeeded, result.fields["errCode"])
    assert {} == read(HttpResponse(502, b"")).verdict.fields


@pytest.mark.parametrize(
    "operation", ["netpay/secure-cancel", "netpay/secure-complete", "netpay/wx/app-pre-order", "netpay/close"]
)
def test_secured_transactions_and_orders_by_hand(operation: str) -> None:
    """1.5, 1.6 and the rest: the call's own words, and whether it worked."""
    read = CODEC.call(operation, {"merOrderId": "1"}, STAMP).read
    assert read(answered(errCode="SUCCESS", secureStatus="ALL_COMPLETED")).verdict.succeeded
    refused = read(answered(errCode="HAS_CANCELLED", errMsg="该笔担保交易已撤销"))
    assert not refused.verdict.succeeded
    assert ("HAS_CANCELLED", "该笔担保交易已撤销") == (
        refused.evidence.gateway_code,
        refused.evidence.gateway_message,
    )


def test_a_call_shows_no_code_of_a_customer() -> None:
    """Poslink's query repeats the code; a pay call by hand may be answered with it."""
    result = CODEC.call("poslink/query", {"merchantOrderId": "1"}, STAMP).read(found())
    assert result.verdict.succeeded
    assert CODE not in repr(result)
    face = "b713b5d2-666c-48"
    refused = CODEC.call("poslink/pay", {"payCode": face}, STAMP).read(answered(errCode="99", errInfo=f"{face} 无效"))
    assert face not in repr(refused.evidence)


def test_the_harmless_call_is_content_with_no_such_order() -> None:
    """NO_ORDER comes after key and merchant were checked; a complaint about them does not count."""
    read = CODEC.harmless(STAMP).read
    assert read(answered(errCode="NO_ORDER")).verdict.succeeded
    for code in ("BAD_SIGN", "NO_MERCHANT", "DENIED_IP", "INTERNAL_ERROR"):
        assert not read(answered(errCode=code)).verdict.succeeded
    assert not CODEC.call("netpay/query", {}, STAMP).read(answered(errCode="NO_ORDER")).verdict.succeeded
