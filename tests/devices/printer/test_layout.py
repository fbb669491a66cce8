"""Columns, wrapping and what a receipt can hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printer.document import Barcode, Cut, Document, Feed, Item, Kick, Pair, Picture, QrCode, Rule, Text
from devices.printer.layout import Line, in_gbk, lay_out, pair_lines, sanitise, width, wrap

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs"]),
        st.sampled_from("中文¥￥$ab 01\t\n\r\0\x1b\x1d：。─①→é\u0301😀\u200d\ufe0f𠮷䶮〇\u3000"),
    ),
    max_size=120,
)
COLUMNS = st.sampled_from([32, 48])


def a_document() -> st.SearchStrategy[Document]:
    """Any document: the texts are whatever somebody typed somewhere."""
    aligns = st.sampled_from(["left", "center", "right"])
    items: st.SearchStrategy[Item] = st.one_of(
        st.builds(Text, ANY_TEXT, aligns, st.booleans(), st.booleans()),
        st.builds(Pair, ANY_TEXT, ANY_TEXT, st.booleans()),
        st.builds(Rule, ANY_TEXT),
        st.builds(QrCode, ANY_TEXT),
        st.builds(Barcode, ANY_TEXT),
        st.builds(Feed, st.integers(0, 300)),
        st.sampled_from([Cut(), Kick(), Picture(8, 2, b"\xff\x01")]),
    )
    return st.builds(Document, st.lists(items, max_size=8).map(tuple))


def test_width_of_all_of_gbk() -> None:
    """A GBK character takes as many columns as it has bytes: half a cell each, as the printer counts."""
    characters = [chr(code) for code in range(0x20, 0x10000) if not 0x7F <= code < 0xA0 and in_gbk(chr(code))]
    assert 21_000 < len(characters)
    wrong = [char for char in characters if width(char) != len(char.encode("gbk"))]
    assert [] == wrong
    by_the_standard = [2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in characters]
    assert by_the_standard == [width(char) for char in characters]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("¥12.00", "￥12.00"),
        ("a\tb\nc\r\nd", "a b c  d"),
        ("a\x1b@\x00b\x7f", "a@b"),
        ("\ud800中\udfff", "〓中〓"),
        ("👨\u200d👩\ufe0f", "👨👩"),
        ("\u202e倒\u2066", "倒"),
        ("e\u0301 é", "é é"),
        ("Şekerli ấ", "Sekerli a"),
        ("ก", "〓"),
        ("𠮷䶮〇㐀", "𠮷䶮〇㐀"),
        ("\ue000\U000f0000", "〓〓"),
        ("non\xa0break", "non break"),
    ],
)
def test_sanitise(text: str, printed: str) -> None:
    """What becomes of yen signs, control characters, surrogates, emoji, marks and scripts no Chinese font has."""
    assert printed == sanitise(text)


@given(ANY_TEXT)
def test_sanitised_text_can_be_sent(text: str) -> None:
    """Whatever comes in, GB18030 has it then, no control character is left, and twice is as once."""
    clean = sanitise(text)
    assert clean == clean.encode("gb18030").decode("gb18030")
    assert not [char for char in clean if char < " " or "\x7f" <= char < "\xa0"]
    assert "¥" not in clean
    assert clean == sanitise(clean)


def test_very_long_text_is_cut() -> None:
    """A mistake somewhere does not eat the roll."""
    assert 4096 == len(sanitise("长" * 100_000))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("   ", [""]),
        ("one two three", ["one two", "three"]),
        ("  indent", ["  indent"]),
        ("中文字符换行", ["中文字符", "换行"]),
        ("1中文字符", ["1中文字", "符"]),
        ("abcdefghijk", ["abcdefgh", "ijk"]),
        ("ab cdefghijklmnop q", ["ab", "cdefghij", "klmnop q"]),
        ("共 12 件", ["共 12 件"]),
    ],
)
def test_wrap(text: str, lines: list[str]) -> None:
    """At eight columns: at spaces, between Chinese characters, within a word only if it is too long."""
    assert lines == wrap(text, 8)


@given(ANY_TEXT.map(sanitise), st.integers(2, 48))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    """Every line fits, and only spaces may go."""
    lines = wrap(text, columns)
    assert lines
    assert not [line for line in lines if width(line) > columns]
    assert text.replace(" ", "") == "".join(lines).replace(" ", "")


@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        ("订单金额", "12.50", ["订单金额       12.50"]),
        ("订单金额", "0.01", ["订单金额        0.01"]),
        ("订单金额", "1000000.00", ["订单金额  1000000.00"]),
        ("订单金额：", "1000000.00", ["订单金额：", "          1000000.00"]),
        ("名称很长的一种商品", "12.50", ["名称很长的一种商品", "               12.50"]),
        ("名称很长的一种商品要两行", "12.50", ["名称很长的一种商品要", "两行           12.50"]),
        ("订单号", "1234567890123456789012345", ["订单号", "12345678901234567890", "12345"]),
        ("", "1234567890123456789012345", ["12345678901234567890", "12345"]),
        ("", "12.50", ["               12.50"]),
        ("备注", "", ["备注"]),
    ],
)
def test_pairs(left: str, right: str, lines: list[str]) -> None:
    """At twenty columns: a value stays whole beside or below its label; one wider than the paper starts at the left."""
    assert lines == pair_lines(left, right, 20)


@given(ANY_TEXT, st.from_regex(r"-?[0-9]{1,7}\.[0-9]{2}", fullmatch=True), COLUMNS)
def test_no_amount_is_ever_broken(label: str, amount: str, columns: int) -> None:
    """Whatever the label, the figure stands whole at the end of the last line."""
    lines = [row.text for row in lay_out(Document((Pair(label, f"¥{amount}"),)), columns) if isinstance(row, Line)]
    assert f"￥{amount}" == lines[-1][-len(amount) - 1 :]
    assert not [line for line in lines if width(line) > columns]


@given(a_document(), COLUMNS)
def test_every_line_fits(document: Document, columns: int) -> None:
    """No text makes a line too wide, doubled or not, and none raises."""
    rows = lay_out(document, columns)
    assert not [row for row in rows if isinstance(row, Line) and row.columns > columns]


def test_rules_and_codes() -> None:
    """A rule is as wide as the paper whatever was given for it; a bar code has its text below it."""
    document = Document((Rule(), Rule("="), Rule("中"), Rule(""), Barcode("A1")))
    expected = [Line("-" * 32), Line("=" * 32), Line("-" * 32), Line("-" * 32), Barcode("A1"), Line("A1", "center")]
    assert expected == list(lay_out(document, 32))


def test_codes_can_be_encoded() -> None:
    """A lone surrogate in a code's data does not stop the receipt."""
    rows = lay_out(Document((QrCode("a\ud800"), Barcode("\udfff"))), 32)
    assert (QrCode("a?"), Barcode("?"), Line("〓", "center")) == rows


def test_what_is_no_item() -> None:
    """A mistake of the programmer is told as one."""
    with pytest.raises(TypeError, match="no part of a document: str"):
        lay_out(Document(("text",)), 32)  # type: ignore[arg-type]
