"""Bodies are read strictly, and no bytes whatever can raise."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.json_body import (
    BODY_LIMIT,
    JsonValue,
    code_of,
    form_of,
    parse_array,
    parse_form,
    parse_json,
    parse_object,
    text_of,
)
from posd.gateways.signing import joined_pairs


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": "1", "b": 2, "c": true, "d": null, "e": []}', {"a": "1", "b": 2, "c": True, "d": None, "e": []}),
        (b'\xef\xbb\xbf{"a": "\xe4\xb8\xad"}', {"a": "中"}),
        (b'{"a": 1.50}', {"a": Decimal("1.50")}),
        (b'{"a": {"a": {"a": 1}}}', {"a": {"a": {"a": 1}}}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    ],
    ids=["plain", "byte order mark", "fraction", "nested", "surrogate pair"],
)
def test_sound_objects(body: bytes | str, expected: object) -> None:
    """What is sound arrives as it was written; fractions never pass through a float."""
    assert expected == parse_object(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": 1} x',
        b"{'a': 1}",
        b'{"a": 1, "a": 2}',
        b'{"x": [{"a": 1, "\\u0061": 2}]}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e9}',
        b'{"a": 1E400}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": ["\\ud800"]}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'{"a":' + b"[" * 100_000,
        b'{"a": "' + b"x" * BODY_LIMIT + b'"}',
        b"<html><title>502</title></html>",
    ],
)
def test_unsound_objects(body: bytes) -> None:
    """What is broken or ambiguous is None, not an exception and not half of it."""
    assert parse_object(body) is None


def test_half_a_character_in_a_text_inside_an_object() -> None:
    """A text that is read once more is looked at as closely: half a character need not be escaped in it."""
    assert parse_array('["\ud800"]') is None
    assert parse_array('["\\ud800"]') is None
    assert parse_array("[" * 17 + "]" * 17) is None
    assert parse_array("[" * 16 + "]" * 16) is not None


def test_arrays_and_values() -> None:
    """Arrays may come as a text inside an object; an object is no array."""
    expected: list[JsonValue] = [{"a": "1"}]
    assert expected == parse_array('[{"a": "1"}]')
    assert parse_array("{}") is None
    assert parse_json(b"12") == 12


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    """Any bytes are a value or None, as JSON and as a form."""
    parse_json(body)
    parse_form(body)


_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(_names, _values))
def test_round_trip(fields: dict[str, JsonValue]) -> None:
    """What json writes is read again unchanged, and can be signed without an exception."""
    parsed = parse_object(json.dumps(fields))
    assert fields == parsed
    joined_pairs(parsed).encode()


@given(st.dictionaries(_names, st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_forms_are_written_as_everybody_writes_them(fields: dict[str, str]) -> None:
    """The same bytes as the standard library's, and read again unchanged."""
    assert urlencode(fields).encode() == form_of(fields)
    assert fields == parse_form(form_of(fields))


def test_half_a_character_cannot_be_sent() -> None:
    """It must be replaced before: nothing is sent that the other side reads in another way."""
    with pytest.raises(UnicodeEncodeError):
        form_of({"a": "\ud800"})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a=1&b=&c=%E4%B8%AD+x%26", {"a": "1", "b": "", "c": "中 x&"}),
        (b"", {}),
        ("a=中".encode(), {"a": "中"}),
        (b"a=1&a=2", None),
        (b"a=%FF", None),
        (b"a=%ED%A0%80", None),
        (b"\xff=1", None),
        (b"&".join(b"f%d=1" % number for number in range(201)), None),
        (b"a=" + b"x" * BODY_LIMIT, None),
    ],
    ids=["plain", "empty", "not escaped", "twice", "no UTF-8", "surrogate", "raw byte", "too many", "too long"],
)
def test_forms(body: bytes, expected: dict[str, str] | None) -> None:
    """Forms are decoded once, in UTF-8; what is ambiguous is None."""
    assert expected == parse_form(body)


def test_fields() -> None:
    """A text field is a text with something in it; a code may be a number, and never a truth value."""
    fields = {"text": "x", "empty": "", "number": 10000, "truth": True, "null": None, "long": 10**40, "minus": -1}
    assert ["x", None, None, None] == [text_of(fields, name) for name in ("text", "empty", "number", "missing")]
    assert ["x", None, "10000", None, None, None, "-1"] == [code_of(fields, name) for name in fields]
