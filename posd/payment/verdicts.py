"""What an answer of a gateway, or its absence, means: the only words in which a codec speaks to the payment machine.

Before an answer becomes anything but ``Unknown`` its codec has checked the signature where the protocol signs, the
order number and the amount.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from posd.payment.amounts import Amounts, Fen


class Reason(StrEnum):
    """Why a payment did not become, or should be looked at; the ``reason.code`` of the API."""

    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    CODE_EXPIRED = "code_expired"
    CODE_USED = "code_used"
    CODE_INVALID = "code_invalid"
    USER_CANCELLED = "user_cancelled"
    LIMIT_EXCEEDED = "limit_exceeded"
    GATEWAY_REJECTED = "gateway_rejected"
    GATEWAY_UNREACHABLE = "gateway_unreachable"
    NOT_RECEIVED = "not_received"
    INTERRUPTED = "interrupted"
    NO_CODE = "no_code"
    DEVICE_FAULT = "device_fault"
    WINDOW_ELAPSED = "window_elapsed"
    CANCELLED_BY_CASHIER = "cancelled_by_cashier"
    CONTRADICTION = "contradiction"
    AMOUNT_MISMATCH = "amount_mismatch"
    SLOW_VOID = "slow_void"


class Refusal(StrEnum):
    """Why a gateway will not cancel."""

    STILL_PAYING = "still_paying"
    """The customer is at it; the same cancel later."""
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    """Cancelling is over for this order; what is paid goes back by refund."""
    OTHER = "other"


class Doubt(StrEnum):
    """Why an answer proves nothing."""

    NO_ANSWER = "no_answer"
    """Time-out, or the connection broke after the request may have left."""
    HTTP_STATUS = "http_status"
    BROKEN_BODY = "broken_body"
    BAD_SIGNATURE = "bad_signature"
    MISMATCH = "mismatch"
    """Rightly signed, but for another order or another amount: a person should look at it."""
    UNCLEAR_CODE = "unclear_code"
    """A code that the documents call unclear, or that no document knows."""
    TOO_OFTEN = "too_often"
    """The gateway was asked too often; ask more slowly."""


class Verdict(msgspec.Struct, frozen=True, tag_field="verdict"):
    """The root of the verdicts."""


class Paid(Verdict, frozen=True, tag="paid"):
    """Signed, for this order number and this amount."""

    amounts: Amounts
    trade_no: str | None = None
    channel_trade_no: str | None = None
    paid_at: str | None = None
    """As the gateway writes it."""
    details: tuple[tuple[str, str], ...] = ()
    """What else is worth keeping, by the gateway's own names: promotion_detail and its kin."""
    refunded: Fen = Fen(0)
    """What has gone back in part already, as far as the gateway says so."""


class Declined(Verdict, frozen=True, tag="declined"):
    """Definitely not paid, and this order can never be."""

    reason: Reason


class Pending(Verdict, frozen=True, tag="pending"):
    """The customer is still at it."""

    qr_code: str | None = None
    """The code to show to the customer, in the answer to a QR order."""


class Closed(Verdict, frozen=True, tag="closed"):
    """Closed, cancelled or reversed at the gateway: nothing is charged, and nothing will be."""


class Refunded(Verdict, frozen=True, tag="refunded"):
    """Was paid and went back in full."""


class NotFound(Verdict, frozen=True, tag="not_found"):
    """The gateway does not know the order yet: it may still be on its way."""


class Accepted(Verdict, frozen=True, tag="accepted"):
    """The gateway took a cancel, which proves nothing yet: a query must confirm it."""


class Refused(Verdict, frozen=True, tag="refused"):
    """The gateway will not cancel."""

    why: Refusal


class Unknown(Verdict, frozen=True, tag="unknown"):
    """Nothing is known; never a failure."""

    doubt: Doubt


class NotSent(Verdict, frozen=True, tag="not_sent"):
    """The request certainly never left: connection refused, name not found, connect time-out."""


class RefundDone(Verdict, frozen=True, tag="refund_done"):
    """The money went back."""

    pay_amount: Fen | None = None
    """What the customer got, in fen; None where the gateway does not say."""


class RefundProcessing(Verdict, frozen=True, tag="refund_processing"):
    """Taken, and not done yet."""


class RefundFailed(Verdict, frozen=True, tag="refund_failed"):
    """Definitely no money went back under this refund number."""


class RefundNotSure(Verdict, frozen=True, tag="refund_not_sure"):
    """The gateway wants the same request, with the same refund number, once more (Chaoying ``NOTSURE``)."""


class RefundManual(Verdict, frozen=True, tag="refund_manual"):
    """The money must be moved by hand (Chaoying ``CHANGE``)."""


PaymentVerdict = Paid | Declined | Pending | Closed | Refunded | NotFound | Accepted | Refused | Unknown | NotSent
"""What pay, query, cancel and a notification can say of a payment."""

RefundVerdict = (
    RefundDone | RefundProcessing | RefundFailed | RefundNotSure | RefundManual | NotFound | Unknown | NotSent
)
"""What refund and refund query can say of a refund. ``NotFound``: the gateway knows no such refund."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an answer said in the gateway's own words, in short, without a secret; for the timeline and the reason."""

    gateway_code: str | None = None
    gateway_message: str | None = None
    http_status: int | None = None
    note: str | None = None
    """What a person should know beside it: which signature order matched, which exception was raised."""
