"""What ChinaUMS' netpay answers, in the words of the document's examples. Pure."""

from __future__ import annotations

from posd.gateways.base import beijing
from posd.gateways.chinaums.netpay import TIME
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.behaviour import RefundFault
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Fields, QueryRefusal, View
from posd.payment.amounts import Fen, format_yuan
from posd.payment.auth_code import Wallet

PRECREATE = "netpay/trade/precreate"
"""The one order call that answers with a code to scan (1.1.4)."""

WALLETS = {
    "netpay/wx/app-pre-order": Wallet.WECHAT,
    PRECREATE: Wallet.ALIPAY,
    "netpay/qmf/order": Wallet.OTHER,
    "netpay/uac/app-order": Wallet.UNIONPAY,
    "netpay/applepay/order": Wallet.OTHER,
    "netpay/trade/app-pre-order": Wallet.ALIPAY,
}
"""Who the customer pays with, by the order call."""

_TARGETS = {
    "netpay/wx/app-pre-order": "WXPay",
    PRECREATE: "Alipay 2.0",
    "netpay/qmf/order": "QMF",
    "netpay/uac/app-order": "UAC",
    "netpay/applepay/order": "ACP",
    "netpay/trade/app-pre-order": "Alipay 2.0",
}
_STATUS = {
    Phase.PAYING: "WAIT_BUYER_PAY",
    Phase.PAID: "TRADE_SUCCESS",
    Phase.FAILED: "TRADE_CLOSED",
    Phase.CLOSED: "TRADE_CLOSED",
    Phase.REVERSED: "TRADE_CLOSED",
}
_CANCEL_REFUSALS = {
    CancelOutcome.NOT_FOUND: ("NO_ORDER", "找不到请求的原始订单"),
    CancelOutcome.STILL_PAYING: ("ORDER_PROCESSING", "订单正在处理中，不允许并发操作"),
    CancelOutcome.TOO_LATE: ("OPERATION_NOT_ALLOWED", "当前不允许此操作"),
    CancelOutcome.PAID: ("OPERATION_NOT_ALLOWED", "订单已支付，不允许关闭"),
    CancelOutcome.ALREADY: ("OPERATION_NOT_ALLOWED", "订单已经关闭"),
}
_REFUND_REFUSALS = {
    RefundRefusal.NOT_FOUND: ("NO_ORDER", "找不到请求的原始订单"),
    RefundRefusal.NOT_PAID: ("OPERATION_NOT_ALLOWED", "订单已经关闭，不能执行退货等操作"),
    RefundRefusal.EXCEEDS: ("BAD_REQUEST", "退款金额超过可退金额"),
    RefundRefusal.MISMATCH: ("BAD_REQUEST", "退款订单号与原请求不符"),
}
_REFUND_STATUS = {
    RefundStatus.SUCCESS: "SUCCESS",
    RefundStatus.PROCESSING: "PROCESSING",
    RefundStatus.FAILED: "FAIL",
    # Nobody moves money by hand at this platform: such a refund has failed.
    RefundStatus.BY_HAND: "FAIL",
    RefundStatus.NOT_SURE: "UNKNOWN",
}
_SECURED = "secureTransaction"
# These are made by hand only: far more than anybody completes, and little enough to remember.
_COMPLETED_MAX = 1_000


def error(code: str, message: str) -> Fields:
    """An answer that is no success."""
    return {"errCode": code, "errMsg": message}


