"""A till with a real daemon, a simulated gateway, scanner and printer, and a browser that looks at its page."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, ConsoleMessage, Error, Locator, Page, Request, expect

from posd.demo.stage import Stage

SCREEN: Any = {"width": 1024, "height": 768}
"""The smallest touch screen that we promise to be usable on."""
PATIENCE_MS = 30_000
"""Far longer than anything here takes; a slow machine is no failure."""
SERIOUS = {"serious", "critical"}
AWAY = r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)"
"""What the browser writes on its console while posd is away; no page can keep it from doing so."""

expect.set_options(timeout=PATIENCE_MS)


def free_port() -> int:
    """A loopback port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def configure(stage: Stage, listen: str, *, window: int, locale: str, gateway: str) -> None:
    """The till as the test wants it."""
    stage.write_config(listen=listen)
    text = stage.config.read_text("utf-8")
    settings = stage.simulator.settings(gateway, stage.directory)
    rows = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    text = re.sub(r"(?<=\[gateways\.main\]\n).*?\n\n", f"{rows}\n", text, flags=re.DOTALL)
    text = text.replace("[payments]\n", f"[payments]\nwindow = {window}\npoll_interval = 0.3\n")
    stage.config.write_text(text.replace("[terminal]\n", f'[terminal]\nlocale = "{locale}"\n'), "utf-8")


@dataclass
class Desk:
    """The browser at a till. ``noise`` is what the console may say in this test; nothing, if nobody says otherwise."""

    stage: Stage
    context: BrowserContext
    page: Page
    address: str
    pictures: Path
    noise: str | None = None
    wrong: list[str] = field(default_factory=list)
    _codes: int = 0

    def __post_init__(self) -> None:
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        """Keep what goes wrong in a page."""
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not (self.noise and re.search(self.noise, message.text)):
            self.wrong.append(f"console: {message.text}")

    def _error(self, error: Error) -> None:
        self.wrong.append(f"error in the page: {error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.wrong.append(f"asked outside: {request.url}")

    async def sign_in(self) -> None:
        """Open the one-time link that ``posd ui`` prints."""
        link = await self.stage.post("/v1/ui-link", "link")
        await self.page.goto(link["url"])
        await expect(self.page.locator(".pad, .payment")).to_be_visible()

    def key(self, name: str) -> Locator:
        """A button of the page."""
        return self.page.locator(f'[data-key="{name}"]')

    def hero(self, status: str) -> Locator:
        """The big state of the payment on the screen."""
        return self.page.locator(f'.hero[data-status="{status}"]')

    def fact(self, name: str) -> Locator:
        """One of the facts below it."""
        return self.page.locator(f".facts .{name} dd")

    def rows(self) -> Locator:
        """The payments of the day, wherever they stand."""
        return self.page.locator(".day .row")

    async def reaches(self, status: str) -> None:
        """Wait for a state on the screen."""
        await expect(self.hero(status)).to_be_visible()

    async def arm(self, amount: str) -> None:
        """Type an amount and press Enter: the scanners are armed."""
        await self.page.keyboard.type(amount)
        await self.page.keyboard.press("Enter")
        await self.reaches("awaiting_code")

    def scan(self, behaviour: str) -> None:
        """The customer's code is scanned; its end tells the simulator what the customer does."""
        self._codes += 1
        self.stage.scanner.scan(f"13{self._codes:08d}0000{behaviour}")

    async def pay(self, amount: str, behaviour: str, status: str) -> dict[str, Any]:
        """A whole payment up to a state; as posd tells it then."""
        await self.arm(amount)
        self.scan(behaviour)
        await self.reaches(status)
        return (await self.payments())[0]

    def customer_pays(self, payment: dict[str, Any]) -> None:
        """The customer confirms in the wallet, now."""
        order = self.stage.simulator.bank.find(payment["orderNo"])
        assert order is not None
        assert self.stage.simulator.bank.confirm(order, self.stage.simulator.now_ms())

    async def payments(self) -> list[dict[str, Any]]:
        """What posd holds, the newest first."""
        answer = await self.stage.get("/v1/payments")
        items: list[dict[str, Any]] = answer["items"]
        return items

    def charged(self, payment: dict[str, Any]) -> int | None:
        """What the customer has paid in the end by the gateway's own books, in fen; None for an unknown order."""
        order = self.stage.simulator.bank.find(payment["orderNo"])
        if order is None:
            return None
        state = order.state(self.stage.simulator.now_ms())
        return state.net if state is not None else 0

    async def look(self, name: str) -> None:
        """Keep a picture, and let axe look for what keeps people out."""
        await self.page.screenshot(path=self.pictures / f"{name}.png", animations="disabled")
        found = (await Axe().run(self.page)).response["violations"]
        self.wrong += [
            f"axe in {name}: {each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0].get('failureSummary')}"
            for each in found
            if each["impact"] in SERIOUS
        ]
