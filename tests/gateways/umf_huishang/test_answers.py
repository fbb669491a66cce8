"""What the answers of 惠商+ mean: every code of every table, and the published answers themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import HttpResponse, Stamp
from posd.gateways.signing import joined_values
from posd.gateways.umf_huishang import codes
from posd.gateways.umf_huishang.codec import UmfHuishangCodec
from posd.gateways.umf_huishang.wire import ANSWER_ORDER
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    Evidence,
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
from tests.gateways.umf_huishang.support import (
    CODE,
    CODEC,
    MERCHANT_PRIVATE,
    ORDER,
    PLATFORM,
    QR_ORDER,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
    STRANGER,
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

PAY = CODEC.pay(ORDER, STAMP).read
SHOW = CODEC.pay(QR_ORDER, STAMP).read
SYNC = CODEC.query(REF, STAMP).read
REPEAL = CODEC.cancel(REF, STAMP).read
REPEAL_LATER = CODEC.cancel(REF, Stamp(STAMP.at_ms + 86_400_000, STAMP.nonce)).read
GIVE_BACK = CODEC.refund(REFUND, STAMP).read
ASK_REFUND = CODEC.refund_query(REFUND, STAMP).read

PAID = Paid(
    Amounts(Fen(1250), Fen(250), Fen(1000)),
    trade_no="1709964000006324",
    channel_trade_no="4200000112223805095997813703",
    paid_at="20171101144415",
)

DOCUMENTED = {"9999", "0000", "3333", "01000000", "02000000", "03000000"}
"""全局参数说明 返回码; 订单状态同步 has two more."""


# --- signatures -------------------------------------------------------------------------------------------------------


def test_the_published_answer_is_paid_in_table_order() -> None:
    """The example of 协议, under the published key, is a paid order of 88.88; that it is in table order is noted."""
    demo = Secret(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDEPM8rTeijrqermNmNFM57VTizYMiiGVb7r+NPKOv7EqQxBE5uUPucH/wrS0bh8u4qbWiE"
        "6oGjuzPT8zhL3zm6G7cWUh+LV/zE5H1ykorWQMflIpmNG/I+Fy0bxWZY54l98FxDyZ87dDrXwRx2+pJNrUuYOPNTXhhVDusXc+rMXQIDAQAB"
    )
    example: dict[str, object] = {
        "sign": "KLF/FfpQpff7SKw6x+3hyc8fp8UMtvaHcGeMX0hcJtM/IvU6LMQbuF0EEMbL0pud15uc8q0+wTBF4Dbt2VV6lsqG3H4cfFQSmf3k"
        "8Q2Tn4Zx9tw91k0fmqHh5kAR2ynjCdm9Bxl9Vjts5LH6mWj4rvqUTYQeW1RxJHEAJmvSOpQ=",
        "payAmount": "000000008888",
        "amount": "8888",
        "retCode": "0000",
        "tradeNo": "1709964000006324",
        "partnerOrderId": "HSAPI201709141745447451850",
        "Memo": "交易成功",
        "paySeq": "418813867389091730800013",
        "platDate": "20170914",
        "coupAmount": "0",
        "payDay": "20170914",
    }
    codec = UmfHuishangCodec(replace(SETTINGS, platform_key=demo))
    order = replace(ORDER, order_no="HSAPI201709141745447451850", amount=Fen(8888))
    answer = codec.pay(order, STAMP).read(response(example))
    assert Evidence("0000", "交易成功", note="signed in table order") == answer.evidence
    assert (
        Paid(
            Amounts.undiscounted(Fen(8888)),
            trade_no="1709964000006324",
            channel_trade_no="418813867389091730800013",
            paid_at="20170914",
        )
        == answer.verdict
    )


@pytest.mark.parametrize("operation", ["unactivescan", "apisync"])
def test_both_orders_are_read(operation: str) -> None:
    """ASCII order and table order both prove; which it was is noted only for the one that is not expected."""
    read = PAY if operation == "unactivescan" else SYNC
    fields = paid_fields()
    ascii_answer = read(response(signed(**fields)))
    table_sign = PLATFORM.sign(joined_values(fields, ANSWER_ORDER[operation]))
    table_answer = read(response({**fields, "sign": table_sign}))
    assert PAID == ascii_answer.verdict == table_answer.verdict
    assert (None, "signed in table order") == (ascii_answer.evidence.note, table_answer.evidence.note)


def test_a_field_outside_the_table_is_not_covered_by_table_order() -> None:
    """What table order does not sign may not ride along: in ASCII order every field is signed, known or not."""
    fields = paid_fields(novelty="1")
    table_sign = PLATFORM.sign(joined_values(fields, ANSWER_ORDER["apisync"]))
    assert BAD_SIGNATURE == SYNC(response({**fields, "sign": table_sign})).verdict
    assert PAID == SYNC(response(signed(**fields))).verdict


@pytest.mark.parametrize(
    "sign", [None, "", "AAAA", 5, STRANGER.sign(joined_values(paid_fields())), PLATFORM.sign("0000|交易成功")]
)
def test_a_missing_or_wrong_signature_proves_nothing(sign: object) -> None:
    """Whatever the words are: nothing without the platform's own signature of just these."""
    fields = paid_fields() if sign is None else paid_fields(sign=sign)
    for read in (PAY, SHOW, SYNC, REPEAL, GIVE_BACK, ASK_REFUND):
        answer = read(response(fields))
        assert BAD_SIGNATURE == answer.verdict
        assert ("0000", "交易成功") == (answer.evidence.gateway_code, answer.evidence.gateway_message)


