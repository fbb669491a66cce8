"""A payment as the facts so far have made it: nothing in it that does not follow from its events."""

from __future__ import annotations

import msgspec

from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import AnyVerdict, Source, Status, UndoStep, VoidBy
from posd.payment.terms import Method, Rules
from posd.payment.verdicts import Evidence, Paid, Pending, Reason, Refusal


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why it ended, or why a person should look at it, in our word and in the gateway's."""

    reason: Reason
    message: str | None = None
    gateway_code: str | None = None
    gateway_message: str | None = None


class Heard(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer that was heard already, so that a repetition can be told from news."""

    source: Source
    verdict: AnyVerdict
    gateway_code: str | None = None


class Payment(msgspec.Struct, frozen=True, omit_defaults=True):
    """One attempt to take one amount from one customer. Immutable; ``state_machine.apply`` makes the next one."""

    payment_id: str
    order_no: str
    amount: Fen
    method: Method
    wallet: Wallet | None
    gateway: str
    window_ms: int
    created_at_ms: int
    status: Status = Status.AWAITING_CODE
    reference: str | None = None
    description: str | None = None
    operator: str | None = None
    armed_until_ms: int | None = None
    code_hint: str | None = None
    face_waits: bool = False
    """The screen of the face bridge waits to be told how it ended."""

    submitted_at_ms: int | None = None
    attempted_at_ms: int | None = None
    """When the pay request was handed to the network last."""
    attempts: int = 0
    unsent: bool = False
    """Every attempt so far certainly never left."""
    sure_since_ms: int = 0
    """No duration before this moment is known for sure: the machine was rebooted and its clock may have been wrong."""
    interrupted: bool = False
    """A restart took away the credential; what was not sent will not be."""
    shown_at_ms: int | None = None
    qr_code: str | None = None

    standing: Paid | Pending | None = None
    """What the gateway said of the order last, if it knows it and it is not over there."""
    over: Cause | None = None
    """The gateway said that the order is over without a charge, and in which words."""
    not_found_at_ms: int | None = None
    """When the latest query left that found no such order."""
    heard: tuple[Heard, ...] = ()
    """The different answers of this phase (since the last submit or void), the latest first."""

    void_by: VoidBy | None = None
    void_requested_at_ms: int | None = None
    undo_since_ms: int | None = None
    """When the first cancel or refund left; what a query was asked before that proves nothing after it."""
    cancels: int = 0
    cancelled_at_ms: int | None = None
    """When the latest cancel left."""
    cancel_answered: bool = False
    """A cancel was tried to its end: answered, or surely without an answer. A record alone may never have left."""
    refusals: int = 0
    """Cancels refused since the order was known to be paid."""
    refused: Refusal | None = None
    refund_sent_at_ms: int | None = None
    refund_refused: Cause | None = None
    """The gateway's latest word on that refund: it will not give the money back, or not by itself."""
    by_hand: bool = False
    """The gateway has taken that refund and wants the money moved by hand: "refunded" says only that it left then."""

    resolved_at_ms: int | None = None
    cause: Cause | None = None
    attention: tuple[Cause, ...] = ()
    not_received: bool = False
    """It ended because the gateway did not know it; it may still turn up."""
    turned_up_at_ms: int | None = None
    """It ended as failed or cancelled, and the gateway knows it as alive or paid: it is being reversed."""
    reversed_at_ms: int | None = None
    follow_ups_ms: tuple[int, ...] = ()
    """When to ask again although it has ended."""
    evidence: Evidence = Evidence()
    """What the conclusive answer said."""

    def but(self, **changes: object) -> Payment:
        """The same payment with some facts changed."""
        return msgspec.structs.replace(self, **changes)

    def attends(self, reason: Reason) -> bool:
        """Whether a person should look at it for this reason."""
        return any(cause.reason is reason for cause in self.attention)

    def attended(self, cause: Cause) -> Payment:
        """The same payment, at which a person should look; each reason once."""
        return self if self.attends(cause.reason) else self.but(attention=(*self.attention, cause))

    @property
    def paid(self) -> Paid | None:
        """What the gateway said when it was paid; with it come the amounts and the trade numbers."""
        return self.standing if isinstance(self.standing, Paid) else None

    @property
    def amounts(self) -> Amounts | None:
        """The three amounts of a paid payment."""
        return self.paid.amounts if self.paid is not None and self.status is Status.PAID else None

    @property
    def must_undo(self) -> bool:
        """Whether the order at the gateway must be brought down: voided, or turned up after the end."""
        return self.status is Status.CANCELLING or (self.turned_up_at_ms is not None and self.reversed_at_ms is None)

    @property
    def live(self) -> bool:
        """Whether anything is left to do, now or after a restart."""
        return not self.status.final or self.must_undo or bool(self.follow_ups_ms) or self.face_waits

    @property
    def asking(self) -> bool:
        """Whether the gateway may know something worth asking for."""
        return self.submitted_at_ms is not None and not self.unsent and (not self.status.final or self.must_undo)

    @property
    def void_refund_no(self) -> str:
        """The refund that stands in for a cancel that came too late; derived, so that it is the same after a crash."""
        return f"{self.order_no}V"

    def window_ends_ms(self) -> int:
        """When posd stops hoping; for a QR code counted from the moment it could be shown."""
        start = self.shown_at_ms or self.submitted_at_ms
        return (start if start is not None else self.created_at_ms) + self.window_ms

    def horizon_ms(self, rules: Rules) -> int:
        """From when on a request that the gateway does not know will not arrive any more."""
        return self._sure_of(self.attempted_at_ms) + rules.arrival_horizon_ms

    def floor_ms(self, rules: Rules) -> int:
        """From when on the gateway takes a cancel."""
        return self._sure_of(self.attempted_at_ms) + rules.void.floor_ms

    def _sure_of(self, moment_ms: int | None) -> int:
        return max(moment_ms or 0, self.sure_since_ms)

    def undo_step(self, now_ms: int, rules: Rules) -> UndoStep:
        """How to undo it now. A refund only where the order is paid and a cancel cannot help (any more)."""
        if self.paid is None:
            return UndoStep.CANCEL
        terms = rules.void
        past_deadline = terms.deadline_ms is not None and now_ms > (self.attempted_at_ms or 0) + terms.deadline_ms
        hopeless = self.refused is Refusal.TOO_LATE or self.refusals >= REFUSALS_BEFORE_REFUND
        refund = past_deadline or hopeless or not terms.reverses_paid or self.refund_sent_at_ms is not None
        return UndoStep.REFUND if refund else UndoStep.CANCEL


# A gateway that says "paid" and refuses to reverse it this often, for whatever reason, will not do it: refund.
REFUSALS_BEFORE_REFUND = 3
