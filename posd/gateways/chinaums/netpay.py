"""ChinaUMS netpay (APP综合支付): orders that the customer pays by himself, here Alipay's code to scan. Pure.

Of the six order calls only ``trade/precreate`` answers with a ``qrCode`` (the example of 1.1.4); the others are for
apps and pages and are made by hand. Money goes back by refund only: a close is for unpaid orders.
"""

from __future__ import annotations

from posd.gateways.base import Answer, Goods, HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp, beijing
from posd.gateways.chinaums.answers import details_of, refund_stands, refused_query, refused_refund
from posd.gateways.chinaums.codes import REFUND_STATUS, STATUS, Meaning, Standing
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.chinaums.wire import Fields, Reply, open_answer
from posd.gateways.json_body import JsonValue, text_of
from posd.gateways.texts import cut, fitting
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    Paid,
    PaymentVerdict,
    Pending,
    Reason,
    Refunded,
    RefundVerdict,
    Refusal,
    Refused,
)

TIME = "%Y-%m-%d %H:%M:%S"

# The lengths of 1.1.3 and 1.3.3.
_DESCRIPTION_LIMIT = 255
_ATTACHED_LIMIT = 255
_REFUND_REASON_LIMIT = 255
_GOODS_ID_LIMIT = 64
_GOODS_NAME_LIMIT = 256

# What of an answer is kept with the payment, by the platform's own names.
_DETAILS = (
    "targetSys",
    "billFunds",
    "billFundsDesc",
    "couponAmount",
    "yxlmAmount",
    "activityIds",
    "refId",
    "settleDate",
)


# --- what is asked ----------------------------------------------------------------------------------------------------


def merchant(settings: ChinaumsSettings, stamp: Stamp) -> Fields:
    """Who asks and when, in every call."""
    return {
        "requestTimestamp": stamp.beijing(TIME),
        "mid": settings.mid,
        "tid": settings.tid,
        "instMid": settings.inst_mid,
    }


def precreate_fields(order: PayOrder, settings: ChinaumsSettings, stamp: Stamp) -> Fields:
    """ChinaUMS 1.1 下单, 支付宝: an order with a code to scan.

    ``totalAmount`` is a number in the table and a text in the example; ``subAppId`` is required by the table, is about
    WeChat by its description, and is missing in the example.
    """
    expires_at_ms = order.expires_at_ms
    return {
        **merchant(settings, stamp),
        "merOrderId": order.order_no,
        "totalAmount": order.amount,
        "tradeType": "APP",
        "orderDesc": cut(order.description, _DESCRIPTION_LIMIT).strip(),
        "attachedData": fitting(order.attach, _ATTACHED_LIMIT),
        "expireTime": beijing(expires_at_ms, TIME) if expires_at_ms is not None else None,
        "goods": [_article(goods) for goods in order.goods] or None,
        "notifyUrl": settings.notify_url,
    }


def _article(goods: Goods) -> JsonValue:
    article: dict[str, JsonValue] = {
        "goodsId": cut(goods.goods_id, _GOODS_ID_LIMIT),
        "quantity": str(goods.quantity),
        "price": str(goods.price),
    }
    return article | {"goodsName": cut(goods.name, _GOODS_NAME_LIMIT)} if goods.name else article


def order_fields(order: OrderRef, settings: ChinaumsSettings, stamp: Stamp) -> Fields:
    """ChinaUMS 1.2 订单交易查询, 1.7 订单关闭."""
    return {**merchant(settings, stamp), "merOrderId": order.order_no}


def refund_fields(refund: RefundOrder, settings: ChinaumsSettings, stamp: Stamp) -> Fields:
    """ChinaUMS 1.3 退款: the same two numbers once more give the refund that is there already."""
    return {
        **order_fields(refund.order, settings, stamp),
        "refundOrderId": refund.refund_no,
        "refundAmount": refund.amount,
        "refundDesc": fitting(refund.reason, _REFUND_REASON_LIMIT),
    }


def refund_query_fields(refund: RefundOrder, settings: ChinaumsSettings, stamp: Stamp) -> Fields:
    """ChinaUMS 1.4 退款查询: ``merOrderId`` is the number of the refund (退货订单号) here."""
    return {**merchant(settings, stamp), "merOrderId": refund.refund_no}


# --- what is answered: orders -----------------------------------------------------------------------------------------


def read_precreate(response: HttpResponse, order: PayOrder, settings: ChinaumsSettings) -> Answer[PaymentVerdict]:
    """ChinaUMS 1.1 下单: the code to show."""
    reply = open_answer(response, settings)
    if isinstance(reply, Answer):
        return reply
    if reply.meaning is Meaning.REJECTED:
        return Answer(Declined(Reason.GATEWAY_REJECTED), reply.evidence)
    if reply.meaning is not Meaning.SUCCESS:
        return reply.doubt(Doubt.UNCLEAR_CODE)
    doubt = reply.other_number("merOrderId", order.order_no) or reply.other_amount("totalAmount", order.amount)
    if doubt is not None:
        return doubt
    code = text_of(reply.fields, "qrCode")
    if code is None:
        return reply.doubt(Doubt.UNCLEAR_CODE, note="no QR code in the answer")
    return Answer(Pending(qr_code=code), reply.evidence)


def read_query(response: HttpResponse, order: OrderRef, settings: ChinaumsSettings) -> Answer[PaymentVerdict]:
    """ChinaUMS 1.2 订单交易查询."""
    reply = open_answer(response, settings, said="status")
    if isinstance(reply, Answer):
        return reply
    return read_order(reply, order) if reply.meaning is Meaning.SUCCESS else refused_query(reply)


