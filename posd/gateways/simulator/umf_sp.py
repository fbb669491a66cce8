"""UMF service provider: JSON in, JSON out, SHA1withRSA both ways in ``signature``; notifications are a form. Pure.

Where the document contradicts itself: ``txnAmt`` is a text in requests and in the answer to micropay, and a number in
that to queryOrder (as in the example); ``goodsId`` and ``goodsInfo`` are optional (later table) though mandatory
before; a reply to a notification is taken with a signature (its table) and without (its example).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.signing import joined_pairs, joined_values
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.forms import json_object, read_json
from posd.gateways.simulator.orders import Charge, Order, Refund
from posd.gateways.simulator.protocol import (
    NOWHERE,
    Breach,
    Call,
    Event,
    Fields,
    Kind,
    Posting,
    Reject,
    Route,
    Seal,
    View,
)
from posd.gateways.simulator.umf import UmfKeys, is_off
from posd.gateways.simulator.umf_sp_answers import TRADE_NO_DIGITS, SpAnswers, result
from posd.gateways.simulator.umf_sp_requests import CODE_SHAPES, ORDER_TYPES, ROUTES
from posd.payment.auth_code import Secret

if TYPE_CHECKING:
    from posd.gateways.simulator.keys import KeyRing

ACQ_SP_ID = "Y471790403"
ACQ_MER_ID = "41509208"

# Called `signature` in calls, answers and replies, `sign` in notifications.
_SIGNATURE = frozenset({"signature"})

_REJECTIONS = {
    Breach.SIGNATURE: ("11", "验证签名失败"),
    Breach.FIELD: ("13", "报文交易要素缺失"),
    Breach.FORMAT: ("10", "报文格式错误"),
    Breach.MERCHANT: ("31", "商户或机构状态不正确"),
}
_NOTIFY_TYPES = {Event.PAID: "1", Event.CANCELLED: "2", Event.REFUNDED: "3"}


class UmfSp(SpAnswers):
    """The service-provider platform's side."""

    name = "umf-sp"
    QUIRKS = MappingProxyType(
        {
            # No table of queryOrder's answer lists the order number.
            "query_names_order": ("no", "yes"),
            # "针对交易当天的成功订单": what cancelOrder does with an unpaid order is not said.
            "cancel_unpaid": ("refused", "closes"),
            # Table: with refundOrderNo for card terminals only.
            "refund_notice_named": ("no", "yes"),
        }
    )
    secret_fields: ClassVar[frozenset[str]] = frozenset({"authCode"})
    # 交易结果通知: four times at most, a minute in between.
    notify_pauses_s = (0, 60, 60, 60)
    notify_events = frozenset(Event)

    def __init__(self, bank: Bank, keys: KeyRing, site: str = NOWHERE) -> None:
        super().__init__(bank, keys, site)
        self._keys = UmfKeys(keys, self.name)

    def settings(self) -> Mapping[str, str | Secret]:
        """See the base class."""
        return {"acq_sp_id": ACQ_SP_ID, "acq_mer_id": ACQ_MER_ID, **self._keys.settings()}

    # --- in -----------------------------------------------------------------------------------------------------------

    def read(self, request: HttpRequest, now_ms: int) -> Call:
        """See the base class."""
        route = ROUTES.get(request.path)
        if route is None or request.method != "POST":
            raise Reject(Breach.PATH, f"no document knows {request.method} of this path")
        fields = read_json(request, route)
        call = Call(route, request.path, fields)
        if not self._keys.verify(joined_pairs(fields, _SIGNATURE), fields.get("signature")):
            raise Reject(Breach.SIGNATURE, "signature does not match", call)
        self.check(call)
        call = self._named(call)
        if (call.text("acqSpId"), call.text("acqMerId")) != (ACQ_SP_ID, ACQ_MER_ID):
            raise Reject(Breach.MERCHANT, f"unknown merchant {call.text('acqMerId')} of {call.text('acqSpId')}", call)
        if call.route.kind is Kind.PAY:
            _check_code(call)
        self._check_refund(call)
        return call

    def _named(self, call: Call) -> Call:
        """Which payment it is about: a refund is ``orderNo`` itself, and its payment ``origOrderNo``."""
        number = call.text("orderNo")
        match call.route.kind:
            case Kind.REFUND:
                return Call(call.route, call.path, call.fields, call.text("origOrderNo"), number)
            case Kind.REFUND_QUERY:
                owner = self.bank.owner_of(number)
                return Call(call.route, call.path, call.fields, owner.order_no if owner else None, number)
            case Kind.QUERY:
                # 建议优先使用: of the two numbers the platform's counts.
                order = self.order_of_trade_no(call.text("transactionId"))
                return Call(call.route, call.path, call.fields, order.order_no if order else number)
            case _:
                return Call(call.route, call.path, call.fields, number or None)

    def _check_refund(self, call: Call) -> None:
        order = self.bank.find(call.order_no)
        if call.route.kind is not Kind.REFUND or order is None or order.created_at_ms is None:
            return
        if order.protocol == self.name and int(call.text("origTxnAmt")) != order.amount:
            raise Reject(Breach.FIELD, f"origTxnAmt {call.text('origTxnAmt')}, the order has another", call)

    def advice(self, call: Call, now_ms: int) -> Iterable[str]:
        """See the base class."""
        given = call.text("orderTime")
        if is_off(given, now_ms):
            yield "orderTime is not the time in Beijing"

    def charge(self, call: Call) -> Charge:
        """See the base class."""
        memo = {
            "order_type": call.text("orderType"),
            "date": call.text("orderTime")[:8],
            "mer_priv": call.text("merPriv"),
        }
        return Charge(
            int(call.text("txnAmt")),
            ORDER_TYPES[call.text("orderType")],
            call.text("authCode"),
            call.text("backUrl") or None,
            memo=memo,
        )

    # --- out ----------------------------------------------------------------------------------------------------------

    def encode(self, call: Call | None, fields: Fields, seal: Seal, now_ms: int) -> HttpResponse:
        """See the base class."""
        answer = {"platDate": beijing(now_ms, "%Y%m%d"), **fields}
        signature = self._keys.sign(joined_values(answer, without=_SIGNATURE), seal)
        body = json.dumps(answer if signature is None else {**answer, "signature": signature}, ensure_ascii=False)
        return HttpResponse(200, body.encode(), {"content-type": "application/json; charset=utf-8"})

    def rejected(self, call: Call | None, reject: Reject) -> Fields:
        """See the base class."""
        code, message = _REJECTIONS[reject.breach]
        return result(code, f"{message}: {reject.detail}" if reject.breach is Breach.FIELD else message)

    def other(self, call: Call, now_ms: int) -> Fields:
        """``wxface``: credentials for the face SDK."""
        return result("00", "处理成功") | {
            "appid": call.text("appid") or "wx2b029c08a6232582",
            "mchId": call.text("mchId") or "1264300000",
            "subMchId": call.text("subMchId") or "1266500000",
            "authinfo": "q06MpkmCiBO4" + self.bank.token(64),
            "expiresIn": "3600",
        }

    # --- notifications: a form, values signed in ASCII order ----------------------------------------------------------

    def posting(self, view: View, event: Event, refund: Refund | None, seal: Seal) -> Posting:
        """See the base class."""
        order = view.order
        named = refund is not None and self.quirks["refund_notice_named"] == "yes"
        fields = {
            "acqSpId": ACQ_SP_ID,
            "acqMerId": ACQ_MER_ID,
            "orderNo": view.order_no,
            "txnAmt": str(view.amount if refund is None else refund.amount),
            "currencyCode": "CNY",
            "transIndex": self.trade_no(order, TRADE_NO_DIGITS),
            "payerInfo": "",
            "payAmt": str(view.pay_amount if refund is None else refund.due),
            "settlementAmt": "",
            "payTime": beijing(view.paid_at_ms),
            "couponInfo": "",
            "dctGoodsInfo": "",
            "transactionId": self.channel_no(order),
            "bankType": "",
            "cardType": "02",
            "notifyType": _NOTIFY_TYPES[event],
            "merPriv": order.memo["mer_priv"],
            "orderType": order.memo["order_type"],
            "refundOrderNo": refund.refund_no if refund is not None and named else "",
        }
        fields["sign"] = self._keys.sign(joined_values(fields), seal) or ""
        return Posting("application/x-www-form-urlencoded", urlencode(fields).encode())

    def acknowledges(self, status: int, text: str) -> bool:
        """See the base class."""
        try:
            reply = json_object(text, Call(Route("notification", Kind.OTHER), "", {}))
        except Reject:
            return False
        signature = reply.get("signature")
        signed = signature is None or self._keys.verify(joined_values(reply, without=_SIGNATURE), signature)
        return status == 200 and reply.get("respCode") == "00" and signed

    def wants_notice(self, order: Order, event: Event) -> bool:
        """What was told by an answer is not notified (为什么交易成功收不到通知)."""
        return event is not Event.PAID or not order.told_paid


def _check_code(call: Call) -> None:
    """A code is of the wallet that is named; a face gives an 18-digit code of WeChat's shape or its own."""
    shape = r"[0-9]{18}" if call.text("faceFlag") else CODE_SHAPES[call.text("orderType")]
    if not re.fullmatch(shape, call.text("authCode"), re.ASCII):
        raise Reject(Breach.FIELD, f"authCode is no code of orderType {call.text('orderType')}", call)
