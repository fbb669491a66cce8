"""The notifications of 惠商+ and our signed replies (交易结果通知). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from posd.gateways.base import Answer, HttpResponse, Notice, OrderRef, RefundOrder
from posd.gateways.json_body import JsonValue, parse_array, parse_object, text_of
from posd.gateways.texts import readable
from posd.gateways.umf import BROKEN, MISMATCH, UNCLEAR, details_of, is_blank
from posd.gateways.umf_huishang.answers import refund_names
from posd.gateways.umf_huishang.codes import NOTICE_STATES, PAID_STATE, REFUND_NOTICE_STATES
from posd.gateways.umf_huishang.wire import Wire
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.errors import AmountError
from posd.payment.verdicts import Evidence, Paid, PaymentVerdict, RefundVerdict

FUNCTION_CODE = "PayResultNotify"

# Fields that the reply repeats (商户给平台返回参数).
_REPEATED = ("orderDate", "partnerOrderId", "reqDate", "reqTime")
_DETAILS = ("promotionDetail", "bankType", "payType", "cardType")


def read_notice(wire: Wire, body: bytes) -> Notice | None:
    """A notification that is rightly signed; None for anything else."""
    fields = parse_object(body)
    if fields is None or fields.get("funCode") != FUNCTION_CODE or not wire.verifies(fields):
        return None
    order_no = text_of(fields, "partnerOrderId")
    if order_no is None:
        return None
    state = text_of(fields, "tradeState") or ""
    evidence = Evidence(readable(state), None, note="notification")

    def read(order: OrderRef) -> Answer[PaymentVerdict]:
        return Answer(_payment_verdict(order, state, fields), evidence)

    def read_refund(refund: RefundOrder) -> Answer[RefundVerdict]:
        return Answer(_refund_verdict(refund, state, fields), evidence)

    refund_no = text_of(fields, "refundPartnerOrderId") if state in REFUND_NOTICE_STATES else None
    return Notice(
        order_no,
        read,
        success=reply(wire, fields, "0000", ""),
        failure=reply(wire, fields, "9999", "无此订单或金额不符"),
        refund_no=refund_no,
        read_refund=read_refund if refund_no is not None else None,
    )


def reply(wire: Wire, fields: Mapping[str, JsonValue], code: str, message: str) -> HttpResponse:
    """Our signed answer; anything but ``0000`` has the notification repeated, four times at most."""
    repeated = {name: text_of(fields, name) or "" for name in _REPEATED}
    said = {"funCode": FUNCTION_CODE, **repeated, "retCode": code, "retMsg": message}
    content = json.dumps({**said, "sign": wire.sign_reply(said)}, ensure_ascii=False)
    return HttpResponse(200, content.encode(), {"content-type": "application/json; charset=utf-8"})


def refusal(wire: Wire) -> HttpResponse:
    """Our answer to what is no notification: nothing of it is repeated, so nothing of it is signed."""
    return reply(wire, {}, "3333", "验签失败")


def _payment_verdict(order: OrderRef, state: str, fields: Mapping[str, JsonValue]) -> PaymentVerdict:
    if fields.get("partnerOrderId") != order.order_no:
        return MISMATCH
    if state in REFUND_NOTICE_STATES:
        return UNCLEAR  # something went back, perhaps of a part: the refund query tells
    if parse_fen(fields.get("amount")) != order.amount:
        return MISMATCH
    return _paid(order, fields) if state == PAID_STATE else NOTICE_STATES.get(state, UNCLEAR)


def _paid(order: OrderRef, fields: Mapping[str, JsonValue]) -> PaymentVerdict:
    discount = _discount(fields.get("promotionDetail"))
    if discount is None:
        return UNCLEAR  # something was given off and it is not told what: apisync does
    try:
        amounts = Amounts(order.amount, discount, Fen(order.amount - discount))
    except AmountError:
        return MISMATCH
    return Paid(
        amounts,
        channel_trade_no=text_of(fields, "paySeq"),
        details=details_of(fields, _DETAILS),
    )


def _discount(promotions: JsonValue) -> Fen | None:
    """What ``promotionDetail`` (a JSON array in a text) adds up to; None where it cannot be read."""
    if is_blank(promotions):
        return Fen(0)
    entries = parse_array(promotions) if isinstance(promotions, str) else None
    if entries is None:
        return None
    amounts = [parse_fen(entry.get("amount")) if isinstance(entry, dict) else None for entry in entries]
    known = [amount for amount in amounts if amount is not None]
    return Fen(sum(known)) if len(known) == len(amounts) else None


def _refund_verdict(refund: RefundOrder, state: str, fields: Mapping[str, JsonValue]) -> RefundVerdict:
    if not refund_names(refund, fields):
        return MISMATCH
    amount = parse_fen(fields.get("amount"))
    if amount is None:
        return BROKEN
    # "amount 付款金额" may be the refund's or the order's.
    return REFUND_NOTICE_STATES[state] if amount in (refund.amount, refund.order.amount) else MISMATCH
