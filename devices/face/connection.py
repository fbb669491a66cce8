"""One JSON-RPC connection, as both sides use it."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec

from devices.face.errors import BridgeLost, FaceDeviceFault, FaceTimedOut, Json, error_for
from devices.face.protocol import (
    MAX_LINE_BYTES,
    Answer,
    Failure,
    Notification,
    ProtocolError,
    Request,
    decode,
    encode_answer,
    encode_failure,
    encode_notification,
    encode_request,
    parse,
)

# For streams: a line with its end.
STREAM_LIMIT_BYTES = MAX_LINE_BYTES + 1

# A payment asks one thing at a time, and may stop or end it meanwhile.
MAX_PENDING = 16

# Answers may come after we stopped waiting for them; of so many we know that we once asked.
MAX_GIVEN_UP = 64

# What we send is read at once by a bridge that works.
SEND_TIMEOUT_S = 5.0

# For the last words of a connection that is being closed.
CLOSE_TIMEOUT_S = 1.0

Result = TypeVar("Result", bound=msgspec.Struct)


@dataclass(slots=True)
class _Pending:
    kind: type[msgspec.Struct]
    future: asyncio.Future[msgspec.Struct]


class Connection:
    """A line to the other side, from its first message to its end.

    One task calls `next_message` until there is none; any may `ask`. Not used after `close`. `numbers` gives the ids of
    requests: shared by connections that follow each other, so that no answer is taken for another's.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, numbers: Iterator[int] | None = None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._numbers = numbers or itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._given_up: deque[int] = deque(maxlen=MAX_GIVEN_UP)
        self._closed = False

    async def next_message(self) -> Request | Notification | None:
        """The next thing the other side wants, `None` at the end; raises `ProtocolError`.

        Answers that come meanwhile go to who asked.
        """
        while (line := await self._next_line()) is not None:
            # A line that is there already is read without waiting: let others have their turn between two.
            await asyncio.sleep(0)
            message = decode(line)
            match message:
                case Request() | Notification():
                    return message
                case Answer() | Failure():
                    self._resolve(message)
        return None

    async def ask(self, method: str, params: msgspec.Struct, kind: type[Result], timeout_s: float) -> Result:
        """Ask the other side; raises `FaceError`. Cancelled, or after the time-out, a late answer is ignored."""
        if self._closed:
            raise BridgeLost("the bridge has gone: look whether it runs")
        if len(self._pending) >= MAX_PENDING:
            raise FaceDeviceFault("the bridge leaves too much unanswered: look at the bridge")
        number = next(self._numbers)
        try:
            line = encode_request(number, method, params)
        except ProtocolError as error:
            raise FaceDeviceFault(f"{method} cannot be asked: {error}") from error
        waiting = _Pending(kind, asyncio.get_running_loop().create_future())
        self._pending[number] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(line)
                return cast("Result", await waiting.future)
        except TimeoutError:
            raise FaceTimedOut(f"the bridge did not answer {method} in time: look at the bridge") from None
        finally:
            self._forget(number)

    async def notify(self, method: str, params: msgspec.Struct) -> None:
        """Say something; raises `BridgeLost`."""
        await self._send(encode_notification(method, params))

    async def answer(self, request: Request, result: msgspec.Struct) -> None:
        """Answer a request; raises `BridgeLost`."""
        await self._send(encode_answer(request.id, result))

    async def refuse(self, request: Request, code: int, message: str, data: Json = None) -> None:
        """Answer a request with an error; raises `BridgeLost`."""
        await self._send(encode_failure(request.id, code, message, data))

    def abort(self) -> None:
        """End it now: `next_message` gives `None`, and whoever waits for an answer gets `BridgeLost`."""
        self._closed = True
        self._writer.transport.abort()
        for waiting in self._pending.values():
            if not waiting.future.done():
                waiting.future.set_exception(BridgeLost("the bridge went away before it answered"))

    async def close(self) -> None:
        """End it; what was sent still goes out, if the other side takes it soon. Cancelled, it ends at once."""
        try:
            self._writer.close()
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            pass
        finally:
            self.abort()

    async def _next_line(self) -> bytes | None:
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise ProtocolError("a line is longer than 1 MiB") from None
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def _send(self, line: bytes) -> None:
        if self._closed:
            raise BridgeLost("the bridge has gone: look whether it runs")
        try:
            self._writer.write(line)
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._writer.drain()
        except (TimeoutError, OSError):
            self.abort()
            raise BridgeLost("the bridge takes nothing any more: look whether it runs") from None

    def _resolve(self, message: Answer | Failure) -> None:
        waiting = self._pending.get(message.id) if isinstance(message.id, int) else None
        if waiting is None or waiting.future.cancelled():
            self._ignore_late(message, waiting)
            return
        if waiting.future.done():
            raise ProtocolError("a second answer to the same request")
        match message:
            case Answer():
                waiting.future.set_result(parse(message.result, waiting.kind))
            case Failure():
                waiting.future.set_exception(error_for(message.code, message.data))

    def _ignore_late(self, message: Answer | Failure, waiting: _Pending | None) -> None:
        """Who asked has stopped waiting; once, that is no fault."""
        if waiting is not None:
            return
        try:
            self._given_up.remove(cast("int", message.id))
        except ValueError:
            raise ProtocolError("an answer to nothing that was asked") from None

    def _forget(self, number: int) -> None:
        future = self._pending.pop(number).future
        if not future.done() or future.cancelled():
            self._given_up.append(number)
        else:
            # Looked at, so that nobody complains when it failed in the moment we stopped waiting.
            future.exception()
