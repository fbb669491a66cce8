"""HTTP to one gateway: what leaves, leaves once; what is known of a failure is said exactly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from functools import cache
from types import TracebackType
from typing import NoReturn, Self

import aiohttp
import msgspec
from aiohappyeyeballs import AddrInfoType
from aiohttp.client_reqrep import ClientRequest
from yarl import URL

from posd import __version__
from posd.gateways.addresses import checked_base_url
from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.errors import NoAnswerError, NotSentError
from posd.gateways.json_body import BODY_LIMIT
from posd.gateways.tls import tls_of

CONNECTIONS_LIMIT = 256
"""Connections to one gateway at a time: forty pending payments with four queries, a pay and a cancel each, and air."""

IDLE_LIMIT_S = 30.0
"""How long a connection may lie idle and still be used. Load balancers close theirs after 60 s, routers in shops forget
them; a pay request that meets such a one gets no answer, and costs the customer a minute of waiting."""

WARM_INTERVAL_S = 20.0
"""How old the connection that is kept open for the next customer grows: below ``IDLE_LIMIT_S``."""

_DNS_TTL_S = 60
"""How long an address is used without asking again: a resolver that is away for a moment stops no sale."""

# A dead peer on an idle connection is noticed after 5 + 3 × 3 s by the kernel, before a customer meets it.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 3), (socket.TCP_KEEPCNT, 3))

_REASON_LIMIT = 200
"""Characters of an error that are kept; some libraries quote what they got."""

# Only these come from the attempt to connect; aiohttp raises none of them once a byte of the request may have left.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Timeouts(msgspec.Struct, frozen=True):
    """How long to wait, in seconds; each includes the one before it."""

    connect_s: float = 3.0
    query_s: float = 10.0
    """For the answer to everything but pay."""
    pay_s: float = 30.0
    """For the answer to pay; queries run beside it."""


class Transport:
    """One client of one gateway.

    Lives from the first request (or ``warm``) until ``close``; safe for any number of concurrent requests in one event
    loop. A request is sent at most once: POST is never repeated by the library, redirects are not followed. Cancelling
    a request closes its connection, so an answer that comes late is read by nobody. TLS certificates and host names are
    always verified; ``ca_file`` replaces the system's authorities, ``pins`` name the keys that are believed. No proxy,
    no cookie, no setting of the environment.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeouts: Timeouts | None = None,
        ca_file: str | None = None,
        pins: Sequence[str] = (),
    ) -> None:
        """Raises ValueError for an address that is not https (http: loopback only), OSError for an unreadable file."""
        self._base_url = checked_base_url(base_url)
        self.timeouts = timeouts or Timeouts()
        self._tls = tls_of(ca_file, pins)
        self._session: aiohttp.ClientSession | None = None
        self._pool: aiohttp.TCPConnector
        self._closed = False
        self._kept: object = None
        """What tells the idle connection that ``keep_warm`` has put back from all others."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections, for good. A request that still runs ends with NoAnswerError."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """Send one request and read the whole answer.

        Raises NotSentError if it certainly never left: name not found, refused, no connection in time, TLS refused.
        Raises NoAnswerError for everything else, an answer of more than ``BODY_LIMIT`` bytes included.
        """
        try:
            async with self._opened().request(
                request.method,
                self._url(request),
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=_timeout(timeout_s, self.timeouts.connect_s),
            ) as response:
                return HttpResponse(response.status, await _read(response), response.headers)
        except _NOT_SENT as error:
            raise NotSentError(_reason(error)) from error
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError(_reason(error)) from error

    async def warm(self) -> None:
        """See that a connection is open, TLS and all, before anybody needs it. Raises NotSentError."""
        connection = await self._connected()
        if self._kept is not None and connection.protocol is self._kept:
            # It has lain there since the last time: a fresh one is worth more than an old one.
            connection.close()
            connection = await self._connected()
        self._kept = connection.protocol
        connection.release()

    async def keep_warm(self) -> NoReturn:
        """Keep one connection open and young, for ever; a gateway that cannot be reached is tried again."""
        while True:
            try:
                await self.warm()
            except NotSentError:
                self._kept = None
            await asyncio.sleep(WARM_INTERVAL_S)

    # --- connections --------------------------------------------------------------------------------------------------

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSentError("the transport is closed")
        if self._session is None:
            self._pool = aiohttp.TCPConnector(
                ssl=self._tls,
                limit=CONNECTIONS_LIMIT,
                keepalive_timeout=IDLE_LIMIT_S,
                ttl_dns_cache=_DNS_TTL_S,
                resolver=aiohttp.ThreadedResolver(),
                socket_factory=_socket,
            )
            self._session = aiohttp.ClientSession(
                connector=self._pool,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"user-agent": f"posd/{__version__}", "accept-encoding": "identity"},
                trust_env=False,
            )
        return self._session

    async def _connected(self) -> aiohttp.connector.Connection:
        """An open connection from the pool, or a new one. Nothing is sent on it."""
        session = self._opened()
        timeout = aiohttp.ClientTimeout(connect=self.timeouts.connect_s)
        request = ClientRequest("POST", URL(self._base_url), loop=asyncio.get_running_loop(), session=session)
        try:
            return await self._pool.connect(request, traces=[], timeout=timeout)
        except TimeoutError as error:
            raise NotSentError("no connection in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NotSentError(_reason(error)) from error

    def _url(self, request: HttpRequest) -> URL:
        base = self._base_url if request.base_url is None else checked_base_url(request.base_url)
        return URL(base + request.path, encoded=True)


@cache
def _timeout(total_s: float, connect_s: float) -> aiohttp.ClientTimeout:
    """Kept: there are as many as the configuration names, and one is needed for each request."""
    return aiohttp.ClientTimeout(total=total_s, connect=connect_s)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    said = response.content_length
    if said is not None and said <= BODY_LIMIT and "content-encoding" not in response.headers:
        # Not a byte more than was said is taken for this answer.
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise NoAnswerError(f"the answer is longer than {BODY_LIMIT} bytes")
    return bytes(body)


def _socket(address: AddrInfoType) -> socket.socket:
    made = socket.socket(address[0], address[1], address[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _reason(error: BaseException) -> str:
    """An error in one line; what the platform sent may be in it, what we sent never is."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:_REASON_LIMIT]
