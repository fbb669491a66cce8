"""A merchant, its orders, and a platform that signs whatever a test wants it to say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from posd.gateways.base import HttpRequest, HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.chaoying.codec import ChaoyingCodec
from posd.gateways.chaoying.settings import ChaoyingSettings
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method

KEY = "0123456789ABCDEF0123456789ABCDEF"
SETTINGS = ChaoyingSettings("130000000000000000", "00000001", Secret(KEY))
CODEC = ChaoyingCodec(SETTINGS)
STAMP = Stamp(1_795_140_000_000, "0123456789abcdef0123456789abcdef")
"""2026-11-20 10:00:00 in Beijing."""

AUTH_CODE = "134567890123456789"
ORDER = PayOrder(
    order_no="010120261120100000",
    amount=Fen(1250),
    method=Method.BARCODE,
    wallet=Wallet.WECHAT,
    description="示例商品",
    operator="00000001",
    terminal_id="0101",
    store_id="md_001",
    credential=AuthCode(AUTH_CODE),
)
FACE_ORDER = replace(ORDER, method=Method.FACE, credential=Secret("face-code-1"), openid="oBmIts3wbluEiYfp")
QR_ORDER = replace(ORDER, method=Method.QR, credential=None)
REF = OrderRef(ORDER.order_no, ORDER.amount, Method.BARCODE, Wallet.WECHAT, STAMP.at_ms, "00000001")
REFUND = RefundOrder("010120261120100000R1", Fen(500), REF, STAMP.at_ms)


def sign(fields: Mapping[str, object], key: str = KEY) -> str:
    """Chaoying 1.2 签名验证, written again from the document."""
    texts = {name: _text(fields[name]) for name in sorted(fields) if fields[name] not in ("", None)}
    text = "&".join(f"{name}={value}" for name, value in texts.items())
    return hashlib.md5(f"{text}&key={key}".encode()).hexdigest().upper()


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def signed(fields: Mapping[str, object], key: str = KEY) -> HttpResponse:
    """An answer as the platform sends it."""
    return unsigned({**fields, "sign": sign(fields, key)})


def unsigned(fields: Mapping[str, object]) -> HttpResponse:
    """An answer without a word about who sent it."""
    return HttpResponse(200, json.dumps(fields, ensure_ascii=False).encode())


def says(code: str, msg: str = "", trade_state: str | None = None, state: str = "SUCCESS") -> dict[str, object]:
    """The fields that every answer has."""
    fields: dict[str, object] = {"state": state, "code": code, "msg": msg}
    return fields if trade_state is None else {**fields, "trade_state": trade_state}


SUCCESS = says("10000", "SUCCESS", "SUCCESS")
PAID = {
    **SUCCESS,
    "mch_id": "00000001",
    "appid": "wx1f87d44db95cba7a",
    "is_subscribe": "N",
    "openid": "oywgtuCJFeGzT-QtF-8U7FHb1z3Q",
    "transaction_id": "7551000001201706196281085687",
    "out_transaction_id": "4005572001201706196460269701",
    "out_trade_no": ORDER.order_no,
    "base_fee": "1250",
    "total_fee": "1000",
    "coupon_fee": "250",
    "fee_type": "CNY",
    "bank_type": "CFT",
    "time_end": "20261120100003",
    "nonce_str": "a849df6660cb4354b6fe5b23120a73ce",
    "promotion_detail": '{\n"promotion_detail": [{\n"promotion_id": "6348962444", "amount": 250}]}',
}
"""The example of 2.2 提交支付, for our order, with a discount."""

RETURNED = {
    **SUCCESS,
    "mch_id": "00000001",
    "out_trade_no": ORDER.order_no,
    "transaction_id": "4200000330201905173095298659",
    "out_transaction_id": "4200000330201905173095298659",
    "out_refund_no": REFUND.refund_no,
    "refund_id": "50000300412019051709584177333",
    "base_fee": "1250",
    "total_fee": "1000",
    "base_refund_fee": "500",
    "refund_fee": "400",
    "coupon_refund_fee": "100",
    "nonce_str": "78GTQmdy1SxwFXxE",
}
"""The example of 2.2 交易退款, for our refund."""


def listed(*entries: Mapping[str, object], **more: object) -> dict[str, object]:
    """The example of 2.2 退款查询: the list is JSON in a text."""
    return {**SUCCESS, "out_trade_no": ORDER.order_no, "refund_list": json.dumps(entries), **more}


def entry(status: str, **more: object) -> dict[str, object]:
    """One refund of the list."""
    names = ("out_refund_no", "refund_id", "base_refund_fee", "refund_fee", "coupon_refund_fee")
    return {"serial_no": "0", **{name: RETURNED[name] for name in names}, "refund_status": status, **more}


NOTICE = {
    "state": "SUCCESS",
    "result_code": "SUCCESS",
    "mch_id": "00000001",
    "pay_result": "0",
    "out_trade_no": ORDER.order_no,
    "out_transaction_id": "2018041721001004870537670226",
    "transaction_id": "199520439266201804177199552446",
    "total_fee": "1250",
    "coupon_fee": "250",
    "time_end": "20261120100003",
    "bank_type": "CFT",
    "nonce_str": "1523929649387",
    "trade_type": "pay.weixin.native",
}
"""The example of 2.3 微信预下单结果通知, for our order, with a discount."""


def notified(fields: Mapping[str, object], key: str = KEY) -> HttpResponse:
    """A notification as the platform posts it."""
    return HttpResponse(200, urlencode({**fields, "sign": sign(fields, key)}).encode())


def form(request: HttpRequest) -> dict[str, str]:
    """What a request carries; a field that stands twice is a fault."""
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)
