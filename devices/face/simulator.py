"""A face bridge without a camera, for demos, integrators and tests: connects, and behaves by a script.

python -m devices.face.simulator --connect /run/posd/face.sock --script ok,user-cancels,hangs
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, TextIO

from devices.errors import DeviceUnavailable
from devices.face.connection import STREAM_LIMIT_BYTES, Connection
from devices.face.errors import BridgeLost, Json
from devices.face.listener import Address, TcpAddress, UnixAddress, parse_address
from devices.face.protocol import (
    METHOD_NOT_FOUND,
    FaceCodeRequest,
    FaceCodeResult,
    Hello,
    Nothing,
    PayResult,
    ProtocolError,
    Provider,
    RawData,
    Request,
    Status,
    parse,
)
from devices.reconnect import Backoff, keep_connected
from devices.state import Health

# The daemon answers at once.
HELLO_TIMEOUT_S = 5.0

# A simulator is not to flood a demo that was left alone: of the oldest questions nobody wants to know.
MAX_LOG = 10_000


class Behaviour(StrEnum):
    """What comes of the next `face_code`."""

    OK = "ok"
    USER_CANCELS = "user-cancels"
    SWITCHES_TO_SCAN = "switches-to-scan"
    NOT_INITIALISED = "not-initialised"
    TIMES_OUT = "times-out"
    DEVICE_FAULT = "device-fault"
    HANGS = "hangs"
    """Never answers, not even after the time-out; `stop` ends it."""
    DIES = "dies"
    """The connection breaks in the middle; the bridge comes back."""


_ERRORS: dict[Behaviour, tuple[int, str, Json]] = {
    Behaviour.USER_CANCELS: (-32001, "user cancelled", {"return_code": "USER_CANCEL", "err_code": "0"}),
    Behaviour.SWITCHES_TO_SCAN: (-32002, "scan payment", {"return_code": "SCAN_PAYMENT", "err_code": "0"}),
    Behaviour.NOT_INITIALISED: (-32003, "not initialised", {"return_code": "ERROR", "err_code": "271378620"}),
    Behaviour.TIMES_OUT: (-32004, "timed out", {"return_code": "ERROR", "return_msg": "timeout"}),
    Behaviour.DEVICE_FAULT: (-32005, "camera fault", {"return_code": "SYSTEMERROR", "return_msg": "no camera"}),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the bridge was asked: the method, the order it was about, and the outcome of a `result`."""

    method: str
    order_no: str = ""
    outcome: str = ""


