"""What ChinaUMS' poslink answers, in the words of the sandbox's real answers. Pure."""

from __future__ import annotations

from posd.gateways.base import beijing
from posd.gateways.chinaums.codes import POSLINK_SUCCESS
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Fields, QueryRefusal, View
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

ORDER_DIGITS = 26
"""The platform's own number of an order."""

# The code table of poslink is not public: these are the usual codes of card terminals, with the wallets' words.
_DECLINED = {
    Reason.INSUFFICIENT_FUNDS: ("51", "余额不足"),
    Reason.CODE_EXPIRED: ("05", "付款码已过期，请刷新再试"),
    Reason.CODE_USED: ("05", "每个二维码仅限使用一次，请刷新再试"),
    Reason.CODE_INVALID: ("05", "付款码无效"),
    Reason.LIMIT_EXCEEDED: ("61", "超出支付限额"),
    Reason.USER_CANCELLED: ("05", "用户取消支付"),
    Reason.DECLINED: ("05", "支付失败"),
}
_CANCEL_REFUSALS = {
    CancelOutcome.NOT_FOUND: ("NO_ORDER", "找不到请求的原始订单"),
    CancelOutcome.STILL_PAYING: ("ORDER_PROCESSING", "订单正在处理中，不允许并发操作"),
    CancelOutcome.TOO_LATE: ("NO_CROSS_DAY_TRADING", "不允许跨日交易"),
    CancelOutcome.UNPAID: ("OPERATION_NOT_ALLOWED", "当前不允许此操作"),
    CancelOutcome.ALREADY: ("OPERATION_NOT_ALLOWED", "当前不允许此操作"),
    CancelOutcome.REFUNDED: ("OPERATION_NOT_ALLOWED", "当前不允许此操作"),
}
_REFUND_REFUSALS = {
    RefundRefusal.NOT_FOUND: ("NO_ORDER", "找不到请求的原始订单"),
    RefundRefusal.NOT_PAID: ("OPERATION_NOT_ALLOWED", "当前不允许此操作"),
    RefundRefusal.EXCEEDS: ("BAD_REQUEST", "退货金额超过可退金额"),
    RefundRefusal.MISMATCH: ("BAD_REQUEST", "退款请求标识与原请求不符"),
}
_REFUND_RESULTS = {
    RefundStatus.SUCCESS: ("00", "成功"),
    RefundStatus.PROCESSING: ("01", "退货处理中"),
    RefundStatus.FAILED: ("5", "退货失败"),
    # Nobody moves money by hand at this platform: such a refund has failed.
    RefundStatus.BY_HAND: ("5", "退货失败"),
}
_WALLETS = {Wallet.WECHAT: "微信钱包", Wallet.ALIPAY: "支付宝钱包", Wallet.UNIONPAY: "银联钱包"}
_DONE = "10000成功响应码"


def error(code: str, message: str) -> Fields:
    """An answer that is no success."""
    return {"errCode": code, "errInfo": message}


