"""The codes of the UMF service-provider platform and what they mean, call by call. Pure.

返回码说明 lists them once for all calls; what a code says depends on what was asked. Every table has every code. Codes
of the channels may come through as well: they are in no list, so they prove nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

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

SUCCESS = "00"

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "00": "成功",
        "01": "系统错误，交易失败",
        "02": "用户支付中，请稍后查询",
        "03": "交易已退款",
        "04": "交易状态未明",
        "05": "交易已被支付",
        "06": "系统繁忙，请稍后再试",
        "08": "无效金额",
        "09": "商户备注已存在，请修改后重新提交",
        "10": "报文格式错误",
        "11": "验证签名失败",
        "12": "重复交易",
        "13": "报文交易要素缺失",
        "14": "交易已撤销",
        "15": "账户余额不足",
        "16": "订单号重复",
        "17": "交易不存在",
        "20": "二维码已失效",
        "21": "支付次数超限",
        "23": "无此二维码",
        "31": "商户或机构状态不正确",
        "32": "无此交易权限",
        "33": "交易金额超限",
        "35": "原交易不存在或状态不正确",
        "36": "与原交易信息不符",
        "37": "已超过最大查询次数或操作过于频繁",
        "38": "基于风险控制原因失败",
        "39": "交易不在受理时间范围内",
        "43": "卡状态异常",
        "62": "用户密码输入中",
        "99": "系统异常，请联系联动方",
    }
)
"""返回码说明."""

V = TypeVar("V")
_TOO_OFTEN = {"37": Unknown(Doubt.TOO_OFTEN)}
# 01 is called 交易失败 and 系统错误 in one breath: what a system in trouble says of a payment is not known to be true.
_TROUBLE = dict.fromkeys(("01", "04", "06", "99"), UNCLEAR)


def _table(default: V, *exceptions: Mapping[str, V]) -> Mapping[str, V]:
    table = dict.fromkeys(MEANINGS, default)
    for exception in exceptions:
        table.update(exception)
    return MappingProxyType(table)


def _declined(reason: Reason, *codes: str) -> dict[str, PaymentVerdict]:
    return dict.fromkeys(codes, Declined(reason))


MICROPAY_CODES: Mapping[str, PaymentVerdict] = _table(
    # 03, 05, 12, 14, 16, 17, 35, 36 speak of an order that stands, or did: the query tells.
    UNCLEAR,
    dict.fromkeys(("02", "62"), Pending()),
    _TOO_OFTEN,
    _declined(Reason.GATEWAY_REJECTED, "08", "09", "10", "11", "13", "31", "32"),
    _declined(Reason.INSUFFICIENT_FUNDS, "15"),
    _declined(Reason.CODE_EXPIRED, "20"),
    _declined(Reason.CODE_INVALID, "23"),
    _declined(Reason.LIMIT_EXCEEDED, "21", "33"),
    _declined(Reason.DECLINED, "38", "39", "43"),
)
"""刷卡支付-用户被扫 ``respCode``: 02 and 62 are unknown, a clear error is a failure; ``00`` needs more than that."""

CODE_USED = ("001100WN", "仅限使用一次")
"""A code of the channel that is known from a signed answer ("101 每个二维码仅限使用一次"), and what it must say."""

QUERY_CODES: Mapping[str, PaymentVerdict] = _table(
    UNCLEAR,
    # 35 says "or in the wrong state"; a query asks nothing of the state.
    dict.fromkeys(("17", "35"), NotFound()),
    {"14": Closed()},
    _TOO_OFTEN,
)
"""订单状态同步 ``respCode`` other than ``00``: the query itself did not work, or found nothing."""

QUERY_STATES: Mapping[str, PaymentVerdict] = MappingProxyType(
    {
        # 转入退款: something went back, perhaps of a part. The refund query tells, says the document.
        "01": UNCLEAR,
        "02": Pending(),
        "03": Closed(),
        "04": Closed(),
        "06": Declined(Reason.DECLINED),
    }
)
"""订单状态同步 ``origRespCode``, where ``respCode`` is ``00``; ``00`` needs more than the code. 05 is in no list."""
PAID_STATE = "00"

CANCEL_CODES: Mapping[str, PaymentVerdict] = _table(
    Refused(Refusal.OTHER),
    _TROUBLE,
    _TOO_OFTEN,
    {"00": Accepted(), "14": Closed(), "17": NotFound()},
    dict.fromkeys(("02", "62"), Refused(Refusal.STILL_PAYING)),
    dict.fromkeys(("03", "39"), Refused(Refusal.TOO_LATE)),
)
"""商户撤销交易 ``respCode``. Whether ``00`` is done or taken is not said, so the query must prove it."""

CLOSE_CODES: Mapping[str, PaymentVerdict] = _table(
    Refused(Refusal.OTHER),
    _TROUBLE,
    _TOO_OFTEN,
    {"00": Accepted(), "14": Closed(), "17": NotFound()},
    dict.fromkeys(("02", "62"), Refused(Refusal.STILL_PAYING)),
    {"03": Refused(Refusal.TOO_LATE)},
)
"""商户订单关闭请求 ``respCode``. 05 says that it is paid: then a cancel is due, not a refund."""

REFUND_CODES: Mapping[str, RefundVerdict] = _table(
    RefundFailed(),
    _TROUBLE,
    _TOO_OFTEN,
    # In progress, or done before: the refund query tells.
    dict.fromkeys(("02", "03", "12", "16", "62"), UNCLEAR),
    {"00": RefundProcessing()},
)
"""商户退款请求 ``respCode``: ``00`` is 退款受理成功, accepted; 其他返回码算是退款失败 (常见问题)."""

REFUND_QUERY_CODES: Mapping[str, RefundVerdict] = _table(UNCLEAR, dict.fromkeys(("17", "35"), NotFound()), _TOO_OFTEN)
"""退款订单查询 ``respCode`` other than ``00``: the query itself did not work, or found nothing."""

REFUND_STATES: Mapping[str, RefundVerdict] = MappingProxyType(
    {"00": RefundDone(), "01": RefundFailed(), "02": RefundProcessing()}
)
"""退款订单查询 ``origRespCode``, where ``respCode`` is ``00``."""

PAY_NOTICE, CANCEL_NOTICE, REFUND_NOTICE = "1", "2", "3"
"""交易结果通知 ``notifyType``. Only of payments is it said that they are notified when they have succeeded."""
