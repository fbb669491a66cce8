"""Every documented code of Chaoying and what it means as an answer to each call (Chaoying 1.3 参数规定).

The document says which codes and which trade states there are, not which go together. What is here follows from their
names; an answer whose code and trade state do not fit proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from posd.payment.auth_code import Wallet
from posd.payment.verdicts import (
    Closed,
    Declined,
    Doubt,
    NotFound,
    PaymentVerdict,
    Pending,
    Reason,
    Refunded,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    RefundVerdict,
    Refusal,
    Refused,
    Unknown,
)

SUCCESS = "SUCCESS"
FAIL = "FAIL"
VERSION_TOO_LOW = "VER"
"""state - 通讯状态: the caller's ``version`` is not served any more; nothing was done."""
OK = "10000"

UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
TOO_OFTEN = Unknown(Doubt.TOO_OFTEN)
BROKEN = Unknown(Doubt.BROKEN_BODY)
MISMATCH = Unknown(Doubt.MISMATCH)
REJECTED = Declined(Reason.GATEWAY_REJECTED)

WAITING = frozenset({"NEED_QUERY", "PROCESSING"})
"""trade_state - 交易状态, 需要查询 and 处理中: nothing is decided, whatever the code says."""
GONE_BACK = "REFUND"
"""trade_state - 交易状态, 转入退款."""

ENDS = MappingProxyType({"10002": GONE_BACK, "10004": FAIL, "10005": FAIL, "10006": FAIL})
"""The codes that end something, with the trade state that fits; none at all fits too. Anything else proves nothing."""

PAY: Mapping[str, PaymentVerdict] = MappingProxyType(
    {
        "10001": Pending(),  # 支付中
        "10002": Refunded(),  # 转入退款
        "10003": Pending(),  # 未支付
        "10004": Closed(),  # 已关闭
        "10005": Closed(),  # 已撤销
        "10006": Declined(Reason.DECLINED),  # 支付错误; its message may say more, or that it is not sure
        "20002": REJECTED,  # 签名错误
        "20003": UNCLEAR,  # 响应结果签名错误: the platform could not read what the bank answered
        "20004": REJECTED,  # 参数错误; also the answer to a repeated order number, which says so in words
        "20005": REJECTED,  # 商户错误
        "20006": UNCLEAR,  # 系统错误
        "20007": UNCLEAR,  # 订单不存在: no answer to a request that makes an order
        "20008": UNCLEAR,  # 退款错误
        "20009": UNCLEAR,  # 交易查询错误: the platform asks the bank itself before it answers
        "20010": UNCLEAR,  # 退款查询错误
        "20011": UNCLEAR,  # 交易撤销错误
        "20012": REJECTED,  # 代理商错误
        "20013": REJECTED,  # 商户交易配置错误
        "30001": UNCLEAR,  # 网络异常: between the platform and the bank
    }
)
"""code - 状态码, as the answer to 2.1, 2.2 提交支付 and 2.3 预下单. 10000 is looked at by itself."""

QUERY: Mapping[str, PaymentVerdict] = MappingProxyType(
    {
        "10001": Pending(),
        "10002": Refunded(),  # says not how much: after a refund in part it is the same
        "10003": Pending(),
        "10004": Closed(),
        "10005": Closed(),
        "10006": Declined(Reason.DECLINED),
        "20002": UNCLEAR,
        "20003": UNCLEAR,
        "20004": UNCLEAR,
        "20005": UNCLEAR,
        "20006": UNCLEAR,
        "20007": NotFound(),
        "20008": UNCLEAR,
        "20009": UNCLEAR,  # "查询过于频繁" in its message is TOO_OFTEN
        "20010": UNCLEAR,
        "20011": UNCLEAR,
        "20012": UNCLEAR,
        "20013": UNCLEAR,
        "30001": UNCLEAR,
    }
)
"""code - 状态码, as the answer to 2.2 订单查询. 10000 is looked at by itself."""

CANCEL: Mapping[str, PaymentVerdict] = MappingProxyType(
    {
        "10000": Closed(),
        "10001": Refused(Refusal.STILL_PAYING),
        "10002": Refunded(),
        "10003": UNCLEAR,
        "10004": Closed(),
        "10005": Closed(),
        "10006": UNCLEAR,  # a query says whether the payment or the cancel went wrong
        "20002": Refused(Refusal.OTHER),
        "20003": UNCLEAR,
        "20004": Refused(Refusal.OTHER),
        "20005": Refused(Refusal.OTHER),
        "20006": UNCLEAR,
        "20007": NotFound(),
        "20008": UNCLEAR,
        "20009": UNCLEAR,
        "20010": UNCLEAR,
        "20011": Refused(Refusal.OTHER),  # why is in its message only
        "20012": Refused(Refusal.OTHER),
        "20013": Refused(Refusal.OTHER),
        "30001": UNCLEAR,
    }
)
"""code - 状态码, as the answer to 2.2 交易撤销: unpaid orders are closed, paid ones reversed, before it answers."""