@pytest.mark.parametrize("name", [name for name in paid_fields() if name != "retCode"])
def test_every_field_is_signed(name: str) -> None:
    """Changing any field after it was signed makes it worthless."""
    assert BAD_SIGNATURE == SYNC(response({**signed(**paid_fields()), name: "1"})).verdict


def test_empty_fields_are_not_signed() -> None:
    """没有值的参数也需要传递: an empty text more or less changes nothing."""
    fields = {**signed(**paid_fields()), "userId": "", "bankType": None}
    assert PAID == SYNC(response(fields)).verdict


# --- paid -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [PAY, SYNC], ids=["pay", "sync"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PAID.amounts),
        ({"amount": "0000001250", "coupAmount": 250, "payAmount": 1000}, PAID.amounts),
        ({"coupAmount": "0", "payAmount": "1250"}, Amounts.undiscounted(Fen(1250))),
        ({"coupAmount": "", "payAmount": ""}, Amounts.undiscounted(Fen(1250))),
        ({"coupAmount": None, "payAmount": None}, Amounts.undiscounted(Fen(1250))),
        ({"coupAmount": None}, PAID.amounts),
        ({"payAmount": ""}, PAID.amounts),
        ({"coupAmount": "1250", "payAmount": "0"}, Amounts(Fen(1250), Fen(1250), Fen(0))),
    ],
)
def test_paid_with_its_amounts(read: object, changes: dict[str, object], expected: Amounts) -> None:
    """``0000`` of this order and this amount; what was given off is the platform's word, however it writes numbers."""
    verdict = read(answered(**paid_fields(**changes))).verdict  # type: ignore[operator]  # one of the readers
    assert isinstance(verdict, Paid)
    assert expected == verdict.amounts


@pytest.mark.parametrize("read", [PAY, SYNC], ids=["pay", "sync"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": "1251"}, MISMATCH),
        ({"amount": "1500", "payAmount": "1250"}, MISMATCH),
        ({"amount": "12.50"}, BROKEN),
        ({"amount": None}, BROKEN),
        ({"amount": "-1250"}, BROKEN),
        ({"amount": "1" * 60}, BROKEN),
        ({"amount": True}, BROKEN),
        ({"partnerOrderId": "0101K2"}, MISMATCH),
        ({"partnerOrderId": None}, BROKEN),
        ({"partnerOrderId": 101}, BROKEN),
        ({"coupAmount": "251"}, MISMATCH),
        ({"payAmount": "1251", "coupAmount": None}, MISMATCH),
        ({"coupAmount": "1251", "payAmount": None}, MISMATCH),
        ({"coupAmount": "-250"}, BROKEN),
        ({"payAmount": "many"}, BROKEN),
    ],
)
def test_not_paid_without_order_and_amounts(read: object, changes: dict[str, object], expected: Unknown) -> None:
    """Rightly signed, but of another order or amount, or amounts that do not add up: a person should look."""
    assert expected == read(answered(**paid_fields(**changes))).verdict  # type: ignore[operator]  # one of the readers


