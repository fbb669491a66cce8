"""What the answers of the UMF service-provider platform mean: opened, of this order and this amount. Pure.

The answer to a query names no order number and no discount: that it is an answer to our question rests on TLS, and the
amount of the transaction is taken for what was paid.
"""

from __future__ import annotations

from posd.gateways.base import FaceAuth, OrderRef, PayOrder, RefundOrder, beijing
from posd.gateways.json_body import code_of, text_of
from posd.gateways.texts import reason_of
from posd.gateways.umf import BROKEN, MISMATCH, UNCLEAR, Opened, details_of
from posd.gateways.umf_sp.codes import (
    CANCEL_CODES,
    CLOSE_CODES,
    CODE_USED,
    MICROPAY_CODES,
    PAID_STATE,
    QUERY_CODES,
    QUERY_STATES,
    REFUND_CODES,
    REFUND_QUERY_CODES,
    REFUND_STATES,
    SUCCESS,
)
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.verdicts import (
    Declined,
    Paid,
    PaymentVerdict,
    Pending,
    Reason,
    RefundVerdict,
    Refusal,
    Refused,
    Unknown,
)

_DETAILS = ("bankCardType", "paySeq", "stlDate", "origRespDescMsg")


def judge_micropay(order: PayOrder, answer: Opened) -> PaymentVerdict:
    """The answer to 刷卡支付-用户被扫."""
    code = answer.code or ""
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    if code == SUCCESS:
        return _paid(order.amount, answer)
    if code == CODE_USED[0] and CODE_USED[1] in answer.message:
        return Declined(Reason.CODE_USED)
    return MICROPAY_CODES.get(code, UNCLEAR)


def judge_query(order: OrderRef, answer: Opened) -> PaymentVerdict:
    """The answer to 订单状态同步: ``respCode`` tells of the query, ``origRespCode`` of the order."""
    if answer.code is None:
        return BROKEN
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    if answer.code != SUCCESS:
        return QUERY_CODES.get(answer.code, UNCLEAR)
    state = code_of(answer.fields, "origRespCode") or ""
    if state == PAID_STATE:
        return _paid(order.amount, answer)
    verdict = QUERY_STATES.get(state, UNCLEAR)
    return Declined(reason_of(answer.message)) if isinstance(verdict, Declined) else verdict


def judge_query_for_cancel(order: OrderRef, answer: Opened) -> PaymentVerdict:
    """A query in the place of a cancel that does not exist: what is paid goes back by refund only."""
    verdict = judge_query(order, answer)
    match verdict:
        case Paid():
            return Refused(Refusal.TOO_LATE)
        case Pending():
            return Refused(Refusal.STILL_PAYING)
        case _:
            return verdict


def judge_cancel(order: OrderRef, at_ms: int, answer: Opened) -> PaymentVerdict:
    """The answer to 商户撤销交易, which works on the day of the order: a refusal after it is final."""
    code = answer.code or ""
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    if code == "35" and order.known_paid is None:
        # "Does not exist, or in the wrong state": not paid, then, as far as anybody knows.
        return Refused(Refusal.STILL_PAYING)
    verdict = CANCEL_CODES.get(code, UNCLEAR)
    same_day = beijing(order.submitted_at_ms, "%Y%m%d") == beijing(at_ms, "%Y%m%d")
    return verdict if same_day or verdict != Refused(Refusal.OTHER) else Refused(Refusal.TOO_LATE)


def judge_close(order: OrderRef, answer: Opened) -> PaymentVerdict:
    """The answer to 商户订单关闭请求."""
    if _is_other(answer, order.order_no, order.amount):
        return MISMATCH
    return CLOSE_CODES.get(answer.code or "", UNCLEAR)


def judge_refund(refund: RefundOrder, answer: Opened) -> RefundVerdict:
    """The answer to 商户退款请求. Taken is not done: the refund query must prove it."""
    if _is_other(answer, refund.refund_no, refund.amount):
        return MISMATCH
    return REFUND_CODES.get(answer.code or "", UNCLEAR)


def judge_refund_query(refund: RefundOrder, answer: Opened) -> RefundVerdict:
    """The answer to 退款订单查询. What the customer got is not said: ``txnAmt`` is the refund's."""
    if _is_other(answer, refund.refund_no, refund.amount):
        return MISMATCH
    if answer.code != SUCCESS:
        return REFUND_QUERY_CODES.get(answer.code or "", UNCLEAR)
    return REFUND_STATES.get(code_of(answer.fields, "origRespCode") or "", UNCLEAR)


def judge_face(answer: Opened) -> FaceAuth | Unknown:
    """The answer to 刷脸支付-获取调用凭证; ``expiresIn`` is optional: without it the credentials are used once."""
    if answer.code != SUCCESS:
        return UNCLEAR
    authinfo = text_of(answer.fields, "authinfo")
    if authinfo is None:
        return BROKEN
    return FaceAuth(
        authinfo,
        expires_in_s=parse_fen(answer.fields.get("expiresIn")) or 0,
        appid=text_of(answer.fields, "appid") or "",
        mch_id=text_of(answer.fields, "mchId") or "",
        sub_mch_id=text_of(answer.fields, "subMchId") or "",
        # `authCode` takes 32 characters of digits: the 18-digit code, which goes through micropay.
        face_code_type="1",
    )


def _paid(amount: Fen, answer: Opened) -> PaymentVerdict:
    fields = answer.fields
    if parse_fen(fields.get("txnAmt")) != amount:
        return BROKEN  # that it is there and differs was found out before
    return Paid(
        Amounts.undiscounted(amount),
        trade_no=text_of(fields, "transactionId"),
        channel_trade_no=text_of(fields, "depBankSeq"),
        paid_at=text_of(fields, "payTime"),
        details=details_of(fields, _DETAILS),
    )


def _is_other(answer: Opened, order_no: str, amount: Fen) -> bool:
    """Whether it speaks of another order or another amount, as far as it names them."""
    return answer.names_other("orderNo", order_no) or answer.differs("txnAmt", amount)
