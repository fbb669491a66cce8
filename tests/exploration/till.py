"""The machine under exploration: the real functions behind the smallest shell, and when two of its states are the same.

A ``Till`` is one payment in a process that may be dead. Its inputs are what can happen to a process: the clock, an
answer, the cashier, a crash at any point, a restart. Two tills with the same ``key`` behave the same for ever: the key
holds every fact that a decision can depend on, moments as their age up to the longest duration that is compared with
them. ``Tills`` runs each input on one till of each key only; a test walks at random and compares with tills that are
never merged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from posd.clock import Mark, TimeLine
from posd.payment import schedule, state_machine
from posd.payment.actions import (
    GiveUpQuery,
    PaymentAction,
    SendCancel,
    SendPay,
    SendQuery,
    SendRefund,
    SendRefundQuery,
)
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
from posd.payment.payment import REFUSALS_BEFORE_REFUND, Payment
from posd.payment.verdicts import NotFound, Paid, Reason
from tests.exploration.bounds import ARMED, FAR, FOLLOW_UPS, SCALED, TICK_MS, UNDOS_TOLD_APART, Scenario
from tests.invariants import Told
from tests.payment.desk import Desk, Happened

ORIGIN_MS = 1_000_000 * TICK_MS
AMOUNTS = Amounts(Fen(1250), Fen(250), Fen(1000))
PAID = Paid(AMOUNTS, trade_no="T", channel_trade_no="C")

Input = tuple[object, ...]
Effects = tuple[str, ...]
Key = tuple[object, ...]

_SLOW_VOID = SCALED[state_machine, "SLOW_VOID_MS"]
_RETRY = SCALED[state_machine, "RETRY_HORIZON_MS"]
_UNDO_GAP = SCALED[schedule, "UNDO_GAP_MOST_MS"]


@dataclass(frozen=True, slots=True)
class Till:
    """One payment in one process, or in none."""

    desk: Desk
    last_event_ms: int
    crashes: int
    """How many more times the process may die."""
    echoes: int
    """How many more answers may come once more."""
    running: bool = True
    echo: Answered | None = None
    """An answer that the network still has a copy of."""

    @property
    def payment(self) -> Payment:
        """What is on disk."""
        return self.desk.payment


class Step(NamedTuple):
    """What an input has led to."""

    till: Till
    effects: Effects = ()
    """What left, or stopped being waited for: names of actions, ``drop0`` for the oldest query, ``clear`` for all."""
    happened: Happened = ()


def first(scenario: Scenario) -> Till:
    """A payment that waits for a code."""
    window_ms = scenario.window * TICK_MS
    created = Created(ORIGIN_MS, "pay_1", "A1", AMOUNTS.amount, scenario.method, Wallet.WECHAT, "main", window_ms)
    desk = Desk(scenario.rules, ORIGIN_MS, state_machine.create(created))
    desk, _ = desk.record(Armed(ORIGIN_MS, ORIGIN_MS + ARMED * TICK_MS))
    return Till(desk, ORIGIN_MS, scenario.crashes, scenario.echoes)


# --- inputs -----------------------------------------------------------------------------------------------------------


def take(till: Till, given: Input) -> Step:
    """What an input leads to; raises ImpossibleTransition where the machine cannot take what its own shell gives it."""
    match given:
        case ("tick",):
            return Step(replace(till, desk=till.desk.at(till.desk.now_ms + TICK_MS)))
        case ("code",):
            return _recorded(till, *till.desk.record(_submitted(till)))
        case ("settle",):
            return _recorded(till, *till.desk.record())
        case ("cashier",):
            return _recorded(till, *till.desk.record(VoidRequested(till.desk.now_ms, VoidBy.CASHIER)))
        case ("do",):
            return _do(till)
        case ("record, crash",):
            desk, happened = till.desk.prepare(till.desk.due[0])
            return _crashed(_recorded(till, desk, happened))
        case ("crash",):
            return _crashed(Step(till))
        case ("restart", str(how)):
            return _restarted(till, how)
        case ("hear", Source() as source, int(which), verdict, bool(again)):
            return _hear(till, source, which, verdict, again=again)  # type: ignore[arg-type]  # a verdict of the world
        case ("echo",):
            return _echoed(till)
        case _:
            raise ValueError(given)


def _submitted(till: Till) -> Submitted:
    payment = till.payment
    return Submitted(till.desk.now_ms, payment.method, payment.wallet, payment.gateway, payment.window_ms, "13…")


def _echoed(till: Till) -> Step:
    """The same answer at another moment. Nobody waits for it, so that nothing on the wire ends by it."""
    assert till.echo is not None
    answer = msgspec.structs.replace(till.echo, at_ms=till.desk.now_ms)
    news = state_machine.is_news(till.payment, answer, till.desk.rules)
    desk, happened = till.desk.record(answer) if news else till.desk.record()
    return _recorded(replace(till, echo=None), desk, happened)


def _recorded(till: Till, desk: Desk, happened: Happened, effects: Effects = ()) -> Step:
    last_event_ms = desk.now_ms if happened else till.last_event_ms
    rested = desk.rest()
    if _on_the_wire(desk) and not _on_the_wire(rested):
        effects = (*effects, "clear")
    return Step(replace(till, desk=rested, last_event_ms=last_event_ms), effects, happened)


def _on_the_wire(desk: Desk) -> bool:
    activity = desk.activity
    return bool(activity.queries_ms or activity.undoing or activity.paying_since_ms is not None)


def _do(till: Till) -> Step:
    action = till.desk.due[0]
    desk, happened = till.desk.prepare(action)
    if isinstance(action, SendCancel | SendRefund) and not desk.payment.must_undo:
        return _recorded(till, desk, happened)
    return _recorded(till, desk.start(action), happened, (_effect(till, action),))


def _effect(till: Till, action: PaymentAction) -> str:
    match action:
        case SendPay():
            return "pay"
        case SendQuery():
            return "query"
        case SendCancel():
            return "cancel"
        case SendRefund():
            return "refund"
        case SendRefundQuery():
            return "refund query"
        case GiveUpQuery(asked_at_ms):
            return f"drop{till.desk.activity.queries_ms.index(asked_at_ms)}"


def _hear(till: Till, source: Source, which: int, verdict: AnyVerdict, *, again: bool) -> Step:
    now_ms, activity = till.desk.now_ms, till.desk.activity
    asked_at_ms = {
        Source.QUERY: lambda: activity.queries_ms[which],
        Source.PAY: lambda: activity.paying_since_ms or 0,
        Source.CANCEL: lambda: activity.undone_at_ms or 0,
        Source.REFUND: lambda: activity.undone_at_ms or 0,
        Source.REFUND_QUERY: lambda: activity.refund_asked_at_ms or 0,
        Source.NOTIFICATION: lambda: now_ms,
    }[source]()
    answer = Answered(now_ms, source, asked_at_ms, verdict)
    if again:
        till = replace(till, echo=answer, echoes=till.echoes - 1)
    return _recorded(till, *till.desk.hear(answer))


def _crashed(step: Step) -> Step:
    till = step.till
    desk = replace(till.desk, activity=schedule.resumed(till.payment))
    dead = replace(till, desk=desk, running=False, crashes=till.crashes - 1, echo=None)
    return Step(dead, (*step.effects, "clear"), step.happened)


def _restarted(till: Till, how: str) -> Step:
    """The real time line decides where it goes on, and whether the time in between is known."""
    now_ms, boot_id = till.desk.now_ms, "first" if how == "known" else "second"
    walls = {"known": 0, "behind": 0, "right": now_ms, "ahead": now_ms + FAR * TICK_MS}
    up_ms = now_ms - ORIGIN_MS if how == "known" else 2 * FAR * TICK_MS  # another boot has another steady clock
    line = TimeLine(lambda: walls[how], lambda: up_ms, boot_id)
    trusted = line.resume(Mark("first", ORIGIN_MS), till.last_event_ms)
    desk, happened = till.desk.restart(line.now_ms(), clock_trusted=trusted)
    return _recorded(replace(till, running=True), desk, happened)


# --- when two tills are the same --------------------------------------------------------------------------------------


def key_of(till: Till, scenario: Scenario) -> Key:
    """Everything that a decision of the machine can still depend on."""
    payment, activity = till.payment, till.desk.activity
    open_, processing = not payment.status.final, payment.status is Status.PROCESSING
    age = _Ages(till, scenario)
    not_found = None
    if payment.not_found_at_ms is not None and open_:
        not_found = payment.not_found_at_ms >= payment.horizon_ms(till.desk.rules)
    return (
        till.running,
        till.crashes,
        till.echoes,
        payment.status,
        payment.status is Status.AWAITING_CODE and age.until(payment.armed_until_ms or 0),
        processing and payment.unsent,
        processing and payment.interrupted,
        payment.standing and type(payment.standing),
        payment.over is not None,
        not_found,
        any(heard.source is Source.QUERY and heard.verdict == NotFound() for heard in payment.heard),
        may_go_back(till, scenario) and frozenset(payment.heard),
        payment.void_by is not None,
        payment.undo_since_ms is not None,
        payment.cancel_answered,
        min(payment.refusals, REFUSALS_BEFORE_REFUND),
        payment.refused,
        payment.refund_sent_at_ms is not None,
        frozenset(cause.reason for cause in payment.attention),
        payment.not_received,
        payment.turned_up_at_ms is not None,
        payment.reversed_at_ms is not None,
        payment.qr_code is not None and processing,
        tuple(age.until(due) for due in payment.follow_ups_ms),
        processing and age.of(payment.shown_at_ms or payment.submitted_at_ms, scenario.window),
        processing and scenario.unsent and age.of(payment.submitted_at_ms, min(_RETRY, scenario.window)),
        processing and scenario.unsent and age.of(payment.attempted_at_ms, 1),
        scenario.deadline is not None and age.of(payment.attempted_at_ms, scenario.deadline + 1),
        open_ and age.of(max(payment.attempted_at_ms or 0, payment.sure_since_ms), scenario.horizon),
        scenario.floor and _floor(till, scenario, age),
        not payment.attends(Reason.SLOW_VOID) and open_ and age.of(payment.void_requested_at_ms, _SLOW_VOID),
        activity.can_pay,
        activity.paying_since_ms is not None and (age.asked(activity.paying_since_ms), _patience(till, age)),
        tuple(age.asked(asked_ms) for asked_ms in activity.queries_ms),
        age.of(activity.queried_at_ms, max(scenario.poll, 1)),
        tuple((activity.queried_at_ms or 0) < due <= till.desk.now_ms for due in payment.follow_ups_ms),
        activity.undoing,
        activity.ask_now,
        activity.refund_known,
        age.of(activity.refund_asked_at_ms, _UNDO_GAP),
        min(activity.refund_asks, UNDOS_TOLD_APART),
        min(activity.undos, UNDOS_TOLD_APART),
        age.of(activity.undone_at_ms, _UNDO_GAP),
        till.echo and (till.echo.source, till.echo.verdict, age.asked(till.echo.asked_at_ms), _of_latest(till)),
    )


def _floor(till: Till, scenario: Scenario, age: _Ages) -> tuple[object, ...]:
    """From when on a cancel may leave: by the record, and by the arrival, which may still lie a little ahead."""
    payment, activity = till.payment, till.desk.activity
    arrived_ms = schedule.arrived_by_ms(payment, activity)
    return (
        activity.handed_over_at_ms == 0,
        age.of(max(payment.attempted_at_ms or 0, payment.sure_since_ms), scenario.floor),
        age.of(arrived_ms - schedule.TRAVEL_MS, scenario.floor + schedule.TRAVEL_MS // TICK_MS),
    )


def _patience(till: Till, age: _Ages) -> tuple[int, ...] | None:
    return None if till.desk.activity.queried_at_ms is not None else age.of(till.desk.activity.paying_since_ms, 1)


def _of_latest(till: Till) -> bool:
    return till.echo is not None and till.echo.asked_at_ms >= (till.payment.attempted_at_ms or 0)


def may_go_back(till: Till, scenario: Scenario) -> bool:
    """Whether the line can still be put back to the last event."""
    return "behind" in scenario.clocks and bool(till.crashes or not till.running)


class _Ages:
    """How long ago the moments of one till are, as far as that matters."""

    def __init__(self, till: Till, scenario: Scenario) -> None:
        self._till = till
        self._now_ms = till.desk.now_ms
        # A reboot can put the line back to the last event: what is old now may be young again then.
        self._goes_back = may_go_back(till, scenario)

    def of(self, moment_ms: int | None, matters: int) -> tuple[int, ...] | None:
        """In ticks, and no more than one beyond the longest age that anything asks for."""
        if moment_ms is None:
            return None
        return tuple(min(max(now_ms - moment_ms, 0) // TICK_MS, matters + 1) for now_ms in self._now())

    def until(self, moment_ms: int) -> tuple[int, ...]:
        """In ticks; negative when it has passed, all the same beyond the longest that is remembered."""
        longest = max(FOLLOW_UPS) + 1
        return tuple(max((moment_ms - now_ms) // TICK_MS, -longest) for now_ms in self._now())

    def _now(self) -> tuple[int, ...]:
        return (self._now_ms, self._till.last_event_ms) if self._goes_back else (self._now_ms,)

    def asked(self, asked_ms: int) -> tuple[object, ...]:
        """What of the moment of a question its answer can be held against."""
        payment = self._till.payment
        return (
            asked_ms < (self._now_ms if payment.undo_since_ms is None else payment.undo_since_ms),
            not payment.status.final and asked_ms >= payment.horizon_ms(self._till.desk.rules),
            asked_ms >= (self._now_ms if payment.resolved_at_ms is None else payment.resolved_at_ms),
            sum(due <= asked_ms for due in payment.follow_ups_ms),
        )


# --- tills by number --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Face:
    """What the world sees of a till."""

    running: bool
    follows: bool
    """Something has become true that is not recorded yet."""
    due: str | None
    """The effect that is due now."""
    due_is_recorded: bool
    """Something goes on disk before it leaves."""
    live: bool
    final: bool
    quiet: bool
    """It is over, at the gateway too as far as posd knows."""
    awaiting: bool
    """It waits for a code."""
    asks_later: bool
    """It is over, and will be asked about again after this moment."""
    queries: int
    paying: bool
    undoing: bool
    crashes: int
    echoes: int
    echo: bool
    can_be_voided: bool
    told: Told
    amiss: str | None
    """What is wrong with it, whatever stands around it."""


def face_of(till: Till) -> Face:
    """What the world sees."""
    payment, activity, desk = till.payment, till.desk.activity, till.desk
    actions = desk.due if till.running else ()
    amounts = payment.amounts
    return Face(
        running=till.running,
        follows=till.running and desk.follows,
        due=_effect(till, actions[0]) if actions else None,
        due_is_recorded=bool(actions) and isinstance(actions[0], SendCancel | SendRefund),
        live=payment.live,
        final=payment.status.final,
        quiet=payment.status.final and not payment.must_undo,
        awaiting=payment.status is Status.AWAITING_CODE and till.running,
        asks_later=any(due > desk.now_ms for due in payment.follow_ups_ms),
        queries=len(activity.queries_ms),
        paying=activity.paying_since_ms is not None,
        undoing=activity.undoing,
        crashes=till.crashes,
        echoes=till.echoes,
        echo=till.echo is not None,
        can_be_voided=not payment.status.final and payment.void_by is None,
        told=Told(
            payment.order_no,
            str(payment.status),
            payment.amount,
            amounts.coup_amount if amounts else None,
            amounts.pay_amount if amounts else None,
            bool(payment.attention),
        ),
        amiss=_amiss(till, actions),
    )


def _amiss(till: Till, actions: tuple[PaymentAction, ...]) -> str | None:
    payment = till.payment
    if payment.status.final and payment.must_undo and not payment.attention:
        return "undone after its end, and nobody was told"
    if not till.running or not till.payment.live or actions or till.desk.follows:
        return None
    wakes_at_ms = till.desk.wakes_at_ms
    if wakes_at_ms is None:
        return None if _on_the_wire(till.desk) else "nothing is on the wire, and nothing will ever wake it"
    return "it wakes for nothing" if wakes_at_ms <= till.desk.now_ms else None


class Tills:
    """All tills of one scenario that were met, each by its number; every input is run once on each."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.tills: list[Till] = []
        self.faces: list[Face] = []
        self._numbers: dict[Key, int] = {}
        self._steps: dict[tuple[int, Input], tuple[int, Effects]] = {}

    def number(self, till: Till) -> int:
        """The number of a till, new if none like it was met."""
        key = key_of(till, self._scenario)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.tills)
            self.tills.append(till)
            self.faces.append(face_of(till))
        return number

    def take(self, number: int, given: Input) -> tuple[int, Effects]:
        """The number of the till that an input leads to, and what left by it."""
        known = self._steps.get((number, given))
        if known is None:
            step = take(self.tills[number], given)
            known = self._steps[number, given] = self.number(step.till), step.effects
        return known


__all__ = ["PAID", "Effects", "Face", "Input", "PaymentEvent", "Step", "Till", "Tills", "first", "key_of", "take"]
