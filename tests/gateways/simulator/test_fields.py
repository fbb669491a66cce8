"""The check of a request against a table of its document, and the reading of bodies."""

from __future__ import annotations

import pytest

from posd.gateways.base import HttpRequest
from posd.gateways.simulator.fields import AMOUNT, DATE, TIME, may, must, problems, unknown
from posd.gateways.simulator.forms import content_type, header, read_json
from posd.gateways.simulator.protocol import Breach, Kind, Reject, Route

ROUTE = Route("test", Kind.OTHER)
JSON = {"Content-Type": "application/json;charset=UTF-8"}


@pytest.mark.parametrize("empty", [{}, {"name": ""}, {"name": None}])
def test_empty_is_absent(empty: dict[str, object]) -> None:
    """A required field has to have a value; an optional one need not."""
    assert problems(empty, {"name": must()}) == ["required field name is missing"]
    assert problems(empty, {"name": may(3)}) == []


@pytest.mark.parametrize("value", [0, False, "0"])
def test_nothing_else_is_empty(value: object) -> None:
    """Zero and false are values."""
    assert problems({"name": value}, {"name": must(kinds=(int, str, bool))}) == []


@pytest.mark.parametrize(
    ("value", "field", "fine"),
    [
        ("商品商品", must(4), True),
        ("商品商品1", must(4), False),
        (1234, must(4, kinds=(int,)), True),
        (12345, must(4, kinds=(int,)), False),
        (True, must(kinds=(int,)), False),
        (True, must(kinds=(bool,)), True),
        (1, must(), False),
        (1.0, must(kinds=(int,)), False),
        ({}, must(kinds=(dict,)), True),
        ("100", must(pattern=AMOUNT), True),
        ("0100", must(pattern=AMOUNT), False),
        ("100\n", must(pattern=AMOUNT), False),
        ("٣", must(pattern=AMOUNT), False),
        ("20261131", must(pattern=DATE), True),
        ("20261331", must(pattern=DATE), False),
        ("20260100", must(pattern=DATE), False),
        ("235959", must(pattern=TIME), True),
        ("240000", must(pattern=TIME), False),
    ],
)
def test_kinds_lengths_and_formats(value: object, field: object, fine: bool) -> None:
    """As the tables of the documents have them; lengths count characters."""
    assert (problems({"name": value}, {"name": field}) == []) is fine  # type: ignore[dict-item]


def test_a_problem_does_not_repeat_the_value() -> None:
    """It may be a credential."""
    [problem] = problems({"code": "secret 1"}, {"code": must(pattern="[0-9]+")})
    assert "secret" not in problem


def test_unknown_names() -> None:
    """In order, so that a message is always the same."""
    assert unknown({"z": 1, "a": 2, "m": 3}, {"m": must()}) == ["a", "z"]


def test_headers_and_media_types() -> None:
    """Whatever the case of the name; without parameters."""
    assert header({"X-Sign": "1"}, "x-sign") == "1"
    assert header({}, "x-sign") is None
    assert content_type(JSON) == "application/json"
    assert content_type({}) == ""


def test_a_json_object() -> None:
    """As it is."""
    assert read_json(HttpRequest("", "/", '{"a":{"b":[1,"商"]}}'.encode(), JSON), ROUTE) == {"a": {"b": [1, "商"]}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\uDFFF"}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_object(body: bytes) -> None:
    """Names twice, halves of characters, numbers that are none, depths without end."""
    with pytest.raises(Reject) as reject:
        read_json(HttpRequest("", "/", body, JSON), ROUTE)
    assert reject.value.breach is Breach.FORMAT
    assert reject.value.call is not None


def test_json_under_another_name() -> None:
    """A form is not JSON, whatever is in it."""
    with pytest.raises(Reject):
        read_json(HttpRequest("", "/", b"{}", {"content-type": "text/plain"}), ROUTE)
