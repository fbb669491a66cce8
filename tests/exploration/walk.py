"""One way through a scenario, drawn by lot: with a till that is never merged with another, and its journal.

The exploration takes one till of each key for all. A walk shows that it may: step by step the till that has come all
the way has the key, sends the requests, and shows the face of the one that stands for it. At the end the journal, read
back from JSON, makes the same payment.
"""

from __future__ import annotations

import random

import msgspec

from posd.payment import state_machine
from posd.payment.events import PaymentEvent
from posd.payment.payment import Payment
from tests.exploration.explorer import SHIFT, Explorer
from tests.exploration.till import face_of, first, key_of, take

_decode = msgspec.json.Decoder(PaymentEvent).decode


class Walk:
    """A walk of some steps. ``differs`` is where the till that went all the way is not the one that stands for it."""

    def __init__(self, explorer: Explorer, seed: int, steps: int) -> None:
        self.story: list[str] = []
        self._explorer = explorer
        self._till = first(explorer.scenario)
        self._made = self._till.payment
        self._journal: list[bytes] = []
        self._state = explorer.start
        lot = random.Random(seed)
        self.differs = next((found for _ in range(steps) if (found := self._step(lot))), None)

    def _step(self, lot: random.Random) -> str | None:
        """One more step; what differs after it."""
        explorer = self._explorer
        option = lot.choice(list(explorer.options(self._state)))
        label, _, given = option
        self.story.append(label)
        self._state, before = explorer.after(self._state, option), self._state
        if given is None:
            return None
        step = take(self._till, given)
        self._till = step.till
        self._journal.extend(msgspec.json.encode(event) for event in step.happened)
        _, effects = explorer.tills.take(before >> SHIFT, given)
        stands_for_it = explorer.tills.tills[self._state >> SHIFT]
        if effects != step.effects:
            return f"it sends {step.effects}, not {effects}"
        if key_of(self._till, explorer.scenario) != key_of(stands_for_it, explorer.scenario):
            return "it is not in the same state"
        return None if face_of(self._till) == face_of(stands_for_it) else "it does not look the same"

    @property
    def payment(self) -> Payment:
        """The payment that went all the way."""
        return self._till.payment

    @property
    def replayed(self) -> Payment:
        """The payment that its journal makes."""
        payment = self._made
        for line in self._journal:
            payment = state_machine.apply(payment, _decode(line))
        return payment
