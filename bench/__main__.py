"""``python -m bench``: measure, print, keep, draw."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import msgspec

from bench import report
from bench.figures import Figure
from bench.plots import draw

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "images"

MODULES = {1: "thumb", 2: "voids", 3: "beep", 4: "cost", 5: "load", 6: "journal", 7: "start"}


def main() -> int:
    """Measure what was asked for; 1 when an aim was missed."""
    options = _arguments()
    figures = [_measured(number, quick=options.quick) for number in options.only]
    if not options.quick or options.json != RESULTS:
        results = report.merged(options.json, figures)
        report.write_json(options.json, results)
        if options.json == RESULTS:
            _publish(results)
    missed = [row for figure in figures for row in figure.rows if row.reached is False]
    print(f"{len(missed)} aims missed" if missed else "all aims reached")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, for a look; changes no document")
    parser.add_argument("--only", type=_numbers, default=list(MODULES), metavar="1,2", help="only these figures")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help=f"default: {RESULTS.name}")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",")]
    if not set(numbers) <= MODULES.keys():
        raise argparse.ArgumentTypeError(f"figures are {', '.join(map(str, MODULES))}")
    return numbers


def _measured(number: int, *, quick: bool) -> Figure:
    measure: Callable[..., Figure] = import_module(f"bench.{MODULES[number]}").measure
    began_s = time.monotonic()
    figure = measure(quick=quick)
    figure = msgspec.structs.replace(figure, took_s=time.monotonic() - began_s)
    print(report.text_table(figure), flush=True)
    return figure


def _publish(results: report.Results) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for figure in results.figures:
        for plot in figure.plots:
            draw(plot, PICTURES)
    report.write_document(DOCUMENT, results, "images")


if __name__ == "__main__":
    sys.exit(main())
