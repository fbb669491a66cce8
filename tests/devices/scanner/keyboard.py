"""A keyboard for tests: the key strokes of a text, as events of the kernel."""

from __future__ import annotations

import struct

EVENT = struct.Struct("llHHi")
KEY, SYNCHRONIZATION, LAMP = 1, 0, 0x11
ENTER, KEYPAD_ENTER, TAB, SHIFT, CONTROL, ALT, CAPS_LOCK = 28, 96, 15, 42, 29, 56, 58
DOWN, UP, REPEATED = 1, 0, 2

# From the manual of a US keyboard, independent of the table under test: row by row, from the first key code.
ROWS = {2: ("1234567890-=", "!@#$%^&*()_+"), 16: ("qwertyuiop[]", "QWERTYUIOP{}")}
ROWS |= {30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'), 43: ("\\zxcvbnm,./", "|ZXCVBNM<>?"), 57: (" ", " ")}
PLAIN = {char: first + place for first, (plain, _) in ROWS.items() for place, char in enumerate(plain)}
SHIFTED = {char: first + place for first, (_, shifted) in ROWS.items() for place, char in enumerate(shifted)}
KEYPAD_DIGITS = dict(zip("7894561230", [71, 72, 73, 75, 76, 77, 79, 80, 81, 82], strict=True))

Stroke = tuple[int, int]
"""A key and whether it goes down."""


def tap(key: int) -> list[Stroke]:
    """Down and up."""
    return [(key, DOWN), (key, UP)]


def held(modifier: int, strokes: list[Stroke]) -> list[Stroke]:
    """These strokes while another key is held."""
    return [(modifier, DOWN), *strokes, (modifier, UP)]


def strokes_of(text: str, end: int | None = ENTER) -> list[Stroke]:
    """What a scanner types for this text."""
    strokes: list[Stroke] = []
    for char in text:
        strokes += tap(PLAIN[char]) if char in PLAIN else held(SHIFT, tap(SHIFTED[char]))
    return strokes if end is None else strokes + tap(end)


def alt(digits: str) -> list[Stroke]:
    """A number typed on the keypad with Alt held."""
    return held(ALT, [stroke for digit in digits for stroke in tap(KEYPAD_DIGITS[digit])])


def event(kind: int, code: int, value: int) -> bytes:
    """One event of the kernel."""
    return EVENT.pack(1_700_000_000, 0, kind, code, value)


def events(strokes: list[Stroke]) -> bytes:
    """As the kernel reports key strokes: the scan code, the key, the end of the report."""
    return b"".join(
        event(4, 4, 0x70000 + key) + event(KEY, key, value) + event(SYNCHRONIZATION, 0, 0) for key, value in strokes
    )


def typed(text: str, end: int | None = ENTER) -> bytes:
    """The events of a scanner that types this text."""
    return events(strokes_of(text, end))
