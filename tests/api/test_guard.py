"""The loopback listener: token, host, origin, preflights and the page's session."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.till import TOKEN, Answer, Desk, Till, events, fresh_code

ORIGIN = "https://pos.example"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def tcp(till: Till) -> AsyncIterator[Desk]:
    """A POS on the loopback; it has no token of its own."""
    address = till.listen(allowed_origins=[ORIGIN])
    async with till.serving() as desk:
        yield Desk(till, desk.parts, desk.session, f"http://{address}")


@pytest.fixture
async def web(tcp: Desk) -> AsyncIterator[Desk]:
    """The same over TCP: the session of the Unix socket connects nowhere else."""
    import aiohttp

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Desk(tcp.till, tcp.parts, session, tcp.base)


async def test_a_token_is_needed(web: Desk) -> None:
    """For every call, also for paths that do not exist; health and the page's files are open."""
    for path in ("/v1/payments", "/metrics", "/openapi.json", "/nowhere", "/uix", "/healthzz"):
        answer = await web.get(path)
        assert (401, "unauthorized") == answer.code, path
        assert "Bearer" == answer.headers["WWW-Authenticate"]
    assert (401, "unauthorized") == (await web.pay(authCode=fresh_code())).code
    assert [] == list(web.till.simulator.bank.orders)
    assert 200 == (await web.get("/healthz")).status
    assert 200 == (await web.get("/v1/payments", **BEARER)).status
    assert 200 == (await web.get("/v1/payments", Authorization=f"bearer  {TOKEN}")).status


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer ", "Bearer x", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \x80ü"]
)
async def test_a_wrong_token_is_none(web: Desk, value: str) -> None:
    """401, and the right one does not come back in the answer."""
    answer = await web.get("/v1/payments", Authorization=value)
    assert (401, "unauthorized") == answer.code
    assert TOKEN.encode() not in answer.data


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
async def test_another_host_is_refused(web: Desk, host: str) -> None:
    """A name that only resolves to the loopback (DNS rebinding) gets nothing, token or not."""
    assert (403, "host_not_allowed") == (await web.get("/v1/payments", Host=host, **BEARER)).code


async def test_localhost_is_a_name_of_ours(web: Desk) -> None:
    """With the port."""
    port = web.base.rpartition(":")[2]
    assert 200 == (await web.get("/v1/payments", Host=f"LocalHost:{port}", **BEARER)).status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://pos.example", f"{ORIGIN}.evil", ""])
async def test_another_origin_is_refused(web: Desk, origin: str) -> None:
    """Whatever it sends along; it is told nothing it could read."""
    answer = await web.get("/v1/payments", Origin=origin, **BEARER)
    assert (403, "origin_not_allowed") == answer.code
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_an_allowed_origin_reads_every_answer(web: Desk) -> None:
    """Good ones, problems, refusals for want of a token, and the event stream."""
    answers: list[Answer] = [
        await web.get("/v1/payments", Origin=ORIGIN, **BEARER),
        await web.get("/v1/payments/none", Origin=ORIGIN, **BEARER),
        await web.get("/nowhere", Origin=ORIGIN, **BEARER),
        await web.get("/v1/payments", Origin=ORIGIN),
    ]
    assert [200, 404, 404, 401] == [answer.status for answer in answers]
    for answer in answers:
        assert ORIGIN == answer.headers["Access-Control-Allow-Origin"]
        assert "Origin" in answer.headers["Vary"]
    async with events(web, Origin=ORIGIN, **BEARER) as stream:
        assert ORIGIN == stream.response.headers["Access-Control-Allow-Origin"]


async def test_our_own_origin_needs_no_permission(web: Desk) -> None:
    """The page's own calls."""
    answer = await web.get("/v1/payments", Origin=web.base, **BEARER)
    assert 200 == answer.status
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_preflights(web: Desk) -> None:
    """Answered without a token for allowed origins, for private and local networks where asked; not for others."""
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
        "Access-Control-Request-Private-Network": "true",
        "Access-Control-Request-Local-Network": "true",
    }
    answer = await web.call("OPTIONS", "/v1/payments", headers=asked)
    assert (204, ORIGIN, "true", "true") == (
        answer.status,
        answer.headers["Access-Control-Allow-Origin"],
        answer.headers["Access-Control-Allow-Private-Network"],
        answer.headers["Access-Control-Allow-Local-Network"],
    )
    assert {"authorization", "content-type", "idempotency-key", "last-event-id"} == {
        name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")
    }
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    plain = await web.call("OPTIONS", "/v1/payments", headers={**asked, "Access-Control-Request-Private-Network": ""})
    assert "Access-Control-Allow-Private-Network" not in plain.headers
    refused = await web.call("OPTIONS", "/v1/payments", headers={**asked, "Origin": "https://evil.example"})
    assert (403, "origin_not_allowed") == refused.code


async def test_a_link_signs_in_once(web: Desk, tcp: Desk) -> None:
    """``posd ui`` gives a link; it becomes a session cookie once, which is as good as the token for the page only."""
    link = (await tcp.__class__(tcp.till, tcp.parts, tcp.session, "http://localhost").post("/v1/ui-link")).json["url"]
    path = link.removeprefix(web.base)
    assert path.startswith("/ui/sign-in?ticket=")
    answer = await web.get(path)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    assert (303, "/ui/") == (answer.status, answer.headers["Location"])
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    assert 200 == (await web.get("/v1/payments", Cookie=cookie)).status
    assert "Set-Cookie" not in (await web.get(path)).headers
    forged = await web.get("/v1/payments", Cookie="posd_session=x")
    assert (401, "unauthorized") == forged.code
    foreign = await web.get("/v1/payments", Cookie=cookie, Origin="https://evil.example")
    assert (403, "origin_not_allowed") == foreign.code


async def test_signing_out(web: Desk, tcp: Desk) -> None:
    """The session is over, the browser is told to forget both cookies; another origin cannot do it to anybody."""
    unix = Desk(tcp.till, tcp.parts, tcp.session, "http://localhost")
    path = (await unix.post("/v1/ui-link")).json["url"].removeprefix(web.base)
    cookie = (await web.get(path)).headers["Set-Cookie"].partition(";")[0]
    foreign = await web.call("DELETE", "/ui/session", headers={"Cookie": cookie, "Origin": "https://evil.example"})
    assert (403, "origin_not_allowed") == foreign.code
    assert 200 == (await web.get("/v1/payments", Cookie=cookie)).status
    answer = await web.call("DELETE", "/ui/session", headers={"Cookie": cookie, "Origin": web.base})
    assert (200, {"signedIn": False}) == (answer.status, answer.json)
    assert 401 == (await web.get("/v1/payments", Cookie=cookie)).status
    again = await web.call("DELETE", "/ui/session")
    assert (200, {"signedIn": False}) == (again.status, again.json)


async def test_the_unix_socket_asks_for_nothing(tcp: Desk) -> None:
    """Neither token nor host: its mode and group decide."""
    unix = Desk(tcp.till, tcp.parts, tcp.session, "http://localhost")
    assert 200 == (await unix.get("/v1/payments", Host="evil.example", Origin="https://evil.example")).status
