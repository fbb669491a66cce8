"""A codec joined to the network: one request for each call, and every fault of the network is a verdict."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from posd.gateways.base import Answer, CallResult, Exchange, FaceAuthRequest, HttpRequest, OrderRef, Stamp
from posd.gateways.chaoying.codec import ChaoyingCodec
from posd.gateways.errors import NotSentError
from posd.gateways.gateway import Gateway
from posd.gateways.statistics import BOUNDS_S, Latency, Statistics
from posd.gateways.transport import Timeouts, Transport
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Closed, Doubt, NotFound, NotSent, Paid, PaymentVerdict, RefundDone, Unknown
from tests.gateways.chaoying.support import (
    AUTH_CODE,
    CODEC,
    FACE_ORDER,
    KEY,
    ORDER,
    PAID,
    QR_ORDER,
    REF,
    REFUND,
    RETURNED,
    SETTINGS,
    SUCCESS,
    says,
    signed,
)
from tests.gateways.peers import Line, Script, answer, closed_port, peer

NOW_MS = 1_795_140_000_000
LONG = Timeouts(connect_s=60.0, query_s=60.0, pay_s=60.0)
"""Longer than any answer takes."""
SHORT = Timeouts(connect_s=60.0, query_s=0.1, pay_s=0.3)

Call = Callable[[Gateway], Awaitable[Answer[object]]]
CALLS: dict[str, Call] = {
    "pay": lambda gateway: gateway.pay(ORDER),
    "facepay": lambda gateway: gateway.pay(FACE_ORDER),
    "WECHAT_PreOrder": lambda gateway: gateway.pay(QR_ORDER),
    "orderquery": lambda gateway: gateway.query(REF),
    "cancel": lambda gateway: gateway.cancel(REF),
    "refund": lambda gateway: gateway.refund(REFUND),
    "refundquery": lambda gateway: gateway.refund_query(REFUND),
    "getfaceauth": lambda gateway: gateway.face_auth(FaceAuthRequest(Wallet.WECHAT, "1", "raw")),
    "GetPartnerId": lambda gateway: gateway.call("GetPartnerId", {}),
    "GetMchInfo": lambda gateway: gateway.harmless(),
}
EVERY = pytest.mark.parametrize(("operation", "call"), [*CALLS.items()], ids=[*CALLS])
ALL_PAY = frozenset({"pay", "facepay", "WECHAT_PreOrder"})


def joined(url: str, timeouts: Timeouts = LONG) -> Gateway:
    """A gateway at an address."""
    numbers = itertools.count()
    return Gateway("main", CODEC, Transport(url, timeouts=timeouts), lambda: NOW_MS, lambda: f"{next(numbers):032x}")


def telling(fields: Mapping[str, object]) -> Script:
    """A platform that says the same to everything, rightly signed."""

    async def script(line: Line) -> None:
        while True:
            await line.request()
            await line.say(answer(signed(fields).body))

    return script


async def _hold(line: Line) -> None:
    await line.request()
    await line.hold()


async def _drop(line: Line) -> None:
    await line.request()


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "call", "expected"),
    [
        (PAID, "pay", Paid),
        (PAID, "facepay", Paid),
        (PAID, "orderquery", Paid),
        (says("20007", "订单不存在", None, "FAIL"), "orderquery", NotFound),
        (SUCCESS, "cancel", Closed),
        (RETURNED, "refund", RefundDone),
    ],
    ids=str,
)
async def test_an_answer_is_what_the_codec_says(fields: dict[str, object], call: str, expected: type) -> None:
    """The request arrives once, and its answer is read by the one who asked."""
    async with peer(telling(fields)) as server, joined(server.url) as gateway:
        assert isinstance((await CALLS[call](gateway)).verdict, expected)
        assert 1 == len(server.requests)
    assert {(call, "answered"): 1} == gateway.statistics.outcomes


async def test_calls_by_hand() -> None:
    """The doctor's call and any other give all fields; an unknown one is a mistake of the caller, and not sent."""
    async with peer(telling(says("10000") | {"mch_id": "1"})) as server, joined(server.url) as gateway:
        for result in (await gateway.harmless(), await gateway.call("GetPartnerId", {})):
            assert isinstance(result.verdict, CallResult)
            assert (True, True, "1") == (
                result.verdict.succeeded,
                result.verdict.verified,
                result.verdict.fields["mch_id"],
            )
        with pytest.raises(KeyError):
            await gateway.call("Nothing", {})
        assert 2 == len(server.requests)


