"""What DaxPay's side answers. Pure.

Real: an exception inside pay is answered by code 0, a message and no status; a pay answer has no amount; close, cancel
and sync name no order; a refund number that is known is not refunded twice.
"""

from __future__ import annotations

from posd.gateways.daxpay.codes import CANCEL_CHANNELS
from posd.gateways.simulator.daxpay_requests import OLD_QUERY
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Fields, Kind, Protocol, QueryRefusal, View
from posd.payment.verdicts import Reason

# The platform's own numbers in the examples: DEVP or DEVR, then a moment and a counter.
_ORDER_DIGITS = 20

_WORDS = {
    Reason.INSUFFICIENT_FUNDS: "余额不足",
    Reason.CODE_EXPIRED: "付款码已过期，请刷新再试",
    Reason.CODE_USED: "每个二维码仅限使用一次，请刷新再试",
    Reason.CODE_INVALID: "付款码无效",
    Reason.LIMIT_EXCEEDED: "超出支付限额",
    Reason.USER_CANCELLED: "用户取消支付",
}
_CANCEL_REFUSALS = {
    CancelOutcome.NOT_FOUND: "支付订单不存在",
    CancelOutcome.STILL_PAYING: "用户支付中，请稍后再试",
    CancelOutcome.TOO_LATE: "订单不是支付中, 无法进行关闭订单",
    CancelOutcome.PAID: "订单不是支付中, 无法进行关闭订单",
    CancelOutcome.ALREADY: "订单不是支付中, 无法进行关闭订单",
    CancelOutcome.UNPAID: "撤销订单失败",
}
_REFUND_REFUSALS = {
    RefundRefusal.NOT_FOUND: "支付订单不存在",
    RefundRefusal.NOT_PAID: "当前支付单订状态不允许发起退款操作",
    RefundRefusal.EXCEEDS: "退款金额不能大于支付金额",
    RefundRefusal.MISMATCH: "退款单号已存在",
}
_REFUND_STATUS = {
    RefundStatus.SUCCESS: "success",
    RefundStatus.PROCESSING: "progress",
    RefundStatus.FAILED: "fail",
    # There is nobody who moves money by hand at this platform: such a refund has failed.
    RefundStatus.BY_HAND: "fail",
}
_REFUND_SYNC = {
    RefundStatus.SUCCESS: "refund_success",
    RefundStatus.PROCESSING: "refund_progress",
    RefundStatus.FAILED: "refund_fail",
    RefundStatus.BY_HAND: "refund_fail",
    RefundStatus.NOT_SURE: "pay_not_found",
}


def refused(message: str) -> Fields:
    """A refusal: the reason stands in words only."""
    return {"code": 1, "msg": message}


