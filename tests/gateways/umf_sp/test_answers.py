"""What the answers of the UMF service-provider platform mean: every code of every table, and the published answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import FaceAuth, FaceAuthRequest, HttpResponse, Stamp
from posd.gateways.umf_sp import codes
from posd.gateways.umf_sp.codec import UmfSpCodec
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret, Wallet
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
    RefundFailed,
    RefundProcessing,
    RefundVerdict,
    Refusal,
    Refused,
    Unknown,
)
from tests.gateways.umf_sp.support import (
    CODE,
    CODEC,
    ORDER,
    PAID_REF,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
    STRANGER,
    UNPAID_REF,
    answered,
    paid_fields,
    response,
    signed,
)

UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
TOO_OFTEN = Unknown(Doubt.TOO_OFTEN)
MISMATCH = Unknown(Doubt.MISMATCH)
BROKEN = Unknown(Doubt.BROKEN_BODY)
BAD_SIGNATURE = Unknown(Doubt.BAD_SIGNATURE)

TOMORROW = Stamp(STAMP.at_ms + 86_400_000, STAMP.nonce)
PAY = CODEC.pay(ORDER, STAMP).read
QUERY = CODEC.query(REF, STAMP).read
CANCEL = CODEC.cancel(PAID_REF, STAMP).read
CANCEL_LATER = CODEC.cancel(PAID_REF, TOMORROW).read
CANCEL_BLIND = CODEC.cancel(REF, STAMP).read
CANCEL_UNION_PAY = CODEC.cancel(replace(PAID_REF, wallet=Wallet.UNIONPAY), STAMP).read
CLOSE = CODEC.cancel(UNPAID_REF, STAMP).read
GIVE_BACK = CODEC.refund(REFUND, STAMP).read
ASK_REFUND = CODEC.refund_query(REFUND, STAMP).read
FACE = CODEC.face_auth(FaceAuthRequest(Wallet.WECHAT, "device-1", "rdzIw3JD"), STAMP).read
ALL = (PAY, QUERY, CANCEL, CANCEL_LATER, CANCEL_BLIND, CANCEL_UNION_PAY, CLOSE, GIVE_BACK, ASK_REFUND, FACE)

PAID = Paid(
    Amounts.undiscounted(Fen(1250)),
    trade_no="2019092515170000002850",
    channel_trade_no="4200000395201909251384927907",
    paid_at="0925151705",
    details=(("paySeq", "9268151710507213"), ("origRespDescMsg", "支付成功")),
)

DOCUMENTED = {
    *("00", "01", "02", "03", "04", "05", "06", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "20"),
    *("21", "23", "31", "32", "33", "35", "36", "37", "38", "39", "43", "62", "99"),
}
"""返回码说明, and 00."""


# --- signatures -------------------------------------------------------------------------------------------------------


def test_the_published_answer_is_paid() -> None:
    """The example of 订单状态同步, under the published certificate's key, is a paid order of one fen."""
    certificate = Secret(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAZhF6SMGSm3wg+vK8zJsZazyRh2a2SzQrF0sqVWK4M3TfI4+Ig7d6gjSJzz2SnG98Anz2"
        "/nedYTgfJs4ys9mJHoerRew5K4/PGy9OlRiF3lwQyCK/q5l9KJPAl+t6g/7QqWTq5otz0GFY8xrDreLFZEc2hjkdR4UujuFI7OdquQIDAQAB"
    )
    example: dict[str, object] = {
        "respCode": "00",
        "respMsg": "处理成功",
        "signature": "lkD1PuEv/tb+f1JNWRAC8EHIStWi/smtpCZBXRYwbHJsO4Rt+wzNMtal4apAqvQqH8hVgJLJF7OxLby4pwTdfcbAfuOJQ8MR"
        "4K8oWoBXkeLIFKQJhSda3qqxHtZBVz5d0OGsqxgdNs0oSIC44W5Ep2TXkTGcopDfi8K+mi2v5es=",
        "platDate": "20190925",
        "payTime": "0925152411",
        "txnAmt": 1,
        "paySeq": "9268151710507213",
        "transactionId": "2019092515170000002850",
        "origRespCode": "00",
        "origRespDescMsg": "支付成功",
        "isClosed": "",
        "depBankSeq": "4200000395201909251384927907",
    }
    codec = UmfSpCodec(replace(SETTINGS, platform_key=certificate))
    order = replace(REF, order_no="JD201909250317100002", amount=Fen(1))
    answer = codec.query(order, STAMP).read(response(example))
    assert isinstance(answer.verdict, Paid)
    assert Amounts.undiscounted(Fen(1)) == answer.verdict.amounts
    assert "4200000395201909251384927907" == answer.verdict.channel_trade_no
    assert ("00", "支付成功") == (answer.evidence.gateway_code, answer.evidence.gateway_message)
    dearer = codec.query(replace(order, amount=Fen(2)), STAMP).read(response(example))
    assert MISMATCH == dearer.verdict


