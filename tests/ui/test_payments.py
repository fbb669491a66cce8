"""Payments on the cashier page, in a real browser, from the amount to the paper."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.ui.support import Desk

WATCH = """() => {
  window.seen = [];
  const look = () => {
    const hero = document.querySelector(".hero");
    if (hero) window.seen.push([hero.dataset.status, hero.querySelector(".seconds")?.textContent ?? null]);
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
"""Keeps every state and every second that the page shows."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _paper(desk: Desk) -> str:
    async with asyncio.timeout(30):
        return (await desk.stage.receipts.get()).text


@pytest.mark.parametrize("desk", [{"gateway": "chaoying"}], indirect=True)
async def test_a_payment_with_a_coupon_from_the_amount_to_a_second_receipt(desk: Desk) -> None:
    """Typed in yuan, sent in fen; the three amounts are posd's; the second receipt says that it is a copy."""
    await desk.sign_in()
    await desk.look("zh-keypad")
    await desk.arm("12.5")
    await desk.look("zh-awaiting")
    desk.scan("0225")
    await desk.reaches("paid")
    await expect(desk.hero("paid")).to_contain_text("支付成功")
    await expect(desk.hero("paid").locator(".sum")).to_have_text("¥10.00")
    facts = [await desk.fact(name).inner_text() for name in ("order_amount", "discount", "really_paid")]
    assert ["¥12.50", "-¥2.50", "¥10.00"] == facts
    await expect(desk.fact("receipt")).to_have_text("已打印")
    await expect(desk.page.locator(".sums")).to_contain_text("1 笔，共 ¥10.00")
    await desk.look("zh-paid")

    assert "补打" not in await _paper(desk)
    await desk.key("print").click()
    assert "补打" in await _paper(desk)
    await expect(desk.fact("receipt")).to_contain_text("补打 1 次")
    (payment,) = await desk.payments()
    assert (1250, 1000, 1000) == (payment["amount"], payment["payAmount"], desk.charged(payment))


async def test_a_declined_payment_says_why_and_takes_no_money(desk: Desk) -> None:
    """The end is red, an octagon and a word; there is no receipt and no refund to be asked for."""
    await desk.sign_in()
    payment = await desk.pay("8", "2000", "failed")
    await expect(desk.hero("failed")).to_contain_text("余额不足")
    assert (0, 0) == (await desk.key("print").count(), await desk.key("refund").count())
    assert not desk.charged(payment)
    await desk.look("zh-failed")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".pad .figure")).to_have_text("¥0")


@pytest.mark.parametrize("desk", [{"window": 3}], indirect=True)
async def test_the_window_counts_down_and_ends_in_a_cancel(desk: Desk) -> None:
    """The seconds are those of ``windowEndsAt``; after them the payment is cancelled, never shown as paid."""
    await desk.sign_in()
    await desk.page.evaluate(WATCH)
    await desk.pay("99", "1200", "cancelled")
    seen = await desk.page.evaluate("window.seen")
    states = list(dict.fromkeys(state for state, _ in seen))
    assert "paid" not in states
    assert ["awaiting_code", "processing"] == states[:2]
    seconds = [int(text) for state, text in seen if state == "processing" and text]
    assert seconds == sorted(seconds, reverse=True)
    assert 3 >= seconds[0] > seconds[-1]
    await expect(desk.hero("cancelled")).to_contain_text("超时未支付")
    (payment,) = await desk.payments()
    assert ("window", 0) == (payment["voidRequestedBy"], desk.charged(payment))
    await desk.look("zh-cancelled")


async def test_the_cashier_cancels(desk: Desk) -> None:
    """Before a scan Escape is enough, and nothing reaches the gateway; afterwards it takes the button."""
    await desk.sign_in()
    await desk.arm("5")
    await desk.page.keyboard.press("Escape")
    await desk.reaches("cancelled")
    assert desk.charged((await desk.payments())[0]) is None

    await desk.page.keyboard.press("Escape")
    payment = await desk.pay("6", "1200", "processing")
    await desk.page.keyboard.press("Escape")
    await expect(desk.key("cancel")).to_be_focused()
    assert "processing" == (await desk.payments())[0]["status"]
    await desk.look("zh-processing")
    await desk.key("cancel").tap()
    await desk.reaches("cancelled")
    await expect(desk.hero("cancelled")).to_contain_text("收银员已取消")
    assert ("cashier", 0) == ((await desk.payments())[0]["voidRequestedBy"], desk.charged(payment))


async def test_a_part_and_then_the_rest_is_refunded_by_touch(desk: Desk) -> None:
    """The keypad offers what is left and no more; each refund is shown with its own slip; then nothing is left."""
    await desk.sign_in()
    payment = await desk.pay("20", "0000", "paid")
    await _paper(desk)
    await desk.key("refund").tap()
    await expect(desk.page.locator(".figure")).to_have_text("¥20")
    for key in ("2", "1"):
        await desk.key(f"key-{key}").tap()
    await expect(desk.page.locator(".note")).to_have_text("最多 ¥20.00")
    await expect(desk.key("refund-now")).to_be_disabled()
    await desk.key("key-clear").tap()
    for key in ("7", ".", "5"):
        await desk.key(f"key-{key}").tap()
    await desk.look("zh-refund")
    await desk.key("refund-now").tap()
    done = desk.page.locator('[data-refund="succeeded"]')
    await expect(done).to_have_count(1)
    assert "退款凭证" in await _paper(desk)
    await expect(desk.fact("refunded")).to_have_text("¥7.50")
    assert 1250 == desk.charged(payment)

    await desk.key("refund").tap()
    await desk.page.keyboard.press("Enter")
    await expect(done).to_have_count(2)
    await expect(desk.key("refund")).to_have_count(0)
    await desk.look("zh-refunded")
    assert (0, 2000) == (desk.charged(payment), (await desk.payments())[0]["refundedAmount"])
    await _paper(desk)
    await done.first.get_by_role("button").tap()
    assert "补打" in await _paper(desk)


async def test_a_code_is_shown_to_the_customer(desk: Desk) -> None:
    """A QR payment shows its code and counts its own, longer window; the customer pays by scanning it."""
    await desk.sign_in()
    await desk.page.keyboard.type("99")
    await desk.key("qr").tap()
    code = desk.page.get_by_role("img", name="收款二维码")
    await expect(code).to_be_visible()
    assert await code.evaluate("picture => picture.decode().then(() => picture.naturalWidth > 0)")
    assert int(await desk.page.locator(".seconds").inner_text()) > 60
    await desk.look("zh-qr")
    (payment,) = await desk.payments()
    desk.customer_pays(payment)
    await desk.reaches("paid")
    assert (0, 9900) == (await code.count(), desk.charged(payment))


async def test_too_much_is_no_amount(desk: Desk) -> None:
    """A million yuan is the limit; more is said to be too much, and neither Enter nor the button takes it."""
    await desk.sign_in()
    await desk.page.keyboard.type("134567890123456789")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".note")).to_have_text("最多 ¥1,000,000.00")
    await expect(desk.key("scan")).to_be_disabled()
    assert [] == await desk.payments()
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator(".figure")).to_have_text("¥0")
