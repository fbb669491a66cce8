"""The transport against real sockets: what leaves, leaves once, and what is known of a failure is said exactly."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
from pathlib import Path

import pytest

from posd.gateways import transport as transport_module
from posd.gateways.addresses import checked_base_url
from posd.gateways.base import HttpRequest
from posd.gateways.errors import NoAnswerError, NotSentError, TransportError
from posd.gateways.json_body import BODY_LIMIT
from posd.gateways.transport import CONNECTIONS_LIMIT, Timeouts, Transport
from tests.gateways.peers import Authority, Line, Peer, Script, answer, closed_port, echo, peer

SECRET = "134567890123456789"
REQUEST = HttpRequest("pay", "/UnifiedPay/Gateway", f"auth_code={SECRET}".encode(), {"content-type": "text/x-test"})
LONG_S = 60.0
"""Longer than any answer takes; where it is reached, the test has failed."""
SHORT_S = 0.2
"""Short enough to wait for, where nothing will come however long one waits."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Somebody to vouch for our servers."""
    return Authority.make(tmp_path_factory.mktemp("tls"))


def trusting(server: Peer, authority: Authority) -> Transport:
    """A client of a server with a certificate of that authority."""
    return Transport(f"https://127.0.0.1:{server.port}", ca_file=authority.file)


async def refusal(transport: Transport, timeout_s: float = LONG_S) -> TransportError:
    """The error of a request that gets no answer; nothing that was sent is in it, or in what it was made from."""
    with pytest.raises(TransportError) as raised:
        await transport.send(REQUEST, timeout_s)
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in f"{error!s} {error!r}"
        error = error.__cause__ or error.__context__
    return raised.value


# --- what leaves ------------------------------------------------------------------------------------------------------


async def test_a_request_as_it_leaves() -> None:
    """Method, path, type and body as the codec made them; nothing of ours beside them but who is asking."""
    async with peer(echo) as server, Transport(f"{server.url}/v2/") as transport:
        response = await transport.send(REQUEST, LONG_S)
    assert (200, b"{}") == (response.status, response.body)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert b"POST /v2/UnifiedPay/Gateway HTTP/1.1" == lines[0]
    assert REQUEST.body == body
    names = {line.split(b":")[0].lower() for line in lines[1:]}
    assert {b"host", b"user-agent", b"accept", b"accept-encoding", b"content-type", b"content-length"} == names
    assert b"content-type: text/x-test" in lines
    assert b"accept-encoding: identity" in lines


async def test_an_answer_as_it_came() -> None:
    """Status, body and headers, their names in lower case; a status that is no success is an answer too."""

    async def script(line: Line) -> None:
        await line.request()
        await line.say(answer(b"\xff\x00", "503 Busy", "Authorization: OPEN-BODY-SIG x", "X-Y: z"))

    async with peer(script) as server, Transport(server.url) as transport:
        response = await transport.send(REQUEST, LONG_S)
    assert (503, b"\xff\x00") == (response.status, response.body)
    assert ("OPEN-BODY-SIG x", "z") == (response.headers["authorization"], response.headers["x-y"])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_are_not_followed(status: str) -> None:
    """A payment goes where the configuration says and nowhere else."""
    async with peer(echo) as elsewhere:

        async def script(line: Line) -> None:
            await line.request()
            await line.say(answer(b"", status, f"Location: {elsewhere.url}/"))

        async with peer(script) as server, Transport(server.url) as transport:
            response = await transport.send(REQUEST, LONG_S)
        assert int(status[:3]) == response.status
        assert (1, 0) == (len(server.requests), elsewhere.connections)


async def test_no_cookies_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server wants remembered is forgotten, and the environment does not say where payments go."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)

    async def script(line: Line) -> None:
        while True:
            await line.request()
            await line.say(answer(b"{}", "200 OK", "Set-Cookie: a=b"))

    async with peer(script) as server, Transport(server.url) as transport:
        for _ in range(2):
            await transport.send(REQUEST, LONG_S)
    assert 2 == len(server.requests)
    assert b"cookie" not in server.requests[1].lower()


