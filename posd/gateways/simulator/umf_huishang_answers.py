"""What 惠商+'s side answers. Fields stand in the order of their tables, in which answers may be signed. Pure.

Published are ``0000``, ``9999``, ``3333``, the three codes of an order in payment, and two of ``apisync``. All other
codes here are made up, eight digits like the others; the messages are what a client has to go by.
"""

from __future__ import annotations

import json
from typing import ClassVar

from posd.gateways.base import beijing
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Fields, Kind, Protocol, QueryRefusal, View
from posd.payment.verdicts import Reason

SUB_MER_ID = "30000102"
PROXY_ID = "0049"

# The platform's own numbers have 16 digits in the examples.
_TRADE_NO_DIGITS = 16
_CANCELLED = ("88881137", "撤销成功")
_REFUND_ACCEPTED = ("88881220", "退款受理成功")
_CLOSED = ("00060711", "订单已关闭")
_NOT_THERE = ("00060761", "订单不存在")
_DECLINED = {
    Reason.INSUFFICIENT_FUNDS: ("00060601", "余额不足"),
    Reason.CODE_EXPIRED: ("00060602", "付款码已过期，请刷新再试"),
    Reason.CODE_USED: ("00060603", "101 每个二维码仅限使用一次，请刷新再试"),
    Reason.CODE_INVALID: ("00060604", "付款码无效"),
    Reason.LIMIT_EXCEEDED: ("00060605", "超出支付限额"),
    Reason.USER_CANCELLED: ("00060606", "用户取消支付"),
}
_FAILED = ("00060600", "支付失败")
_CANCEL_REFUSALS = {
    CancelOutcome.NOT_FOUND: _NOT_THERE,
    CancelOutcome.TOO_LATE: ("00060721", "已过账期，请走退款接口"),
    CancelOutcome.PAID: ("00060722", "仅支持被扫交易的撤销，请走退款接口"),
    CancelOutcome.UNPAID: ("00060723", "订单未支付，不能撤销"),
    CancelOutcome.REFUNDED: ("00060724", "订单已退款，不能撤销"),
}
_REFUND_REFUSALS = {
    RefundRefusal.NOT_FOUND: _NOT_THERE,
    RefundRefusal.NOT_PAID: ("00060731", "订单未支付，不能退款"),
    RefundRefusal.EXCEEDS: ("00060732", "退款金额超过可退金额"),
    RefundRefusal.MISMATCH: ("00060733", "退款单号与原请求不符"),
}
# 退款订单查询 status: 1 done, 2 failed, anything else in progress. There is no word for "by hand".
_REFUND_STATUS = {
    RefundStatus.SUCCESS: "1",
    RefundStatus.FAILED: "2",
    RefundStatus.BY_HAND: "2",
    RefundStatus.PROCESSING: "0",
}


