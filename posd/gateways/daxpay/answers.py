"""What DaxPay answers, as verdicts. Pure.

HTTP 200 carries ``{code, msg, data, traceId}``; only ``data`` is signed, so only ``data`` is believed. Close, cancel
and sync answer without an order number: what they say is proven by the next query, never by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from posd.gateways.base import (
    Answer,
    CallResult,
    HttpResponse,
    OrderRef,
    PayOrder,
    RefundOrder,
    doubtful,
)
from posd.gateways.daxpay.codes import (
    ORDER_REFUND_STATUS,
    PAY_STATUS,
    REFUND_STATUS,
    Complaint,
    RefundStanding,
    Standing,
    complaint_of,
)
from posd.gateways.daxpay.settings import DaxpaySettings
from posd.gateways.json_body import JsonValue, code_of, parse_object, text_of
from posd.gateways.signing import daxpay_signature, matches
from posd.gateways.texts import readable, reason_of
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.auth_code import Secret
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    Evidence,
    NotFound,
    Paid,
    PaymentVerdict,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundProcessing,
    RefundVerdict,
    Refusal,
    Refused,
    Unknown,
)

Fields = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Signed:
    """The data of an answer whose signature holds."""

    fields: Fields
    credential: Secret | None = None
    """The code that was sent, which no message may show."""

    @property
    def code(self) -> str | None:
        """``0``: the call worked; anything else: it was refused."""
        return code_of(self.fields, "code")

    @property
    def message(self) -> str | None:
        """What is wrong, in the platform's words: of the call, else of the order."""
        shown = readable(self.fields.get("msg"), self.credential)
        return shown or readable(self.fields.get("errorMsg"), self.credential)

    @property
    def complaint(self) -> Complaint:
        """What a refusal is about."""
        return complaint_of(self.code, self.message)

    @property
    def evidence(self) -> Evidence:
        """The status where there is one, else the code; and the message."""
        return Evidence(gateway_code=text_of(self.fields, "status") or self.code, gateway_message=self.message)

    def doubt(self, why: Doubt, note: str | None = None) -> Answer[Unknown]:
        """Rightly signed, and yet no proof."""
        evidence = self.evidence
        return doubtful(why, gateway_code=evidence.gateway_code, gateway_message=evidence.gateway_message, note=note)


def is_signed(fields: Fields, settings: DaxpaySettings) -> bool:
    """Whether the ``sign`` in these fields is theirs."""
    sign = text_of(fields, "sign")
    return sign is not None and matches(daxpay_signature(fields, settings.secret, settings.sign_type), sign)


def open_answer(
    response: HttpResponse, settings: DaxpaySettings, credential: Secret | None = None
) -> Signed | Answer[Unknown]:
    """The signed data of an answer, or why there is none.

    A request that fails the platform's own checks (signature, time, fields) is answered without any ``data``.
    """
    if response.status != 200:
        return doubtful(Doubt.HTTP_STATUS, http_status=response.status)
    envelope = parse_object(response.body)
    if envelope is None:
        return doubtful(Doubt.BROKEN_BODY)
    data = envelope.get("data")
    if not isinstance(data, dict) or not is_signed(data, settings):
        message = readable(envelope.get("msg"), credential)
        return doubtful(Doubt.BAD_SIGNATURE, gateway_code=code_of(envelope, "code"), gateway_message=message)
    return Signed(data, credential)


# --- payments ---------------------------------------------------------------------------------------------------------


def read_pay(response: HttpResponse, order: PayOrder, settings: DaxpaySettings) -> Answer[PaymentVerdict]:
    """DaxPay 统一支付接口: order number and status, and for a QR order the code; no amount."""
    data = open_answer(response, settings, order.credential)
    if isinstance(data, Answer):
        return data
    if data.code != "0":
        return _refused_pay(data)
    if (doubt := _other_order(data, order.order_no)) is not None:
        return doubt
    match PAY_STATUS.get(text_of(data.fields, "status") or ""):
        case Standing.PAYING if order.method is Method.QR:
            return _qr_code(data)
        case Standing.PAYING:
            return Answer(Pending(), data.evidence)
        case Standing.FAILED:
            return Answer(Declined(reason_of(data.message)), data.evidence)
        case Standing.CLOSED:
            return Answer(Closed(), data.evidence)
        case None:
            # After an inner exception the platform answers code 0 without a status: the order may stand.
            return data.doubt(Doubt.UNCLEAR_CODE)
        case _:
            # The answer names no amount, and nothing is paid before the amount is known: the query has it.
            return data.doubt(Doubt.UNCLEAR_CODE, note="paid, but without an amount; the query tells it")