async def test_another_base_url() -> None:
    """A request may name a host of its own; in the clear it may not leave this machine."""
    async with peer(echo) as main, peer(echo) as face, Transport(main.url) as transport:
        await transport.send(HttpRequest("getfaceauth", "/x", b"", base_url=f"{face.url}/f/"), LONG_S)
        assert (0, 1) == (len(main.requests), len(face.requests))
        assert face.requests[0].startswith(b"POST /f/x ")
        with pytest.raises(ValueError, match="in the clear"):
            await transport.send(HttpRequest("getfaceauth", "/x", b"", base_url="http://192.0.2.1"), LONG_S)


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example",
        "http://192.0.2.1",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "pay.example",
        "",
        "https://",
        "https://user:password@pay.example",
        "https://pay.example/?a=b",
        "https://pay.example/#a",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    """Only TLS leaves this machine, and a base URL is nothing but one."""
    with pytest.raises(ValueError, match=r"write it like|in the clear"):
        Transport(url)


def test_addresses_that_are_taken() -> None:
    """TLS anywhere, http on the loopback; the slash at the end is one too many."""
    taken = ["https://pay.example/v2", "http://localhost:1", "http://127.0.0.9", "http://[::1]:8080"]
    assert taken == [checked_base_url(f"{url}/") for url in taken]


async def test_all_at_once(authority: Authority) -> None:
    """Forty pending payments with four queries, a pay and a cancel each are under way at the same time."""
    together = 240
    assert together <= CONNECTIONS_LIMIT
    everybody = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        if len(line.peer.requests) == together:
            everybody.set()
        await everybody.wait()
        await line.say(answer())

    slow = Timeouts(connect_s=LONG_S)
    async with peer(script) as server, Transport(server.url, timeouts=slow) as transport:
        await asyncio.gather(*(transport.send(REQUEST, LONG_S) for _ in range(together)))
        assert together == server.connections


# --- certainly not sent -----------------------------------------------------------------------------------------------


async def test_refused() -> None:
    """Nobody listens."""
    async with Transport(f"http://127.0.0.1:{closed_port()}") as transport:
        assert isinstance(await refusal(transport), NotSentError)


async def test_name_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name cannot be resolved."""

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    async with Transport("https://pay.example") as transport:
        error = await refusal(transport)
        assert isinstance(error, NotSentError)
        assert "pay.example" in str(error)


async def test_no_connection_in_time() -> None:
    """A listener whose queue is full answers no SYN; what was never connected was never sent."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        try:
            async with Transport(f"http://127.0.0.1:{port}", timeouts=Timeouts(connect_s=SHORT_S)) as transport:
                assert isinstance(await refusal(transport), NotSentError)
        finally:
            for filler in fillers:
                filler.close()


async def test_a_tls_handshake_that_hangs() -> None:
    """The time to connect includes TLS; until it stands, nothing of the request has left."""
    heard = bytearray()

    async def script(line: Line) -> None:
        while chunk := await line.reader.read(4096):
            heard.extend(chunk)

    async with peer(script) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with Transport(url, timeouts=Timeouts(connect_s=SHORT_S)) as transport:
            assert isinstance(await refusal(transport), NotSentError)
    assert REQUEST.path.encode() not in heard
    assert SECRET.encode() not in heard


@pytest.mark.parametrize("word", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["no TLS", "closed"])
async def test_a_server_that_speaks_no_tls(word: bytes) -> None:
    """It is not spoken to in the clear instead."""

    async def script(line: Line) -> None:
        await line.reader.read(1)
        await line.say(word)

    async with peer(script) as server, Transport(f"https://127.0.0.1:{server.port}") as transport:
        assert isinstance(await refusal(transport), NotSentError)
    assert not server.requests


async def test_tls(authority: Authority) -> None:
    """A server that the named authority vouches for is spoken to."""
    async with peer(echo, authority.server()) as server, trusting(server, authority) as transport:
        assert 200 == (await transport.send(REQUEST, LONG_S)).status


@pytest.mark.parametrize(
    ("address", "days", "named"), [("127.0.0.1", 2, False), ("127.0.0.2", 2, True), ("127.0.0.1", 0, True)]
)
async def test_certificates_that_do_not_hold(authority: Authority, address: str, days: int, named: bool) -> None:
    """Of an authority that nobody named, for another host, or of yesterday: nothing leaves."""
    async with peer(echo, authority.server(address, days)) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with Transport(url, ca_file=authority.file if named else None) as transport:
            error = await refusal(transport)
    assert isinstance(error, NotSentError)
    assert "certificate" in str(error).lower()
    assert not server.requests


