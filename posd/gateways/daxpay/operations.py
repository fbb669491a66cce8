"""Every documented call of DaxPay, for a person who wants to make it by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.base import Operation
from posd.gateways.json_body import JsonValue
from posd.payment.amounts import parse_fen

_PAY_OPTIONS = (
    "description",
    "allocation",
    "autoAllocation",
    "expiredTime",
    "authCode",
    "attach",
    "returnUrl",
    "quitUrl",
    "notifyUrl",
)
_ORDER = ("orderNo", "bizOrderNo")
_REFUND = ("refundNo", "bizRefundNo")


_CANCEL = Operation("cancel", "DaxPay 支付撤销接口", optional=_ORDER, moves_money=True)


def _operations(close_order: str, pay_extra: tuple[str, ...], *more: Operation) -> Mapping[str, Operation]:
    listed = (
        Operation(
            "pay",
            "DaxPay 统一支付接口",
            required=("bizOrderNo", "title", "channel", "method", "amount"),
            optional=_PAY_OPTIONS + pay_extra,
            moves_money=True,
        ),
        Operation("close", "DaxPay 支付关闭接口", optional=("orderNo", close_order)),
        Operation("syncPay", "DaxPay 支付同步接口", optional=_ORDER),
        Operation("queryPay", "DaxPay 支付订单查询接口", optional=("orderNo", QUERY_ORDER_FIELD)),
        Operation(
            "refund",
            "DaxPay 退款接口",
            required=("bizRefundNo", "amount"),
            optional=(*_ORDER, "reason", "extraParam", "attach", "notifyUrl"),
            moves_money=True,
        ),
        Operation("syncRefund", "DaxPay 退款同步接口", optional=_REFUND),
        Operation("queryRefund", "DaxPay 退款订单查询接口", optional=_REFUND),
        *more,
    )
    return MappingProxyType({operation.name: operation for operation in listed})


CLOSE_ORDER_FIELD: Mapping[str, str] = {"2.0.8": "bizOrderNo", "2.0.6": "bizTradeNo"}
"""The merchant's order number in a close; 2.0.6 calls it otherwise than everywhere else."""

QUERY_ORDER_FIELD = "bizOrderNoeNo"
"""The merchant's order number in a query: the slip of the pen is in the platform itself, up to 2.0.8."""

OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "2.0.8": _operations(CLOSE_ORDER_FIELD["2.0.8"], (), _CANCEL),
    "2.0.6": _operations(CLOSE_ORDER_FIELD["2.0.6"], ("notNotify",)),
}

_SAME_PATHS = {"pay": "/unipay/pay", "close": "/unipay/close", "refund": "/unipay/refund"}

PATHS: Mapping[str, Mapping[str, str]] = {
    # The page 退款同步接口 prints /unipay/sync/pay, which is the sync of payments in one generation and nothing in the
    # other; both generations are as their own SDKs have them.
    "2.0.8": {
        **_SAME_PATHS,
        "cancel": "/unipay/cancel",
        "syncPay": "/unipay/sync/pay",
        "syncRefund": "/unipay/sync/refund",
        "queryPay": "/unipay/query/payOrder",
        "queryRefund": "/unipay/query/refundOrder",
    },
    "2.0.6": {
        **_SAME_PATHS,
        "syncPay": "/unipay/syncPay",
        "syncRefund": "/unipay/syncRefund",
        "queryPay": "/uni/query/payOrder",
        "queryRefund": "/uni/query/refundOrder",
    },
}

_NUMBERS = frozenset({"amount", "expiredTime"})
_TRUTHS = {"true": True, "false": False}
_TRUTH_FIELDS = frozenset({"allocation", "autoAllocation", "notNotify"})


def typed(operation: str, fields: Mapping[str, str]) -> dict[str, JsonValue]:
    """What a person typed, in the types of the wire; what does not fit its type is sent as it is, to be refused."""
    values = {name: _typed(name, text) for name, text in fields.items() if text}
    if operation == "pay" and "authCode" in values:
        # A bar code goes into the extension object of the request.
        values["extraParam"] = {"authCode": values.pop("authCode")}
    return values


def _typed(name: str, text: str) -> JsonValue:
    if name in _NUMBERS:
        number = parse_fen(text)
        return text if number is None else number
    return _TRUTHS.get(text, text) if name in _TRUTH_FIELDS else text
