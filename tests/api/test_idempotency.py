"""Idempotency keys: the same request twice makes one thing, whatever happens in between."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.api.till import Desk, Till, fresh_code


async def test_a_replay_gives_the_same_payment(desk: Desk) -> None:
    """200, marked, without a second charge; what is not compared may differ."""
    first = await desk.pay(authCode=fresh_code(), reference="B-1", key="k")
    path = "/v1/payments?wait=3"
    for body in (
        {"amount": 1250, "authCode": fresh_code(), "reference": "B-1"},
        {"reference": "B-1", "amount": 1250.0},
        {"amount": 1250, "reference": "B-1", "wallet": None, "openid": None},
    ):
        again = await desk.call("POST", path, body, key="k")
        assert (200, "true") == (again.status, again.headers["Idempotent-Replayed"])
        assert _but_receipt(first.json) == _but_receipt(again.json)
    assert "Idempotent-Replayed" not in first.headers
    assert 1 == len(desk.till.simulator.bank.orders)


def _but_receipt(resource: dict[str, Any]) -> dict[str, Any]:
    """What a replay repeats: all but the state of the paper, which goes on meanwhile."""
    return {name: value for name, value in resource.items() if name != "receipt"}


async def test_another_body_with_the_key_is_refused(desk: Desk) -> None:
    """422, and the first payment stands."""
    await desk.pay(1250, authCode=fresh_code(), key="k")
    others: list[tuple[int, dict[str, Any]]] = [(1251, {}), (1250, {"reference": "x"}), (1250, {"wallet": "WECHAT"})]
    for amount, more in others:
        answer = await desk.pay(amount, authCode=fresh_code(), key="k", **more)
        assert (422, "idempotency_key_reused") == answer.code
    assert 1 == len(desk.till.simulator.bank.orders)


async def test_a_replay_while_it_still_runs(desk: Desk) -> None:
    """Many at once with one key: one payment, one charge, one 201."""
    code = fresh_code("10", 1)
    answers = await asyncio.gather(*(desk.pay(authCode=code, key="k") for _ in range(8)))
    assert [200] * 7 + [201] == sorted(answer.status for answer in answers)
    assert 1 == len({answer.json["id"] for answer in answers})
    assert {"paid"} == {answer.json["status"] for answer in answers}
    (order,) = desk.till.simulator.bank.orders.values()
    assert 1 == order.submits


async def test_keys_outlive_a_restart(till: Till) -> None:
    """The same key after a restart gives the same payment and the same refund; another body is still refused."""
    async with till.serving() as desk:
        first = await desk.pay(authCode=fresh_code(), key="k")
        path = f"/v1/payments/{first.json['id']}/refunds"
        refund = await desk.post(path + "?wait=10", {"amount": 50}, key="r")
        assert (201, "succeeded") == (refund.status, refund.json["status"])
    async with till.serving() as desk:
        again = await desk.pay(authCode=fresh_code(), key="k")
        assert (200, first.json["id"]) == (again.status, again.json["id"])
        replayed = await desk.post(path, {"amount": 50}, key="r")
        assert (200, "true", refund.json["id"]) == (
            replayed.status,
            replayed.headers["Idempotent-Replayed"],
            replayed.json["id"],
        )
        assert (422, "idempotency_key_reused") == (await desk.pay(7, authCode=fresh_code(), key="k")).code
        assert 50 == (await desk.payment(first.json["id"]))["refundedAmount"]
    assert 1 == len(till.simulator.bank.orders)


async def test_payments_and_refunds_share_the_keys(desk: Desk) -> None:
    """A payment's key makes no refund, a refund's no payment, one payment's no other's."""
    first, second = await desk.paid(), await desk.paid()
    pay = await desk.pay(10, authCode=fresh_code(), key="p")
    assert 201 == pay.status
    assert (422, "idempotency_key_reused") == (
        await desk.post(f"/v1/payments/{first['id']}/refunds", {"amount": 10}, key="p")
    ).code
    assert 201 == (await desk.post(f"/v1/payments/{first['id']}/refunds", {"amount": 10}, key="r")).status
    assert (422, "idempotency_key_reused") == (await desk.pay(10, authCode=fresh_code(), key="r")).code
    other = await desk.post(f"/v1/payments/{second['id']}/refunds", {"amount": 10}, key="r")
    assert (422, "idempotency_key_reused") == other.code
    by_number = await desk.post(f"/v1/payments/{first['orderNo']}/refunds", {"amount": 10}, key="r")
    assert 200 == by_number.status


async def test_a_refused_request_leaves_the_key_free(desk: Desk) -> None:
    """Nothing was made, so nothing is remembered: neither the key nor the code."""
    code = fresh_code()
    assert (400, "wallet_mismatch") == (await desk.pay(authCode=code, wallet="ALIPAY", key="k")).code
    assert 201 == (await desk.pay(authCode=code, key="k")).status
