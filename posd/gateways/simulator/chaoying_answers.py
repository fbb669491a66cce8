"""What Chaoying's side answers: pay, query, cancel, refund (Chaoying 2.1-2.3). Pure."""

from __future__ import annotations

import json

from posd.gateways.base import beijing
from posd.gateways.simulator.orders import Order, Phase, Refund, RefundRefusal, RefundRefused, RefundStatus
from posd.gateways.simulator.protocol import Call, CancelOutcome, Fields, Kind, Protocol, QueryRefusal, View
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

MCH_ID = "00000001"

# Chaoying 2.2 交易撤销: only orders of the last five minutes can be cancelled.
_CANCEL_DEADLINE_MS = 5 * 60_000
# The platform's own numbers have 28 digits in the examples.
TRADE_NO_DIGITS = 28

# Chaoying 1.3 参数规定 has one code for all of them; the words are those of the wallets.
_DECLINED = {
    Reason.INSUFFICIENT_FUNDS: "支付错误: 余额不足",
    Reason.CODE_EXPIRED: "支付错误: 付款码已过期，请刷新再试",
    Reason.CODE_USED: "支付错误: 每个二维码仅限使用一次，请刷新再试",
    Reason.CODE_INVALID: "支付错误: 付款码无效，请扫描微信支付被扫条码/二维码",
    Reason.LIMIT_EXCEEDED: "支付错误: 超出支付限额",
    Reason.USER_CANCELLED: "支付错误: 用户取消支付",
}
_CANCEL_REFUSALS = {
    CancelOutcome.NOT_FOUND: ("20007", "订单不存在"),
    CancelOutcome.STILL_PAYING: ("20011", "交易撤销错误: 用户支付中，请稍后再试"),
    CancelOutcome.TOO_LATE: ("20011", "交易撤销错误: 超过5分钟，请调用退款接口"),
    CancelOutcome.REFUNDED: ("20011", "交易撤销错误: 订单已转入退款"),
}
_REFUND_REFUSALS = {
    RefundRefusal.NOT_FOUND: ("20007", "订单不存在"),
    RefundRefusal.NOT_PAID: ("20008", "退款错误: 订单未支付"),
    RefundRefusal.EXCEEDS: ("20008", "退款错误: 退款金额超过可退金额"),
    RefundRefusal.MISMATCH: ("20008", "退款错误: 退款单号与原请求不符"),
}
_REFUND_WORDS = {
    RefundStatus.SUCCESS: "SUCCESS",
    RefundStatus.FAILED: "FAIL",
    RefundStatus.PROCESSING: "PROCESSING",
    RefundStatus.NOT_SURE: "NOTSURE",
    RefundStatus.BY_HAND: "CHANGE",
}
_WX_MERCHANTS = {"wx_mch_id": "1264300000", "wx_sub_mch_id": "1266500000"}


