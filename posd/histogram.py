"""How long things take: counted by class, as Prometheus wants them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator


class Histogram:
    """Counts values by class. ``bounds`` are the upper ends of the classes; what is above falls into one more."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.classes = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one."""
        self.classes[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str, labels: str = "") -> Iterator[str]:
        """Itself in the Prometheus text format; ``labels`` as they stand between braces."""
        yield from histogram_lines(name, labels, self.bounds, self.classes, self.total)


def histogram_lines(
    name: str, labels: str, bounds: tuple[float, ...], classes: list[int], total: float
) -> Iterator[str]:
    """A histogram in the Prometheus text format; ``classes`` are not cumulated."""
    comma = "," if labels else ""
    below = 0
    for bound, count in zip((*bounds, "+Inf"), classes, strict=True):
        below += count
        yield f'{name}_bucket{{{labels}{comma}le="{bound}"}} {below}'
    braces = f"{{{labels}}}" if labels else ""
    yield f"{name}_sum{braces} {total:.6f}"
    yield f"{name}_count{braces} {below}"
