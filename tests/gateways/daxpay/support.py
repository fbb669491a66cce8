"""A DaxPay merchant, his orders, and answers as the platform signs them."""

from __future__ import annotations

import json
from dataclasses import replace

from posd.gateways.base import HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.daxpay.codec import DaxpayCodec
from posd.gateways.daxpay.settings import DaxpaySettings
from posd.gateways.signing import daxpay_signature
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method

SECRET = Secret("123456")
SETTINGS = DaxpaySettings(SECRET)
CODEC = DaxpayCodec(SETTINGS)
STAMP = Stamp(1_715_575_932_999, "0123456789abcdef0123456789abcdef")
CODE = "134567890123456789"

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
QR_ORDER = replace(ORDER, method=Method.QR, credential=None, expires_at_ms=1_715_576_052_999)
REF = OrderRef("0101K1", Fen(1250), Method.BARCODE, Wallet.WECHAT, submitted_at_ms=0, operator="00000001")
REFUND = RefundOrder("0101K1R1", Fen(250), REF, requested_at_ms=0)


def signed(settings: DaxpaySettings = SETTINGS, /, **data: object) -> dict[str, object]:
    """Fields with the platform's signature; None takes a field out."""
    fields = {name: value for name, value in data.items() if value is not None}
    return {**fields, "sign": daxpay_signature(fields, settings.secret, settings.sign_type)}


def enveloped(data: object, code: object = 0, message: str = "success") -> HttpResponse:
    """An answer around ready-made data."""
    body = {"code": code, "msg": message, "data": data, "traceId": "sIV4zJVhZ4Uz"}
    return HttpResponse(200, json.dumps(body, ensure_ascii=False).encode())


def answered(settings: DaxpaySettings = SETTINGS, /, **data: object) -> HttpResponse:
    """A signed answer; ``code`` 0 and a time unless told otherwise."""
    return enveloped(signed(settings, **{"code": 0, "resTime": 1715576198, **data}))


def order_data(**changes: object) -> dict[str, object]:
    """What a query says of a paid order."""
    return {
        "bizOrderNo": "0101K1",
        "orderNo": "DEVP24051020531763000004",
        "outOrderNo": "4200002792202509233617110129",
        "title": "示例商品",
        "channel": "wechat_pay",
        "method": "barcode",
        "amount": 1250,
        "refundableBalance": 1250,
        "status": "success",
        "refundStatus": "no_refund",
        "payTime": 1715576190,
        **changes,
    }


def refund_data(**changes: object) -> dict[str, object]:
    """What a query says of a refund that is done."""
    return {
        "bizOrderNo": "0101K1",
        "bizRefundNo": "0101K1R1",
        "refundNo": "DEVR24051020531763000004",
        "orderAmount": 1250,
        "amount": 250,
        "status": "success",
        **changes,
    }
