"""What DaxPay's documents and SDKs say about each field of each request, for both generations of paths. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.simulator.fields import AMOUNT, Field, may, must
from posd.gateways.simulator.protocol import Kind, Route

_WHOLE = (int,)
_COMMON = {
    # "Required by some ways to pay, such as WeChat": the SDKs always send it.
    "clientIp": must(64, r"[0-9A-Fa-f.:]+"),
    # Required by the table of 退款同步接口, missing in its example.
    "nonceStr": may(32),
    "sign": must(64, r"[0-9a-f]{32}|[0-9a-f]{64}"),
    "reqTime": must(None, r"[1-9][0-9]{9}", _WHOLE),
}
_ORDER_NO = may(32)
_BIZ_NO = may(100)
_URL = may(200, r"https?://.+")

_PAY = {
    **_COMMON,
    "bizOrderNo": must(100),
    "title": must(100),
    "description": may(500),
    "allocation": may(kinds=(bool,)),
    "autoAllocation": may(kinds=(bool,)),
    "expiredTime": may(None, r"[1-9][0-9]{9}", _WHOLE),
    "channel": must(20, "ali_pay|wechat_pay|union_pay|wallet_pay"),
    "method": must(20, "normal|wap|app|web|qrcode|barcode|jsapi"),
    "amount": must(None, AMOUNT, _WHOLE),
    "extraParam": may(kinds=(dict,)),
    "attach": may(500),
    "returnUrl": _URL,
    "quitUrl": _URL,
    "notifyUrl": _URL,
}
_EITHER_ORDER = {**_COMMON, "orderNo": _ORDER_NO, "bizOrderNo": _BIZ_NO}
_EITHER_REFUND = {**_COMMON, "refundNo": may(100), "bizRefundNo": _BIZ_NO}
_REFUND = {
    **_COMMON,
    "bizRefundNo": must(100),
    "orderNo": _ORDER_NO,
    "bizOrderNo": _BIZ_NO,
    "amount": must(None, AMOUNT, _WHOLE),
    "extraParam": may(2048),
    "reason": may(150),
    "attach": may(500),
    "notifyUrl": _URL,
}


def _route(operation: str, kind: Kind, table: Mapping[str, Field]) -> Route:
    return Route(operation, kind, MappingProxyType(dict(table)))


PAY_BY_CODE = _route("pay", Kind.PAY, _PAY)
PAY_BY_ITSELF = _route("pay", Kind.PREORDER, {**_PAY, "notNotify": may(kinds=(bool,))})
"""The same call with another ``method``: the customer pays by himself."""

_CLOSE = _route("close", Kind.CANCEL, {**_EITHER_ORDER, "bizTradeNo": _BIZ_NO})
_CANCEL = _route("cancel", Kind.CANCEL, _EITHER_ORDER)
_QUERY_PAY = _route("queryPay", Kind.QUERY, {**_COMMON, "orderNo": _ORDER_NO, "bizOrderNoeNo": _BIZ_NO})
_SYNC_PAY = _route("syncPay", Kind.OTHER, _EITHER_ORDER)
_REFUND_CALL = _route("refund", Kind.REFUND, _REFUND)
_QUERY_REFUND = _route("queryRefund", Kind.REFUND_QUERY, _EITHER_REFUND)
_SYNC_REFUND = _route("syncRefund", Kind.OTHER, _EITHER_REFUND)

PATHS: Mapping[str, Route] = MappingProxyType(
    {
        "/unipay/pay": PAY_BY_CODE,
        "/unipay/close": _CLOSE,
        "/unipay/cancel": _CANCEL,
        "/unipay/refund": _REFUND_CALL,
        "/unipay/sync/pay": _SYNC_PAY,
        "/unipay/sync/refund": _SYNC_REFUND,
        "/unipay/query/payOrder": _QUERY_PAY,
        "/unipay/query/refundOrder": _QUERY_REFUND,
        "/unipay/syncPay": _SYNC_PAY,
        "/unipay/syncRefund": _SYNC_REFUND,
        "/uni/query/payOrder": _QUERY_PAY,
        "/uni/query/refundOrder": _QUERY_REFUND,
    }
)
"""2.0.7 and 2.0.8 first, what 2.0.6 has otherwise behind them."""

OLD_QUERY = "/uni/query/payOrder"
"""Who asks here has 2.0.6, where the refund is kept in the status of the order."""
