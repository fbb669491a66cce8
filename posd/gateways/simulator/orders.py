"""One order as it really is: who asked for what, what the customer did, what went back. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from posd.gateways.simulator.behaviour import PAYS, CancelFault, Plan, QueryFault, RefundFault
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

# What a person would still read; a client that errs in a loop must not fill the memory.
REQUESTS_MAX = 200


class Phase(StrEnum):
    """How an order stands."""

    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    CLOSED = "closed"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class State:
    """An order at one moment; amounts in fen of the customer's money."""

    phase: Phase
    captured: int = 0
    reversed: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        """What the customer is charged, all in all."""
        return self.captured - self.reversed - self.refunded


class RefundStatus(StrEnum):
    """How a refund stands."""

    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    NOT_SURE = "not_sure"
    BY_HAND = "by_hand"


# A refund that failed or must be moved by hand gives its amount back to the order.
_HOLDING = (RefundStatus.PROCESSING, RefundStatus.SUCCESS, RefundStatus.NOT_SURE)


@dataclass(slots=True)
class Refund:
    """One refund number."""

    refund_no: str
    amount: int
    """What was asked for; counts against the order's amount."""
    due: int
    """What the customer gets back when it succeeds."""
    status: RefundStatus
    refund_id: str
    """The platform's own number."""
    requested_at_ms: int
    polls_left: int = 0
    settled_at_ms: int | None = None


class RefundRefusal(StrEnum):
    """Why a refund is not made."""

    NOT_FOUND = "not_found"
    NOT_PAID = "not_paid"
    EXCEEDS = "exceeds"
    MISMATCH = "mismatch"


class RefundRefused(Exception):
    """The refund is not made."""

    def __init__(self, why: RefundRefusal) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Charge:
    """What a pay request asks for."""

    amount: int
    wallet: Wallet | None
    credential: str | None = field(default=None, repr=False)
    """The auth or face code; None for an order that a customer pays by himself (a QR code)."""
    notify_url: str | None = None
    expires_at_ms: int | None = None
    memo: Mapping[str, str] = field(default_factory=dict)
    """What else later answers need: attach, trade type, the day of the order."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; credentials are masked."""

    at_ms: int
    operation: str
    order_no: str | None
    fields: Mapping[str, object]
    fault: str | None = None
    """Why it was rejected; None where it was not."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification that was sent."""

    at_ms: int
    event: str
    url: str
    status: int | None
    """The receiver's HTTP status; None where it could not be reached or took too long."""
    text: str
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a client broke a document, or what is worth a look."""

    at_ms: int
    protocol: str
    operation: str
    order_no: str | None
    text: str


@dataclass(slots=True)
class Order:
    """One order number, and the customer's money behind it."""

    order_no: str
    protocol: str
    serial: int
    """The platforms make their own numbers of it."""
    plan: Plan = PAYS
    charge: Charge | None = None
    submitted_at_ms: int | None = None
    submits: int = 0
    arriving: int = 0
    """Pay requests that are still on their way."""
    created_at_ms: int | None = None
    """None: the gateway knows no such order, yet."""
    history: list[tuple[int, State]] = field(default_factory=list)
    refunds: dict[str, Refund] = field(default_factory=dict)
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=REQUESTS_MAX))
    reason: Reason | None = None
    """Why it failed, where it did."""
    told_paid: bool = False
    """Whether an answer has said that it is paid."""
    notices: list[Notice] = field(default_factory=list)
    """The notifications that were sent."""
    expires_at_ms: int | None = None
    _used: dict[str, int] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        """What the goods cost, in fen."""
        return self.charge.amount if self.charge else 0

    @property
    def pay_amount(self) -> int:
        """What the customer pays, in fen."""
        return self.amount - min(self.plan.discount_fen, self.amount)

    @property
    def wallet(self) -> Wallet | None:
        """Where the customer pays from."""
        return self.charge.wallet if self.charge else None

    @property
    def memo(self) -> Mapping[str, str]:
        """What the protocol wanted to remember of the pay request."""
        return self.charge.memo if self.charge else {}

    @property
    def by_itself(self) -> bool:
        """Whether the customer pays by himself: a QR code."""
        return self.charge is not None and self.charge.credential is None

    @property
    def paid_at_ms(self) -> int | None:
        """When the customer paid."""
        return next((at for at, state in self.history if state.phase is Phase.PAID), None)

    @property
    def refunds_asked(self) -> int:
        """What all refunds that hold count for, against the order's amount."""
        return sum(refund.amount for refund in self.refunds.values() if refund.status in _HOLDING)

    @property
    def refunds_due(self) -> int:
        """What all refunds that hold give back."""
        return sum(refund.due for refund in self.refunds.values() if refund.status in _HOLDING)

    def state(self, now_ms: int) -> State | None:
        """How it stands; None while the gateway does not know it."""
        self._decide(now_ms)
        return self.history[-1][1] if self.history else None

    def state_at(self, moment_ms: int, now_ms: int) -> State | None:
        """How it stood at an earlier moment."""
        self._decide(now_ms)
        return next((state for at, state in reversed(self.history) if at <= moment_ms), None)

    def next_query(self) -> QueryFault:
        """How the plan treats the next query."""
        return self.plan.query[self._turn("query", len(self.plan.query))]

    def next_cancel(self) -> CancelFault:
        """How the plan treats the next cancel or close."""
        return self.plan.cancel[self._turn("cancel", len(self.plan.cancel))]

    def next_refund(self) -> RefundFault:
        """How the plan treats the next refund."""
        return self.plan.refund[self._turn("refund", len(self.plan.refund))]

    def _turn(self, what: str, words: int) -> int:
        used = self._used.get(what, 0)
        self._used[what] = used + 1
        return min(used, words - 1)

    def push(self, at_ms: int, state: State) -> None:
        """What happens to it."""
        self.history.append((at_ms, state))

    def _decide(self, now_ms: int) -> None:
        """Let the customer or the clock decide an order whose moment has come."""
        born = self.created_at_ms
        if born is None or not self.history or self.history[-1][1].phase is not Phase.PAYING:
            return
        moments = [(born + after, phase) for after, phase in self._moments() if after is not None]
        if self.expires_at_ms is not None:
            moments.append((self.expires_at_ms, Phase.CLOSED))
        due = [moment for moment in moments if moment[0] <= now_ms]
        if due:
            at, phase = min(due)
            self.reason = Reason.USER_CANCELLED if phase is Phase.FAILED else None
            self.push(max(at, born), State(phase, captured=self.pay_amount if phase is Phase.PAID else 0))

    def _moments(self) -> tuple[tuple[int | None, Phase], ...]:
        plan = self.plan
        return (
            (plan.confirm_after_ms, Phase.PAID),
            (plan.refuse_after_ms, Phase.FAILED),
            (plan.expire_after_ms, Phase.CLOSED),
        )