def test_details_are_kept() -> None:
    """``promotionDetail`` and its kin are kept as they came, the payer's ids are not."""
    promotion = '[{"promotion_id":"2000000056881516050","name":"微信支付到店红包","amount":250}]'
    fields = paid_fields(promotionDetail=promotion, bankType="GDB_CREDIT", payType="WX", openId="oEufkwAlVRcKh9k4S8O")
    verdict = SYNC(answered(**fields)).verdict
    assert isinstance(verdict, Paid)
    assert (("promotionDetail", promotion), ("bankType", "GDB_CREDIT"), ("payType", "WX")) == verdict.details


# --- every code of every table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("01000000", Pending()),
        ("02000000", Pending()),
        ("03000000", Pending()),
        ("3333", Declined(Reason.GATEWAY_REJECTED)),
        ("9999", UNCLEAR),
        ("88881137", UNCLEAR),
        ("88881220", UNCLEAR),
        ("00060761", UNCLEAR),
        ("", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_pay_codes(code: str | None, expected: PaymentVerdict) -> None:
    """用户被扫 and 用户主扫: a code that is not published is never a failure, whatever its message says."""
    for message in ("余额不足", "交易失败"):
        assert expected == PAY(answered(retCode=code, Memo=message)).verdict
        assert expected == SHOW(answered(retCode=code, Memo=message)).verdict


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("01000000", Pending()),
        ("02000000", Pending()),
        ("03000000", Pending()),
        ("88881137", Closed()),
        ("88881220", UNCLEAR),
        ("3333", UNCLEAR),
        ("9999", UNCLEAR),
    ],
)
def test_sync_codes(code: str, expected: PaymentVerdict) -> None:
    """订单状态同步: 88881137 is a cancel that is done, 88881220 a refund that is only taken."""
    assert expected == SYNC(answered(retCode=code, Memo="订单已关闭", partnerOrderId="0101K1")).verdict


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("订单不存在", NotFound()),
        ("原交易不存在", NotFound()),
        ("无此订单", NotFound()),
        ("没有找到交易流水", NotFound()),
        ("ORDER_NOT_EXIST", NotFound()),
        ("交易失败，订单不存在", NotFound()),
        ("查询过于频繁", TOO_OFTEN),
        ("订单已关闭", Closed()),
        ("订单超时未支付，已关闭", Closed()),
        ("交易已撤销", Closed()),
        ("order closed", Closed()),
        ("余额不足", Declined(Reason.INSUFFICIENT_FUNDS)),
        ("付款码已过期", Declined(Reason.CODE_EXPIRED)),
        ("101 每个二维码仅限使用一次，请刷新再试", Declined(Reason.CODE_USED)),
        ("用户取消支付", Declined(Reason.USER_CANCELLED)),
        ("支付失败", Declined(Reason.DECLINED)),
        ("银行拒绝交易", Declined(Reason.DECLINED)),
        ("订单已失效", Closed()),
        ("商户订单已关闭", Closed()),
        ("收款失败", Declined(Reason.DECLINED)),
        ("交易失败，系统异常", UNCLEAR),
        ("商户状态异常，交易关闭", UNCLEAR),
        ("商户无此权限，支付失败", UNCLEAR),
        ("query failed", UNCLEAR),
        ("撤销失败", UNCLEAR),
        ("订单未撤销", UNCLEAR),
        ("订单不能关闭", UNCLEAR),
        ("系统繁忙，请稍后再试", UNCLEAR),
        ("查询失败", UNCLEAR),
        ("请求超时", UNCLEAR),
        ("支付失败，状态未知", UNCLEAR),
        ("用户支付中", UNCLEAR),
        ("订单待支付", UNCLEAR),
        ("成功", UNCLEAR),
        ("", UNCLEAR),
    ],
)
def test_sync_codes_that_are_not_published(message: str, expected: PaymentVerdict) -> None:
    """非支付中返回码就是订单关闭状态 cannot be true of all: such a code is believed where its message says the same."""
    assert expected == SYNC(answered(retCode="00060761", Memo=message, partnerOrderId="0101K1")).verdict


