"""A whole till in this process: the daemon over a gateway simulator, a virtual scanner and a virtual printer."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from devices.printer.simulator import VirtualPrinter
from devices.scanner.simulator import VirtualScanner
from posd.config import Config, load
from posd.daemon import Parts, running
from posd.gateways.simulator.server import Simulator

TOKEN = "a-token-of-the-tests"
NOTHING = object()
LOOK_AGAIN_S = 0.01

Sections = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.data)

    @property
    def code(self) -> tuple[int, str]:
        """Status and stable code of a problem, which must look like one."""
        assert "application/problem+json" == self.headers["Content-Type"].partition(";")[0], self.data
        problem = self.json
        assert {"type", "title", "status", "detail", "code", "retryable"} == problem.keys()
        assert self.status == problem["status"]
        return self.status, problem["code"]

    @property
    def detail(self) -> str:
        """The sentence of a problem."""
        return str(self.json["detail"])


@dataclass
class Till:
    """What a test plays on. ``sections`` is the configuration, to be changed before ``serving``."""

    directory: Path
    simulator: Simulator
    printer: VirtualPrinter
    scanner: VirtualScanner
    sections: Sections = field(default_factory=dict)
    _keys: int = 0

    @property
    def config_path(self) -> Path:
        """The configuration file."""
        return self.directory / "posd.toml"

    @property
    def socket(self) -> Path:
        """The API's Unix socket."""
        return self.directory / "posd.sock"

    def gateway(self, name: str, protocol: str, **more: Any) -> None:
        """Configure a gateway of the simulator."""
        self.sections[f"[gateways.{name}]"] = {**self.simulator.settings(protocol, self.directory), **more}

    def listen(self, **more: Any) -> str:
        """Configure the loopback listener on a free port; its address."""
        token = self.directory / "api-token"
        token.touch(mode=0o600)
        token.write_text(TOKEN + "\n", "utf-8")
        address = f"127.0.0.1:{free_port()}"
        self.sections["[api]"] |= {"listen": address, "token_file": str(token), **more}
        return address

    def write_config(self) -> Config:
        """The file as a technician would write it, read as posd reads it."""
        self.config_path.write_text("\n".join(_toml(head, rows) for head, rows in self.sections.items()), "utf-8")
        return load(self.config_path)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Desk]:
        """The daemon, until the block ends."""
        connector = aiohttp.UnixConnector(str(self.socket), limit=0)
        async with running(self.write_config()) as parts, aiohttp.ClientSession(connector=connector) as session:
            yield Desk(self, parts, session, "http://localhost")

    def new_key(self) -> str:
        """An idempotency key nobody has used."""
        self._keys += 1
        return f"key-{self._keys}"


@dataclass
class Desk:
    """A POS that speaks to a running daemon."""

    till: Till
    parts: Parts
    session: aiohttp.ClientSession
    base: str
    headers: dict[str, str] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = NOTHING,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. A ``body`` of bytes goes out as it is, everything else as JSON."""
        sent = {**self.headers, **(headers or {})}
        if key is not None:
            sent["Idempotency-Key"] = key
        data = None
        if body is not NOTHING:
            data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        url = URL(self.base + path, encoded=True)
        async with self.session.request(method, url, data=data, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, **headers: str) -> Answer:
        """A call that reads."""
        return await self.call("GET", path, headers=headers)

    async def pay(self, amount: int = 1250, *, key: str | None = None, wait: float = 30, **body: Any) -> Answer:
        """Start a payment and wait for its end."""
        path = f"/v1/payments?wait={wait}" if wait else "/v1/payments"
        return await self.call("POST", path, {"amount": amount, **body}, key=key or self.till.new_key())

    async def paid(self, amount: int = 1250, **body: Any) -> dict[str, Any]:
        """A payment that is paid."""
        answer = await self.pay(amount, authCode=fresh_code(), **body)
        assert (201, "paid") == (answer.status, answer.json["status"]), answer.data
        payment: dict[str, Any] = answer.json
        return payment

    async def payment(self, ident: str, wait: float = 0) -> dict[str, Any]:
        """A payment as it stands, or once it is final."""
        answer = await self.get(f"/v1/payments/{ident}?wait={wait}")
        assert 200 == answer.status, answer.data
        payment: dict[str, Any] = answer.json
        return payment

    async def post(self, path: str, body: Any = NOTHING, **more: Any) -> Answer:
        """A call that does something."""
        return await self.call("POST", path, body, **more)

    async def until(self, ident: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Look at a payment until it is as wanted."""
        while not wanted(payment := await self.payment(ident)):  # noqa: ASYNC110 - no event tells everything
            await asyncio.sleep(LOOK_AGAIN_S)
        return payment

    async def first(self, query: str = "") -> dict[str, Any]:
        """The first payment of a list, once there is one."""
        while not (items := (await self.get(f"/v1/payments{query}")).json["items"]):  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_AGAIN_S)
        payment: dict[str, Any] = items[0]
        return payment


@dataclass
class Stream:
    """A reader of server-sent events."""

    response: aiohttp.ClientResponse

    async def next(self) -> tuple[int | None, str, Any]:
        """The next event: id, kind, data. Comments are ``("", text)``."""
        fields: dict[str, str] = {}
        while "data" not in fields:
            while line := (await self.response.content.readuntil(b"\n")).decode().rstrip("\n"):
                name, _, value = line.partition(":")
                fields[name] = value.strip()
            if "" in fields:
                return None, "", fields[""]
            assert not self.response.content.at_eof(), "the stream has ended"
        ident = int(fields["id"]) if "id" in fields else None
        return ident, fields["event"], json.loads(fields["data"])

    async def until(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> tuple[int | None, Any]:
        """Read on until an event of this kind is as wanted: its id and data."""
        while True:
            ident, found, data = await self.next()
            if found == kind and wanted(data):
                return ident, data


@asynccontextmanager
async def events(desk: Desk, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    """The event stream."""
    sent = {**desk.headers, **headers}
    async with desk.session.get(f"{desk.base}/v1/events{query}", headers=sent) as response:
        assert 200 == response.status
        yield Stream(response)


@asynccontextmanager
async def a_till(directory: Path) -> AsyncIterator[Till]:
    """Everything but the daemon: Chaoying, one scanner, one printer."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator())
        printer = VirtualPrinter()
        await printer.start()
        stack.push_async_callback(printer.close)
        scanner = stack.enter_context(VirtualScanner(directory / "scanner"))
        till = Till(directory, simulator, printer, scanner)
        till.sections = {
            "[terminal]": {"id": "0101", "store_id": "md_001", "store_name": "示例超市人民路店"},
            "[journal]": {"path": str(directory / "journal.db")},
            "[api]": {"socket": str(till.socket)},
            "[payments]": {"gateway": "main"},
            "[[scanners]]": {"name": "front", "type": "serial", "port": str(scanner.link)},
            "[printer]": {"type": "tcp", "host": "127.0.0.1", "port": printer.port},
        }
        till.gateway("main", "chaoying")
        yield till


_codes = iter(range(10**9))


def fresh_code(behaviour: str = "00", parameter: int = 0, *, wallet: str = "13") -> str:
    """A code nobody has used; ``behaviour`` is the simulator's."""
    return f"{wallet}{next(_codes) + 1:08d}0000{behaviour}{parameter:02d}"


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _toml(head: str, rows: Mapping[str, Any]) -> str:
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in rows.items()]
    return "\n".join([head, *lines, ""])
