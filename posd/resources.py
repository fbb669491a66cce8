"""What the outside sees: payments, refunds, print jobs and devices as JSON, the same in the API, events and commands.

Pure: from records to structures. Times become RFC 3339 with milliseconds in the terminal's time zone, names camelCase.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

import msgspec

from devices.state import Health
from posd.journal.records import PaymentRecord, ReceiptState
from posd.messages import reason_text
from posd.payment.amounts import Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import Status, VoidBy
from posd.payment.payment import Cause, Payment
from posd.payment.refund import Refund, RefundStatus
from posd.payment.terms import Method
from posd.payment.verdicts import Reason
from posd.printing.job import Audience, JobKind, JobState, PrintJob


class Resource(msgspec.Struct, frozen=True, rename="camel"):
    """The root of what is told as JSON."""


class ReasonResource(Resource, frozen=True):
    """Why a payment failed, was cancelled, or should be looked at."""

    code: Reason
    message: str
    gateway_code: str | None = None
    gateway_message: str | None = None


class ReceiptResource(Resource, frozen=True):
    """How the receipt of a payment stands, and how many copies came out."""

    state: ReceiptState
    copies: int


class PaymentResource(Resource, frozen=True):
    """A payment. Amounts in fen; what is not known yet is null."""

    id: str
    order_no: str
    reference: str | None
    status: Status
    attention: bool
    method: Method
    wallet: Wallet | None
    gateway: str
    amount: Fen
    coup_amount: Fen | None
    pay_amount: Fen | None
    currency: str
    refunded_amount: Fen
    description: str | None
    operator: str | None
    trade_no: str | None
    channel_trade_no: str | None
    qr_code: str | None
    reason: ReasonResource | None
    void_requested_by: VoidBy | None
    created_at: str
    submitted_at: str | None
    resolved_at: str | None
    window_ends_at: str | None
    receipt: ReceiptResource


class RefundResource(Resource, frozen=True):
    """A refund. ``payAmount`` is what went back, by the gateway's word."""

    id: str
    refund_no: str
    payment_id: str
    amount: Fen
    pay_amount: Fen | None
    status: RefundStatus
    reason: str | None
    created_at: str
    resolved_at: str | None


class PrintJobResource(Resource, frozen=True):
    """A print job."""

    id: str
    kind: JobKind
    audience: Audience
    state: JobState
    payment_id: str | None
    refund_id: str | None
    copy_no: int
    detail: str | None
    created_at: str


class DeviceResource(msgspec.Struct, frozen=True):
    """A device."""

    name: str
    type: str
    state: Health
    detail: str
    since: str


class DeviceList(msgspec.Struct, frozen=True, rename="camel"):
    """Every device."""

    items: list[DeviceResource]
    next_cursor: None = None


class Views:
    """Makes resources in one language and one time zone."""

    def __init__(self, zone: tzinfo, locale: str) -> None:
        self.zone = zone
        self.locale = locale

    def time(self, at_ms: int) -> str:
        """``2026-11-20T10:00:00.000+08:00``."""
        return _time(at_ms, self.zone)

    def maybe_time(self, at_ms: int | None) -> str | None:
        """The same, null for nothing."""
        return None if at_ms is None else self.time(at_ms)

    def date(self, at_ms: int) -> str:
        """The business date, ``2026-11-20``."""
        return datetime.fromtimestamp(at_ms / 1000, self.zone).date().isoformat()

    def payment(self, record: PaymentRecord) -> PaymentResource:
        """A payment as it stands on disk."""
        payment = record.payment
        paid = payment.paid if payment.status is Status.PAID else None
        open_window = payment.status is Status.PROCESSING and payment.submitted_at_ms is not None
        return PaymentResource(
            id=payment.payment_id,
            order_no=payment.order_no,
            reference=payment.reference,
            status=payment.status,
            attention=bool(payment.attention),
            method=payment.method,
            wallet=payment.wallet,
            gateway=payment.gateway,
            amount=payment.amount,
            coup_amount=paid.amounts.coup_amount if paid else None,
            pay_amount=paid.amounts.pay_amount if paid else None,
            currency="CNY",
            refunded_amount=record.refunded,
            description=payment.description,
            operator=payment.operator,
            trade_no=payment.paid.trade_no if payment.paid else None,
            channel_trade_no=payment.paid.channel_trade_no if payment.paid else None,
            qr_code=payment.qr_code,
            reason=self._reason(payment),
            void_requested_by=payment.void_by,
            created_at=self.time(payment.created_at_ms),
            submitted_at=self.maybe_time(payment.submitted_at_ms),
            resolved_at=self.maybe_time(payment.resolved_at_ms),
            window_ends_at=self.time(payment.window_ends_ms()) if open_window else None,
            receipt=ReceiptResource(record.receipt, record.copies),
        )

    def _reason(self, payment: Payment) -> ReasonResource | None:
        cause = payment.cause or next(iter(payment.attention), None)
        return None if cause is None else self._cause(cause)

    def _cause(self, cause: Cause) -> ReasonResource:
        message = cause.message or reason_text(cause.reason, self.locale)
        return ReasonResource(cause.reason, message, cause.gateway_code, cause.gateway_message)

    def refund(self, refund: Refund) -> RefundResource:
        """A refund as it stands on disk."""
        return RefundResource(
            id=refund.refund_id,
            refund_no=refund.refund_no,
            payment_id=refund.payment_id,
            amount=refund.amount,
            pay_amount=refund.pay_amount,
            status=refund.status,
            reason=refund.reason,
            created_at=self.time(refund.created_at_ms),
            resolved_at=self.maybe_time(refund.resolved_at_ms),
        )

    def job(self, job: PrintJob) -> PrintJobResource:
        """A print job as it stands on disk."""
        return PrintJobResource(
            id=job.job_id,
            kind=job.kind,
            audience=job.audience,
            state=job.state,
            payment_id=job.payment_id,
            refund_id=job.refund_id,
            copy_no=job.copy_no,
            detail=job.detail,
            created_at=self.time(job.created_at_ms),
        )


# A payment is told some eight times, with the same two or three moments each time; sixty or so are open at once.
_TIMES_MAX = 256


@lru_cache(_TIMES_MAX)
def _time(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="milliseconds")
