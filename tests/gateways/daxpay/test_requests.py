"""What DaxPay is sent: paths, fields, types and signatures of both generations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from posd.gateways.base import Exchange, HttpRequest, PayOrder
from posd.gateways.daxpay.codec import DaxpayCodec
from posd.gateways.daxpay.settings import DaxpaySettings
from posd.gateways.signing import daxpay_signature
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from tests.gateways.daxpay.support import CODE, CODEC, ORDER, QR_ORDER, REF, REFUND, SECRET, SETTINGS, STAMP

OLD = DaxpayCodec(replace(SETTINGS, api="2.0.6"))


def sent(request: HttpRequest, sign_type: str = "HMAC_SHA256") -> dict[str, object]:
    """The fields of a request without what every request has, once its signature and those are checked."""
    fields: dict[str, object] = json.loads(request.body)
    sign = fields.pop("sign")
    assert daxpay_signature(fields, SECRET, sign_type) == sign
    common = {name: fields.pop(name) for name in ("clientIp", "nonceStr", "reqTime")}
    assert {"clientIp": "127.0.0.1", "nonceStr": STAMP.nonce, "reqTime": 1715575932} == common
    return fields


def test_pay_sends_the_bar_code_in_the_extension_object() -> None:
    """统一支付接口: the required fields, the amount as a number, the code where the platform looks for it."""
    request = CODEC.pay(ORDER, STAMP).request
    assert ("POST", "/unipay/pay", "pay") == (request.method, request.path, request.operation)
    assert "application/json" == request.headers["content-type"]
    assert sent(request) == {
        "bizOrderNo": "0101K1",
        "title": "示例商品",
        "channel": "wechat_pay",
        "method": "barcode",
        "amount": 1250,
        "extraParam": {"authCode": CODE},
    }


def test_pay_for_a_qr_code_says_when_it_dies() -> None:
    """A QR order has no code of the customer and an end in epoch seconds."""
    fields = sent(CODEC.pay(QR_ORDER, STAMP).request)
    assert ("qrcode", 1715576052) == (fields["method"], fields["expiredTime"])
    assert "extraParam" not in fields
    assert "expiredTime" not in sent(CODEC.pay(replace(QR_ORDER, expires_at_ms=None), STAMP).request)


@pytest.mark.parametrize(
    ("wallet", "code", "channel"),
    [
        (Wallet.WECHAT, CODE, "wechat_pay"),
        (Wallet.ALIPAY, "281234567890123456", "ali_pay"),
        (Wallet.UNIONPAY, "6212345678901234567", "union_pay"),
    ],
)
def test_each_wallet_has_its_channel(wallet: Wallet, code: str, channel: str) -> None:
    """The channel follows from the wallet."""
    order = replace(ORDER, wallet=wallet, credential=AuthCode(code))
    assert channel == sent(CODEC.pay(order, STAMP).request)["channel"]


def test_a_qr_code_without_a_wallet_is_wechats() -> None:
    """The default of the capabilities is the default of the request."""
    order = replace(QR_ORDER, wallet=None)
    assert "wechat_pay" == sent(CODEC.pay(order, STAMP).request)["channel"]


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, wallet=Wallet.ECNY),
        replace(ORDER, method=Method.FACE),
        replace(ORDER, credential=None),
    ],
    ids=["wallet", "face", "no code"],
)
def test_what_the_capabilities_rule_out_is_not_sent(order: PayOrder) -> None:
    """A wallet without a channel, a face, a bar code payment without a code: nothing is built."""
    with pytest.raises(ValueError, match="DaxPay"):
        CODEC.pay(order, STAMP)


def test_texts_are_cut_or_left_out() -> None:
    """A title is cut to 100 units, never empty; what must come back unchanged is sent whole or not at all."""
    fields = sent(CODEC.pay(replace(ORDER, description="货" * 99 + "😀", attach="x" * 501), STAMP).request)
    assert "货" * 99 == fields["title"]
    assert "attach" not in fields
    fields = sent(CODEC.pay(replace(ORDER, description="", attach="x" * 500), STAMP).request)
    assert "0101K1" == fields["title"]
    assert "x" * 500 == fields["attach"]


def test_quotes_in_a_title_do_not_break_the_signature() -> None:
    """The platform signs texts without quotes and backslashes; what is sent keeps them."""
    fields = sent(CODEC.pay(replace(ORDER, description='a"b\\c'), STAMP).request)
    assert 'a"b\\c' == fields["title"]


def test_nothing_empty_is_sent() -> None:
    """An empty text would be signed as ``k=``, so it is left out everywhere."""
    codec = DaxpayCodec(replace(SETTINGS, notify_url=""))
    exchanges: list[Exchange[object]] = [
        codec.pay(replace(ORDER, attach=""), STAMP),
        codec.refund(replace(REFUND, reason=""), STAMP),
        codec.call("pay", {"title": ""}, STAMP),
    ]
    for exchange in exchanges:
        fields = json.loads(exchange.request.body)
        assert not [name for name, value in fields.items() if value in ("", None)], exchange.request.operation


def test_the_notification_address_goes_with_pay_and_refund() -> None:
    """Where it is configured, the platform is told where to send its notifications."""
    codec = DaxpayCodec(replace(SETTINGS, notify_url="https://till.example/notify/main"))
    assert "https://till.example/notify/main" == sent(codec.pay(ORDER, STAMP).request)["notifyUrl"]
    assert "https://till.example/notify/main" == sent(codec.refund(REFUND, STAMP).request)["notifyUrl"]
    assert "notifyUrl" not in sent(CODEC.pay(ORDER, STAMP).request)


def test_md5_signs_too() -> None:
    """``sign_type = "MD5"``."""
    codec = DaxpayCodec(replace(SETTINGS, sign_type="MD5"))
    assert {"bizOrderNoeNo": "0101K1"} == sent(codec.query(REF, STAMP).request, "MD5")


@pytest.mark.parametrize(
    ("codec", "make", "operation", "path", "fields"),
    [
        (CODEC, lambda c: c.query(REF, STAMP), "queryPay", "/unipay/query/payOrder", {"bizOrderNoeNo": "0101K1"}),
        (OLD, lambda c: c.query(REF, STAMP), "queryPay", "/uni/query/payOrder", {"bizOrderNoeNo": "0101K1"}),
        (CODEC, lambda c: c.cancel(REF, STAMP), "cancel", "/unipay/cancel", {"bizOrderNo": "0101K1"}),
        (OLD, lambda c: c.cancel(REF, STAMP), "close", "/unipay/close", {"bizTradeNo": "0101K1"}),
        (
            CODEC,
            lambda c: c.refund_query(REFUND, STAMP),
            "queryRefund",
            "/unipay/query/refundOrder",
            {"bizRefundNo": "0101K1R1"},
        ),
        (
            OLD,
            lambda c: c.refund_query(REFUND, STAMP),
            "queryRefund",
            "/uni/query/refundOrder",
            {"bizRefundNo": "0101K1R1"},
        ),
        (
            CODEC,
            lambda c: c.refund(replace(REFUND, reason="退货"), STAMP),
            "refund",
            "/unipay/refund",
            {"bizRefundNo": "0101K1R1", "bizOrderNo": "0101K1", "amount": 250, "reason": "退货"},
        ),
    ],
)
def test_both_generations(
    codec: DaxpayCodec,
    make: Callable[[DaxpayCodec], Exchange[object]],
    operation: str,
    path: str,
    fields: dict[str, object],
) -> None:
    """Each call has the path and the field names of its generation, and no field beside them."""
    request = make(codec).request
    assert (operation, path) == (request.operation, request.path)
    assert fields == sent(request)


@pytest.mark.parametrize(
    ("method", "wallet", "operation"),
    [
        (Method.BARCODE, Wallet.WECHAT, "cancel"),
        (Method.BARCODE, Wallet.ALIPAY, "cancel"),
        (Method.BARCODE, Wallet.UNIONPAY, "close"),
        (Method.QR, Wallet.WECHAT, "close"),
    ],
)
def test_cancel_only_where_the_platform_has_it(method: Method, wallet: Wallet, operation: str) -> None:
    """支付撤销 exists for bar codes of WeChat and Alipay; everything else is closed."""
    request = CODEC.cancel(replace(REF, method=method, wallet=wallet), STAMP).request
    assert operation == request.operation
    assert {"bizOrderNo": "0101K1"} == sent(request)


def test_capabilities_and_void_terms() -> None:
    """No face, three wallets; a cancel neither proves nor gives money back."""
    capabilities = CODEC.capabilities
    assert {Method.BARCODE, Method.QR} == capabilities.methods
    assert {Wallet.WECHAT, Wallet.ALIPAY, Wallet.UNIONPAY} == capabilities.wallets == capabilities.qr_wallets
    assert capabilities.qr_default in capabilities.qr_wallets
    assert not capabilities.face_auth
    assert VoidTerms(answer_proves=False, reverses_paid=False) == CODEC.void_terms(Method.BARCODE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sign_type": "SM3"}, "sign_type"),
        ({"api": "3.0"}, "api"),
        ({"client_ip": ""}, "client_ip"),
        ({"client_ip": "1" * 65}, "client_ip"),
        ({"notify_url": "https://" + "x" * 200}, "notify_url"),
    ],
)
def test_settings_that_no_platform_takes_are_refused(change: dict[str, str], words: str) -> None:
    """A wrong value stops the start, with the key's name."""
    with pytest.raises(ValueError, match=words):
        DaxpaySettings(SECRET, **change)


