"""The bridge as its other end sees it, line by line, over real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from devices.face import bridge as bridge_module
from devices.face import connection as connection_module
from devices.face.bridge import MAX_CONNECTIONS, MAX_STATUSES, FaceBridge
from devices.face.errors import (
    BridgeLost,
    FaceDeviceFault,
    FaceError,
    FaceNotInitialised,
    FaceSwitchedToScan,
    FaceTimedOut,
    FaceUserCancelled,
)
from devices.face.listener import TcpAddress
from devices.face.protocol import MAX_LINE_BYTES
from devices.state import DeviceState, Health
from tests.devices.face.support import (
    HANG_S,
    HELLO,
    QUICK,
    TOKEN,
    WANTED,
    Peer,
    Watch,
    connected,
    eventually,
    listening,
    running,
    unix,
)

SECRET = "b713b5d2-666c-48"
LOOPBACK = TcpAddress("127.0.0.1", 0)


@pytest.fixture
def watch() -> Watch:
    """Takes reports."""
    return Watch()


async def test_hello_makes_a_bridge(tmp_path: Path, watch: Watch) -> None:
    """Before it none is connected and every question says so; after it, ready; hung up, lost with what to do."""
    async with listening(unix(tmp_path), watch) as bridge:
        assert DeviceState("face", "face", Health.LOST, "no bridge is connected: look whether it runs") == bridge.state
        with pytest.raises(BridgeLost):
            await bridge.rawdata()
        async with connected(bridge.address) as peer:
            await peer.hello(provider="alipay")
            await watch.until_healths(Health.READY)
            assert (True, "alipay", 1) == (bridge.connected, bridge.provider, watch.connections)
        await watch.until_healths(Health.READY, Health.LOST)
        assert (False, None) == (bridge.connected, bridge.provider)
        assert "disconnected" in bridge.state.detail
    assert not (tmp_path / "face.sock").exists()


async def test_the_whole_sequence(tmp_path: Path, watch: Watch) -> None:
    """Raw data, a face code, the result; each as documented, the provider of the bridge beside the code."""
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()

        async def answer(method: str, params: dict[str, object], result: dict[str, object]) -> None:
            heard = await peer.hear()
            assert (method, params) == (heard["method"], heard["params"])
            await peer.say(id=heard["id"], result=result)

        raw, _ = await asyncio.gather(bridge.rawdata(), answer("rawdata", {}, {"rawdata": "raw"}))
        assert "raw" == raw
        params = json.loads('{"authinfo":"authinfo-of-the-gateway","appid":"wx1","mchId":"100","subAppid":"wx2"}')
        params |= {"subMchId": "200", "storeId": "md_001", "orderNo": "0101A1", "amount": 1250}
        params |= {"faceCodeType": "0", "timeout": 30}
        code, _ = await asyncio.gather(
            bridge.face_code(WANTED), answer("face_code", params, {"faceCode": SECRET, "openid": "o"})
        )
        assert (SECRET, "o", "", "wechat") == (code.face_code, code.openid, code.sub_openid, code.provider)
        assert SECRET not in repr(code)
        await asyncio.gather(
            bridge.result("0101A1", "SUCCESS"), answer("result", {"orderNo": "0101A1", "outcome": "SUCCESS"}, {})
        )
        await asyncio.gather(bridge.stop(), answer("stop", {}, {}))
    assert [Health.READY] == watch.healths[:1]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-32001, FaceUserCancelled),
        (-32002, FaceSwitchedToScan),
        (-32003, FaceNotInitialised),
        (-32004, FaceTimedOut),
        (-32005, FaceDeviceFault),
        (-32601, FaceDeviceFault),
        (12345, FaceDeviceFault),
    ],
)
async def test_each_error_has_its_type(tmp_path: Path, watch: Watch, code: int, kind: type[FaceError]) -> None:
    """With what the SDK said, unchanged, but not in the text; the connection stays."""
    data = {"return_code": "ERROR", "return_msg": SECRET, "err_code": 271378620}
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        asking = asyncio.create_task(bridge.face_code(WANTED))
        heard = await peer.hear()
        await peer.say(id=heard["id"], error={"code": code, "message": SECRET, "data": data})
        with pytest.raises(FaceError) as caught:
            await asking
        assert (kind, code, data) == (type(caught.value), caught.value.code, caught.value.data)
        assert SECRET not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert bridge.connected


async def test_status_tells_health(tmp_path: Path, watch: Watch) -> None:
    """A fault with its detail, made fit for one line, told once; and back. What a later version says is ignored."""
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        await peer.say(method="temperature", params={"celsius": 40})
        for _ in range(3):
            await peer.say(method="status", params={"state": "fault", "detail": "camera\ncovered" + "!" * 500})
        await watch.until_healths(Health.READY, Health.FAULT)
        assert bridge.state.detail.startswith("camera covered!")
        assert 200 == len(bridge.state.detail)
        await peer.say(method="status", params={"state": "ready"})
        await watch.until_healths(Health.READY, Health.FAULT, Health.READY)


async def test_on_tcp_the_token_counts(watch: Watch) -> None:
    """Without it, or with another, the connection is closed with a reason and nobody is connected; with it, ready."""
    async with listening(LOOPBACK, watch, TOKEN) as bridge:
        for token in ({}, {"token": ""}, {"token": TOKEN[:-1]}, {"token": "密"}):
            async with connected(bridge.address) as peer:
                await peer.say(id=1, method="hello", params=HELLO | token)
                assert -32600 == (await peer.hear())["error"]["code"]
                await peer.until_closed()
        assert "token" in bridge.state.detail
        assert TOKEN not in bridge.state.detail
        assert [] == watch.states
        async with connected(bridge.address) as peer:
            await peer.hello(token=TOKEN)
            await watch.until_healths(Health.READY)


def test_on_tcp_there_is_no_bridge_without_a_token(watch: Watch) -> None:
    """Anybody on this machine could take faces."""
    with pytest.raises(ValueError, match="token"):
        FaceBridge("face", LOOPBACK, watch.states.append)


async def test_the_later_bridge_counts(tmp_path: Path, watch: Watch) -> None:
    """A valid hello replaces the bridge there was, without a loss; one that is not valid does not."""
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as old:
        await old.hello()
        async with connected(bridge.address) as bad:
            await bad.say(id=1, method="hello", params={"provider": "nobody"})
            await bad.hear()
            await bad.until_closed()
        asking = asyncio.create_task(bridge.rawdata())
        await old.hear()
        async with connected(bridge.address) as new:
            await new.hello(provider="alipay")
            with pytest.raises(BridgeLost):
                await asking
            await old.until_closed()
            assert (True, "alipay", 2) == (bridge.connected, bridge.provider, watch.connections)
            assert [Health.READY] == watch.healths
    assert Health.READY is watch.healths[0]


Misbehaviour = Callable[[Peer, int], Awaitable[None]]


def says(data: bytes) -> Misbehaviour:
    """Sends these bytes."""

    async def misbehave(peer: Peer, number: int) -> None:
        await peer.send(data.replace(b"NUMBER", str(number).encode()))

    return misbehave


MISBEHAVIOURS: dict[str, Misbehaviour] = {
    "no JSON": says(b"face code please\n"),
    "no UTF-8": says(b"\xff\xfe\n"),
    "an empty line": says(b"\n"),
    "a batch": says(b'[{"jsonrpc":"2.0","id":NUMBER,"result":{"rawdata":"x"}}]\n'),
    "a line without end": says(b"x" * (MAX_LINE_BYTES + 10)),
    "a line that is too long": says(b" " * (MAX_LINE_BYTES + 10) + b"\n"),
    "deep nesting": says(b"[" * 300_000 + b"\n"),
    "an answer to nothing": says(b'{"jsonrpc":"2.0","id":999,"result":{}}\n'),
    "an answer under a text": says(b'{"jsonrpc":"2.0","id":"NUMBER","result":{"rawdata":"x"}}\n'),
    "an error without an id": says(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700}}\n'),
    "an answer of the wrong type": says(b'{"jsonrpc":"2.0","id":NUMBER,"result":{"rawdata":7}}\n'),
    "an answer without what was asked": says(b'{"jsonrpc":"2.0","id":NUMBER,"result":null}\n'),
    "a second hello": says(b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{}}\n'),
    "a status of the wrong type": says(b'{"jsonrpc":"2.0","method":"status","params":{"state":"on"}}\n'),
    "states without end": says(
        b'{"jsonrpc":"2.0","method":"status","params":{"state":"fault"}}\n' * (MAX_STATUSES + 1)
    ),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_a_bridge_that_breaks_the_protocol_is_closed(tmp_path: Path, watch: Watch, name: str) -> None:
    """Whoever waits gets `BridgeLost`, the state is lost and says why, and the next bridge is welcome."""
    async with listening(unix(tmp_path), watch) as bridge:
        async with connected(bridge.address) as peer:
            await peer.hello()
            asking = asyncio.create_task(bridge.rawdata())
            heard = await peer.hear()
            await MISBEHAVIOURS[name](peer, heard["id"])
            with pytest.raises(BridgeLost):
                await asking
            await peer.until_closed()
        await eventually(lambda: not bridge.connected)
        assert Health.LOST is bridge.state.health
        assert "protocol" in bridge.state.detail
        async with connected(bridge.address) as peer:
            await peer.hello()
            await eventually(lambda: bridge.connected)


async def test_a_second_answer_breaks_the_protocol(tmp_path: Path, watch: Watch) -> None:
    """The first one counts, if anything; nothing hangs."""
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        asking = asyncio.create_task(bridge.rawdata())
        number = (await peer.hear())["id"]
        twice = [{"jsonrpc": "2.0", "id": number, "result": {"rawdata": text}} for text in ("one", "two")]
        await peer.send("".join(json.dumps(answer) + "\n" for answer in twice).encode())
        assert "one" == await asking
        await peer.until_closed()
        await eventually(lambda: Health.LOST is bridge.state.health)


@pytest.mark.parametrize(
    "first",
    [
        b'{"jsonrpc":"2.0","method":"status","params":{"state":"ready"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"rawdata"}\n',
        b'{"jsonrpc":"2.0","id":1,"result":{}}\n',
        b"POST / HTTP/1.1\r\n\r\n",
        b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"provider":"wechat"}}\n',
        b"x" * (MAX_LINE_BYTES + 10),
        b'{"jsonrpc":"2.0"',
    ],
)
async def test_without_a_valid_hello_the_connection_is_closed(tmp_path: Path, watch: Watch, first: bytes) -> None:
    """Anything else at first, or half of it: nobody is connected, and nothing is reported."""
    async with listening(unix(tmp_path), watch) as bridge:
        async with connected(bridge.address) as peer:
            await peer.send(first)
            peer._writer.write_eof()
            async with asyncio.timeout(HANG_S):
                while await peer._reader.read(65536):
                    pass
        assert not bridge.connected
        assert (0, []) == (watch.connections, watch.states)


async def test_who_says_nothing_is_hung_up_on(tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds; and only so many may hang there at once."""
    async with listening(unix(tmp_path), watch) as bridge, asyncio.timeout(HANG_S):
        streams = [await asyncio.open_unix_connection(tmp_path / "face.sock") for _ in range(MAX_CONNECTIONS)]
        await eventually(lambda: len(bridge._tasks) == MAX_CONNECTIONS)
        async with connected(bridge.address) as peer:
            await peer.until_closed()
        monkeypatch.setattr(bridge_module, "HELLO_TIMEOUT_S", 0.01)
        for _, writer in streams:
            writer.close()
        await eventually(lambda: not bridge._tasks)
        async with connected(bridge.address) as peer:
            await peer.until_closed()
    assert [] == watch.states


