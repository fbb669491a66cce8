"""UMF 惠商+: JSON in the form field ``context``, JSON out, SHA1withRSA both ways, HTTP 200 whatever happened. Pure.

Where the document contradicts itself: ``context`` is taken as a form field and raw, as the examples print it, and in
the escaped form of refundquery's; answers are signed in ASCII order or in the order of the tables (quirk
``answer_order``); a ``repeal`` of what is not paid is in no sentence of it (quirk ``repeal_unpaid``), that of a QR
order is ruled out by one sentence and listed by a table (quirk ``repeal_qr``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.signing import joined_pairs, joined_values
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.fields import is_empty, moment_ms
from posd.gateways.simulator.forms import json_object, read_form
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
from posd.gateways.simulator.umf_huishang_answers import PROXY_ID, SUB_MER_ID, HuishangAnswers, promotions
from posd.gateways.simulator.umf_huishang_requests import MEDIA, PAY_TYPES, ROUTES
from posd.payment.auth_code import Secret

if TYPE_CHECKING:
    from posd.gateways.simulator.keys import KeyRing

# 用户主扫 expairTime: what is outside of this is taken as 300 s.
_LIFE_S = 300
_LIFE_MOST_S = 1800

_REJECTIONS = {
    Breach.SIGNATURE: ("3333", "验签失败"),
    Breach.FIELD: ("00060702", "参数错误"),
    Breach.FORMAT: ("00060703", "报文格式错误"),
    Breach.MERCHANT: ("00060704", "商户不存在"),
}
_TRADE_STATES = {Event.PAID: "TRADE_SUCCESS", Event.CANCELLED: "TRADE_CANCEL", Event.REFUNDED: "REFUND_SUCCESS"}


class UmfHuishang(HuishangAnswers):
    """惠商+'s side."""

    name = "umf-huishang"
    QUIRKS = MappingProxyType(
        {
            # 签名机制 says ASCII, 协议 and both published answers say the order of the table.
            "answer_order": ("ascii", "table"),
            # Which of the three an order in payment has: "at 惠商+", "at the bank", "normally".
            "paying": ("03000000", "02000000", "01000000"),
            "pay_amount": ("padded", "plain"),
            # "针对交易当天的成功订单可以进行撤销": what becomes of one that is not paid is not said.
            "repeal_unpaid": ("closes", "refused"),
            # "仅支持被扫": a QR order then ends only by its own time.
            "repeal_qr": ("refused", "closes"),
            # Whose the amount in the answer to refund/query is.
            "refund_amount": ("refund", "order"),
        }
    )
    secret_fields: ClassVar[frozenset[str]] = frozenset({"mediaNo"})
    # 交易结果通知: at once, after 30 s, 300 s, 1800 s.
    notify_pauses_s = (0, 30, 300, 1800)
    notify_events = frozenset(Event)

    def __init__(self, bank: Bank, keys: KeyRing, site: str = NOWHERE) -> None:
        super().__init__(bank, keys, site)
        self._keys = UmfKeys(keys, self.name)

    def settings(self) -> Mapping[str, str | Secret]:
        """See the base class."""
        return {"sub_mer_id": SUB_MER_ID, "proxy_id": PROXY_ID, **self._keys.settings()}

    # --- in -----------------------------------------------------------------------------------------------------------

    def read(self, request: HttpRequest, now_ms: int) -> Call:
        """See the base class."""
        route = ROUTES.get(request.path)
        if route is None or request.method != "POST":
            raise Reject(Breach.PATH, f"no document knows {request.method} of this path")
        fields = _context(request, route)
        call = Call(route, request.path, fields)
        if not self._keys.verify(joined_pairs(fields), fields.get("sign")):
            raise Reject(Breach.SIGNATURE, "sign does not match", call)
        self.check(call)
        order_no, refund_no = call.text("partnerOrderId"), call.text("refundPartnerOrderId") or None
        call = Call(route, request.path, fields, order_no, refund_no)
        if (call.text("subMerId"), call.text("proxyId")) != (SUB_MER_ID, PROXY_ID):
            raise Reject(Breach.MERCHANT, f"unknown merchant {call.text('subMerId')} of {call.text('proxyId')}", call)
        if route.operation == "unactivescan":
            _check_media(call)
        self._check_order(call)
        return call

    def _check_order(self, call: Call) -> None:
        """An order is named as it was made: its wallet, its day, and in a cancel its amount."""
        order = self.bank.find(call.order_no)
        if order is None or order.charge is None or order.protocol != self.name:
            return
        if call.route.kind in (Kind.PAY, Kind.PREORDER):
            return
        if call.text("payType") not in ("", order.memo["pay_type"]):
            raise Reject(Breach.FIELD, f"payType {call.text('payType')} for an order of {order.wallet}", call)
        if call.text("orderDate") not in ("", order.memo["date"]):
            raise Reject(Breach.FIELD, f"orderDate {call.text('orderDate')}, the order is of another day", call)
        if call.route.kind is Kind.CANCEL and int(call.text("amount")) != order.amount:
            raise Reject(Breach.FIELD, f"amount {call.text('amount')}, the order has another", call)

    def advice(self, call: Call, now_ms: int) -> Iterable[str]:
        """See the base class."""
        given = call.text("reqDate") + call.text("reqTime")
        if is_off(given, now_ms):
            yield "reqDate and reqTime are not the time in Beijing"

    def charge(self, call: Call) -> Charge:
        """See the base class."""
        memo = {"pay_type": call.text("payType"), "date": call.text("reqDate")}
        expires_at_ms = _expiry_ms(call) if call.route.kind is Kind.PREORDER else None
        return Charge(
            int(call.text("amount")),
            PAY_TYPES[call.text("payType")],
            call.text("mediaNo") or None,
            call.text("notifyUrl") or None,
            expires_at_ms,
            memo,
        )

    # --- out ----------------------------------------------------------------------------------------------------------

    def encode(self, call: Call | None, fields: Fields, seal: Seal, now_ms: int) -> HttpResponse:
        """See the base class. The fields come in the order of their tables."""
        names = None if self.quirks["answer_order"] == "ascii" else list(fields)
        sign = self._keys.sign(joined_values(fields, names), seal)
        body = json.dumps(fields if sign is None else {**fields, "sign": sign}, ensure_ascii=False)
        return HttpResponse(200, body.encode(), {"content-type": "application/json; charset=utf-8"})

    def rejected(self, call: Call | None, reject: Reject) -> Fields:
        """See the base class."""
        code, message = _REJECTIONS[reject.breach]
        told = f"{message}: {reject.detail}" if reject.breach is Breach.FIELD else message
        # The answer to refund/query calls its message retMsg.
        name = "retMsg" if call is not None and call.route.kind is Kind.REFUND_QUERY else "Memo"
        return {"retCode": code, name: told}

    def other(self, call: Call, now_ms: int) -> Fields:
        """All calls of this gateway move money or ask about it."""
        raise NotImplementedError(call.route.operation)

    # --- notifications: JSON, signed like a request -------------------------------------------------------------------

    def posting(self, view: View, event: Event, refund: Refund | None, seal: Seal) -> Posting:
        """See the base class."""
        fields: Fields = {
            "funCode": "PayResultNotify",
            "reqDate": beijing(view.at_ms, "%Y%m%d"),
            "reqTime": beijing(view.at_ms, "%H%M%S"),
            "merId": "41444694",
            "payType": view.order.memo["pay_type"],
            "shopNo": "",
            "operatorId": "",
            "deviceType": "Other",
            "deviceInfo": "",
            "orderDate": view.order.memo["date"],
            "partnerOrderId": view.order_no,
            "amount": str(view.amount if refund is None else refund.amount),
            "tradeState": _TRADE_STATES[event],
            "paySeq": self.channel_no(view.order),
            "refundPartnerOrderId": "" if refund is None else refund.refund_no,
            "promotionDetail": promotions(view),
        }
        sign = self._keys.sign(joined_pairs(fields), seal)
        body = json.dumps({**fields, "sign": sign}, ensure_ascii=False).encode()
        return Posting("application/json; charset=utf-8", body)

    def acknowledges(self, status: int, text: str) -> bool:
        """See the base class. The reply must be signed, too."""
        try:
            reply = json_object(text, Call(Route("notification", Kind.OTHER), "", {}))
        except Reject:
            return False
        signed = self._keys.verify(joined_values(reply), reply.get("sign"))
        return status == 200 and reply.get("retCode") == "0000" and signed

    def wants_notice(self, order: Order, event: Event) -> bool:
        """See the base class."""
        return True


