"""What the UMF service-provider platform is sent: the tables of its document, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import FaceAuthRequest, Goods, HttpRequest, PayOrder
from posd.gateways.signing import SigningKeyError, joined_pairs
from posd.gateways.umf_sp.codec import UmfSpCodec
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from tests.gateways.umf_sp.support import (
    CODE,
    CODEC,
    MERCHANT_PRIVATE,
    NOTIFY_URL,
    ORDER,
    PAID_REF,
    PLATFORM_PUBLIC,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
    TABLES,
    UNPAID_REF,
    fields_of,
)

OWN = {"acqSpId": "Y471790403", "acqMerId": "41509208"}


def without_signature(request: HttpRequest) -> dict[str, str]:
    """The fields of a request that was checked, less the signature."""
    return {name: value for name, value in fields_of(request).items() if name != "signature"}


def test_pay_by_bar_code() -> None:
    """刷卡支付-用户被扫: the amount is a text, the time Beijing's, nothing of the till's own operator or store."""
    request = CODEC.pay(ORDER, STAMP).request
    assert "micropay" == request.operation
    assert {
        **OWN,
        "orderTime": "20190925151700",
        "orderNo": "0101K1",
        "txnAmt": "1250",
        "orderType": "wechat",
        "authCode": CODE,
        "goodsId": "goods",
        "goodsInfo": "示例商品",
        "backUrl": NOTIFY_URL,
    } == without_signature(request)


@pytest.mark.parametrize(
    ("wallet", "code", "order_type"),
    [
        (Wallet.WECHAT, CODE, "wechat"),
        (Wallet.ALIPAY, "2812345678901234", "alipay"),
        (Wallet.UNIONPAY, "6212345678901234567", "unionpay"),
    ],
)
def test_pay_of_each_wallet(wallet: Wallet, code: str, order_type: str) -> None:
    """The three wallets by their words."""
    fields = without_signature(CODEC.pay(replace(ORDER, wallet=wallet, credential=AuthCode(code)), STAMP).request)
    assert (order_type, code) == (fields["orderType"], fields["authCode"])
    assert "faceFlag" not in fields


def test_pay_by_face() -> None:
    """A face is an 18-digit code with ``faceFlag`` 1."""
    fields = without_signature(CODEC.pay(replace(ORDER, method=Method.FACE, credential=Secret(CODE)), STAMP).request)
    assert ("1", CODE) == (fields["faceFlag"], fields["authCode"])


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, wallet=Wallet.ECNY),
        replace(ORDER, wallet=None),
        replace(ORDER, credential=None),
        replace(ORDER, method=Method.QR),
    ],
)
def test_what_cannot_be_written_is_refused(order: PayOrder) -> None:
    """An order outside the capabilities is refused before anything is signed, and the error shows no code."""
    with pytest.raises(ValueError, match="umf-sp") as refused:
        CODEC.pay(order, STAMP)
    assert CODE not in str(refused.value)


@pytest.mark.parametrize(
    ("attach", "expected"),
    [(None, None), ("", None), ("  ", None), ("会员日", "会员日"), ("商" * 42, "商" * 42), ("商" * 43, None)],
)
def test_attach_is_sent_whole_or_not_at_all(attach: str | None, expected: str | None) -> None:
    """``merPriv`` has 128 bytes: half of it may mean something else."""
    fields = without_signature(CODEC.pay(replace(ORDER, attach=attach), STAMP).request)
    assert expected == fields.get("merPriv")


def test_goods_and_description_fit() -> None:
    """An article's number where it fits, a description cut to 128 bytes."""
    order = replace(ORDER, goods=(Goods("cola330", 1, Fen(1250)),), description="商" * 100)
    fields = without_signature(CODEC.pay(order, STAMP).request)
    assert ("cola330", "商" * 42) == (fields["goodsId"], fields["goodsInfo"])


def test_query_is_the_example_of_the_document() -> None:
    """订单状态同步 asks with the fields of the published request: the same text is signed."""
    fields = without_signature(CODEC.query(replace(REF, order_no="JD201909250317100002"), STAMP).request)
    assert "acqMerId=41509208&acqSpId=Y471790403&orderNo=JD201909250317100002" == joined_pairs(fields)


def test_query_asks_by_our_own_number_only() -> None:
    """``transactionId`` has two meanings in the document, so a known trade number is not sent."""
    assert {**OWN, "orderNo": "0101K1"} == without_signature(CODEC.query(replace(REF, trade_no="1"), STAMP).request)


@pytest.mark.parametrize(
    ("known_paid", "wallet", "operation"),
    [
        (True, Wallet.WECHAT, "cancelOrder"),
        (None, Wallet.WECHAT, "cancelOrder"),
        (False, Wallet.WECHAT, "closeOrder"),
        (True, Wallet.ALIPAY, "cancelOrder"),
        (None, Wallet.ALIPAY, "cancelOrder"),
        (False, Wallet.ALIPAY, "closeOrder"),
        (True, Wallet.UNIONPAY, "queryOrder"),
        (None, Wallet.UNIONPAY, "closeOrder"),
        (False, Wallet.UNIONPAY, "closeOrder"),
        (None, None, "cancelOrder"),
    ],
)
def test_cancel_or_close(known_paid: bool | None, wallet: Wallet | None, operation: str) -> None:
    """What is paid is cancelled, what is not is closed; UnionPay has no cancel, so it is asked for in its place."""
    request = CODEC.cancel(replace(REF, known_paid=known_paid, wallet=wallet), STAMP).request
    assert operation == request.operation
    assert {**OWN, "orderNo": "0101K1"} == without_signature(request)


