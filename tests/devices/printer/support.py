"""What the printer tests share: documents, and a job that notes when it started."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.printer.document import Barcode, Cut, Document, Pair, QrCode, Rule, Text
from devices.printer.driver import Printer, Timing
from devices.printer.interpreter import Paper, Receipt, Token, Tokeniser
from devices.printer.layout import Line
from devices.printer.profile import Profile
from devices.state import DeviceState
from devices.transport.base import ByteTransport

HANG_S = 30.0
"""Ends a test that would hang; nothing is measured with it."""

ORDER_NO = "01012026112010000000000123"

QUICK = Timing(poll_s=0.02, stall_s=HANG_S, in_turn_s=5.0, status_s=5.0, watch_s=0.02, watch_trouble_s=0.02)
"""Does not wait long for people, and long enough for a printer in the same process on the slowest machine."""

IMPATIENT = dataclasses.replace(QUICK, stall_s=0.05)
"""Tells soon that a printer has stopped."""

MUTE = dataclasses.replace(QUICK, status_s=0.05, in_turn_s=0.05)
"""For printers that do not answer, where every answer would be waited for in vain."""


def receipt(goods: int = 14) -> Document:
    """A receipt as a shop prints it: with 14 goods it has 30 lines."""
    return Document(
        (
            Text("示例超市人民路店", align="center", bold=True, double=True),
            Text("欢迎光临", align="center"),
            Rule(),
            Pair("终端", "0101"),
            Pair("操作员", "00000001"),
            Pair("时间", "2026-11-20 10:00:00"),
            Pair("支付方式", "微信支付"),
            *(Pair(f"商品{number:02} 五百克装", f"{number}.00") for number in range(goods)),
            Rule("="),
            Pair("订单金额", "12.50"),
            Pair("优惠金额", "2.50"),
            Pair("实付金额", "￥10.00", bold=True),
            Pair("订单号", ORDER_NO),
            Barcode(ORDER_NO),
            QrCode(ORDER_NO),
            Text("谢谢惠顾", align="right"),
            Cut(),
        )
    )


def read_back(data: bytes) -> list[Receipt]:
    """The paper a printer makes of the bytes, by the interpreter that shares nothing with the encoder."""
    tokeniser, paper = Tokeniser(), Paper()
    for token in tokeniser.feed(data):
        paper.apply(token)
    assert tokeniser.unfinished == b"", "the last command is incomplete"
    paper.tear_off()
    return paper.receipts


def lines_of(paper: Receipt) -> list[Line]:
    """Only the lines of text."""
    return [row for row in paper.rows if isinstance(row, Line)]


@dataclass
class Spool:
    """Takes the place of the print spool: counts how often a job was started."""

    started: int = 0
    states: list[DeviceState] = field(default_factory=list)

    async def on_started(self) -> None:
        """The job begins."""
        self.started += 1

    def printer(self, transport: ByteTransport, *, timing: Timing = QUICK, profile: Profile | None = None) -> Printer:
        """A printer that reports here."""
        return Printer("printer", "tcp", transport, profile or Profile(), on_state=self.states.append, timing=timing)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds that has no event of its own."""
        async with asyncio.timeout(HANG_S):
            while True:
                if condition():
                    return
                await asyncio.sleep(0.005)


class DeskPrinter:
    """The inside of a printer without a wire: give `take` to a `MemoryTransport`, or feed it from a pty."""

    def __init__(self, *, answers: tuple[int, ...] = (1, 2, 3, 4), knows_in_turn: bool = True) -> None:
        self.answers = answers
        """Which DLE EOT n it knows."""
        self.knows_in_turn = knows_in_turn
        self.paper = Paper()
        self.send: Callable[[bytes], None] = lambda _: None
        """For what it says when nobody has just said something."""
        self._has_paper = True
        self._waiting: list[Token] = []
        self._tokeniser = Tokeniser()
        self._lines_left: int | None = None

    @property
    def receipts(self) -> list[Receipt]:
        """What came out."""
        return self.paper.receipts

    def paper_out(self, *, after_lines: int | None = None) -> None:
        """The roll ends, now or after so many lines."""
        self._lines_left = after_lines
        self._has_paper = after_lines is not None

    def paper_in(self) -> None:
        """What waited is printed."""
        self._has_paper = True
        if reply := self._print():
            self.send(reply)

    def take(self, data: bytes) -> bytes:
        """Bytes in, answers out."""
        reply = b""
        for token in self._tokeniser.feed(data):
            if token.name == "DLE EOT":
                reply += self._status(token.params[0])
            else:
                self._waiting.append(token)
        return reply + self._print()

    def _status(self, question: int) -> bytes:
        bits = {} if self._has_paper else {1: 0x08, 2: 0x20, 4: 0x6C}
        return bytes((0x12 | bits.get(question, 0),)) if question in self.answers else b""

    def _print(self) -> bytes:
        reply = b""
        while self._waiting and self._has_paper:
            token = self._waiting.pop(0)
            if token.name == "GS r" and self.knows_in_turn:
                reply += b"\x00"
            before = self.paper.lines_printed
            self.paper.apply(token)
            if self._lines_left is not None and self.paper.lines_printed > before:
                self._lines_left -= 1
                if self._lines_left == 0:
                    self.paper_out()
        return reply