class VirtualBridge:
    """A bridge that connects to `address` and comes back when the connection breaks, for as long as `run` runs.

    `script` holds what comes of the next questions for a face, in order, `usual` what comes of those after its end.
    `asked` is the log of what it was asked. `screen` is the order for which the screen of the device waits: as with a
    real one, no face is taken until it was told the result. Used from the loop only.
    """

    def __init__(
        self,
        address: Address,
        *,
        token: str = "",
        provider: Provider = "wechat",
        script: Iterable[Behaviour] = (),
        take_s: float = 0.0,
        on_asked: Callable[[Asked], None] = lambda _: None,
        on_state: Callable[[Health, str], None] = lambda _health, _detail: None,
        backoff: Backoff | None = None,
    ) -> None:
        self.script = deque(script)
        self.usual = Behaviour.OK
        self.asked: deque[Asked] = deque(maxlen=MAX_LOG)
        self.screen: str | None = None
        self.connected = asyncio.Event()
        self._address = address
        self._hello = Hello(provider, "simulator", "1", token)
        self._take_s = take_s
        self._on_asked = on_asked
        self._on_state = on_state
        self._backoff = backoff
        self._connection: Connection | None = None
        self._taking: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Be a bridge, until cancelled."""
        await keep_connected(self._session, self._on_state, is_there=self._is_there, backoff=self._backoff)

    async def say(self, state: Literal["ready", "fault"], detail: str = "") -> None:
        """Tell how camera and SDK are."""
        if self._connection is None:
            raise RuntimeError("the bridge is not connected: wait for `connected`")
        await self._connection.notify("status", Status(state, detail))

    def die(self) -> None:
        """Break the connection, as a crash does; a face that is being taken is forgotten."""
        if self._connection is not None:
            self._connection.abort()

    def _is_there(self) -> bool:
        return isinstance(self._address, TcpAddress) or self._address.path.exists()

    async def _session(self, up: Callable[[], None]) -> None:
        connection = await self._connect()
        reading = asyncio.create_task(self._read(connection))
        try:
            await connection.ask("hello", self._hello, Nothing, HELLO_TIMEOUT_S)
            self._connection = connection
            self.connected.set()
            up()
            await reading
        finally:
            self.connected.clear()
            self._connection = None
            reading.cancel()
            await asyncio.wait([reading])
            await self._stop_taking()
            await connection.close()
        raise BridgeLost("the connection broke")

    async def _connect(self) -> Connection:
        try:
            match self._address:
                case UnixAddress(path):
                    streams = await asyncio.open_unix_connection(path, limit=STREAM_LIMIT_BYTES)
                case TcpAddress(host, port):
                    streams = await asyncio.open_connection(host, port, limit=STREAM_LIMIT_BYTES)
        except OSError as error:
            raise DeviceUnavailable(f"nobody listens on {self._address}: start the daemon") from error
        return Connection(*streams)

    async def _read(self, connection: Connection) -> None:
        try:
            while (message := await connection.next_message()) is not None:
                if isinstance(message, Request):
                    await self._answer(connection, message)
        except (ProtocolError, BridgeLost):
            pass
        finally:
            connection.abort()

    async def _answer(self, connection: Connection, request: Request) -> None:
        match request.method:
            case "rawdata":
                self._log(Asked("rawdata"))
                await connection.answer(request, RawData(f"simulated-{secrets.token_hex(32)}"))
            case "face_code":
                await self._begin_taking(connection, request)
            case "stop":
                self._log(Asked("stop"))
                await self._stop_taking()
                await connection.answer(request, Nothing())
            case "result":
                told = parse(request.params, PayResult)
                self._log(Asked("result", told.order_no, told.outcome))
                self.screen = None if self.screen == told.order_no else self.screen
                await connection.answer(request, Nothing())
            case _:
                await connection.refuse(request, METHOD_NOT_FOUND, "no such method")

    async def _begin_taking(self, connection: Connection, request: Request) -> None:
        wanted = parse(request.params, FaceCodeRequest)
        self._log(Asked("face_code", wanted.order_no))
        if self.screen is not None:
            code, message, data = _ERRORS[Behaviour.DEVICE_FAULT]
            await connection.refuse(request, code, f"{message}: the screen waits for a result", data)
            return
        self.screen = wanted.order_no
        self._stop.clear()
        self._taking = asyncio.create_task(self._take(connection, request, wanted))

    async def _take(self, connection: Connection, request: Request, wanted: FaceCodeRequest) -> None:
        behaviour = self.script.popleft() if self.script else self.usual
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if behaviour is Behaviour.HANGS else self._take_s):
                await self._stop.wait()
                behaviour = Behaviour.USER_CANCELS
        with contextlib.suppress(BridgeLost):
            await self._give(connection, request, wanted, behaviour)

    async def _give(
        self, connection: Connection, request: Request, wanted: FaceCodeRequest, behaviour: Behaviour
    ) -> None:
        match behaviour:
            case Behaviour.OK:
                await connection.answer(request, _face_code(wanted))
            case Behaviour.DIES:
                connection.abort()
            case _:
                code, message, data = _ERRORS[behaviour]
                await connection.refuse(request, code, message, data)

    async def _stop_taking(self) -> None:
        taking, self._taking = self._taking, None
        if taking is not None:
            self._stop.set()
            await asyncio.wait([taking])

    def _log(self, asked: Asked) -> None:
        self.asked.append(asked)
        self._on_asked(asked)


def _face_code(wanted: FaceCodeRequest) -> FaceCodeResult:
    """A code nobody else has: 18 digits of WeChat for type 1, something like the SDK's own for type 0."""
    if wanted.face_code_type == "1":
        code = f"13{secrets.randbelow(10**16):016d}"
    else:
        code = f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}"
    return FaceCodeResult(code, "simulated-openid", "simulated-sub-openid")


# --- the command ------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; a line for each question on standard output, the connection on standard error."""
    options = _parser().parse_args(arguments)
    token = options.token_file.read_text().strip() if options.token_file else ""
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_until_told_to_stop(options, token))
    return 0


async def _until_told_to_stop(options: argparse.Namespace, token: str) -> None:
    """Handles both signals itself: a shell that starts it in the background would have it ignore an interrupt."""
    running = asyncio.ensure_future(_run(options, token))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


async def _run(options: argparse.Namespace, token: str) -> None:
    def show(asked: Asked) -> None:
        order = f" {asked.order_no}" if asked.order_no else ""
        outcome = f" {asked.outcome}" if asked.outcome else ""
        _write(sys.stdout, f"{asked.method}{order}{outcome}")

    bridge = VirtualBridge(
        options.connect,
        token=token,
        provider=options.provider,
        script=options.script,
        take_s=options.take,
        on_asked=show,
        on_state=lambda health, detail: _write(sys.stderr, f"{health} {detail}".strip()),
    )
    await bridge.run()


def _write(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devices.face.simulator", description="A face bridge without a camera."
    )
    parser.add_argument("--connect", type=parse_address, required=True, metavar="PATH|HOST:PORT", help="[face] listen")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="[face] token_file, needed for HOST:PORT")
    parser.add_argument("--provider", choices=["wechat", "alipay"], default="wechat")
    parser.add_argument("--take", type=float, default=1.0, metavar="SECONDS", help="how long a face takes")
    parser.add_argument(
        "--script",
        type=lambda text: [Behaviour(word) for word in text.split(",")],
        default=[],
        metavar="WORD,…",
        help=f"what comes of the next faces, then all is well: {', '.join(Behaviour)}",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
