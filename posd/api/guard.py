"""Who may call on TCP: the right host name (against DNS rebinding), an allowed origin, and a token or a session.

On the Unix socket access is the socket file's mode and group, and nothing of this applies.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from posd.api.errors import Handler
from posd.api.problems import Problem
from posd.config.load import split_host_port
from posd.payment.auth_code import Secret

COOKIE = "posd_session"
TICKET_S = 120.0
"""A sign-in link is clicked at once or made anew."""
SESSION_S = 16 * 3600.0
"""A shift, with room."""
SESSIONS_AT_MOST = 64

_OPEN = ("/healthz", "/ui")
_METHODS = "GET, POST"
_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"


class Sessions(msgspec.Struct):
    """Sign-ins of the cashier page: one-time tickets that become cookies. In memory: they end with the process."""

    _tickets: dict[str, float] = msgspec.field(default_factory=dict)
    _sessions: dict[str, float] = msgspec.field(default_factory=dict)

    def ticket(self, now_s: float) -> str:
        """A secret for one sign-in link."""
        self._drop_old(now_s)
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = now_s + TICKET_S
        return ticket

    def redeem(self, ticket: str, now_s: float) -> str | None:
        """A session for a ticket; each ticket works once."""
        self._drop_old(now_s)
        if self._tickets.pop(ticket, None) is None:
            return None
        session = secrets.token_urlsafe(32)
        self._sessions[session] = now_s + SESSION_S
        return session

    def holds(self, session: str | None, now_s: float) -> bool:
        """Whether a cookie is one of ours."""
        return session is not None and self._sessions.get(session, 0.0) > now_s

    def end(self, session: str | None) -> None:
        """A cookie is one of ours no more."""
        if session is not None:
            self._sessions.pop(session, None)

    def _drop_old(self, now_s: float) -> None:
        for kept in (self._tickets, self._sessions):
            for name in [name for name, until in kept.items() if until <= now_s]:
                del kept[name]
            while len(kept) >= SESSIONS_AT_MOST:
                del kept[next(iter(kept))]


class Guard:
    """The middleware in front of every TCP request."""

    def __init__(self, listen: str | None, token: Secret | None, allowed_origins: tuple[str, ...]) -> None:
        self._token = token
        self._allowed_origins = frozenset(allowed_origins)
        self._hosts: frozenset[str] = frozenset()
        if listen is not None and (found := split_host_port(listen)) is not None:
            host, port = found
            names = {host if ":" not in host else f"[{host}]", "localhost"}
            self._hosts = frozenset({f"{name}:{port}" for name in names} | (names if port == 80 else set()))
        self.sessions = Sessions()

    def admit(self, token: Secret | None, allowed_origins: tuple[str, ...]) -> None:
        """From now on these; another token signs all pages out."""
        if token != self._token:
            self.sessions = Sessions()
        self._token, self._allowed_origins = token, frozenset(allowed_origins)

    def middleware(self) -> Middleware:
        """For ``web.Application(middlewares=…)``."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not _is_tcp(request):
                return await handler(request)
            origin = self._check_origin(request)
            if origin is not None and request.method == "OPTIONS":
                return web.Response(status=204, headers=_preflight(request))
            self._check_token(request)
            return await handler(request)

        return guard

    async def tell_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        """For ``on_response_prepare``: an allowed origin may read every answer, problems and event streams too."""
        origin = request.headers.get("Origin")
        if origin in self._allowed_origins and _is_tcp(request):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "Idempotent-Replayed, Location"
            response.headers["Vary"] = "Origin"

    def _check_origin(self, request: web.Request) -> str | None:
        """The foreign origin of an allowed caller, None for our own page and for programs."""
        if request.headers.get("Host", "").lower() not in self._hosts:
            raise Problem(403, "host_not_allowed", "call posd by the name it listens on")
        origin = request.headers.get("Origin")
        if origin is None or origin.removeprefix("http://").lower() in self._hosts:
            return None
        if origin not in self._allowed_origins:
            raise Problem(403, "origin_not_allowed", "add the page's origin to [api] allowed_origins")
        return origin

    def _check_token(self, request: web.Request) -> None:
        if request.path.startswith(_OPEN) and (request.path in _OPEN or request.path.startswith("/ui/")):
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._token is not None:
            given, wanted = token.strip().encode("utf-8", "surrogateescape"), self._token.reveal().encode()
            if hmac.compare_digest(given, wanted):
                return
        elif not scheme and self.sessions.holds(request.cookies.get(COOKIE), asyncio.get_running_loop().time()):
            return
        raise Problem(401, "unauthorized", "send Authorization: Bearer with the token of [api] token_file")


def _preflight(request: web.Request) -> dict[str, str]:
    """What a page of an allowed origin may send; also from a public site to this machine, where the browser asks."""
    headers = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": _HEADERS}
    headers["Access-Control-Max-Age"] = "600"
    for name in ("Private", "Local"):
        if request.headers.get(f"Access-Control-Request-{name}-Network") == "true":
            headers[f"Access-Control-Allow-{name}-Network"] = "true"
    return headers


def _is_tcp(request: web.Request) -> bool:
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return isinstance(name, tuple)
