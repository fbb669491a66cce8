"""Payments over the API: what is taken, what is refused, and how it is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.till import Desk, Till, fresh_code

RESOURCE = {
    "id", "orderNo", "reference", "status", "attention", "method", "wallet", "gateway", "amount", "coupAmount",
    "payAmount", "currency", "refundedAmount", "description", "operator", "tradeNo", "channelTradeNo", "qrCode",
    "reason", "voidRequestedBy", "createdAt", "submittedAt", "resolvedAt", "receipt",
}  # fmt: skip


async def test_a_payment_is_told_in_full(desk: Desk) -> None:
    """Every field of the contract is there, with its type; the answer names where the payment is."""
    answer = await desk.pay(
        1250, authCode=fresh_code("02", 25), reference="B-1", description="示例商品", operator="00000007"
    )
    payment = answer.json
    assert 201 == answer.status
    assert f"/v1/payments/{payment['id']}" == answer.headers["Location"]
    assert RESOURCE <= payment.keys()
    assert (1250, 250, 1000, 0) == tuple(
        payment[name] for name in ("amount", "coupAmount", "payAmount", "refundedAmount")
    )
    assert ("paid", False, "barcode", "WECHAT", "main", "CNY") == tuple(
        payment[name] for name in ("status", "attention", "method", "wallet", "gateway", "currency")
    )
    assert ("B-1", "示例商品", "00000007") == (payment["reference"], payment["description"], payment["operator"])
    assert payment["reason"] is payment["voidRequestedBy"] is payment["qrCode"] is None
    assert payment["orderNo"].startswith("0101")
    for name in ("createdAt", "submittedAt", "resolvedAt"):
        assert payment[name].endswith("+08:00"), name
        assert len("2026-11-20T10:00:00.000+08:00") == len(payment[name])


async def test_a_payment_is_found_by_id_and_by_order_number(desk: Desk) -> None:
    """Both names lead to the same payment; others to none."""
    payment = await desk.paid()
    assert payment["id"] == (await desk.payment(payment["orderNo"]))["id"]
    assert (404, "not_found") == (await desk.get("/v1/payments/pay_none")).code
    assert (404, "not_found") == (await desk.get("/v1/refunds/ref_none")).code


async def test_a_decline_says_why(desk: Desk) -> None:
    """A failed payment has a reason with the gateway's own words, and no amounts."""
    payment = (await desk.pay(authCode=fresh_code("20"))).json
    assert ("failed", "insufficient_funds") == (payment["status"], payment["reason"]["code"])
    assert payment["reason"]["message"]
    assert {"code", "message", "gatewayCode", "gatewayMessage"} == payment["reason"].keys()
    assert payment["coupAmount"] is payment["payAmount"] is None


BAD_BODIES = [
    ({}, "amount"),
    ({"amount": 0}, "amount"),
    ({"amount": 100000001}, "amount"),
    ({"amount": "1"}, "amount"),
    ({"amount": 1.5}, "amount"),
    ({"amount": True}, "amount"),
    ({"amount": None}, "amount"),
    ({"amount": 10**400}, "amount"),
    ({"amount": 1, "colour": 1}, "colour"),
    ({"amount": 1, "authCode": 130000000000000000}, "authCode"),
    ({"amount": 1, "authCode": "130000000000000000", "method": "qr"}, "authCode"),
    ({"amount": 1, "authCode": "130000000000000000", "faceCode": "1"}, "faceCode"),
    ({"amount": 1, "openid": "x"}, "openid"),
    ({"amount": 1, "method": "cash"}, "method"),
    ({"amount": 1, "wallet": "PAYPAL"}, "wallet"),
    ({"amount": 1, "reference": "x" * 65}, "reference"),
    ({"amount": 1, "description": "x" * 129}, "description"),
    ({"amount": 1, "attach": "x" * 129}, "attach"),
    ({"amount": 1, "operator": "x" * 33}, "operator"),
    ({"amount": 1, "window": 1.9}, "window"),
    ({"amount": 1, "window": 601}, "window"),
    ({"amount": 1, "reference": "a\tb"}, "reference"),
    ({"amount": 1, "description": "a\x7f"}, "description"),
    ({"amount": 1, "operator": "a\x85"}, "operator"),
    ({"amount": 1, "goods": [{"goodsId": "a\n", "quantity": 1, "price": 1}]}, "goodsId"),
    ({"amount": 1, "goods": [{"goodsId": "a", "quantity": 1, "price": 1, "size": 1}]}, "size"),
    ({"amount": 1, "goods": {}}, "goods"),
]


@pytest.mark.parametrize(("body", "named"), BAD_BODIES, ids=lambda value: str(value)[:40])
async def test_a_bad_body_is_refused_by_name(desk: Desk, body: dict[str, Any], named: str) -> None:
    """What breaks the schema is 400, names the field, and starts nothing."""
    answer = await desk.post("/v1/payments", body, key=desk.till.new_key())
    assert (400, "invalid_request") == answer.code
    assert named in answer.detail
    assert [] == (await desk.get("/v1/payments")).json["items"]


