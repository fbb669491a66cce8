"""What gateway and customer do with one order: the words. Pure.

``magic.py`` says which codes and amounts choose what; a script can ask for any ``Plan`` (``POST /control/behaviour``).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from posd.payment.verdicts import Reason

LATENCY_MS = 20
"""What the gateway takes for an ordinary answer."""


class PayFault(StrEnum):
    """How a pay request is answered. ``…_before``: the gateway never hears of the order; ``…_after``: it does."""

    OK = "ok"
    PENDING = "pending"
    """The answer says "paying", whatever is true."""
    NO_STATUS = "no_status"
    """Success without a word about the order, where the protocol can say so; else as ``pending``."""
    HANG = "hang"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    GARBAGE = "garbage"
    LIE = "lie"
    """The opposite of the truth, with a signature that is wrong."""
    UNSIGNED = "unsigned"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_ORDER = "wrong_order"


class QueryFault(StrEnum):
    """How a query is answered."""

    OK = "ok"
    HANG = "hang"
    CUT = "cut"
    ERROR = "error"
    GARBAGE = "garbage"
    LIE = "lie"
    UNSIGNED = "unsigned"
    TOO_OFTEN = "too_often"
    NOT_FOUND = "not_found"
    SYSTEM_ERROR = "system_error"
    STALE = "stale"
    """As the order stood ``stale_ms`` ago."""
    WRONG_AMOUNT = "wrong_amount"
    WRONG_ORDER = "wrong_order"


class CancelFault(StrEnum):
    """What a cancel or close does, and how it is answered."""

    OK = "ok"
    STILL_PAYING = "still_paying"
    TOO_LATE = "too_late"
    HANG = "hang"
    """Done, and never answered."""
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    LIE = "lie"
    """Says done, does nothing, and the signature is wrong."""
    NOT_DONE = "not_done"
    """Accepted and never done; where an answer is proof, refused as still paying."""


class RefundFault(StrEnum):
    """What becomes of a refund, and how its request is answered."""

    OK = "ok"
    PROCESSING = "processing"
    """Done after ``refund_polls`` refund queries."""
    HANG = "hang"
    """Done, and never answered."""
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    ERROR_AFTER = "error_after"
    LIE = "lie"
    NOT_SURE = "not_sure"
    """Done when the same request comes once more."""
    BY_HAND = "by_hand"
    FAIL = "fail"


class NoticeFault(StrEnum):
    """What is wrong with the notifications of an order."""

    OK = "ok"
    NONE = "none"
    LIE = "lie"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_ORDER = "wrong_order"
    TWICE = "twice"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How gateway and customer treat one order. Moments count from the arrival of the pay request.

    Of ``query``, ``cancel`` and ``refund`` the first word treats the first call, and so on; the last one repeats.
    """

    pay: PayFault = PayFault.OK
    decline: Reason | None = None
    confirm_after_ms: int | None = 0
    """When the customer pays; None: never."""
    refuse_after_ms: int | None = None
    expire_after_ms: int | None = None
    """When the gateway closes the unpaid order by itself."""
    arrive_after_ms: int | None = None
    """The connection is cut at once, and the request takes effect so much later."""
    confirm_on_cancel: bool = False
    """The customer pays in the moment in which a cancel arrives."""
    discount_fen: int = 0
    latency_ms: int = LATENCY_MS
    pay_latency_ms: int | None = None
    query: tuple[QueryFault, ...] = (QueryFault.OK,)
    cancel: tuple[CancelFault, ...] = (CancelFault.OK,)
    refund: tuple[RefundFault, ...] = (RefundFault.OK,)
    notice: NoticeFault = NoticeFault.OK
    stale_ms: int = 5_000
    refund_polls: int = 2

    def __post_init__(self) -> None:
        if not (self.query and self.cancel and self.refund):
            raise ValueError("query, cancel and refund need a word at least")
        numbers = (self.confirm_after_ms, self.refuse_after_ms, self.expire_after_ms, self.arrive_after_ms)
        others = (self.pay_latency_ms, self.latency_ms, self.discount_fen, self.stale_ms, self.refund_polls)
        if any(number is not None and number < 0 for number in numbers + others):
            raise ValueError("times, amounts and counts are not negative")


PAYS = Plan()
"""The customer holds up the phone and has paid."""

WAITS = Plan(confirm_after_ms=None)
"""Nobody pays until a person says so: QR codes without a magic amount."""
