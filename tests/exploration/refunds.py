"""The refund machine under exploration: a gateway that tries failed refunds anew, a network, and a process that dies.

Smaller than that of payments, and complete: every order of requests, answers, losses, crashes and late arrivals. A
request whose answer was lost may arrive for as long as the horizon, and do what the first one did not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from unittest import mock

import msgspec

from posd.payment import refund as machine
from posd.payment.amounts import Fen
from posd.payment.errors import PaymentError
from posd.payment.events import AnyVerdict, Source
from posd.payment.refund import Refund, RefundAnswered, RefundEvent, RefundRequested, RefundSent, RefundStatus
from posd.payment.verdicts import (
    Doubt,
    NotFound,
    NotSent,
    RefundDone,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    Unknown,
)
from tests.exploration.bounds import TICK_MS

HORIZON = 2
"""Ticks within which a request arrives, or never does."""
JUMP = HORIZON + 1
"""Ticks by which a clock is ahead after a reboot: everything looks over."""
GHOSTS = 2
"""Requests at once that nobody waits for any more and that may still arrive."""
ORIGIN_MS = 1_000_000
LOST = Unknown(Doubt.NO_ANSWER)


class Truth(IntEnum):
    """How the refund stands at the gateway."""

    NONE = 0
    PROCESSING = 1
    DONE = 2
    FAILED = 3
    NOT_SURE = 4
    BY_HAND = 5


SAYS: dict[Truth, AnyVerdict] = {
    Truth.NONE: NotFound(),
    Truth.PROCESSING: RefundProcessing(),
    Truth.DONE: RefundDone(Fen(400)),
    Truth.FAILED: RefundFailed(),
    Truth.NOT_SURE: RefundNotSure(),
    Truth.BY_HAND: RefundManual(),
}
TRIES = (Truth.DONE, Truth.PROCESSING, Truth.FAILED, Truth.NOT_SURE, Truth.BY_HAND)
"""What a request can make of a refund that the gateway does not have, or has as failed; the benign first."""
ENDS = {RefundStatus.SUCCEEDED: Truth.DONE, RefundStatus.MANUAL: Truth.BY_HAND}


class Scene(NamedTuple):
    """One refund, what is on the wire for it, and the gateway's truth. Moments of the refund are ages in ticks."""

    refund: Refund
    truth: Truth = Truth.NONE
    wire: str = ""
    """`send` until the request has arrived, `sent` and what was answered; `ask` with the views since it was asked."""
    views: int = 0
    asked_at_ms: int = ORIGIN_MS
    ghosts: tuple[int, ...] = ()
    """The ages of lost requests that may still arrive."""
    now_ms: int = ORIGIN_MS


Move = tuple[str, Scene]


@dataclass(frozen=True, slots=True)
class Explored:
    """How far it went, and the way to what is wrong, if anything is."""

    states: int
    transitions: int
    flaw: str | None


def explore() -> Explored:
    """Every scene that can be reached; each has a way to its end without faults."""
    with mock.patch.object(machine, "ARRIVAL_HORIZON_MS", HORIZON * TICK_MS):
        return _explore()


def _explore() -> Explored:
    requested = RefundRequested(ORIGIN_MS, "ref_1", "A1R1", "pay_1", Fen(500))
    start = _normal(Scene(machine.request(requested)))
    came_from: dict[Scene, tuple[Scene, str] | None] = {start: None}
    waiting, transitions = deque([start]), 0
    while waiting:
        scene = waiting.popleft()
        try:
            moves = [(label, _normal(after)) for label, after in _moves(scene)]
        except PaymentError as error:
            return Explored(len(came_from), transitions, f"{error}: {_story(came_from, scene)}")
        for label, after in moves:
            transitions += 1
            if after not in came_from:
                came_from[after] = scene, label
                waiting.append(after)
                if _wrong(after):
                    return Explored(len(came_from), transitions, f"{after.refund.status}: {_story(came_from, after)}")
    endless = next((scene for scene in came_from if not _ends(scene)), None)
    flaw = None if endless is None else f"never ends: {_story(came_from, endless)}"
    return Explored(len(came_from), transitions, flaw)


def _story(came_from: dict[Scene, tuple[Scene, str] | None], scene: Scene) -> str:
    steps = []
    while (here := came_from[scene]) is not None:
        scene, label = here
        steps.append(label)
    return ", ".join(reversed(steps))


def _normal(scene: Scene) -> Scene:
    """The same scene with its moments as ages from one origin, up to what the horizon tells apart."""
    shift = scene.now_ms - ORIGIN_MS
    refund = scene.refund
    kept = msgspec.structs.replace(
        refund,
        created_at_ms=0,
        requests=min(refund.requests, 2),
        sent_at_ms=_young(refund.sent_at_ms, shift),
        lost_at_ms=_young(refund.lost_at_ms, shift),
        resolved_at_ms=None,
    )
    return scene._replace(
        refund=kept,
        now_ms=ORIGIN_MS,
        asked_at_ms=_young(scene.asked_at_ms, shift) or 0,
        ghosts=tuple(sorted(scene.ghosts)),
    )


def _young(moment_ms: int | None, shift_ms: int) -> int | None:
    return None if moment_ms is None else max(moment_ms - shift_ms, ORIGIN_MS - (HORIZON + 1) * TICK_MS)


# --- what can happen --------------------------------------------------------------------------------------------------


