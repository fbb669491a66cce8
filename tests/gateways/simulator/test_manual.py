"""The page of documentation says what the code does."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import msgspec
import pytest

from posd.gateways.simulator.behaviour import (
    CancelFault,
    NoticeFault,
    PayFault,
    Plan,
    QueryFault,
    RefundFault,
)
from posd.gateways.simulator.magic import TABLE, choose
from posd.gateways.simulator.manual import behaviours, example_amount, example_code, gateways
from posd.payment.amounts import parse_yuan

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"
REFRESH = "docs/simulator.md differs from the code; `posd.gateways.simulator.manual` makes the tables"


def part(name: str) -> str:
    """What stands between two markers of the page."""
    found = re.search(f"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None, f"the page has no part {name}"
    return found[1]


def test_the_magic_numbers_are_those_of_the_code() -> None:
    """Every behaviour, its parameter and its examples."""
    assert behaviours() == part("behaviours"), REFRESH


def test_the_gateways_are_those_of_the_code() -> None:
    """Every gateway that is served, with its quirks."""
    assert gateways() == part("gateways"), REFRESH


@pytest.mark.parametrize("code", TABLE)
def test_every_example_asks_for_its_behaviour(code: str) -> None:
    """The codes and the amounts that a person copies from the page."""
    assert choose(example_code(code), 100) == TABLE[code].plan()
    assert choose("131111111111111111", parse_yuan(example_amount(code))) == TABLE[code].plan()


def test_every_word_of_a_plan_is_on_the_page() -> None:
    """No word that a script can use is a secret, none on the page is made up."""
    rows = dict(re.findall(r"^\| `([a-z]+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    kinds: dict[str, type[StrEnum]] = {
        "pay": PayFault,
        "query": QueryFault,
        "cancel": CancelFault,
        "refund": RefundFault,
        "notice": NoticeFault,
    }
    for name, words in kinds.items():
        assert [word.value for word in words] == re.findall("`([a-z_]+)`", rows[name]), name


def test_every_name_of_a_plan_is_on_the_page() -> None:
    """So that it can be written without reading the code."""
    page = PAGE.read_text("utf-8")
    assert [field.name for field in msgspec.structs.fields(Plan) if f"`{field.name}`" not in page] == []
