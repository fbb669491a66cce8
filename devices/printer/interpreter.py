"""PURE. What a thermal printer makes of bytes: commands, and then paper. Shares nothing with the encoder.

Strict: it knows how long each command is that our receipts may contain, and reports everything else as unknown instead
of guessing. Written from the Epson command reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from devices.printer.document import Align, Barcode, Feed, Picture, QrCode
from devices.printer.layout import Line, Row

MAX_PENDING_BYTES = 1 << 20
"""A command longer than this is none: a printer has less memory."""

_FIXED = {
    b"\x1b@": 0, b"\x1bE": 1, b"\x1ba": 1, b"\x1bd": 1, b"\x1bt": 1, b"\x1bR": 1, b"\x1b2": 0, b"\x1b3": 1, b"\x1bp": 3,
    b"\x1c&": 0, b"\x1c.": 0, b"\x1c!": 1, b"\x1cS": 2,
    b"\x1d!": 1, b"\x1dH": 1, b"\x1dL": 2, b"\x1dW": 2, b"\x1da": 1, b"\x1df": 1, b"\x1dh": 1, b"\x1dr": 1, b"\x1dw": 1,
    b"\x10\x04": 1,
}  # fmt: skip
"""Parameters of fixed length, by the two bytes of the command."""

_NAMES = {0x10: "DLE", 0x1B: "ESC", 0x1C: "FS", 0x1D: "GS"}


@dataclass(frozen=True, slots=True)
class Token:
    """One command, a run of text, or something unknown: `name` as in the reference (`ESC a`, `GS v 0`, `DLE EOT`)."""

    name: str
    params: bytes = b""
    size: int = 0


class Tokeniser:
    """Cuts a stream into tokens, whatever the chunks, and keeps what is not complete."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def unfinished(self) -> bytes:
        """The beginning of a command whose end has not come."""
        return self._rest

    def feed(self, data: bytes) -> Iterator[Token]:
        """Tokens that are complete with these bytes."""
        self._rest += data
        while self._rest and (token := _first(self._rest)) is not None:
            self._rest = self._rest[token.size :]
            yield token


def _first(data: bytes) -> Token | None:
    byte = data[0]
    if byte >= 0x20:
        end = next((at for at, each in enumerate(data) if each < 0x20), len(data))
        return Token("text", data[:end], end)
    if byte in (0x00, 0x0A):
        return Token({0x00: "NUL", 0x0A: "LF"}[byte], b"", 1)
    if byte not in _NAMES:
        return Token("unknown", data[:1], 1)
    head = _head(data)
    if head is None:
        return None
    name, start, length = head
    if length > MAX_PENDING_BYTES:
        return Token("unknown", data[:start], start)
    end = start + length
    return Token(name, data[start:end], end) if len(data) >= end else None


def _head(data: bytes) -> tuple[str, int, int] | None:
    """Name, where the parameters start, how long they are; None while that cannot be told."""
    if len(data) < 2:
        return None
    name = f"{_NAMES[data[0]]} {'EOT' if data[:2] == bytes((0x10, 4)) else chr(data[1])}"
    if data[:2] in _FIXED:
        return name, 2, _FIXED[data[:2]]
    match data[:2]:
        case b"\x1dV":
            return (name, 2, 1 if data[2] in (0, 1, 48, 49) else 2) if len(data) > 2 else None
        case b"\x1dk":
            return (name, 2, 2 + data[3]) if len(data) > 3 else None
        case b"\x1d(":
            return (f"{name} {chr(data[2])}", 5, data[3] + 256 * data[4]) if len(data) > 4 else None
        case b"\x1dv":
            return ("GS v 0", 3, 5 + _raster_bytes(data)) if len(data) > 7 else None
        case _:
            return "unknown", 0, 2


def _raster_bytes(data: bytes) -> int:
    return int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")


@dataclass(slots=True)
class Receipt:
    """Paper between two cuts."""

    rows: list[Row] = field(default_factory=list)
    cut: bool = False
    drawer_kicks: int = 0
    unknown: list[bytes] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        """Whether there is nothing to see on it."""
        return not any(isinstance(row, QrCode | Barcode | Picture) or (isinstance(row, Line) and row.text.strip())
                       for row in self.rows)  # fmt: skip


