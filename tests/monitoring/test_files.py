"""Dashboard and alerts: well formed, and about figures that posd really tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from tests.test_metrics import FAMILIES

FOLDER = Path(__file__).resolve().parents[2] / "monitoring"
NAME = re.compile(r"\bposd_[a-z_]+")


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))["panels"]
    return found


def rules() -> list[dict[str, Any]]:
    """The alerts."""
    document = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    """Everything that is asked of Prometheus."""
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return asked + [rule["expr"] for rule in rules()]


def family(name: str) -> str:
    """The family of a series."""
    return name if name in FAMILIES else re.sub(r"_(bucket|sum|count)$", "", name)


def test_only_figures_that_exist_are_asked_for() -> None:
    """Every series belongs to a family of posd, and only histograms are asked for their buckets."""
    series = {name for expression in expressions() for name in NAME.findall(expression)}
    assert {family(name) for name in series} <= FAMILIES.keys()
    assert {"histogram"} == {FAMILIES[family(name)] for name in series if name != family(name)}


def test_no_figure_is_left_out_of_the_dashboard() -> None:
    """Whatever posd counts can be seen."""
    shown = {family(name) for panel in panels() for t in panel["targets"] for name in NAME.findall(t["expr"])}
    assert FAMILIES.keys() == shown


def test_counters_are_asked_for_their_rate() -> None:
    """A counter as it stands says nothing after a restart."""
    for expression in expressions():
        for name in NAME.findall(expression):
            if FAMILIES[family(name)] != "gauge":
                before = expression.partition(name)[0]
                assert re.search(r"(rate|increase|resets)\($", before), expression


@pytest.mark.parametrize("expression", expressions())
def test_brackets_are_balanced(expression: str) -> None:
    """No expression is cut off."""
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)


def test_every_alert_says_what_to_do() -> None:
    """A name of its own, how urgent it is, what happened and what to do."""
    names = [rule["alert"] for rule in rules()]
    assert sorted(set(names)) == sorted(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "action"} == rule["annotations"].keys()


def test_panels_do_not_lie_on_each_other() -> None:
    """Each place of the grid has one panel, inside the 24 columns."""
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells
