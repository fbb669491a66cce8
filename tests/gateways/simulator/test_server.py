"""The simulator on real sockets: what reaches a client, and what a script can ask for."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from posd.gateways.base import Exchange, HttpResponse, PayOrder
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.simulator import scripts as scripts_module
from posd.gateways.simulator.behaviour import PayFault
from posd.gateways.simulator.orders import Order, Phase, State
from posd.gateways.simulator.server import BODY_MAX
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Paid, Pending
from tests.gateways.simulator.support import Till, chaoying_till

NO_WAIT = Plan(latency_ms=0)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A simulator that answers at once."""
    async with Simulator() as served:
        served.scripts.default = NO_WAIT
        yield served


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that gives up in time."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


@pytest.fixture
async def till(simulator: Simulator) -> Till:
    """Makes requests for this simulator; its own clock stands still."""
    made = chaoying_till(simulator.sandbox)
    made.now_ms = simulator.now_ms()
    return made


def true_order(simulator: Simulator, order: PayOrder) -> Order:
    """The order as it really is."""
    simulator.bank.advance(simulator.now_ms())
    found = simulator.bank.find(order.order_no)
    assert found is not None
    return found


def true_state(simulator: Simulator, order: PayOrder) -> State:
    """How the order really stands."""
    state = true_order(simulator, order).state(simulator.now_ms())
    assert state is not None
    return state


async def send(http: aiohttp.ClientSession, simulator: Simulator, exchange: Exchange[object]) -> aiohttp.ClientResponse:
    """One request as a client sends it."""
    request = exchange.request
    url = simulator.base_url("chaoying") + request.path
    return await http.post(url, data=request.body, headers=dict(request.headers))


async def pay(http: aiohttp.ClientSession, simulator: Simulator, till: Till, order: PayOrder) -> object:
    """A pay request; the verdict."""
    exchange = till.codec.pay(order, till.stamp)
    async with await send(http, simulator, exchange) as response:
        return exchange.read(HttpResponse(response.status, await response.read(), dict(response.headers))).verdict


async def control(
    http: aiohttp.ClientSession, simulator: Simulator, call: str, **body: object
) -> tuple[int, dict[str, object]]:
    """A control call; its status and what came back."""
    async with http.post(f"{simulator.address}/control/{call}", json=body) as response:
        return response.status, await response.json()


async def truth(http: aiohttp.ClientSession, simulator: Simulator, order_no: str = "") -> dict[str, object]:
    """The ledger."""
    async with http.get(f"{simulator.address}/control/ledger{'/' if order_no else ''}{order_no}") as response:
        found: dict[str, object] = await response.json()
        return found


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that is under way; pytest's own time-out ends it."""
    while not condition():  # noqa: ASYNC110  # what it waits for has no event, and must not know of tests
        await asyncio.sleep(0.005)


def content(path: str) -> str:
    """A small file; it blocks for no time that matters."""
    return Path(path).read_text("ascii")


