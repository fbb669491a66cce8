"""What 惠商+ is sent: the tables of its document, to the letter."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from posd.gateways.base import Goods, HttpRequest, Stamp
from posd.gateways.signing import SigningKeyError, joined_pairs
from posd.gateways.umf_huishang.codec import UmfHuishangCodec
from posd.gateways.umf_huishang.settings import UmfHuishangSettings
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from tests.gateways.umf_huishang.support import (
    CODE,
    CODEC,
    MERCHANT,
    MERCHANT_PRIVATE,
    NOTIFY_URL,
    ORDER,
    PLATFORM_PUBLIC,
    QR_ORDER,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
    TABLES,
    fields_of,
)


def without_sign(request: HttpRequest) -> dict[str, str]:
    """The fields of a request that was checked, less the signature."""
    return {name: value for name, value in fields_of(request).items() if name != "sign"}


def test_pay_by_bar_code() -> None:
    """Every mandatory field of 用户被扫, the time in Beijing, and nothing of the till's own operator or store."""
    request = CODEC.pay(ORDER, STAMP).request
    assert ("POST", "unactivescan", "/api/unactivescan") == (request.method, request.operation, request.path)
    assert "application/x-www-form-urlencoded; charset=UTF-8" == request.headers["Content-Type"]
    assert {
        "partnerOrderId": "0101K1",
        "subMerId": "30000102",
        "proxyId": "0049",
        "amount": "1250",
        "payType": "WX",
        "mediaType": "05",
        "mediaNo": CODE,
        "goodsId": "goods",
        "goodsInfo": "示例商品",
        "apiVersion": "1.0",
        "reqDate": "20171101",
        "reqTime": "144413",
        "notifyUrl": NOTIFY_URL,
    } == without_sign(request)


@pytest.mark.parametrize(
    ("wallet", "code", "pay_type", "media_type"),
    [
        (Wallet.WECHAT, CODE, "WX", "05"),
        (Wallet.ALIPAY, "2812345678901234", "AL", "06"),
        (Wallet.UNIONPAY, "6212345678901234567", "YL", "09"),
    ],
)
def test_pay_of_each_wallet(wallet: Wallet, code: str, pay_type: str, media_type: str) -> None:
    """The three wallets by their numbers; Alipay alone has a scene and a subject, which it must have."""
    fields = without_sign(CODEC.pay(replace(ORDER, wallet=wallet, credential=AuthCode(code)), STAMP).request)
    assert (pay_type, media_type, code) == (fields["payType"], fields["mediaType"], fields["mediaNo"])
    alipay = {"scene": "bar_code", "subject": "示例商品"} if wallet is Wallet.ALIPAY else {}
    assert alipay == {name: fields[name] for name in ("scene", "subject") if name in fields}


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, wallet=Wallet.ECNY),
        replace(ORDER, wallet=None),
        replace(ORDER, credential=None),
        replace(ORDER, method=Method.FACE),
        replace(QR_ORDER, wallet=Wallet.JDPAY),
        replace(QR_ORDER, wallet=None),
    ],
)
def test_what_cannot_be_written_is_refused(order: object) -> None:
    """An order outside the capabilities is refused before anything is signed, and the error shows no code."""
    with pytest.raises(ValueError, match="umf-huishang") as refused:
        CODEC.pay(order, STAMP)  # type: ignore[arg-type]  # a case of the table
    assert CODE not in str(refused.value)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("商" * 128, "商" * 42),
        ("a" * 129, "a" * 128),
        ("a" * 126 + "😀", "a" * 126),
        ("a" * 127 + " b", "a" * 127),
        ("  可乐 \n", "可乐"),
        ("   ", "goods"),
        ("", "goods"),
        ("\ud83d", "goods"),
    ],
)
def test_description_is_cut_to_128_bytes(description: str, expected: str) -> None:
    """The unit of 128 is not named, so bytes; no half characters, no blanks at the ends, never empty."""
    fields = without_sign(CODEC.pay(replace(ORDER, description=description), STAMP).request)
    assert expected == fields["goodsInfo"]


@pytest.mark.parametrize(
    ("goods", "expected"),
    [
        ((Goods("cola330", 2, Fen(300)), Goods("b", 1, Fen(1))), "cola330"),
        ((Goods("1234567890123456", 1, Fen(1)),), "1234567890123456"),
        ((Goods("12345678901234567", 1, Fen(1)),), "goods"),
        ((Goods("可乐", 1, Fen(1)),), "goods"),
        ((), "goods"),
    ],
)
def test_goods_id_fits_or_is_the_documents_own(goods: tuple[Goods, ...], expected: str) -> None:
    """``goodsId`` is mandatory, has 16 characters, and is never cut: half an article number is another article."""
    assert expected == without_sign(CODEC.pay(replace(ORDER, goods=goods), STAMP).request)["goodsId"]


