"""The paper side: strict about commands, indifferent to chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printer import escpos
from devices.printer.document import Barcode, Feed, Picture, QrCode
from devices.printer.interpreter import MAX_PENDING_BYTES, Paper, Token, Tokeniser
from devices.printer.layout import Line
from devices.printer.profile import Profile
from tests.devices.printer.support import lines_of, read_back, receipt


@pytest.mark.parametrize(
    ("data", "tokens"),
    [
        (b"\xd6\xd0A\n", [("text", b"\xd6\xd0A"), ("LF", b"")]),
        (b"\x1b@\x1c&\x1ba\x01", [("ESC @", b""), ("FS &", b""), ("ESC a", b"\x01")]),
        (b"\x10\x04\x01", [("DLE EOT", b"\x01")]),
        (b"\x1dV\x00\x1dV\x42\x00", [("GS V", b"\x00"), ("GS V", b"\x42\x00")]),
        (b"\x1dv0\x00\x01\x00\x02\x00\n\x1b", [("GS v 0", b"\x00\x01\x00\x02\x00\n\x1b")]),
        (b"\x1d(k\x03\x001Q0", [("GS ( k", b"1Q0")]),
        (b"\x00\x1dr\x01", [("NUL", b""), ("GS r", b"\x01")]),
        (b"\x1bXA", [("unknown", b"\x1bX"), ("text", b"A")]),
        (b"\x07A", [("unknown", b"\x07"), ("text", b"A")]),
        (b"\x1dv", []),
        (b"\x1b", []),
    ],
)
def test_tokens(data: bytes, tokens: list[tuple[str, bytes]]) -> None:
    """Each command is as long as the reference says; half a command waits, an unknown one is told and not guessed."""
    assert tokens == [(token.name, token.params) for token in Tokeniser().feed(data)]


@given(st.binary(max_size=60), st.integers(1, 7))
def test_chunks_do_not_matter(data: bytes, size: int) -> None:
    """Any bytes in any chunks are the same commands, and no bytes at all get stuck or lost."""
    whole, pieces = Tokeniser(), Tokeniser()
    at_once = list(whole.feed(data))
    piecewise = [token for at in range(0, len(data), size) for token in pieces.feed(data[at : at + size])]

    def joined(tokens: list[Token]) -> list[tuple[str, bytes]]:
        out: list[tuple[str, bytes]] = []
        for token in tokens:
            if token.name == "text" and out and out[-1][0] == "text":
                out[-1] = ("text", out[-1][1] + token.params)
            else:
                out.append((token.name, token.params))
        return out

    assert joined(at_once) == joined(piecewise)
    assert len(data) == sum(token.size for token in at_once) + len(whole.unfinished)


def test_a_picture_larger_than_any_printer() -> None:
    """A length that cannot be is an unknown command, so that a broken stream does not wait for ever."""
    head = b"\x1dv0\x00\xff\xff\xff\xff"
    assert "unknown" == next(iter(Tokeniser().feed(head))).name
    assert 0xFFFF * 0xFFFF > MAX_PENDING_BYTES


def test_lines_have_their_style() -> None:
    """Alignment, bold, and double only where the command for that kind of character was given."""
    data = (
        b"\x1ba\x01\x1bE\x01A\n\x1bE\x00\x1ba\x00"
        b"\x1d!\x11A\n\xd6\xd0\n"  # GS ! alone doubles ASCII and not Chinese.
        b"\x1c!\x0c\xd6\xd0\n"
    )
    expected = [Line("A", "center", bold=True), Line("A", double=True), Line("中"), Line("中", double=True)]
    assert expected == lines_of(read_back(data)[0])


def test_chinese_mode() -> None:
    """Out of Chinese mode the same bytes are something else; ESC @ brings it back."""
    assert "中" == lines_of(read_back(b"\x1c&\xd6\xd0\n")[0])[0].text
    assert "╓╨" == lines_of(read_back(b"\x1c.\xd6\xd0\n")[0])[0].text
    assert "中" == lines_of(read_back(b"\x1c.\x1b@\xd6\xd0\n")[0])[0].text


def test_receipts_end_at_the_cutter() -> None:
    """Two cuts, two receipts; a kick alone is kept, blank paper is not."""
    receipts = read_back(b"A\n\x1dV\x00\x1bd\x05\x1dV\x00B\n\x1bd\x02\x1dV\x00\x1bp\x0022")
    assert [[Line("A")], [Line("B"), Feed(2)], []] == [paper.rows for paper in receipts]
    assert [(True, 0), (True, 0), (False, 1)] == [(paper.cut, paper.drawer_kicks) for paper in receipts]


def test_pictures_and_codes() -> None:
    """Raster, CODE128 with set C, and a QR code that is stored first and printed then."""
    data = b"\x1dv0\x00\x01\x00\x02\x00\xf0\x0f" + b"\x1dkI\x04{C\x01\x02" + b"\x1d(k\x05\x001P0ab\x1d(k\x03\x001Q0"
    assert [Picture(8, 2, b"\xf0\x0f"), Barcode("0102"), QrCode("ab")] == read_back(data)[0].rows


@given(st.integers(0, 1500), st.sampled_from(["gb18030", "gbk"]))
def test_a_receipt_that_breaks_off(cut_at: int, encoding: str) -> None:
    """Cut anywhere, the paper shows a beginning of the receipt and nothing else; nothing raises."""
    profile = Profile(encoding="gbk" if encoding == "gbk" else "gb18030")
    data = escpos.encode(receipt(), profile)
    tokeniser, paper = Tokeniser(), Paper()
    for token in tokeniser.feed(data[:cut_at]):
        paper.apply(token)
    whole = read_back(data)[0].rows
    rows = paper.receipts[0].rows if paper.receipts else paper.current.rows
    assert whole[: len(rows)] == rows