async def test_a_payment(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """Through a socket as without one."""
    order = till.order(1250)
    assert isinstance(await pay(http, simulator, till, order), Paid)
    found = await truth(http, simulator, order.order_no)
    assert (found["phase"], found["net"], found["submits"]) == ("paid", 1250, 1)
    assert (await truth(http, simulator))["violations"] == []


async def test_the_settings_of_a_client(simulator: Simulator, tmp_path: Path) -> None:
    """A table ready for the configuration; the key in a file that only its owner can read, and nowhere else."""
    table = simulator.settings("chaoying", tmp_path / "keys")
    assert (table["protocol"], table["base_url"]) == ("chaoying", f"{simulator.address}/chaoying")
    key = simulator.sandbox.credentials("chaoying")["key"]
    assert isinstance(key, Secret)
    assert content(table["key_file"]) == key.reveal() + "\n"
    assert stat.S_IMODE(os.stat(table["key_file"]).st_mode) == 0o600  # noqa: PTH116  # an async test
    assert "key" not in table
    assert key.reveal() not in table.values()


async def test_the_keys_of_a_directory(tmp_path: Path) -> None:
    """The next run has the same."""
    found = set()
    for _ in range(2):
        async with Simulator(keys=tmp_path) as simulator:
            found.add(content(simulator.settings("chaoying", tmp_path)["key_file"]))
    assert len(found) == 1


@pytest.mark.parametrize("fault", [PayFault.CUT_AFTER, PayFault.CUT_BEFORE])
async def test_a_connection_that_is_cut(
    simulator: Simulator, http: aiohttp.ClientSession, till: Till, fault: PayFault
) -> None:
    """The client sees the end of the connection, not an answer."""
    simulator.scripts.default = Plan(pay=fault, latency_ms=0)
    order = till.order()
    with pytest.raises(aiohttp.ClientConnectionError):
        await pay(http, simulator, till, order)
    assert bool(true_order(simulator, order).history) is (fault is PayFault.CUT_AFTER)


async def test_an_answer_that_never_comes(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """The connection stays open; the money is taken meanwhile. Leaving the simulator does not wait for it."""
    simulator.scripts.default = Plan(pay=PayFault.HANG)
    order = till.order()
    waiting = asyncio.create_task(pay(http, simulator, till, order))
    await until(lambda: simulator.bank.find(order.order_no))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    assert true_state(simulator, order).phase is Phase.PAID
    waiting.cancel()
    await asyncio.wait({waiting})


async def test_an_answer_that_takes_its_time(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """At least as long as the plan says."""
    simulator.scripts.default = Plan(pay_latency_ms=200)
    began = asyncio.get_running_loop().time()
    assert isinstance(await pay(http, simulator, till, till.order()), Paid)
    assert asyncio.get_running_loop().time() - began >= 0.199


async def test_an_outage(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """Connections are refused while it lasts; the orders and the port are the same afterwards."""
    order = till.order()
    await pay(http, simulator, till, order)
    port = simulator.port
    await simulator.pause()
    with pytest.raises(aiohttp.ClientConnectionError):
        await truth(http, simulator)
    await simulator.resume()
    assert (simulator.port, (await truth(http, simulator, order.order_no))["phase"]) == (port, "paid")


async def test_what_is_no_path(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    """404, inside a gateway's prefix and outside; only the former is a violation."""
    for path in ("/chaoying/nothing", "/nothing", "/control/ledger/nothing", "/customer/nothing"):
        async with http.get(simulator.address + path) as response:
            assert (path, response.status) == (path, 404)
    assert len(simulator.bank.violations) == 1


async def test_a_body_without_end(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    """413; nothing is read into the memory for ever."""
    url = f"{simulator.address}/chaoying/UnifiedPay/Gateway"
    async with http.post(url, data=b"a" * (BODY_MAX + 1)) as response:
        assert response.status == 413


async def test_the_table_is_the_index(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    """Whoever opens the address finds the magic numbers."""
    async with http.get(simulator.address) as response:
        assert (response.status, "| 33 |" in await response.text()) == (200, True)


# --- customers --------------------------------------------------------------------------------------------------------


async def test_a_person_pays(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """The code is an address; behind it are two buttons, and the payment is made by pressing one."""
    simulator.scripts.clear()
    order = till.qr_order(1250)
    told = await pay(http, simulator, till, order)
    assert isinstance(told, Pending)
    assert told.qr_code is not None
    async with http.get(told.qr_code) as page:
        text = await page.text()
    assert "12.50" in text
    assert f"/customer/{order.order_no}/confirm" in text
    async with http.get(f"{told.qr_code}/code") as picture:
        assert (await picture.read()).startswith(b"\x89PNG")
    assert true_state(simulator, order).phase is Phase.PAYING
    async with http.post(f"{told.qr_code}/confirm") as page:
        assert "/confirm" not in await page.text()
    assert true_state(simulator, order).net == 1250


async def test_a_person_refuses(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """Nothing is charged, and pressing the other button later does not help."""
    simulator.scripts.clear()
    order = till.qr_order()
    told = await pay(http, simulator, till, order)
    assert isinstance(told, Pending)
    for deed in ("refuse", "confirm"):
        async with http.post(f"{told.qr_code}/{deed}") as page:
            assert page.status == 200
    assert true_state(simulator, order).phase is Phase.FAILED


async def test_a_page_escapes_what_it_shows(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    """An order number is no markup."""
    strange = "<b>1"
    simulator.bank.record(strange, "chaoying")
    async with http.get(f"{simulator.address}/customer/%3Cb%3E1") as page:
        text = await page.text()
    assert "&lt;b&gt;1" in text
    assert strange not in text


# --- scripts ----------------------------------------------------------------------------------------------------------


async def test_the_next_orders_can_be_scripted(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """By a row of the table or by a plan; then everything is as before."""
    assert (await control(http, simulator, "behaviour", behaviour="12", next=2))[0] == 200
    plan = {"confirm_after_ms": None, "query": ["hang"]}
    status, answer = await control(http, simulator, "behaviour", plan=plan)
    assert (status, "'query': ['hang']" in str(answer["plan"])) == (200, True)
    verdicts = [await pay(http, simulator, till, till.order()) for _ in range(4)]
    assert verdicts[:3] == [Pending()] * 3
    assert isinstance(verdicts[3], Paid)


async def test_one_order_can_be_scripted_and_forgotten(
    simulator: Simulator, http: aiohttp.ClientSession, till: Till
) -> None:
    """By its number; DELETE forgets it, and the default too."""
    order, other = till.order(), till.order()
    await control(http, simulator, "behaviour", behaviour="10", parameter=9, order=order.order_no)
    assert await pay(http, simulator, till, order) == Pending()
    await control(http, simulator, "behaviour", behaviour="12", default=True)
    assert await pay(http, simulator, till, till.order()) == Pending()
    async with http.delete(f"{simulator.address}/control/behaviour") as response:
        assert response.status == 200
    assert isinstance(await pay(http, simulator, till, other), Paid)


@pytest.mark.parametrize(
    ("call", "body", "expected"),
    [
        ("behaviour", {}, 400),
        ("behaviour", {"behaviour": "99"}, 400),
        ("behaviour", {"behaviour": "10", "plan": {}}, 400),
        ("behaviour", {"behaviour": "10", "parameter": 100}, 400),
        ("behaviour", {"behaviour": "10", "next": 0}, 400),
        ("behaviour", {"plan": {"pay": "maybe"}}, 400),
        ("behaviour", {"plan": {"latency_ms": -1}}, 400),
        ("behaviour", {"plan": {"nonsense": 1}}, 400),
        ("behaviour", {"behaviour": "10", "nonsense": 1}, 400),
        ("customer", {"order": "nothing", "does": "confirm"}, 404),
        ("customer", {"order": "A1", "does": "dance"}, 400),
        ("notify", {"order": "nothing"}, 404),
        ("notify", {"order": "A1"}, 409),
        ("quirk", {"gateway": "chaoying", "name": "paying", "reading": "MAYBE"}, 400),
        ("quirk", {"gateway": "nothing", "name": "paying", "reading": "PROCESSING"}, 400),
    ],
)
async def test_a_script_with_a_mistake(
    simulator: Simulator, http: aiohttp.ClientSession, call: str, body: dict[str, object], expected: int
) -> None:
    """Is told what is wrong, and changes nothing."""
    simulator.bank.record("A1", "chaoying")
    status, answer = await control(http, simulator, call, **body)
    assert status == expected
    assert answer["detail"]
    assert simulator.scripts.default == NO_WAIT


async def test_a_script_without_end(
    simulator: Simulator, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, and nothing of it is kept."""
    monkeypatch.setattr(scripts_module, "SCRIPTED_MAX", 2)
    assert (await control(http, simulator, "behaviour", behaviour="12", next=3))[0] == 409
    assert (await control(http, simulator, "behaviour", behaviour="12", next=2))[0] == 200


async def test_a_customer_by_script(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """The same as the page's buttons."""
    simulator.scripts.default = Plan(confirm_after_ms=None)
    order = till.order()
    assert await pay(http, simulator, till, order) == Pending()
    _, found = await control(http, simulator, "customer", order=order.order_no, does="confirm")
    assert found["phase"] == "paid"
    assert true_state(simulator, order).net == 1000


async def test_a_quirk(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    """One reading of a contradiction."""
    status, _ = await control(http, simulator, "quirk", gateway="chaoying", name="paying", reading="NEED_QUERY")
    assert (status, simulator.sandbox.engines["chaoying"].protocol.quirks["paying"]) == (200, "NEED_QUERY")


# --- notifications ----------------------------------------------------------------------------------------------------


class Receiver:
    """A client's own listener."""

    def __init__(self, answer: str) -> None:
        self.answer, self.bodies = answer, list[bytes]()
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Take a notification."""
        self.bodies.append(await request.read())
        return web.Response(text=self.answer)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Takes every notification."""
    made = Receiver("success")
    runner = web.ServerRunner(web.Server(made.handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/notify/main"
    yield made
    await runner.cleanup()


async def test_a_payment_is_told(simulator: Simulator, http: aiohttp.ClientSession, receiver: Receiver) -> None:
    """The listener named in the order gets it, and it is kept in the ledger what it said."""
    till = chaoying_till(simulator.sandbox, notify_url=receiver.url)
    till.now_ms = simulator.now_ms()
    order = till.qr_order()
    await pay(http, simulator, till, order)
    await until(lambda: true_order(simulator, order).notices)
    assert [(notice.acknowledged, notice.url) for notice in true_order(simulator, order).notices] == [
        (True, receiver.url)
    ]
    assert len(receiver.bodies) == 1


async def test_a_notification_by_script(
    simulator: Simulator, http: aiohttp.ClientSession, till: Till, receiver: Receiver
) -> None:
    """At once, to any address, wrong where that is wanted; the answer says what came back."""
    receiver.answer = "fail"
    order = till.qr_order()
    await pay(http, simulator, till, order)
    body = {"order": order.order_no, "url": receiver.url, "fault": "wrong_amount"}
    _, found = await control(http, simulator, "notify", **body)
    assert b"total_fee=1100" in receiver.bodies[0]
    notices = found["notifications"]
    assert isinstance(notices, list)
    assert [(notice["text"], notice["acknowledged"]) for notice in notices] == [("fail", False)]


async def test_a_listener_that_is_not_there(simulator: Simulator, http: aiohttp.ClientSession, till: Till) -> None:
    """Kept as such; the simulator lives on."""
    order = till.qr_order()
    await pay(http, simulator, till, order)
    await control(http, simulator, "notify", order=order.order_no, url="http://127.0.0.1:1/")
    await control(http, simulator, "notify", order=order.order_no, url="no address")
    assert [(notice.status, notice.acknowledged) for notice in true_order(simulator, order).notices] == [
        (None, False)
    ] * 2