@pytest.mark.parametrize(
    ("life_s", "sent"), [(None, None), (120, None), (299, None), (300, "300"), (1800, "1800"), (1801, None)]
)
def test_show_a_code(life_s: int | None, sent: str | None) -> None:
    """用户主扫 has neither media nor goods number; a life that the platform would not take is not sent."""
    expires_at_ms = None if life_s is None else STAMP.at_ms + life_s * 1000
    request = CODEC.pay(replace(QR_ORDER, expires_at_ms=expires_at_ms), STAMP).request
    fields = without_sign(request)
    assert "/api/activescan" == request.path
    assert sent == fields.pop("expairTime", None)
    assert {
        "partnerOrderId": "0101K1",
        "subMerId": "30000102",
        "proxyId": "0049",
        "amount": "1250",
        "payType": "WX",
        "goodsInfo": "示例商品",
        "apiVersion": "1.0",
        "reqDate": "20171101",
        "reqTime": "144413",
        "notifyUrl": NOTIFY_URL,
    } == fields


def test_query_is_the_example_of_the_document() -> None:
    """订单状态同步 asks with the fields of the published request: the same text is signed."""
    example = replace(REF, order_no="1509518653211")
    fields = without_sign(CODEC.query(example, STAMP).request)
    assert (
        "apiVersion=1.0&orderDate=20171101&partnerOrderId=1509518653211&payType=WX&proxyId=0049&subMerId=30000102"
    ) == joined_pairs(fields)


def test_query_without_a_wallet() -> None:
    """``payType`` is optional: an order of an unknown wallet is asked for without it."""
    fields = without_sign(CODEC.query(replace(REF, wallet=None), STAMP).request)
    assert "payType" not in fields
    assert "0101K1" == fields["partnerOrderId"]


def test_order_date_is_the_day_in_beijing() -> None:
    """An order of 23:59:59 in Beijing is of that day, whatever day it is when it is asked for."""
    late = replace(REF, submitted_at_ms=1_509_551_999_000)
    tomorrow = Stamp(1_509_552_001_000, STAMP.nonce)
    fields = without_sign(CODEC.cancel(late, tomorrow).request)
    assert ("20171101", "20171102", "000001") == (fields["orderDate"], fields["reqDate"], fields["reqTime"])


@pytest.mark.parametrize(
    ("submitted_at_ms", "day"),
    [(1_509_551_989_999, "20171101"), (1_509_551_990_001, None), (1_509_552_000_000, "20171102")],
)
def test_around_midnight_the_day_is_left_out(submitted_at_ms: int, day: str | None) -> None:
    """A request may leave some seconds after it was recorded; where the day is optional, a wrong one is not sent."""
    order = replace(REF, submitted_at_ms=submitted_at_ms)
    refund = replace(REFUND, order=order)
    for exchange in (CODEC.query(order, STAMP), CODEC.refund(refund, STAMP), CODEC.refund_query(refund, STAMP)):
        assert day == without_sign(exchange.request).get("orderDate")


def test_cancel_and_refund() -> None:
    """撤销 and 退款 carry the whole order; a refund has its own number, its own amount and ``apiVersion``."""
    cancel, refund = CODEC.cancel(REF, STAMP).request, CODEC.refund(REFUND, STAMP).request
    assert ("/online/repeal", "/online/refund") == (cancel.path, refund.path)
    order = {
        "partnerOrderId": "0101K1",
        "subMerId": "30000102",
        "proxyId": "0049",
        "payType": "WX",
        "orderDate": "20171101",
        "apiVersion": "1.0",
        "reqDate": "20171101",
        "reqTime": "144413",
    }
    assert {**order, "amount": "1250"} == without_sign(cancel)
    changes = {"amount": "250", "refundPartnerOrderId": "0101K1R1", "notifyUrl": NOTIFY_URL}
    assert {**order, **changes} == without_sign(refund)


def test_refund_query() -> None:
    """退款订单查询 calls its version ``version``, and names order and refund."""
    request = CODEC.refund_query(REFUND, STAMP).request
    assert "/refund/query" == request.path
    assert {
        "partnerOrderId": "0101K1",
        "refundPartnerOrderId": "0101K1R1",
        "subMerId": "30000102",
        "proxyId": "0049",
        "payType": "WX",
        "orderDate": "20171101",
        "version": "1.0",
        "reqDate": "20171101",
        "reqTime": "144413",
    } == without_sign(request)