def _context(request: HttpRequest, route: Route) -> dict[str, object]:
    """The fields in ``context``: a form field, or raw behind ``context=``."""
    nothing = Call(route, request.path, {})
    if _RAW.match(request.body):
        text: bytes | str = request.body.removeprefix(b"context=")
    else:
        form = read_form(request, route)
        if set(form) != {"context"}:
            raise Reject(Breach.FORMAT, "a form with other fields than context", nothing)
        text = form["context"]
    if text[:1] in ('"', b'"'):
        text = _unescaped(text, nothing)
    return {name: value for name, value in json_object(text, nothing).items() if not is_empty(value)}


# As the examples print it. URL-encoded, a brace or a quotation mark cannot stand there.
_RAW = re.compile(rb'context=\s*[{"]')


def _unescaped(text: bytes | str, nothing: Call) -> str:
    """The JSON inside a JSON text, as in the example of refundquery."""
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        raise Reject(Breach.FORMAT, "context is no JSON", nothing) from None
    return str(inner)


def _check_media(call: Call) -> None:
    """The code, its kind and its wallet belong together; Alipay wants two fields more."""
    media_type, shape = MEDIA[call.text("payType")]
    if call.text("mediaType") != media_type:
        raise Reject(Breach.FIELD, f"mediaType {call.text('mediaType')} with payType {call.text('payType')}", call)
    if not re.fullmatch(shape, call.text("mediaNo"), re.ASCII):
        raise Reject(Breach.FIELD, f"mediaNo is no code of payType {call.text('payType')}", call)
    if call.text("payType") == "AL" and not (call.text("scene") and call.text("subject")):
        raise Reject(Breach.FIELD, "scene and subject are mandatory with Alipay", call)


def _expiry_ms(call: Call) -> int:
    """When a code to scan dies."""
    asked_s = int(call.text("expairTime") or 0)
    life_s = asked_s if _LIFE_S <= asked_s <= _LIFE_MOST_S else _LIFE_S
    return (moment_ms(call.text("reqDate") + call.text("reqTime")) or 0) + life_s * 1000
