"""Using the cashier page for a day: languages, keyboard, search, what needs a look, devices."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.house_rules import ROOT
from tests.ui.support import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("desk", [{"locale": "en", "gateway": "chaoying"}], indirect=True)
async def test_both_languages(desk: Desk) -> None:
    """The terminal's language until the cashier chooses; the choice stays, and changes at once what is shown."""
    await desk.sign_in()
    await expect(desk.key("scan")).to_have_text("Scan now")
    await desk.look("en-keypad")
    await desk.pay("12.5", "0225", "paid")
    await expect(desk.hero("paid")).to_contain_text("Paid")
    await expect(desk.fact("discount")).to_have_text("-¥2.50")
    await expect(desk.fact("receipt")).to_have_text("printed")
    await expect(desk.page.locator(".sums")).to_have_text("1 paid: ¥10.00")
    await desk.look("en-paid")
    await desk.key("to-zh-CN").click()
    await expect(desk.hero("paid")).to_contain_text("支付成功")
    await expect(desk.fact("wallet")).to_have_text("微信支付")
    assert "zh-CN" == await desk.page.locator("html").get_attribute("lang")
    await desk.page.reload()
    await expect(desk.hero("paid")).to_contain_text("支付成功")


async def test_no_text_is_missing_in_one_language() -> None:
    """Both dictionaries have the same names."""
    text = (ROOT / "posd/api/ui/words.js").read_text("utf-8")
    chinese, english = re.findall(r'^  (?:"zh-CN"|en): \{(.*?)^  \}', text, re.MULTILINE | re.DOTALL)
    names = [set(re.findall(r"^    (\w+):", part, re.MULTILINE)) for part in (chinese, english)]
    assert names[0] == names[1]
    assert len(names[0]) > 50


async def test_the_keyboard_is_enough(desk: Desk) -> None:
    """A payment, a refund and a reprint without a pointer; Tab goes everywhere and round, with a focus one can see."""
    await desk.sign_in()
    press = desk.page.keyboard.press
    await desk.pay("9.9", "0000", "paid")
    await expect(desk.key("new")).to_be_focused()
    reached = []
    for _ in range(30):
        await press("Tab")
        reached.append(await desk.page.evaluate("document.activeElement.dataset.key ?? ''"))
    assert {"print", "refund", "new", "search", "devices", "to-en", "timeline"} <= set(reached)
    assert reached.index("refund") < len(reached) - 1 - reached[::-1].index("refund"), "Tab does not come round"
    await desk.key("refund").focus()
    assert "solid" == await desk.key("refund").evaluate("button => getComputedStyle(button).outlineStyle")
    await press("Enter")
    await desk.page.keyboard.type("1")
    await press("Enter")
    await expect(desk.page.locator('[data-refund="succeeded"]')).to_contain_text("¥1.00")
    await press("Escape")
    await expect(desk.page.locator(".pad")).to_be_visible()
    await press("/")
    await expect(desk.key("search")).to_be_focused()
    await desk.page.keyboard.type("9.90")
    await press("Enter")
    await desk.reaches("paid")
    await desk.page.keyboard.press("Escape")
    assert 1 == len(await desk.payments()), "keys in the search are not for the keypad"


async def test_what_happened_is_told_and_kept_up(desk: Desk) -> None:
    """The timeline opens on demand, and goes on while the payment does."""
    await desk.sign_in()
    payment = await desk.pay("3", "1200", "processing")
    await desk.key("timeline").click()
    lines = desk.page.locator(".timeline li")
    await expect(lines.first).to_contain_text("payment of 3.00")
    desk.customer_pays(payment)
    await desk.reaches("paid")
    await expect(lines.filter(has_text="printed")).to_have_count(1)


async def test_touch_and_keyboard_go_together(desk: Desk) -> None:
    """Enter after a touch takes the amount as it stands; a digit at the end of a payment begins the next amount."""
    await desk.sign_in()
    await desk.key("devices").click()
    await desk.key("devices").click()
    for key in ("1", "5"):
        await desk.key(f"key-{key}").click()
    await desk.page.keyboard.press("Enter")
    await desk.reaches("awaiting_code")
    desk.scan("0000")
    await desk.reaches("paid")
    await desk.page.keyboard.type("23")
    await expect(desk.page.locator(".figure")).to_have_text("¥23")
    await desk.key("to-en").click()
    await desk.page.keyboard.type("4")
    await desk.page.keyboard.press("Enter")
    await desk.reaches("awaiting_code")
    assert [23400, 1500] == [payment["amount"] for payment in await desk.payments()]