def test_the_credential_is_in_the_body_only() -> None:
    """Neither request nor exchange shows the code or the key when it is printed."""
    exchange = CODEC.pay(ORDER, STAMP)
    assert CODE.encode() in exchange.request.body
    assert CODE not in repr(exchange.request)
    assert CODE not in repr(ORDER)
    assert "123456" not in repr(DaxpaySettings(Secret("123456")))


# --- calls by hand ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", [CODEC, OLD], ids=["2.0.8", "2.0.6"])
def test_every_operation_has_a_path_and_can_be_called(codec: DaxpayCodec) -> None:
    """Each listed operation builds a signed request of its own; what is required is listed."""
    paths = set()
    for name, operation in codec.operations().items():
        request = codec.call(name, dict.fromkeys(operation.required, "1"), STAMP).request
        assert name == operation.name == request.operation
        assert operation.section.startswith("DaxPay ")
        assert set(sent(request)) == set(operation.required)
        paths.add(request.path)
    assert len(paths) == len(codec.operations())


def test_the_generations_differ_in_cancel_and_in_names() -> None:
    """2.0.6 has no cancel and names the order of a close otherwise."""
    assert set(CODEC.operations()) - set(OLD.operations()) == {"cancel"}
    assert "bizTradeNo" in OLD.operations()["close"].optional
    assert "bizTradeNo" not in CODEC.operations()["close"].optional


def test_a_call_turns_texts_into_the_types_of_the_wire() -> None:
    """Numbers and truth values are sent as such, the code in its object; what is no number is left to be refused."""
    given = {"amount": "1250", "expiredTime": "soon", "allocation": "false", "authCode": CODE, "title": "1"}
    assert sent(CODEC.call("pay", given, STAMP).request) == {
        "amount": 1250,
        "expiredTime": "soon",
        "allocation": False,
        "extraParam": {"authCode": CODE},
        "title": "1",
    }


def test_an_unknown_call_is_refused() -> None:
    """KeyError, nothing built."""
    with pytest.raises(KeyError):
        CODEC.call("transfer", {}, STAMP)
    with pytest.raises(KeyError):
        OLD.call("cancel", {}, STAMP)


def test_the_harmless_call_asks_for_an_order_that_cannot_exist() -> None:
    """A query; it moves nothing."""
    request = CODEC.harmless(STAMP).request
    assert "queryPay" == request.operation
    assert not CODEC.operations()[request.operation].moves_money
    assert {"bizOrderNoeNo": "doctor" + STAMP.nonce} == sent(request)