def read_order(reply: Reply, order: OrderRef) -> Answer[PaymentVerdict]:
    """An order as a query or a notification describes it; without its number it is nobody's."""
    if text_of(reply.fields, "merOrderId") is None:
        return reply.doubt(Doubt.UNCLEAR_CODE)
    doubt = reply.other_number("merOrderId", order.order_no) or reply.other_amount("totalAmount", order.amount)
    if doubt is not None:
        return doubt
    match STATUS.get(reply.state or ""):
        case Standing.PAYING:
            return Answer(Pending(), reply.evidence)
        case Standing.PAID:
            return _paid(reply, order.amount, Fen(0))
        case Standing.REFUNDING:
            return _gone_back(reply, order)
        case Standing.CLOSED:
            return Answer(Closed(), reply.evidence)
        case _:
            return reply.doubt(Doubt.UNCLEAR_CODE)


def _gone_back(reply: Reply, order: OrderRef) -> Answer[PaymentVerdict]:
    """TRADE_REFUND is a refund in part or in full; only notifications say how much."""
    refunded = parse_fen(reply.fields.get("refundAmount"))
    if refunded == order.amount:
        return Answer(Refunded(), reply.evidence)
    if refunded is None or not 0 < refunded < order.amount:
        return reply.doubt(Doubt.UNCLEAR_CODE, note="refunded, but not how much")
    return _paid(reply, order.amount, refunded)


def _paid(reply: Reply, amount: Fen, refunded: Fen) -> Answer[PaymentVerdict]:
    amounts = _amounts(reply, amount)
    if isinstance(amounts, Answer):
        return amounts
    fields = reply.fields
    verdict = Paid(
        amounts,
        trade_no=text_of(fields, "seqId"),
        channel_trade_no=text_of(fields, "targetOrderId"),
        paid_at=text_of(fields, "payTime"),
        details=details_of(reply, _DETAILS),
        refunded=refunded,
    )
    return Answer(verdict, reply.evidence)


def _amounts(reply: Reply, amount: Fen) -> Amounts | Answer[PaymentVerdict]:
    """``buyerPayAmount`` is what was paid, ``couponAmount`` what the platform gave off; both may be missing."""
    if reply.fields.get("buyerPayAmount") not in (None, ""):
        return reply.amounts("totalAmount", amount, "buyerPayAmount")
    discount = parse_fen(reply.fields.get("couponAmount") or 0)
    if discount is None or discount > amount or parse_fen(reply.fields.get("totalAmount")) != amount:
        return reply.doubt(Doubt.UNCLEAR_CODE)
    return Amounts.paid(amount, Fen(amount - discount))


def read_close(response: HttpResponse, order: OrderRef, settings: ChinaumsSettings) -> Answer[PaymentVerdict]:
    """ChinaUMS 1.7 订单关闭: its example names no order, so the query after it proves it."""
    reply = open_answer(response, settings)
    if isinstance(reply, Answer):
        return reply
    if (doubt := reply.other_number("merOrderId", order.order_no)) is not None:
        return doubt
    match reply.meaning:
        case Meaning.SUCCESS:
            return Answer(Accepted(), reply.evidence)
        case Meaning.NOT_FOUND:
            return Answer(NotFound(), reply.evidence)
        case Meaning.BUSY:
            return Answer(Refused(Refusal.STILL_PAYING), reply.evidence)
        case Meaning.NOT_ALLOWED | Meaning.TOO_LATE:
            # Paid or closed already: the query tells which, and what is paid goes back by refund.
            return Answer(Refused(Refusal.TOO_LATE), reply.evidence)
        case Meaning.REJECTED:
            return Answer(Refused(Refusal.OTHER), reply.evidence)
        case _:
            return reply.doubt(Doubt.UNCLEAR_CODE)


# --- what is answered: refunds ----------------------------------------------------------------------------------------


def read_refund(response: HttpResponse, refund: RefundOrder, settings: ChinaumsSettings) -> Answer[RefundVerdict]:
    """ChinaUMS 1.3 退款."""
    reply = open_answer(response, settings, said="refundStatus")
    if isinstance(reply, Answer):
        return reply
    return _read_refund(reply, refund) if reply.meaning is Meaning.SUCCESS else refused_refund(reply)


def read_refund_query(response: HttpResponse, refund: RefundOrder, settings: ChinaumsSettings) -> Answer[RefundVerdict]:
    """ChinaUMS 1.4 退款查询."""
    reply = open_answer(response, settings, said="refundStatus")
    if isinstance(reply, Answer):
        return reply
    return _read_refund(reply, refund) if reply.meaning is Meaning.SUCCESS else refused_query(reply)


def _read_refund(reply: Reply, refund: RefundOrder) -> Answer[RefundVerdict]:
    # The query asks for the refund as merOrderId; its example answers with the order there, another part with neither.
    doubt = reply.other_number("merOrderId", refund.order.order_no, refund.refund_no)
    doubt = doubt or reply.other_number("refundOrderId", refund.refund_no)
    if doubt is not None:
        return doubt
    if refund.refund_no not in (reply.fields.get("refundOrderId"), reply.fields.get("merOrderId")):
        return reply.doubt(Doubt.UNCLEAR_CODE)
    # Its refundAmount is the total of all refunds (总退款金额), and so is not looked at.
    return refund_stands(reply, REFUND_STATUS.get(reply.state or ""))