def _qr_code(data: Signed) -> Answer[PaymentVerdict]:
    code = text_of(data.fields, "payBody")
    if code is None:
        return data.doubt(Doubt.UNCLEAR_CODE, note="no QR code in the answer")
    return Answer(Pending(qr_code=code), data.evidence)


def _refused_pay(data: Signed) -> Answer[PaymentVerdict]:
    match data.complaint:
        case Complaint.REJECTED:
            return Answer(Declined(Reason.GATEWAY_REJECTED), data.evidence)
        case Complaint.TOO_MUCH if data.code == "20060" or reason_of(data.message) is Reason.LIMIT_EXCEEDED:
            # 支付金额超过限额 is said before the platform makes an order.
            return Answer(Declined(Reason.LIMIT_EXCEEDED), data.evidence)
        case _:
            return data.doubt(Doubt.UNCLEAR_CODE)


def read_query(response: HttpResponse, order: OrderRef, settings: DaxpaySettings) -> Answer[PaymentVerdict]:
    """DaxPay 支付订单查询接口."""
    data = open_answer(response, settings)
    if isinstance(data, Answer):
        return data
    return read_order(data, order) if data.code == "0" else _refused_query(data)


def _refused_query(data: Signed) -> Answer[NotFound | Unknown]:
    match data.complaint:
        case Complaint.NOT_FOUND:
            return Answer(NotFound(), data.evidence)
        case Complaint.TOO_OFTEN:
            return data.doubt(Doubt.TOO_OFTEN)
        case _:
            return data.doubt(Doubt.UNCLEAR_CODE)


def read_order(data: Signed, order: OrderRef) -> Answer[PaymentVerdict]:
    """An order as a query or a notification describes it."""
    if (doubt := _other_order(data, order.order_no) or _other_amount(data, order.amount)) is not None:
        return doubt
    match _standing(data):
        case Standing.PAYING:
            return Answer(Pending(), data.evidence)
        case Standing.PAID:
            return Answer(_paid(data, order, Fen(0)), data.evidence)
        case Standing.PARTLY_REFUNDED:
            return Answer(_paid(data, order, _refunded(data, order)), data.evidence)
        case Standing.REFUNDED:
            return Answer(Refunded(), data.evidence)
        case Standing.CLOSED:
            return Answer(Closed(), data.evidence)
        case Standing.FAILED:
            return Answer(Declined(reason_of(data.message)), data.evidence)
        case None:
            return data.doubt(Doubt.UNCLEAR_CODE)


def read_other_matter(data: Signed) -> Answer[PaymentVerdict]:
    """A refund's notification says nothing of the order itself: its status and its amount are the refund's."""
    return data.doubt(Doubt.UNCLEAR_CODE)


def _standing(data: Signed) -> Standing | None:
    standing = PAY_STATUS.get(text_of(data.fields, "status") or "")
    refund_status = data.fields.get("refundStatus")
    if standing is not Standing.PAID or refund_status is None:
        return standing
    return ORDER_REFUND_STATUS.get(refund_status) if isinstance(refund_status, str) else None


def _paid(data: Signed, order: OrderRef, refunded: Fen) -> Paid:
    # No document of the platform knows a discount: the amount is what was paid.
    return Paid(
        Amounts.undiscounted(order.amount),
        trade_no=text_of(data.fields, "orderNo"),
        channel_trade_no=text_of(data.fields, "outOrderNo"),
        paid_at=code_of(data.fields, "payTime"),
        refunded=refunded,
    )


def _refunded(data: Signed, order: OrderRef) -> Fen:
    left = parse_fen(data.fields.get("refundableBalance"))
    return Fen(order.amount - left) if left is not None and left <= order.amount else Fen(0)


def _other_order(data: Signed, order_no: str) -> Answer[Unknown] | None:
    named = text_of(data.fields, "bizOrderNo")
    if named is None:
        return data.doubt(Doubt.UNCLEAR_CODE)
    return None if named == order_no else data.doubt(Doubt.MISMATCH, note="signed for another order number")


def _other_amount(data: Signed, amount: Fen) -> Answer[Unknown] | None:
    named = parse_fen(data.fields.get("amount"))
    if named is None:
        return data.doubt(Doubt.UNCLEAR_CODE)
    return None if named == amount else data.doubt(Doubt.MISMATCH, note=f"signed for {named} fen")


