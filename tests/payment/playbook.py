"""A payment told as a conversation: what happens, what posd sends, and what it then says.

    play = Playbook().submit().at(1).answer(QUERY, Pending()).at(15)
    assert Status.CANCELLING == play.stands()

Seconds count from the moment the payment was made. Nothing answers by itself.
"""

from __future__ import annotations

import msgspec

from posd.payment import state_machine
from posd.payment.actions import Action, GiveUpQuery, SendPay
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import (
    Answered,
    AnyVerdict,
    Armed,
    Created,
    PaymentEvent,
    Source,
    Status,
    Submitted,
    VoidBy,
    VoidRequested,
)
from posd.payment.payment import Payment
from posd.payment.terms import Method, Rules, VoidTerms
from posd.payment.verdicts import Doubt, Evidence, Paid, Reason, Unknown
from tests.payment.desk import Desk, Happened

START_MS = 1_795_140_000_000
"""2026-11-20 in UTC milliseconds; any moment would do."""
AMOUNT = Fen(1250)
PAID = Paid(Amounts.paid(AMOUNT, Fen(1000)), trade_no="T1", channel_trade_no="C1")
LOST = Unknown(Doubt.NO_ANSWER)

CHAOYING = Rules(VoidTerms(floor_ms=15_000, deadline_ms=300_000))
"""A cancel from 15 s to 5 min after pay, which proves and reverses."""
ACCEPTING = Rules(VoidTerms(answer_proves=False))
"""A cancel that is only taken; a query proves it."""
CLOSING = Rules(VoidTerms(answer_proves=False, reverses_paid=False))
"""A cancel that only closes what is unpaid."""


class Playbook:
    """One payment under a clock that moves only when told. Every method that lets something happen returns itself."""

    def __init__(self, rules: Rules = CHAOYING, window_s: int = 15, method: Method = Method.BARCODE) -> None:
        created = Created(
            START_MS, "pay_1", "0101A1", AMOUNT, method, Wallet.WECHAT, "main", window_s * 1000, reference="B-1"
        )
        self.desk = Desk(rules, START_MS, state_machine.create(created))
        self.journal: list[PaymentEvent] = [created]
        self.sent: list[tuple[float, str]] = []
        """Each request with the second in which it left, by the name of its action."""
        self.given_up: list[float] = []
        """The seconds in which the queries were asked that nobody waits for any more."""

    @property
    def payment(self) -> Payment:
        """The payment as it stands in the journal."""
        return self.desk.payment

    def stands(self) -> Status:
        """Its status."""
        return self.payment.status

    def why(self) -> Reason | None:
        """The reason of its end."""
        return self.payment.cause.reason if self.payment.cause else None

    def undoing(self) -> bool:
        """Whether the order at the gateway must be brought down."""
        return self.payment.must_undo

    @property
    def second(self) -> float:
        """The time."""
        return (self.desk.now_ms - START_MS) / 1000

    def times(self, action: type[Action]) -> list[float]:
        """The seconds in which an action of this kind was performed."""
        return [second for second, name in self.sent if name == action.__name__]

    def events(self, kind: type[PaymentEvent]) -> list[PaymentEvent]:
        """The journaled events of one kind."""
        return [event for event in self.journal if isinstance(event, kind)]

    # --- what happens

    def arm(self, until_s: float = 120) -> Playbook:
        """It waits for a code."""
        return self.happen(Armed(self.desk.now_ms, START_MS + round(until_s * 1000)))

    def submit(self, *, hint: str | None = "13************6789") -> Playbook:
        """A code was shown; the pay request goes out."""
        payment = self.payment
        return self.happen(
            Submitted(
                self.desk.now_ms,
                payment.method,
                payment.wallet,
                payment.gateway,
                payment.window_ms,
                hint,
                payment.attempts + 1,
            )
        )

    def answer(
        self, source: Source, verdict: AnyVerdict, asked_s: float | None = None, evidence: Evidence | None = None
    ) -> Playbook:
        """An answer comes, by default to a question of this very moment."""
        now_ms = self.desk.now_ms
        asked_ms = now_ms if asked_s is None else START_MS + round(asked_s * 1000)
        desk, happened = self.desk.hear(Answered(now_ms, source, asked_ms, verdict, evidence or Evidence()))
        return self._went(desk, happened)

    def cashier_cancels(self) -> Playbook:
        """The cashier gives up."""
        return self.happen(VoidRequested(self.desk.now_ms, VoidBy.CASHIER))

    def happen(self, *events: PaymentEvent) -> Playbook:
        """Anything else."""
        return self._went(*self.desk.record(*events))

    def restart(self, *, trusted: bool = True, line_s: float | None = None) -> Playbook:
        """The process dies and comes back, at this moment or with its time line at another."""
        now_ms = self.desk.now_ms if line_s is None else START_MS + round(line_s * 1000)
        return self._went(*self.desk.restart(now_ms, clock_trusted=trusted))

    def at(self, second: float) -> Playbook:
        """Time goes on; posd wakes when it wants to."""
        until_ms = START_MS + round(second * 1000)
        while (wakes_at_ms := self.desk.wakes_at_ms) is not None and wakes_at_ms <= until_ms:
            self.desk = self.desk.at(max(wakes_at_ms, self.desk.now_ms))
            before = self.desk
            self._settle()
            assert before != self.desk, f"woken at {self.second} s for nothing"
        self.desk = self.desk.at(until_ms)
        return self

    # --- inside

    def _went(self, desk: Desk, happened: Happened) -> Playbook:
        self.desk = desk
        self.journal.extend(happened)
        self._settle()
        return self

    def _settle(self) -> None:
        """Record what follows and send what is due, until there is nothing."""
        if self.desk.follows:
            self._keep(*self.desk.record())
        while actions := self.desk.due:
            for action in actions:
                self._keep(*self.desk.prepare(action))
                self.desk = self.desk.start(action)
                if isinstance(action, GiveUpQuery):
                    self.given_up.append((action.asked_at_ms - START_MS) / 1000)
                else:
                    self.sent.append((self.second, type(action).__name__))
        self.desk = self.desk.rest()

    def _keep(self, desk: Desk, happened: Happened) -> None:
        self.desk = desk
        self.journal.extend(happened)

    # --- what must always hold

    def replayed(self) -> Payment:
        """The payment that the journal makes, read back from its JSON."""
        encode, decode = msgspec.json.encode, msgspec.json.Decoder(PaymentEvent).decode
        first, *others = [decode(encode(event)) for event in self.journal]
        assert isinstance(first, Created)
        payment = state_machine.create(first)
        for event in others:
            payment = state_machine.apply(payment, event)
        return payment

    def submits(self) -> int:
        """How many pay requests have left."""
        return len(self.times(SendPay))
