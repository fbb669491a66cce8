"""A merchant of the UMF service-provider platform, the platform that signs for him, his orders, and its tables."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from posd.gateways.base import HttpRequest, HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.rsa_keys import RsaPrivateKey
from posd.gateways.signing import java_map_text, joined_pairs, joined_values
from posd.gateways.umf_sp.codec import UmfSpCodec
from posd.gateways.umf_sp.settings import UmfSpSettings
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method


def key_pair() -> tuple[RsaPrivateKey, Secret, Secret]:
    """A key of the platforms' size: to sign with, and the two halves as key files hold them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # their size: nothing is protected by it
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return RsaPrivateKey(key), Secret(private.decode()), Secret(base64.b64encode(public).decode())


MERCHANT, MERCHANT_PRIVATE, _ = key_pair()
PLATFORM, _, PLATFORM_PUBLIC = key_pair()
STRANGER, _, _ = key_pair()

NOTIFY_URL = "http://pos.example:8780/notify/main"
SETTINGS = UmfSpSettings("Y471790403", "41509208", MERCHANT_PRIVATE, PLATFORM_PUBLIC, notify_url=NOTIFY_URL)
CODEC = UmfSpCodec(SETTINGS)

# 2019-09-25 15:17:00 in Beijing.
STAMP = Stamp(1_569_395_820_000, "0123456789abcdef0123456789abcdef")
CODE = "134919586213926735"
SIGNATURE = frozenset({"signature"})

ORDER = PayOrder(
    order_no="0101K1",
    amount=Fen(1250),
    method=Method.BARCODE,
    wallet=Wallet.WECHAT,
    description="示例商品",
    operator="00000001",
    terminal_id="0101",
    store_id="md_001",
    credential=AuthCode(CODE),
)
REF = OrderRef("0101K1", Fen(1250), Method.BARCODE, Wallet.WECHAT, submitted_at_ms=STAMP.at_ms, operator="00000001")
PAID_REF = replace(REF, known_paid=True)
UNPAID_REF = replace(REF, known_paid=False)
REFUND = RefundOrder("0101K1R1", Fen(250), REF, requested_at_ms=STAMP.at_ms)


@dataclass(frozen=True, slots=True)
class Field:
    """A row of a request table."""

    length: int | None
    required: bool = True
    pattern: str = ".+"


_OWN = {"acqSpId": Field(10), "acqMerId": Field(8), "signature": Field(256)}
_ORDER_NO = {"orderNo": Field(64)}
_TIME = {"orderTime": Field(16, pattern=r"20\d{12}")}
_AMOUNT = Field(13, pattern=r"[1-9]\d*")

TABLES = {
    "micropay": {
        **_OWN, **_ORDER_NO, **_TIME,
        "txnAmt": _AMOUNT, "orderType": Field(12, pattern="alipay|wechat|unionpay"), "authCode": Field(32),
        "goodsId": Field(16, required=False), "goodsInfo": Field(128, required=False),
        "backUrl": Field(256, required=False, pattern=r"http://[A-Za-z0-9/&%?=.:]+"),
        "merPriv": Field(128, required=False), "faceFlag": Field(2, required=False, pattern="1"),
    },
    "queryOrder": {**_OWN, **_ORDER_NO, "transactionId": Field(32, required=False)},
    "cancelOrder": {**_OWN, **_ORDER_NO},
    "closeOrder": {**_OWN, **_ORDER_NO},
    "refund": {**_OWN, **_ORDER_NO, **_TIME, "origOrderNo": Field(64), "origTxnAmt": _AMOUNT, "txnAmt": _AMOUNT},
    "refundQuery": {**_OWN, **_ORDER_NO},
    "wxface": {
        **_OWN,
        "rawDate": Field(None), "appid": Field(32, required=False), "mchId": Field(32, required=False),
        "subMchId": Field(32, required=False),
    },
}  # fmt: skip
"""The request tables of the document, as far as posd has anything to put in them."""


def fields_of(request: HttpRequest) -> dict[str, str]:
    """What a request carries; that it keeps its table and is rightly signed is checked on the way."""
    fields: dict[str, str] = json.loads(request.body)
    assert ("POST", f"/pay/{request.operation}") == (request.method, request.path)
    assert "application/json; charset=utf-8" == request.headers["Content-Type"]
    assert MERCHANT.public_key().verify(joined_pairs(fields, SIGNATURE), fields["signature"])
    table = TABLES[request.operation]
    assert set() == set(fields) - set(table), "fields that are in no document"
    for name, field in table.items():
        assert not field.required or name in fields, f"{name} is mandatory"
        if name in fields:
            value = fields[name]
            assert value, name
            assert value == value.strip(), name
            assert field.length is None or len(value) <= field.length, name
            assert re.fullmatch(field.pattern, value), name
    return fields


def response(fields: dict[str, object]) -> HttpResponse:
    """Fields as an answer carries them."""
    return HttpResponse(200, json.dumps(fields, ensure_ascii=False).encode())


def signed(key: RsaPrivateKey = PLATFORM, /, **fields: object) -> dict[str, object]:
    """Fields with the platform's signature; None takes a field out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {**given, "signature": key.sign(joined_values(given, without=SIGNATURE, text=java_map_text))}


def answered(**fields: object) -> HttpResponse:
    """A signed answer."""
    return response(signed(**{"respMsg": "处理成功", "platDate": "20190925", **fields}))


def paid_fields(**changes: object) -> dict[str, object]:
    """What a query says of a paid order."""
    return {
        "respCode": "00",
        "respMsg": "处理成功",
        "platDate": "20190925",
        "payTime": "0925151705",
        "txnAmt": 1250,
        "paySeq": "9268151710507213",
        "transactionId": "2019092515170000002850",
        "origRespCode": "00",
        "origRespDescMsg": "支付成功",
        "isClosed": "",
        "depBankSeq": "4200000395201909251384927907",
        **changes,
    }


def notified(key: RsaPrivateKey = PLATFORM, /, **fields: str | None) -> HttpResponse:
    """A signed notification; None takes a field out."""
    given = {
        "acqSpId": "Y471790403",
        "acqMerId": "41509208",
        "orderNo": "0101K1",
        "txnAmt": "1250",
        "currencyCode": "CNY",
        "transIndex": "2019092515170000002850",
        "transactionId": "4200000395201909251384927907",
        "payAmt": "",
        "payTime": "20190925151705",
        "cardType": "02",
        "notifyType": "1",
        "merPriv": "",
        **fields,
    }
    texts = {name: value for name, value in given.items() if value is not None}
    return form({**texts, "sign": key.sign(joined_values(texts))})


def form(fields: dict[str, str]) -> HttpResponse:
    """Fields as a notification carries them."""
    return HttpResponse(200, urlencode(fields).encode())
