"""Sizes of codes, and CODE128 data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printer.interpreter import Token, Tokeniser, _code128_text
from devices.printer.symbols import code128, code128_fits, code128_modules, qr_module_dots


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("12345678", b"{C\x0c\x22\x38\x4e"),
        ("1234567", b"{B1{C\x17\x2d\x43"),
        ("POS12", b"{BPOS12"),
        ("POS1234", b"{BPOS{C\x0c\x22"),
        ("a{b", b"{Ba{{b"),
        ("12", b"{C\x0c"),
        ("", None),
        ("中文", None),
        ("a\n", None),
    ],
)
def test_code_sets(text: str, data: bytes | None) -> None:
    """Digits at the end go two to a symbol where that is shorter; what CODE128 B lacks gives none."""
    assert data == code128(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60))
def test_code128_reads_back(text: str) -> None:
    """Any printable ASCII comes out of a scanner as it went in (read with the simulator's own decoder)."""
    data = code128(text)
    assert data is not None
    assert text == _code128_text(data)


def test_what_fits_on_the_paper() -> None:
    """28 digits fit on 58 mm and 46 on 80 mm; letters take twice the room."""
    assert (True, False) == (code128_fits("1" * 28, 384), code128_fits("1" * 30, 384))
    assert (True, False) == (code128_fits("1" * 46, 576), code128_fits("1" * 48, 576))
    assert (True, False) == (code128_fits("A" * 14, 384), code128_fits("A" * 15, 384))
    assert 11 * 4 + 13 == code128_modules("1234")


def test_qr_sizes() -> None:
    """Modules get smaller with the data; nothing, and what no till scanner reads, gives none."""
    sizes = [qr_module_dots("1" * count) for count in (0, 1, 62, 63, 213, 214, 560, 561)]
    assert [None, 6, 6, 5, 5, 3, 3, None] == sizes
    assert 5 == qr_module_dots("汉" * 22)
    assert 6 == qr_module_dots("\ud800")


def test_tokeniser_knows_the_bar_code_command() -> None:
    """`GS k` with its length byte is one token, even with line feeds in its data."""
    assert [Token("GS k", b"I\x03{C\n", 7)] == list(Tokeniser().feed(b"\x1dkI\x03{C\n"))