@pytest.mark.parametrize("signature", [None, "", "AAAA", 7, STRANGER.sign("00|处理成功")])
def test_a_missing_or_wrong_signature_proves_nothing(signature: object) -> None:
    """Whatever the words are: nothing without the platform's own signature of just these."""
    fields = paid_fields() if signature is None else paid_fields(signature=signature)
    for read in ALL:
        assert BAD_SIGNATURE == read(response(fields)).verdict


@pytest.mark.parametrize("name", paid_fields())
def test_every_field_is_signed(name: str) -> None:
    """Changing any field after it was signed makes it worthless."""
    assert BAD_SIGNATURE == QUERY(response({**signed(**paid_fields()), name: "1"})).verdict


def test_nested_objects_are_signed_as_java_writes_them() -> None:
    """An answer with an object in it verifies, and is read."""
    fields = paid_fields(couponInfo={"amount": 5, "name": "红包"})
    assert PAID == QUERY(response(signed(**fields))).verdict


# --- paid -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1250, "1250", "0000000001250"])
def test_paid(amount: object) -> None:
    """``00`` of this order and this amount; there is no discount field, so the amount is what was paid."""
    assert PAID == QUERY(answered(**paid_fields(txnAmt=amount))).verdict
    micropay = PAY(answered(respCode="00", txnAmt=amount, orderNo="0101K1", transactionId="1", depBankSeq="42"))
    assert Paid(Amounts.undiscounted(Fen(1250)), trade_no="1", channel_trade_no="42") == micropay.verdict


def test_paid_without_an_order_number() -> None:
    """``orderNo`` is optional in the answer to micropay, and in no table of the query."""
    assert isinstance(PAY(answered(respCode="00", txnAmt="1250")).verdict, Paid)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"txnAmt": 1251}, MISMATCH),
        ({"txnAmt": "12.50"}, MISMATCH),
        ({"txnAmt": None}, BROKEN),
        ({"txnAmt": ""}, BROKEN),
        ({"orderNo": "0101K2"}, MISMATCH),
        ({"orderNo": 5}, MISMATCH),
    ],
)
def test_not_paid_without_order_and_amount(changes: dict[str, object], expected: Unknown) -> None:
    """Rightly signed, but of another order or amount: a person should look."""
    assert expected == QUERY(answered(**paid_fields(**changes))).verdict
    assert expected == PAY(answered(**paid_fields(**changes))).verdict


# --- every code of every table ----------------------------------------------------------------------------------------

REJECTED = Declined(Reason.GATEWAY_REJECTED)
OTHER, STILL_PAYING, TOO_LATE = Refused(Refusal.OTHER), Refused(Refusal.STILL_PAYING), Refused(Refusal.TOO_LATE)


def test_every_documented_code_is_in_every_table() -> None:
    """Nothing that 返回码说明 names falls through to "not published"."""
    tables = (
        codes.MEANINGS,
        codes.MICROPAY_CODES,
        codes.QUERY_CODES,
        codes.CANCEL_CODES,
        codes.CLOSE_CODES,
        codes.REFUND_CODES,
        codes.REFUND_QUERY_CODES,
    )
    for table in tables:
        assert DOCUMENTED == set(table)


