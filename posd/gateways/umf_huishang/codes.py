"""The codes of UMF 惠商+ and what they mean, call by call. Pure.

全局参数说明 publishes six codes for all calls, 订单状态同步 two more for itself; the codes of declined payments and of
orders that do not exist are not published. ``0000`` is not in the tables of calls that need more than a code: there it
says that the fields are worth reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.texts import reason_of
from posd.gateways.umf import UNCLEAR
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    PaymentVerdict,
    Pending,
    Reason,
    RefundDone,
    RefundFailed,
    RefundProcessing,
    RefundVerdict,
    Refusal,
    Refused,
    Unknown,
)

SUCCESS = "0000"
SIGNATURE_REFUSED = "3333"
SYSTEM_ERROR = "9999"
PAYING = ("01000000", "02000000", "03000000")
"""In payment at 惠商+, at the bank, and "normally": for all three the document says to ask ``apisync``."""
CANCELLED = "88881137"
REFUND_ACCEPTED = "88881220"

PAY_CODES: Mapping[str, PaymentVerdict] = MappingProxyType(
    {code: Pending() for code in PAYING} | {SIGNATURE_REFUSED: Declined(Reason.GATEWAY_REJECTED), SYSTEM_ERROR: UNCLEAR}
)
"""用户被扫 and 用户主扫, by 全局参数说明 返回码. A decline has no published code: ``apisync`` is asked about it."""

SYNC_CODES: Mapping[str, PaymentVerdict] = MappingProxyType(
    {code: Pending() for code in PAYING}
    | {
        CANCELLED: Closed(),
        # Accepted is not done, and the refund may be of a part: the refund query tells.
        REFUND_ACCEPTED: UNCLEAR,
        SIGNATURE_REFUSED: UNCLEAR,
        SYSTEM_ERROR: UNCLEAR,
    }
)
"""订单状态同步, by 全局参数说明 返回码 and 常见问题."""

REPEAL_CODES: Mapping[str, PaymentVerdict] = MappingProxyType(
    {code: Refused(Refusal.STILL_PAYING) for code in PAYING}
    | {SUCCESS: Accepted(), SIGNATURE_REFUSED: Refused(Refusal.OTHER), SYSTEM_ERROR: UNCLEAR}
)
"""商户撤销交易, by 全局参数说明 返回码; ``0000`` is 撤销申请成功, an application (订单状态同步 常见问题)."""

REFUND_CODES: Mapping[str, RefundVerdict] = MappingProxyType(
    dict.fromkeys(PAYING, UNCLEAR)
    | {SUCCESS: RefundProcessing(), SIGNATURE_REFUSED: RefundFailed(), SYSTEM_ERROR: UNCLEAR}
)
"""商户退款请求, by 全局参数说明 返回码; ``0000`` is 退款受理成功, accepted (商户退款请求 常见问题)."""

REFUND_STATES: Mapping[str, RefundFailed] = MappingProxyType({"2": RefundFailed()})
"""退款订单查询 ``status``: 2 失败; 1 成功 needs more than that; 其他当受理中, all else is in progress."""
REFUND_DONE = "1"

PAID_STATE = "TRADE_SUCCESS"
NOTICE_STATES: Mapping[str, PaymentVerdict] = MappingProxyType(
    {
        "WAIT_BUYER_PAY": Pending(),
        "TRADE_CLOSED": Closed(),
        "TRADE_CANCEL": Closed(),
        "TRADE_FAIL": Declined(Reason.DECLINED),
    }
)
"""交易结果通知 交易状态说明; ``TRADE_SUCCESS`` needs more than the word. Three are 不进行通知; in case they are."""
REFUND_NOTICE_STATES: Mapping[str, RefundVerdict] = MappingProxyType(
    # 商户退款请求 常见问题 says that a failed refund is not notified, 交易状态说明 says that it is.
    {"REFUND_SUCCESS": RefundDone(), "REFUND_FAIL": RefundFailed()}
)
"""交易结果通知 交易状态说明: what it says of a refund."""


def sync_verdict(code: str, message: str) -> PaymentVerdict:
    """What ``apisync`` says by a code other than ``0000``.

    订单状态同步 常见问题 calls every code that is not published "closed", which cannot be true of an order that it does
    not know: such a code is believed only where its message says the same.
    """
    return SYNC_CODES.get(code) or _by_message(message)


def repeal_verdict(code: str, message: str, *, same_day: bool) -> PaymentVerdict:
    """What ``repeal`` says. ``same_day``: whether it was asked on the day of the order; a refusal after it is final."""
    known = REPEAL_CODES.get(code)
    if known is not None:
        return known
    if _NOT_THERE.search(message):
        return NotFound()
    if _STILL_PAYING.search(message):
        return Refused(Refusal.STILL_PAYING)
    if _DOUBTFUL.search(message):
        return UNCLEAR
    return Refused(Refusal.OTHER if same_day and not _TOO_LATE.search(message) else Refusal.TOO_LATE)


def refund_verdict(code: str, message: str) -> RefundVerdict:
    """What ``refund`` says: 非“0000”的其他返回码算是退款失败, unless the message doubts it."""
    known = REFUND_CODES.get(code)
    if known is not None:
        return known
    return UNCLEAR if _DOUBTFUL.search(message) or _DONE_BEFORE.search(message) else RefundFailed()


def refund_query_verdict(message: str) -> RefundVerdict:
    """What ``refund/query`` says by a code other than ``0000``, which only means that the query did not work."""
    if _TOO_OFTEN.search(message):
        return Unknown(Doubt.TOO_OFTEN)
    return NotFound() if _NOT_THERE.search(message) else UNCLEAR


def _by_message(message: str) -> PaymentVerdict:
    if _TOO_OFTEN.search(message):
        return Unknown(Doubt.TOO_OFTEN)
    if _NOT_THERE.search(message):
        return NotFound()
    if _DOUBTFUL.search(message) or _STILL_PAYING.search(message) or _NOT_DONE.search(message):
        return UNCLEAR
    reason = reason_of(message)
    if reason is not Reason.DECLINED:
        return Declined(reason)
    if _CLOSED.search(message):
        return Closed()
    return Declined(reason) if _FAILED.search(message) else UNCLEAR


_TOO_OFTEN = re.compile(r"频繁|过快|too (?:often|many|frequent)", re.IGNORECASE)
_NOT_THERE = re.compile(
    r"(?:订单|交易|流水|记录|退款单?)[^，。;；]{0,6}(?:不存在|未找到|未查到)"
    r"|(?:无此|查无|没有|未找到|未查到)[^，。;；]{0,6}(?:订单|交易|流水|记录|退款)"
    r"|not[ _]?(?:exist|found)",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(
    r"系统|异常|繁忙|网络|通讯|通信|超时(?!.*关闭)|未知|不明|未明|处理中|受理中|稍后|重试|查询|签名|验签|参数|报文|格式|权限"
    r"|商户(?!订单|单号)|system|busy|time.?out|unknown|retry|processing|query|sign|param",
    re.IGNORECASE,
)
_STILL_PAYING = re.compile(r"支付中|付款中|输入密码|(?:待|未)(?:支付|付款)(?!.*关闭)|paying", re.IGNORECASE)
_NOT_DONE = re.compile(
    r"(?:撤销|关闭|取消|退款|退费)[^，。;；]{0,2}失败|(?:未|不能|无法|不可)[^，。;；]{0,2}(?:撤销|关闭|取消)|cannot"
)
_TOO_LATE = re.compile(r"账期|当日|当天|隔日|跨日|退费|退款|超过.{0,6}(?:时间|期限)")
_DONE_BEFORE = re.compile(r"重复|已退|已全额|duplicate", re.IGNORECASE)
_CLOSED = re.compile(
    r"关闭|关单|撤销|取消|作废|冲正|失效|过期|closed|cancell?ed|revoked|reversed|expired", re.IGNORECASE
)
_FAILED = re.compile(r"(?:支付|交易|付款|扣款|收款|消费|订单)[^，。;；]{0,4}失败|拒绝|failed|declined", re.IGNORECASE)