async def test_every_request_has_its_own_stamp() -> None:
    """The nonce is another one each time; the moment is the clock's."""
    async with peer(telling(SUCCESS)) as server, joined(server.url) as gateway:
        for _ in range(2):
            await gateway.pay(QR_ORDER)
    nonces = [dict(parse_qsl(request.decode().partition("\r\n\r\n")[2]))["nonce_str"] for request in server.requests]
    assert [f"{0:032x}", f"{1:032x}"] == nonces


async def test_answers_find_the_one_who_asked() -> None:
    """Forty orders are asked after at once, answered in the opposite order: each gets its own answer."""
    orders = [replace(REF, order_no=f"0101{number:014d}") for number in range(40)]
    everybody = asyncio.Event()

    async def script(line: Line) -> None:
        request = await line.request()
        order_no = dict(parse_qsl(request.decode().partition("\r\n\r\n")[2]))["out_trade_no"]
        if len(line.peer.requests) == len(orders):
            everybody.set()
        await everybody.wait()
        for _ in range(len(orders) - int(order_no[4:])):
            await asyncio.sleep(0)
        await line.say(answer(signed(PAID | {"out_trade_no": order_no, "transaction_id": f"T{order_no}"}).body))

    async with peer(script) as server, joined(server.url) as gateway:
        answers = await asyncio.gather(*(gateway.query(order) for order in orders))
    assert [f"T{order.order_no}" for order in orders] == [_trade_no(told.verdict) for told in answers]


def _trade_no(verdict: PaymentVerdict) -> str | None:
    return verdict.trade_no if isinstance(verdict, Paid) else None


# --- faults of the network --------------------------------------------------------------------------------------------


@EVERY
async def test_certainly_not_sent(operation: str, call: Call) -> None:
    """Nobody listens: a verdict that allows another try, with the reason and without a secret."""
    async with joined(f"http://127.0.0.1:{closed_port()}") as gateway:
        told = await call(gateway)
    assert NotSent() == told.verdict
    assert "ClientConnectorError" in (told.evidence.note or "")
    assert {(operation, "not_sent"): 1} == gateway.statistics.outcomes


@EVERY
async def test_no_answer(operation: str, call: Call) -> None:
    """The connection broke after the request: unknown, and no second request."""
    async with peer(_drop) as server, joined(server.url) as gateway:
        told = await call(gateway)
        assert 1 == len(server.requests)
    assert Unknown(Doubt.NO_ANSWER) == told.verdict
    assert AUTH_CODE not in repr(told)
    assert {(operation, "no_answer"): 1} == gateway.statistics.outcomes


@EVERY
async def test_pay_is_waited_for_longer(operation: str, call: Call) -> None:
    """Each kind of call has its own time; a payment, however it is made, has the longest."""
    async with peer(_hold) as server, joined(server.url, SHORT) as gateway:
        told = await call(gateway)
        await server.ended.wait()
    assert Unknown(Doubt.NO_ANSWER) == told.verdict
    waited_s = 0.3 if operation in ALL_PAY else 0.1
    assert f"no answer within {waited_s} s" == told.evidence.note


async def test_a_call_by_hand_that_moves_money_is_waited_for_longer() -> None:
    """A refund that a person makes by hand is not given up after the time of a question."""
    async with peer(_hold) as server, joined(server.url, SHORT) as gateway:
        told = await gateway.call("refund", {"out_trade_no": "12345"})
    assert "no answer within 0.3 s" == told.evidence.note


async def test_any_other_answer() -> None:
    """A status that is no success, a broken body, a forged answer: unknown, each by its own name."""
    words = iter([answer(b"{}", "502 Bad"), answer(b"<html>"), answer(json.dumps(PAID).encode())])

    async def script(line: Line) -> None:
        while True:
            await line.request()
            await line.say(next(words))

    async with peer(script) as server, joined(server.url) as gateway:
        told = [(await gateway.query(REF)).verdict for _ in range(3)]
    assert [Unknown(Doubt.HTTP_STATUS), Unknown(Doubt.BROKEN_BODY), Unknown(Doubt.BAD_SIGNATURE)] == told
    counted = {("orderquery", "http_status"): 1, ("orderquery", "broken_body"): 1, ("orderquery", "bad_signature"): 1}
    assert counted == gateway.statistics.outcomes