def test_raw_body() -> None:
    """``request_body = "raw"`` writes ``context={…}`` as the examples print it."""
    codec = UmfHuishangCodec(replace(SETTINGS, request_body="raw"))
    body = codec.query(REF, STAMP).request.body
    assert body.startswith(b"context={")
    fields = json.loads(body.removeprefix(b"context="))
    assert MERCHANT.public_key().verify(joined_pairs(fields), fields["sign"])


def test_capabilities() -> None:
    """Bar codes and QR codes of three wallets; a cancel proves nothing, and does not undo a paid QR order."""
    wallets = {Wallet.WECHAT, Wallet.ALIPAY, Wallet.UNIONPAY}
    capabilities = CODEC.capabilities
    assert {Method.BARCODE, Method.QR} == capabilities.methods
    assert wallets == capabilities.wallets == capabilities.qr_wallets
    assert Wallet.WECHAT is capabilities.qr_default
    assert not capabilities.face_auth
    assert VoidTerms(answer_proves=False, reverses_paid=True) == CODEC.void_terms(Method.BARCODE)
    assert VoidTerms(answer_proves=False, reverses_paid=False) == CODEC.void_terms(Method.QR)


@pytest.mark.parametrize(
    "url",
    ["ftp://pos.example/notify", "http://pos-1.example/notify", "http://pos.example/a_b", "http://p/" + "a" * 250, ""],
)
def test_an_address_that_the_platform_refuses_is_refused_here(url: str) -> None:
    """Scheme, characters and length of ``notifyUrl`` are those of the document."""
    with pytest.raises(ValueError, match="notify_url"):
        replace(SETTINGS, notify_url=url)


def test_settings_refuse_another_body() -> None:
    """Only the two ways of writing ``context`` are known."""
    with pytest.raises(ValueError, match="request_body"):
        replace(SETTINGS, request_body="json")  # type: ignore[arg-type]  # what a file may say


def test_keys_are_read_at_once_and_shown_never() -> None:
    """A key that is none stops the start; neither the settings nor the error print one."""
    with pytest.raises(SigningKeyError) as refused:
        UmfHuishangCodec(replace(SETTINGS, private_key=Secret("no key")))
    assert "no key" not in str(refused.value)
    assert MERCHANT_PRIVATE.reveal() not in repr(SETTINGS)
    assert PLATFORM_PUBLIC.reveal() not in repr(SETTINGS)


@pytest.mark.parametrize("operation", TABLES)
def test_calls_by_hand_fill_in_the_rest(operation: str) -> None:
    """With the fields that a person must give, every documented call keeps its table."""
    known = {
        "partnerOrderId": "0101K1",
        "amount": "1250",
        "payType": "WX",
        "mediaType": "05",
        "mediaNo": CODE,
        "goodsId": "goods",
        "goodsInfo": "goods",
        "orderDate": "20171101",
        "refundPartnerOrderId": "0101K1R1",
    }
    described = CODEC.operations()[operation]
    given = {name: known[name] for name in described.required}
    request = CODEC.call(operation, given, STAMP).request
    assert given == {name: value for name, value in without_sign(request).items() if name in given}
    required = {name for name, field in TABLES[operation].items() if field.required}
    assert required - set(described.required) <= {
        "subMerId",
        "proxyId",
        "sign",
        "apiVersion",
        "version",
        "reqDate",
        "reqTime",
    }
    assert set(TABLES[operation]) <= {*required, *described.required, *described.optional}


def test_operations_are_the_calls() -> None:
    """Six calls, each with the name of its page, and one more is unknown."""
    assert set(TABLES) == set(CODEC.operations())
    assert {"apisync", "refundquery"} == {each.name for each in CODEC.operations().values() if not each.moves_money}
    with pytest.raises(KeyError):
        CODEC.call("unifiedcode", {}, STAMP)


def test_what_is_given_by_hand_wins() -> None:
    """A person may say another version or merchant than we would."""
    fields = without_sign(CODEC.call("apisync", {"partnerOrderId": "1", "proxyId": "0001"}, STAMP).request)
    assert "0001" == fields["proxyId"]


def test_harmless_asks_for_an_order_that_cannot_exist() -> None:
    """``posd doctor`` asks after a number that no till makes, with 32 characters at most."""
    request = CODEC.harmless(STAMP).request
    assert "apisync" == request.operation
    assert "doctor0123456789abcdef01234567" == without_sign(request)["partnerOrderId"]


def test_settings_have_the_names_of_the_configuration() -> None:
    """The fields are the keys of the contract, less ``_file``."""
    settings = UmfHuishangSettings("1", "2", MERCHANT_PRIVATE, PLATFORM_PUBLIC)
    assert ("1", "2", None, "form") == (
        settings.sub_mer_id,
        settings.proxy_id,
        settings.notify_url,
        settings.request_body,
    )
