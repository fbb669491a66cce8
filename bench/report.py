"""Figures as people read them: a table on the screen, a JSON file, tables and pictures in ``docs/performance.md``."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.figures import Figure, Row, Spread

BEGIN, END = "<!-- figures: made by `make bench` -->", "<!-- end of figures -->"


class Results(msgspec.Struct, frozen=True):
    """Everything that was measured, and on what."""

    machine: str
    figures: tuple[Figure, ...]


def machine() -> str:
    """What the figures were measured on, in a line."""
    cores = os.cpu_count()
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{cores} cores ({platform.machine()}), {platform.system()} {platform.release()}, {versions}"


def merged(path: Path, figures: Sequence[Figure]) -> Results:
    """The new figures beside those of an earlier run that were not measured again."""
    known = msgspec.json.decode(path.read_bytes(), type=Results).figures if path.exists() else ()
    by_number = {figure.number: figure for figure in (*known, *figures)}
    return Results(machine(), tuple(by_number[number] for number in sorted(by_number)))


def write_json(path: Path, results: Results) -> None:
    """For programs."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def text_table(figure: Figure) -> str:
    """For the screen."""
    head = (f"{figure.number}. {figure.title}", "posd", "", "reference", "", "ratio", "aim", "")
    lines = [head, *(_cells(row) for row in figure.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    made = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([made[0], "-" * len(made[0]), *made[1:], f"   ({figure.took_s:.0f} s)", ""])


def _cells(row: Row) -> tuple[str, ...]:
    mark = {None: "", True: "ok", False: "MISSED"}[row.reached]
    reference = shown(row.reference, row.unit) if row.reference else ""
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    return (
        row.name or "  〃",
        shown(row.value, row.unit),
        row.against and "|",
        reference,
        row.against,
        ratio,
        row.aim,
        mark,
    )


def shown(value: Spread, unit: str) -> str:
    """``0.56 s (0.31 … 0.80)``: the median and, where there is one, the spread between the quartiles."""
    text = f"{number(value.median)} {unit}".rstrip()
    return text if value.low == value.high else f"{text} ({number(value.low)} … {number(value.high)})"


def number(value: float) -> str:
    """Three digits that mean something, no exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


# --- the document


def write_document(path: Path, results: Results, pictures: str) -> None:
    """Put tables and plots between the two marks. Raises ValueError for a document without them."""
    text = path.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{path} lacks {BEGIN} or {END}")
    body = "\n".join(_section(figure, pictures) for figure in results.figures)
    path.write_text(f"{before}{BEGIN}\n\nMeasured on {results.machine}.\n\n{body}\n{END}{after}", "utf-8")


def _section(figure: Figure, pictures: str) -> str:
    lines = [f"### {figure.number}. {figure.title}", ""]
    lines += ["| | posd | reference | | ratio | aim |", "|---|---|---|---|---|---|"]
    lines += [_markdown(row) for row in figure.rows]
    lines.append("")
    for plot in figure.plots:
        lines += [f"![{plot.title}]({pictures}/bench-{plot.name}.png)", ""]
    lines += [f"{note}\n" for note in figure.notes]
    return "\n".join(lines)


def _markdown(row: Row) -> str:
    name, value, _, reference, against, ratio, aim, mark = _cells(row)
    verdict = f"{aim} {mark.replace('MISSED', '**missed**')}".strip()
    cells = (name, value, reference, against, ratio, verdict)
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
