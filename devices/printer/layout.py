"""PURE. Where everything goes on a grid of columns: widths, wrapping, alignment, and characters a receipt can hold.

A Chinese thermal printer draws ASCII in cells of 12 by 24 dots and everything else in cells of 24 by 24, whatever
Unicode says about the width. So ASCII takes one column and everything else two; for all of GBK this equals
`2 if unicodedata.east_asian_width(c) in "WFA" else 1` and the length of the bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from devices.printer.document import Align, Barcode, Cut, Document, Feed, Kick, Pair, Picture, QrCode, Rule, Text

COLUMNS_BY_PAPER_MM = {58: 32, 80: 48}
"""Font A, 12 dots a column, on 384 and 576 dots."""

PLACEHOLDER = "〓"
"""The geta mark: printers and typesetters in East Asia put it where a character is missing."""

MAX_TEXT_CHARS = 4096
"""No text on a receipt is longer (the contract allows 128); what is, comes from a mistake and must not eat the roll."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text that fits: `columns` as printed, doubled ones counted twice, never more than the paper has."""

    text: str
    align: Align = "left"
    bold: bool = False
    double: bool = False

    @property
    def columns(self) -> int:
        """Columns taken on the paper."""
        return width(self.text) * (2 if self.double else 1)


Row = Line | QrCode | Barcode | Picture | Feed | Cut | Kick


def width(text: str) -> int:
    """Columns of a text of normal size."""
    return sum(1 if char < "\x7f" else 2 for char in text)


def in_gbk(text: str) -> bool:
    """Whether a printer with a GBK font has all of it. The euro sign of code page 936 is no part of GBK."""
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def sanitise(text: str) -> str:
    """The text as a receipt can hold it: no control or format characters, no lone surrogates, a yen sign that prints.

    U+00A5 becomes U+FFE5: in GBK the narrow one is no character, and a printer may swallow the digit that follows.
    Letters that no Chinese font has (`ş`, `ấ`) lose their marks; what is neither in GBK nor wide becomes `〓`.
    """
    flat = "".join(" " if char in "\t\n\v\f\r\x85\u2028\u2029\xa0" else char for char in text[:MAX_TEXT_CHARS])
    return "".join(_printable(char) for char in unicodedata.normalize("NFC", flat.replace("\xa5", "￥")))


def _printable(char: str) -> str:
    if " " <= char <= "~":
        return char
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Mn", "Me"):
        return ""
    if category in ("Cs", "Co", "Cn"):
        return PLACEHOLDER
    if in_gbk(char) or unicodedata.east_asian_width(char) in "WF":
        return char
    plain = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return plain if plain.isascii() and plain.isprintable() and plain else PLACEHOLDER


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`; broken at spaces where that is possible, within a word where it is not.

    At least one line comes back, so that an empty text stays an empty line. `columns` is at least 2.
    """
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if width(line) + width(word) <= columns:
            line += word
            continue
        if line.strip():
            lines.append(line.rstrip())
        *full, line = _pieces(word.lstrip(), columns)
        lines.extend(full)
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return lines


def _words(text: str) -> Iterator[str]:
    """Cuts where a line may end: before a space and around every wide character. Nothing is left out."""
    word = ""
    for char in text:
        if char == " " or char > "~" or (word and word[-1] > "~"):
            if word:
                yield word
            word = ""
        word += char
    if word:
        yield word


def _pieces(word: str, columns: int) -> list[str]:
    pieces, piece = [], ""
    for char in word:
        if width(piece + char) > columns:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece]


def pair_lines(left: str, right: str, columns: int) -> list[str]:
    """Label and value in two columns with a space between; a value that does not fit beside its label gets a line.

    The value stays in one piece unless it is wider than the paper; then it is split, and starts at the left so that
    whoever joins the lines gets it back.
    """
    if width(right) > columns:
        return [*(wrap(left, columns) if left.strip() else []), *_pieces(right, columns)]
    labels = wrap(left, columns)
    gap = columns - width(labels[-1]) - width(right)
    if gap >= 1 or not right:
        return [*labels[:-1], (labels[-1] + " " * gap + right).rstrip()]
    return [*labels, " " * (columns - width(right)) + right]


def lay_out(document: Document, columns: int) -> tuple[Row, ...]:
    """The document as rows of a paper that is `columns` wide; every line fits, and holds only printable characters."""
    return tuple(row for item in document.lines for row in _rows(item, columns))


def _rows(item: object, columns: int) -> Iterator[Row]:
    match item:
        case Text(text, align, bold, double):
            for line in wrap(sanitise(text), columns // 2 if double else columns):
                yield Line(line, align, bold, double)
        case Pair(left, right, bold):
            for line in pair_lines(sanitise(left), sanitise(right).strip(), columns):
                yield Line(line, bold=bold)
        case Rule(char):
            yield Line(char * columns if len(char) == 1 and " " < char <= "~" else "-" * columns)
        case Barcode(data):
            yield Barcode(_encodable(data))
            for line in wrap(sanitise(data), columns):
                yield Line(line, "center")
        case QrCode(data):
            yield QrCode(_encodable(data))
        case Picture() | Feed() | Cut() | Kick():
            yield item
        case _:
            raise TypeError(f"no part of a document: {type(item).__name__}")


def _encodable(data: str) -> str:
    """A code's data without lone surrogates, which UTF-8 does not have."""
    return data.encode("utf-8", "replace").decode("utf-8")
