"""What ChinaUMS' documents say about each field of each request: poslink v2 and netpay v1. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.simulator.fields import AMOUNT, Field, may, must
from posd.gateways.simulator.protocol import Kind, Route

SOURCE_ID = "3194"
"""The four characters (来源编号) with which every order number of this merchant begins."""

# The tables say numbers, the examples write texts as well.
_NUMBER = (int, str)
_MOMENT = r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
# 6..32 in the tables; "more than 6, less than 28" in the text, which its own examples (28 and 36) do not keep.
_ORDER_NO = rf"{SOURCE_ID}[0-9A-Za-z]{{2,28}}"
_LIST = (list,)

# --- poslink ----------------------------------------------------------------------------------------------------------

_POSLINK = {"merchantCode": must(15), "terminalCode": must(8)}
_POSLINK_ORDER = {**_POSLINK, "merchantOrderId": may(50), "originalOrderId": may(50)}

_POSLINK_TABLES: Mapping[str, tuple[Kind, Mapping[str, Field]]] = {
    "pay": (
        Kind.PAY,
        {
            **_POSLINK,
            "transactionAmount": must(12, AMOUNT, _NUMBER),
            "transactionCurrencyCode": must(3, "156"),
            "merchantOrderId": must(50),
            "merchantRemark": must(),
            "payMode": must(None, "E_CASH|SOUNDWAVE|NFC|CODE_SCAN|MANUAL|FACE_SCAN"),
            "payCode": must(),
        },
    ),
    "query": (Kind.QUERY, {**_POSLINK_ORDER, "oriTransDate": may(8, r"20[0-9]{6}")}),
    "voidpayment": (Kind.CANCEL, _POSLINK_ORDER),
    "refund": (
        Kind.REFUND,
        {**_POSLINK_ORDER, "refundRequestId": must(50), "transactionAmount": must(12, AMOUNT, _NUMBER)},
    ),
    "query-refund": (
        Kind.REFUND_QUERY,
        {**_POSLINK_ORDER, "refundRequestId": must(50), "oriTransDate": may(8, r"20[0-9]{6}")},
    ),
}

# --- netpay -----------------------------------------------------------------------------------------------------------

_NETPAY = {
    "requestTimestamp": must(19, _MOMENT),
    "mid": must(32),
    "tid": must(32),
    "instMid": must(32),
    "msgId": may(64),
    "srcReserve": may(255),
}
_NETPAY_ORDER = {**_NETPAY, "merOrderId": must(32, _ORDER_NO)}
_YES_OR_NO = may(5, "true|false")

_ORDER = {
    **_NETPAY_ORDER,
    # Required by the table, "must for WeChat" in its remark.
    "tradeType": must(),
    "subAppId": may(32),
    "goods": may(kinds=_LIST),
    "attachedData": may(255),
    "expireTime": may(19, _MOMENT),
    "goodsTag": may(32),
    "goodsTradeNo": may(),
    "orderDesc": may(255),
    "originalAmount": may(9, AMOUNT, _NUMBER),
    "productId": may(),
    # Optional in the table; what an order without it would cost is not said.
    "totalAmount": must(9, AMOUNT, _NUMBER),
    "divisionFlag": may(kinds=(bool,)),
    "platformAmount": may(9, None, _NUMBER),
    "subOrders": may(kinds=_LIST),
    "notifyUrl": may(255, r"https?://.+"),
    "showUrl": may(255),
    "secureTransaction": _YES_OR_NO,
    "merchantUserId": may(32),
    "mobile": may(11),
    "limitCreditCard": _YES_OR_NO,
    "installmentNumber": may(2, "3|6|12", _NUMBER),
    "enablePayChnl": may(),
    "retCommParams": may(kinds=(dict,)),
}
_REFUND = {
    **_NETPAY_ORDER,
    "targetOrderId": may(64),
    "refundAmount": must(9, AMOUNT, _NUMBER),
    "refundOrderId": may(32, _ORDER_NO),
    "platformAmount": may(9, None, _NUMBER),
    "subOrders": may(kinds=_LIST),
    "refundDesc": may(255),
}

_NETPAY_TABLES: Mapping[str, tuple[Kind, Mapping[str, Field]]] = {
    "wx/app-pre-order": (Kind.PREORDER, {**_ORDER, "subAppId": must(32)}),
    "trade/precreate": (Kind.PREORDER, _ORDER),
    "qmf/order": (Kind.PREORDER, {**_ORDER, "merchantUserId": must(32), "mobile": must(11)}),
    "uac/app-order": (Kind.PREORDER, _ORDER),
    "applepay/order": (Kind.PREORDER, _ORDER),
    "trade/app-pre-order": (Kind.PREORDER, _ORDER),
    "query": (Kind.QUERY, {**_NETPAY, "merOrderId": may(64), "targetOrderId": may(64)}),
    "refund": (Kind.REFUND, _REFUND),
    # merOrderId is the number of the refund here (退货订单号).
    "refund-query": (Kind.REFUND_QUERY, _NETPAY_ORDER),
    "secure-cancel": (Kind.OTHER, _NETPAY_ORDER),
    "secure-complete": (Kind.OTHER, {**_NETPAY_ORDER, "completedAmount": must(9, AMOUNT, _NUMBER)}),
    "close": (Kind.CANCEL, _NETPAY_ORDER),
}

GOODS: Mapping[str, Field] = MappingProxyType(
    {
        "goodsId": may(64),
        "goodsName": may(256),
        "quantity": may(None, r"[0-9]+", _NUMBER),
        "price": may(None, r"[0-9]+", _NUMBER),
        "goodsCategory": may(64),
        "body": may(1024),
        "unit": may(kinds=_NUMBER),
        "discount": may(kinds=_NUMBER),
        "subMerchantId": may(15),
        "merOrderId": may(32),
        "subOrderAmount": may(9, None, _NUMBER),
    }
)
"""One item of ``goods``."""


def _routes(family: str, prefix: str, tables: Mapping[str, tuple[Kind, Mapping[str, Field]]]) -> dict[str, Route]:
    return {
        f"{prefix}{call}": Route(f"{family}/{call}", kind, MappingProxyType(dict(table)))
        for call, (kind, table) in tables.items()
    }


PATHS: Mapping[str, Route] = MappingProxyType(
    _routes("poslink", "/v2/poslink/transaction/", _POSLINK_TABLES) | _routes("netpay", "/v1/netpay/", _NETPAY_TABLES)
)
"""Every call by its path; operations are named like the codec's, ``poslink/pay``."""
