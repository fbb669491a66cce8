"""The side of the face bridge that we run: listens, knows one bridge at a time, asks it for faces."""

from __future__ import annotations

import asyncio
import hmac
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from devices.face.connection import STREAM_LIMIT_BYTES, Connection, Result
from devices.face.errors import BridgeLost
from devices.face.listener import BACKLOG, Address, TcpAddress, UnixAddress, open_socket
from devices.face.protocol import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    FaceCodeRequest,
    FaceCodeResult,
    Hello,
    Nothing,
    Notification,
    Outcome,
    PayResult,
    ProtocolError,
    Provider,
    RawData,
    Request,
    Status,
    parse,
)
from devices.reconnect import Backoff, keep_connected
from devices.state import DeviceState, Health

# A bridge says hello as soon as it is connected.
HELLO_TIMEOUT_S = 5.0

# One bridge, one that replaces it, and some that hang in their hello.
MAX_CONNECTIONS = 8

# Camera and SDK need not even a second for these, but an SDK that has just started needs some.
RAWDATA_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 5.0

# What the bridge may take beyond the time in which the SDK looks for a face.
FACE_CODE_GRACE_S = 5.0

# A camera that changes its state more than once a second, a minute long, is broken, and so is who tells us so.
MAX_STATUSES = 60
STATUSES_IN_S = 60.0

# Details are shown in a line.
MAX_DETAIL = 200

DEVICE_TYPE = "face"
"""Its type in the list of devices."""

NO_BRIDGE = "no bridge is connected: look whether it runs"


@dataclass(frozen=True, slots=True, repr=False)
class FaceCode:
    """A face was recognised: `face_code` pays, and is a secret as an auth code is. `provider` tells which wallet."""

    face_code: str
    openid: str
    sub_openid: str
    provider: Provider

    def __repr__(self) -> str:
        return f"FaceCode(<{len(self.face_code)} characters>, provider={self.provider!r})"


@dataclass(slots=True)
class _Bridge:
    connection: Connection
    hello: Hello


