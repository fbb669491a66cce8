"""The OpenAPI 3.1 document, made from the route table and the structures."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from posd.api.problems import CONTENT_TYPE, ProblemResource
from posd.api.routes import ROUTES, Route

_EVERYWHERE = {
    401: ("unauthorized",),
    403: ("host_not_allowed", "origin_not_allowed"),
}
"""What the TCP listener may answer to any call."""
_CALLS = {400: ("invalid_request",), 404: ("not_found",), 503: ("journal_unavailable",)}
"""What every call under ``/v1/`` may answer: to an unknown parameter, an odd path, or with a broken disk."""
_WITH_BODY = {413: ("body_too_large",), 415: ("unsupported_media_type",)}


def document(version: str) -> dict[str, Any]:
    """The whole document."""
    kinds = _structures()
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    refs = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "posd",
            "version": version,
            "description": "Payments of one till. Amounts in fen. Times in RFC 3339.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {**paths, **_beside(refs)},
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _beside(refs: dict[Any, Any]) -> dict[str, Any]:
    """What is served beside the calls: notifications, on a listener of their own, and the page."""
    absent = {"description": "not_found", "content": {CONTENT_TYPE: {"schema": refs[ProblemResource]}}}
    word = {"description": "the gateway's own word for taken, or for not taken", "content": {"*/*": {}}}
    page = {"description": "the cashier page", "content": {"text/html": {"schema": {"type": "string"}}}}
    name = {"name": "gateway", "in": "path", "required": True, "schema": {"type": "string"}}
    refused = {str(status): {**absent, "description": ", ".join(codes)} for status, codes in _EVERYWHERE.items()}
    return {
        "/notify/{gateway}": {
            "post": {
                "operationId": "notify",
                "summary": "a gateway's own notification; on [notify] listen only, elsewhere 404",
                "security": [],
                "parameters": [name],
                "requestBody": {"content": {"*/*": {}}},
                "responses": {"200": word, "404": absent, "413": absent, **refused},
            }
        },
        "/ui/": {
            "get": {
                "operationId": "page",
                "summary": "the cashier page; posd ui signs in",
                "security": [],
                "responses": {"200": page, **refused},
            }
        },
    }


def _structures() -> list[Any]:
    found: list[Any] = [ProblemResource]
    for route in ROUTES:
        found += [kind for kind in (*route.returns.values(), route.body) if isinstance(kind, type)]
    return list(dict.fromkeys(found))


def _operation(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.call.__module__.rpartition('.')[2]}_{route.call.__name__}",
        "summary": route.about,
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if route.path == "/healthz":
        operation["security"] = []
    if route.body is not None:
        content = {"application/json": {"schema": refs[route.body]}}
        operation["requestBody"] = {"required": route.body_required, "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    found += [
        {"name": parameter.name, "in": "query", "description": parameter.about, "schema": parameter.schema}
        for parameter in route.parameters
    ]
    if route.keyed:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"}
        about = "makes the request safe to repeat: the same key and body make one payment"
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": True, "description": about, "schema": schema}
        )
    return found


def _responses(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kind in route.returns.items():
        if isinstance(kind, tuple):
            content = {media: {"schema": {"type": "string"}} for media in kind}
        else:
            content = {"application/json": {"schema": refs[kind]}}
        responses[str(status)] = {"description": route.about, "content": content}
    problems = dict(route.problems)
    calls = _CALLS if route.path.startswith("/v1/") else {}
    for status, codes in {**_EVERYWHERE, **calls, **(_WITH_BODY if route.body else {})}.items():
        problems.setdefault(status, codes)
    for status, codes in sorted(problems.items()):
        content = {CONTENT_TYPE: {"schema": refs[ProblemResource]}}
        responses[str(status)] = {"description": ", ".join(codes), "content": content}
    return responses
