"""PURE. HID-POS scanners: the report descriptor says where in a report the code is, reports are put together to codes.

Makers order and size the fields as they like, so none of their layouts is built in. Sources: Device Class Definition
for HID 1.11, §6.2.2 (items of a report descriptor); HID Point of Sale Usage Tables 1.02 (usage page 0x8C).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

from devices.scanner.framing import MAX_CODE_BYTES

# As much as the kernel hands out (HID_MAX_DESCRIPTOR_SIZE).
MAX_DESCRIPTOR_BYTES = 4096

# A report of USB has 1 KiB at most, a device has some; a descriptor that describes more is broken, or means us harm.
MAX_INPUT_BITS = 16 * 1024 * 8

# The reports of one code follow each other within milliseconds: a first part that is older has lost its rest.
CONTINUATION_S = 0.5

# No usage page has so many that a field of ours could be beyond.
MAX_USAGES = 4096

SCANNER_PAGE = 0x8C
"""The usage page of bar code scanners."""

Usage = tuple[int, int]
"""Page and number."""

_BYTE_COUNT = (0x01, 0x3B)
_SYMBOLOGY = [(SCANNER_PAGE, number) for number in (0xFB, 0xFC, 0xFD)]
_DECODED_DATA = (SCANNER_PAGE, 0xFE)
_CONTINUED = (SCANNER_PAGE, 0xFF)


class ReportError(ValueError):
    """A descriptor or a report is broken, or the device is no HID-POS scanner."""


@dataclass(frozen=True, slots=True)
class ReportLayout:
    """Where the parts of a code are in one kind of input report; bytes and bits count from after the report id."""

    data_byte: int
    data_bytes: int
    length_byte: int | None = None
    symbology_bytes: tuple[int, ...] = ()
    continued_bit: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The reports of a device that hold codes: by report id, or under 0 where reports are not numbered."""

    reports: dict[int, ReportLayout]
    numbered: bool


class Part(NamedTuple):
    """What one report holds of a code."""

    symbology: str
    data: bytes
    continued: bool


class Code(NamedTuple):
    """A whole code, and when its first report came."""

    symbology: str
    data: bytes
    began_at: float


def parse_descriptor(descriptor: bytes) -> Layout:
    """Find the scanned data in a report descriptor; raises `ReportError` where there is none."""
    if len(descriptor) > MAX_DESCRIPTOR_BYTES:
        raise ReportError("the report descriptor is too long")
    walk = _Walk()
    for tag, data in _items(descriptor):
        walk.take(tag, data)
    layouts = {report_id: layout for report_id, fields in walk.fields.items() if (layout := _layout(fields))}
    if not layouts:
        raise ReportError("the report descriptor has no scanned data on usage page 0x8C")
    return Layout(layouts, walk.numbered)


