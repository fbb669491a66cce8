"""The simulator as a server: performs what the sandbox answers, on real sockets.

async with Simulator() as simulator:
simulator.settings("chaoying", directory)    # a [gateways.…] table, its secrets written to files
simulator.bank                               # the truth
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.simulator.bank import QUERY_BURST_MAX, Bank
from posd.gateways.simulator.catalogue import PROTOCOLS
from posd.gateways.simulator.control import Control, ControlError
from posd.gateways.simulator.keys import KeyRing, write_secret
from posd.gateways.simulator.manual import behaviours, gateways
from posd.gateways.simulator.page import code_picture, customer_page
from posd.gateways.simulator.protocol import Protocol
from posd.gateways.simulator.reply import Broken, Later, Reply, Send
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.simulator.scripts import Scripts
from posd.payment.auth_code import Secret
from posd.tasks import Tasks

# The largest documented request (goods, rawdata) is a tenth of it.
BODY_MAX = 256 * 1024
# A request that is never answered keeps its connection this long: longer than any client waits.
HANG_S = 600.0
# Chaoying gives a receiver three seconds; the others do not say.
NOTIFY_TIMEOUT_S = 3.0
# A receiver's word is short; what comes beyond is not read.
NOTIFY_ANSWER_MAX = 4096
# Connections that hang are cut when the server stops; nobody waits for them.
SHUTDOWN_S = 0.05


class Simulator:
    """Five gateways on one address, each under its own prefix.

    Lives as an async context; owns its tasks, and cancels them at the end. ``port=0`` takes any free port.
    ``now_ms`` follows the event loop's clock from the wall clock at the start, so a virtual loop clock drives it too.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        keys: Path | None = None,
        protocols: Iterable[type[Protocol]] = PROTOCOLS,
        query_burst_max: int = QUERY_BURST_MAX,
        ssl_context: ssl.SSLContext | None = None,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """``keys`` is a directory in which secrets are kept from run to run.

        A gateway's keys are made when it is first asked for, which may block for a tenth of a second.
        """
        self.host, self.port = host, port
        self.sandbox = Sandbox(KeyRing(keys), protocols, query_burst_max, wall_ms() // 1000)
        self._control = Control(self.sandbox, self._start_later)
        self._ssl, self._wall_ms = ssl_context, wall_ms
        self._offset_ms = 0
        self._tasks = Tasks()
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._client: aiohttp.ClientSession | None = None

    @property
    def bank(self) -> Bank:
        """The truth."""
        return self.sandbox.bank

    @property
    def scripts(self) -> Scripts:
        """How the next orders go."""
        return self.sandbox.scripts

    @property
    def address(self) -> str:
        """Where it listens, as ``http://HOST:PORT``."""
        return f"{'https' if self._ssl else 'http'}://{self.host}:{self.port}"

    def base_url(self, gateway: str) -> str:
        """A gateway's ``base_url``."""
        return f"{self.address}/{self.sandbox.engines[gateway].protocol.name}"

    def settings(self, gateway: str, directory: Path) -> dict[str, str]:
        """A client's ``[gateways.…]`` table; its secrets are written to files of mode 0600 in ``directory``.

        The files are named after the gateway: a second simulator needs a directory of its own.
        """
        table = {"protocol": gateway, "base_url": self.base_url(gateway)}
        for name, value in self.sandbox.credentials(gateway).items():
            if isinstance(value, Secret):
                path = directory / f"{gateway}.{name}"
                write_secret(path, value.reveal())
                table[f"{name}_file"] = str(path)
            else:
                table[name] = value
        return table

    def now_ms(self) -> int:
        """The simulator's time, in UTC milliseconds."""
        return self._offset_ms + int(asyncio.get_running_loop().time() * 1000)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._offset_ms = self._wall_ms() - int(asyncio.get_running_loop().time() * 1000)
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=NOTIFY_TIMEOUT_S))
        self._runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S
        )
        await self._runner.setup()
        await self.resume()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()
        if self._runner:
            await self._runner.cleanup()
        if self._client:
            await self._client.close()

    async def pause(self) -> None:
        """An outage: connections are cut and new ones refused; the orders live on."""
        if self._site and self._runner and self._runner.server:
            await self._site.stop()
            self._site = None
            await self._runner.server.shutdown(SHUTDOWN_S)

    async def resume(self) -> None:
        """Listen; on the same port as before."""
        if self._runner is None:
            raise RuntimeError("the simulator is not running")
        self._site = web.TCPSite(self._runner, self.host, self.port, ssl_context=self._ssl, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        self.sandbox.set_site(self.address)

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_MAX)
        for name in self.sandbox.engines:
            app.router.add_route("*", f"/{name}/{{path:.*}}", functools.partial(self._gateway, name))
        app.router.add_get("/", self._index)
        app.router.add_get("/customer/{order}", self._customer_page)
        app.router.add_get("/customer/{order}/code", self._customer_code)
        app.router.add_post("/customer/{order}/{deed}", self._customer_deed)
        app.router.add_post("/control/behaviour", self._controlled(self._control.script))
        app.router.add_delete("/control/behaviour", self._controlled(lambda _: self._control.forget()))
        app.router.add_post("/control/quirk", self._controlled(self._control.quirk))
        app.router.add_post(
            "/control/customer", self._controlled(lambda body: self._control.customer(body, self.now_ms()))
        )
        app.router.add_post("/control/notify", self._notify)
        app.router.add_get("/control/ledger", self._ledger)
        app.router.add_get("/control/ledger/{order}", self._ledger)
        return app

    # --- the gateways -------------------------------------------------------------------------------------------------

    async def _gateway(self, gateway: str, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path = "/" + request.match_info["path"]
        asked = HttpRequest(
            "", path, body, {key.lower(): value for key, value in request.headers.items()}, request.method
        )
        reply = self.sandbox.handle(gateway, asked, self.now_ms())
        self._start_later(reply.later)
        return await self._perform(request, reply)

    async def _perform(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.delay_ms:
            await asyncio.sleep(reply.delay_ms / 1000)
        match reply.outcome:
            case HttpResponse() as answer:
                return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
            case Broken.HANG:
                await asyncio.sleep(HANG_S)
            case Broken.CUT:
                pass
        if request.transport:
            request.transport.abort()
        return web.Response()

    # --- what happens later -------------------------------------------------------------------------------------------

    def _start_later(self, later: tuple[Later, ...]) -> None:
        for item in later:
            self._tasks.start(self._see_to(item), "simulator notification")

    async def _see_to(self, first: Later) -> None:
        item: Later | None = first
        while item is not None:
            await asyncio.sleep(max(0, item.at_ms - self.now_ms()) / 1000)
            send = item.act(self.now_ms())
            item = await self._send(send) if send else None

    async def _send(self, send: Send) -> Later | None:
        if self._client is None:
            raise RuntimeError("the simulator is not running")
        try:
            headers = {"Content-Type": send.content_type}
            async with self._client.post(send.url, data=send.body, headers=headers, allow_redirects=False) as answer:
                text = (await answer.content.read(NOTIFY_ANSWER_MAX)).decode("utf-8", "replace")
                return send.done(answer.status, text, self.now_ms())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return send.done(None, type(error).__name__, self.now_ms())

    # --- people and scripts -------------------------------------------------------------------------------------------

    async def _index(self, _: web.Request) -> web.Response:
        return web.Response(text=f"{gateways()}\n{behaviours()}", content_type="text/plain", charset="utf-8")

    async def _customer_code(self, request: web.Request) -> web.Response:
        """The code as a picture, as some gateways offer it."""
        url = f"{self.address}/customer/{request.match_info['order']}"
        picture = await asyncio.get_running_loop().run_in_executor(None, code_picture, url)
        return web.Response(body=picture, content_type="image/png")

    async def _customer_page(self, request: web.Request) -> web.Response:
        now_ms = self.now_ms()
        self.bank.advance(now_ms)
        order = self.bank.find(request.match_info["order"])
        if order is None:
            raise web.HTTPNotFound
        return web.Response(text=customer_page(order, now_ms), content_type="text/html")

    async def _customer_deed(self, request: web.Request) -> web.Response:
        order_no = request.match_info["order"]
        try:
            self._control.do(order_no, request.match_info["deed"], self.now_ms())
        except ControlError as error:
            return _failure(error)
        raise web.HTTPSeeOther(request.rel_url.raw_path.rsplit("/", 1)[0])

    def _controlled(self, call: Callable[[bytes], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            try:
                return web.json_response(call(await request.read()))
            except ControlError as error:
                return _failure(error)

        return handler

    async def _notify(self, request: web.Request) -> web.Response:
        try:
            order, send = self._control.notification(await request.read(), self.now_ms())
        except ControlError as error:
            return _failure(error)
        await self._send(send)
        return web.json_response(self._control.ledger(order.order_no, self.now_ms()))

    async def _ledger(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self._control.ledger(request.match_info.get("order"), self.now_ms()))
        except ControlError as error:
            return _failure(error)


def _failure(error: ControlError) -> web.Response:
    return web.json_response({"detail": str(error)}, status=error.status)
