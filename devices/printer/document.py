"""PURE. What is to be printed, before anybody knows on what: the one source of ESC/POS bytes, of text and of pictures.

Amounts, dates and labels arrive here as finished texts; nothing here knows what a payment is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import msgspec

Align = Literal["left", "center", "right"]


class Text(msgspec.Struct, frozen=True):
    """A paragraph, wrapped at the paper's width; `double` is twice as wide and high. Line ends become spaces."""

    text: str
    align: Align = "left"
    bold: bool = False
    double: bool = False


class Pair(msgspec.Struct, frozen=True):
    """A label at the left, its value at the right. The value is never broken unless it is wider than the paper."""

    left: str
    right: str
    bold: bool = False


class Rule(msgspec.Struct, frozen=True):
    """A line across the paper, made of one narrow character."""

    char: str = "-"


class QrCode(msgspec.Struct, frozen=True):
    """A QR code in the middle of the paper; `data` is text, stored in it as UTF-8."""

    data: str


class Barcode(msgspec.Struct, frozen=True):
    """CODE128 of printable ASCII `data`, its text below. What is not ASCII or too long for the paper: a QR code."""

    data: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Black dots: `bits` holds `height_dots` rows of `width_dots / 8` bytes, the highest bit leftmost, 1 is black."""

    width_dots: int
    height_dots: int
    bits: bytes = field(repr=False)


class Feed(msgspec.Struct, frozen=True):
    """That many empty lines."""

    lines: int = 1


class Cut(msgspec.Struct, frozen=True):
    """Feed to the cutter and cut."""


class Kick(msgspec.Struct, frozen=True):
    """Open the cash drawer that hangs on the printer."""


Item = Text | Pair | Rule | QrCode | Barcode | Picture | Feed | Cut | Kick


class Document(msgspec.Struct, frozen=True):
    """One print job: items from top to bottom. What does not end with `Cut` leaves the paper uncut."""

    lines: tuple[Item, ...]
