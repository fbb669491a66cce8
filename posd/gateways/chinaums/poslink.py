"""ChinaUMS poslink: bar codes and faces. Pure.

Sources: the vendor's own pages of poslink v6 and the real answers in the README of ``maczh/chinaums``. Only ``00`` is
documented as a code, and no answer to pay or void names the merchant's order number, so a void is proven by the query
after it, and a refund by the query of the refund.
"""

from __future__ import annotations

from posd.gateways.base import Answer, HttpResponse, OrderRef, PayOrder, RefundOrder
from posd.gateways.chinaums.answers import details_of, refund_stands, refused_query, refused_refund
from posd.gateways.chinaums.codes import POSLINK_SUCCESS, Meaning, Standing, query_result, refund_result
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.chinaums.wire import Fields, Reply, open_answer
from posd.gateways.json_body import text_of
from posd.gateways.texts import cut, reason_of
from posd.payment.amounts import Fen, parse_fen
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    Paid,
    PaymentVerdict,
    Refunded,
    RefundProcessing,
    RefundVerdict,
    Refusal,
    Refused,
)

# The page gives merchantRemark no length; 64 is what the shortest text of this platform may have.
_REMARK_LIMIT = 64

_PAY_MODES = {Method.BARCODE: "CODE_SCAN", Method.FACE: "FACE_SCAN"}

# What of an answer is kept with the payment, by the platform's own names.
_DETAILS = (
    "thirdPartyName",
    "thirdPartyPayInformation",
    "thirdPartyDiscountInstruction",
    "marketingAllianceDiscountInstruction",
    "totalDiscountAmount",
    "discountStatus",
    "promotionAmt",
    "actualTransactionAmount",
    "retrievalRefNum",
    "originalRetrievalRefNum",
)


# --- what is asked ----------------------------------------------------------------------------------------------------


def merchant(settings: ChinaumsSettings) -> Fields:
    """Who asks, in every call."""
    return {"merchantCode": settings.mid, "terminalCode": settings.tid}


def pay_fields(order: PayOrder, settings: ChinaumsSettings) -> Fields:
    """Poslink 支付."""
    if order.method not in _PAY_MODES or order.credential is None:
        raise ValueError(f"ChinaUMS poslink takes no {order.method} payment without a code")
    return {
        **merchant(settings),
        "transactionAmount": order.amount,
        "transactionCurrencyCode": "156",
        "merchantOrderId": order.order_no,
        "merchantRemark": cut(order.description, _REMARK_LIMIT).strip() or order.order_no,
        "payMode": _PAY_MODES[order.method],
        "payCode": order.credential.reveal(),
    }


def order_fields(order: OrderRef, settings: ChinaumsSettings) -> Fields:
    """Poslink 交易状态查询, 支付撤销. The platform's own number would win over ours, so only ours is sent."""
    return {**merchant(settings), "merchantOrderId": order.order_no}


def refund_fields(refund: RefundOrder, settings: ChinaumsSettings) -> Fields:
    """Poslink 交易退款."""
    return {**refund_query_fields(refund, settings), "transactionAmount": refund.amount}


def refund_query_fields(refund: RefundOrder, settings: ChinaumsSettings) -> Fields:
    """Poslink 交易退款查询."""
    return {**order_fields(refund.order, settings), "refundRequestId": refund.refund_no}


# --- what is answered -------------------------------------------------------------------------------------------------


def read_pay(response: HttpResponse, order: PayOrder, settings: ChinaumsSettings) -> Answer[PaymentVerdict]:
    """Poslink 支付: paid or not known. The code for "the customer is typing his password" is not public."""
    reply = open_answer(response, settings, order.credential)
    if isinstance(reply, Answer):
        return reply
    if reply.code != POSLINK_SUCCESS:
        return reply.doubt(Doubt.UNCLEAR_CODE)
    return reply.other_number("merchantOrderId", order.order_no) or _paid(
        reply, order.amount, "transactionAmount", Fen(0)
    )


def read_query(response: HttpResponse, order: OrderRef, settings: ChinaumsSettings) -> Answer[PaymentVerdict]:
    """Poslink 交易状态查询."""
    reply = open_answer(response, settings, said="queryResCode")
    if isinstance(reply, Answer):
        return reply
    if reply.code != POSLINK_SUCCESS:
        return refused_query(reply)
    return reply.other_number("merchantOrderId", order.order_no) or _stands(reply, order)