MICROPAY: dict[str, PaymentVerdict] = {
    "02": Pending(),
    "62": Pending(),
    "37": TOO_OFTEN,
    **dict.fromkeys(("08", "09", "10", "11", "13", "31", "32"), REJECTED),
    "15": Declined(Reason.INSUFFICIENT_FUNDS),
    "20": Declined(Reason.CODE_EXPIRED),
    "23": Declined(Reason.CODE_INVALID),
    "21": Declined(Reason.LIMIT_EXCEEDED),
    "33": Declined(Reason.LIMIT_EXCEEDED),
    **dict.fromkeys(("38", "39", "43"), Declined(Reason.DECLINED)),
}


@pytest.mark.parametrize("code", [*sorted(DOCUMENTED - {"00"}), "07", "77", "001100WN", "", None])
def test_micropay_codes(code: str | None) -> None:
    """刷卡支付-用户被扫: a clear error is a failure; a duplicate, a system error, an unknown code are not."""
    assert MICROPAY.get(code or "", UNCLEAR) == PAY(answered(respCode=code, respMsg="交易失败")).verdict


def test_a_used_code_by_the_channel() -> None:
    """The channel's own code for a used payment code is believed with its published words only."""
    used = answered(respCode="001100WN", respMsg="101 每个二维码仅限使用一次，请刷新再试")
    assert Declined(Reason.CODE_USED) == PAY(used).verdict
    assert UNCLEAR == QUERY(used).verdict


@pytest.mark.parametrize("code", [*sorted(DOCUMENTED - {"00"}), "07"])
def test_query_codes(code: str) -> None:
    """订单状态同步: a query that failed proves nothing but that it found nothing."""
    expected: dict[str, PaymentVerdict] = {"17": NotFound(), "35": NotFound(), "14": Closed(), "37": TOO_OFTEN}
    assert expected.get(code, UNCLEAR) == QUERY(answered(respCode=code, origRespCode="00", txnAmt=1250)).verdict


@pytest.mark.parametrize(
    ("state", "message", "expected"),
    [
        ("01", "转入退款", UNCLEAR),
        ("02", "支付中", Pending()),
        ("03", "订单关闭", Closed()),
        ("04", "被撤销", Closed()),
        ("05", "", UNCLEAR),
        ("06", "支付失败", Declined(Reason.DECLINED)),
        ("06", "余额不足", Declined(Reason.INSUFFICIENT_FUNDS)),
        ("99", "其他", UNCLEAR),
        (None, "", UNCLEAR),
    ],
)
def test_query_states(state: str | None, message: str, expected: PaymentVerdict) -> None:
    """``origRespCode``: everything but the listed ends leaves the order open."""
    answer = QUERY(answered(respCode="00", origRespCode=state, origRespDescMsg=message, txnAmt=1250))
    assert expected == answer.verdict
    assert (state or "00", message or "处理成功") == (answer.evidence.gateway_code, answer.evidence.gateway_message)


@pytest.mark.parametrize("state", ["03", "04", "06"])
def test_what_ends_an_order_is_of_its_amount(state: str) -> None:
    """Closed or failed with another amount is another order's."""
    assert MISMATCH == QUERY(answered(respCode="00", origRespCode=state, txnAmt=1251)).verdict


CANCELS: dict[str, PaymentVerdict] = {
    "00": Accepted(),
    "14": Closed(),
    "17": NotFound(),
    "02": STILL_PAYING,
    "62": STILL_PAYING,
    "03": TOO_LATE,
    "39": TOO_LATE,
    **dict.fromkeys(("01", "04", "06", "99"), UNCLEAR),
    "37": TOO_OFTEN,
}


@pytest.mark.parametrize("code", sorted(DOCUMENTED))
def test_cancel_codes(code: str) -> None:
    """商户撤销交易: taken is not done; a refusal on another day than the order's is final."""
    expected = CANCELS.get(code, OTHER)
    assert expected == CANCEL(answered(respCode=code)).verdict
    assert (TOO_LATE if expected == OTHER else expected) == CANCEL_LATER(answered(respCode=code)).verdict
    blind = STILL_PAYING if code == "35" else expected
    assert blind == CANCEL_BLIND(answered(respCode=code)).verdict


