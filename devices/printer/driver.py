"""A receipt printer: jobs are printed once or not at all, or it says that it cannot tell.

    connect ─► ask ─► ready? ─► on_started ─► bytes ─► taken? ─► ask in turn ─► ask, wait for paper, ask ... ─► printed
       │        └──────┴─► PrinterNotReady, DeviceUnavailable: nothing was sent
       └─► DeviceUnavailable                 └────────┴────────────┴─► PrintBroken: some of it may be on the paper

A printer without paper keeps what it was sent and prints it when the paper is back, so the driver waits beside it.
GS r, answered in turn, proves that a job is on the paper, where a printer knows it; the driver finds out. A printer
that answers nothing at all is served too: its job is printed when it has taken all bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Never, TypeVar

from devices.errors import DeviceError, DeviceFault, DeviceLost, DeviceUnavailable
from devices.printer import builder, escpos
from devices.printer.conversation import Conversation
from devices.printer.document import Document
from devices.printer.profile import Profile
from devices.printer.status import PrinterStatus
from devices.state import DeviceState, Health
from devices.transport.base import ByteTransport

_T = TypeVar("_T")
_SILENT = "does not answer, and did before: switch it off and on"


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """Every wait of the driver, in seconds of the loop's clock."""

    status_s: float = 0.5
    """For an answer to DLE EOT: printers take 1 to 50 ms, over radio up to 200."""
    mute_s: float = 0.01
    """The same with a printer known to answer nothing: a receipt has to be on the wire within 20 ms."""
    mute_after_s: float = 120.0
    """A printer that has answered before and is silent is busy or hangs; after so long it is taken for a mute one that
    somebody has put in its place."""
    in_turn_s: float = 0.3
    """For the first answer to GS r of an idle printer; without one, it is not asked again."""
    in_turn_patience_s: float = 30.0
    """For the answer to GS r after a job, from a printer that says it is ready: any receipt is printed by then."""
    ready_s: float = 6.0
    """For everything before a job; USB may take five of them to say what it has to say."""
    poll_s: float = 0.5
    """Between questions while it prints or waits for paper."""
    stall_s: float = 3.0
    """Taking no bytes or saying nothing for so long is worth telling people."""
    silent_limit_s: float = 900.0
    """So long it may take no bytes or answer nothing in the middle of a job before that is given up: time to notice, to
    look, and to put in paper."""
    paper_limit_s: float = 12 * 3600.0
    """So long a job waits for paper or a closed cover: over a night."""
    drawer_s: float = 5.0
    """A drawer that opens later than this surprises somebody."""
    watch_s: float = 30.0
    """Between looks at a printer that works."""
    watch_trouble_s: float = 3.0
    """Between looks at one that does not."""


class PrinterNotReady(DeviceFault):
    """It says that it cannot print; nothing was sent. Try again when it is ready."""


class PrintBroken(DeviceLost):
    """It broke after the job was started: nothing, a part or all of it may be on the paper."""


