"""What ChinaUMS is sent: paths, fields, types and the signature in the header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from posd.gateways.base import Exchange, Goods, HttpRequest, OrderRef, PayOrder
from posd.gateways.chinaums.codec import ChinaumsCodec
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.signing import open_body_signature
from posd.payment.amounts import Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from tests.gateways.chinaums.support import (
    CODE,
    CODEC,
    ORDER,
    QR_ORDER,
    QR_REF,
    QR_REFUND,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
)

POSLINK = {"merchantCode": "898340149000005", "terminalCode": "88880001"}
NETPAY = {
    "requestTimestamp": "2024-05-13 12:52:12",
    "mid": "898340149000005",
    "tid": "88880001",
    "instMid": "APPDEFAULT",
}


def sent(request: HttpRequest) -> dict[str, object]:
    """The fields of a request, once its header is checked."""
    header = re.fullmatch(
        r'OPEN-BODY-SIG AppId="(\w+)", Timestamp="(\d{14})", Nonce="(\w+)", Signature="([^"]+)"',
        request.headers["authorization"],
    )
    assert header is not None
    app_id, timestamp, nonce, signature = header.groups()
    assert (SETTINGS.app_id, "20240513125212", STAMP.nonce) == (app_id, timestamp, nonce)
    assert signature == open_body_signature(app_id, SETTINGS.app_key, timestamp, nonce, request.body)
    assert "application/json" == request.headers["content-type"]
    fields: dict[str, object] = json.loads(request.body)
    return fields


def test_pay_with_a_bar_code() -> None:
    """Poslink 支付: every documented field of version 2, the amount as a number, and nothing else."""
    request = CODEC.pay(ORDER, STAMP).request
    assert ("POST", "/v2/poslink/transaction/pay", "poslink/pay") == (request.method, request.path, request.operation)
    assert sent(request) == {
        **POSLINK,
        "transactionAmount": 1250,
        "transactionCurrencyCode": "156",
        "merchantOrderId": "31940101K1",
        "merchantRemark": "示例商品",
        "payMode": "CODE_SCAN",
        "payCode": CODE,
    }


def test_pay_with_a_face_code() -> None:
    """A face code goes the same way under another mode."""
    order = replace(ORDER, method=Method.FACE, credential=Secret("b713b5d2-666c-48"))
    fields = sent(CODEC.pay(order, STAMP).request)
    assert ("FACE_SCAN", "b713b5d2-666c-48") == (fields["payMode"], fields["payCode"])


def test_a_remark_is_never_empty_and_never_long() -> None:
    """MerchantRemark is cut; without a description the order number stands in."""
    assert "31940101K1" == sent(CODEC.pay(replace(ORDER, description=" "), STAMP).request)["merchantRemark"]
    assert "货" * 64 == sent(CODEC.pay(replace(ORDER, description="货" * 65), STAMP).request)["merchantRemark"]


def test_pay_for_a_code_to_scan() -> None:
    """1.1 下单 of Alipay: the order, its end, and where to notify."""
    codec = ChinaumsCodec(replace(SETTINGS, notify_url="https://till.example/notify/main"))
    goods = (Goods("001", 2, Fen(500), "鸡蛋"), Goods("002", 1, Fen(250)))
    request = codec.pay(replace(QR_ORDER, attach="A-1", goods=goods), STAMP).request
    assert ("/v1/netpay/trade/precreate", "netpay/trade/precreate") == (request.path, request.operation)
    assert sent(request) == {
        **NETPAY,
        "merOrderId": "31940101K1",
        "totalAmount": 1250,
        "tradeType": "APP",
        "orderDesc": "示例商品",
        "attachedData": "A-1",
        "expireTime": "2024-05-13 12:54:12",
        "goods": [
            {"goodsId": "001", "quantity": "2", "price": "500", "goodsName": "鸡蛋"},
            {"goodsId": "002", "quantity": "1", "price": "250"},
        ],
        "notifyUrl": "https://till.example/notify/main",
    }


def test_what_is_optional_is_left_out() -> None:
    """No empty field, no field without a value."""
    bare = replace(QR_ORDER, description="", attach="x" * 256, expires_at_ms=None)
    assert sent(CODEC.pay(bare, STAMP).request) == {
        **NETPAY,
        "merOrderId": "31940101K1",
        "totalAmount": 1250,
        "tradeType": "APP",
    }


@pytest.mark.parametrize(
    ("make", "operation", "path", "fields"),
    [
        (lambda: CODEC.query(REF, STAMP), "poslink/query", "/v2/poslink/transaction/query", POSLINK),
        (lambda: CODEC.cancel(REF, STAMP), "poslink/voidpayment", "/v2/poslink/transaction/voidpayment", POSLINK),
        (
            lambda: CODEC.refund(REFUND, STAMP),
            "poslink/refund",
            "/v2/poslink/transaction/refund",
            {**POSLINK, "refundRequestId": "31940101K1R1", "transactionAmount": 250},
        ),
        (
            lambda: CODEC.refund_query(REFUND, STAMP),
            "poslink/query-refund",
            "/v2/poslink/transaction/query-refund",
            {**POSLINK, "refundRequestId": "31940101K1R1"},
        ),
    ],
)
def test_poslink(make: Callable[[], Exchange[object]], operation: str, path: str, fields: dict[str, object]) -> None:
    """Later calls name the order by our number only: the platform's own would win over it."""
    request = make().request
    assert (operation, path) == (request.operation, request.path)
    assert {**fields, "merchantOrderId": "31940101K1"} == sent(request)