BAD_JSON = [
    b"{",
    b"[]",
    b"1",
    b"null",
    b'{"amount": NaN}',
    b'{"amount": 1, "amount": 2}',
    b'{"amount": 1, "goods": [{"goodsId": "a", "goodsId": "b", "quantity": 1, "price": 1}]}',
    b'{"amount": 1, "reference": "\\ud800"}',
    b'{"amount": 1, "\\u0000": 1}',
    b'{"amount": 1, "reference": "\xff"}',
    b'{"amount": ' + b"1" * 5000 + b"}",
    b'{"amount": 1e400}',
    b'{"amount": 1, "goods": ' + b"[" * 970 + b"]" * 970 + b"}",
    b'{"amount": 1, "goods": ' + b"[" * 30000 + b"]" * 30000 + b"}",
    b"{" + b",".join(b'"n%d":1' % number for number in range(5000)) + b"}",
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("body", BAD_JSON, ids=lambda body: body[:24].decode("latin-1"))
async def test_broken_json_is_refused(desk: Desk, body: bytes) -> None:
    """Whatever stands in a body, the answer is a problem; a repeated name is told by name."""
    answer = await desk.post("/v1/payments", body, key=desk.till.new_key())
    assert (400, "invalid_request") == answer.code
    if body.count(b'"amount"') > 1:
        assert "amount" in answer.detail


async def test_no_depth_of_nesting_is_a_fault_of_ours(desk: Desk) -> None:
    """Where the interpreter's recursion ends, the answer is still a problem of the caller's."""
    for depth in range(800, 1000, 3):
        body = b'{"amount": 1, "goods": ' + b"[" * depth + b'"x"' + b"]" * depth + b"}"
        assert (400, "invalid_request") == (await desk.post("/v1/payments", body, key="k")).code, depth


async def test_limits_are_as_wide_as_promised(desk: Desk) -> None:
    """What the contract allows is taken to the last character."""
    answer = await desk.pay(
        100_000_000,
        authCode=fresh_code(),
        reference="单" * 64,
        description="x" * 128,
        attach="x" * 128,
        operator="o" * 32,
        window=600,
        goods=[{"goodsId": "1", "quantity": 2, "price": 100, "name": "苹果"}],
        key="~" * 255,
    )
    assert (201, "paid") == (answer.status, answer.json["status"])
    assert "单" * 64 == answer.json["reference"]


@pytest.mark.parametrize("key", ["x" * 256, "a\tb", "é"])
async def test_a_bad_key_is_refused(desk: Desk, key: str) -> None:
    """1 to 255 printable ASCII characters."""
    answer = await desk.post("/v1/payments", {"amount": 1}, headers={"Idempotency-Key": key})
    assert (400, "invalid_request") == answer.code
    assert "Idempotency-Key" in answer.detail


async def test_a_key_is_required(desk: Desk) -> None:
    """For payments and for refunds, before anything else is looked at."""
    payment = await desk.paid()
    assert (400, "idempotency_key_required") == (await desk.post("/v1/payments", {"amount": 1})).code
    path = f"/v1/payments/{payment['id']}/refunds"
    assert (400, "idempotency_key_required") == (await desk.post(path, {"amount": 1})).code


@pytest.mark.parametrize("wait", ["-1", "61", "nan", "inf", "x", "", "1&wait=2", "%00"])
async def test_a_bad_wait_is_refused(desk: Desk, wait: str) -> None:
    """0 to 60, once."""
    answer = await desk.post(f"/v1/payments?wait={wait}", {"amount": 1}, key="k")
    assert (400, "invalid_request") == answer.code
    assert "wait" in answer.detail


async def test_codes_are_refused(desk: Desk) -> None:
    """A code no wallet shows, another wallet's, one that was used: each with its own problem, nothing sent."""
    code = fresh_code()
    assert (400, "invalid_auth_code") == (await desk.pay(authCode="4006381333931")).code
    assert (400, "wallet_mismatch") == (await desk.pay(authCode=code, wallet="ALIPAY")).code
    assert 201 == (await desk.pay(authCode=code)).status
    refused = await desk.pay(authCode=code)
    assert (409, "auth_code_used") == refused.code
    assert code not in refused.detail
    assert 1 == len((await desk.get("/v1/payments")).json["items"])


async def test_an_armed_payment_keeps_the_till_busy(desk: Desk) -> None:
    """While one waits for a code, none of any kind can be started; its cancel makes room at once."""
    waiting = await desk.pay(wait=0)
    assert (201, "awaiting_code") == (waiting.status, waiting.json["status"])
    bodies: list[dict[str, Any]] = [{}, {"method": "barcode"}, {"authCode": fresh_code()}, {"method": "qr"}]
    for body in bodies:
        assert (409, "terminal_busy") == (await desk.pay(wait=0, **body)).code
    cancelled = await desk.post(f"/v1/payments/{waiting.json['id']}/cancel")
    assert (202, "cancelled", "cancelled_by_cashier", "cashier") == (
        cancelled.status,
        cancelled.json["status"],
        cancelled.json["reason"]["code"],
        cancelled.json["voidRequestedBy"],
    )
    assert "awaiting_code" == (await desk.pay(wait=0)).json["status"]
    assert [] == list(desk.till.simulator.bank.orders.values())


async def test_a_scan_pays(desk: Desk) -> None:
    """The code at the scanner goes to the armed payment, whose answer was held all the while."""
    held = asyncio.create_task(desk.pay())
    await desk.first("?status=awaiting_code")
    desk.till.scanner.scan(fresh_code(wallet="28"))
    assert (201, "paid", "ALIPAY") == ((answer := await held).status, answer.json["status"], answer.json["wallet"])


async def test_nobody_comes_with_a_code(till: Till) -> None:
    """After ``armed_timeout`` the payment is failed, and nothing was sent."""
    till.sections["[payments]"]["armed_timeout"] = 2
    async with till.serving() as desk:
        payment = (await desk.pay()).json
        assert ("failed", "no_code") == (payment["status"], payment["reason"]["code"])
        assert [] == list(till.simulator.bank.orders.values())


async def test_what_is_not_there_is_said(till: Till) -> None:
    """Arming without a scanner, a face without a bridge, a face at a gateway without: each its own problem."""
    del till.sections["[[scanners]]"]
    till.gateway("second", "umf-huishang")
    till.sections["[payments.routes]"] = {"UNIONPAY": "second"}
    async with till.serving() as desk:
        bodies: list[dict[str, Any]] = [{}, {"method": "barcode"}, {"method": "face"}]
        for body in bodies:
            answer = await desk.pay(wait=0, **body)
            assert (503, "device_unavailable") == answer.code, body
            assert answer.json["retryable"] is True
        answer = await desk.pay(wait=0, method="face", wallet="UNIONPAY")
        assert (422, "method_not_supported") == answer.code


async def test_a_cancel_says_what_it_can_do(desk: Desk) -> None:
    """Paid: refund it. Failed or cancelled: nothing to do. Unknown: 404."""
    paid = await desk.paid()
    failed = (await desk.pay(authCode=fresh_code("20"))).json
    assert (409, "already_paid") == (await desk.post(f"/v1/payments/{paid['id']}/cancel")).code
    assert (409, "already_final") == (await desk.post(f"/v1/payments/{failed['orderNo']}/cancel")).code
    assert (404, "not_found") == (await desk.post("/v1/payments/pay_none/cancel")).code
    assert "paid" == (await desk.payment(paid["id"]))["status"]


async def test_a_cancel_in_the_middle_becomes_a_void(till: Till) -> None:
    """``processing`` becomes ``cancelling`` at once, stays so when asked again, and ends as ``cancelled``."""
    till.gateway("main", "daxpay")
    async with till.serving() as desk:
        started = (await desk.pay(authCode=fresh_code("12"), wait=0)).json
        first = await desk.post(f"/v1/payments/{started['id']}/cancel", {})
        assert (202, "cashier") == (first.status, first.json["voidRequestedBy"])
        ended = await desk.payment(started["id"], wait=30)
        assert ("cancelled", "cancelled_by_cashier") == (ended["status"], ended["reason"]["code"])
        order = till.simulator.bank.find(ended["orderNo"])
        assert order is not None


async def test_a_window_that_passes_voids(till: Till) -> None:
    """Nobody confirms: the void is recorded by the window and proven."""
    till.gateway("main", "daxpay")
    async with till.serving() as desk:
        ended = (await desk.pay(authCode=fresh_code("12"), window=2)).json
        assert ("cancelled", "window_elapsed", "window") == (
            ended["status"],
            ended["reason"]["code"],
            ended["voidRequestedBy"],
        )


async def test_a_held_answer_comes_with_the_end(desk: Desk) -> None:
    """``?wait`` ends with the payment, or with the time, whichever is first."""
    loop = asyncio.get_running_loop()
    started = (await desk.pay(authCode=fresh_code("10", 1), wait=0.1)).json
    assert "processing" == started["status"]
    began = loop.time()
    assert "paid" == (await desk.payment(started["id"], wait=60))["status"]
    assert loop.time() - began < 30, "held until the time was over, not until the payment was"


async def test_waiting_asks_nobody(desk: Desk) -> None:
    """A held request reads the journal when something has changed, not by a clock."""
    journal = desk.parts.context.journal
    waiting = (await desk.pay(wait=0)).json
    reads, read = [0], journal.read

    async def counted(query: Any) -> Any:
        reads[0] += 1
        return await read(query)

    journal.read = counted  # type: ignore[method-assign]
    assert "awaiting_code" == (await desk.payment(waiting["id"], wait=1.5))["status"]
    assert reads[0] <= 4


async def test_no_problem_repeats_a_value(desk: Desk) -> None:
    """A code in the wrong field does not come back in the answer, so it gets into nobody's log."""
    code = fresh_code()
    for name in ("method", "wallet", "window", "amount", "goods"):
        answer = await desk.post("/v1/payments", {"amount": 1, name: code}, key="k")
        assert (400, "invalid_request") == answer.code
        assert name in answer.detail
        assert code.encode() not in answer.data