@pytest.mark.parametrize("code", sorted(DOCUMENTED))
def test_close_codes(code: str) -> None:
    """商户订单关闭请求: 05, it is paid, is not too late: a cancel is due then."""
    expected: dict[str, PaymentVerdict] = {**CANCELS, "39": OTHER}
    assert expected.get(code, OTHER) == CLOSE(answered(respCode=code)).verdict


@pytest.mark.parametrize("read", [CANCEL, CLOSE, CANCEL_BLIND])
@pytest.mark.parametrize("code", ["07", "001100WN", "", None])
def test_codes_of_a_cancel_that_are_not_published(read: object, code: str | None) -> None:
    """No code, or one of the channel's: whether anything was undone is not known."""
    assert UNCLEAR == read(answered(respCode=code)).verdict  # type: ignore[operator]  # one of the readers


@pytest.mark.parametrize("read", [CANCEL, CLOSE, CANCEL_UNION_PAY])
def test_a_cancel_of_another_order(read: object) -> None:
    """A number or an amount that is there must be right."""
    for fields in ({"orderNo": "0101K2"}, {"txnAmt": 1251}):
        assert MISMATCH == read(answered(respCode="00", **fields)).verdict  # type: ignore[operator]  # one of them


@pytest.mark.parametrize(
    ("state", "expected"),
    [("00", TOO_LATE), ("02", STILL_PAYING), ("03", Closed()), ("01", UNCLEAR), ("06", Declined(Reason.DECLINED))],
)
def test_union_pay_is_asked_for_instead_of_cancelled(state: str, expected: PaymentVerdict) -> None:
    """What is paid by UnionPay can only be refunded."""
    assert expected == CANCEL_UNION_PAY(answered(respCode="00", origRespCode=state, txnAmt=1250)).verdict


@pytest.mark.parametrize("code", [*sorted(DOCUMENTED), "07"])
def test_refund_codes(code: str) -> None:
    """商户退款请求: ``00`` is taken, not done; trouble, duplicates and codes that are not published say nothing."""
    unclear = dict.fromkeys(("01", "02", "03", "04", "06", "07", "12", "16", "62", "99"), UNCLEAR)
    expected: dict[str, RefundVerdict] = {"00": RefundProcessing(), "37": TOO_OFTEN, **unclear}
    assert expected.get(code, RefundFailed()) == GIVE_BACK(answered(respCode=code)).verdict


@pytest.mark.parametrize("code", [*sorted(DOCUMENTED - {"00"}), "07"])
def test_refund_query_codes(code: str) -> None:
    """退款订单查询: a query that failed says nothing of the refund."""
    expected: dict[str, RefundVerdict] = {"17": NotFound(), "35": NotFound(), "37": TOO_OFTEN}
    assert expected.get(code, UNCLEAR) == ASK_REFUND(answered(respCode=code, origRespCode="00")).verdict


@pytest.mark.parametrize(
    ("state", "expected"),
    [("00", RefundDone()), ("01", RefundFailed()), ("02", RefundProcessing()), ("03", UNCLEAR), (None, UNCLEAR)],
)
def test_refund_states(state: str | None, expected: RefundVerdict) -> None:
    """``origRespCode`` of a refund; what the customer got is not said."""
    for changes in ({}, {"orderNo": "0101K1R1", "txnAmt": "250"}):
        assert expected == ASK_REFUND(answered(respCode="00", origRespCode=state, **changes)).verdict


@pytest.mark.parametrize("changes", [{"orderNo": "0101K1"}, {"txnAmt": "251"}, {"txnAmt": "1250"}])
def test_a_refund_is_done_only_under_its_own_number(changes: dict[str, object]) -> None:
    """Another refund's number or amount is not ours."""
    assert MISMATCH == ASK_REFUND(answered(respCode="00", origRespCode="00", **changes)).verdict
    assert MISMATCH == GIVE_BACK(answered(respCode="00", **changes)).verdict


