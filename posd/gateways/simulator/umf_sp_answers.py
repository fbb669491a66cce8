"""What the service-provider platform's side answers (返回码说明). Pure."""

from __future__ import annotations

from typing import ClassVar

from posd.gateways.base import beijing
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Fields, Kind, Protocol, QueryRefusal, View
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

# The platform's own numbers have 22 digits in the examples.
TRADE_NO_DIGITS = 22

_DECLINED = {
    Reason.INSUFFICIENT_FUNDS: ("15", "账户余额不足"),
    Reason.CODE_EXPIRED: ("20", "二维码已失效"),
    # From a signed answer of the platform; this code of a channel is in no list.
    Reason.CODE_USED: ("001100WN", "101 每个二维码仅限使用一次，请刷新再试"),
    Reason.CODE_INVALID: ("23", "无此二维码"),
    Reason.LIMIT_EXCEEDED: ("33", "交易金额超限"),
    # No code says it: one of a channel's, made up, and its words.
    Reason.USER_CANCELLED: ("001100UC", "用户取消支付"),
}
_FAILED = ("38", "基于风险控制原因失败")
# A query has one code for all of them, and names the reason in words.
_FAILED_TEXTS = {reason: text for reason, (_, text) in _DECLINED.items()} | {Reason.CODE_INVALID: "付款码无效"}
_CANCEL_REFUSALS = {
    CancelOutcome.NOT_FOUND: ("17", "交易不存在"),
    CancelOutcome.STILL_PAYING: ("62", "用户密码输入中"),
    CancelOutcome.TOO_LATE: ("39", "交易不在受理时间范围内"),
    CancelOutcome.PAID: ("05", "交易已被支付"),
    CancelOutcome.UNPAID: ("35", "原交易不存在或状态不正确"),
    CancelOutcome.REFUNDED: ("03", "交易已退款"),
}
_REFUND_REFUSALS = {
    RefundRefusal.NOT_FOUND: ("17", "交易不存在"),
    RefundRefusal.NOT_PAID: ("35", "原交易不存在或状态不正确"),
    RefundRefusal.EXCEEDS: ("33", "交易金额超限"),
    RefundRefusal.MISMATCH: ("36", "与原交易信息不符"),
}
# 退款订单查询 origRespCode. There is no word for "by hand".
_REFUND_STATUS = {
    RefundStatus.SUCCESS: "00",
    RefundStatus.FAILED: "01",
    RefundStatus.BY_HAND: "01",
    RefundStatus.PROCESSING: "02",
}