async def test_every_wait_ends(tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bridge that hangs: each question times out; an answer that comes too late is ignored, once."""
    for name in ("RAWDATA_TIMEOUT_S", "COMMAND_TIMEOUT_S", "FACE_CODE_GRACE_S"):
        monkeypatch.setattr(bridge_module, name, 0.05)
    quick = msgspec.structs.replace(WANTED, timeout=0)
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        questions = [bridge.rawdata(), bridge.face_code(quick), bridge.result("1", "ERROR"), bridge.stop()]
        for question in questions:
            with pytest.raises(FaceTimedOut):
                await question
        numbers = [(await peer.hear())["id"] for _ in questions]
        assert 4 == len(set(numbers))
        for number in numbers:
            await peer.say(id=number, result={})
        await peer.say(method="status", params={"state": "fault"})
        await eventually(lambda: Health.FAULT is bridge.state.health)
        await peer.say(id=numbers[0], result={})
        await peer.until_closed()


async def test_a_cancelled_question_leaves_nothing(tmp_path: Path, watch: Watch) -> None:
    """Its late answer is ignored, and the next question gets its own."""
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        asking = asyncio.create_task(bridge.face_code(WANTED))
        late = (await peer.hear())["id"]
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        asking_again = asyncio.create_task(bridge.rawdata())
        number = (await peer.hear())["id"]
        await peer.say(id=late, result={"faceCode": SECRET})
        await peer.say(id=number, result={"rawdata": "raw"})
        assert "raw" == await asking_again
        assert bridge.connected


async def test_a_bridge_that_reads_nothing_is_given_up(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does not take does not pile up."""
    monkeypatch.setattr(connection_module, "SEND_TIMEOUT_S", 0.05)
    big = msgspec.structs.replace(WANTED, authinfo="x" * 900_000)
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        answers = await asyncio.gather(*(bridge.face_code(big) for _ in range(30)), return_exceptions=True)
        assert {BridgeLost, FaceDeviceFault} == {type(answer) for answer in answers}
        await watch.until_healths(Health.READY, Health.LOST)


async def test_what_is_too_long_to_ask_is_not_asked(tmp_path: Path, watch: Watch) -> None:
    """An authinfo of a mebibyte: the question fails, the connection stays."""
    huge = msgspec.structs.replace(WANTED, authinfo="x" * MAX_LINE_BYTES)
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        with pytest.raises(FaceDeviceFault, match="1 MiB"):
            await bridge.face_code(huge)
        assert bridge.connected


async def test_requests_of_the_bridge_are_refused(tmp_path: Path, watch: Watch) -> None:
    """It asks for nothing but hello; that is no reason to close."""
    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        await peer.say(id="x", method="pay", params={})
        heard = await peer.hear()
        assert ("x", -32601) == (heard["id"], heard["error"]["code"])
        assert bridge.connected


async def test_a_flood_of_messages_leaves_others_their_turn(tmp_path: Path, watch: Watch) -> None:
    """Lines that lie there already are read without waiting: still the loop turns between any two of them."""
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with listening(unix(tmp_path), watch) as bridge, connected(bridge.address) as peer:
        await peer.hello()
        await peer.send(b'{"jsonrpc":"2.0","method":"noise"}\n' * 2000)
        async with running(count_turns()):
            await peer.say(method="status", params={"state": "fault"})
            await eventually(lambda: Health.FAULT is bridge.state.health)
    assert turns > 1000


async def test_where_it_cannot_listen_it_says_so_and_tries_again(tmp_path: Path, watch: Watch) -> None:
    """A fault with the reason, once; when the way is free it listens."""
    (tmp_path / "face.sock").write_text("mine")
    bridge = FaceBridge("face", unix(tmp_path), watch.states.append, backoff=QUICK)
    async with running(bridge.run()):
        await watch.until_healths(Health.FAULT)
        assert "no socket" in bridge.state.detail
        (tmp_path / "face.sock").unlink()
        await watch.until_healths(Health.FAULT, Health.LOST)
        assert bridge.listening.is_set()


async def test_the_end_closes_everything_and_reports_no_loss(tmp_path: Path, watch: Watch) -> None:
    """Cancelled, it hangs up, removes its socket, and whoever waits gets `BridgeLost`."""
    async with listening(unix(tmp_path), watch) as bridge:
        streams = await asyncio.open_unix_connection(tmp_path / "face.sock")
        peer = Peer(*streams)
        await peer.hello()
        asking = asyncio.create_task(bridge.rawdata())
        await peer.hear()
    with pytest.raises(BridgeLost):
        await asking
    await peer.until_closed()
    await peer.close()
    assert not (tmp_path / "face.sock").exists()
    assert [Health.READY] == watch.healths


async def test_nothing_secret_is_logged(tmp_path: Path, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """With everything logged, and a bridge that breaks off in the worst moment."""
    caplog.set_level(logging.DEBUG)
    async with listening(LOOPBACK, watch, TOKEN) as bridge, connected(bridge.address) as peer:
        await peer.hello(token=TOKEN)
        asking = asyncio.create_task(bridge.face_code(WANTED))
        number = (await peer.hear())["id"]
        await peer.say(id=number, result={"faceCode": f"{SECRET}\n"})
        with pytest.raises(BridgeLost) as caught:
            await asking
        await eventually(lambda: not bridge.connected)
    for secret in (SECRET, TOKEN, WANTED.authinfo):
        assert secret not in caplog.text + repr(watch.states) + "".join(traceback.format_exception(caught.value))
