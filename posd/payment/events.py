"""Everything that can happen to a payment: facts in the past tense, journaled before anything follows from them.

Times are UTC milliseconds on the journal's own time line, which never runs backwards (see ``posd.clock``).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from posd.payment.amounts import Fen
from posd.payment.auth_code import Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Evidence,
    NotFound,
    NotSent,
    Paid,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    Refused,
    Unknown,
)


class Status(StrEnum):
    """Where a payment stands; see the contract for what is true in each."""

    AWAITING_CODE = "awaiting_code"
    PROCESSING = "processing"
    CANCELLING = "cancelling"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether it stays so."""
        return self in _FINAL


_FINAL = frozenset({Status.PAID, Status.FAILED, Status.CANCELLED})


class VoidBy(StrEnum):
    """Who decided that a payment must not stand."""

    WINDOW = "window"
    CASHIER = "cashier"


class Source(StrEnum):
    """Which call gave an answer."""

    PAY = "pay"
    QUERY = "query"
    CANCEL = "cancel"
    REFUND = "refund"
    REFUND_QUERY = "refund_query"
    NOTIFICATION = "notification"


class UndoStep(StrEnum):
    """How a payment that must not stand is undone."""

    CANCEL = "cancel"
    REFUND = "refund"


AnyVerdict = (
    Paid
    | Declined
    | Pending
    | Closed
    | Refunded
    | NotFound
    | Accepted
    | Refused
    | Unknown
    | NotSent
    | RefundDone
    | RefundProcessing
    | RefundFailed
    | RefundNotSure
    | RefundManual
)
"""Whatever a codec can say."""


class Event(msgspec.Struct, frozen=True, tag_field="kind"):
    """The root of the events."""

    at_ms: int


class Created(Event, frozen=True, tag="created"):
    """The POS asked for a payment. Its order number is on disk before anybody is told of it."""

    payment_id: str
    order_no: str
    amount: Fen
    method: Method
    wallet: Wallet | None
    gateway: str
    window_ms: int
    reference: str | None = None
    description: str | None = None
    operator: str | None = None


class Armed(Event, frozen=True, tag="armed"):
    """The scanners, or the face bridge, wait for the customer."""

    until_ms: int


class FaceAsked(Event, frozen=True, tag="face_asked"):
    """The bridge is about to be asked for a face: from now on its screen waits for the result."""


class FaceTold(Event, frozen=True, tag="face_told"):
    """The bridge knows how the payment ended; its screen is free."""


class Submitted(Event, frozen=True, tag="submitted"):
    """The pay request is about to be handed to the network; written before the first byte leaves.

    A later ``attempt`` follows only on a ``NotSent``: the request before it certainly never left.
    """

    method: Method
    wallet: Wallet | None
    gateway: str
    window_ms: int
    code_hint: str | None = None
    """The auth code with its middle blackened."""
    attempt: int = 1


class Answered(Event, frozen=True, tag="answered"):
    """An answer came, or it is certain that none will."""

    source: Source
    asked_at_ms: int
    verdict: AnyVerdict
    evidence: Evidence = Evidence()
    repeats: int = 0
    """How many times the answer before this one was repeated; repetitions are counted, not written."""


class VoidRequested(Event, frozen=True, tag="void_requested"):
    """The payment must not stand; written before anything is sent to undo it."""

    by: VoidBy


class VoidSent(Event, frozen=True, tag="void_sent"):
    """A cancel, or the refund that stands in for it, is about to leave."""

    step: UndoStep


class Resolved(Event, frozen=True, tag="resolved"):
    """The end; nobody is told before this is on disk."""

    status: Status
    reason: Reason | None = None
    message: str | None = None


class AttentionRaised(Event, frozen=True, tag="attention_raised"):
    """A person should look at it."""

    reason: Reason
    note: str | None = None


class Resumed(Event, frozen=True, tag="resumed"):
    """posd found it open after a restart."""

    clock_trusted: bool
    """Whether the time since the last event is known for sure (the machine was not rebooted meanwhile)."""


PaymentEvent = (
    Created
    | Armed
    | FaceAsked
    | FaceTold
    | Submitted
    | Answered
    | VoidRequested
    | VoidSent
    | Resolved
    | AttentionRaised
    | Resumed
)