@pytest.mark.parametrize("fields", [{"retCode": "88881137"}, {"retCode": "00060761", "Memo": "订单已关闭"}])
def test_what_ends_an_order_names_it(fields: dict[str, object]) -> None:
    """Closed without ``partnerOrderId``, which is mandatory, is of nobody's order."""
    assert BROKEN == SYNC(answered(**fields)).verdict
    assert MISMATCH == SYNC(answered(**fields, partnerOrderId="0101K2")).verdict
    assert MISMATCH == SYNC(answered(**fields, partnerOrderId="0101K1", amount="1251")).verdict
    assert Closed() == SYNC(answered(**fields, partnerOrderId="0101K1", amount="1250")).verdict


def test_paid_after_a_cancel_is_paid() -> None:
    """``0000`` after a repeal or a refund says that these failed: the order is paid."""
    assert PAID == SYNC(answered(**paid_fields())).verdict


@pytest.mark.parametrize(
    ("code", "message", "today", "later"),
    [
        ("0000", "撤销申请成功", Accepted(), Accepted()),
        ("01000000", "", Refused(Refusal.STILL_PAYING), Refused(Refusal.STILL_PAYING)),
        ("02000000", "", Refused(Refusal.STILL_PAYING), Refused(Refusal.STILL_PAYING)),
        ("03000000", "", Refused(Refusal.STILL_PAYING), Refused(Refusal.STILL_PAYING)),
        ("3333", "验签失败", Refused(Refusal.OTHER), Refused(Refusal.OTHER)),
        ("9999", "系统异常", UNCLEAR, UNCLEAR),
        ("00060001", "订单不存在", NotFound(), NotFound()),
        ("00060001", "用户支付中，请稍后", Refused(Refusal.STILL_PAYING), Refused(Refusal.STILL_PAYING)),
        ("00060001", "订单未支付", Refused(Refusal.STILL_PAYING), Refused(Refusal.STILL_PAYING)),
        ("00060001", "系统繁忙", UNCLEAR, UNCLEAR),
        ("00060001", "已过账期，请走退费接口", Refused(Refusal.TOO_LATE), Refused(Refusal.TOO_LATE)),
        ("00060001", "不支持", Refused(Refusal.OTHER), Refused(Refusal.TOO_LATE)),
        (None, "不支持", BROKEN, BROKEN),
    ],
)
def test_repeal_codes(code: str | None, message: str, today: PaymentVerdict, later: PaymentVerdict) -> None:
    """商户撤销交易: taken is not done; a refusal on another day than the order's is final."""
    assert today == REPEAL(answered(retCode=code, Memo=message)).verdict
    assert later == REPEAL_LATER(answered(retCode=code, Memo=message)).verdict


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("0000", "退款成功", RefundProcessing()),
        ("01000000", "", UNCLEAR),
        ("02000000", "", UNCLEAR),
        ("03000000", "", UNCLEAR),
        ("3333", "验签失败", RefundFailed()),
        ("9999", "系统异常", UNCLEAR),
        ("00060001", "可退金额不足", RefundFailed()),
        ("00060001", "系统繁忙", UNCLEAR),
        ("00060001", "退款单号重复", UNCLEAR),
        (None, "", BROKEN),
    ],
)
def test_refund_codes(code: str | None, message: str, expected: RefundVerdict) -> None:
    """商户退款请求: ``0000`` is taken, not done; all other codes are failures, unless the message doubts it."""
    assert expected == GIVE_BACK(answered(retCode=code, Memo=message)).verdict


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("1", RefundDone()),
        (1, RefundDone()),
        ("2", RefundFailed()),
        ("0", RefundProcessing()),
        ("3", RefundProcessing()),
        (None, RefundProcessing()),
        ([], RefundProcessing()),
    ],
)
def test_refund_states(status: object, expected: RefundVerdict) -> None:
    """退款订单查询: 1 done, 2 failed, 其他当受理中; the amount may be the refund's or the order's."""
    for amount in ("250", "1250", None):
        fields = {"partnerOrderId": "0101K1", "refundPartnerOrderId": "0101K1R1", "amount": amount}
        answer = ASK_REFUND(answered(Memo=None, retMsg="成功", retCode="0000", status=status, **fields))
        assert expected == answer.verdict
        assert ("0000", "成功") == (answer.evidence.gateway_code, answer.evidence.gateway_message)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("00060001", "退款单不存在", NotFound()),
        ("00060001", "操作频繁", TOO_OFTEN),
        ("00060001", "失败", UNCLEAR),
        ("3333", "验签失败", UNCLEAR),
        ("9999", "系统异常", UNCLEAR),
        (None, "", BROKEN),
    ],
)
def test_refund_query_codes(code: str | None, message: str, expected: RefundVerdict) -> None:
    """A code other than ``0000`` says only that the query failed: never that the refund did."""
    assert expected == ASK_REFUND(answered(Memo=None, retCode=code, retMsg=message, status="2")).verdict


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, BROKEN),
        ({"refundPartnerOrderId": "0101K1R2"}, MISMATCH),
        ({"partnerOrderId": "0101K2"}, MISMATCH),
        ({"partnerOrderId": "0101K2", "refundPartnerOrderId": "0101K1R1"}, MISMATCH),
        ({"partnerOrderId": "0101K1", "amount": "249"}, MISMATCH),
        ({"refundPartnerOrderId": "0101K1R1"}, RefundDone()),
    ],
)
def test_a_refund_is_done_only_under_its_own_number(fields: dict[str, object], expected: RefundVerdict) -> None:
    """Done, but of another refund, another order or another amount, or of none at all, is not ours."""
    assert expected == ASK_REFUND(answered(retCode="0000", status="1", **fields)).verdict


