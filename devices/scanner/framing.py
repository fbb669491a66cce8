"""PURE. Where a code begins and ends in the bytes of a scanner, and what it says.

    bytes + arrival times ──► Framer ──► read_code ──► Scan ──► RepeatFilter ──► whoever takes scans

A code ends at CR, LF, CRLF, TAB or 50 ms of silence. What cannot be one code, because it is endless, holds control
characters or is no UTF-8 (a wrong baud rate looks like that), is dropped and counted, never handed on in parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Scanners send a code in one go: at 9600 baud a byte takes 1 ms, and USB adds at most 16 ms.
SILENCE_S = 0.05

# The largest QR code holds 7089 digits; more than that without an end is not one code.
MAX_CODE_BYTES = 8192

# A phone that lies under the scanner is read over and over; within this time it is one scan.
REPEAT_S = 2.0

# Nobody scans more than some ten codes a second: what is beyond this within `REPEAT_S` is a fault, not a customer.
MAX_CODES_IN_REPEAT_TIME = 64

_ENDS = frozenset(b"\r\n\t")
_START_OF_TEXT = "\x02"
_END_OF_TEXT = "\x03"
# ISO/IEC 15424: `]`, a letter for the symbology, a modifier.
_AIM_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")


@dataclass(frozen=True, slots=True, repr=False)
class Scan:
    """One code somebody scanned.

    `text` may be a payment credential: it is in no log and not in the `repr`. It stays text: codes begin with zeros.
    `began_at` and `at` are seconds on the loop's clock: when its first byte came, and when it was complete.
    `symbology` is the AIM identifier (`]Q3`) where the scanner sent one.
    """

    text: str
    scanner: str
    at: float
    began_at: float
    symbology: str = ""

    def __repr__(self) -> str:
        return f"Scan(text=<{len(self.text)} characters>, scanner={self.scanner!r}, at={self.at!r})"


@dataclass(frozen=True, slots=True)
class Framing:
    """How one scanner marks its codes: what it puts before and after them, and the silence that ends one."""

    prefix: str = ""
    suffix: str = ""
    silence_s: float = SILENCE_S
    max_code_bytes: int = MAX_CODE_BYTES


def read_code(data: bytes, framing: Framing) -> tuple[str, str] | None:
    """What the bytes of one code say: `(symbology, text)`, without STX, ETX, prefix, suffix and AIM identifier.

    `None` for garbage: undecodable bytes or characters no code has. An empty text is an empty code.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    text = text.removeprefix(_START_OF_TEXT).removesuffix(_END_OF_TEXT)
    symbology, text = _split_symbology(text)
    text = text.removeprefix(framing.prefix).removesuffix(framing.suffix)
    if not symbology:
        symbology, text = _split_symbology(text)
    return (symbology, text) if text.isprintable() else None


def _split_symbology(text: str) -> tuple[str, str]:
    found = _AIM_IDENTIFIER.match(text)
    return (found[0], text[found.end() :]) if found else ("", text)


class Framer:
    """Finds the codes in a stream of bytes.

    A silence is told by `tick`, never concluded by `feed`: after a stall of this process the bytes that lay waiting all
    the time would look like a pause in the middle of a code.
    """

    def __init__(self, scanner: str, framing: Framing | None = None) -> None:
        self._scanner = scanner
        self._framing = framing or Framing()
        self._buffer = bytearray()
        self._began_at = 0.0
        self._last_at = 0.0
        self._skipping = False
        self.garbage = 0
        """How many codes were dropped as unreadable or endless."""

    @property
    def skipping(self) -> bool:
        """Whether everything is dropped until the next end or silence."""
        return self._skipping

    @property
    def in_code(self) -> bool:
        """Whether a code has begun and not ended."""
        return bool(self._buffer)

    @property
    def silent_at(self) -> float | None:
        """When the silence is long enough to end what is there; `None` while nothing waits for an end."""
        waiting = self._skipping or self._buffer
        return self._last_at + self._framing.silence_s if waiting else None

    def feed(self, data: bytes, at: float) -> list[Scan]:
        """Take bytes that arrived `at`; returns the codes that ended with them."""
        scans: list[Scan] = []
        for byte in data:
            if byte in _ENDS:
                scans += self._end(at)
            elif not self._skipping:
                self._append(byte, at)
        self._last_at = at
        return scans

    def tick(self, at: float) -> list[Scan]:
        """Say that nothing more had arrived by `at`; returns the code which that silence ended, if one."""
        silent_at = self.silent_at
        return [] if silent_at is None or at < silent_at else self._end(at)

    def skip(self, at: float) -> None:
        """Drop what has begun, and everything up to the next end or silence: its first part is not ours."""
        self._buffer.clear()
        self._skipping = True
        self._last_at = at

    def forget(self) -> None:
        """Drop half a code whose second half can never come."""
        self._buffer.clear()
        self._skipping = False

    def _append(self, byte: int, at: float) -> None:
        if len(self._buffer) >= self._framing.max_code_bytes:
            self.garbage += 1
            self.skip(at)
            return
        if not self._buffer:
            self._began_at = at
        self._buffer.append(byte)

    def _end(self, at: float) -> list[Scan]:
        data = bytes(self._buffer)
        self.forget()
        code = read_code(data, self._framing)
        if code is None:
            self.garbage += 1
            return []
        symbology, text = code
        # CRLF, and a terminator after the silence has already ended the code, give empty codes: not another one.
        return [Scan(text, self._scanner, at, self._began_at, symbology)] if text else []


class RepeatFilter:
    """The same code within `REPEAT_S` of the scan that counted is one scan; a flood of codes is cut off."""

    def __init__(self) -> None:
        self._admitted: dict[str, float] = {}

    def admits(self, scan: Scan) -> bool:
        """Whether this scan counts; remembers it when it does. Times must not go backwards."""
        while self._admitted:
            oldest = next(iter(self._admitted))
            if scan.at - self._admitted[oldest] < REPEAT_S:
                break
            del self._admitted[oldest]
        if scan.text in self._admitted or len(self._admitted) >= MAX_CODES_IN_REPEAT_TIME:
            return False
        self._admitted[scan.text] = scan.at
        return True