def read_cancel(response: HttpResponse, settings: DaxpaySettings) -> Answer[PaymentVerdict]:
    """DaxPay 支付关闭接口, 支付撤销接口: both work only while the order is ``progress``, and name no order."""
    data = open_answer(response, settings)
    if isinstance(data, Answer):
        return data
    if data.code == "0":
        return Answer(Accepted(), data.evidence)
    match data.complaint:
        case Complaint.NOT_FOUND:
            return Answer(NotFound(), data.evidence)
        case Complaint.STILL_PAYING:
            return Answer(Refused(Refusal.STILL_PAYING), data.evidence)
        case Complaint.WRONG_STATE:
            # Paid, closed or failed: the query tells which, and what is paid goes back by refund.
            return Answer(Refused(Refusal.TOO_LATE), data.evidence)
        case _:
            return Answer(Refused(Refusal.OTHER), data.evidence)


# --- refunds ----------------------------------------------------------------------------------------------------------


def read_refund(response: HttpResponse, refund: RefundOrder, settings: DaxpaySettings) -> Answer[RefundVerdict]:
    """DaxPay 退款接口: refund number and status; no amount, so that only the query of the refund says "done".

    ``RefundFailed`` speaks of this call: an earlier one with the same number may have worked, and the query knows.
    """
    data = open_answer(response, settings)
    if isinstance(data, Answer):
        return data
    if data.code == "0":
        answer = _read_refund_status(data, refund)
        return Answer(RefundProcessing(), data.evidence) if isinstance(answer.verdict, RefundDone) else answer
    match data.complaint:
        case Complaint.NOT_FOUND | Complaint.WRONG_STATE | Complaint.TOO_MUCH | Complaint.REJECTED:
            return Answer(RefundFailed(), data.evidence)
        case Complaint.TOO_OFTEN:
            return data.doubt(Doubt.TOO_OFTEN)
        case _:
            return data.doubt(Doubt.UNCLEAR_CODE)


def read_refund_query(response: HttpResponse, refund: RefundOrder, settings: DaxpaySettings) -> Answer[RefundVerdict]:
    """DaxPay 退款订单查询接口."""
    data = open_answer(response, settings)
    if isinstance(data, Answer):
        return data
    return read_refund_order(data, refund) if data.code == "0" else _refused_query(data)


def read_refund_order(data: Signed, refund: RefundOrder) -> Answer[RefundVerdict]:
    """A refund as a query or a notification describes it."""
    if (doubt := _other_amount(data, refund.amount)) is not None:
        return doubt
    if text_of(data.fields, "bizOrderNo") not in {None, refund.order.order_no}:
        return data.doubt(Doubt.MISMATCH, note="signed for another order number")
    return _read_refund_status(data, refund)


def _read_refund_status(data: Signed, refund: RefundOrder) -> Answer[RefundVerdict]:
    named = text_of(data.fields, "bizRefundNo")
    if named is None:
        return data.doubt(Doubt.UNCLEAR_CODE)
    if named != refund.refund_no:
        return data.doubt(Doubt.MISMATCH, note="signed for another refund number")
    match REFUND_STATUS.get(text_of(data.fields, "status") or ""):
        case RefundStanding.DONE:
            # The platform has no discounts, so what was asked for is what went back.
            return Answer(RefundDone(refund.amount), data.evidence)
        case RefundStanding.PROCESSING:
            return Answer(RefundProcessing(), data.evidence)
        case RefundStanding.FAILED:
            return Answer(RefundFailed(), data.evidence)
        case None:
            return data.doubt(Doubt.UNCLEAR_CODE)


# --- calls made by hand -----------------------------------------------------------------------------------------------


def read_call(
    response: HttpResponse,
    settings: DaxpaySettings,
    credential: Secret | None = None,
    *,
    missing_is_fine: bool = False,
) -> Answer[CallResult]:
    """Any call, for a person: the signed data, or the bare envelope of a request that was turned away.

    With ``missing_is_fine`` "no such order" is a success too: it proves keys, clock and network.
    """
    data = open_answer(response, settings, credential)
    if isinstance(data, Answer):
        return Answer(_unsigned(response), data.evidence)
    succeeded = data.code == "0" or (missing_is_fine and data.complaint is Complaint.NOT_FOUND)
    return Answer(CallResult(data.fields, verified=True, succeeded=succeeded), data.evidence)


def _unsigned(response: HttpResponse) -> CallResult:
    envelope = parse_object(response.body) or {}
    signed = isinstance(envelope.get("data"), dict)
    return CallResult(envelope, verified=False if signed else None, succeeded=False)
