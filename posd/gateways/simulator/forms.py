"""Bodies of requests, read strictly. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from posd.gateways.base import HttpRequest
from posd.gateways.simulator.protocol import Breach, Call, Reject, Route

# No documented request comes near it.
_FIELDS_MAX = 200

_ESCAPED_SURROGATE = "\\ud"


def content_type(headers: Mapping[str, str]) -> str:
    """The media type of a message, without its parameters, in lower case."""
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header, whatever the case of its name."""
    return next((value for key, value in headers.items() if key.lower() == name), None)


def read_form(request: HttpRequest, route: Route) -> dict[str, str]:
    """The fields of a form in UTF-8. Raises Reject where it is none, or names a field twice."""
    nothing = Call(route, request.path, {})
    if content_type(request.headers) != "application/x-www-form-urlencoded":
        raise Reject(Breach.FORMAT, f"content type {content_type(request.headers)}", nothing)
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(request.body),
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError:
        raise Reject(Breach.FORMAT, "no form in UTF-8", nothing) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Reject(Breach.FORMAT, "a field is there twice", nothing)
    return fields


def read_json(request: HttpRequest, route: Route) -> dict[str, object]:
    """The fields of a JSON object in UTF-8. Raises Reject where it is none, or names a field twice."""
    nothing = Call(route, request.path, {})
    if content_type(request.headers) != "application/json":
        raise Reject(Breach.FORMAT, f"content type {content_type(request.headers)}", nothing)
    return json_object(request.body, nothing)


def json_object(body: bytes | str, call: Call) -> dict[str, object]:
    """A JSON object. Raises Reject where it is none, or names a field twice."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse)
        if _ESCAPED_SURROGATE in text.lower():
            # Half a character would break the answer that repeats it.
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Reject(Breach.FORMAT, "no JSON in UTF-8 with every name once", call) from None
    if not isinstance(found, dict):
        raise Reject(Breach.FORMAT, "no JSON object", call)
    return found


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is there twice")
    return fields


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