class PoslinkWords:
    """poslink's side of an answer. ``quirks`` are the protocol's."""

    def __init__(self, bank: Bank, quirks: dict[str, str]) -> None:
        self._bank, self._quirks = bank, quirks

    # --- pay, query ---------------------------------------------------------------------------------------------------

    def paid_or_not(self, view: View) -> Fields:
        """Poslink 支付. The answer does not repeat the merchant's order number."""
        match view.phase:
            case Phase.PAID:
                return {"errCode": POSLINK_SUCCESS, "errInfo": _DONE, **_moment(view.paid_at_ms), **self._payment(view)}
            case Phase.PAYING:
                return error(self._quirks["paying"], "等待用户支付")
            case Phase.FAILED:
                return error(*_DECLINED.get(view.order.reason or Reason.DECLINED, _DECLINED[Reason.DECLINED]))
            case Phase.CLOSED | Phase.REVERSED:
                return error("05", "交易已撤销")

    def _payment(self, view: View) -> Fields:
        order = view.order
        fields: Fields = {
            "retrievalRefNum": f"{order.serial:011d}N",
            "transactionAmount": view.amount,
            "actualTransactionAmount": view.amount,
            "amount": view.pay_amount,
            "orderId": order_id(order),
            "thirdPartyName": _WALLETS.get(order.wallet or Wallet.OTHER, "第三方钱包"),
            "thirdPartyOrderId": f"42{order.serial:026d}",
            "thirdPartyPayInformation": f"现金:{view.pay_amount}",
            "promotionAmt": "0",
        }
        if view.discount:
            fields |= {"totalDiscountAmount": view.discount, "discountStatus": 2}
            fields["thirdPartyPayInformation"] = f"现金:{view.pay_amount}|优惠:{view.discount}"
        return fields

    def query(self, view: View) -> Fields:
        """Poslink 交易状态查询."""
        result, text, status = self._result(view)
        order = view.order
        fields: Fields = {
            "errCode": POSLINK_SUCCESS,
            "errInfo": "00000成功响应码",
            "queryResCode": result,
            "queryResDesc": text,
            "orderStatus": status,
            "originalTransactionAmount": view.amount,
            "orderId": order_id(order),
            "merchantOrderId": view.order_no,
        }
        if view.phase is not Phase.PAID:
            return fields
        refunded = view.refunded if self._quirks["refunded_amount"] == "told" else 0
        return {**self._payment(view), **fields} | {
            "originalTransactionTime": beijing(view.paid_at_ms),
            "originalPayCode": order.charge.credential if order.charge else None,
            "refundedAmount": refunded,
            "transactionAmount": None,
        }

    def _result(self, view: View) -> tuple[str, str, str]:
        match view.phase:
            case Phase.PAYING:
                return self._quirks["unknown"], "交易状态未知", "WAIT_BUYER_PAY"
            case Phase.PAID if view.refunded:
                # 已退货 is said of a refund in part as well.
                full = view.refunded >= view.pay_amount
                return "3", "已退货", "TRADE_CLOSED" if full else "TRADE_REFUND"
            case Phase.PAID:
                return "0", "成功", "TRADE_SUCCESS"
            case Phase.FAILED:
                reason = view.order.reason or Reason.DECLINED
                return "5", _DECLINED.get(reason, _DECLINED[Reason.DECLINED])[1], "TRADE_CLOSED"
            case Phase.CLOSED:
                return "4", "已冲正", "TRADE_CLOSED"
            case Phase.REVERSED:
                return "2", "已撤销", "TRADE_CLOSED"

    @staticmethod
    def query_refusal(why: QueryRefusal) -> Fields:
        """A query without a word about the order."""
        match why:
            case QueryRefusal.NOT_FOUND:
                return error("NO_ORDER", "找不到请求的原始订单")
            case QueryRefusal.TOO_OFTEN:
                return error("99", "请求过于频繁")
            case QueryRefusal.SYSTEM_ERROR:
                return error("INTERNAL_ERROR", "内部错误")

    # --- void: what is paid is given back, on the same day ------------------------------------------------------------

    def void(self, order: Order, now_ms: int) -> CancelOutcome:
        """Poslink 支付撤销. No document says what it does to an order that is not paid yet: here it ends it."""
        if order.created_at_ms is not None and beijing(order.created_at_ms, "%Y%m%d") != beijing(now_ms, "%Y%m%d"):
            return CancelOutcome.TOO_LATE
        state = order.state(now_ms)
        if state is not None and state.refunded:
            return CancelOutcome.REFUNDED
        done = self._bank.reverse(order, now_ms) or self._bank.close(order, now_ms)
        return CancelOutcome.DONE if done else CancelOutcome.ALREADY

    @staticmethod
    def voided(order: Order, outcome: CancelOutcome) -> Fields:
        """The answer to a void; it does not repeat the merchant's order number."""
        if outcome is not CancelOutcome.DONE:
            return error(*_CANCEL_REFUSALS[outcome])
        return {
            "errCode": POSLINK_SUCCESS,
            "errInfo": _DONE,
            "retrievalRefNum": f"{order.serial:011d}N",
            "transactionAmount": order.amount,
            "orderId": order_id(order),
        }

    # --- refund -------------------------------------------------------------------------------------------------------

    @staticmethod
    def refund_terms(call: Call) -> tuple[str, int]:
        """The refund number and the amount."""
        return call.text("refundRequestId"), int(call.text("transactionAmount"))

    @staticmethod
    def refunded(order: Order, refund: Refund) -> Fields:
        """Poslink 交易退款."""
        match refund.status:
            case RefundStatus.FAILED | RefundStatus.BY_HAND:
                return error("05", "退货失败")
            case RefundStatus.NOT_SURE:
                return error("TIMEOUT", "处理超时")
            case RefundStatus.SUCCESS | RefundStatus.PROCESSING:
                return {
                    "errCode": POSLINK_SUCCESS,
                    "errInfo": _DONE,
                    **_moment(refund.requested_at_ms),
                    "transactionAmount": refund.amount,
                    "refundInvoiceAmount": str(refund.due),
                    "orderId": order_id(order),
                    "refundOrderId": refund.refund_id,
                }

    @staticmethod
    def refund_refusal(why: RefundRefusal, *, asked: bool) -> Fields:
        """A refund that is not made, or not known."""
        return error("NO_ORDER", "退款记录不存在") if asked else error(*_REFUND_REFUSALS[why])

    def refund_query(self, refund: Refund, status: RefundStatus) -> Fields:
        """Poslink 交易退款查询."""
        if status is RefundStatus.NOT_SURE:
            # It never reached the platform's books: the same number has to be sent once more.
            return self.refund_refusal(RefundRefusal.NOT_FOUND, asked=True)
        result, text = _REFUND_RESULTS[status]
        return {
            "errCode": POSLINK_SUCCESS,
            "errInfo": "00000成功响应码",
            "queryResCode": result,
            "queryResInfo": None if status is RefundStatus.SUCCESS else text,
            "dealType": "refund",
            "originalAmount": str(refund.amount),
            "refundInvoiceAmount": str(refund.due) if status is RefundStatus.SUCCESS else None,
            "refundOrderId": refund.refund_id,
        }


def order_id(order: Order) -> str:
    """The platform's number of an order."""
    return f"20{order.serial:0{ORDER_DIGITS - 2}d}"


def _moment(at_ms: int) -> Fields:
    return {
        "transactionDateWithYear": beijing(at_ms, "%Y%m%d"),
        "transactionDate": beijing(at_ms, "%m%d"),
        "transactionTime": beijing(at_ms, "%H%M%S"),
        "settlementDate": beijing(at_ms, "%m%d"),
    }