@pytest.mark.parametrize("read", [SHOW, REPEAL], ids=["show", "repeal"])
@pytest.mark.parametrize("fields", [{"partnerOrderId": "0101K2"}, {"amount": "1251"}, {"amount": "x"}])
def test_an_answer_about_another_order_is_a_mismatch(read: object, fields: dict[str, object]) -> None:
    """Optional fields that are there must be right."""
    answer = answered(retCode="0000", feeUrl="https://qr.example/1", **fields)
    assert MISMATCH == read(answer).verdict  # type: ignore[operator]  # one of the readers
    assert MISMATCH == PAY(answered(retCode="01000000", **fields)).verdict


@pytest.mark.parametrize("fields", [{"partnerOrderId": "0101K2"}, {"amount": "249"}])
def test_a_refund_answer_about_another_order_is_a_mismatch(fields: dict[str, object]) -> None:
    """The same for the answer to a refund."""
    assert MISMATCH == GIVE_BACK(answered(retCode="0000", **fields)).verdict


def test_a_code_to_show() -> None:
    """用户主扫 answers with what the customer scans; without it there is nothing to show."""
    shown = answered(retCode="0000", feeUrl="weixin://wxpay/bizpayurl?pr=p4lpSuKzz", amount="1250", tradeNo="1")
    assert Pending("weixin://wxpay/bizpayurl?pr=p4lpSuKzz") == SHOW(shown).verdict
    assert BROKEN == SHOW(answered(retCode="0000", feeUrl="")).verdict


