"""The smallest shell that carries a payment: records facts with what follows from them, and says what is sent.

It does what ``posd.checkout`` does, without a journal, a network or a clock: the playbooks of the unit tests and the
exploration put these around it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from posd.payment import schedule, state_machine
from posd.payment.actions import PaymentAction, SendCancel, SendRefund
from posd.payment.events import Answered, PaymentEvent, Resumed, Submitted, UndoStep, VoidSent
from posd.payment.payment import Payment
from posd.payment.schedule import Activity
from posd.payment.terms import Rules

Happened = tuple[PaymentEvent, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """One payment, what is on the wire for it, and the time. Immutable."""

    rules: Rules
    now_ms: int
    payment: Payment
    activity: Activity = field(default_factory=Activity)

    def at(self, now_ms: int) -> Desk:
        """The same desk at another moment; nothing happens by that."""
        return replace(self, now_ms=now_ms)

    def record(self, *events: PaymentEvent) -> tuple[Desk, Happened]:
        """Events and what follows from them, as one batch; raises ImpossibleTransition."""
        payment, happened = state_machine.advance(self.payment, events, self.now_ms, self.rules)
        submitted = any(isinstance(event, Submitted) for event in happened)
        activity = schedule.resubmitted(self.activity) if submitted else self.activity
        return replace(self, payment=payment, activity=activity), happened

    def hear(self, answer: Answered) -> tuple[Desk, Happened]:
        """An answer: recorded if it is news. What has become true meanwhile is recorded in any case."""
        desk = replace(self, activity=schedule.answered(self.activity, answer))
        news = state_machine.is_news(self.payment, answer, self.rules)
        return desk.record(answer) if news else desk.record()

    @property
    def follows(self) -> bool:
        """Whether something has become true by itself that is not recorded yet."""
        return state_machine.consequence(self.payment, self.now_ms, self.rules) is not None

    @property
    def due(self) -> tuple[PaymentAction, ...]:
        """What is to be sent now."""
        return schedule.due(self.payment, self.activity, self.now_ms, self.rules) if self.payment.live else ()

    @property
    def wakes_at_ms(self) -> int | None:
        """When to look again though nobody says anything."""
        if not self.payment.live:
            return None
        moments = (
            state_machine.wakes_at_ms(self.payment),
            schedule.wakes_at_ms(self.payment, self.activity, self.rules),
        )
        return min((moment for moment in moments if moment is not None), default=None)

    def rest(self) -> Desk:
        """Where nothing is left to do, nobody waits for an answer any more; whoever takes it up again begins anew."""
        return self if self.payment.live else replace(self, activity=schedule.resumed(self.payment))

    def prepare(self, action: PaymentAction) -> tuple[Desk, Happened]:
        """What is recorded before an action leaves."""
        match action:
            case SendCancel():
                return self.record(VoidSent(self.now_ms, UndoStep.CANCEL))
            case SendRefund():
                return self.record(VoidSent(self.now_ms, UndoStep.REFUND))
            case _:
                return self, ()

    def start(self, action: PaymentAction) -> Desk:
        """The action leaves."""
        return replace(self, activity=schedule.started(self.activity, action, self.now_ms))

    def restart(self, now_ms: int, *, clock_trusted: bool) -> tuple[Desk, Happened]:
        """The process died; its successor finds the payment at ``now_ms``. What is done with is left alone."""
        if not self.payment.live:
            return replace(self, now_ms=now_ms, activity=Activity()), ()
        desk, happened = self.at(now_ms).record(Resumed(now_ms, clock_trusted))
        return replace(desk, activity=schedule.resumed(desk.payment)), happened
