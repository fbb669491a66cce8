"""What is explored: the kinds of gateways, the faults, and the small numbers that make all of it finite.

Time goes in ticks. Every duration of the machine is a small multiple of one, in the order of the shop where it matters:
poll < undo gap < window < floor < horizon < deadline, or as the scenario says. What is not scaled by ``Rules`` is a
constant of the machine; ``scaled`` sets these for the time of an exploration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from posd.payment import schedule, state_machine
from posd.payment.terms import Method, Rules, VoidTerms

TICK_MS = 1_000

SCALED = {
    (schedule, "PAY_PATIENCE_MS"): 1,
    (schedule, "UNDO_GAP_MS"): 1,
    (schedule, "UNDO_GAP_MOST_MS"): 2,
    (schedule, "REFUSED_GAP_MOST_MS"): 2,  # the pace of refused refunds is left to the unit tests
    (schedule, "REFUND_QUERY_GAP_MS"): 1,
    (schedule, "FOLLOW_UP_GAP_MS"): 1,
    (schedule, "_LIVELY_AFTER_WINDOW_MS"): 10**9,  # the falling pace of old payments is left to the unit tests
    (state_machine, "RETRY_GAP_MS"): 1,
    (state_machine, "RETRY_HORIZON_MS"): 2,
    (state_machine, "SLOW_VOID_MS"): 3,
}
"""Constants of the machine, in ticks while it is explored."""
FOLLOW_UPS = (2, 4)
"""When what was not received is asked for again, in ticks; three times in a shop, twice here."""
UNDOS_TOLD_APART = 2
"""After so many cancels the pace stays: one tick, two ticks, and two ever after."""
ARMED = 1
"""Ticks for which a payment waits for its code."""
FAR = 40
"""Further than anything that is remembered: how far a clock jumps."""


@contextmanager
def scaled() -> Iterator[None]:
    """The machine with its constants in ticks."""
    with mock.patch.object(state_machine, "FOLLOW_UPS_MS", tuple(ticks * TICK_MS for ticks in FOLLOW_UPS)):
        patches = [mock.patch.object(module, name, ticks * TICK_MS) for (module, name), ticks in SCALED.items()]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A gateway, a shop and the faults that may come. Durations in ticks."""

    name: str
    window: int
    horizon: int
    floor: int = 0
    deadline: int | None = None
    proves: bool = True
    """The answer to a cancel is its proof; else it is only taken, and may be done later, or never."""
    reverses: bool = True
    """A cancel undoes what is paid."""
    poll: int = 1
    queries: int = 1
    """Queries on the wire at once."""
    code: bool = False
    """The customer pays by a code that posd shows: the window begins when it can be shown."""

    crashes: int = 0
    clocks: tuple[str, ...] = ("known",)
    """How the time line may go on after a crash: ``known``, since only the process died; or the machine was rebooted,
    and its wall clock is ``right``, ``ahead`` of the truth, or ``behind`` the last event."""
    cashier: bool = True
    """The cashier may give up at any moment."""
    unsent: bool = False
    """The pay request may certainly never leave, and is then tried again."""
    late: bool = False
    """The pay request may arrive after the horizon: the contract's exception."""
    notices: int = 0
    """Notifications of a payment: each late, never, or twice."""
    echoes: int = 0
    """Answers that come once more, at any time, as they were."""
    refusals: bool = True
    """The gateway may refuse a cancel though it could do it."""
    refunds: bool = True
    """A refund may be in progress, not sure or failed; else it is done at once."""
    refused: bool = False
    """The gateway refuses each refund; once it has, a person may give the money back there by other ways."""
    slow_disk: bool = False
    """Ticks may pass between the record of the submit and the pay request."""
    ghosts: bool = True
    """A cancel whose answer was lost may still arrive, at any time."""

    @property
    def rules(self) -> Rules:
        """The same for the machine."""
        deadline_ms = None if self.deadline is None else self.deadline * TICK_MS
        void = VoidTerms(self.floor * TICK_MS, deadline_ms, self.proves, self.reverses)
        return Rules(void, self.horizon * TICK_MS, self.poll * TICK_MS, self.queries)

    @property
    def method(self) -> Method:
        """How the customer pays."""
        return Method.QR if self.code else Method.BARCODE

    @property
    def found(self) -> int:
        """Ticks within which a pay request arrives that is late and must be found, whatever clocks say meanwhile."""
        return self.horizon + min(FOLLOW_UPS)

    @property
    def settles_within(self) -> int:
        """The most ticks from any state to the end once faults have stopped.

        The window, then what is longer of floor and horizon, and the longest gap between two cancels; what may turn up
        later is asked for after the last follow-up.
        """
        gap = SCALED[schedule, "UNDO_GAP_MOST_MS"]
        return self.window + max(self.floor, self.horizon) + gap + (max(FOLLOW_UPS) if self.late else 0)
