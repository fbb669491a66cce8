"""What a seed came to: its numbers, and what was wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Outcome:
    """What one seed came to."""

    seed: int
    payments: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    refunds: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    events: int = 0
    crashes: int = 0
    starts: int = 0
    failed_commits: int = 0
    papers: int = 0
    attentions: int = 0
    slowest_s: float = 0.0
    """From the end of all faults, or from its creation if that was later, to a payment's end."""
    digest: str = ""
    """Of every event in the journal; the same seed, the same digest."""
    faults: list[str] = field(default_factory=list)
    timeline: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """Its numbers by name, to be added to those of other seeds."""
        return Counter(
            {
                "payments": self.payments,
                **{str(status): self.statuses[status] for status in sorted(self.statuses)},
                "refunds": self.refunds.total(),
                "requests": self.requests,
                "events": self.events,
                "starts": self.starts,
                "crashes": self.crashes,
                "failed commits": self.failed_commits,
                "papers": self.papers,
                "for a person": self.attentions,
            }
        )
