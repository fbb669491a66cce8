"""What goes wrong around the cashier page: reloads, restarts, lost answers, lost sessions."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Route, expect

from posd.api.sign_in import _note
from posd.payment.auth_code import Secret
from tests.ui.support import AWAY, Desk

NOTHING_PENDING = """async () => {
  while (sessionStorage.getItem("posd.pending") !== null) await new Promise((done) => setTimeout(done, 20));
}"""
"""Waits until no request is without its answer."""

LOOKS = 600
"""Far more than the gateway needs to make a code."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_reload_in_the_middle_finds_the_payment_again(desk: Desk) -> None:
    """The page comes back to the payment that is running, and it is still the only one."""
    await desk.sign_in()
    payment = await desk.pay("31.4", "1200", "processing")
    await desk.page.reload()
    await expect(desk.hero("processing")).to_contain_text("¥31.40")
    desk.customer_pays(payment)
    await desk.reaches("paid")
    assert [payment["id"]] == [each["id"] for each in await desk.payments()]
    assert 3140 == desk.charged(payment)


async def test_an_answer_that_was_lost_does_not_charge_twice(desk: Desk) -> None:
    """The request reached posd, its answer did not reach the page: after a reload the same key finds the payment."""
    await desk.sign_in()
    desk.noise = "net::ERR_FAILED"
    keys: list[str | None] = []

    async def lose(route: Route) -> None:
        keys.append(await route.request.header_value("Idempotency-Key"))
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await desk.page.route(
        "**/ui/session", lambda route: route.abort()
    )  # the line stays down, so that nothing is repeated before the reload
    await desk.page.route(lambda url: url.endswith("/v1/payments"), lose)
    await desk.page.keyboard.type("7")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#banner")).to_contain_text("尚未确认")
    await desk.page.unroute("**/ui/session")
    await desk.page.reload()
    await desk.reaches("awaiting_code")
    await desk.page.evaluate(NOTHING_PENDING)
    assert 2 == len(keys)
    assert keys[0] == keys[1]
    assert 1 == len(await desk.payments())


async def test_posd_restarts_in_the_middle(desk: Desk) -> None:
    """A banner while it is away; then the page goes on by itself, still signed in, with the same payment."""
    await desk.sign_in()
    payment = await desk.pay("42", "1200", "processing")
    desk.noise = AWAY
    await desk.stage.kill()
    banner = desk.page.get_by_role("alert")
    await expect(banner).to_contain_text("没有响应")
    await desk.page.screenshot(path=desk.pictures / "zh-down.png")
    await expect(desk.hero("paid")).to_have_count(0)
    desk.customer_pays(payment)
    await desk.stage.start()
    await desk.reaches("paid")
    await expect(banner).to_be_hidden()
    assert [payment["id"]] == [each["id"] for each in await desk.payments()]
    assert 4200 == desk.charged(payment)


async def test_what_is_pressed_while_posd_is_away_is_done_once_when_it_is_back(desk: Desk) -> None:
    """A request that got no answer is repeated under its key as soon as posd is back, however often it was pressed."""
    await desk.sign_in()
    desk.noise = AWAY
    await desk.stage.kill()
    await expect(desk.page.get_by_role("alert")).to_be_visible()
    await desk.page.keyboard.type("3")
    for _ in range(3):
        await desk.page.keyboard.press("Enter")
    await expect(desk.page.get_by_role("alert")).to_contain_text("尚未确认")
    await desk.stage.start()
    await desk.reaches("awaiting_code")
    assert [300] == [payment["amount"] for payment in await desk.payments()]


async def test_nobody_gets_in_without_a_link(desk: Desk) -> None:
    """The page says what to run, shows nothing of the till, and goes on by itself once a link was opened elsewhere."""
    await desk.page.goto(f"{desk.address}ui/")
    await expect(desk.page.locator("#door")).to_contain_text("posd ui")
    await expect(desk.page.locator("#counter")).to_be_hidden()
    await desk.look("zh-door")
    other = await desk.context.new_page()
    desk.watch(other)
    await other.goto((await desk.stage.post("/v1/ui-link", "link"))["url"])
    await expect(other.locator(".pad")).to_be_visible()
    await expect(desk.page.locator(".pad")).to_be_visible()


