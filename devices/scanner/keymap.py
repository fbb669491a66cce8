"""PURE. Key codes of a scanner that plays a keyboard become the characters it means.

Key codes are those of Linux (`input-event-codes.h`); the layout is the US one, which scanners come with. A scanner's
keypad types digits, whatever NumLock says. What the layout lacks comes as Alt and a number on the keypad.
"""

from __future__ import annotations

SHIFT_KEYS = frozenset({42, 54})
"""Left and right."""
CONTROL_KEYS = frozenset({29, 97})
"""Left and right."""
ALT_KEYS = frozenset({56, 100})
"""Left and right."""
CAPS_LOCK = 58
"""Scanners press it around a code when they believe it is on."""

UNREADABLE = "\0"
"""Stands for a key that types no character of a code: the code becomes garbage, not a code that lacks a character."""

# The highest character number that is typed this way, 65535, has five digits; one more for a leading zero.
MAX_ALT_DIGITS = 6


def _row(first: int, plain: str, shifted: str) -> dict[int, tuple[str, str]]:
    """Neighbouring key codes, each with its character without and with shift."""
    return {first + place: pair for place, pair in enumerate(zip(plain, shifted, strict=True))}


_KEYS = {
    **_row(2, "1234567890-=", "!@#$%^&*()_+"),
    **_row(16, "qwertyuiop[]", "QWERTYUIOP{}"),
    **_row(30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    **_row(43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    **_row(57, " ", " "),
    **_row(15, "\t", "\t"),  # Tab, Enter and the keypad's Enter end a code
    **_row(28, "\r", "\r"),
    **_row(96, "\r", "\r"),
}
_KEYPAD = {
    **dict(zip(range(71, 84), "789-456+1230.", strict=True)),
    55: "*",
    98: "/",
    117: "=",
    121: ",",
}
# Scroll and num lock, F1 to F24, and the Windows keys: some scanners press one before a code to call a program.
_SILENT_KEYS = frozenset({69, 70, 125, 126, 127, *range(59, 69), 87, 88, *range(183, 195)})


class KeyDecoder:
    """Follows the keys of one keyboard. A key it cannot make sense of is `UNREADABLE`."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._caps_lock = False
        self._alt_digits = ""

    @property
    def still(self) -> bool:
        """Whether no key is down."""
        return not self._held

    def press(self, key: int) -> str:
        """A key goes down; returns what it types, often nothing."""
        self._held.add(key)
        if key == CAPS_LOCK:
            self._caps_lock = not self._caps_lock
        if key == CAPS_LOCK or key in SHIFT_KEYS | CONTROL_KEYS | ALT_KEYS | _SILENT_KEYS:
            return ""
        if self._held & ALT_KEYS:
            return self._with_alt(key)
        if key in _KEYPAD:
            return _KEYPAD[key]
        return self._typed(key)

    def release(self, key: int) -> str:
        """A key goes up; returns the character of an Alt number that ends with it."""
        self._held.discard(key)
        if key not in ALT_KEYS or self._held & ALT_KEYS or not self._alt_digits:
            return ""
        digits, self._alt_digits = self._alt_digits, ""
        return alt_character(digits)

    def caps_lock_is(self, on: bool) -> None:  # noqa: FBT001  a lamp is on or off
        """The keyboard's lamp says so."""
        self._caps_lock = on

    def reset(self) -> None:
        """Forget every key: events were lost, or the keyboard is another one."""
        self._held.clear()
        self._alt_digits = ""
        self._caps_lock = False

    def _typed(self, key: int) -> str:
        if key not in _KEYS:
            return UNREADABLE
        plain, shifted = _KEYS[key]
        if self._held & CONTROL_KEYS:
            return _control(shifted)
        shift = bool(self._held & SHIFT_KEYS)
        if self._caps_lock and plain.isalpha():
            shift = not shift
        return shifted if shift else plain

    def _with_alt(self, key: int) -> str:
        digit = _KEYPAD.get(key, "")
        if not digit.isdigit() or len(self._alt_digits) >= MAX_ALT_DIGITS:
            return UNREADABLE
        self._alt_digits += digit
        return ""


def alt_character(digits: str) -> str:
    """The character of a number typed with Alt held, as Windows reads it: `065`, `65` and `0233`.

    Below 128 ASCII; above, with a leading zero Windows-1252, without one the old code page 437.
    """
    number = int(digits)
    if number > 255:
        return UNREADABLE
    if number < 128:
        return chr(number)
    try:
        return bytes([number]).decode("cp1252" if digits.startswith("0") else "cp437")
    except UnicodeDecodeError:
        return UNREADABLE


def _control(shifted: str) -> str:
    """Ctrl with a letter or a bracket is a control character: STX is Ctrl-B, GS is Ctrl-]."""
    letter = {"{": "[", "|": "\\", "}": "]"}.get(shifted, shifted)
    return chr(ord(letter) & 0x1F) if "A" <= letter <= "]" else UNREADABLE
