"""A 惠商+ merchant, the platform that signs for him, his orders, and what the tables of the document demand."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from posd.gateways.base import HttpRequest, HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.rsa_keys import RsaPrivateKey
from posd.gateways.signing import joined_pairs, joined_values
from posd.gateways.umf_huishang.codec import UmfHuishangCodec
from posd.gateways.umf_huishang.settings import UmfHuishangSettings
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
SETTINGS = UmfHuishangSettings("30000102", "0049", MERCHANT_PRIVATE, PLATFORM_PUBLIC, notify_url=NOTIFY_URL)
CODEC = UmfHuishangCodec(SETTINGS)

# 2017-11-01 14:44:13 in Beijing; just before midnight there, and after it.
STAMP = Stamp(1_509_518_653_211, "0123456789abcdef0123456789abcdef")
CODE = "134919586213926735"

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
QR_ORDER = replace(ORDER, method=Method.QR, credential=None)
REF = OrderRef("0101K1", Fen(1250), Method.BARCODE, Wallet.WECHAT, submitted_at_ms=STAMP.at_ms, operator="00000001")
REFUND = RefundOrder("0101K1R1", Fen(250), REF, requested_at_ms=STAMP.at_ms)


@dataclass(frozen=True, slots=True)
class Field:
    """A row of a request table."""

    length: int | None
    required: bool = True
    pattern: str = ".+"


_DATE, _TIME = Field(8, pattern=r"20\d{6}"), Field(6, pattern=r"\d{6}")
_SIGN = Field(256)
_SHOP = {"shopNo": Field(None, required=False), "operator": Field(None, required=False)}
_URL = {"notifyUrl": Field(256, required=False, pattern=r"https?://[A-Za-z0-9/&%?=.:]+")}
_TYPE = Field(2, pattern="WX|AL|YL")
_OWN = {"subMerId": Field(8), "proxyId": Field(4), "sign": _SIGN}
_MOMENT = {"reqDate": _DATE, "reqTime": _TIME}
_VERSIONED = {**_OWN, "apiVersion": Field(3, pattern=r"1\.0")}
_AMOUNT = r"[1-9]\d*"

TABLES = {
    "unactivescan": {
        **_VERSIONED, **_MOMENT, **_SHOP, **_URL,
        "partnerOrderId": Field(32), "amount": Field(10, pattern=_AMOUNT), "payType": _TYPE,
        "mediaType": Field(2, pattern="05|06|09"), "mediaNo": Field(32), "goodsId": Field(16), "goodsInfo": Field(128),
        "scene": Field(32, required=False, pattern="bar_code"), "subject": Field(256, required=False),
    },
    "activescan": {
        **_VERSIONED, **_MOMENT, **_SHOP, **_URL,
        "partnerOrderId": Field(32), "amount": Field(13, pattern=_AMOUNT), "payType": _TYPE,
        "goodsInfo": Field(128, required=False), "expairTime": Field(600, required=False, pattern=r"\d+"),
    },
    "apisync": {
        **_VERSIONED, **_SHOP,
        "partnerOrderId": Field(32), "payType": Field(2, required=False, pattern="WX|AL|YL"),
        "orderDate": Field(8, required=False, pattern=r"20\d{6}"), "ymfFlag": Field(1, required=False),
    },
    "repeal": {
        **_VERSIONED, **_MOMENT, **_SHOP, **_URL,
        "partnerOrderId": Field(32), "amount": Field(13, pattern=_AMOUNT), "payType": _TYPE, "orderDate": _DATE,
    },
    "refund": {
        **_VERSIONED, **_MOMENT, **_SHOP, **_URL,
        "partnerOrderId": Field(32), "refundPartnerOrderId": Field(32), "amount": Field(13, pattern=_AMOUNT),
        "payType": _TYPE, "orderDate": Field(8, required=False, pattern=r"20\d{6}"),
    },
    "refundquery": {
        **_OWN, **_MOMENT, **_SHOP,
        "version": Field(3, pattern=r"1\.0"), "partnerOrderId": Field(32), "refundPartnerOrderId": Field(32),
        "payType": Field(2, required=False, pattern="WX|AL|YL"),
        "orderDate": Field(8, required=False, pattern=r"20\d{6}"),
        "refundDate": Field(8, required=False, pattern=r"20\d{6}"),
    },
}  # fmt: skip
"""The request tables of the document, as far as posd has anything to put in them."""


def fields_of(request: HttpRequest) -> dict[str, str]:
    """What a request carries; that it keeps its table and is rightly signed is checked on the way."""
    (content,) = parse_qs(request.body.decode("ascii"), strict_parsing=True)["context"]
    fields: dict[str, str] = json.loads(content)
    assert MERCHANT.public_key().verify(joined_pairs(fields), fields["sign"])
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
    """Fields with the platform's signature in ASCII order; None takes a field out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {**given, "sign": key.sign(joined_values(given))}


def answered(**fields: object) -> HttpResponse:
    """A signed answer."""
    return response(signed(**{"Memo": "交易成功", **fields}))


def paid_fields(**changes: object) -> dict[str, object]:
    """What the platform says of a paid order with a discount."""
    return {
        "retCode": "0000",
        "Memo": "交易成功",
        "paySeq": "4200000112223805095997813703",
        "payDay": "20171101",
        "amount": "1250",
        "coupAmount": "250",
        "payAmount": "000000001000",
        "tradeNo": "1709964000006324",
        "platDate": "20171101",
        "platTime": "144415",
        "partnerOrderId": "0101K1",
        **changes,
    }


def notified(**fields: object) -> HttpResponse:
    """A signed notification; None takes a field out."""
    given = {
        "funCode": "PayResultNotify",
        "reqDate": "20171101",
        "reqTime": "144420",
        "payType": "WX",
        "shopNo": "",
        "deviceType": "Other",
        "orderDate": "20171101",
        "partnerOrderId": "0101K1",
        "amount": "1250",
        "tradeState": "TRADE_SUCCESS",
        "paySeq": "4200000112223805095997813703",
        **fields,
    }
    given = {name: value for name, value in given.items() if value is not None}
    return response({**given, "sign": PLATFORM.sign(joined_pairs(given))})