def _moves(scene: Scene) -> Iterator[Move]:
    yield from _gateway(scene)
    for age in sorted(set(scene.ghosts)):
        rest = list(scene.ghosts)
        rest.remove(age)
        for truth in _tried(scene.truth):
            yield f"an old request arrives: {truth.name}", _turned(scene._replace(ghosts=tuple(rest)), truth)
    if scene.refund.live:
        yield from _till(scene)
    ages = tuple(age + 1 for age in scene.ghosts if age + 1 < HORIZON)
    yield "tick", scene._replace(now_ms=scene.now_ms + TICK_MS, ghosts=ages)


def _gateway(scene: Scene) -> Iterator[Move]:
    if scene.truth is Truth.PROCESSING:
        yield "it is done", _turned(scene, Truth.DONE)
        yield "it fails", _turned(scene, Truth.FAILED)
    if scene.wire == "send" and scene.now_ms < scene.asked_at_ms + HORIZON * TICK_MS:
        for truth in _tried(scene.truth):
            yield f"the request arrives: {truth.name}", _turned(scene, truth)._replace(wire=f"sent {truth.name}")
        yield "the request is refused", scene._replace(wire=f"sent {Truth.FAILED.name}")


def _tried(truth: Truth) -> tuple[Truth, ...]:
    """What a request makes of it: nothing twice, but what failed may be tried anew, and what is not sure is done."""
    match truth:
        case Truth.NONE | Truth.FAILED:
            return TRIES
        case Truth.NOT_SURE:
            return (Truth.DONE,)
        case _:
            return (truth,)


def _turned(scene: Scene, truth: Truth) -> Scene:
    return scene._replace(truth=truth, views=scene.views | 1 << truth if scene.wire == "ask" else scene.views)


def _till(scene: Scene) -> Iterator[Move]:
    if scene.wire:
        yield from _answers(scene)
    elif scene.refund.resend:
        sent = machine.apply(scene.refund, RefundSent(scene.now_ms))
        yield "send", scene._replace(refund=sent, wire="send", asked_at_ms=scene.now_ms)
    else:
        yield "ask", scene._replace(wire="ask", views=1 << scene.truth, asked_at_ms=scene.now_ms)
    yield "crash", _resumed(_unwatched(scene), clock_trusted=True)
    ahead = _unwatched(scene)._replace(now_ms=scene.now_ms + JUMP * TICK_MS)
    yield "reboot with a clock far ahead", _resumed(ahead, clock_trusted=False)
    yield "crash of which nothing is recorded", _unwatched(scene)


def _answers(scene: Scene) -> Iterator[Move]:
    source = Source.REFUND_QUERY if scene.wire == "ask" else Source.REFUND
    yield "no answer", _heard(_unwatched(scene), source, LOST)
    idle = scene._replace(wire="", views=0)
    if scene.wire == "ask":
        for truth in Truth:
            if scene.views >> truth & 1:
                yield f"the question says {truth.name}", _heard(idle, source, SAYS[truth])
    elif scene.wire == "send":
        yield "never left", _heard(idle, source, NotSent())
    else:
        yield f"the answer says {scene.wire}", _heard(idle, source, SAYS[Truth[scene.wire.removeprefix("sent ")]])


def _unwatched(scene: Scene) -> Scene:
    age = (scene.now_ms - scene.asked_at_ms) // TICK_MS
    ghost = (age,) if scene.wire == "send" and len(scene.ghosts) < GHOSTS and age < HORIZON else ()
    return scene._replace(wire="", views=0, ghosts=(*scene.ghosts, *ghost))


def _heard(scene: Scene, source: Source, verdict: AnyVerdict) -> Scene:
    return _happened(scene, RefundAnswered(scene.now_ms, source, scene.asked_at_ms, verdict))


def _resumed(scene: Scene, *, clock_trusted: bool) -> Scene:
    lost = machine.resumed(scene.refund, scene.now_ms, clock_trusted=clock_trusted)
    return scene if lost is None else _happened(scene, lost)


def _happened(scene: Scene, event: RefundEvent) -> Scene:
    refund = machine.apply(scene.refund, event)
    ended = machine.consequence(refund, scene.now_ms)
    return scene._replace(refund=refund if ended is None else machine.apply(refund, ended))


# --- what must hold ---------------------------------------------------------------------------------------------------


def _wrong(scene: Scene) -> bool:
    """Whether posd has told an end that is not, or will not stay, the gateway's."""
    status = scene.refund.status
    if status is RefundStatus.FAILED:
        return scene.truth is not Truth.FAILED and scene.truth is not Truth.NONE
    return status in ENDS and scene.truth is not ENDS[status]


def _ends(scene: Scene) -> bool:
    """Whether it comes to an end without faults: asked once a tick, within the horizon."""
    ticks = 0
    while scene.refund.live and ticks <= HORIZON:
        moves = dict(_moves(scene))
        label = next((label for label in moves if _fair(label, scene)), "no answer")
        if label.startswith("the question"):
            ticks += 1
            moves = dict(_moves(_normal(moves[label])))
            label = "tick"
        scene = _normal(moves[label])
    return not scene.refund.live


def _fair(label: str, scene: Scene) -> bool:
    if label.startswith(("it is done", "an old request", "the request arrives", "the answer")):
        return True
    if label.startswith("the question"):
        return label.endswith(f" {scene.truth.name}")
    return (label in {"send", "ask"} and not scene.wire) or (label == "tick" and not scene.wire)