class NetpayWords:
    """netpay's side of an answer."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._completed: dict[str, int] = {}
        """What of secured transactions (担保交易) was completed, by order number."""

    # --- order, query -------------------------------------------------------------------------------------------------

    def ordered(self, call: Call, view: View, url: str) -> Fields:
        """ChinaUMS 1.1 下单: what the customer needs to pay."""
        if view.phase is Phase.FAILED:
            return error("TARGET_FAIL", "支付失败")
        operation = call.route.operation
        request: Fields = {"qrCode": url} if operation == PRECREATE else {"package": "Sign=WXPay", "sign": "0" * 32}
        return self._described(view) | {
            "status": "NEW_ORDER",
            "targetSys": _TARGETS[operation],
            "appPayRequest": request,
            "qrCode": url if operation == PRECREATE else None,
        }

    @staticmethod
    def _described(view: View) -> Fields:
        return {
            "errCode": "SUCCESS",
            "merOrderId": view.order_no,
            "totalAmount": view.amount,
            "seqId": f"{view.order.serial:010d}N",
            "settleRefId": f"{view.order.serial:010d}N",
            "merName": "示例超市",
        }

    def query(self, view: View) -> Fields:
        """ChinaUMS 1.2 订单交易查询."""
        return self._described(view) | self.standing(view)

    def standing(self, view: View) -> Fields:
        """How the order stands, in a query and in a notification."""
        status = _STATUS[view.phase]
        if view.phase is Phase.PAID and view.refunded:
            # 2.3: closed after a refund in full, else in the process of refunds.
            status = "TRADE_CLOSED" if view.refunded >= view.pay_amount else "TRADE_REFUND"
        if view.phase is not Phase.PAID:
            return {"status": status}
        return {
            "status": status,
            "payTime": beijing(view.paid_at_ms, TIME),
            "settleDate": beijing(view.paid_at_ms, "%Y-%m-%d"),
            "buyerPayAmount": view.pay_amount,
            "couponAmount": view.discount,
            "invoiceAmount": view.pay_amount,
            "billFunds": f"现金:{view.pay_amount}",
            "billFundsDesc": f"现金支付{format_yuan(Fen(view.pay_amount))}元",
            "targetOrderId": f"20{view.order.serial:026d}",
            "targetSys": _TARGETS.get(view.order.memo.get("operation", ""), "Alipay 2.0"),
        }

    @staticmethod
    def query_refusal(why: QueryRefusal) -> Fields:
        """A query without a word about the order."""
        match why:
            case QueryRefusal.NOT_FOUND:
                return error("NO_ORDER", "找不到请求的原始订单")
            case QueryRefusal.TOO_OFTEN:
                return error("BAD_REQUEST_RATE", "请求过于频繁")
            case QueryRefusal.SYSTEM_ERROR:
                return error("INTERNAL_ERROR", "内部错误")

    # --- close: only what is unpaid -----------------------------------------------------------------------------------

    def close(self, order: Order, now_ms: int) -> CancelOutcome:
        """ChinaUMS 1.7 订单关闭."""
        if self._bank.close(order, now_ms):
            return CancelOutcome.DONE
        state = order.state(now_ms)
        return CancelOutcome.PAID if state and state.phase is Phase.PAID else CancelOutcome.ALREADY

    @staticmethod
    def closed(outcome: CancelOutcome) -> Fields:
        """The answer to a close; its example names no order."""
        return {"errCode": "SUCCESS"} if outcome is CancelOutcome.DONE else error(*_CANCEL_REFUSALS[outcome])

    # --- refund -------------------------------------------------------------------------------------------------------

    @staticmethod
    def refund_terms(call: Call) -> tuple[str, int]:
        """The refund number (the order's own where none is given) and the amount."""
        return call.text("refundOrderId") or call.text("merOrderId"), int(call.text("refundAmount"))

    def refunded(self, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """ChinaUMS 1.3 退款, 1.4 退款查询."""
        done = status is RefundStatus.SUCCESS
        return {
            "errCode": "SUCCESS",
            "merOrderId": order.order_no,
            "refundOrderId": refund.refund_no,
            "refundTargetOrderId": refund.refund_id if done else None,
            "refundStatus": _REFUND_STATUS[status],
            # The example has REFUND, the table TRADE_REFUND.
            "status": "TRADE_REFUND" if done else "TRADE_SUCCESS",
            "totalAmount": order.amount,
            "refundAmount": refund.amount,
            "refundInvoiceAmount": refund.due if done else None,
        }

    def refund_query(self, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """ChinaUMS 1.4 退款查询."""
        if status is RefundStatus.NOT_SURE:
            # It never reached the platform's books: the same number has to be sent once more.
            return self.refund_refusal(RefundRefusal.NOT_FOUND)
        return self.refunded(order, refund, status)

    @staticmethod
    def refund_refusal(why: RefundRefusal) -> Fields:
        """A refund that is not made, or not known."""
        return error(*_REFUND_REFUSALS[why])

    # --- secured transactions -----------------------------------------------------------------------------------------

    def secure(self, call: Call, now_ms: int) -> Fields:
        """ChinaUMS 1.5 担保撤销, 1.6 担保完成."""
        order = self._bank.find(call.order_no)
        state = order.state(now_ms) if order else None
        if order is None or state is None:
            return error("NO_ORDER", "找不到请求的原始订单")
        if order.memo.get(_SECURED) != "true" or state.phase not in (Phase.PAID, Phase.REVERSED):
            return error("OPERATION_NOT_ALLOWED", "当前不允许此操作")
        if state.phase is Phase.REVERSED:
            return error("HAS_CANCELLED", "该笔担保交易已撤销")
        if order.order_no in self._completed:
            return error("OPERATION_NOT_ALLOWED", "该笔担保交易已完成")
        if call.route.operation == "netpay/secure-cancel":
            self._bank.reverse(order, now_ms)
            return self._secured(order, "CANCELED", 0)
        return self._complete(order, int(call.text("completedAmount")), now_ms)

    def _complete(self, order: Order, amount: int, now_ms: int) -> Fields:
        """What is completed goes to the merchant, the rest back to the customer."""
        rest = order.pay_amount - amount
        if rest < 0:
            return error("BAD_REQUEST", "完成金额超过订单金额")
        if rest:
            self._bank.refund(order, f"{order.order_no}S", rest, rest, RefundFault.OK, now_ms)
        while len(self._completed) >= _COMPLETED_MAX:
            del self._completed[next(iter(self._completed))]
        self._completed[order.order_no] = amount
        return self._secured(order, "PARTLY_COMPLETED" if rest else "ALL_COMPLETED", amount)

    @staticmethod
    def _secured(order: Order, status: str, completed: int) -> Fields:
        return {
            "errCode": "SUCCESS",
            "merOrderId": order.order_no,
            "secureStatus": status,
            "completedAmount": completed,
            "totalAmount": order.amount,
        }