def _stands(reply: Reply, order: OrderRef) -> Answer[PaymentVerdict]:
    doubt = reply.other_amount("originalTransactionAmount", order.amount)
    match query_result(reply.state):
        case Standing.PAID:
            return _paid(reply, order.amount, "originalTransactionAmount", Fen(0))
        case Standing.REFUNDING:
            return doubt or _gone_back(reply, order)
        case Standing.CLOSED:
            return doubt or Answer(Closed(), reply.evidence)
        case Standing.FAILED:
            return doubt or Answer(Declined(reason_of(reply.message or reply.state)), reply.evidence)
        case _:
            return reply.doubt(Doubt.UNCLEAR_CODE)


def _gone_back(reply: Reply, order: OrderRef) -> Answer[PaymentVerdict]:
    """已退货 is said of a refund in part as well (a real answer has it with ``refundedAmount`` 0)."""
    refunded = parse_fen(reply.fields.get("refundedAmount"))
    if refunded == order.amount or text_of(reply.fields, "orderStatus") == "TRADE_CLOSED":
        return Answer(Refunded(), reply.evidence)
    if refunded is None or not 0 < refunded < order.amount:
        return reply.doubt(Doubt.UNCLEAR_CODE, note="refunded, but not how much")
    return _paid(reply, order.amount, "originalTransactionAmount", refunded)


def _paid(reply: Reply, amount: Fen, total: str, refunded: Fen) -> Answer[PaymentVerdict]:
    amounts = reply.amounts(total, amount, "amount")
    if isinstance(amounts, Answer):
        return amounts
    fields = reply.fields
    day, moment = text_of(fields, "transactionDateWithYear"), text_of(fields, "transactionTime")
    verdict = Paid(
        amounts,
        trade_no=text_of(fields, "orderId"),
        channel_trade_no=text_of(fields, "thirdPartyOrderId"),
        paid_at=day + moment if day and moment else text_of(fields, "originalTransactionTime"),
        details=details_of(reply, _DETAILS),
        refunded=refunded,
    )
    return Answer(verdict, reply.evidence)


def read_void(response: HttpResponse, order: OrderRef, settings: ChinaumsSettings) -> Answer[PaymentVerdict]:
    """Poslink 支付撤销: undoes a payment of the same day in full; the query after it proves it."""
    reply = open_answer(response, settings)
    if isinstance(reply, Answer):
        return reply
    if (doubt := reply.other_number("merchantOrderId", order.order_no)) is not None:
        return doubt
    if reply.code == POSLINK_SUCCESS:
        return Answer(Accepted(), reply.evidence)
    match reply.meaning:
        case Meaning.NOT_FOUND:
            return Answer(NotFound(), reply.evidence)
        case Meaning.BUSY:
            return Answer(Refused(Refusal.STILL_PAYING), reply.evidence)
        case Meaning.TOO_LATE:
            return Answer(Refused(Refusal.TOO_LATE), reply.evidence)
        case Meaning.NOT_ALLOWED | Meaning.REJECTED:
            return Answer(Refused(Refusal.OTHER), reply.evidence)
        case _:
            return reply.doubt(Doubt.UNCLEAR_CODE)


def read_refund(response: HttpResponse, refund: RefundOrder, settings: ChinaumsSettings) -> Answer[RefundVerdict]:
    """Poslink 交易退款: ``00`` is taken, and the query of the refund says that it is done."""
    reply = open_answer(response, settings)
    if isinstance(reply, Answer):
        return reply
    if (doubt := _other_refund(reply, refund)) is not None:
        return doubt
    if reply.code != POSLINK_SUCCESS:
        return refused_refund(reply)
    return reply.other_amount("transactionAmount", refund.amount) or Answer(RefundProcessing(), reply.evidence)


def read_refund_query(response: HttpResponse, refund: RefundOrder, settings: ChinaumsSettings) -> Answer[RefundVerdict]:
    """Poslink 交易退款查询."""
    reply = open_answer(response, settings, said="queryResCode")
    if isinstance(reply, Answer):
        return reply
    if (doubt := _other_refund(reply, refund)) is not None:
        return doubt
    if reply.code != POSLINK_SUCCESS:
        return refused_query(reply)
    return refund_stands(reply, refund_result(reply.state, reply.message))


def _other_refund(reply: Reply, refund: RefundOrder) -> Answer[RefundVerdict] | None:
    other = reply.other_number("merchantOrderId", refund.order.order_no)
    return other or reply.other_number("refundRequestId", refund.refund_no)
