"""Pictures of figures, drawn with Pillow: curves through points, and stacked bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.figures import Plot

WIDTH, HEIGHT = 1200, 640
LEFT, TOP, BOTTOM = 110, 70, 110
LEGEND = 330
"""Room at the right for names."""
SCALE = 2
"""Drawn twice as large and then shrunk, which makes the lines smooth."""
TICKS_AT_MOST = 8
BAR_LABEL_CHARACTERS = 11

_COLOURS = ("#0b6e4f", "#d1495b", "#edae49", "#30638e", "#8d6a9f", "#777777", "#00a6a6")
_BAR_COLOURS = ("#0b6e4f", "#c9d6cf", "#edae49", "#30638e", "#d1495b")
_INK, _GRID = "#222222", "#dddddd"


def draw(plot: Plot, directory: Path) -> Path:
    """Draw a plot as ``bench-NAME.png``."""
    canvas = _Canvas(plot)
    if plot.labels:
        canvas.bars()
    else:
        canvas.curves()
    path = directory / f"bench-{plot.name}.png"
    canvas.save(path)
    return path


class _Canvas:
    """One picture. Coordinates are pixels of the finished picture; the axes are in the plot's units."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
        self._draw = ImageDraw.Draw(self._image)
        xs = [x for series in plot.series for x in series.x]
        ys = [y for series in plot.series for y in series.y]
        self._x = _Axis(xs, LEFT, WIDTH - LEGEND, log=plot.log_x)
        top = (
            max((sum(stack) for stack in zip(*(s.y for s in plot.series), strict=True)), default=1.0)
            if plot.labels
            else max(ys)
        )
        self._y = _Axis([*([] if plot.log_y else [0.0]), *ys, top], HEIGHT - BOTTOM, TOP, log=plot.log_y)

    def save(self, path: Path) -> None:
        """Shrink and write."""
        picture = self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        picture.save(path, optimize=True)

    def curves(self) -> None:
        """Axes, and a line for each series."""
        self._frame()
        for tick in self._x.ticks():
            at = self._x.at(tick)
            self._line([(at, TOP), (at, HEIGHT - BOTTOM)], _GRID, 1)
            self._text(at, HEIGHT - BOTTOM + 10, _tick(tick), 17, "ma")
        for number, series in enumerate(self._plot.series):
            points = [(self._x.at(x), self._y.at(y)) for x, y in zip(series.x, series.y, strict=True)]
            colour = _COLOURS[number % len(_COLOURS)]
            self._line(points, colour, 4 if number == 0 else 3)
            if len(points) < 20:
                for point in points:
                    self._dot(point, colour)
        self._legend([series.name for series in self._plot.series], _COLOURS)

    def bars(self) -> None:
        """A stacked bar for each label."""
        self._frame()
        labels = self._plot.labels
        pitch = (WIDTH - LEGEND - LEFT) / len(labels)
        for at, label in enumerate(labels):
            left, floor = LEFT + at * pitch + pitch * 0.15, 0.0
            for series, colour in zip(self._plot.series, _BAR_COLOURS, strict=False):
                ceiling = floor + series.y[at]
                self._box(left, self._y.at(ceiling), left + pitch * 0.7, self._y.at(floor), colour)
                floor = ceiling
            for line, part in enumerate(_in_lines(label)):
                self._text(left + pitch * 0.35, HEIGHT - BOTTOM + 10 + 19 * line, part, 15, "ma")
        self._legend([series.name for series in self._plot.series], _BAR_COLOURS)

    # --- pieces

    def _frame(self) -> None:
        self._text(LEFT, 22, self._plot.title, 24, "la")
        self._text((LEFT + WIDTH - LEGEND) / 2, HEIGHT - 34, self._plot.x_label, 18, "ma")
        self._text(12, TOP - 26, self._plot.y_label, 16, "la")
        for tick in self._y.ticks():
            at = self._y.at(tick)
            self._line([(LEFT, at), (WIDTH - LEGEND, at)], _GRID, 1)
            self._text(LEFT - 12, at, _tick(tick), 17, "rm")
        self._line([(LEFT, TOP), (LEFT, HEIGHT - BOTTOM), (WIDTH - LEGEND, HEIGHT - BOTTOM)], _INK, 2)

    def _legend(self, names: Sequence[str], colours: Sequence[str]) -> None:
        for number, name in enumerate(names):
            top = TOP + 20 + number * 32
            self._box(WIDTH - LEGEND + 24, top - 8, WIDTH - LEGEND + 46, top + 8, colours[number % len(colours)])
            self._text(WIDTH - LEGEND + 56, top, name, 18, "lm")

    def _text(self, x: float, y: float, text: str, size: int, anchor: str) -> None:
        font = ImageFont.load_default(size * SCALE)
        plain = text.replace("“", '"').replace("”", '"')
        self._draw.text((x * SCALE, y * SCALE), plain, _INK, font, anchor)

    def _line(self, points: Sequence[tuple[float, float]], colour: str, width: int) -> None:
        self._draw.line([(x * SCALE, y * SCALE) for x, y in points], colour, width * SCALE, joint="curve")

    def _dot(self, point: tuple[float, float], colour: str) -> None:
        x, y = point
        self._draw.ellipse([(x - 5) * SCALE, (y - 5) * SCALE, (x + 5) * SCALE, (y + 5) * SCALE], colour)

    def _box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        if bottom > top:
            self._draw.rectangle([left * SCALE, top * SCALE, right * SCALE, bottom * SCALE], colour)


class _Axis:
    """From values to pixels, straight or logarithmic."""

    def __init__(self, values: Sequence[float], start: float, end: float, *, log: bool) -> None:
        self._log = log
        if log:
            positive = [value for value in values if value > 0] or [1.0]
            self._low = float(math.floor(math.log10(min(positive))))
            self._high = float(math.ceil(math.log10(max(positive))))
        else:
            self._low, self._high = min(0.0, *values, 0.0), (max(values) or 1.0) * 1.02
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        """Where a value lies, in pixels."""
        place = math.log10(max(value, 10.0**self._low)) if self._log else value
        return self._start + (place - self._low) / ((self._high - self._low) or 1) * (self._end - self._start)

    def ticks(self) -> list[float]:
        """Round values along it."""
        if self._log:
            decades = range(int(self._low), int(self._high) + 1)
            steps = (1, 2, 5) if len(decades) < 4 else (1,)
            return [
                step * 10.0**decade for decade in decades for step in steps if step * 10.0**decade <= 10.0**self._high
            ]
        step = _round_step(self._high / TICKS_AT_MOST)
        return [step * number for number in range(int(self._high / step) + 1)]


def _in_lines(label: str) -> list[str]:
    """A label as lines that fit under a bar: parted at the comma, and long parts at their first blank."""
    parts = label.split(", ")
    return [line for part in parts for line in (part.split(" ", 1) if len(part) > BAR_LABEL_CHARACTERS else [part])]


def _round_step(least: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least)


def _tick(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"