class SpAnswers(Protocol):
    """The words; ``umf_sp.py`` has the rest."""

    cancel_proves: ClassVar[bool] = False

    # --- pay, query ---------------------------------------------------------------------------------------------------

    def pay_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        match view.phase:
            case Phase.PAID:
                head = result("00", "支付成功")
            case Phase.PAYING:
                head = result("62", "用户密码输入中")
            case Phase.CLOSED | Phase.REVERSED:
                head = result("14", "交易已撤销")
            case Phase.FAILED:
                head = result(*_DECLINED.get(view.order.reason or Reason.DECLINED, _FAILED))
        fields = head | {
            "orderNo": view.order_no,
            "transactionId": self.trade_no(view.order, TRADE_NO_DIGITS),
            "txnAmt": str(view.amount),
            "stlDate": beijing(view.at_ms, "%Y%m%d"),
        }
        return fields | self._channel(view) if view.phase is Phase.PAID else fields

    def query_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        state, text = self._state(view)
        fields = result("00", "处理成功") | {
            "origRespCode": state,
            "origRespDescMsg": text,
            "txnAmt": view.amount,
            "transactionId": self.trade_no(view.order, TRADE_NO_DIGITS),
            "isClosed": "",
            "merPriv": view.order.memo["mer_priv"],
        }
        if self.quirks["query_names_order"] == "yes":
            fields["orderNo"] = view.order_no
        if view.phase is Phase.PAID:
            fields |= self._channel(view) | {"payTime": beijing(view.paid_at_ms, "%m%d%H%M%S"), "bankCardType": "1"}
        return fields

    def _state(self, view: View) -> tuple[str, str]:
        """``origRespCode``, and the text that the table numbers and the example writes out."""
        match view.phase:
            case Phase.PAID:
                return ("01", "被退货") if view.refunded else ("00", "支付成功")
            case Phase.PAYING:
                return "02", "支付中"
            case Phase.CLOSED:
                return "03", "订单关闭"
            case Phase.REVERSED:
                return "04", "被撤销"
            case Phase.FAILED:
                return "06", _FAILED_TEXTS.get(view.order.reason or Reason.DECLINED, "支付失败")

    def _channel(self, view: View) -> Fields:
        return {
            "paySeq": f"92{self.trade_no(view.order, 14)}",
            "depBankSeq": self.channel_no(view.order),
            "payerInfo": "",
        }

    def preorder_answer(self, call: Call, view: View) -> Fields:
        """No call of this protocol makes a code to scan."""
        raise NotImplementedError(call.route.operation)

    def duplicate_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return result("16", "订单号重复")

    def query_refusal(self, call: Call, why: QueryRefusal) -> Fields:
        """See the base class."""
        code, message = {
            QueryRefusal.NOT_FOUND: ("17", "交易不存在"),
            QueryRefusal.TOO_OFTEN: ("37", "已超过最大查询次数或操作过于频繁"),
            QueryRefusal.SYSTEM_ERROR: ("99", "系统异常，请联系联动方"),
        }[why]
        return result(code, message)

    # --- cancelOrder undoes what is paid, closeOrder ends what is not -------------------------------------------------

    def void(self, call: Call, order: Order, now_ms: int) -> CancelOutcome:
        """See the base class."""
        state = order.state(now_ms)
        if state is not None and state.refunded:
            return CancelOutcome.REFUNDED
        if call.route.operation == "closeOrder":
            return self._close(order, now_ms)
        # 商户撤销交易: on the day of the order, and of WeChat and Alipay only.
        if order.memo["date"] != beijing(now_ms, "%Y%m%d") or order.wallet is Wallet.UNIONPAY:
            return CancelOutcome.TOO_LATE
        if state is not None and state.phase is Phase.PAYING and self.quirks["cancel_unpaid"] == "refused":
            return CancelOutcome.UNPAID
        if not self.bank.reverse(order, now_ms):
            self.bank.close(order, now_ms)
        return CancelOutcome.DONE

    def _close(self, order: Order, now_ms: int) -> CancelOutcome:
        state = order.state(now_ms)
        if state is not None and state.phase is Phase.PAID:
            return CancelOutcome.PAID
        self.bank.close(order, now_ms)
        return CancelOutcome.DONE

    def cancel_answer(self, call: Call, order: Order, outcome: CancelOutcome) -> Fields:
        """See the base class."""
        if outcome is not CancelOutcome.DONE:
            return result(*_CANCEL_REFUSALS[outcome])
        done = result("00", "处理成功")
        if call.route.operation == "closeOrder":
            return done
        return done | {"transactionId": self.trade_no(order, TRADE_NO_DIGITS)}

    # --- refund: 00 is taken, not done --------------------------------------------------------------------------------

    def refund_terms(self, call: Call) -> tuple[str, int]:
        """See the base class."""
        return call.text("orderNo"), int(call.text("txnAmt"))

    def refund_answer(self, call: Call, order: Order, refund: Refund) -> Fields:
        """See the base class."""
        if refund.status is RefundStatus.NOT_SURE:
            return result("04", "交易状态未明")
        return result("00", "处理成功") | {"transactionId": refund.refund_id}

    def refund_refusal(self, call: Call, order: Order | None, why: RefundRefusal) -> Fields:
        """See the base class."""
        if call.route.kind is Kind.REFUND_QUERY:
            return result("17", "交易不存在")
        return result(*_REFUND_REFUSALS[why])

    def refund_query_answer(self, call: Call, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """See the base class."""
        if status is RefundStatus.NOT_SURE:
            # It never reached the platform's books: the same number has to be sent once more.
            return self.refund_refusal(call, order, RefundRefusal.NOT_FOUND)
        return result("00", "处理成功") | {
            "origRespCode": _REFUND_STATUS[status],
            "orderNo": refund.refund_no,
            "txnAmt": str(refund.amount),
            "transactionId": refund.refund_id,
        }

    def channel_no(self, order: Order) -> str:
        """The wallet's own number of an order."""
        return "42" + self.trade_no(order, 26)


def result(code: str, message: str) -> Fields:
    """What every answer begins with."""
    return {"respCode": code, "respMsg": message}
