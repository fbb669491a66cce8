"""Bodies as gateways send them, read strictly: whatever the bytes are, the answer is a value or None. Pure.

A name that stands twice, bytes that are no UTF-8, NaN, half a surrogate pair, too deep a nest: None, because two
readers could make two things of them, and one of the two may be the one that checks the signature.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NoReturn
from urllib.parse import parse_qsl, quote_plus

JsonValue = str | int | bool | Decimal | None | list["JsonValue"] | dict[str, "JsonValue"]
"""Fractions are ``Decimal``: no money and no signed text ever passes through a float."""

BODY_LIMIT = 1 << 20
"""Bytes of a body; the transport takes no more. The longest documented answer (a face credential) has some 5 KiB."""

_DEPTH_LIMIT = 16
"""Nesting of a body. The documents have at most five (ChinaUMS goods inside an order inside a bill)."""

_FIELDS_LIMIT = 200
"""Fields of a form; ChinaUMS' notification, the longest, lists some 60."""


def parse_object(body: bytes | str) -> dict[str, JsonValue] | None:
    """A JSON object; None for anything else."""
    value = parse_json(body)
    return value if isinstance(value, dict) else None


def parse_array(body: bytes | str) -> list[JsonValue] | None:
    """A JSON array, also one that arrived as a text inside another object; None for anything else."""
    value = parse_json(body)
    return value if isinstance(value, list) else None


def parse_json(body: bytes | str) -> JsonValue:
    """Any JSON value; None for what is none, too long, too deep or ambiguous."""
    if len(body) > BODY_LIMIT:
        return None
    try:
        text = body if isinstance(body, str) else body.decode("utf-8-sig")
        value: JsonValue = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if _is_plain(text) or _is_sound(value) else None


def parse_form(body: bytes) -> dict[str, str] | None:
    """``a=1&b=2``, URL-encoded in UTF-8; ``+`` is a blank, an empty value stays. None for what is ambiguous."""
    if len(body) > BODY_LIMIT:
        return None
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_LIMIT)
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def form_of(fields: Mapping[str, str]) -> bytes:
    """``a=1&b=2``, URL-encoded in UTF-8, as ``parse_form`` reads it. Raises UnicodeEncodeError for half a character."""
    return "&".join([f"{_quoted(name)}={_quoted(text)}" for name, text in fields.items()]).encode("ascii")


def _quoted(text: str) -> str:
    # Names, codes, amounts and numbers are most of what is sent, and stand for themselves.
    return text if _UNRESERVED.fullmatch(text) else quote_plus(text)


_UNRESERVED = re.compile(r"[0-9A-Za-z_.~-]*")


def text_of(fields: Mapping[str, object], name: str) -> str | None:
    """A field that must be a text and have one; None where it is missing, empty or of another type."""
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def code_of(fields: Mapping[str, object], name: str) -> str | None:
    """A code that some answers write as a text and some as a number (``"1"``, ``1``), as a text; else None."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < _CODE_LIMIT else None
    return text_of(fields, name)


# No gateway has a numeric code or a trade number that is written as a number of more digits.
_CODE_LIMIT = 10**32


# JSON can escape half a character; it cannot be written in UTF-8 then.
_SURROGATE = re.compile("[\ud800-\udfff]")


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice")
    return fields


def _fraction(text: str) -> Decimal:
    # An exponent can make a number of any length out of a few bytes, and no gateway writes one.
    if "e" in text or "E" in text:
        raise ValueError("a number with an exponent")
    return Decimal(text)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_fraction, parse_constant=_refuse_constant)
"""Made once: ``json.loads`` makes one for each body."""


def _is_plain(text: str) -> bool:
    """Whether its value must be sound: no half a character, none escaped, too few brackets. Usual, and soon seen."""
    brackets = text.count("{") + text.count("[")
    return text.isprintable() and "\\" not in text and brackets <= _DEPTH_LIMIT


def _is_sound(value: JsonValue, depth: int = 0) -> bool:
    """Whether it is not nested too deep and all its texts can be written in UTF-8."""
    match value:
        case str():
            return _SURROGATE.search(value) is None
        case dict() if depth < _DEPTH_LIMIT:
            return all(_is_sound(name) and _is_sound(item, depth + 1) for name, item in value.items())
        case list() if depth < _DEPTH_LIMIT:
            return all(_is_sound(item, depth + 1) for item in value)
        case dict() | list():
            return False
        case _:
            return True
