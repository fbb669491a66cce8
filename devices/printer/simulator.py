"""A virtual receipt printer on a TCP port, with paper one can look at: for demos, for integrators, for tests.

It behaves as thermal printers do: bytes go into a buffer and are printed in order; without paper or with the cover
open they wait there, and when the buffer is full nothing more is read; DLE EOT is answered at once, GS r in turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devices.printer import raster
from devices.printer.document import Barcode, QrCode
from devices.printer.interpreter import Paper, Receipt, Token, Tokeniser
from devices.printer.layout import Row
from devices.printer.profile import Profile
from devices.printer.text import rows_to_text

BUFFER_BYTES = 4096
"""The receive buffer of common printers."""

READ_BYTES = 512
"""Read at a time, so that a connection can break anywhere."""


@dataclass(frozen=True, slots=True)
class PrintedReceipt:
    """What came out between two cuts."""

    rows: tuple[Row, ...]
    cut: bool
    drawer_kicks: int
    unknown: tuple[bytes, ...]
    """Commands this printer does not know: faults of whoever sent them."""
    profile: Profile

    @property
    def text(self) -> str:
        """As lines of plain text."""
        return rows_to_text(self.rows, self.profile.columns)

    @property
    def codes(self) -> tuple[str, ...]:
        """What a scanner reads from it, from top to bottom."""
        return tuple(row.data for row in self.rows if isinstance(row, QrCode | Barcode))

    def png(self) -> bytes:
        """As a picture; takes tens of milliseconds."""
        return raster.png(self.rows, self.profile)


class VirtualPrinter:
    """A printer at `host`:`port` (0: any free one). `start` it, `close` it; the methods in between are its buttons."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        profile: Profile | None = None,
        on_receipt: Callable[[PrintedReceipt], None] = lambda _: None,
        mute: bool = False,
        knows_in_turn: bool = True,
        line_s: float = 0.0,
    ) -> None:
        self.host, self.port = host, port
        self.mute = mute
        """It answers nothing."""
        self.knows_in_turn = knows_in_turn
        """It answers GS r."""
        self.line_s = line_s
        """What it takes to print a line; a real one prints 20 to 60 a second."""
        self.receipts: list[PrintedReceipt] = []
        self.received = bytearray()
        """Every byte that ever arrived."""
        self.drawer_kicks = 0
        self.connections = 0
        self._profile = profile or Profile()
        self._on_receipt = on_receipt
        self._paper = Paper()
        self._queue: deque[tuple[Token, asyncio.StreamWriter]] = deque()
        self._arrived = asyncio.Event()
        self._buffered_bytes = 0
        self._room = asyncio.Event()
        self._works = asyncio.Event()
        self._changed = asyncio.Event()
        self._has_paper, self._is_closed = True, True
        self._lines_left: int | None = None
        self._break_after: int | None = None
        self._break_is_power = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._printing: asyncio.Task[None]

    # --- its life

    async def start(self) -> None:
        """Listen; `port` is the real one from here on."""
        await self.power_on()
        self._printing = asyncio.create_task(self._print_for_ever(), name="virtual printer")

    async def close(self) -> None:
        """Stop listening, drop connections, end every task."""
        self._stop_listening()
        self._printing.cancel()
        # Their connections are gone, so they end by themselves.
        await asyncio.gather(self._printing, *self._tasks, return_exceptions=True)

    async def wait_receipts(self, count: int) -> list[PrintedReceipt]:
        """Wait until so many have come out, for ever if need be; all of them."""
        while len(self.receipts) < count:
            self._changed.clear()
            await self._changed.wait()
        return self.receipts

    # --- what happens to it

    def paper_out(self, *, after_lines: int | None = None) -> None:
        """The roll ends, now or after so many more lines."""
        if after_lines is None:
            self._has_paper = False
            self._state_changed()
        else:
            self._lines_left = after_lines

    def paper_in(self) -> None:
        """Somebody puts in a new roll."""
        self._has_paper, self._lines_left = True, None
        self._state_changed()

    def open_cover(self) -> None:
        """It goes offline."""
        self._is_closed = False
        self._state_changed()

    def close_cover(self) -> None:
        """It goes on where it stopped."""
        self._is_closed = True
        self._state_changed()

    def power_off(self) -> None:
        """Connections break, the buffer is lost, a receipt that was being printed stays a torn one."""
        self._stop_listening()
        self._queue.clear()
        self._buffered_bytes = 0
        self._keep(self._paper.tear_off())
        self._paper = Paper()

    async def power_on(self) -> None:
        """It listens again, with paper and its cover closed."""
        self._has_paper = self._is_closed = True
        self._lines_left = self._break_after = None
        self._state_changed()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def break_after(self, count: int, *, power: bool = False) -> None:
        """After so many more bytes the cable comes out; with `power`, the power fails."""
        self._break_after, self._break_is_power = count, power

    def send_automatic_status(self) -> None:
        """What a printer with ASB switched on says unasked."""
        offline = 0x08 if not self._works.is_set() else 0
        block = bytes((0x10 | offline | (0 if self._is_closed else 0x20), 0, 0 if self._has_paper else 0x0C, 0x0F))
        for writer in self._writers:
            self._reply(writer, block)

    # --- the inside

    def _state_changed(self) -> None:
        if self._has_paper and self._is_closed:
            self._works.set()
        else:
            self._works.clear()
        self._room.set()

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            _reset(writer)
        self._writers.clear()
        self._room.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self._writers.add(writer)
        tokeniser = Tokeniser()
        try:
            while (data := await reader.read(READ_BYTES)) and writer in self._writers:
                if self._receive(data, tokeniser, writer):
                    break
                await asyncio.sleep(0)  # The head prints while bytes come in, not only when none do.
                await self._wait_for_room(writer)
        except ConnectionError:
            pass  # The other end, or our own power switch.
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _receive(self, data: bytes, tokeniser: Tokeniser, writer: asyncio.StreamWriter) -> bool:
        """Take bytes in; whether the connection breaks after them."""
        breaks = self._break_after is not None and len(data) >= self._break_after
        if self._break_after is not None:
            data, self._break_after = data[: self._break_after], None if breaks else self._break_after - len(data)
        self.received += data
        for token in tokeniser.feed(data):
            if token.name == "DLE EOT":
                self._reply(writer, bytes((self._status(token.params[0]),)))
            else:
                self._buffered_bytes += token.size
                self._queue.append((token, writer))
                self._arrived.set()
        if breaks and self._break_is_power:
            self._print_what_is_there()
            self.power_off()
        elif breaks:
            _reset(writer)
        return breaks

    async def _wait_for_room(self, writer: asyncio.StreamWriter) -> None:
        while self._buffered_bytes >= BUFFER_BYTES and not self._works.is_set() and writer in self._writers:
            self._room.clear()
            await self._room.wait()

    def _status(self, question: int) -> int:
        stopped = not self._works.is_set()
        paper_end, cover = 0 if self._has_paper else 0x60, 0 if self._is_closed else 0x04
        answers = {1: 0x08 if stopped else 0, 2: cover | (paper_end & 0x20), 4: paper_end | (paper_end and 0x0C)}
        return 0x12 | answers.get(question, 0)

    def _reply(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if not self.mute and not writer.is_closing():
            writer.write(data)

    async def _print_for_ever(self) -> None:
        while True:
            self._arrived.clear()
            await self._works.wait()
            if not self._queue:
                await self._arrived.wait()
                continue
            token, writer = self._queue.popleft()
            self._print(token, writer)
            if self.line_s and token.name in ("LF", "ESC d", "GS v 0", "GS k"):
                await asyncio.sleep(self.line_s)

    def _print_what_is_there(self) -> None:
        """The head is faster than the wire: what arrived before the power failed is on the paper."""
        while self._queue and self._works.is_set():
            self._print(*self._queue.popleft())

    def _print(self, token: Token, writer: asyncio.StreamWriter) -> None:
        self._buffered_bytes -= token.size
        self._room.set()
        if token.name == "GS r" and self.knows_in_turn:
            self._reply(writer, b"\x00")
        self.drawer_kicks += token.name == "ESC p"
        before, finished = self._paper.lines_printed, len(self._paper.receipts)
        self._paper.apply(token)
        for receipt in self._paper.receipts[finished:]:
            self._keep(receipt)
        if self._lines_left is not None and self._paper.lines_printed > before:
            self._lines_left -= 1
            if self._lines_left <= 0:
                self._lines_left = None
                self.paper_out()

    def _keep(self, receipt: Receipt | None) -> None:
        if receipt is None:
            return
        printed = PrintedReceipt(
            tuple(receipt.rows), receipt.cut, receipt.drawer_kicks, tuple(receipt.unknown), self._profile
        )
        self.receipts.append(printed)
        self._changed.set()
        self._on_receipt(printed)


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST and not FIN: what a connection gets that was cut."""
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
