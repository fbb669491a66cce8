"""What Chaoying's document says about each field of each request (Chaoying 2.1-2.4, v2.5.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.simulator.fields import AMOUNT, DATE, TIME, Field, may, must
from posd.gateways.simulator.protocol import Kind, Route

# Chaoying 1.3 参数规定: paytype. ECNY and LONGPAY came with later versions of the document; they are taken as well.
PAYTYPES = "WECHAT|ALIPAY|JDPAY|QQ|UNIONPAY|BESTPAY|ECNY|LONGPAY"

_PUBLIC = {
    "agent_id": must(32),
    "version": must(16),
    "pid": must(32),
    "sign": must(32, r"[0-9A-F]{32}"),
}
_GATEWAY = {"method": must(), **_PUBLIC}
_PAYTYPE = must(None, PAYTYPES)
_MCH_ID = must(32)
_ORDER_NO = must(32, r"[A-Za-z0-9_]{5,32}")
_MOMENT = DATE + TIME

# The two pay calls and the two pre-orders.
_COMMON_PAY = {
    "mch_id": _MCH_ID,
    "out_trade_no": _ORDER_NO,
    "device_info": may(),
    "body": must(),
    "total_fee": must(10, AMOUNT),
    "mch_create_ip": may(),
    "op_user_id": may(),
    "op_shop_id": may(),
    "goods_tag": may(),
}
_SCANNED_PAY = {**_COMMON_PAY, "attach": may(), "op_device_id": may(), "goods_detail": may()}
_PREORDER = {
    **_PUBLIC,
    **_COMMON_PAY,
    "nonce_str": may(32),
    "time_start": may(14, _MOMENT),
    "time_expire": may(14, _MOMENT),
    # The document: reachable as it stands, without parameters.
    "notify_url": may(None, r"https?://[^?]+"),
    "limit_pay": may(),
    "trade_type": must(None, "JSPAY|NATIVE|APP|APP_BANK"),
    "product_id": may(),
    "buyer_id": may(),
}
_MERCHANT = {**_PUBLIC, "mch_id": _MCH_ID}


def _route(operation: str, kind: Kind, table: Mapping[str, Field]) -> Route:
    return Route(operation, kind, MappingProxyType(dict(table)))


METHODS: Mapping[str, Route] = MappingProxyType(
    {
        route.operation: route
        for route in (
            _route("pay", Kind.PAY, {**_GATEWAY, **_SCANNED_PAY, "auth_code": must(128)}),
            # The table wants openid, the example leaves it out: both are taken.
            _route(
                "facepay",
                Kind.PAY,
                {**_GATEWAY, **_SCANNED_PAY, "paytype": _PAYTYPE, "face_code": must(128), "openid": may(128)},
            ),
            _route(
                "getfaceauth",
                Kind.OTHER,
                {
                    **_GATEWAY,
                    "paytype": _PAYTYPE,
                    "mch_id": _MCH_ID,
                    "store_id": must(),
                    "store_name": must(),
                    "device_id": must(),
                    "rawdata": must(4096),
                },
            ),
            _route(
                "orderquery",
                Kind.QUERY,
                {**_GATEWAY, "paytype": _PAYTYPE, "mch_id": _MCH_ID, "out_trade_no": may(32), "transaction_id": may()},
            ),
            # The example leaves out total_fee, refund_fee and op_user_id: the table is followed.
            _route(
                "refund",
                Kind.REFUND,
                {
                    **_GATEWAY,
                    "paytype": _PAYTYPE,
                    "mch_id": _MCH_ID,
                    "out_trade_no": may(32),
                    "transaction_id": may(),
                    "out_refund_no": must(32),
                    "total_fee": must(10, AMOUNT),
                    "refund_fee": must(10, AMOUNT),
                    "op_user_id": must(),
                },
            ),
            _route(
                "refundquery",
                Kind.REFUND_QUERY,
                {**_GATEWAY, "paytype": _PAYTYPE, "mch_id": _MCH_ID, "out_refund_no": may(32), "refund_id": may()},
            ),
            _route(
                "cancel",
                Kind.CANCEL,
                {
                    **_GATEWAY,
                    "paytype": _PAYTYPE,
                    "mch_id": _MCH_ID,
                    "out_trade_no": _ORDER_NO,
                    "op_user_id": must(),
                },
            ),
        )
    }
)
"""The calls of ``/UnifiedPay/Gateway`` by their ``method``."""

PATHS: Mapping[str, Route] = MappingProxyType(
    {
        "/Open/WECHAT_PreOrder": _route(
            "WECHAT_PreOrder",
            Kind.PREORDER,
            {**_PREORDER, "sub_appid": may(), "is_minipg": may(None, "[01]"), "goods_detail": may()},
        ),
        "/Open/ALIPAY_PreOrder": _route(
            "ALIPAY_PreOrder",
            Kind.PREORDER,
            {**_PREORDER, "out_trade_no": must(32, r"[A-Za-z0-9]{5,32}"), "buyer_logon_id": may()},
        ),
        # Its parameters are given out on request only.
        "/UnifiedPay/Mch_Reg": Route("Mch_Reg", Kind.OTHER, _PUBLIC, open=True),
        "/Mch/GetMchSMSValid": _route("GetMchSMSValid", Kind.OTHER, {**_PUBLIC, "mobile": must(11, r"1[0-9]{10}")}),
        "/Mch/GetMchId": _route(
            "GetMchId",
            Kind.OTHER,
            {**_PUBLIC, "mobile": may(), "valid": may(), "username": may(), "password": may()},
        ),
        "/Open/GetPartnerId": _route("GetPartnerId", Kind.OTHER, _MERCHANT),
        "/Open/GetMchInfo": _route("GetMchInfo", Kind.OTHER, _MERCHANT),
        "/Open/WXA_Code2Session": _route(
            "WXA_Code2Session", Kind.OTHER, {**_PUBLIC, "appid": must(), "js_code": must()}
        ),
    }
)
"""The calls with a path of their own."""

GATEWAY_PATH = "/UnifiedPay/Gateway"

GOODS: Mapping[str, Field] = MappingProxyType(
    {
        "goods_id": must(None, r"[A-Za-z0-9_-]+"),
        "pay_goods_id": may(),
        "goods_name": may(),
        "quantity": must(None, r"[1-9][0-9]*", (int,)),
        "price": must(None, r"[0-9]+", (int,)),
    }
)
"""One item of goods_detail."""