def test_an_authority_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing or empty file is found at the start, not at the first customer."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    for file in (tmp_path / "missing.pem", empty):
        with pytest.raises(OSError):  # noqa: PT011 - ssl has many words for it
            Transport("https://pay.example", ca_file=os.fspath(file))


# --- perhaps sent -----------------------------------------------------------------------------------------------------


async def _drop(line: Line) -> None:
    await line.request()


async def _drop_unread(line: Line) -> None:
    await line.reader.read(1)


async def _reset(line: Line) -> None:
    await line.request()
    line.reset()


async def _half_head(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-")


async def _half_body(line: Line) -> None:
    await line.request()
    await line.say(answer(b"x" * 100)[:-50])


async def _half_chunk(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc")


async def _garbage(line: Line) -> None:
    await line.request()
    await line.say(b"\x00\x01 this is no HTTP\r\n\r\n")


async def _bad_chunks(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")


async def _bad_gzip(line: Line) -> None:
    await line.request()
    await line.say(answer(b"no gzip at all", "200 OK", "Content-Encoding: gzip"))


async def _long_body(line: Line) -> None:
    await line.request()
    await line.say(answer(b"x" * (BODY_LIMIT + 1)))


async def _endless_body(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        await line.say(b"x" * 65536)


async def _blown_up_body(line: Line) -> None:
    await line.request()
    await line.say(answer(gzip.compress(b"x" * BODY_LIMIT * 20), "200 OK", "Content-Encoding: gzip"))


async def _long_head(line: Line) -> None:
    await line.request()
    await line.say(answer(b"{}", "200 OK", f"X-Long: {'x' * 100_000}"))


FAILURES: list[Script] = [
    _drop,
    _drop_unread,
    _reset,
    _half_head,
    _half_body,
    _half_chunk,
    _garbage,
    _bad_chunks,
    _bad_gzip,
    _long_body,
    _endless_body,
    _blown_up_body,
    _long_head,
]


@pytest.mark.parametrize("script", FAILURES, ids=lambda script: script.__name__.strip("_"))
async def test_no_answer(script: Script) -> None:
    """Whatever goes wrong once a byte may have left: it may have arrived, and it is not sent a second time."""
    async with peer(script) as server, Transport(server.url) as transport:
        assert isinstance(await refusal(transport), NoAnswerError)
        assert 1 == server.connections


async def test_an_answer_of_just_the_limit() -> None:
    """The limit itself is not too long."""

    async def script(line: Line) -> None:
        await line.request()
        await line.say(answer(b"x" * BODY_LIMIT))

    async with peer(script) as server, Transport(server.url) as transport:
        assert BODY_LIMIT == len((await transport.send(REQUEST, LONG_S)).body)


@pytest.mark.parametrize("word", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"], ids=["silent", "half"])
async def test_an_answer_that_does_not_come(word: bytes) -> None:
    """After the time given there is no answer; the connection is closed, so that nobody reads it later."""

    async def script(line: Line) -> None:
        await line.request()
        await line.say(word)
        await line.hold()

    async with peer(script) as server, Transport(server.url) as transport:
        error = await refusal(transport, SHORT_S)
        assert isinstance(error, NoAnswerError)
        assert "no answer within 0.2 s" == str(error)
        await server.ended.wait()


# --- connections that are kept ----------------------------------------------------------------------------------------


async def test_one_connection_for_one_after_the_other() -> None:
    """A connection that has answered answers again."""
    async with peer(echo) as server, Transport(server.url) as transport:
        for _ in range(3):
            await transport.send(REQUEST, LONG_S)
        assert (1, 3) == (server.connections, len(server.requests))


async def test_a_kept_connection_that_dies_under_a_request() -> None:
    """Nobody knows whether the server has read it: no answer, and under no circumstances a second request."""

    async def script(line: Line) -> None:
        await line.request()
        await line.say(answer())
        await line.request()

    async with peer(script) as server, Transport(server.url) as transport:
        await transport.send(REQUEST, LONG_S)
        assert isinstance(await refusal(transport), NoAnswerError)
        await asyncio.sleep(0)
        assert (1, 2) == (server.connections, len(server.requests))


async def test_a_kept_connection_that_the_server_has_closed() -> None:
    """Its end is noticed before the next request, which goes on a new one."""
    gone = asyncio.Event()

    async def script(line: Line) -> None:
        await line.request()
        await line.say(answer())
        line.writer.close()
        await line.writer.wait_closed()
        gone.set()

    async with peer(script) as server, Transport(server.url) as transport:
        for _ in range(3):
            gone.clear()
            assert 200 == (await transport.send(REQUEST, LONG_S)).status
            await gone.wait()
            await _turns()
        assert (3, 3) == (server.connections, len(server.requests))


async def _turns() -> None:
    """Let the loop see what the kernel has already got."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_giving_up_closes_the_connection() -> None:
    """A cancelled request leaves nothing behind that could be taken for the answer to the next one."""

    async def script(line: Line) -> None:
        await line.request()
        await line.hold()

    async with peer(script) as server, Transport(server.url) as transport:
        task = asyncio.get_running_loop().create_task(transport.send(REQUEST, LONG_S))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.ended.wait()
        assert 1 == len(server.requests)


async def test_warm(authority: Authority) -> None:
    """A connection stands, TLS and all, before there is a request; the first request goes on it."""
    async with peer(echo, authority.server()) as server, trusting(server, authority) as transport:
        await transport.warm()
        await server.connected(1)
        assert not server.requests
        await transport.send(REQUEST, LONG_S)
        assert (1, 1) == (server.connections, len(server.requests))


async def test_warm_again_is_young_again() -> None:
    """A connection that has lain idle since the last time is replaced before anybody meets it half dead."""
    async with peer(echo) as server, Transport(server.url) as transport:
        for expected in (1, 2, 3):
            await transport.warm()
            await server.connected(expected)
        await transport.send(REQUEST, LONG_S)
        assert (3, 1) == (server.connections, len(server.requests))


async def test_warm_says_why_not() -> None:
    """Nobody there, no TLS, no end of the handshake: certainly not sent, since there was nothing to send."""
    async with Transport(f"http://127.0.0.1:{closed_port()}") as transport:
        with pytest.raises(NotSentError):
            await transport.warm()

    async def silent(line: Line) -> None:
        await line.hold()

    async with peer(silent) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with Transport(url, timeouts=Timeouts(connect_s=SHORT_S)) as transport:
            with pytest.raises(NotSentError, match="no connection in time"):
                await transport.warm()


async def test_keep_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on for ever, through an outage too, and sends nothing; the one who started it ends it."""
    monkeypatch.setattr(transport_module, "WARM_INTERVAL_S", 0.005)
    async with peer(echo) as server:
        async with Transport(server.url) as transport:
            task = asyncio.get_running_loop().create_task(transport.keep_warm())
            await server.connected(3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert not server.requests

    async with Transport(f"http://127.0.0.1:{closed_port()}") as transport:
        task = asyncio.get_running_loop().create_task(transport.keep_warm())
        done, _ = await asyncio.wait([task], timeout=SHORT_S)
        assert not done
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_dead_peer_is_noticed_by_the_kernel() -> None:
    """Idle connections are probed, so that one through a router that forgot it is not used for a payment."""
    made = transport_module._socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1)))
    with made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert 5 == made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)


# --- the end ----------------------------------------------------------------------------------------------------------


async def test_close() -> None:
    """What runs ends without an answer; what comes later is certainly not sent; closing twice is no fault."""

    async def script(line: Line) -> None:
        await line.request()
        await line.hold()

    async with peer(script) as server:
        transport = Transport(server.url)
        task = asyncio.get_running_loop().create_task(refusal(transport))
        await server.arrived.wait()
        await transport.close()
        assert isinstance(await task, NoAnswerError)
        assert isinstance(await refusal(transport), NotSentError)
        with pytest.raises(NotSentError):
            await transport.warm()
        await transport.close()
        assert 1 == len(server.requests)


async def test_closing_what_was_never_used() -> None:
    """A transport that was made and not used leaves nothing behind."""
    await Transport("https://pay.example").close()