class ChaoyingAnswers(Protocol):
    """The words; ``chaoying.py`` has the rest."""

    def pay_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return self._standing(view, result("10001", "需要用户输入支付密码", "NEED_QUERY"))

    def query_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        if view.order.by_itself:
            paying = result("10003", "未支付", "NEED_QUERY")
        else:
            paying = result("10001", "支付中", self.quirks["paying"])
        fields = self._standing(view, paying)
        if "transaction_id" in fields:
            fields["trade_type"] = view.order.memo.get("trade_type", "MICROPAY")
        return fields

    def _standing(self, view: View, paying: Fields) -> Fields:
        match view.phase:
            case Phase.PAID if view.refunded:
                ids = self._paid(view) if self.quirks["refunded_with_ids"] == "yes" else {}
                return result("10002", "转入退款", "REFUND") | ids
            case Phase.PAID:
                return result("10000", "SUCCESS", "SUCCESS") | self._paid(view)
            case Phase.PAYING:
                return paying
            case Phase.CLOSED:
                return result("10004", "已关闭", "FAIL")
            case Phase.REVERSED:
                return result("10005", "已撤销", "FAIL")
            case Phase.FAILED:
                return result("10006", _DECLINED.get(view.order.reason or Reason.DECLINED, "支付错误"), "FAIL")

    def _paid(self, view: View) -> Fields:
        order = view.order
        fields: Fields = {
            "mch_id": MCH_ID,
            **_payer(order),
            "transaction_id": self.trade_no(order, TRADE_NO_DIGITS),
            "out_transaction_id": self.channel_no("42", order),
            "out_trade_no": view.order_no,
            "base_fee": str(view.amount),
            "total_fee": str(view.pay_amount),
            "fee_type": "CNY",
            "attach": order.memo.get("attach", ""),
            "bank_type": "CFT",
            "bank_billno": "",
            "time_end": beijing(view.paid_at_ms),
            "nonce_str": self.bank.token(),
        }
        if order.wallet is Wallet.WECHAT:
            fields |= _WX_MERCHANTS
        if view.discount:
            fields |= {"coupon_fee": str(view.discount), "promotion_detail": _promotion(view.discount)}
        return fields

    def channel_no(self, prefix: str, order: Order) -> str:
        """The wallet's own number of an order."""
        return prefix + self.trade_no(order, TRADE_NO_DIGITS - len(prefix))

    def preorder_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        if view.phase is Phase.FAILED:
            return self._standing(view, {})
        fields = result("10000", "SUCCESS", "SUCCESS") | {"mch_id": MCH_ID, "out_trade_no": view.order_no}
        if call.text("trade_type") == "NATIVE":
            url = self.code_url(view.order_no)
            fields |= {"code_url": url, "code_img_url": f"{url}/code"}
        else:
            fields |= {"pay_info": '{"appId":"wxc3d2e734ae326831","signType":"MD5"}', "token_id": self.bank.token()}
        if "WECHAT" in call.path:
            fields |= {"appid": "wx1f87d44db95cba7a", **_WX_MERCHANTS}
        return fields | {"nonce_str": self.bank.token()}

    def duplicate_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return result("20004", "参数错误: 商户订单号重复", state="FAIL")

    def query_refusal(self, call: Call, why: QueryRefusal) -> Fields:
        """See the base class."""
        match why:
            case QueryRefusal.NOT_FOUND:
                return result("20007", "订单不存在", state="FAIL")
            case QueryRefusal.TOO_OFTEN:
                return result("20009", "交易查询错误: 查询过于频繁", state="FAIL")
            case QueryRefusal.SYSTEM_ERROR:
                return result("20006", "系统错误", state="FAIL")

    # --- cancel: what is unpaid is closed, what is paid is reversed ---------------------------------------------------

    def void(self, call: Call, order: Order, now_ms: int) -> CancelOutcome:
        """See the base class."""
        if order.created_at_ms is not None and now_ms - order.created_at_ms > _CANCEL_DEADLINE_MS:
            return CancelOutcome.TOO_LATE
        state = order.state(now_ms)
        if state is not None and state.refunded:
            return CancelOutcome.REFUNDED
        if not self.bank.reverse(order, now_ms):
            self.bank.close(order, now_ms)
        return CancelOutcome.DONE

    def cancel_answer(self, call: Call, order: Order, outcome: CancelOutcome) -> Fields:
        """See the base class."""
        if outcome is CancelOutcome.DONE:
            done = result("10000", "SUCCESS", "SUCCESS")
            return done | {"mch_id": MCH_ID, "nonce_str": self.bank.token(), **_WX_MERCHANTS}
        code, message = _CANCEL_REFUSALS[outcome]
        return result(code, message, state="FAIL")

    # --- refund: the request counts the amount due, the money goes back in proportion (as in both examples) -----------

    def refund_terms(self, call: Call) -> tuple[str, int]:
        """See the base class."""
        return call.text("out_refund_no"), int(call.text("refund_fee"))

    def refund_due(self, order: Order, amount: int) -> int:
        """See the base class."""
        asked = order.refunds_asked + amount
        if asked > order.amount:
            raise RefundRefused(RefundRefusal.EXCEEDS)
        return asked * order.pay_amount // order.amount - order.refunds_due

    def refund_answer(self, call: Call, order: Order, refund: Refund) -> Fields:
        """See the base class."""
        match refund.status:
            case RefundStatus.FAILED:
                return result("20008", "退款错误", "FAIL")
            case RefundStatus.NOT_SURE:
                return result("20006", "系统错误: 请用原退款单号重新发起", state="FAIL")
            case RefundStatus.PROCESSING | RefundStatus.BY_HAND:
                return result("10000", "退款处理中", "PROCESSING")
            case RefundStatus.SUCCESS:
                return result("10000", "SUCCESS", "SUCCESS") | self._refunded(order, refund)

    def _refunded(self, order: Order, refund: Refund) -> Fields:
        return {
            "mch_id": MCH_ID,
            "out_trade_no": order.order_no,
            "transaction_id": self.trade_no(order, TRADE_NO_DIGITS),
            "out_transaction_id": self.channel_no("50", order),
            "out_refund_no": refund.refund_no,
            "refund_id": refund.refund_id,
            "refund_channel": "ORIGINAL",
            "base_fee": str(order.amount),
            "total_fee": str(order.pay_amount),
            **_refund_fees(refund),
            "nonce_str": self.bank.token(),
        }

    def refund_refusal(self, call: Call, order: Order | None, why: RefundRefusal) -> Fields:
        """See the base class."""
        if call.route.kind is Kind.REFUND_QUERY:
            return result("20010", "退款查询错误: 退款单不存在", state="FAIL")
        code, message = _REFUND_REFUSALS[why]
        return result(code, message, state="FAIL")

    def refund_query_answer(self, call: Call, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """See the base class."""
        entry = {
            "serial_no": "0",
            "refund_id": refund.refund_id,
            "out_refund_id": refund.refund_id,
            "out_refund_no": refund.refund_no,
            "refund_channel": "ORIGINAL",
            **_refund_fees(refund),
            "refund_status": _REFUND_WORDS[status],
        }
        if refund.settled_at_ms is not None:
            # The table says yyyyMMddHHmmss, the example has this form.
            entry["refund_time"] = beijing(refund.settled_at_ms, "%Y-%m-%d %H:%M:%S")
        return result("10000", "SUCCESS", "SUCCESS") | {
            "mch_id": MCH_ID,
            "transaction_id": self.trade_no(order, TRADE_NO_DIGITS),
            "out_transaction_id": self.channel_no("42", order),
            "out_trade_no": order.order_no,
            "refund_count": "1",
            "base_refund_fee_summary": str(refund.amount),
            "refund_fee_summary": str(refund.due),
            "refund_list": json.dumps([entry], ensure_ascii=False),
            "nonce_str": self.bank.token(),
        }


def result(code: str, message: str, trade_state: str | None = None, *, state: str = "SUCCESS") -> Fields:
    """What every answer begins with (Chaoying 1.2 响应格式)."""
    return {"state": state, "code": code, "msg": message, "trade_state": trade_state}


def _payer(order: Order) -> Fields:
    if order.wallet is not Wallet.WECHAT:
        return {"appid": "", "openid": "2088000000000001"}
    return {
        "appid": "wx1f87d44db95cba7a",
        "is_subscribe": "N",
        "openid": "oywgtuCJFeGzT-QtF-8U7FHb1z3Q",
        "sub_appid": "wxce38685bc050ef82",
        "sub_is_subscribe": "N",
        "sub_openid": "oHmbktxFlpoEPo2015G0JniV2q-A",
    }


def _promotion(discount: int) -> str:
    """JSON inside JSON, with the line feeds and blanks of the document's example: it is signed as it stands."""
    return (
        '{\n"promotion_detail": [{\n"promotion_id": "6348962444", "name": "满减", "scope": "SINGLE", '
        f'"type": "DISCOUNT", "amount": {discount}, "activity_id": "9447213"}}]}}'
    )


def _refund_fees(refund: Refund) -> dict[str, str]:
    return {
        "base_refund_fee": str(refund.amount),
        "refund_fee": str(refund.due),
        "coupon_refund_fee": str(refund.amount - refund.due),
    }
