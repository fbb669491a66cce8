"""One browser for a module, a till of its own for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from posd.demo.stage import set_up
from tests.ui.support import SCREEN, Desk, configure, free_port

CHROMIUM = "/usr/bin/chromium"
# The sandbox of the browser does not work as root in a container; it loads nothing but our own page here.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A headless browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A till with a browser, not signed in. Parametrise it indirectly with ``window``, ``locale`` and ``gateway``.

    Nothing ends by the clock where a test does not want it to: the window is long, and customers pay when told to.
    DaxPay takes a cancel at once, so that no test has to wait for the earliest moment of one; it tells no discount.
    """
    wanted = {"window": 120, "locale": "zh-CN", "gateway": "daxpay", **getattr(request, "param", {})}
    pictures = Path(request.config.cache.mkdir("cashier-page"))
    listen = f"127.0.0.1:{free_port()}"
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(set_up(listen=listen))
        configure(stage, listen, **wanted)
        await stage.start()
        context = await stack.enter_async_context(await browser.new_context(viewport=SCREEN, has_touch=True))
        desk = Desk(stage, context, await context.new_page(), f"http://{listen}/", pictures)
        yield desk
        assert [] == desk.wrong
