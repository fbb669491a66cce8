"""Errors as RFC 9457 problem details: a stable ``code``, whether to try again, and a sentence that says what to do."""

from __future__ import annotations

import msgspec
from aiohttp import web

from posd.refusals import Refusal

CONTENT_TYPE = "application/problem+json"


class ProblemResource(msgspec.Struct, frozen=True):
    """What an error looks like."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, detail: str, *, retryable: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retryable = retryable

    @classmethod
    def of(cls, refusal: Refusal) -> Problem:
        """Why the checkout did not take it."""
        return cls(refusal.status, refusal.code, str(refusal), retryable=refusal.retryable)

    def response(self) -> web.Response:
        """The answer itself."""
        resource = ProblemResource(
            type=f"urn:posd:problem:{self.code}",
            title=self.code.replace("_", " ").capitalize(),
            status=self.status,
            detail=self.detail,
            code=self.code,
            retryable=self.retryable,
        )
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        return web.Response(
            status=self.status, body=msgspec.json.encode(resource), content_type=CONTENT_TYPE, headers=headers
        )


def invalid(detail: str) -> Problem:
    """The request itself is wrong; ``detail`` names what."""
    return Problem(400, "invalid_request", detail)


def not_found(what: str) -> Problem:
    """There is no such thing."""
    return Problem(404, "not_found", what)
