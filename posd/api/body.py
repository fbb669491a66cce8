"""Bodies and parameters, read strictly: unknown names, repeated names, wrong types and control characters are refused.

No message repeats a value, so that no credential gets into an error.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from typing import Any, NoReturn, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from posd.api.problems import Problem, invalid

T = TypeVar("T", bound=msgspec.Struct)

BODY_AT_MOST = 64 * 1024
WAIT_AT_MOST_S = 60.0
KEY_AT_MOST = 255


async def read_body(request: web.Request, kind: type[T]) -> tuple[T, dict[str, Any]]:
    """The body as a structure, and as plain values for comparison. Raises Problem."""
    values = await _read_object(request)
    try:
        return msgspec.convert(values, kind, strict=True), values
    except msgspec.ValidationError as error:
        raise invalid(_readable(error)) from None


async def _read_object(request: web.Request) -> dict[str, Any]:
    raw = await _read(request)
    if not raw.strip():
        return {}
    if request.content_type != "application/json":
        raise Problem(415, "unsupported_media_type", "send the body as application/json")
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, _Refused) else "the body is no valid JSON in UTF-8"
        raise invalid(detail) from None
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object")
    _check_texts(value, "")
    return value


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise invalid("the body is not encoded as its headers say") from error


class _Refused(ValueError):
    """JSON that two readers could read in two ways."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise _Refused(f"{printable(name)} stands twice")
    return {name: _whole(value) for name, value in pairs}


def _whole(value: object) -> object:
    """JSON does not tell 100.0 from 100."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse(constant: str) -> NoReturn:
    raise _Refused(f"{constant} is no JSON")


def _check_texts(value: object, where: str) -> None:
    match value:
        case str() if not is_printable(value):
            raise invalid(f"{where or 'the body'} contains control characters")
        case dict():
            for name, inner in value.items():
                _check_texts(inner, printable(name))
        case list():
            for inner in value:
                _check_texts(inner, where)
        case _:
            return


def is_printable(text: str) -> bool:
    """No control characters and no halves of surrogate pairs."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def printable(text: str) -> str:
    """A name as it may stand in a message."""
    return "".join(character if is_printable(character) else "?" for character in text[:64])


def _readable(error: msgspec.ValidationError) -> str:
    text = re.sub(r"Invalid enum value .* - at", "Not one of its words - at", str(error)).replace("`", "")
    return text.replace(" - at $.", ": ").replace(" - at $", "") if "at $" in text else text


def idempotency_key(request: web.Request) -> str:
    """The key that makes a request safe to repeat. Raises Problem where it is missing or unusable."""
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys or not keys[0]:
        raise Problem(400, "idempotency_key_required", "send an Idempotency-Key header, a new one for each payment")
    key = keys[0]
    usable = len(keys) == 1 and len(key) <= KEY_AT_MOST and key.isascii() and key.isprintable()
    if not usable:
        raise invalid("Idempotency-Key: expected once, 1 to 255 printable ASCII characters")
    return key


def wait_s(request: web.Request) -> float:
    """``?wait=S``: how long to hold the answer."""
    text = single(request, "wait")
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= WAIT_AT_MOST_S:
        raise invalid("wait: expected seconds from 0 to 60")
    return seconds


def single(request: web.Request, name: str) -> str | None:
    """A query parameter that may stand once. Raises Problem where it stands twice."""
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise invalid(f"{name} stands twice")
    if values and not is_printable(values[0]):
        raise invalid(f"{name} contains control characters")
    return values[0] if values else None
