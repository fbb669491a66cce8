"""The words of ChinaUMS and what they mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Meaning(StrEnum):
    """What an error code says."""

    SUCCESS = "success"
    NOT_FOUND = "not_found"
    BUSY = "busy"
    """The order is locked by what was asked before."""
    NOT_ALLOWED = "not_allowed"
    """The state of the order rules it out."""
    TOO_LATE = "too_late"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    """The request was turned away before anything was done: its form, its signature, the merchant."""
    TOO_OFTEN = "too_often"
    UNCLEAR = "unclear"
    """Something went wrong on the way; what was done is open."""


ERROR_CODES: Mapping[str, Meaning] = {
    # ChinaUMS 2.1 平台错误码.
    "SUCCESS": Meaning.SUCCESS,
    "INTERNAL_ERROR": Meaning.UNCLEAR,
    "BAD_REQUEST": Meaning.REJECTED,
    "NO_SERVICE": Meaning.REJECTED,
    "TIMEOUT": Meaning.UNCLEAR,
    "NO_ORDER": Meaning.NOT_FOUND,
    "OPERATION_NOT_ALLOWED": Meaning.NOT_ALLOWED,
    # "Or it worked, but was not rightly handled", says the table.
    "TARGET_FAIL": Meaning.UNCLEAR,
    "DUP_ORDER": Meaning.DUPLICATE,
    "NET_ERROR": Meaning.UNCLEAR,
    "NO_MERCHANT": Meaning.REJECTED,
    "ORDER_PROCESSING": Meaning.BUSY,
    "INACTIVE_MERCHANT": Meaning.REJECTED,
    "ABNORMAL_REQUEST_TIME": Meaning.REJECTED,
    "TXN_DISCARDED": Meaning.UNCLEAR,
    "BAD_SIGN": Meaning.REJECTED,
    "INVALID_MSGSRC": Meaning.REJECTED,
    "INVALID_ORDER": Meaning.UNCLEAR,
    "NO_CROSS_DAY_TRADING": Meaning.TOO_LATE,
    "DENIED_IP": Meaning.REJECTED,
    # Spelt so in the table.
    "INVLID_MERCHANT_CONFIG": Meaning.REJECTED,
    "INVALID_RESPONSE": Meaning.UNCLEAR,
    # Only in the example of 1.5 担保撤销, not in the table: the secured transaction was cancelled before.
    "HAS_CANCELLED": Meaning.NOT_ALLOWED,
}

POSLINK_SUCCESS = "00"
"""The one code of poslink that is documented; everything else of a pay call is open until a query tells."""

_WORDS = (
    # The code table of poslink is not public; these are words that can mean one thing only. "无此交易权限" (no right
    # to this kind of transaction) is a usual complaint of terminals and says nothing of the order.
    (re.compile(r"频繁"), Meaning.TOO_OFTEN),
    (
        re.compile(
            r"(?:订单|交易|记录|退款|退货).{0,4}(?:不存在|未找到|找不到)"
            r"|(?:找不到|未找到|查无|无此).{0,8}(?:订单|交易|记录)(?!权限|类型|功能)"
        ),
        Meaning.NOT_FOUND,
    ),
    (re.compile(r"(?<!不是)(?<!不在)支付中|处理中|输入密码|稍[后候]"), Meaning.BUSY),
    (
        re.compile(r"跨日|隔日|超过.{0,6}(?:撤销|时间|期限)|(?:不能|无法|不允许|不可).{0,4}撤销|请.{0,6}退[款货]"),
        Meaning.TOO_LATE,
    ),
)


def meaning_of(code: str | None, message: str | None) -> Meaning:
    """What an error says, by its code, else by its words; ``UNCLEAR`` where neither is known."""
    coded = ERROR_CODES.get(code or "")
    if coded is not None:
        return coded
    worded = (meaning for words, meaning in _WORDS if words.search(message or ""))
    return next(worded, Meaning.UNCLEAR)


class Standing(StrEnum):
    """How an order stands."""

    PAYING = "paying"
    PAID = "paid"
    REFUNDING = "refunding"
    """Part of it or all of it went back."""
    CLOSED = "closed"
    FAILED = "failed"
    UNCLEAR = "unclear"


QUERY_RESULTS: Mapping[str, Standing] = {
    # poslink 交易状态查询, ``queryResCode``.
    "0": Standing.PAID,
    "1": Standing.UNCLEAR,
    "2": Standing.CLOSED,
    "3": Standing.REFUNDING,
    "4": Standing.CLOSED,
    "5": Standing.FAILED,
    "FF": Standing.UNCLEAR,
}

_FAILED_WITH_WORDS = re.compile(r"5[^0-9A-Za-z].*", re.DOTALL)


def query_result(code: str | None) -> Standing | None:
    """What ``queryResCode`` says; None for a code of no document. "5" may be followed by a description."""
    if code is not None and _FAILED_WITH_WORDS.fullmatch(code):
        return Standing.FAILED
    return QUERY_RESULTS.get(code or "")


STATUS: Mapping[str, Standing] = {
    # ChinaUMS 2.3 status.
    "NEW_ORDER": Standing.PAYING,
    "UNKNOWN": Standing.UNCLEAR,
    # Not paid in time, failed, or refunded in full: nothing is charged in any of the three.
    "TRADE_CLOSED": Standing.CLOSED,
    "WAIT_BUYER_PAY": Standing.PAYING,
    "TRADE_SUCCESS": Standing.PAID,
    "TRADE_REFUND": Standing.REFUNDING,
    # The example of 1.3 退款 has this for TRADE_REFUND.
    "REFUND": Standing.REFUNDING,
}


class RefundStanding(StrEnum):
    """How a refund stands."""

    DONE = "done"
    PROCESSING = "processing"
    FAILED = "failed"
    UNCLEAR = "unclear"


REFUND_STATUS: Mapping[str, RefundStanding] = {
    # ChinaUMS 2.2 refundStatus (its table came out of the page garbled: these are the four words of it).
    "UNKNOWN": RefundStanding.UNCLEAR,
    "SUCCESS": RefundStanding.DONE,
    "FAIL": RefundStanding.FAILED,
    "PROCESSING": RefundStanding.PROCESSING,
}

REFUND_QUERY_RESULTS: Mapping[str, RefundStanding] = {
    # poslink 交易退款查询, ``queryResCode``: 00 is success; the rest is used as in the query of payments.
    "00": RefundStanding.DONE,
    "1": RefundStanding.UNCLEAR,
    "5": RefundStanding.FAILED,
    "FF": RefundStanding.UNCLEAR,
}

# "其余均为失败", says one client of the platform; a query that failed is no failed refund.
_REFUND_FAILED = re.compile(r"(?<!查询)失败")
_REFUND_PROCESSING = re.compile(r"处理中|进行中|退[款货]中")


def refund_result(code: str | None, message: str | None) -> RefundStanding:
    """What the query of a poslink refund says, by its code, else by its words."""
    if code is not None and _FAILED_WITH_WORDS.fullmatch(code):
        return RefundStanding.FAILED
    coded = REFUND_QUERY_RESULTS.get(code or "")
    if coded is not None:
        return coded
    if _REFUND_FAILED.search(message or ""):
        return RefundStanding.FAILED
    return RefundStanding.PROCESSING if _REFUND_PROCESSING.search(message or "") else RefundStanding.UNCLEAR


SECURE_STATUS = frozenset({"UNCOMPLETED", "PARTLY_COMPLETED", "ALL_COMPLETED", "CANCELED"})
"""ChinaUMS 2.4 secureStatus: how a secured transaction (担保交易) stands; these are made by hand only."""

TARGET_SYSTEMS: Mapping[str, str] = {
    # ChinaUMS 2.5 targetSys: who the customer paid with.
    "Alipay 1.0": "支付宝",
    "Alipay 2.0": "支付宝",
    "WXPay": "微信",
    "YQB": "壹钱包",
    "QMF": "全民付",
    "UnionPay": "银联钱包",
    "BaiDu": "百度钱包",
    "JD": "京东钱包",
    "SF": "顺丰顺手付",
    "COMM": "交通银行",
    "BestPay": "翼支付",
    "ACP": "银联全渠道立码付",
    "NetPayBills": "银商网付平台账单模块",
    "NetPayGtwy": "银商网付平台网关模块",
    "QmfWebPay": "POS通插件WEB版",
    "UAC": "银联全渠道",
}