REFUND: Mapping[str, RefundVerdict] = MappingProxyType(
    {
        "10001": RefundProcessing(),
        "10002": RefundProcessing(),  # 转入退款: taken
        "10003": UNCLEAR,
        "10004": UNCLEAR,
        "10005": UNCLEAR,
        "10006": UNCLEAR,
        "20002": RefundFailed(),
        "20003": UNCLEAR,
        "20004": RefundFailed(),
        "20005": RefundFailed(),
        "20006": UNCLEAR,
        "20007": UNCLEAR,  # the payment is not known: says nothing of an earlier attempt
        "20008": RefundFailed(),  # 退款错误: of this attempt. An earlier one with the same number may have succeeded
        "20009": UNCLEAR,
        "20010": UNCLEAR,
        "20011": UNCLEAR,
        "20012": RefundFailed(),
        "20013": RefundFailed(),
        "30001": UNCLEAR,
    }
)
"""code - 状态码, as the answer to 2.2 交易退款. 10000 is looked at by itself.

A failure is the gateway's word about this attempt. Where an earlier one with the same refund number was left without an
answer, a refund query must confirm it before it is believed.
"""

REFUND_QUERY: Mapping[str, RefundVerdict] = MappingProxyType(
    {
        "10001": RefundProcessing(),
        "10002": UNCLEAR,
        "10003": UNCLEAR,
        "10004": UNCLEAR,
        "10005": UNCLEAR,
        "10006": UNCLEAR,
        "20002": UNCLEAR,
        "20003": UNCLEAR,
        "20004": UNCLEAR,
        "20005": UNCLEAR,
        "20006": UNCLEAR,
        "20007": NotFound(),  # it was asked for by the refund's number
        "20008": UNCLEAR,
        "20009": UNCLEAR,
        "20010": UNCLEAR,  # "不存在" in its message is NotFound
        "20011": UNCLEAR,
        "20012": UNCLEAR,
        "20013": UNCLEAR,
        "30001": UNCLEAR,
    }
)
"""code - 状态码, as the answer to 2.2 退款查询. 10000 is looked at by itself."""

ALL = frozenset(CANCEL)
"""Every documented code."""

REFUND_STATUS: Mapping[str, RefundVerdict] = MappingProxyType(
    {
        "FAIL": RefundFailed(),
        "PROCESSING": RefundProcessing(),
        "NOTSURE": RefundNotSure(),  # 未确定，需要商户原退款单号重新发起
        "CHANGE": RefundManual(),  # 转入代发: the customer's card is dead, the money is back with the merchant
    }
)
"""refund_status of 2.2 退款查询; SUCCESS carries an amount and is looked at by itself."""

PAYTYPE: Mapping[Wallet, str] = MappingProxyType(
    {
        Wallet.WECHAT: "WECHAT",
        Wallet.ALIPAY: "ALIPAY",
        Wallet.UNIONPAY: "UNIONPAY",
        Wallet.JDPAY: "JDPAY",
        Wallet.BESTPAY: "BESTPAY",
        Wallet.ECNY: "ECNY",  # not in this version of the document; the vendor's later ones have it
        Wallet.OTHER: "QQ",  # the one that is left
    }
)
"""paytype - 支付方式: required by every call after pay, which neither takes nor returns it."""

# A refusal of the request is one of the payment; but a repeated order number may name one that stands.
REPEATED = re.compile(r"重复|已存在|已经存在|已支付|已提交|duplicate|exist", re.IGNORECASE)

# A failure that is blamed on the way to the bank may have left a payment, or a refund, behind.
NOT_SURE = re.compile(r"系统|超时|网络|银行|稍后|处理中|未知|不确定|频繁|需要查询")

ASKED_TOO_OFTEN = re.compile(r"频繁|频率")
NO_SUCH_ORDER = re.compile(r"单.{0,3}不存在")
SAME_NUMBER_AGAIN = re.compile(r"原退款单号")

# 20011 交易撤销错误 has no codes for its reasons. The first that matches counts: a message that says to come back later
# must not send a refund after a customer who is still typing the password.
REFUSALS = (
    (re.compile(r"支付中|输入密码|需要用户|稍后|处理中"), Refusal.STILL_PAYING),
    (re.compile(r"15秒|过早|太早|立即"), Refusal.TOO_EARLY),
    (re.compile(r"5分钟|五分钟|退款接口|超过.{0,6}(?:时间|时限|期限|分钟)|逾期"), Refusal.TOO_LATE),
)