@pytest.mark.parametrize(
    ("make", "operation", "fields"),
    [
        (lambda: CODEC.query(QR_REF, STAMP), "netpay/query", {"merOrderId": "31940101K1"}),
        (lambda: CODEC.cancel(QR_REF, STAMP), "netpay/close", {"merOrderId": "31940101K1"}),
        (
            lambda: CODEC.refund(replace(QR_REFUND, reason="退货"), STAMP),
            "netpay/refund",
            {
                "merOrderId": "31940101K1",
                "refundOrderId": "31940101K1R1",
                "refundAmount": 250,
                "refundDesc": "退货",
            },
        ),
        (lambda: CODEC.refund_query(QR_REFUND, STAMP), "netpay/refund-query", {"merOrderId": "31940101K1R1"}),
    ],
)
def test_netpay(make: Callable[[], Exchange[object]], operation: str, fields: dict[str, object]) -> None:
    """An order with a code to scan stays with netpay; a refund is asked for by its own number there."""
    request = make().request
    assert (operation, f"/v1/{operation}") == (request.operation, request.path)
    assert {**NETPAY, **fields} == sent(request)


@pytest.mark.parametrize(
    "order",
    [replace(ORDER, credential=None), replace(QR_ORDER, wallet=Wallet.WECHAT)],
    ids=["no code", "no code to scan of WeChat"],
)
def test_what_the_capabilities_rule_out_is_not_sent(order: PayOrder) -> None:
    """Nothing is built for an order that this gateway cannot take."""
    with pytest.raises(ValueError, match="ChinaUMS"):
        CODEC.pay(order, STAMP)


def test_capabilities() -> None:
    """Codes and faces, Alipay's code to scan, no face credentials; every order number begins with the source."""
    capabilities = CODEC.capabilities
    assert frozenset(Method) == capabilities.methods
    assert frozenset(Wallet) == capabilities.wallets
    assert {Wallet.ALIPAY} == capabilities.qr_wallets == {capabilities.qr_default}
    assert not capabilities.face_auth
    assert "3194" == capabilities.order_prefix


@pytest.mark.parametrize("method", [Method.BARCODE, Method.FACE])
def test_a_void_gives_back_on_the_same_day_only(method: Method) -> None:
    """A void reverses, its answer proves nothing, and after ten minutes a refund is the surer way."""
    assert VoidTerms(deadline_ms=600_000, answer_proves=False, reverses_paid=True) == CODEC.void_terms(method)