class DaxpayAnswers(Protocol):
    """The words; ``daxpay.py`` has the rest."""

    cancel_proves = False

    # --- numbers ------------------------------------------------------------------------------------------------------

    def order_number(self, order: Order) -> str:
        """The platform's number of an order."""
        return "DEVP" + self.trade_no(order, _ORDER_DIGITS)

    def own_number(self, order_no: str) -> str | None:
        """The merchant's number behind the platform's."""
        order = self.order_of_trade_no(order_no.removeprefix("DEVP"))
        return order.order_no if order else None

    # --- pay, query ---------------------------------------------------------------------------------------------------

    def pay_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        if view.phase is Phase.FAILED and self.quirks["declined"] == "exception":
            return {"code": 0, "msg": self._reason(view)}
        return self._numbers(view) | {"status": self.status(view), "errorMsg": self._reason(view)}

    def preorder_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        if view.phase is Phase.FAILED:
            return self.pay_answer(call, view)
        body = self.code_url(view.order_no) if call.text("method") == "qrcode" else '{"appId":"wxc3d2e734ae326831"}'
        return self._numbers(view) | {"status": self.status(view), "payBody": body}

    def _numbers(self, view: View) -> Fields:
        return {"code": 0, "bizOrderNo": view.order_no, "orderNo": self.order_number(view.order)}

    def _reason(self, view: View) -> str | None:
        if view.phase is not Phase.FAILED:
            return None
        return _WORDS.get(view.order.reason or Reason.DECLINED, "支付失败")

    def duplicate_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return {"code": 0, "msg": "已经支付成功，请勿重新支付" if view.phase is Phase.PAID else "支付失败或已经被关闭"}

    def no_status(self, call: Call, fields: Fields) -> Fields:
        """See the base class."""
        return {"code": 0, "msg": "支付出现异常"}

    def status(self, view: View) -> str:
        """支付状态."""
        match view.phase:
            case Phase.PAYING:
                return "progress"
            case Phase.PAID:
                return "success"
            case Phase.FAILED:
                return "fail"
            case Phase.CLOSED | Phase.REVERSED:
                cancelled = any(each.operation == "cancel" and not each.fault for each in view.order.requests)
                return "cancel" if cancelled else "close"

    def query_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return self.order_fields(view, old=call.path == OLD_QUERY)

    def order_fields(self, view: View, *, old: bool = False) -> Fields:
        """An order as a query and a notification tell it."""
        order, memo = view.order, view.order.memo
        paid = view.phase is Phase.PAID
        fields = self._numbers(view) | {
            "outOrderNo": "42" + self.trade_no(order, 26) if paid else None,
            "title": memo.get("title"),
            "channel": memo.get("channel"),
            "method": memo.get("method"),
            "amount": view.amount,
            "refundableBalance": view.amount - order.refunds_asked,
            "status": self.status(view),
            "payTime": view.paid_at_ms // 1000 if paid else None,
            "errorMsg": self._reason(view),
        }
        refund_status = self._refund_status(view)
        if not old:
            return fields | {"refundStatus": refund_status}
        return fields | ({"status": refund_status} if refund_status != "no_refund" else {})

    def _refund_status(self, view: View) -> str:
        order = view.order
        if any(refund.status is RefundStatus.PROCESSING for refund in order.refunds.values()):
            return "refunding"
        if not view.refunded:
            return "no_refund"
        return "refunded" if view.refunded >= view.pay_amount else "partial_refund"

    def query_refusal(self, call: Call, why: QueryRefusal) -> Fields:
        """See the base class."""
        match why:
            case QueryRefusal.NOT_FOUND:
                return refused("支付订单不存在")
            case QueryRefusal.TOO_OFTEN:
                return refused("请求过于频繁，请稍后再试")
            case QueryRefusal.SYSTEM_ERROR:
                return refused("系统异常")

    # --- close, cancel: only while the order is paid for --------------------------------------------------------------

    def void(self, call: Call, order: Order, now_ms: int) -> CancelOutcome:
        """See the base class."""
        if call.route.operation == "cancel" and order.wallet not in CANCEL_CHANNELS:
            return CancelOutcome.UNPAID
        if self.bank.close(order, now_ms):
            return CancelOutcome.DONE
        state = order.state(now_ms)
        return CancelOutcome.PAID if state and state.phase is Phase.PAID else CancelOutcome.ALREADY

    def cancel_answer(self, call: Call, order: Order, outcome: CancelOutcome) -> Fields:
        """See the base class."""
        return {"code": 0} if outcome is CancelOutcome.DONE else refused(_CANCEL_REFUSALS[outcome])

    # --- refunds ------------------------------------------------------------------------------------------------------

    def refund_terms(self, call: Call) -> tuple[str, int]:
        """See the base class."""
        return call.text("bizRefundNo"), int(call.text("amount"))

    def refund_answer(self, call: Call, order: Order, refund: Refund) -> Fields:
        """See the base class."""
        numbers: Fields = {"code": 0, "bizRefundNo": refund.refund_no, "refundNo": f"DEVR{refund.refund_id}"}
        if refund.status is RefundStatus.NOT_SURE:
            return numbers | {"msg": "退款处理中，请勿重复操作"}
        return numbers | {"status": _REFUND_STATUS[refund.status]}

    def refund_refusal(self, call: Call, order: Order | None, why: RefundRefusal) -> Fields:
        """See the base class."""
        return refused("退款订单不存在" if call.route.kind is Kind.REFUND_QUERY else _REFUND_REFUSALS[why])

    def refund_query_answer(self, call: Call, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """See the base class."""
        if status is RefundStatus.NOT_SURE:
            # It never reached the platform's books: the same number has to be sent once more.
            return refused("退款订单不存在")
        return self.refund_fields(order, refund, status)

    def refund_fields(self, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """A refund as a query and a notification tell it."""
        settled_at_ms = refund.settled_at_ms
        return {
            "code": 0,
            "bizOrderNo": order.order_no,
            "orderNo": self.order_number(order),
            "title": order.memo.get("title"),
            "bizRefundNo": refund.refund_no,
            "refundNo": f"DEVR{refund.refund_id}",
            "channel": order.memo.get("channel"),
            "orderAmount": order.amount,
            "amount": refund.amount,
            "status": _REFUND_STATUS[status],
            "finishTime": settled_at_ms // 1000 if settled_at_ms is not None else None,
        }

    # --- sync: what the wallet says, without a number -----------------------------------------------------------------

    def other(self, call: Call, now_ms: int) -> Fields:
        """See the base class."""
        return self._sync_refund(call) if call.route.operation == "syncRefund" else self._sync_pay(call, now_ms)

    def _sync_pay(self, call: Call, now_ms: int) -> Fields:
        order = self.bank.find(call.order_no)
        state = order.state(now_ms) if order and order.protocol == self.name else None
        if state is None:
            return refused("当前订单不存在")
        words = {
            Phase.PAYING: "pay_progress",
            Phase.PAID: "pay_refund" if state.refunded else "pay_success",
            Phase.FAILED: "pay_fail",
            Phase.CLOSED: "pay_closed",
            Phase.REVERSED: "pay_closed",
        }
        return {"code": 0, "status": words[state.phase]}

    def _sync_refund(self, call: Call) -> Fields:
        owner = self.bank.owner_of(call.refund_no)
        refund = owner.refunds.get(call.refund_no or "") if owner and owner.protocol == self.name else None
        return {"code": 0, "status": _REFUND_SYNC[refund.status]} if refund else refused("退款订单不存在")
