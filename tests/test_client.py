"""The Python client, and that the recipes of the documentation use what there is."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from posd.client import Client, ProblemAnswer, Unreachable
from posd.payment.events import Status
from tests.api.till import Desk, Till, a_till, fresh_code

RECIPES = (Path(__file__).resolve().parents[1] / "docs" / "pos-integration.md").read_text("utf-8")


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """Everything but the daemon."""
    async with a_till(tmp_path) as till:
        yield till


@pytest.fixture
async def desk(till: Till) -> AsyncIterator[Desk]:
    """A running daemon."""
    async with till.serving() as desk:
        yield desk


async def test_a_payment(desk: Desk) -> None:
    """Paid, found again by the same key, read, refunded; typed all the way."""

    def story() -> None:
        with Client(str(desk.till.socket)) as posd:
            payment = posd.pay(1250, "k", wait_s=30, authCode=fresh_code(), reference="B-1")
            assert (Status.PAID, 1250, "B-1") == (payment.status, payment.amount, payment.reference)
            assert payment.id == posd.pay(1250, "k", authCode=fresh_code(), reference="B-1").id
            assert payment.id == posd.payment(payment.order_no).id
            refund = posd.refund(payment.id, 50, "r")
            assert posd.refund_status(refund.id, wait_s=30).status.final
            assert {"front", "printer"} == {device.name for device in posd.devices()}
            with pytest.raises(ProblemAnswer) as refused:
                posd.cancel(payment.id)
            assert ("already_paid", 409, False) == (
                refused.value.code,
                refused.value.status,
                refused.value.retryable,
            )

    await asyncio.to_thread(story)


async def test_a_connection_that_was_closed_meanwhile(till: Till) -> None:
    """The daemon was started again: what is safe to repeat is asked again without anybody noticing."""
    client = Client(str(till.socket))
    async with till.serving():
        payment = await asyncio.to_thread(lambda: client.pay(5, "k", wait_s=30, authCode=fresh_code()))
    async with till.serving():
        assert payment.id == (await asyncio.to_thread(lambda: client.payment(payment.id))).id
        again = await asyncio.to_thread(lambda: client.pay(5, "k", authCode=fresh_code()))
        assert payment.id == again.id
    with client, pytest.raises(Unreachable) as gone:
        await asyncio.to_thread(client.devices)
    assert not gone.value.sent
    assert 1 == len(till.simulator.bank.orders)


def test_nobody_serves(tmp_path: Path) -> None:
    """Nothing was sent, and the error says on which socket nobody answers."""
    with Client(str(tmp_path / "none.sock")) as client, pytest.raises(Unreachable, match=r"none\.sock") as gone:
        client.devices()
    assert not gone.value.sent


async def test_the_recipe_in_python(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It runs as it stands, with a code at the scanner."""
    found = re.search(r"```python\n(.*?)```", RECIPES, re.DOTALL)
    assert found is not None
    recipe = found[1].replace("/run/posd/posd.sock", str(desk.till.socket))
    ast.parse(recipe)
    running = asyncio.create_task(asyncio.to_thread(exec, recipe, {}))
    await desk.first("?status=awaiting_code")
    desk.till.scanner.scan(fresh_code())
    await running
    assert "paid 1250\n" == capsys.readouterr().out


async def test_the_recipes_for_curl(desk: Desk) -> None:
    """Their bodies are taken by the API."""
    bodies = re.findall(r"-H 'Idempotency-Key: (.*?)' *\\?\s+-d '(.*?)'", RECIPES)
    assert 2 == len(bodies)
    payment = await desk.paid()
    for key, body in bodies:
        path = f"/v1/payments/{payment['id']}/refunds" if "reason" in body else "/v1/payments"
        assert 201 == (await desk.post(path, body.encode(), key=key)).status, body