def test_a_close_gives_nothing_back() -> None:
    """An order with a code to scan is closed while it is unpaid, and refunded once it is paid."""
    assert VoidTerms(answer_proves=False, reverses_paid=False) == CODEC.void_terms(Method.QR)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source_id": "319"}, "source_id"),
        ({"source_id": "31 4"}, "source_id"),
        ({"source_id": "商户来源"}, "source_id"),
        ({"mid": "1234567"}, "mid"),
        ({"mid": "1" * 33}, "mid"),
        ({"tid": "1"}, "tid"),
        ({"inst_mid": "APP"}, "inst_mid"),
        ({"notify_url": "https://" + "x" * 255}, "notify_url"),
    ],
)
def test_settings_that_the_document_rules_out_are_refused(change: dict[str, str], words: str) -> None:
    """A wrong value stops the start, with the key's name."""
    given = {name: getattr(SETTINGS, name) for name in SETTINGS.__slots__}
    with pytest.raises(ValueError, match=words):
        ChinaumsSettings(**{**given, **change})


def test_the_credential_is_in_the_body_only() -> None:
    """Neither request nor settings show the code or a key when they are printed."""
    exchange = CODEC.pay(ORDER, STAMP)
    assert CODE.encode() in exchange.request.body
    shown = repr(exchange.request) + repr(SETTINGS) + repr(ORDER)
    assert CODE not in shown
    assert SETTINGS.app_key.reveal() not in shown
    assert SETTINGS.notify_key.reveal() not in shown


# --- calls by hand ----------------------------------------------------------------------------------------------------


def test_the_documented_calls_are_all_there() -> None:
    """Six order calls and seven more of netpay, five of poslink; each says where it is documented."""
    names = set(CODEC.operations())
    assert names == {
        "poslink/pay", "poslink/query", "poslink/voidpayment", "poslink/refund", "poslink/query-refund",
        "netpay/wx/app-pre-order", "netpay/trade/precreate", "netpay/qmf/order", "netpay/uac/app-order",
        "netpay/applepay/order", "netpay/trade/app-pre-order", "netpay/query", "netpay/refund", "netpay/refund-query",
        "netpay/secure-cancel", "netpay/secure-complete", "netpay/close",
    }  # fmt: skip
    assert all(operation.section.startswith("ChinaUMS ") for operation in CODEC.operations().values())


@pytest.mark.parametrize("name", CODEC.operations())
def test_every_operation_can_be_called(name: str) -> None:
    """Merchant, terminal and time are filled in; the path is the platform's own."""
    operation = CODEC.operations()[name]
    request = CODEC.call(name, dict.fromkeys(operation.required, "1"), STAMP).request
    family, _, rest = name.partition("/")
    prefix = "/v2/poslink/transaction/" if family == "poslink" else "/v1/netpay/"
    assert (name, prefix + rest) == (request.operation, request.path)
    own = dict(POSLINK) if family == "poslink" else dict(NETPAY)
    if name == "poslink/pay":
        own["transactionCurrencyCode"] = "156"
    assert set(own) | set(operation.required) == set(sent(request))


def test_a_call_turns_texts_into_the_types_of_the_wire() -> None:
    """Amounts are numbers, lists are lists; what does not fit is left to be refused."""
    given = {
        "totalAmount": "1250",
        "originalAmount": "much",
        "divisionFlag": "true",
        "goods": '[{"goodsId": "001"}]',
        "subOrders": "none",
        "mid": "898000000000001",
    }
    fields = sent(CODEC.call("netpay/wx/app-pre-order", given, STAMP).request)
    assert fields == {
        **NETPAY,
        "mid": "898000000000001",
        "totalAmount": 1250,
        "originalAmount": "much",
        "divisionFlag": True,
        "goods": [{"goodsId": "001"}],
        "subOrders": "none",
    }


def test_an_unknown_call_is_refused() -> None:
    """KeyError, nothing built."""
    with pytest.raises(KeyError):
        CODEC.call("poslink/reversepayment", {}, STAMP)


def test_the_harmless_call_asks_for_an_order_that_cannot_exist() -> None:
    """A query that the document has codes for; its number fits its field."""
    request = CODEC.harmless(STAMP).request
    order_no = sent(request)["merOrderId"]
    assert "netpay/query" == request.operation
    assert not CODEC.operations()[request.operation].moves_money
    assert isinstance(order_no, str)
    assert order_no.startswith("3194")
    assert 6 < len(order_no) < 28


def test_the_order_prefix_does_not_depend_on_the_method() -> None:
    """Both interfaces get the number as it is."""
    ref = OrderRef("3194X", Fen(1), Method.QR, None, submitted_at_ms=0, operator="")
    assert "3194X" == sent(CODEC.query(ref, STAMP).request)["merOrderId"]