class Paper:
    """Applies tokens one by one, as the print head does; finished receipts are in `receipts`."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.current = Receipt()
        self._qr = b""
        self._reset()

    def _reset(self) -> None:
        self._chinese = True
        self._align: Align = "left"
        self._bold = False
        self._wide = (False, False)
        self._text = b""
        self._style = (False, False)

    @property
    def lines_printed(self) -> int:
        """Rows on the receipt that is in the printer now."""
        return len(self.current.rows)

    def apply(self, token: Token) -> None:
        """Do what the command says."""
        match token.name:
            case "text":
                self._add_text(token.params)
            case "LF":
                self._end_line(force=True)
            case "ESC d":
                self._end_line()
                self._add(Feed(token.params[0]))
            case "ESC p":
                self.current.drawer_kicks += 1
            case "GS V":
                self.tear_off(cut=True)
            case "GS v 0" | "GS k" | "GS ( k":
                self._end_line()
                self._draw(token)
            case "unknown":
                self.current.unknown.append(token.params)
            case _:
                self._set(token.name, token.params)

    def _set(self, name: str, params: bytes) -> None:
        """Modes of what comes after. Commands without effect here (GS h, FS S, ...) are let pass."""
        match name:
            case "ESC @":
                self._end_line()
                self._reset()
            case "ESC a":
                aligns: tuple[Align, ...] = ("left", "center", "right")
                self._align = aligns[params[0] % 48 % 3]
            case "ESC E":
                self._bold = bool(params[0] & 1)
            case "GS !":
                self._wide = (params[0] == 0x11, self._wide[1])
            case "FS !":
                self._wide = (self._wide[0], params[0] & 0x0C == 0x0C)
            case "FS &" | "FS .":
                self._chinese = name == "FS &"
            case _:
                pass

    def _add_text(self, data: bytes) -> None:
        self._text += data
        # GS ! acts on ASCII, FS ! on Chinese: a line is double only if whatever is on it was made so.
        ascii_wide, chinese_wide = self._wide
        double = chinese_wide if max(data) >= 0x80 else ascii_wide
        self._style = (self._style[0] or self._bold, self._style[1] or double)

    def _end_line(self, *, force: bool = False) -> None:
        if not self._text and not force:
            return
        text = self._text.decode("gb18030" if self._chinese else "cp437", "replace")
        bold, double = self._style
        self._add(Line(text, self._align, bold, double))
        self._text, self._style = b"", (False, False)

    def _draw(self, token: Token) -> None:
        params = token.params
        if token.name == "GS v 0":
            width, height = int.from_bytes(params[1:3], "little"), int.from_bytes(params[3:5], "little")
            self._add(Picture(8 * width, height, params[5:]))
        elif token.name == "GS k":
            self._add(Barcode(_code128_text(params[2:])))
        elif params[1:2] == b"\x50":
            self._qr = params[3:]
        elif params[1:2] == b"\x51":
            self._add(QrCode(self._qr.decode("utf-8", "replace")))

    def _add(self, row: Row) -> None:
        self.current.rows.append(row)

    def tear_off(self, *, cut: bool = False) -> Receipt | None:
        """The receipt ends here; one with nothing on it and no kick is not kept."""
        self._end_line()
        done, self.current = self.current, Receipt()
        done.cut = cut
        if done.blank and not done.drawer_kicks:
            return None
        self.receipts.append(done)
        return done


def _code128_text(data: bytes) -> str:
    """What a scanner reads from CODE128 data with its `{A`, `{B`, `{C` marks."""
    text, code_set, rest = "", "B", iter(data)
    for byte in rest:
        if byte == ord("{"):
            mark = chr(next(rest, 0))
            text += "{" if mark == "{" else ""
            code_set = mark if mark in "ABC" else code_set
        else:
            text += f"{byte:02d}" if code_set == "C" else chr(byte)
    return text