def read_report(layout: Layout, report: bytes) -> Part | None:
    """What a report holds, `None` for one without a code; raises `ReportError` when it is shorter than it should."""
    where = layout.reports.get(report[0] if layout.numbered and report else 0)
    if where is None:
        return None
    body = report[1:] if layout.numbered else report
    places = [where.data_byte, *where.symbology_bytes, where.length_byte or 0, (where.continued_bit or 0) // 8]
    if max(places) >= len(body):
        raise ReportError("a report is shorter than the descriptor says")
    data = body[where.data_byte : where.data_byte + where.data_bytes]
    # Without a count, NULs fill the report.
    data = data.rstrip(b"\0") if where.length_byte is None else data[: body[where.length_byte]]
    symbology = _symbology(bytes(body[place] for place in where.symbology_bytes))
    return Part(symbology, data, where.continued_bit is not None and _bit(body, where.continued_bit))


class Assembler:
    """Puts the reports of a code together. `garbage` counts the codes that lacked a part or had no end."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._symbology = ""
        self._began_at = self._last_at = 0.0
        self._open = False
        self.garbage = 0

    def add(self, part: Part, at: float) -> Code | None:
        """Take a report; returns the code that is whole with it."""
        if self._open and at - self._last_at > CONTINUATION_S:
            self.garbage += 1
            self.forget()
        if not self._open:
            self._symbology, self._began_at = part.symbology, at
        self._open, self._last_at = part.continued, at
        # One byte too many is kept, so that the code is known to be too long when it ends.
        self._data += part.data[: MAX_CODE_BYTES + 1 - len(self._data)]
        if part.continued:
            return None
        data = bytes(self._data)
        self.forget()
        if len(data) > MAX_CODE_BYTES:
            self.garbage += 1
            return None
        return Code(self._symbology, data, self._began_at)

    def forget(self) -> None:
        """Drop half a code."""
        self._data.clear()
        self._open = False


def _symbology(identifier: bytes) -> str:
    """The AIM identifier; nothing where a scanner puts something else there."""
    is_one = len(identifier) == 3 and identifier.startswith(b"]") and identifier[1:].isalnum()
    return identifier.decode("ascii") if is_one else ""


def _bit(body: bytes, place: int) -> bool:
    return bool(body[place // 8] >> (place % 8) & 1)


class _Tag(IntEnum):
    """The items that matter: tag and type, as in the prefix byte (HID 1.11, §6.2.2.4 to §6.2.2.8)."""

    INPUT = 0x80
    USAGE_PAGE = 0x04
    REPORT_SIZE = 0x74
    REPORT_ID = 0x84
    REPORT_COUNT = 0x94
    PUSH = 0xA4
    POP = 0xB4
    USAGE = 0x08
    USAGE_MINIMUM = 0x18
    USAGE_MAXIMUM = 0x28


_LONG_ITEM = 0xFE
_TYPE_BITS = 0x0C
_MAIN = 0x00
_CONSTANT = 0x01


def _items(descriptor: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(descriptor):
        prefix = descriptor[place]
        if prefix == _LONG_ITEM:
            place += 3 + int.from_bytes(descriptor[place + 1 : place + 2], "little")
            continue
        size = (0, 1, 2, 4)[prefix & 0x03]
        data = descriptor[place + 1 : place + 1 + size]
        if len(data) < size:
            raise ReportError("the report descriptor breaks off")
        yield prefix & 0xFC, data
        place += 1 + size


class _Field(NamedTuple):
    usage: Usage
    bit: int
    bits: int


@dataclass(frozen=True, slots=True)
class _Globals:
    page: int = 0
    size_bits: int = 0
    count: int = 0
    report_id: int = 0


@dataclass(slots=True)
class _Walk:
    """Walks over the items: what holds from here on, what holds for the next field, and the input fields found."""

    fields: dict[int, list[_Field]] = field(default_factory=dict)
    numbered: bool = False
    _now: _Globals = field(default_factory=_Globals)
    _pushed: list[_Globals] = field(default_factory=list)
    _usages: list[Usage] = field(default_factory=list)
    _minimum: Usage = (0, 0)
    _end_bit: dict[int, int] = field(default_factory=dict)

    def take(self, tag: int, data: bytes) -> None:
        value = int.from_bytes(data, "little")
        match tag:
            case _Tag.USAGE:
                self._usages.append(self._usage(value, len(data)))
            case _Tag.USAGE_MINIMUM:
                self._minimum = self._usage(value, len(data))
            case _Tag.USAGE_MAXIMUM:
                self._add_range(self._usage(value, len(data)))
            case _Tag.INPUT:
                self._add_input(constant=bool(value & _CONSTANT))
            case _:
                self._take_global(tag, value)
        if tag & _TYPE_BITS == _MAIN:
            self._usages = []

    def _take_global(self, tag: int, value: int) -> None:
        match tag:
            case _Tag.USAGE_PAGE:
                self._now = replace(self._now, page=value)
            case _Tag.REPORT_SIZE:
                self._now = replace(self._now, size_bits=value)
            case _Tag.REPORT_COUNT:
                self._now = replace(self._now, count=value)
            case _Tag.REPORT_ID:
                self._now = replace(self._now, report_id=value)
                self.numbered = True
            case _Tag.PUSH:
                self._pushed.append(self._now)
            case _Tag.POP if self._pushed:
                self._now = self._pushed.pop()
            case _:
                pass

    def _usage(self, value: int, size: int) -> Usage:
        return (value >> 16, value & 0xFFFF) if size == 4 else (self._now.page, value)

    def _add_range(self, maximum: Usage) -> None:
        page, first = self._minimum
        if maximum[1] - first + len(self._usages) > MAX_USAGES:
            raise ReportError("the report descriptor names more usages than there are")
        self._usages += [(page, number) for number in range(first, maximum[1] + 1)]

    def _add_input(self, *, constant: bool) -> None:
        now = self._now
        begin = self._end_bit.get(now.report_id, 0)
        end = begin + now.size_bits * now.count
        self._end_bit[now.report_id] = end
        if sum(self._end_bit.values()) > MAX_INPUT_BITS:
            raise ReportError("the report descriptor describes endless reports")
        if constant or not self._usages or not now.size_bits:
            return
        fields = self.fields.setdefault(now.report_id, [])
        for number in range(now.count):
            # The last usage holds for all fields that are left.
            usage = self._usages[min(number, len(self._usages) - 1)]
            fields.append(_Field(usage, begin + number * now.size_bits, now.size_bits))


def _layout(fields: Sequence[_Field]) -> ReportLayout | None:
    """Where the scanned data is in a report with these fields; `None` where it has none."""
    data = [place for place in fields if place.usage == _DECODED_DATA]
    if not data or data[0].bit % 8:
        return None
    found = {place.usage: place.bit for place in reversed(fields)}
    length_bit, continued_bit = found.get(_BYTE_COUNT), found.get(_CONTINUED)
    return ReportLayout(
        data_byte=data[0].bit // 8,
        data_bytes=(data[-1].bit + data[-1].bits - data[0].bit) // 8,
        length_byte=None if length_bit is None else length_bit // 8,
        symbology_bytes=tuple(found[usage] // 8 for usage in _SYMBOLOGY if usage in found),
        continued_bit=continued_bit,
    )
