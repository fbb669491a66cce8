"""The words of DaxPay and what they mean. Pure.

On the wire of 2.0.x ``data.code`` is 0 or 1, and what a 1 means stands in ``data.msg``; the numbers of the platform's
own error table are understood as well, should one come through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from posd.payment.auth_code import Wallet


class Standing(StrEnum):
    """How an order stands."""

    PAYING = "paying"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CLOSED = "closed"
    FAILED = "failed"


PAY_STATUS: Mapping[str, Standing] = {
    # PayStatusEnum 支付状态; 2.0.6 also keeps the refund in it, 2.0.8 adds cancel.
    "progress": Standing.PAYING,
    "success": Standing.PAID,
    "refunding": Standing.PAID,
    "partial_refund": Standing.PARTLY_REFUNDED,
    "refunded": Standing.REFUNDED,
    "close": Standing.CLOSED,
    "cancel": Standing.CLOSED,
    "fail": Standing.FAILED,
}

ORDER_REFUND_STATUS: Mapping[str, Standing] = {
    # PayOrderRefundStatusEnum 支付订单退款状态: what has become of an order that is ``success``.
    "no_refund": Standing.PAID,
    "refunding": Standing.PAID,
    "partial_refund": Standing.PARTLY_REFUNDED,
    "refunded": Standing.REFUNDED,
}


class RefundStanding(StrEnum):
    """How a refund stands."""

    DONE = "done"
    PROCESSING = "processing"
    FAILED = "failed"


REFUND_STATUS: Mapping[str, RefundStanding] = {
    # RefundStatusEnum 退款状态.
    "success": RefundStanding.DONE,
    "progress": RefundStanding.PROCESSING,
    "fail": RefundStanding.FAILED,
    "close": RefundStanding.FAILED,
}

PAY_SYNC_STATUS = frozenset(
    # PaySyncStatusEnum 支付同步状态: the words of a sync, which name no order and so prove nothing.
    {
        "pay_fail", "pay_success", "pay_progress", "pay_closed", "pay_refund",
        "pay_not_found", "pay_not_found_unknown", "pay_timeout",
    }
)  # fmt: skip

REFUND_SYNC_STATUS = frozenset(
    # RefundSyncStatusEnum 退款同步状态; the example of 退款同步接口 answers ``pay_not_found``.
    {"refund_success", "refund_fail", "refund_progress", "pay_not_found"}
)


class Complaint(StrEnum):
    """What a refusal is about."""

    NOT_FOUND = "not_found"
    STILL_PAYING = "still_paying"
    BUSY = "busy"
    """The same thing is being done already, or was: what became of the first time is open."""
    WRONG_STATE = "wrong_state"
    TOO_MUCH = "too_much"
    """More than may be paid or is left to refund."""
    TOO_OFTEN = "too_often"
    REJECTED = "rejected"
    """The request itself: its form, its signature, or how the platform is set up."""
    UNCLEAR = "unclear"


ERROR_NUMBERS: Mapping[str, Complaint] = {
    # DaxPayErrorCode 错误码.
    "20000": Complaint.UNCLEAR,
    "20011": Complaint.REJECTED,
    "20012": Complaint.REJECTED,
    "20013": Complaint.REJECTED,
    "20021": Complaint.REJECTED,
    "20022": Complaint.REJECTED,
    "20023": Complaint.REJECTED,
    "20024": Complaint.REJECTED,
    "20030": Complaint.REJECTED,
    "20041": Complaint.NOT_FOUND,
    "20042": Complaint.WRONG_STATE,
    "20043": Complaint.BUSY,
    "20044": Complaint.WRONG_STATE,
    "20045": Complaint.UNCLEAR,
    "20051": Complaint.REJECTED,
    "20052": Complaint.REJECTED,
    "20060": Complaint.TOO_MUCH,
    "20071": Complaint.UNCLEAR,
    "20080": Complaint.UNCLEAR,
    "20081": Complaint.UNCLEAR,
    "20082": Complaint.UNCLEAR,
    "20091": Complaint.UNCLEAR,
    "30000": Complaint.UNCLEAR,
}

_COMPLAINTS = (
    # The messages of the platform's services; the order matters: "不是支付中" is no "支付中".
    (re.compile(r"频繁"), Complaint.TOO_OFTEN),
    (
        re.compile(r"(?:订单|退款单|支付单|记录).{0,4}不存在|未(?:查询|找)到.{0,4}(?:订单|退款|支付单)"),
        Complaint.NOT_FOUND,
    ),
    (re.compile(r"请勿重复|重新发起|处理中|已存在"), Complaint.BUSY),
    (re.compile(r"不是支付中|不是待支付|不允许发起退款|已经?支付|未支付|已经?被?关闭"), Complaint.WRONG_STATE),
    (re.compile(r"支付中|输入密码|稍[后候]"), Complaint.STILL_PAYING),
    (re.compile(r"限额|不能大于|超过|超出"), Complaint.TOO_MUCH),
)


def complaint_of(code: str | None, message: str | None) -> Complaint:
    """What a refusal is about, by its number, else by its words; ``UNCLEAR`` where neither says it."""
    numbered = ERROR_NUMBERS.get(code or "")
    if numbered is not None:
        return numbered
    worded = (complaint for words, complaint in _COMPLAINTS if words.search(message or ""))
    return next(worded, Complaint.UNCLEAR)


CHANNELS: Mapping[Wallet, str] = {
    # PayChannelEnum 支付通道; ``wallet_pay`` is the platform's own purse, which shows no code.
    Wallet.WECHAT: "wechat_pay",
    Wallet.ALIPAY: "ali_pay",
    Wallet.UNIONPAY: "union_pay",
}

CANCEL_CHANNELS = frozenset({Wallet.WECHAT, Wallet.ALIPAY})
"""Wallets whose bar code payments the platform can cancel (撤销); for the others it can only close (关闭)."""
