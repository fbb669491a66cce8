"""PURE. What a printer says about itself: answers to DLE EOT 1-4 and GS r, and status it sends by itself (ASB).

Epson made the kinds distinguishable by their fixed bits, so a byte never has to be guessed from its place:

    DLE EOT n   0xx1xx10    real time: answered at once, even with no paper and a full queue
    GS r n      0xx0xxxx    in turn: answered when everything sent before it is on the paper
    ASB         0xx1xx00 0xx0xxxx 0xx0xxxx 0xx0xxxx    unasked, where somebody switched it on
    XON, XOFF   0x11, 0x13  flow control of serial printers

Source: Epson ESC/POS Application Programming Guide, "Status"; Xprinter and Gprinter manuals repeat it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

REAL_TIME_QUERIES = tuple(bytes((0x10, 0x04, n)) for n in (1, 2, 3, 4))
"""DLE EOT: printer, cause of being offline, cause of an error, paper sensors."""

IN_TURN_QUERY = b"\x1dr\x01"
"""GS r 1. With the binary 1 and not the digit, so that a printer that does not know it has nothing to print."""


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """A printer at one moment. None: it did not answer that question."""

    online: bool | None = None
    cover_open: bool | None = None
    paper_out: bool | None = None
    paper_near_end: bool | None = None
    cutter_error: bool | None = None
    error: bool | None = None
    """Any other error: head too hot, mechanics, needs to be switched off and on."""

    @property
    def ready(self) -> bool:
        """Whether it would print now; what it did not say counts as good."""
        return self.problem is None

    @property
    def problem(self) -> str | None:
        """Why it does not print, and what to do; None if it does."""
        if self.cover_open:
            return "cover open: close it"
        if self.paper_out:
            return "out of paper: put in a new roll"
        if self.cutter_error:
            return "cutter jammed: clear the paper path, then switch the printer off and on"
        if self.error:
            return "printer error: switch the printer off and on"
        if self.online is False:
            return "offline: look at the printer's lights and its feed button"
        return None

    @property
    def remark(self) -> str:
        """What is worth saying although it prints; empty if nothing is."""
        return "paper is running low" if self.paper_near_end and self.ready else ""


def from_answers(answers: dict[int, int]) -> PrinterStatus | None:
    """Answers to DLE EOT n, by n. None when there are none: the printer answers no status at all."""
    if not answers:
        return None
    printer, offline, error, paper = (answers.get(n) for n in (1, 2, 3, 4))
    return PrinterStatus(
        online=None if printer is None else not printer & 0x08,
        cover_open=_bit(offline, 0x04),
        paper_out=_any(_bit(offline, 0x20), _bit(paper, 0x60)),
        paper_near_end=_bit(paper, 0x0C),
        cutter_error=_bit(error, 0x08),
        error=_any(_bit(offline, 0x40), _bit(error, 0x64)),
    )


def from_asb(block: bytes) -> PrinterStatus:
    """The four bytes of an automatic status."""
    return PrinterStatus(
        online=not block[0] & 0x08,
        cover_open=bool(block[0] & 0x20),
        paper_out=bool(block[2] & 0x0C),
        paper_near_end=bool(block[2] & 0x03),
        cutter_error=bool(block[1] & 0x08),
        error=bool(block[1] & 0x64),
    )


def _bit(answer: int | None, mask: int) -> bool | None:
    return None if answer is None else bool(answer & mask)


def _any(*answers: bool | None) -> bool | None:
    known = [answer for answer in answers if answer is not None]
    return any(known) if known else None


class Kind(Enum):
    """What a byte from the printer belongs to."""

    REAL_TIME = "real time"
    IN_TURN = "in turn"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Reply:
    """One byte, or the four of an automatic status."""

    kind: Kind
    data: bytes


@dataclass(slots=True)
class ReplyReader:
    """Sorts what comes from a printer, whatever the chunks; keeps at most the three bytes of an unfinished block."""

    _block: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Reply]:
        """Replies that are complete now. Bytes that fit nothing (noise, flow control, text) are dropped."""
        return [reply for byte in data if (reply := self._one(byte)) is not None]

    def _one(self, byte: int) -> Reply | None:
        if self._block and byte & 0x90 == 0x00:
            return self._continue_block(byte)
        if byte & 0x93 == 0x12:
            # A real-time answer may cut into a block; the block goes on after it.
            return Reply(Kind.REAL_TIME, bytes((byte,)))
        if byte & 0x93 == 0x10:
            self._block = bytearray((byte,))
        elif byte & 0x90 == 0x00:
            return Reply(Kind.IN_TURN, bytes((byte,)))
        return None

    def _continue_block(self, byte: int) -> Reply | None:
        self._block.append(byte)
        if len(self._block) < 4:
            return None
        block, self._block = bytes(self._block), bytearray()
        return Reply(Kind.AUTOMATIC, block)