def test_a_query_without_a_code() -> None:
    """``respCode`` is mandatory."""
    assert BROKEN == QUERY(answered(origRespCode="00", txnAmt=1250)).verdict
    assert UNCLEAR == ASK_REFUND(answered(origRespCode="00")).verdict


# --- face -------------------------------------------------------------------------------------------------------------


def test_face_credentials() -> None:
    """The SDK gets what the answer holds, and is asked for the 18-digit code that micropay takes."""
    answer = answered(
        respCode="00", authinfo="q06MpkmCiBO4", expiresIn="3600", appid="wx2b02", mchId="1264300000", subMchId="126650"
    )
    expected = FaceAuth("q06MpkmCiBO4", 3600, "wx2b02", "1264300000", sub_mch_id="126650", face_code_type="1")
    assert expected == FACE(answer).verdict
    assert "q06MpkmCiBO4" not in repr(FACE(answer))


def test_face_credentials_of_unknown_life_are_used_once() -> None:
    """Everything but the credentials is optional."""
    assert FaceAuth("q06M", 0, "", "", face_code_type="1") == FACE(answered(respCode="00", authinfo="q06M")).verdict


@pytest.mark.parametrize(
    ("fields", "expected"), [({"respCode": "00"}, BROKEN), ({"respCode": "11", "authinfo": "q06M"}, UNCLEAR)]
)
def test_no_face_credentials(fields: dict[str, object], expected: Unknown) -> None:
    """Refused, or nothing in it."""
    assert expected == FACE(answered(**fields)).verdict


# --- bodies, and by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "doubt"),
    [
        (500, b"{}", Doubt.HTTP_STATUS),
        (201, b"{}", Doubt.HTTP_STATUS),
        (200, b"<html>", Doubt.BROKEN_BODY),
        (200, b'{"respCode":"00","respCode":"17"}', Doubt.BROKEN_BODY),
        (200, b"\xff", Doubt.BROKEN_BODY),
        (200, b"{}", Doubt.BAD_SIGNATURE),
    ],
)
def test_bodies_that_prove_nothing(status: int, body: bytes, doubt: Doubt) -> None:
    """Another status than 200, no JSON, ambiguous JSON, no signature: unknown."""
    for read in ALL:
        assert Unknown(doubt) == read(HttpResponse(status, body)).verdict


def test_the_code_that_was_scanned_is_shown_nowhere() -> None:
    """A message that repeats the payment code is masked, whether the signature holds or not."""
    for answer in (answered(respCode="23", respMsg=f"付款码{CODE}无效"), response({"respMsg": f"付款码{CODE}无效"})):
        assert CODE not in (PAY(answer).evidence.gateway_message or "")
        assert "付款码13" in (PAY(answer).evidence.gateway_message or "")


def test_a_call_by_hand_shows_what_came() -> None:
    """The fields, whether they are signed, and whether the code says success."""
    read = CODEC.call("queryOrder", {"orderNo": "1"}, STAMP).read
    fields = signed(**paid_fields())
    result = read(response(fields)).verdict
    assert (fields, True, True) == (result.fields, result.verified, result.succeeded)
    assert not read(answered(respCode="17")).verdict.succeeded
    forged = read(response({**fields, "signature": "AAAA"})).verdict
    assert (False, False) == (forged.verified, forged.succeeded)
    broken = read(HttpResponse(502, b"<html>"))
    assert (None, False, 502) == (broken.verdict.verified, broken.verdict.succeeded, broken.evidence.http_status)


@pytest.mark.parametrize(("code", "well"), [("17", True), ("35", True), ("00", True), ("11", False), ("99", False)])
def test_harmless(code: str, well: bool) -> None:
    """That the order is not found, rightly signed, shows that keys and network are right."""
    read = CODEC.harmless(STAMP).read
    assert well == read(answered(respCode=code)).verdict.succeeded
    assert not read(response({"respCode": code, "signature": "AAAA"})).verdict.succeeded
