"""What the documents say about each field of a request, and the check of a request against it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from posd.gateways.base import BEIJING

AMOUNT = r"[1-9][0-9]*"
"""A sum in fen as a text: no sign, no leading zero."""
DATE = r"20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
"""``yyyyMMdd``."""
TIME = r"([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"
"""``HHmmss``."""


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a request table. Lengths count characters; numbers count by their digits."""

    required: bool
    longest: int | None = None
    pattern: re.Pattern[str] | None = None
    kinds: tuple[type, ...] = (str,)
    """The JSON types that are taken; a form has texts only."""

    def problem(self, value: object) -> str | None:
        """What is wrong with a value; None where nothing is."""
        if not isinstance(value, self.kinds) or (isinstance(value, bool) and bool not in self.kinds):
            return f"is {type(value).__name__}, not {' or '.join(kind.__name__ for kind in self.kinds)}"
        if not isinstance(value, str | int):
            return None
        text = str(value)
        if self.longest is not None and len(text) > self.longest:
            return f"has {len(text)} characters, {self.longest} are allowed"
        if self.pattern is not None and self.pattern.fullmatch(text) is None:
            return "has a format that the document does not allow"
        return None


def must(longest: int | None = None, pattern: str | None = None, kinds: tuple[type, ...] = (str,)) -> Field:
    """A field that has to be there."""
    return Field(True, longest, _compiled(pattern), kinds)


def may(longest: int | None = None, pattern: str | None = None, kinds: tuple[type, ...] = (str,)) -> Field:
    """A field that can be left out, or be empty."""
    return Field(False, longest, _compiled(pattern), kinds)


def problems(fields: Mapping[str, object], table: Mapping[str, Field]) -> list[str]:
    """What is wrong with a request, a sentence a field."""
    found = []
    for name, field in table.items():
        if is_empty(fields.get(name)):
            if field.required:
                found.append(f"required field {name} is missing")
        elif problem := field.problem(fields[name]):
            found.append(f"field {name} {problem}")
    return found


def unknown(fields: Iterable[str], table: Mapping[str, Field]) -> list[str]:
    """The names that stand in no document."""
    return sorted(name for name in fields if name not in table)


def is_empty(value: object) -> bool:
    """Whether a field is as good as absent."""
    return value is None or value == ""


def moment_ms(text: str, pattern: str = "%Y%m%d%H%M%S") -> int | None:
    """A time in GMT+8 as UTC milliseconds; None where it is absent, or in no calendar."""
    try:
        return int(datetime.strptime(text, pattern).replace(tzinfo=BEIJING).timestamp() * 1000)
    except ValueError:
        return None


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern, re.ASCII) if pattern else None