class FaceBridge:
    """Listens for the bridge, for as long as `run` runs; used from the loop only.

    Of two bridges that say a valid hello the later one counts: the earlier connection is closed. `on_state` is called
    once for each change of health, `on_connected` after each hello: then results that could not be delivered can be.
    Neither may block or raise. Every question is answered or raises `FaceError`, at the latest after its time-out. A
    cancelled question is not withdrawn at the bridge: `stop` does that.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        on_state: Callable[[DeviceState], None],
        *,
        token: str = "",
        on_connected: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
    ) -> None:
        if isinstance(address, TcpAddress) and not token:
            raise ValueError(f"a face bridge on {address} needs a token")
        self.name = name
        self.listening = asyncio.Event()
        """Set while bridges can connect."""
        self._address = address
        self._token = token.encode()
        self._on_state = on_state
        self._on_connected = on_connected
        self._backoff = backoff
        self._state = DeviceState(name, DEVICE_TYPE, Health.LOST, NO_BRIDGE)
        self._current: _Bridge | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    @property
    def state(self) -> DeviceState:
        """How the bridge is now."""
        return self._state

    @property
    def connected(self) -> bool:
        """Whether a bridge can be asked."""
        return self._current is not None

    @property
    def provider(self) -> Provider | None:
        """Whose faces the connected bridge takes."""
        return None if self._current is None else self._current.hello.provider

    @property
    def device_id(self) -> str | None:
        """Which device the connected bridge stands for."""
        return None if self._current is None else self._current.hello.device_id

    @property
    def address(self) -> Address:
        """Where it listens; the real port, once it does."""
        return self._address

    async def run(self) -> None:
        """Listen for ever; where that cannot be, the state says why, and it is tried again. Ends by cancellation."""
        await keep_connected(self._listen, self._report_listening, backoff=self._backoff)

    async def rawdata(self) -> str:
        """What the SDK wants to have sent to the vendor: for the gateway's face-auth call."""
        return (await self._ask("rawdata", Nothing(), RawData, RAWDATA_TIMEOUT_S)).rawdata

    async def face_code(self, request: FaceCodeRequest) -> FaceCode:
        """Take a face. Whatever comes of it, `result` is due afterwards."""
        bridge = self._bridge()
        timeout_s = request.timeout + FACE_CODE_GRACE_S
        found = await bridge.connection.ask("face_code", request, FaceCodeResult, timeout_s)
        return FaceCode(found.face_code, found.openid, found.sub_openid, bridge.hello.provider)

    async def result(self, order_no: str, outcome: Outcome) -> None:
        """Tell how the payment ended, so that the screen does not wait for it; returns once the bridge has said so."""
        await self._ask("result", PayResult(order_no, outcome), Nothing, COMMAND_TIMEOUT_S)

    async def stop(self) -> None:
        """Give up the face that is being taken."""
        await self._ask("stop", Nothing(), Nothing, COMMAND_TIMEOUT_S)

    async def _ask(self, method: str, params: msgspec.Struct, kind: type[Result], timeout_s: float) -> Result:
        return await self._bridge().connection.ask(method, params, kind, timeout_s)

    def _bridge(self) -> _Bridge:
        if self._current is None:
            raise BridgeLost(NO_BRIDGE)
        return self._current

    # --- listening ----------------------------------------------------------------------------------------------------

    async def _listen(self, up: Callable[[], None]) -> None:
        sock = open_socket(self._address)
        if isinstance(self._address, TcpAddress):
            self._address = TcpAddress(self._address.host, sock.getsockname()[1])
        server = await asyncio.start_server(self._accept, sock=sock, limit=STREAM_LIMIT_BYTES, backlog=BACKLOG)
        try:
            up()
            self.listening.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.listening.clear()
            server.close()
            if isinstance(self._address, UnixAddress):
                self._address.path.unlink(missing_ok=True)
            await self._end_connections()
            await server.wait_closed()

    def _report_listening(self, health: Health, detail: str) -> None:
        if health is Health.READY:
            health, detail = Health.LOST, NO_BRIDGE
        self._tell(health, detail)

    async def _end_connections(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(Connection(reader, writer, self._numbers)), name="face bridge")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- one connection -----------------------------------------------------------------------------------------------

    async def _serve(self, connection: Connection) -> None:
        reason: str | None = "the bridge disconnected: look whether it runs"
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello = await self._greet(connection)
            if hello is not None:
                self._install(_Bridge(connection, hello))
                await self._follow(connection)
        except ProtocolError as error:
            reason = f"the bridge does not keep to the protocol ({error}): correct it"
        except (TimeoutError, BridgeLost):
            pass
        except asyncio.CancelledError:
            reason = None
            raise
        finally:
            self._remove(connection, reason)
            await connection.close()

    async def _greet(self, connection: Connection) -> Hello | None:
        """The first message; `None` when there is none. Raises `ProtocolError` for anything but a valid hello."""
        message = await connection.next_message()
        if message is None:
            return None
        if not isinstance(message, Request):
            raise ProtocolError("the first message is not hello")
        try:
            hello = self._read_hello(message)
        except ProtocolError as error:
            await connection.refuse(message, INVALID_REQUEST, str(error))
            raise
        await connection.answer(message, Nothing())
        return hello

    def _read_hello(self, message: Request) -> Hello:
        if message.method != "hello":
            raise ProtocolError("the first message is not hello")
        hello = parse(message.params, Hello)
        on_tcp = isinstance(self._address, TcpAddress)
        if on_tcp and not hmac.compare_digest(hello.token.encode(), self._token):
            raise ProtocolError("wrong token")
        return hello

    def _install(self, bridge: _Bridge) -> None:
        replaced, self._current = self._current, bridge
        if replaced is not None:
            replaced.connection.abort()
        self._tell(Health.READY, "")
        self._on_connected()

    def _remove(self, connection: Connection, reason: str | None) -> None:
        """The end of a connection; without a reason it is we who end it, and nothing is lost."""
        if self._current is not None and self._current.connection is connection:
            self._current = None
        if self._current is None and reason is not None:
            self._tell(Health.LOST, reason)

    async def _follow(self, connection: Connection) -> None:
        statuses: deque[float] = deque(maxlen=MAX_STATUSES)
        while (message := await connection.next_message()) is not None:
            match message:
                case Notification(method="status"):
                    self._count(statuses)
                    self._take_status(connection, parse(message.params, Status))
                case Request(method="hello"):
                    raise ProtocolError("a second hello")
                case Request():
                    await connection.refuse(message, METHOD_NOT_FOUND, "a bridge asks for nothing but hello")
                case Notification():
                    pass  # of a later version

    def _count(self, statuses: deque[float]) -> None:
        now = asyncio.get_running_loop().time()
        if len(statuses) == MAX_STATUSES and now - statuses[0] < STATUSES_IN_S:
            raise ProtocolError("its state changes all the time")
        statuses.append(now)

    def _take_status(self, connection: Connection, status: Status) -> None:
        if self._current is None or self._current.connection is not connection:
            return
        detail = "".join(char if char.isprintable() else " " for char in status.detail[:MAX_DETAIL])
        self._tell(Health.READY if status.state == "ready" else Health.FAULT, detail)

    def _tell(self, health: Health, detail: str) -> None:
        changed = health is not self._state.health
        self._state = DeviceState(self.name, DEVICE_TYPE, health, detail)
        if changed:
            self._on_state(self._state)
