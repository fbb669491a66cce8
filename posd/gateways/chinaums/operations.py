"""Every documented call of ChinaUMS, for a person who wants to make it by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.base import Operation
from posd.gateways.json_body import JsonValue, parse_json
from posd.payment.amounts import parse_fen

_ORDER_OPTIONS = (
    "msgId",
    "srcReserve",
    "goods",
    "attachedData",
    "expireTime",
    "goodsTag",
    "goodsTradeNo",
    "orderDesc",
    "originalAmount",
    "productId",
    "totalAmount",
    "divisionFlag",
    "platformAmount",
    "subOrders",
    "notifyUrl",
    "showUrl",
    "secureTransaction",
    "limitCreditCard",
    "installmentNumber",
    "enablePayChnl",
    "retCommParams",
)


def _order(call: str, who: str, *required: str) -> Operation:
    named = ("subAppId", "merchantUserId", "mobile")
    optional = (*_ORDER_OPTIONS, *(name for name in named if name not in required))
    return Operation(f"netpay/{call}", f"ChinaUMS 1.1 下单 ({who})", ("merOrderId", "tradeType", *required), optional)


_COMMON = ("msgId", "srcReserve")
_EITHER_ORDER = ("merchantOrderId", "originalOrderId")

_LISTED = (
    Operation(
        "poslink/pay",
        "ChinaUMS poslink 支付",
        ("transactionAmount", "merchantOrderId", "payMode", "payCode"),
        ("merchantRemark",),
        moves_money=True,
    ),
    Operation("poslink/query", "ChinaUMS poslink 交易状态查询", (), (*_EITHER_ORDER, "oriTransDate")),
    Operation("poslink/voidpayment", "ChinaUMS poslink 支付撤销", (), _EITHER_ORDER, moves_money=True),
    Operation(
        "poslink/refund",
        "ChinaUMS poslink 交易退款",
        ("refundRequestId", "transactionAmount"),
        _EITHER_ORDER,
        moves_money=True,
    ),
    Operation(
        "poslink/query-refund", "ChinaUMS poslink 交易退款查询", ("refundRequestId",), (*_EITHER_ORDER, "oriTransDate")
    ),
    _order("wx/app-pre-order", "微信", "subAppId"),
    _order("trade/precreate", "支付宝"),
    _order("qmf/order", "全民付", "merchantUserId", "mobile"),
    _order("uac/app-order", "银联云闪付"),
    _order("applepay/order", "Apple Pay"),
    _order("trade/app-pre-order", "支付宝跳转小程序支付"),
    Operation("netpay/query", "ChinaUMS 1.2 订单交易查询", (), (*_COMMON, "merOrderId", "targetOrderId")),
    Operation(
        "netpay/refund",
        "ChinaUMS 1.3 退款",
        ("merOrderId", "refundAmount"),
        (*_COMMON, "targetOrderId", "refundOrderId", "platformAmount", "subOrders", "refundDesc"),
        moves_money=True,
    ),
    Operation("netpay/refund-query", "ChinaUMS 1.4 退款查询", ("merOrderId",), _COMMON),
    Operation("netpay/secure-cancel", "ChinaUMS 1.5 担保撤销", ("merOrderId",), ("msgId",), moves_money=True),
    Operation(
        "netpay/secure-complete",
        "ChinaUMS 1.6 担保完成",
        ("merOrderId", "completedAmount"),
        ("msgId",),
        moves_money=True,
    ),
    Operation("netpay/close", "ChinaUMS 1.7 订单关闭", ("merOrderId",), ("srcReserve",)),
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType({operation.name: operation for operation in _LISTED})

_NUMBERS = frozenset(
    {
        "transactionAmount",
        "totalAmount",
        "originalAmount",
        "platformAmount",
        "installmentNumber",
        "refundAmount",
        "completedAmount",
    }
)
_NESTED = frozenset({"goods", "subOrders", "retCommParams"})


def typed(fields: Mapping[str, str]) -> dict[str, JsonValue]:
    """What a person typed, in the types of the wire; what does not fit its type is sent as it is, to be refused."""
    return {name: _typed(name, text) for name, text in fields.items()}


def _typed(name: str, text: str) -> JsonValue:
    if name in _NUMBERS:
        number = parse_fen(text)
        return text if number is None else number
    if name in _NESTED:
        value = parse_json(text)
        return text if value is None else value
    return text == "true" if name == "divisionFlag" else text
