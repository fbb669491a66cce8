"""Server-sent events: told as they happen, replayed when they were missed."""

from __future__ import annotations

import asyncio

import pytest

from posd.api import events as sse
from tests.api.till import Desk, Till, events, fresh_code


async def test_what_happens_is_told(desk: Desk) -> None:
    """Payments, paper, refunds, devices and scans; ids grow."""
    await desk.paid()
    async with events(desk) as stream:
        assert "text/event-stream" == stream.response.content_type
        payment = await desk.paid(777)
        first, _ = await stream.until("payment")
        paid_at, told = await stream.until("payment", lambda data: data["status"] == "paid")
        assert payment == {**told, "receipt": payment["receipt"]}
        ours = payment["id"]
        await stream.until("print", lambda data: (data["state"], data["paymentId"]) == ("printed", ours))
        await desk.post(f"/v1/payments/{payment['id']}/refunds", {"amount": 7}, key="r")
        refunded, refund = await stream.until("refund", lambda data: data["status"] == "succeeded")
        assert 7 == refund["amount"]
        assert first is not None
        assert paid_at is not None
        assert refunded is not None
        assert first < paid_at < refunded
        desk.till.scanner.scan("6901234567892")
        _, scan = await stream.until("scan")
        assert {"text": "6901234567892", "scanner": "front", "reason": None} == scan
        desk.till.scanner.unplug()
        _, device = await stream.until("device", lambda data: data["name"] == "front")
        assert "lost" == device["state"]


async def test_codes_in_scans_are_masked(desk: Desk) -> None:
    """A code nobody waited for: two and four characters of it, and why."""
    code = fresh_code()
    async with events(desk) as stream:
        desk.till.scanner.scan(code)
        _, scan = await stream.until("scan")
        assert "not_armed" == scan["reason"]
        assert (code[:2], code[-4:]) == (scan["text"][:2], scan["text"][-4:])
        assert code not in scan["text"]


async def test_why_a_scan_was_not_used(desk: Desk) -> None:
    """While armed: goods, another wallet's code, a used one; the payment stays armed and takes the right one."""
    used = fresh_code()
    await desk.pay(authCode=used)
    waiting = (await desk.pay(wait=0, wallet="WECHAT")).json
    async with events(desk) as stream:
        for code, reason in (
            ("6901234567892", "not_a_payment_code"),
            (fresh_code(wallet="28"), "wallet_mismatch"),
            (used, "already_used"),
        ):
            desk.till.scanner.scan(code)
            _, scan = await stream.until("scan")
            assert reason == scan["reason"]
        assert "awaiting_code" == (await desk.payment(waiting["id"]))["status"]
        desk.till.scanner.scan(fresh_code())
        assert "paid" == (await desk.payment(waiting["id"], wait=30))["status"]


async def test_what_was_missed_is_replayed_across_a_restart(till: Till) -> None:
    """Every event after the id, once each and in order, then what comes."""
    async with till.serving() as desk:
        async with events(desk) as stream:
            await desk.paid(1)
            last, _ = await stream.until("payment")
        await desk.paid(2)
    async with till.serving() as desk:
        for query, headers in (("", {"Last-Event-ID": str(last)}), (f"?after={last}", {})):
            async with events(desk, query, **headers) as stream:
                amount = 3 if headers else 4
                made = asyncio.create_task(desk.paid(amount))
                ids: list[int | None] = []
                amounts: list[int] = []
                while amounts[-1:] != [amount]:
                    ident, kind, data = await stream.next()
                    assert kind != "reset"
                    ids.append(ident)
                    amounts += [data["amount"]] if kind == "payment" else []
                assert list(range((last or 0) + 1, (last or 0) + 1 + len(ids))) == ids
                assert 2 in amounts
                await made


@pytest.mark.parametrize("after", ["0", "x", "999999999", "-1", "1" * 5000, "%D9%A1"])
async def test_an_unknown_id_gets_a_reset_and_everything(desk: Desk, after: str) -> None:
    """One reset, then all that is kept, from the first; 0 is before the first, so nothing was missed."""
    await desk.paid()
    async with events(desk, f"?after={after}") as stream:
        ident, kind, _ = await stream.next()
        if after != "0":
            assert "reset" == kind
            ident, _, _ = await stream.next()
        assert 1 == ident


async def test_a_silent_stream_has_a_heartbeat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody takes it for dead."""
    monkeypatch.setattr(sse, "HEARTBEAT_S", 0.05)
    async with events(desk) as stream:
        await stream.until("")
        await stream.until("")
