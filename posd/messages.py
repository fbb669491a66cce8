"""What a person reads: the words for states, reasons and wallets, in the languages of the terminal. Pure."""

from __future__ import annotations

from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

REASONS: dict[Reason, tuple[str, str]] = {
    Reason.DECLINED: ("支付被拒绝", "The payment was declined"),
    Reason.INSUFFICIENT_FUNDS: ("余额不足，请换其他方式支付", "Insufficient funds; try another way to pay"),
    Reason.CODE_EXPIRED: ("付款码已过期，请刷新后重试", "The code has expired; refresh it and try again"),
    Reason.CODE_USED: ("付款码已使用，请刷新后重试", "The code was used already; refresh it and try again"),
    Reason.CODE_INVALID: ("付款码无效", "The code is not valid"),
    Reason.USER_CANCELLED: ("顾客取消了支付", "The customer cancelled"),
    Reason.LIMIT_EXCEEDED: ("超过支付限额", "A limit was exceeded"),
    Reason.GATEWAY_REJECTED: (
        "支付平台拒绝了请求，请检查商户配置",
        "The gateway refused our request; check the merchant",
    ),
    Reason.GATEWAY_UNREACHABLE: ("无法连接支付平台，未扣款", "The gateway cannot be reached; nothing was charged"),
    Reason.NOT_RECEIVED: ("支付平台未收到请求，未扣款", "The gateway did not receive it; nothing was charged"),
    Reason.INTERRUPTED: ("支付程序重启，未发起扣款", "posd was restarted before anything was sent"),
    Reason.NO_CODE: ("等待扫码超时", "No code was scanned in time"),
    Reason.DEVICE_FAULT: ("设备故障", "The device failed"),
    Reason.WINDOW_ELAPSED: ("超时未支付，已自动撤销", "Not paid in time; cancelled automatically"),
    Reason.CANCELLED_BY_CASHIER: ("收银员已取消", "Cancelled by the cashier"),
    Reason.CONTRADICTION: ("支付平台的说法与记录矛盾，请人工核对", "The gateway contradicts the record; look into it"),
    Reason.AMOUNT_MISMATCH: (
        "支付平台的金额或订单号不符，请人工核对",
        "Another amount or order from the gateway; look into it",
    ),
    Reason.SLOW_VOID: ("撤销未确认，仍在处理", "The cancel is not confirmed yet; still being worked on"),
}

WALLETS: dict[Wallet, tuple[str, str]] = {
    Wallet.WECHAT: ("微信支付", "WeChat Pay"),
    Wallet.ALIPAY: ("支付宝", "Alipay"),
    Wallet.UNIONPAY: ("云闪付", "UnionPay"),
    Wallet.ECNY: ("数字人民币", "e-CNY"),
    Wallet.JDPAY: ("京东支付", "JD Pay"),
    Wallet.BESTPAY: ("翼支付", "BestPay"),
    Wallet.OTHER: ("其他", "Other"),
}


def reason_text(reason: Reason, locale: str) -> str:
    """A reason as a sentence."""
    return REASONS[reason][locale == "en"]


def wallet_text(wallet: Wallet | None, locale: str) -> str:
    """The name of a wallet; ``-`` for none."""
    return WALLETS[wallet][locale == "en"] if wallet else "-"
