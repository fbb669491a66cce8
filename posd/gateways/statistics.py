"""Plain numbers about one gateway: how often it was asked, what came of it, how long it took."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

import msgspec

BOUNDS_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the latency classes, in seconds; what takes longer falls into one more class."""


class Latency(msgspec.Struct):
    """A histogram of seconds."""

    classes: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    """How many fell into each class, not cumulated."""
    total_s: float = 0.0

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.classes)

    def add(self, seconds: float) -> None:
        """Count one."""
        self.classes[bisect_left(BOUNDS_S, seconds)] += 1
        self.total_s += seconds


class Statistics(msgspec.Struct):
    """What a gateway was asked since the start. One writer; reading is safe in the same loop."""

    outcomes: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """(operation, outcome): ``answered``, ``not_sent``, ``cancelled``, ``error`` (a fault of ours) or the doubt of an
    ``Unknown``; both are words of ours, so there are few."""
    latencies: dict[str, Latency] = msgspec.field(default_factory=dict)
    """By operation; requests that we gave up do not count here."""
    running: int = 0
    """Requests that are under way now."""

    def add(self, operation: str, outcome: str, seconds: float) -> None:
        """Count one request that has ended."""
        self.outcomes[operation, outcome] += 1
        if outcome not in _GIVEN_UP:
            self.latencies.setdefault(operation, Latency()).add(seconds)


_GIVEN_UP = frozenset({"cancelled", "error"})
