"""A gateway as bare as can be: HTTP by hand over a sandbox, with a time stamp on the first byte of every request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from bench.virtual.network import PROTOCOL
from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.simulator.behaviour import Plan
from posd.gateways.simulator.orders import Charge
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.simulator.scripts import Scripts


class Recorded(msgspec.Struct, frozen=True):
    """A request and the moment at which it came, in seconds of some clock."""

    at_s: float
    path: str
    body: bytes


class SamePlan(Scripts):
    """Every customer does the same."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.always = plan

    def plan(self, order_no: str, charge: Charge) -> Plan:
        """The one plan."""
        return self.always


class RawGateway:
    """Listens on the loopback as an async context. ``requests`` counts them.

    ``on_request`` sees the path of each and when its first byte came, ``on_answer`` the order that is being answered.
    """

    def __init__(self, plan: Plan, sandbox: Sandbox | None = None, protocol: str = PROTOCOL) -> None:
        """``sandbox``: of another gateway that knows the same orders."""
        self.protocol = protocol
        self.sandbox = sandbox or Sandbox(query_burst_max=1_000_000)
        self.scripts = SamePlan(plan)
        self.sandbox.scripts = self.scripts
        self.port = 0
        self.requests = 0
        self.kept: list[Recorded] = []
        """Requests, while ``keep`` is set."""
        self.keep = False
        self.on_request: Callable[[str, int], None] = _nobody
        self.on_answer: Callable[[str], None] = _nobody_either
        self.newest_order = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def respond(self, path: str, head: bytes, body: bytes) -> tuple[float, bytes]:
        """After how many seconds to answer what."""
        self.requests += 1
        if self.keep:
            self.kept.append(Recorded(time.monotonic(), path, body))
        kind = "application/x-www-form-urlencoded" if b"urlencoded" in head else "application/json"
        request = HttpRequest("", path, body, {"content-type": kind})
        reply = self.sandbox.handle(self.protocol, request, time.time_ns() // 1_000_000)
        self.newest_order = next(reversed(self.sandbox.bank.orders), "")
        answer = reply.outcome.body if isinstance(reply.outcome, HttpResponse) else b""
        return reply.delay_ms / 1000, answer


class _Connection(asyncio.Protocol):
    """Requests one after the other, each with a length."""

    def __init__(self, gateway: RawGateway) -> None:
        self._gateway = gateway
        self._buffer = b""
        self._stamp_ns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._buffer:
            self._stamp_ns = time.perf_counter_ns()
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = _length(head) if found else 0
        if not found or len(rest) < length:
            return
        self._buffer = b""
        path = head.split(b" ", 2)[1].decode()
        self._gateway.on_request(path, self._stamp_ns)
        delay_s, body = self._gateway.respond(path, head, rest)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._answer, self._gateway.newest_order, body)
        else:
            self._answer(self._gateway.newest_order, body)

    def _answer(self, order_no: str, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._gateway.on_answer(order_no)
        self._transport.write(head.encode() + body)


def write_requests(requests: list[Recorded], path: Path) -> None:
    """Requests as they came, for somebody who sends them again."""
    path.write_bytes(msgspec.json.encode(requests))


def read_requests(path: Path) -> list[Recorded]:
    """What ``write_requests`` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=list[Recorded])


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)


def _nobody(_path: str, _stamp_ns: int) -> None:
    """Until somebody wants to know."""


def _nobody_either(_order_no: str) -> None:
    """Until somebody wants to know."""
