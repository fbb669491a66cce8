"""The simulated bridge, through the real one: every way a face can go."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

from devices.face.bridge import FaceBridge
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
from devices.face.simulator import Asked, Behaviour, VirtualBridge, main
from devices.state import Health
from tests.devices.face.support import HANG_S, QUICK, TOKEN, WANTED, Watch, eventually, listening, running, unix


@pytest.fixture
def watch() -> Watch:
    """Takes reports."""
    return Watch()


def virtual(bridge: FaceBridge, *script: Behaviour, token: str = "") -> VirtualBridge:
    """A simulated bridge for this one."""
    return VirtualBridge(bridge.address, token=token, script=script, backoff=QUICK)


async def test_a_payment_with_a_face(tmp_path: Path, watch: Watch) -> None:
    """Both types of codes; the screen waits until the result is told, and takes no other face before."""
    async with listening(unix(tmp_path), watch) as bridge, running((camera := virtual(bridge)).run()):
        await watch.until_healths(Health.READY)
        assert await bridge.rawdata()
        code = await bridge.face_code(WANTED)
        assert "wechat" == code.provider
        assert WANTED.order_no == camera.screen
        with pytest.raises(FaceDeviceFault):
            await bridge.face_code(WANTED)
        await bridge.result("another", "SUCCESS")
        assert WANTED.order_no == camera.screen
        await bridge.result(WANTED.order_no, "SUCCESS")
        assert not camera.screen
        code = await bridge.face_code(msgspec.structs.replace(WANTED, face_code_type="1"))
        assert 18 == len(code.face_code)
        assert code.face_code.isdigit()
        assert code.face_code.startswith("13")
    asked = [("rawdata", "", ""), ("face_code", WANTED.order_no, ""), ("face_code", WANTED.order_no, "")]
    asked += [
        ("result", "another", "SUCCESS"),
        ("result", WANTED.order_no, "SUCCESS"),
        ("face_code", WANTED.order_no, ""),
    ]
    assert [Asked(*question) for question in asked] == list(camera.asked)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour.USER_CANCELS, FaceUserCancelled),
        (Behaviour.SWITCHES_TO_SCAN, FaceSwitchedToScan),
        (Behaviour.NOT_INITIALISED, FaceNotInitialised),
        (Behaviour.TIMES_OUT, FaceTimedOut),
        (Behaviour.DEVICE_FAULT, FaceDeviceFault),
    ],
)
async def test_each_way_it_can_fail(tmp_path: Path, watch: Watch, behaviour: Behaviour, kind: type[FaceError]) -> None:
    """With what an SDK says; the screen waits for the result then too; after the script all is well."""
    async with listening(unix(tmp_path), watch) as bridge, running((camera := virtual(bridge, behaviour)).run()):
        await watch.until_healths(Health.READY)
        with pytest.raises(kind) as caught:
            await bridge.face_code(WANTED)
        assert isinstance(caught.value.data, dict)
        assert "return_code" in caught.value.data
        assert WANTED.order_no == camera.screen
        await bridge.result(WANTED.order_no, "ERROR")
        await bridge.face_code(WANTED)


async def test_a_bridge_that_hangs_is_stopped(tmp_path: Path, watch: Watch) -> None:
    """Nothing comes until `stop`; then the customer has cancelled, and `stop` is answered."""
    async with listening(unix(tmp_path), watch) as bridge, running((camera := virtual(bridge, Behaviour.HANGS)).run()):
        await watch.until_healths(Health.READY)
        asking = asyncio.create_task(bridge.face_code(WANTED))
        await eventually(lambda: bool(camera.asked))
        await asyncio.sleep(0.02)
        assert not asking.done()
        await bridge.stop()
        with pytest.raises(FaceUserCancelled):
            await asking
        await bridge.result(WANTED.order_no, "ERROR")
        assert not camera.screen


async def test_a_bridge_that_dies_comes_back_and_is_told_the_result(tmp_path: Path, watch: Watch) -> None:
    """Who asked gets `BridgeLost`; lost once, back once, and the screen waits until the result is told then."""
    async with listening(unix(tmp_path), watch) as bridge, running((camera := virtual(bridge, Behaviour.DIES)).run()):
        await watch.until_healths(Health.READY)
        with pytest.raises(BridgeLost):
            await bridge.face_code(WANTED)
        await watch.until_healths(Health.READY, Health.LOST, Health.READY)
        assert WANTED.order_no == camera.screen
        await bridge.result(WANTED.order_no, "ERROR")
        assert not camera.screen
    assert 2 == watch.connections


async def test_it_dies_when_told_to_and_says_how_it_is(tmp_path: Path, watch: Watch) -> None:
    """A crash between two faces, and a camera that is covered."""
    async with listening(unix(tmp_path), watch) as bridge, running((camera := virtual(bridge)).run()):
        await watch.until_healths(Health.READY)
        await camera.connected.wait()
        await camera.say("fault", "covered")
        await watch.until_healths(Health.READY, Health.FAULT)
        camera.die()
        await watch.until_healths(Health.READY, Health.FAULT, Health.LOST, Health.READY)
    with pytest.raises(RuntimeError, match="not connected"):
        await camera.say("ready")


async def test_it_waits_for_the_daemon(tmp_path: Path, watch: Watch) -> None:
    """Started first, it tries again; the daemon stopped and started, it comes back; with a token on TCP."""
    states: list[Health] = []
    camera = VirtualBridge(unix(tmp_path), on_state=lambda health, _: states.append(health), backoff=QUICK)
    async with running(camera.run()):
        await eventually(lambda: states == [Health.LOST])
        for _ in range(2):
            async with listening(unix(tmp_path), watch):
                await eventually(lambda: states[-1] is Health.READY)
            await eventually(lambda: states[-1] is Health.LOST)
    async with listening(TcpAddress("127.0.0.1", 0), other := Watch(), TOKEN) as bridge:
        async with running(virtual(bridge, token=TOKEN).run()):
            await other.until_healths(Health.READY)
        async with running((refused := virtual(bridge, token="wrong")).run()):
            await eventually(lambda: "token" in bridge.state.detail)
            assert not refused.connected.is_set()


async def test_the_command(tmp_path: Path, watch: Watch) -> None:
    """It connects, tells what it is asked without any code, and ends when interrupted."""
    address = unix(tmp_path)
    async with listening(address, watch) as bridge, asyncio.timeout(HANG_S):
        command = [sys.executable, "-m", "devices.face.simulator", "--connect", str(address), "--take", "0"]
        process = await asyncio.create_subprocess_exec(
            *command, "--script", "ok,user-cancels", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        await watch.until_healths(Health.READY)
        code = await bridge.face_code(WANTED)
        await bridge.result(WANTED.order_no, "SUCCESS")
        with pytest.raises(FaceUserCancelled):
            await bridge.face_code(WANTED)
        process.send_signal(2)
        out, err = await process.communicate()
    assert ["face_code 0101A1", "result 0101A1 SUCCESS", "face_code 0101A1"] == out.decode().splitlines()
    assert "ready" in err.decode().splitlines()
    assert code.face_code not in (out + err).decode()
    assert 0 == process.returncode


@pytest.mark.parametrize("wrong", [["--connect", "0.0.0.0:1"], ["--connect", "/x", "--script", "nonsense"], []])
def test_the_command_refuses_what_makes_no_sense(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Usage errors, with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert 2 == caught.value.code
    assert "usage" in capsys.readouterr().err
