"""What the answers of 惠商+ mean: opened, of this order and this amount, or nothing is proven. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from posd.gateways.base import OrderRef, PayOrder, RefundOrder
from posd.gateways.json_body import JsonValue, code_of, text_of
from posd.gateways.umf import BROKEN, MISMATCH, UNCLEAR, Opened, details_of, divided, is_blank, joined
from posd.gateways.umf_huishang.codes import (
    PAY_CODES,
    REFUND_DONE,
    REFUND_STATES,
    SUCCESS,
    refund_query_verdict,
    refund_verdict,
    repeal_verdict,
    sync_verdict,
)
from posd.payment.amounts import Fen, parse_fen
from posd.payment.verdicts import (
    Closed,
    Declined,
    Paid,
    PaymentVerdict,
    Pending,
    RefundDone,
    RefundFailed,
    RefundProcessing,
    RefundVerdict,
    Unknown,
)

# What the journal keeps beside the amounts; the payer's ids are nobody's business here.
_DETAILS = ("promotionDetail", "bankType", "payType", "cardType", "easyPaymentService")


def judge_pay(order: PayOrder, answer: Opened) -> PaymentVerdict:
    """The answer to 用户被扫."""
    if answer.code == SUCCESS:
        return paid(order.order_no, order.amount, answer.fields)
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    return PAY_CODES.get(answer.code or "", UNCLEAR)


def judge_code(order: PayOrder, answer: Opened) -> PaymentVerdict:
    """The answer to 用户主扫: ``feeUrl`` is what the customer scans."""
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    if answer.code != SUCCESS:
        return PAY_CODES.get(answer.code or "", UNCLEAR)
    shown = text_of(answer.fields, "feeUrl")
    return BROKEN if shown is None else Pending(qr_code=shown)


def judge_sync(order: OrderRef, answer: Opened) -> PaymentVerdict:
    """The answer to 订单状态同步. ``0000`` is "paid" at any time: after a cancel or a refund it says that it failed."""
    if answer.code is None:
        return BROKEN
    if answer.code == SUCCESS:
        return paid(order.order_no, order.amount, answer.fields)
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    verdict = sync_verdict(answer.code, answer.message)
    # partnerOrderId is mandatory here: what ends a payment must name it.
    nameless = is_blank(answer.fields.get("partnerOrderId"))
    return BROKEN if nameless and isinstance(verdict, Closed | Declined) else verdict


def judge_repeal(order: OrderRef, same_day: bool, answer: Opened) -> PaymentVerdict:  # noqa: FBT001 - bound by partial
    """The answer to 商户撤销交易. Taken is not done: ``apisync`` must prove it."""
    if answer.code is None:
        return BROKEN
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    return repeal_verdict(answer.code, answer.message, same_day=same_day)


def judge_refund(refund: RefundOrder, answer: Opened) -> RefundVerdict:
    """The answer to 商户退款请求. Taken is not done: ``refund/query`` must prove it."""
    if answer.code is None:
        return BROKEN
    if answer.names_other("partnerOrderId", refund.order.order_no) or answer.differs("amount", *_amounts(refund)):
        return MISMATCH
    return refund_verdict(answer.code, answer.message)


def judge_refund_query(refund: RefundOrder, answer: Opened) -> RefundVerdict:
    """The answer to 退款订单查询. ``0000`` only says that the query worked; ``status`` tells of the refund."""
    if answer.code is None:
        return BROKEN
    if answer.code != SUCCESS:
        return refund_query_verdict(answer.message)
    named = refund_names(refund, answer.fields)
    if not named or answer.differs("amount", *_amounts(refund)):
        return MISMATCH if named is not None else BROKEN
    state = code_of(answer.fields, "status") or ""
    return refund_state(state)


def refund_state(state: str) -> RefundDone | RefundFailed | RefundProcessing:
    """What ``status`` says. What the customer got is not said: ``amount`` is the refund's."""
    return RefundDone() if state == REFUND_DONE else REFUND_STATES.get(state) or RefundProcessing()


def refund_names(refund: RefundOrder, fields: Mapping[str, JsonValue]) -> bool | None:
    """Whether an answer names this refund or its order, and no other; None where it names neither."""
    expected = {"partnerOrderId": refund.order.order_no, "refundPartnerOrderId": refund.refund_no}
    given = {name: fields[name] for name in expected if not is_blank(fields.get(name))}
    return all(given[name] == expected[name] for name in given) if given else None


def paid(order_no: str, amount: Fen, fields: Mapping[str, JsonValue]) -> PaymentVerdict:
    """``Paid`` if it is this order and this amount; amounts come as texts, zero-padded or not, or as numbers."""
    due = parse_fen(fields.get("amount"))
    given_no = text_of(fields, "partnerOrderId")
    if due is None or given_no is None:
        return BROKEN
    if given_no != order_no or due != amount:
        return MISMATCH
    amounts = divided(due, fields.get("coupAmount"), fields.get("payAmount"))
    if isinstance(amounts, Unknown):
        return amounts
    return Paid(
        amounts,
        trade_no=text_of(fields, "tradeNo"),
        channel_trade_no=text_of(fields, "paySeq"),
        paid_at=joined(fields.get("platDate"), fields.get("platTime")),
        details=details_of(fields, _DETAILS),
    )


def _is_other(answer: Opened, order_no: str, amount: Fen) -> bool:
    """Whether it speaks of another order or another amount, as far as it names them."""
    return answer.names_other("partnerOrderId", order_no) or answer.differs("amount", amount)


def _amounts(refund: RefundOrder) -> tuple[Fen, Fen]:
    # The tables call `amount` 订单金额 and 退款金额 in turns: the order's and the refund's are both right.
    return refund.amount, refund.order.amount
