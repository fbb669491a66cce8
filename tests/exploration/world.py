"""The world around the till: the gateway, the customer and the network. Every move is one thing that can happen next.

The gateway knows the order or not, and keeps its truth in ``order``. Answers say how the order stood at some moment
since they were asked for, so a query on the wire is the set of all views since then (``queries``, bits of ``View``):
answered early, late, out of order or never, it is one of these, or lost. What has effects travels by itself: the pay
request (``afloat``), a cancel or a refund on the wire, and those that nobody waits for any more (``ghost_…``).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from posd.payment.events import AnyVerdict, Source
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    NotSent,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundNotSure,
    RefundProcessing,
    Refusal,
    Refused,
    Unknown,
)
from tests.exploration.bounds import Scenario
from tests.exploration.till import AMOUNTS, PAID, Input
from tests.invariants import Books


class View(IntEnum):
    """How the gateway knows an order."""

    ABSENT = 0
    PENDING = 1
    PAID = 2
    DECLINED = 3
    CLOSED = 4
    REVERSED = 5
    REFUNDED = 6


class Back(IntEnum):
    """How the gateway knows the refund that stands in for a cancel."""

    NONE = 0
    PROCESSING = 1
    DONE = 2
    FAILED = 3
    NOT_SURE = 4


ARRIVES = "pay request arrives"
LOST = Unknown(Doubt.NO_ANSWER)
DECLINED = Declined(Reason.DECLINED)
QUERY_SAYS: dict[View, AnyVerdict] = {
    View.ABSENT: NotFound(),
    View.PENDING: Pending(),
    View.PAID: PAID,
    View.DECLINED: DECLINED,
    View.CLOSED: Closed(),
    View.REVERSED: Closed(),
    View.REFUNDED: Refunded(),
}
PAY_SAYS: dict[View, AnyVerdict] = {
    View.PENDING: Pending("code"),
    View.PAID: PAID,
    View.DECLINED: DECLINED,
    View.CLOSED: DECLINED,
}
REFUND_SAYS: dict[Back, AnyVerdict] = {
    Back.NONE: NotFound(),
    Back.PROCESSING: RefundProcessing(),
    Back.DONE: RefundDone(AMOUNTS.pay_amount),
    Back.FAILED: RefundFailed(),
    Back.NOT_SURE: RefundNotSure(),
}
REPLIES: dict[str, AnyVerdict] = {
    "closed": Closed(),
    "accepted": Accepted(),
    "not found": NotFound(),
    "still paying": Refused(Refusal.STILL_PAYING),
    "too late": Refused(Refusal.TOO_LATE),
    "refused": Refused(Refusal.OTHER),
}
SOURCES = {"cancel": Source.CANCEL, "refund": Source.REFUND, "refund query": Source.REFUND_QUERY}


class World(NamedTuple):
    """Everything around the till, at one moment."""

    order: View = View.ABSENT
    refund: Back = Back.NONE
    afloat: bool = False
    """A pay request is on its way."""
    submits: int = 0
    """Pay requests that left, but for those that certainly did not."""
    pay: int | None = None
    """Views since the pay request arrived, 0 before that; None: nobody waits for its answer."""
    queries: tuple[int, ...] = ()
    """Views since each query on the wire was asked, the oldest first."""
    wire: str = ""
    """The cancel, refund or refund query on the wire."""
    reply: str | int = ""
    """What the gateway has answered to it, or the views of the refund since it was asked for; empty: not arrived."""
    ghost_cancel: bool = False
    ghost_refund: bool = False
    deferred: bool = False
    """A cancel was taken and may be carried out later, or never."""
    notices: int = 0
    """Notifications that may still come."""
    age: int = 0
    """Ticks since the latest pay request left."""
    delay: int = 0
    """Ticks for which the disk held it back."""
    too_late: bool = False
    """The pay request arrived after the horizon."""
    early: bool = False
    """A cancel left before the floor."""


Move = tuple[str, World]
Answer = tuple[str, World, Input]
"""What is said, the world once it is said, and the input of the till."""


class Moves:
    """All that can happen next around the till in one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        last = scenario.found if scenario.late else scenario.horizon
        self._oldest = max(last, scenario.floor, (scenario.deadline or 0) + 1)

    # --- time and the till's own doing --------------------------------------------------------------------------------

    def tick(self, world: World) -> World:
        """A tick later. A pay request that has not arrived within the horizon never does, but for the exception."""
        age = min(world.age + 1, self._oldest)
        later = world._replace(age=age)
        return later._replace(afloat=world.afloat and (self._in_time(later) or self._scenario.late))

    def delayed(self, world: World) -> World:
        """A tick later, while the submit is still being written; the age of the code counts from before that."""
        return world._replace(delay=min(world.delay + 1, self._oldest))

    def _in_time(self, world: World) -> bool:
        """Whether the customer's code still lives: the horizon counts from the record of the submit."""
        return world.age + world.delay < self._scenario.horizon

    def soon(self, world: World) -> bool:
        """Whether a pay request that arrives now, late as it is, must be found."""
        return world.age + world.delay < self._scenario.found

    def performed(self, world: World, effect: str) -> World:
        """Something left the till, or is not waited for any more."""
        match effect:
            case "pay":
                return world._replace(afloat=True, submits=world.submits + 1, pay=0, age=0)
            case "query":
                return world._replace(queries=(*world.queries, 1 << world.order))
            case "cancel" | "refund":
                early = world.early or (world.submits > 0 and world.age < self._scenario.floor)
                return world._replace(wire=effect, reply="", early=early)
            case "refund query":
                return world._replace(wire=effect, reply=1 << world.refund)
            case "clear":
                return self._unwatched(world)._replace(queries=(), pay=None)
            case _:
                which = int(effect.removeprefix("drop"))
                return world._replace(queries=world.queries[:which] + world.queries[which + 1 :])

    def _unwatched(self, world: World) -> World:
        """Nobody waits for the cancel or refund on the wire any more; if it has not arrived it still may."""
        ghosts = self._scenario.ghosts and world.reply == ""
        return world._replace(
            wire="",
            reply="",
            ghost_cancel=world.ghost_cancel or (ghosts and world.wire == "cancel" and world.order in _CANCELLABLE),
            ghost_refund=world.ghost_refund or (ghosts and world.wire == "refund" and world.order is View.PAID),
        )

    # --- customer and gateway -----------------------------------------------------------------------------------------

    def of(self, world: World) -> Iterator[Move]:
        """What customer and gateway can do; the arrival of the pay request comes first where it is possible."""
        if self.may_arrive(world):
            yield ARRIVES, self._arrive(world)
        if world.order is View.PENDING:
            yield "customer confirms", self._turned(world, View.PAID)
            yield "customer refuses", self._turned(world, View.DECLINED)
            if self._too_old_to_cancel(world):
                yield "the order dies", self._turned(world, View.CLOSED)
        if world.wire == "cancel" and world.reply == "":
            yield from self._cancel(world, ghost=False)
        if world.wire == "refund" and world.reply == "":
            yield from self._refund(world, ghost=False)
        if world.ghost_cancel:
            yield from self._cancel(world._replace(ghost_cancel=False), ghost=True)
        if world.ghost_refund:
            yield from self._refund(world._replace(ghost_refund=False), ghost=True)
        if world.deferred:
            yield "the cancel is carried out", self._reversed(world._replace(deferred=False))
        if self._scenario.refused and world.order is View.PAID and world.refund is Back.FAILED:
            yield "a person gives it back", self._turned(world, View.REFUNDED)
        if world.refund is Back.PROCESSING:
            yield "the refund is done", self._give_back(world)
            yield "the refund fails", self._refund_turned(world, Back.FAILED)

    def may_arrive(self, world: World) -> bool:
        """Whether a pay request is on its way."""
        return world.afloat and (self._in_time(world) or self._scenario.late)

    def _arrive(self, world: World) -> World:
        in_time = self._in_time(world)
        arrived = self._turned(world._replace(afloat=False, too_late=not in_time), View.PENDING)
        return arrived if world.pay is None else arrived._replace(pay=1 << View.PENDING)

    def _turned(self, world: World, order: View) -> World:
        """The order stands otherwise from now on. What is over cannot be cancelled later."""
        bit = 1 << order
        over = order not in _CANCELLABLE
        return world._replace(
            order=order,
            queries=tuple(views | bit for views in world.queries),
            pay=world.pay and world.pay | bit,
            notices=self._scenario.notices if order is View.PAID else world.notices,
            deferred=world.deferred and not over,
            ghost_cancel=world.ghost_cancel and not over,
            ghost_refund=world.ghost_refund and not over,
        )

    def _cancel(self, world: World, *, ghost: bool) -> Iterator[Move]:
        name = "an old cancel" if ghost else "the cancel"
        for does, reply in self._cancel_outcomes(world):
            after = {"now": self._reversed(world), "later": world._replace(deferred=True)}.get(does, world)
            yield f"{name} arrives: {does}, {reply}", after if ghost else after._replace(reply=reply)

    def _cancel_outcomes(self, world: World) -> Iterator[tuple[str, str]]:
        """What it does (now, later, never) and what is answered, the benign first."""
        scenario = self._scenario
        if world.order is View.ABSENT:
            yield "never", "not found"
            return
        if self._too_old_to_cancel(world):
            yield "never", "too late"
            return
        can = world.order is View.PENDING or (world.order is View.PAID and scenario.reverses)
        if can and world.refund is Back.PROCESSING:
            yield "never", "refused"
        elif can:
            yield "now", "closed" if scenario.proves else "accepted"
            if not scenario.proves:
                yield "later", "accepted"
            if scenario.refusals:
                yield "never", "still paying" if world.order is View.PENDING else "refused"
        elif world.order is View.PAID:
            yield "never", "refused"
        else:
            yield "never", "closed" if scenario.proves and world.order is not View.REFUNDED else "refused"

    def _too_old_to_cancel(self, world: World) -> bool:
        """The gateway takes no cancel any more; what is unpaid by then dies by itself, as no wallet waits that long."""
        return self._scenario.deadline is not None and world.age > self._scenario.deadline

    def _reversed(self, world: World) -> World:
        if world.order is View.PENDING:
            return self._turned(world, View.CLOSED)
        if world.order is View.PAID and self._scenario.reverses and world.refund is not Back.PROCESSING:
            return self._turned(world, View.REVERSED)
        return world

    def _refund(self, world: World, *, ghost: bool) -> Iterator[Move]:
        name = "an old refund" if ghost else "the refund"
        for after in self._refund_outcomes(world):
            reply = Back.FAILED if after.order is not View.REFUNDED and after.refund is Back.NONE else after.refund
            yield f"{name} arrives: {reply.name}", after if ghost else after._replace(reply=reply.name)

    def _refund_outcomes(self, world: World) -> Iterator[World]:
        """The same number is the same refund; one that failed or is not sure is tried once more."""
        if world.order is not View.PAID or world.refund in {Back.PROCESSING, Back.DONE}:
            yield world
            return
        if self._scenario.refused:
            yield self._refund_turned(world, Back.FAILED)
            return
        yield self._give_back(world)
        if self._scenario.refunds:
            yield self._refund_turned(world, Back.PROCESSING)
            yield self._refund_turned(world, Back.FAILED)
            if world.refund is not Back.NOT_SURE:
                yield self._refund_turned(world, Back.NOT_SURE)

    def _give_back(self, world: World) -> World:
        if world.order is not View.PAID:
            return self._refund_turned(world, Back.FAILED)
        return self._refund_turned(self._turned(world, View.REFUNDED), Back.DONE)

    @staticmethod
    def _refund_turned(world: World, refund: Back) -> World:
        reply = world.reply | 1 << refund if isinstance(world.reply, int) else world.reply
        return world._replace(refund=refund, reply=reply)

    # --- answers ------------------------------------------------------------------------------------------------------

    def answers(self, world: World) -> Iterator[Answer]:
        """Every answer that can come to the till now: each moment since the question, or none at all."""
        yield from self._query_answers(world)
        if world.pay is not None:
            yield from self._pay_answers(world)
        if world.wire:
            yield from self._undo_answers(world)
        if world.notices:
            yield _said(world._replace(notices=world.notices - 1), Source.NOTIFICATION, PAID)

    def _query_answers(self, world: World) -> Iterator[Answer]:
        for which, views in enumerate(world.queries):
            rest = world._replace(queries=world.queries[:which] + world.queries[which + 1 :])
            for view in reversed(View):
                if views >> view & 1:
                    yield _said(rest, Source.QUERY, QUERY_SAYS[view], which)
            yield _said(rest, Source.QUERY, LOST, which)

    def _pay_answers(self, world: World) -> Iterator[Answer]:
        rest = world._replace(pay=None)
        for view, verdict in PAY_SAYS.items():
            if (world.pay or 0) >> view & 1:
                said = Pending() if view is View.PENDING and not self._scenario.code else verdict
                yield _said(rest, Source.PAY, said)
        yield _said(rest, Source.PAY, LOST)
        if self._scenario.unsent and world.afloat and world.pay == 0:
            yield _said(rest._replace(afloat=False, submits=world.submits - 1), Source.PAY, NotSent())

    def _undo_answers(self, world: World) -> Iterator[Answer]:
        source = SOURCES[world.wire]
        rest = world._replace(wire="", reply="")
        if isinstance(world.reply, int):
            for back in reversed(Back):
                if world.reply >> back & 1:
                    yield _said(rest, source, REFUND_SAYS[back])
        elif world.reply:
            said = REFUND_SAYS[Back[world.reply]] if world.wire == "refund" else REPLIES[world.reply]
            yield _said(rest, source, said)
        yield _said(self._unwatched(world), source, LOST)

    # --- the ledger ---------------------------------------------------------------------------------------------------

    def books(self, world: World) -> Books:
        """What the gateway's ledger says."""
        captured = AMOUNTS.pay_amount if world.order in _CAPTURED else 0
        in_time = world.afloat and self._in_time(world)
        return Books(
            "A1",
            world.submits,
            captured,
            captured if world.order in _GIVEN_BACK else 0,
            world.order is View.PENDING or (in_time and world.order is View.ABSENT),
            int(world.early),
            world.too_late,
        )


def _said(world: World, source: Source, verdict: AnyVerdict, which: int = 0) -> Answer:
    return f"{source} says {type(verdict).__name__}", world, ("hear", source, which, verdict, False)


_CAPTURED = frozenset({View.PAID, View.REVERSED, View.REFUNDED})
_GIVEN_BACK = frozenset({View.REVERSED, View.REFUNDED})
_CANCELLABLE = frozenset({View.ABSENT, View.PENDING, View.PAID})