async def test_giving_up() -> None:
    """A cancelled call is counted as such, its connection is closed, and nothing is left running."""
    async with peer(_hold) as server, joined(server.url) as gateway:
        task = asyncio.get_running_loop().create_task(gateway.query(REF))
        await server.arrived.wait()
        assert 1 == gateway.statistics.running
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.ended.wait()
        assert 1 == len(server.requests)
    assert ({("orderquery", "cancelled"): 1}, {}, 0) == (
        gateway.statistics.outcomes,
        gateway.statistics.latencies,
        gateway.statistics.running,
    )


# --- faults of our own ------------------------------------------------------------------------------------------------


class _Careless(ChaoyingCodec):
    """A codec with a mistake in its reading."""

    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        def read(_: object) -> Answer[PaymentVerdict]:
            raise ZeroDivisionError

        return Exchange(HttpRequest("orderquery", "/", b""), read)


async def test_our_own_mistakes_are_not_hidden() -> None:
    """An exception in a codec is no answer of a gateway: it comes out, and is counted as ours."""
    async with peer(telling(PAID)) as server:
        gateway = Gateway("main", _Careless(SETTINGS), Transport(server.url, timeouts=LONG), lambda: 0, lambda: "")
        async with gateway:
            with pytest.raises(ZeroDivisionError):
                await gateway.query(REF)
    assert {("orderquery", "error"): 1} == gateway.statistics.outcomes
    assert 0 == gateway.statistics.running


async def test_what_the_gateway_cannot_do_is_not_sent() -> None:
    """An order without its code raises before anything leaves."""
    async with peer(telling(PAID)) as server, joined(server.url) as gateway:
        with pytest.raises(ValueError, match="needs a code"):
            await gateway.pay(replace(ORDER, credential=None))
        assert 0 == server.connections
    assert not gateway.statistics.outcomes


# --- warmth -----------------------------------------------------------------------------------------------------------


async def test_warm() -> None:
    """The first payment goes on the connection that was opened before it."""
    async with peer(telling(PAID)) as server, joined(server.url) as gateway:
        await gateway.warm()
        await server.connected(1)
        await gateway.pay(ORDER)
        assert (1, 1) == (server.connections, len(server.requests))
    async with joined(f"http://127.0.0.1:{closed_port()}") as gateway:
        with pytest.raises(NotSentError):
            await gateway.warm()


async def test_keep_warm() -> None:
    """It runs until its owner ends it."""
    async with peer(telling(PAID)) as server, joined(server.url) as gateway:
        task = asyncio.get_running_loop().create_task(gateway.keep_warm())
        await server.connected(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not server.requests


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_statistics() -> None:
    """Counts by operation and outcome; what we gave up ourselves says nothing of how quick a gateway is."""
    statistics = Statistics()
    for outcome, seconds in (("answered", 0.025), ("answered", 0.026), ("no_answer", 31.0), ("cancelled", 1.0)):
        statistics.add("pay", outcome, seconds)
    statistics.add("orderquery", "error", 1.0)
    assert (2, 1) == (statistics.outcomes["pay", "answered"], statistics.outcomes["pay", "cancelled"])
    latency = statistics.latencies["pay"]
    assert [1, 1, *[0] * (len(BOUNDS_S) - 2), 1] == latency.classes
    assert 3 == latency.count
    assert pytest.approx(31.051) == latency.total_s
    assert {"pay"} == set(statistics.latencies)


def test_every_latency_has_its_class() -> None:
    """A bound belongs to its class, and there is one for everything."""
    latency = Latency()
    for bound in (*BOUNDS_S, 1e9, 0.0):
        latency.add(bound)
    assert [2, *[1] * len(BOUNDS_S)] == latency.classes
    assert list(BOUNDS_S) == sorted(BOUNDS_S)


def test_a_gateway_does_not_print_its_key() -> None:
    """Neither it nor its parts show a secret."""
    gateway = joined("https://pay.example")
    assert KEY not in f"{gateway!r} {gateway.codec!r} {vars(gateway)!r}"
