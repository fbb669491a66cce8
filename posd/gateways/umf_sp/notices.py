"""The notifications of the UMF service-provider platform, and our replies (交易结果通知). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from posd.gateways.base import Answer, HttpResponse, Notice, OrderRef, RefundOrder
from posd.gateways.json_body import parse_form
from posd.gateways.texts import readable
from posd.gateways.umf import BROKEN, MISMATCH, UNCLEAR, details_of, divided
from posd.gateways.umf_sp.codes import CANCEL_NOTICE, PAY_NOTICE, REFUND_NOTICE
from posd.gateways.umf_sp.wire import CONTENT_TYPE, Wire
from posd.payment.amounts import parse_fen
from posd.payment.verdicts import (
    Accepted,
    Evidence,
    Paid,
    PaymentVerdict,
    RefundProcessing,
    RefundVerdict,
    Unknown,
)

_DETAILS = ("couponInfo", "dctGoodsInfo", "settlementAmt", "bankType", "cardType", "orderType")


def read_notice(wire: Wire, body: bytes) -> Notice | None:
    """A notification that is rightly signed and about our merchant; None for anything else."""
    fields = parse_form(body)
    if fields is None or not wire.is_signed_notice(fields):
        return None
    order_no = fields.get("orderNo")
    if not order_no or any(fields.get(name) != value for name, value in wire.own.items()):
        return None
    kind = fields.get("notifyType", "")
    evidence = Evidence(readable(kind), None, note="notification")

    def read(order: OrderRef) -> Answer[PaymentVerdict]:
        return Answer(_payment_verdict(order, kind, fields), evidence)

    def read_refund(refund: RefundOrder) -> Answer[RefundVerdict]:
        return Answer(_refund_verdict(refund, fields), evidence)

    refund_no = (fields.get("refundOrderNo") or None) if kind == REFUND_NOTICE else None
    return Notice(
        order_no,
        read,
        success=reply(wire, "00", "收到"),
        failure=reply(wire, "99", "无此订单或金额不符"),
        refund_no=refund_no,
        read_refund=read_refund if refund_no is not None else None,
    )


def reply(wire: Wire, code: str, message: str) -> HttpResponse:
    """Our signed answer; anything but ``00`` has the notification repeated, four times at most."""
    said = {"respCode": code, "respMsg": message}
    # The table says that the signature is mandatory, the example and its log have none.
    content = json.dumps({**said, "signature": wire.sign_reply(said)}, ensure_ascii=False)
    return HttpResponse(200, content.encode(), {"content-type": CONTENT_TYPE})


def _payment_verdict(order: OrderRef, kind: str, fields: Mapping[str, str]) -> PaymentVerdict:
    if fields["orderNo"] != order.order_no:
        return MISMATCH
    if kind == REFUND_NOTICE:
        return UNCLEAR  # something goes back, perhaps of a part: the refund query tells
    if parse_fen(fields.get("txnAmt")) != order.amount:
        return MISMATCH
    match kind:
        case _ if kind == PAY_NOTICE:
            return _paid(order, fields)
        case _ if kind == CANCEL_NOTICE:
            return Accepted()  # whether it is done is not said: the query tells
        case _:
            return UNCLEAR


def _paid(order: OrderRef, fields: Mapping[str, str]) -> PaymentVerdict:
    """``payAmt`` is what the buyer paid: the only place where this platform tells of a discount."""
    amounts = divided(order.amount, None, fields.get("payAmt"))
    if isinstance(amounts, Unknown):
        return amounts
    return Paid(
        amounts,
        # The index has the form of the query's transactionId; transactionId here is "of the third party".
        trade_no=fields.get("transIndex") or None,
        channel_trade_no=fields.get("transactionId") or None,
        paid_at=fields.get("payTime") or None,
        details=details_of(fields, _DETAILS),
    )


def _refund_verdict(refund: RefundOrder, fields: Mapping[str, str]) -> RefundVerdict:
    if fields["orderNo"] != refund.order.order_no or fields["refundOrderNo"] != refund.refund_no:
        return MISMATCH
    amount = parse_fen(fields.get("txnAmt"))
    if amount is None:
        return BROKEN
    # Whose amount txnAmt is, the refund's or the order's, and whether it is done, is not said.
    return RefundProcessing() if amount in (refund.amount, refund.order.amount) else MISMATCH