class HuishangAnswers(Protocol):
    """The words; ``umf_huishang.py`` has the rest."""

    cancel_proves: ClassVar[bool] = False

    # --- pay, query ---------------------------------------------------------------------------------------------------

    def pay_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return self._standing(view)

    def query_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        if view.phase is Phase.PAID and view.refunded:
            return self._only(view, *_REFUND_ACCEPTED)
        fields = self._standing(view)
        if view.phase is Phase.PAID:
            fields |= {"payType": view.order.memo["pay_type"], "easyPaymentService": "0", "cardType": ""}
            fields |= {"promotionDetail": promotions(view), "bankType": "OTHERS"}
        return fields

    def _standing(self, view: View) -> Fields:
        match view.phase:
            case Phase.PAID:
                return self._paid(view)
            case Phase.PAYING:
                return self._only(view, self.quirks["paying"], "支付中")
            case Phase.CLOSED:
                return self._only(view, *_CLOSED)
            case Phase.REVERSED:
                return self._only(view, *_CANCELLED)
            case Phase.FAILED:
                return self._only(view, *_DECLINED.get(view.order.reason or Reason.DECLINED, _FAILED))

    def _paid(self, view: View) -> Fields:
        paid_at_ms, order = view.paid_at_ms, view.order
        padded = self.quirks["pay_amount"] == "padded"
        return {
            "retCode": "0000",
            "Memo": "交易成功",
            "paySeq": self.channel_no(order),
            "payDay": beijing(paid_at_ms, "%Y%m%d"),
            "amount": str(view.amount),
            "coupAmount": str(view.discount),
            # The published answer has twelve digits here, and no zeros before the two other amounts.
            "payAmount": f"{view.pay_amount:012d}" if padded else str(view.pay_amount),
            "tradeNo": self.trade_no(order, _TRADE_NO_DIGITS),
            "platDate": beijing(paid_at_ms, "%Y%m%d"),
            "platTime": beijing(paid_at_ms, "%H%M%S"),
            "partnerOrderId": view.order_no,
        }

    def _only(self, view: View, code: str, message: str) -> Fields:
        """An answer without money: what has no value is there and empty (协议 响应)."""
        blank = dict.fromkeys(("paySeq", "payDay", "amount", "coupAmount", "payAmount"), "")
        own = {"tradeNo": self.trade_no(view.order, _TRADE_NO_DIGITS), "platDate": "", "platTime": ""}
        return {"retCode": code, "Memo": message, **blank, **own, "partnerOrderId": view.order_no}

    def preorder_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        if view.phase is Phase.FAILED:
            code, message = _DECLINED.get(view.order.reason or Reason.DECLINED, _FAILED)
        else:
            code, message = "0000", "下单成功"
        return {
            "retCode": code,
            "Memo": message,
            "tradeNo": self.trade_no(view.order, _TRADE_NO_DIGITS),
            "platDate": beijing(view.at_ms, "%Y%m%d"),
            "amount": str(view.amount),
            "payType": call.text("payType"),
            "feeUrl": self.code_url(view.order_no) if code == "0000" else "",
            "partnerOrderId": view.order_no,
        }

    def duplicate_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return {"retCode": "00060701", "Memo": "商户订单号重复", "partnerOrderId": view.order_no}

    def query_refusal(self, call: Call, why: QueryRefusal) -> Fields:
        """See the base class."""
        code, message = {
            QueryRefusal.NOT_FOUND: _NOT_THERE,
            QueryRefusal.TOO_OFTEN: ("00060751", "查询过于频繁，请稍后再试"),
            QueryRefusal.SYSTEM_ERROR: ("9999", "系统异常"),
        }[why]
        return {"retCode": code, "Memo": message, "partnerOrderId": call.text("partnerOrderId")}

    # --- cancel: an application, on the day of the order, for codes that were scanned ---------------------------------

    def void(self, call: Call, order: Order, now_ms: int) -> CancelOutcome:
        """See the base class."""
        state = order.state(now_ms)
        if order.memo["date"] != beijing(now_ms, "%Y%m%d"):
            return CancelOutcome.TOO_LATE
        if state is not None and state.refunded:
            return CancelOutcome.REFUNDED
        if order.by_itself and self.quirks["repeal_qr"] == "refused":
            return CancelOutcome.PAID if state is not None and state.phase is Phase.PAID else CancelOutcome.UNPAID
        if not self.bank.reverse(order, now_ms):
            if self.quirks["repeal_unpaid"] == "refused" and state is not None and state.phase is Phase.PAYING:
                return CancelOutcome.UNPAID
            self.bank.close(order, now_ms)
        return CancelOutcome.DONE

    def cancel_answer(self, call: Call, order: Order, outcome: CancelOutcome) -> Fields:
        """See the base class."""
        if outcome is CancelOutcome.DONE:
            code, message = "0000", "撤销申请成功"
        elif outcome is CancelOutcome.STILL_PAYING:
            code, message = self.quirks["paying"], "支付中"
        else:
            code, message = _CANCEL_REFUSALS[outcome]
        return _named(call, code, message)

    # --- refund: 0000 is taken, not done ------------------------------------------------------------------------------

    def refund_terms(self, call: Call) -> tuple[str, int]:
        """See the base class."""
        return call.text("refundPartnerOrderId"), int(call.text("amount"))

    def refund_answer(self, call: Call, order: Order, refund: Refund) -> Fields:
        """See the base class."""
        if refund.status is RefundStatus.NOT_SURE:
            return _named(call, "9999", "系统异常")
        return _named(call, "0000", "退款成功")

    def refund_refusal(self, call: Call, order: Order | None, why: RefundRefusal) -> Fields:
        """See the base class."""
        if call.route.kind is Kind.REFUND_QUERY:
            return {"retCode": "00060741", "retMsg": "退款单不存在"}
        return _named(call, *_REFUND_REFUSALS[why])

    def refund_query_answer(self, call: Call, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """See the base class."""
        if status is RefundStatus.NOT_SURE:
            # It never reached the platform's books: the same number has to be sent once more.
            return self.refund_refusal(call, order, RefundRefusal.NOT_FOUND)
        settled_at_ms = refund.settled_at_ms or refund.requested_at_ms
        return {
            "retCode": "0000",
            "retMsg": "查询成功",
            "resDate": beijing(settled_at_ms, "%Y%m%d"),
            "resTime": beijing(settled_at_ms, "%H%M%S"),
            # 订单金额, says the table: the refund's in the sense of the request's own amount, or the order's.
            "amount": str(refund.amount if self.quirks["refund_amount"] == "refund" else order.amount),
            "status": _REFUND_STATUS[status],
            "partnerOrderId": order.order_no,
            "refundPartnerOrderId": refund.refund_no,
            "subMerId": SUB_MER_ID,
            "proxyId": PROXY_ID,
            "orderDate": order.memo["date"],
            "refundDate": beijing(refund.requested_at_ms, "%Y%m%d"),
        }

    def channel_no(self, order: Order) -> str:
        """The wallet's own number of an order."""
        return "42" + self.trade_no(order, 26)


def promotions(view: View) -> str:
    """``promotionDetail``: a JSON array in a text, empty where nothing was given off."""
    if not view.discount:
        return ""
    promotion = {"promotion_id": "2000000056881516050", "name": "微信支付到店红包", "scope": "GLOBAL", "type": "COUPON"}
    shares = {"activity_id": "9244500", "wxpay_contribute": view.discount, "merchant_contribute": 0}
    return json.dumps([{**promotion, "amount": view.discount, **shares, "other_contribute": 0}], ensure_ascii=False)


def _named(call: Call, code: str, message: str) -> Fields:
    """The answer to a cancel or a refund."""
    done = code == "0000"
    return {
        "retCode": code,
        "Memo": message,
        "partnerOrderId": call.text("partnerOrderId"),
        "amount": call.text("amount") if done else "",
        "orderDate": call.text("orderDate") if done else "",
    }