async def test_a_payment_is_found_by_its_number_and_by_its_receipt(desk: Desk) -> None:
    """Typing a part of the number narrows the list; scanning the receipt opens the payment; goods are left alone."""
    await desk.sign_in()
    first = await desk.pay("1", "0000", "paid")
    await desk.page.keyboard.press("Enter")
    await desk.pay("2", "0000", "paid")
    await desk.page.keyboard.press("Enter")
    await expect(desk.rows()).to_have_count(2)
    await desk.key("search").fill(first["orderNo"][-5:].lower())
    await expect(desk.rows()).to_have_count(1)
    await desk.key("search").fill("nothing like it")
    await expect(desk.page.locator(".none")).to_have_text("没有找到")
    await desk.page.keyboard.press("Escape")
    await desk.page.reload()
    await expect(desk.page.locator(".pad")).to_be_visible()

    desk.stage.scanner.scan("6901234567892")
    desk.stage.scanner.scan(first["orderNo"])
    await desk.reaches("paid")
    await expect(desk.fact("order_no")).to_have_text(first["orderNo"])
    await desk.page.keyboard.press("Escape")
    desk.scan("0000")
    await expect(desk.page.locator("#told")).to_contain_text("请先输入金额")
    assert 2 == len(await desk.payments())


@pytest.mark.parametrize("desk", [{"gateway": "chaoying"}], indirect=True)
async def test_what_runs_and_what_needs_a_look_stands_on_top(desk: Desk) -> None:
    """A payment with ``attention`` and one that runs are above the others, each with its word, and can be opened."""
    await desk.sign_in()
    await desk.pay("1", "0000", "paid")
    await desk.page.keyboard.press("Enter")
    await desk.pay("2", "1200", "processing")
    top = desk.page.locator(".look .row")
    await expect(top).to_have_count(1)
    await expect(top).to_contain_text("待付款")
    await desk.key("new").click()
    doubtful = await desk.pay("3", "4300", "paid")
    await expect(desk.page.locator(".look.troubled .row")).to_have_count(2)
    await expect(desk.hero("paid").locator(".flag")).to_have_text("请人工核对")
    assert (await desk.stage.get(f"/v1/payments/{doubtful['id']}"))["attention"]
    await desk.look("zh-attention")


async def test_what_needs_a_look_is_asked_for_by_itself(desk: Desk) -> None:
    """However many payments have come since: a page that is opened later asks for it, not for the latest ones."""
    await desk.sign_in()
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url.partition("/v1/payments?")[2]))
    await desk.page.reload()
    await expect(desk.page.locator(".pad")).to_be_visible()
    lists = sorted(query for query in asked if query)
    assert ["attention=true", "date", "status=awaiting_code", "status=cancelling", "status=processing"] == [
        query.partition("=")[0] if query.startswith("date=") else query.partition("&")[0] for query in lists
    ]


async def test_the_health_of_the_devices_is_seen(desk: Desk) -> None:
    """A scanner that is pulled out is said to be lost at once, by word and shape; put in again, all is well."""
    await desk.sign_in()
    chip = desk.key("devices")
    await expect(chip).to_have_attribute("data-worst", "ready")
    desk.stage.scanner.unplug()
    await expect(chip).to_have_attribute("data-worst", "lost")
    await expect(chip).to_contain_text("front 未连接")
    await chip.click()
    await expect(desk.page.locator('[data-device="front"]')).to_have_attribute("data-state", "lost")
    await desk.look("zh-devices")
    desk.stage.scanner.plug()
    await expect(chip).to_have_attribute("data-worst", "ready")
    await desk.key("test-printer").click()
    await expect(desk.page.locator("#told")).to_contain_text("printer")


async def test_amounts_are_whole_numbers_of_fen(desk: Desk) -> None:
    """Yuan become fen without a fraction on the way, and what is no amount is none."""
    await desk.sign_in()
    texts = ["0.01", "0.1", "1.", "12.5", "0.29", "1000000", "1.005", "", ".", "1e3", "-1", "١"]
    script = "async texts => { const { parseYuan } = await import('/ui/money.js'); return texts.map(parseYuan); }"
    wanted = [1, 10, 100, 1250, 29, 100_000_000, None, None, None, None, None, None]
    assert wanted == await desk.page.evaluate(script, texts)
    script = "async amounts => { const { yuan } = await import('/ui/money.js'); return amounts.map(yuan); }"
    assert ["0.01", "12.50", "1,000,000.00"] == await desk.page.evaluate(script, [1, 1250, 100_000_000])
