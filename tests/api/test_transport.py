"""What is true of every call: problems, methods, types, limits, and whoever speaks bad HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import stat
from pathlib import Path

import pytest

from posd.api.server import ListenError
from tests.api.till import LOOK_AGAIN_S, Answer, Desk, Till, fresh_code


async def raw(till: Till, request: bytes) -> Answer:
    """Bytes as they are, over the Unix socket; the first answer."""
    reader, writer = await asyncio.open_unix_connection(str(till.socket))
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    data = await reader.readexactly(int(headers["Content-Length"]))
    writer.close()
    await writer.wait_closed()
    return Answer(int(first.split()[1]), headers, data)


async def test_wrong_methods_and_paths(desk: Desk) -> None:
    """404 and 405 are problems too; 405 names what is allowed."""
    assert (404, "not_found") == (await desk.get("/nowhere")).code
    assert (404, "not_found") == (await desk.get("/v1/")).code
    wrong = await desk.call("DELETE", "/v1/payments")
    assert (405, "method_not_allowed") == wrong.code
    assert {"GET", "POST"} == set(wrong.headers["Allow"].split(","))
    assert (405, "method_not_allowed") == (await desk.call("PUT", "/v1/payments/x/cancel")).code
    assert (405, "method_not_allowed") == (await desk.post("/healthz")).code


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
async def test_another_content_type_is_refused(desk: Desk, kind: str) -> None:
    """415: a form of another web page cannot start a payment."""
    for path in ("/v1/payments", "/v1/drawer/open"):
        answer = await desk.post(path, b'{"amount": 1}', key="k", headers={"Content-Type": kind})
        assert (415, "unsupported_media_type") == answer.code


async def test_a_body_has_a_limit(desk: Desk) -> None:
    """64 KiB are taken, one byte more is 413; compressed too, and without a length."""
    body = json.dumps({"amount": 1, "authCode": fresh_code()}).encode()
    exact = body + b" " * (64 * 1024 - len(body))
    assert 201 == (await desk.post("/v1/payments", exact, key="a")).status
    assert (413, "body_too_large") == (await desk.post("/v1/payments", exact + b" ", key="b")).code
    bomb = gzip.compress(b" " * 10_000_000)
    answer = await desk.post("/v1/payments", bomb, key="c", headers={"Content-Encoding": "gzip"})
    assert (413, "body_too_large") == answer.code
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: d\r\nContent-Type: application/json\r\n"
    streamed = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2 + b"0\r\n\r\n"
    assert (413, "body_too_large") == (await raw(desk.till, streamed)).code


async def test_a_broken_compression_is_the_callers_fault(desk: Desk) -> None:
    """400, and the daemon stays up."""
    for encoding in ("gzip", "deflate", "br"):
        answer = await desk.post(
            "/v1/payments", b'{"amount": 1}', key="k", headers={"Content-Encoding": encoding, "Connection": "close"}
        )
        assert 400 == answer.code[0], encoding
    assert 200 == (await desk.get("/healthz")).status


BAD_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
    b"GET /" + b"y" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
]


@pytest.mark.parametrize("request_", BAD_HTTP, ids=lambda text: text[:20].decode("latin-1"))
async def test_bad_http_is_a_problem_too(desk: Desk, request_: bytes) -> None:
    """What is no HTTP, or too much of it, gets a problem of status 400, and nothing of it comes back."""
    answer = await raw(desk.till, request_)
    assert (400, "invalid_request") == answer.code
    assert b"yyy" not in answer.data
    assert 200 == (await desk.get("/healthz")).status


async def test_a_client_that_goes_in_the_middle_leaves_nothing(desk: Desk) -> None:
    """Half a body starts no payment."""
    _reader, writer = await asyncio.open_unix_connection(str(desk.till.socket))
    writer.write(b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: 100\r\n\r\n" + b'{"amount": 1')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert [] == (await desk.get("/v1/payments")).json["items"]
    assert 201 == (await desk.pay(authCode=fresh_code(), key="k")).status


async def test_a_client_that_stops_waiting_stops_nothing(desk: Desk) -> None:
    """A held request is given up; the payment goes on."""
    code = fresh_code("10", 1)
    body = json.dumps({"amount": 5, "authCode": code}).encode()
    _reader, writer = await asyncio.open_unix_connection(str(desk.till.socket))
    writer.write(b"POST /v1/payments?wait=30 HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\n")
    writer.write(b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    started = await desk.first()
    writer.close()
    await writer.wait_closed()
    assert "paid" == (await desk.payment(started["id"], wait=30))["status"]


async def test_the_socket_has_its_mode(till: Till) -> None:
    """As configured, from the first moment; it goes with the daemon."""
    till.sections["[api]"]["socket_mode"] = "0600"
    async with till.serving():
        assert 0o600 == stat.S_IMODE(till.socket.stat().st_mode)
    assert not till.socket.exists()


async def test_a_socket_left_over_is_replaced(till: Till) -> None:
    """After a crash the file is still there."""
    till.socket.write_text("left over")
    async with till.serving() as desk:
        assert 200 == (await desk.get("/healthz")).status


async def test_an_unknown_group_stops_the_start(till: Till) -> None:
    """One error that names section, key and group."""
    till.sections["[api]"]["socket_group"] = "nobody-has-this-group"
    with pytest.raises(ListenError, match=r"\[api\] socket_group.*nobody-has-this-group"):
        async with till.serving():
            pass


async def test_a_port_that_is_taken_stops_the_start(till: Till, tmp_path: Path) -> None:
    """One error that names the address."""
    address = till.listen()
    host, _, port = address.partition(":")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), host, int(port))
    with pytest.raises(ListenError, match=address):
        async with till.serving():
            pass
    server.close()
    await server.wait_closed()


async def test_a_stop_lets_held_requests_go(till: Till) -> None:
    """Who waits is told how it stands at once, and is not kept until the time is over."""
    async with till.serving() as desk:
        waiting = (await desk.pay(wait=0)).json
        held = asyncio.create_task(desk.payment(waiting["id"], wait=60))
        while not desk.parts.context.hub._changes:  # noqa: ASYNC110 - it tells nobody that somebody waits
            await asyncio.sleep(LOOK_AGAIN_S)
        desk.parts.context.hub.close()
        assert "awaiting_code" == (await held)["status"]
