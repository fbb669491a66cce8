"""What a measurement gives: rows to read, curves to draw. All of it is plain data and goes into the JSON as it is."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """Many measurements in four numbers: the median, the quartiles beside it, and how many there were."""

    median: float
    low: float
    high: float
    count: int


class Row(msgspec.Struct, frozen=True):
    """One line of the table. ``reached`` is None where the row has no aim."""

    name: str
    value: Spread
    unit: str
    against: str = ""
    """What it is measured against."""
    reference: Spread | None = None
    aim: str = ""
    reached: bool | None = None

    @property
    def ratio(self) -> float | None:
        """The value over its reference."""
        if self.reference is None or self.reference.median == 0:
            return None
        return self.value.median / self.reference.median


class Series(msgspec.Struct, frozen=True):
    """One curve, or one part of every bar."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Plot(msgspec.Struct, frozen=True):
    """A picture. ``labels`` set: stacked bars, one for each label. Else curves through the points."""

    name: str
    """Of the file, without ``bench-`` and ``.png``."""
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    labels: tuple[str, ...] = ()
    log_x: bool = False
    log_y: bool = False


class Figure(msgspec.Struct, frozen=True):
    """One figure of the suite."""

    number: int
    title: str
    rows: tuple[Row, ...]
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()
    took_s: float = 0.0


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles. Raises ValueError where nothing was measured."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), quantile(values, 0.25), quantile(values, 0.75), len(values))


def exactly(value: float, count: int = 1) -> Spread:
    """A number that has no spread: a count, or a share of ``count``."""
    return Spread(value, value, value, count)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def aimed(name: str, value: Spread, unit: str, against: str, reference: Spread, at_most: float) -> Row:
    """A row whose value is to be at most so many times its reference."""
    reached = value.median <= at_most * reference.median
    return Row(name, value, unit, against, reference, f"≤ {at_most:g} ×", reached)


def limited(name: str, value: Spread, unit: str, at_most: float) -> Row:
    """A row whose value has a limit of its own."""
    return Row(name, value, unit, aim=f"≤ {at_most:g} {unit}", reached=value.median <= at_most)


def distribution(name: str, values: Sequence[float], points: int = 200) -> Series:
    """The share of values at or below each value, thinned to so many points."""
    ordered = sorted(values)
    picked = sorted({round(step * (len(ordered) - 1) / points) for step in range(points + 1)})
    return Series(name, tuple(ordered[at] for at in picked), tuple((at + 1) / len(ordered) for at in picked))