def test_every_documented_code_is_in_every_table() -> None:
    """Nothing that a document names falls through to "not published"."""
    assert DOCUMENTED == {codes.SUCCESS, codes.SIGNATURE_REFUSED, codes.SYSTEM_ERROR, *codes.PAYING}
    assert DOCUMENTED - {"0000"} == set(codes.PAY_CODES)
    assert DOCUMENTED - {"0000"} | {"88881137", "88881220"} == set(codes.SYNC_CODES)
    assert DOCUMENTED == set(codes.REPEAL_CODES) == set(codes.REFUND_CODES)


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "doubt"),
    [
        (500, b"{}", Doubt.HTTP_STATUS),
        (302, b"", Doubt.HTTP_STATUS),
        (201, b"{}", Doubt.HTTP_STATUS),
        (200, b"<html>", Doubt.BROKEN_BODY),
        (200, b"[]", Doubt.BROKEN_BODY),
        (200, b'{"retCode":"0000","retCode":"9999"}', Doubt.BROKEN_BODY),
        (200, b"\xff", Doubt.BROKEN_BODY),
        (200, b"{}", Doubt.BAD_SIGNATURE),
    ],
)
def test_bodies_that_prove_nothing(status: int, body: bytes, doubt: Doubt) -> None:
    """Another status than 200, no JSON, ambiguous JSON, no signature: unknown, and what came is told."""
    for read in (PAY, SHOW, SYNC, REPEAL, GIVE_BACK, ASK_REFUND):
        answer = read(HttpResponse(status, body))
        assert Unknown(doubt) == answer.verdict
        assert (doubt is Doubt.BAD_SIGNATURE) == (answer.evidence.http_status is None)


def test_the_code_that_was_scanned_is_shown_nowhere() -> None:
    """A message that repeats the payment code is masked, whether the signature holds or not."""
    for answer in (answered(retCode="9999", Memo=f"付款码{CODE}无效"), response({"Memo": f"付款码{CODE}无效"})):
        assert CODE not in (PAY(answer).evidence.gateway_message or "")
        assert "付款码13" in (PAY(answer).evidence.gateway_message or "")
    request = CODEC.pay(ORDER, STAMP).request
    assert CODE not in repr(request)
    assert MERCHANT_PRIVATE.reveal() not in repr(CODEC.__dict__)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_call_by_hand_shows_what_came() -> None:
    """The fields, whether they are signed, and whether the code says success."""
    read = CODEC.call("apisync", {"partnerOrderId": "1"}, STAMP).read
    fields = signed(**paid_fields())
    result = read(response(fields)).verdict
    assert (fields, True, True) == (result.fields, result.verified, result.succeeded)
    refused = read(answered(retCode="9999")).verdict
    assert (True, False) == (refused.verified, refused.succeeded)
    forged = read(response({**fields, "sign": "AAAA"}))
    assert (False, False, "0000") == (
        forged.verdict.verified,
        forged.verdict.succeeded,
        forged.evidence.gateway_code,
    )
    broken = read(HttpResponse(502, b"<html>"))
    assert ({}, None, False, 502) == (
        broken.verdict.fields,
        broken.verdict.verified,
        broken.verdict.succeeded,
        broken.evidence.http_status,
    )


@pytest.mark.parametrize(("code", "well"), [("00060761", True), ("0000", True), ("3333", False), ("9999", False)])
def test_harmless(code: str, well: bool) -> None:
    """Any signed answer but a complaint about the signature or the system shows that keys and network are right."""
    read = CODEC.harmless(STAMP).read
    assert well == read(answered(retCode=code, Memo="订单不存在")).verdict.succeeded
    assert not read(response({"retCode": code, "sign": "AAAA"})).verdict.succeeded


def test_an_unknown_wallet_does_not_stop_a_cancel() -> None:
    """A payment must be undone whatever was recorded of it: the field is left out, the call is made."""
    request = CODEC.cancel(replace(REF, wallet=Wallet.OTHER), STAMP).request
    assert b"payType" not in request.body