async def test_whoever_signs_out_leaves_nothing_behind(desk: Desk) -> None:
    """All pages of the browser are at the door, without a trace of the till; its cookies are gone and worth nothing."""
    await desk.sign_in()
    await desk.pay("12.34", "0000", "paid")
    other = await desk.context.new_page()
    desk.watch(other)
    await other.goto(f"{desk.address}ui/")
    await expect(other.locator(".day .row")).to_have_count(1)
    cookies = await desk.context.cookies()
    await desk.key("terminal").click()
    await expect(desk.key("sign-out")).to_be_visible()
    await desk.look("zh-terminal")
    await desk.key("sign-out").click()
    for page in (desk.page, other):
        await expect(page.locator("#door")).to_contain_text("posd ui")
        assert "12.34" not in await page.content()
    assert ["posd_session", "posd_sign_in"] == sorted(str(each.get("name")) for each in cookies)
    assert [] == await desk.context.cookies()
    (session,) = [str(each.get("value")) for each in cookies if each.get("name") == "posd_session"]
    old = await desk.context.request.get(f"{desk.address}v1/payments", headers={"Cookie": f"posd_session={session}"})
    assert 401 == old.status
    await other.close()
    await desk.sign_in()
    await expect(desk.page.locator(".pad")).to_be_visible()
    await expect(desk.rows()).to_contain_text("12.34")


async def test_the_note_of_a_sign_in_is_sealed(desk: Desk) -> None:
    """After a restart only a note that posd signed itself signs in again, and only in its time. White-box: `_note`."""
    await desk.sign_in()
    desk.noise = AWAY
    (note,) = [each for each in await desk.context.cookies() if each.get("name") == "posd_sign_in"]
    assert (True, "Strict") == (note.get("httpOnly"), note.get("sameSite"))
    value = str(note.get("value"))
    ends, nonce, seal = value.split(".")
    await desk.page.close()
    await desk.stage.stop()
    await desk.stage.start()
    token = Secret((desk.stage.directory / "api-token").read_text("utf-8").strip())
    over, foreign = _note(token, int(time.time()) - 1), _note(Secret("another token"), int(ends))
    changed = (f"{int(ends) + 1}.{nonce}.{seal}", f"{ends}.{nonce}.{'0' * 64}", "", "é", "1.x.y")
    told = []
    for tried in (*changed, over, foreign, value):
        answer = await desk.context.request.post(
            f"{desk.address}ui/session", headers={"Cookie": f"posd_sign_in={tried}"}
        )
        told.append((await answer.json())["signedIn"])
    assert [False] * 7 + [True] == told


async def test_the_page_runs_nothing_that_is_not_its_own(desk: Desk) -> None:
    """The policy allows files of posd only, and the page holds no inline script, style or listener."""
    answer = await desk.context.request.get(f"{desk.address}ui/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = await answer.text()
    assert not [word for word in ("<style", " style=", " onclick=", "javascript:", "https://") if word in text]


async def test_an_answer_that_an_event_overtook_does_not_bring_the_past_back(desk: Desk) -> None:
    """The answer to the start of a QR payment is held until the event with its code has come: the code is shown."""
    await desk.sign_in()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        for _ in range(LOOKS):
            if (await desk.payments())[0]["qrCode"]:
                break
            await asyncio.sleep(0.05)
        await expect(desk.rows()).to_have_count(1)
        await route.fulfill(response=answer, json={**await answer.json(), "qrCode": None})

    await desk.page.route(lambda url: url.endswith("/v1/payments"), late)
    await desk.page.keyboard.type("99")
    await desk.key("qr").tap()
    await expect(desk.page.get_by_role("img", name="收款二维码")).to_be_visible()