class Printer:
    """One printer. Lives as long as the program; connects for each job, and leaves the printer to others in between.

    One job at a time: callers wait for each other. Cancelling a call drops the connection: a job that was started may
    be on the paper in part. `on_state` is called whenever `state` has changed, from the loop, and must not raise.
    """

    def __init__(
        self,
        name: str,
        type: str,
        transport: ByteTransport,
        profile: Profile,
        *,
        on_state: Callable[[DeviceState], None] = lambda _: None,
        timing: Timing | None = None,
    ) -> None:
        self.profile = profile
        self.state = DeviceState(name, type, Health.LOST, "not looked at yet")
        self.last_status: PrinterStatus | None = None
        """What it said last; None if it said nothing."""
        self._transport = transport
        self._on_state = on_state
        self._timing = timing or Timing()
        self._lock = asyncio.Lock()
        self._has_answered = False
        self._silent_since: float | None = None
        self._is_mute = not transport.answers
        self._answers_in_turn: bool | None = None
        self._owed_bytes = 0

    # --- what it can be asked for

    async def encode(self, document: Document) -> bytes:
        """The document as this printer's bytes; drawn and built in an executor."""
        return await asyncio.get_running_loop().run_in_executor(None, escpos.encode, document, self.profile)

    async def print_job(self, data: bytes, on_started: Callable[[], Awaitable[None]]) -> None:
        """Print; returns when it is printed as far as this printer can tell.

        `on_started` is awaited right before the first byte leaves; what it raises ends the job with nothing sent.
        Raises DeviceUnavailable or PrinterNotReady (nothing was sent), PrintBroken (it may be printed in part).
        """
        async with self._lock:
            await self._print(data, on_started)

    async def kick(self) -> None:
        """Open the cash drawer, now or not at all; raises as `print_job`."""
        data = await asyncio.get_running_loop().run_in_executor(None, builder.kick)
        try:
            async with asyncio.timeout(self._timing.drawer_s):
                await self._lock.acquire()
        except TimeoutError as error:
            raise PrinterNotReady("the printer is busy with a receipt: " + (self.state.detail or "wait")) from error
        try:
            await self._print(data, _nothing)
        finally:
            self._lock.release()

    async def probe(self) -> PrinterStatus | None:
        """Ask how it is, without printing or moving anything; None if it answers nothing (which is no fault).

        While a job is under way: what it said last. Raises DeviceUnavailable.
        """
        if self._lock.locked():
            return self.last_status
        async with self._lock, self._connected() as conversation:
            return await self._before(self._look(conversation))

    async def watch(self) -> Never:
        """Probe for ever, so that `state` is true while nothing is printed. Ends by cancellation."""
        while True:
            with contextlib.suppress(DeviceError):
                await self.probe()
            ready = self.state.health is Health.READY
            await asyncio.sleep(self._timing.watch_s if ready else self._timing.watch_trouble_s)

    # --- one connection

    async def _print(self, data: bytes, on_started: Callable[[], Awaitable[None]]) -> None:
        async with self._connected() as conversation:
            await self._before(self._require_ready(conversation))
            await on_started()
            await self._deliver(conversation, data)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[Conversation]:
        is_done = False
        try:
            await self._transport.connect()
            yield Conversation(self._transport)
            is_done = True
        except DeviceError as error:
            self._tell(Health.FAULT if isinstance(error, DeviceFault) else Health.LOST, error.detail)
            raise
        finally:
            if not is_done:
                self._transport.abort()
        await self._transport.close()

    # --- before the first byte

    async def _before(self, asking: Coroutine[Any, Any, _T]) -> _T:
        """Nothing was sent yet: whatever breaks now can be tried again. Raises PrinterNotReady, DeviceUnavailable."""
        try:
            async with asyncio.timeout(self._timing.ready_s):
                return await asking
        except TimeoutError as error:
            raise PrinterNotReady("takes no data: look for paper, cover and lights") from error
        except DeviceLost as error:
            raise DeviceUnavailable(error.detail) from error

    async def _require_ready(self, conversation: Conversation) -> None:
        """Raises PrinterNotReady unless it is ready, or answers nothing and may be."""
        await self._end_broken_command()
        status = await self._ask(conversation, self._timing.mute_s if self._is_mute else self._timing.status_s)
        if status is None:
            await self._require_plausible_silence()
            return
        if status.problem:
            raise PrinterNotReady(status.problem)
        if self._answers_in_turn is None:
            await conversation.ask_in_turn()
            self._answers_in_turn = await conversation.wait_turn(self._timing.in_turn_s)

    async def _end_broken_command(self) -> None:
        # A job that broke off inside a command left the printer waiting for the rest of it, and that would swallow
        # questions and receipts. Zeros are the rest; where none is due, they print nothing.
        if self._owed_bytes:
            await self._transport.write(bytes(self._owed_bytes))
            self._owed_bytes = 0

    async def _ask(self, conversation: Conversation, timeout_s: float) -> PrinterStatus | None:
        if not self._transport.answers:
            return None
        status = await conversation.status(timeout_s)
        if status is not None:
            self._has_answered, self._silent_since, self._is_mute = True, None, False
        self.last_status = status
        return status

    async def _look(self, conversation: Conversation) -> PrinterStatus | None:
        await self._end_broken_command()
        status = await self._ask(conversation, self._timing.status_s)
        if status is None:
            self._note_silence()
        self._tell_status(status)
        return status

    async def _require_plausible_silence(self) -> None:
        self._note_silence()
        if not self._is_mute:
            raise PrinterNotReady(_SILENT)
        line = await self._transport.line_status()
        if line is not None and line.paper_out:
            raise PrinterNotReady("out of paper: put in a new roll")

    def _note_silence(self) -> None:
        """A printer is mute if it never answered, or has not answered any question between jobs for long enough."""
        now = asyncio.get_running_loop().time()
        self._silent_since = now if self._silent_since is None else self._silent_since
        self._is_mute = not self._has_answered or now - self._silent_since >= self._timing.mute_after_s

    # --- from the first byte on

    async def _deliver(self, conversation: Conversation, data: bytes) -> None:
        self._owed_bytes = builder.longest_command_bytes(data)
        try:
            await self._patiently(self._hand_over(data))
            status = None if self._is_mute else await self._until_printed(conversation)
        except DeviceError as error:
            raise PrintBroken(error.detail) from error
        self._owed_bytes = 0
        if self._answers_in_turn is False and conversation.turns_answered:
            self._answers_in_turn = True  # It does, and was only slow or busy when it was asked first.
        self._tell_status(status)

    async def _hand_over(self, data: bytes) -> None:
        await self._transport.write(data)
        await self._transport.drain()

    async def _until_printed(self, conversation: Conversation) -> PrinterStatus:
        """Wait until everything is on the paper, as far as this printer can tell; raises DeviceLost."""
        loop, timing = asyncio.get_running_loop(), self._timing
        if self._answers_in_turn:
            await self._patiently(conversation.ask_in_turn())
        give_up_at, ready_since = loop.time() + timing.paper_limit_s, None
        while loop.time() < give_up_at:
            if self._answers_in_turn and await conversation.wait_turn(timing.poll_s):
                return await self._last_look(conversation)
            status = await self._patiently(self._answer(conversation))
            ready_since = (ready_since or loop.time()) if status.ready else None
            if ready_since is not None:
                patience_s = timing.in_turn_patience_s if self._answers_in_turn else 0.0
                if loop.time() - ready_since >= patience_s:
                    self._answers_in_turn = None if self._answers_in_turn else False
                    return status
            self._tell_status(status)
            if not self._answers_in_turn:
                await asyncio.sleep(timing.poll_s)
        raise DeviceLost("waited for paper in vain")

    async def _answer(self, conversation: Conversation) -> PrinterStatus:
        while True:
            status = await self._ask(conversation, self._timing.status_s)
            if status is not None:
                return status

    async def _last_look(self, conversation: Conversation) -> PrinterStatus:
        """How it is after a job that is proven to be on the paper, whatever it says now."""
        try:
            return await conversation.status(self._timing.status_s) or PrinterStatus()
        except DeviceLost:
            return PrinterStatus()

    async def _patiently(self, doing: Coroutine[Any, Any, _T]) -> _T:
        """Wait for something that a person may have to help along, and say so; raises DeviceLost when nobody does."""
        task = asyncio.create_task(doing)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._timing.stall_s)
            if not done:
                self._tell(Health.FAULT, "stopped in the middle of a receipt: look for paper, cover and lights")
                done, _ = await asyncio.wait({task}, timeout=self._timing.silent_limit_s)
            if not done:
                raise DeviceLost("stopped in the middle of a receipt, for good: switch it off and on")
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    # --- state

    def _tell_status(self, status: PrinterStatus | None) -> None:
        if status is None and not self._is_mute:
            self._tell(Health.FAULT, _SILENT)
        elif status is not None and status.problem:
            self._tell(Health.FAULT, status.problem)
        else:
            self._tell(Health.READY, status.remark if status else "")

    def _tell(self, health: Health, detail: str) -> None:
        state = dataclasses.replace(self.state, health=health, detail=detail)
        if state != self.state:
            self.state = state
            self._on_state(state)


async def _nothing() -> None:
    """What `kick` has to note down before it starts."""
