"""Every call of Chaoying's document, for a person who wants to make one by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.base import Operation

GATEWAY_PATH = "/UnifiedPay/Gateway"
"""One address for all calls that have a ``method``."""

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "WECHAT_PreOrder": "/Open/WECHAT_PreOrder",
        "ALIPAY_PreOrder": "/Open/ALIPAY_PreOrder",
        "Mch_Reg": "/UnifiedPay/Mch_Reg",
        "GetMchSMSValid": "/Mch/GetMchSMSValid",
        "GetMchId": "/Mch/GetMchId",
        "GetPartnerId": "/Open/GetPartnerId",
        "GetMchInfo": "/Open/GetMchInfo",
        "WXA_Code2Session": "/Open/WXA_Code2Session",
    }
)
"""Calls with an address of their own; all others go to ``GATEWAY_PATH`` and are named by ``method``."""

WITHOUT_MERCHANT = frozenset({"Mch_Reg", "GetMchSMSValid", "GetMchId", "WXA_Code2Session"})
"""Calls that do not take ``mch_id``: they are made before there is one, or concern no merchant."""

UNSIGNED_ANSWERS = frozenset({"WECHAT_PreOrder", "ALIPAY_PreOrder", "WXA_Code2Session"})
"""Calls whose table of the answer, or whose example of it, has no ``sign``."""

_DESCRIBED = (
    "device_info",
    "attach",
    "mch_create_ip",
    "op_user_id",
    "op_shop_id",
    "op_device_id",
    "goods_tag",
    "goods_detail",
)
_WECHAT_PREORDER = (
    "sub_appid",
    "is_minipg",
    "buyer_id",
    "device_info",
    "mch_create_ip",
    "time_start",
    "time_expire",
    "notify_url",
    "op_user_id",
    "op_shop_id",
    "limit_pay",
    "product_id",
    "goods_tag",
    "goods_detail",
)
_ALIPAY_PREORDER = (
    "device_info",
    "mch_create_ip",
    "time_start",
    "time_expire",
    "goods_tag",
    "notify_url",
    "op_user_id",
    "op_shop_id",
    "limit_pay",
    "product_id",
    "buyer_logon_id",
    "buyer_id",
)
_ORDER = ("out_trade_no", "body", "total_fee")

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        operation.name: operation
        for operation in (
            Operation("pay", "Chaoying 2.2 提交支付", (*_ORDER, "auth_code"), _DESCRIBED, moves_money=True),
            Operation(
                "facepay",
                "Chaoying 2.1 提交支付",
                (*_ORDER, "paytype", "face_code"),
                ("openid", *_DESCRIBED),
                moves_money=True,
            ),
            Operation(
                "getfaceauth",
                "Chaoying 2.1 获取SDK调用凭证",
                ("paytype", "store_id", "store_name", "device_id", "rawdata"),
            ),
            Operation("orderquery", "Chaoying 2.2 订单查询", ("paytype",), ("out_trade_no", "transaction_id")),
            Operation(
                "refund",
                "Chaoying 2.2 交易退款",
                ("paytype", "out_refund_no", "total_fee", "refund_fee"),
                ("out_trade_no", "transaction_id", "op_user_id"),
                moves_money=True,
            ),
            Operation("refundquery", "Chaoying 2.2 退款查询", ("paytype",), ("out_refund_no", "refund_id")),
            Operation(
                "cancel", "Chaoying 2.2 交易撤销", ("paytype", "out_trade_no"), ("op_user_id",), moves_money=True
            ),
            Operation(
                "WECHAT_PreOrder",
                "Chaoying 2.3 微信预下单",
                (*_ORDER, "trade_type"),
                _WECHAT_PREORDER,
                moves_money=True,
            ),
            Operation(
                "ALIPAY_PreOrder",
                "Chaoying 2.3 支付宝预下单",
                (*_ORDER, "trade_type"),
                _ALIPAY_PREORDER,
                moves_money=True,
            ),
            Operation("Mch_Reg", "Chaoying 2.4 注册超赢虚拟商户"),
            Operation("GetMchSMSValid", "Chaoying 2.4 下发获取超赢商户号验证短信", ("mobile",)),
            Operation("GetMchId", "Chaoying 2.4 获取超赢商户号", (), ("mobile", "valid", "username", "password")),
            Operation("GetPartnerId", "Chaoying 2.4 获取超赢商户微信子商户号"),
            Operation("GetMchInfo", "Chaoying 2.4 获取超赢商户基础信息"),
            Operation("WXA_Code2Session", "Chaoying 2.4 小程序用户code登录", ("appid", "js_code")),
        )
    }
)
"""By the document's own names. What the configuration knows (``agent_id``, ``mch_id``, …) is not asked for."""
