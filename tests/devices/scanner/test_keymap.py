"""What a keyboard types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.scanner.keymap import UNREADABLE, KeyDecoder, alt_character
from tests.devices.scanner.keyboard import (
    ALT,
    CAPS_LOCK,
    CONTROL,
    DOWN,
    ENTER,
    KEYPAD_DIGITS,
    KEYPAD_ENTER,
    PLAIN,
    SHIFT,
    TAB,
    Stroke,
    alt,
    held,
    strokes_of,
    tap,
)


def type_in(strokes: list[Stroke], decoder: KeyDecoder | None = None) -> str:
    """What these strokes type."""
    decoder = decoder or KeyDecoder()
    return "".join(decoder.press(key) if down == DOWN else decoder.release(key) for key, down in strokes)


@given(st.text(st.characters(codec="ascii", min_codepoint=0x20, max_codepoint=0x7E), max_size=60))
def test_every_character_of_ascii_is_typed(text: str) -> None:
    """The US layout, letters of both cases, figures and all signs."""
    assert text + "\r" == type_in(strokes_of(text))


@pytest.mark.parametrize(("key", "end"), [(ENTER, "\r"), (KEYPAD_ENTER, "\r"), (TAB, "\t")])
def test_enter_and_tab_end_a_code(key: int, end: str) -> None:
    """Both Enter keys, and Tab."""
    assert end == type_in(tap(key))


def test_the_keypad_types_digits() -> None:
    """Whatever NumLock says: a scanner types no arrows."""
    strokes = [stroke for digit in "134567890123456789" for stroke in tap(KEYPAD_DIGITS[digit])]
    assert "134567890123456789" == type_in(strokes)
    assert "*/-+.=," == type_in([stroke for key in (55, 98, 74, 78, 83, 117, 121) for stroke in tap(key)])


def test_shift_counts_while_it_is_held() -> None:
    """Either shift key; both, and one let go; also for a run of letters."""
    right_shift = 54
    strokes = [(SHIFT, 1), *tap(PLAIN["a"]), (right_shift, 1), (SHIFT, 0), *tap(PLAIN["b"]), (right_shift, 0)]
    assert "ABc" == type_in([*strokes, *tap(PLAIN["c"])])


def test_caps_lock_turns_letters_only() -> None:
    """And shift turns them back; the lamp of the keyboard corrects us."""
    decoder = KeyDecoder()
    assert "A1b" == type_in([*tap(CAPS_LOCK), *strokes_of("a1B", None)], decoder)
    assert "aB" == type_in([*tap(CAPS_LOCK), *strokes_of("aB", None)], decoder)
    decoder.caps_lock_is(True)
    assert "A" == type_in(strokes_of("a", None), decoder)
    decoder.reset()
    assert "a" == type_in(strokes_of("a", None), decoder)


@pytest.mark.parametrize(
    ("digits", "char"),
    [("065", "A"), ("65", "A"), ("0233", "é"), ("130", "é"), ("013", "\r"), ("0128", "€"), ("126", "~")],
)
def test_alt_and_a_number_is_a_character(digits: str, char: str) -> None:
    """ASCII by its number, above that Windows-1252 with a zero in front and code page 437 without; CR ends a code."""
    assert f"1{char}2" == type_in([*strokes_of("1", None), *alt(digits), *strokes_of("2", None)])


@pytest.mark.parametrize("digits", ["256", "20013", "0129", "999999", "9999999999"])
def test_a_number_without_a_character_makes_the_code_garbage(digits: str) -> None:
    """It is not left out silently."""
    assert UNREADABLE in type_in(alt(digits))


@given(st.text("0123456789", min_size=1, max_size=6))
def test_any_alt_number_gives_one_character(digits: str) -> None:
    """Never an exception, never more, never none."""
    assert 1 == len(alt_character(digits))


def test_alt_with_another_key_makes_the_code_garbage() -> None:
    """A menu key is no part of a code; Alt alone types nothing."""
    assert UNREADABLE == type_in(held(ALT, tap(PLAIN["a"])))
    assert "" == type_in(tap(ALT))


def test_control_keys_are_control_characters() -> None:
    """STX, ETX, CR and GS, as scanners send them; what is none makes the code garbage."""
    for char, control in [("b", "\x02"), ("c", "\x03"), ("m", "\r"), ("j", "\n"), ("]", "\x1d"), ("\\", "\x1c")]:
        assert control == type_in(held(CONTROL, tap(PLAIN[char])))
    assert UNREADABLE == type_in(held(CONTROL, tap(PLAIN["1"])))


def test_an_unknown_key_makes_the_code_garbage() -> None:
    """Backspace, arrows, a key of another layout: not a code that lacks a character. F1 and NumLock are silent."""
    for key in (1, 14, 86, 103, 111, 240, 0x2FF):
        assert UNREADABLE == type_in(tap(key))
    for key in (59, 68, 87, 88, 183, 69, 70, 125):
        assert "" == type_in(tap(key))


def test_it_knows_whether_a_key_is_down() -> None:
    """Until the last one is up; after lost events nothing is held."""
    decoder = KeyDecoder()
    still = [decoder.still]
    for stroke in [(SHIFT, 1), (PLAIN["a"], 1), (SHIFT, 0), (PLAIN["a"], 0), (SHIFT, 1)]:
        type_in([stroke], decoder)
        still.append(decoder.still)
    assert [True, False, False, False, True, False] == still
    decoder.reset()
    assert decoder.still
    assert "a" == type_in(tap(PLAIN["a"]), decoder)


@given(st.lists(st.tuples(st.integers(0, 0x2FF), st.integers(0, 1)), max_size=200))
def test_any_keys_are_survived(strokes: list[Stroke]) -> None:
    """Keys in any order, up before down, held for ever."""
    decoder = KeyDecoder()
    for key, down in strokes:
        assert len(decoder.press(key) if down else decoder.release(key)) <= 1