def test_refund_and_its_query() -> None:
    """退款 has the refund's number as ``orderNo``, the order's as ``origOrderNo``, and both amounts."""
    assert {
        **OWN,
        "orderTime": "20190925151700",
        "origOrderNo": "0101K1",
        "origTxnAmt": "1250",
        "orderNo": "0101K1R1",
        "txnAmt": "250",
    } == without_signature(CODEC.refund(REFUND, STAMP).request)
    assert {**OWN, "orderNo": "0101K1R1"} == without_signature(CODEC.refund_query(REFUND, STAMP).request)


def test_face_credentials() -> None:
    """获取调用凭证 takes the SDK's data as ``rawDate`` (so spelt), whole; there is none for another wallet."""
    rawdata = "rdzIw3JDkWcwDxCf17WGcHFJnLEDa6VYpRfa30lCoT+RjG7u" * 20
    request = CODEC.face_auth(FaceAuthRequest(Wallet.WECHAT, "device-1", rawdata), STAMP).request
    assert {**OWN, "rawDate": rawdata} == without_signature(request)
    with pytest.raises(ValueError, match="WeChat"):
        CODEC.face_auth(FaceAuthRequest(Wallet.ALIPAY, "device-1", rawdata), STAMP)


def test_capabilities() -> None:
    """Bar codes and faces of three wallets, no QR code; a cancel proves nothing and undoes what is paid."""
    capabilities = CODEC.capabilities
    assert {Method.BARCODE, Method.FACE} == capabilities.methods
    assert {Wallet.WECHAT, Wallet.ALIPAY, Wallet.UNIONPAY} == capabilities.wallets
    assert capabilities.face_auth
    assert set() == capabilities.qr_wallets
    for method in (Method.BARCODE, Method.FACE):
        assert VoidTerms(answer_proves=False, reverses_paid=True) == CODEC.void_terms(method)


@pytest.mark.parametrize("url", ["https://pos.example/notify", "http://pos.example/n-1", "http://p/" + "a" * 250])
def test_an_address_that_the_platform_refuses_is_refused_here(url: str) -> None:
    """``backUrl`` 必须以 http:// 开始; characters and length are those of the document."""
    with pytest.raises(ValueError, match="notify_url"):
        replace(SETTINGS, notify_url=url)


def test_keys_are_read_at_once_and_shown_never() -> None:
    """A key that is none stops the start; neither the settings nor the error print one."""
    with pytest.raises(SigningKeyError) as refused:
        UmfSpCodec(replace(SETTINGS, platform_key=Secret("no key")))
    assert "no key" not in str(refused.value)
    assert MERCHANT_PRIVATE.reveal() not in repr(SETTINGS)
    assert PLATFORM_PUBLIC.reveal() not in repr(SETTINGS)


@pytest.mark.parametrize("operation", TABLES)
def test_calls_by_hand_fill_in_the_rest(operation: str) -> None:
    """With the fields that a person must give, every documented call keeps its table."""
    known = {
        "orderNo": "0101K1",
        "txnAmt": "1250",
        "orderType": "wechat",
        "authCode": CODE,
        "origOrderNo": "0101K0",
        "origTxnAmt": "1250",
        "rawDate": "rdzIw3JD",
    }
    described = CODEC.operations()[operation]
    given = {name: known[name] for name in described.required}
    fields = without_signature(CODEC.call(operation, given, STAMP).request)
    assert given == {name: value for name, value in fields.items() if name in given}
    required = {name for name, field in TABLES[operation].items() if field.required}
    assert required - set(described.required) <= {"acqSpId", "acqMerId", "signature", "orderTime"}
    assert set(TABLES[operation]) <= {*required, *described.required, *described.optional}


def test_operations_are_the_calls() -> None:
    """Seven calls, those that move money marked; what is given by hand wins; one more is unknown."""
    assert set(TABLES) == set(CODEC.operations())
    still = {each.name for each in CODEC.operations().values() if not each.moves_money}
    assert {"queryOrder", "refundQuery", "wxface"} == still
    request = CODEC.call("queryOrder", {"orderNo": "1", "acqMerId": "30000102"}, STAMP).request
    assert "30000102" == without_signature(request)["acqMerId"]
    with pytest.raises(KeyError):
        CODEC.call("qrpay", {}, STAMP)


def test_harmless_asks_for_an_order_that_cannot_exist() -> None:
    """``posd doctor`` asks after a number that no till makes."""
    request = CODEC.harmless(STAMP).request
    assert "queryOrder" == request.operation
    assert f"doctor{STAMP.nonce}" == without_signature(request)["orderNo"]


def test_the_code_that_was_scanned_is_in_no_repr() -> None:
    """A request can be printed without giving anything away."""
    assert CODE not in repr(CODEC.pay(ORDER, STAMP).request)
    assert PAID_REF != UNPAID_REF
