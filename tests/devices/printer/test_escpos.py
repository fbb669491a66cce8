"""The bytes of a job, read back by an interpreter that shares nothing with the encoder."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.printer import raster
from devices.printer.document import Barcode, Cut, Document, Feed, Kick, Pair, Picture, QrCode, Text
from devices.printer.escpos import encode
from devices.printer.interpreter import Receipt, Tokeniser
from devices.printer.layout import Line, lay_out, width
from devices.printer.profile import Encoding, Profile
from tests.devices.printer.support import ORDER_NO, lines_of, read_back, receipt
from tests.devices.printer.test_layout import a_document

GB18030, GBK, IMAGE = (Profile(encoding=encoding) for encoding in get_args(Encoding))


def one(document: Document, profile: Profile) -> Receipt:
    """The only receipt of a job; no command in it is unknown to a printer."""
    (paper,) = read_back(encode(document, profile))
    assert [] == paper.unknown
    return paper


@pytest.mark.parametrize("profile", [GB18030, GBK, Profile(80), Profile(80, "gbk")])
def test_what_was_laid_out_is_on_the_paper(profile: Profile) -> None:
    """Text, style and codes come out as laid out, and the cutter cuts."""
    paper = one(receipt(), profile)
    expected = [row for row in lay_out(receipt(), profile.columns) if not isinstance(row, Cut)]
    assert [*expected, Feed(6)] == paper.rows
    assert paper.cut
    assert 0 == paper.drawer_kicks


def test_a_receipt_of_thirty_lines_is_small() -> None:
    """Under 2 KB in text mode, codes and all (the promise)."""
    assert 30 <= len(one(receipt(), GB18030).rows)
    assert len(encode(receipt(), GB18030)) < 2048
    assert len(encode(receipt(), Profile(80))) < 2048


def test_a_job_begins_by_forgetting() -> None:
    """Whatever came before: ESC @, then Chinese mode, so that no setting of another program is left."""
    assert encode(receipt(), GB18030).startswith(b"\x1b@\x1c&")
    names = {token.name for token in Tokeniser().feed(encode(receipt(), GB18030))}
    assert "ESC t" not in names, "a code page was selected"
    assert "FS ." not in names, "Chinese mode was left"


def test_the_yen_sign_cannot_eat_a_digit() -> None:
    """U+00A5 leaves as U+FFE5 in two bytes (a3 a4), never as a code page's single byte or as four bytes."""
    data = encode(Document((Text("¥12.00"), Pair("合计", "¥12.00"))), GB18030)
    assert 2 == data.count(b"\xa3\xa412.00\n")
    assert b"\x9d" not in data
    assert b"\x81\x30\x84\x36" not in data


def test_double_size_is_told_for_both_kinds_of_characters() -> None:
    """GS ! for ASCII and FS ! for Chinese, on and off again."""
    data = encode(Document((Text("大A", double=True), Text("小"))), GB18030)
    assert b"\x1d!\x11\x1c!\x0c\xb4\xf3A\n\x1d!\x00\x1c!\x00\xd0\xa1\n" in data


@settings(max_examples=60)
@given(a_document(), st.sampled_from([GB18030, Profile(80), GBK]))
def test_no_text_breaks_a_line(document: Document, profile: Profile) -> None:
    """Any text in any place: nothing raises, no line is too wide, and no byte of a text is taken for a command."""
    for paper in read_back(encode(document, profile)):
        assert [] == paper.unknown
        assert not [line for line in lines_of(paper) if line.columns > profile.columns]
        assert not [line for line in lines_of(paper) if "\ufffd" in line.text], "bytes that are no character"


@pytest.mark.parametrize("amount", ["0.01", "12.50", "1000000.00"])
@pytest.mark.parametrize("label", ["实付金额", "Paid", "一个非常非常长的标签写也写不完的那种", "😀" * 9])
def test_amounts_stay_whole(amount: str, label: str) -> None:
    """The smallest and the largest figure stand in one line, at its end."""
    last = lines_of(one(Document((Pair(label, amount), Cut())), GB18030))[-1]
    assert last.text.endswith(amount)
    assert 32 == width(last.text)


def test_gbk_printer_gets_no_other_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a font, a line with a rare character becomes a picture; without, the character becomes 〓."""
    document = Document((Text("䶮先生"), Text("王先生"), Cut()))
    monkeypatch.setattr(raster, "can_draw", lambda text: True)
    drawn = one(document, GBK)
    assert [Picture, Line, Feed] == [type(row) for row in drawn.rows]
    monkeypatch.setattr(raster, "can_draw", lambda text: False)
    assert ["〓先生", "王先生"] == [line.text for line in lines_of(one(document, GBK))]


def test_gb18030_printer_gets_rare_characters_as_text() -> None:
    """Four-byte characters are sent to printers that are said to have them."""
    assert ["䶮𠮷😀"] == [line.text for line in lines_of(one(Document((Text("䶮𠮷😀"), Cut())), GB18030))]


@pytest.mark.parametrize("profile", [IMAGE, Profile(80, "image")])
def test_everything_as_a_picture(profile: Profile) -> None:
    """Pictures as wide as the paper, in bands, nothing else; they are the picture that people see."""
    paper = one(receipt(), profile)
    pictures = [row for row in paper.rows if isinstance(row, Picture)]
    assert [] == lines_of(paper)
    assert {profile.dots} == {picture.width_dots for picture in pictures}
    assert max(picture.height_dots for picture in pictures) <= 48
    painted = raster.paint(lay_out(receipt(), profile.columns), profile)
    bits = b"".join(picture.bits for picture in pictures)
    assert painted.tobytes() == bytes(byte ^ 0xFF for byte in bits)


def test_commands_stay_commands_in_a_picture_job() -> None:
    """What a printer has to do is done, and where it stands in the document."""
    paper = one(Document((Text("中"), Kick(), Feed(3), Text("文"), Cut())), IMAGE)
    assert [Picture, Feed, Picture, Feed] == [type(row) for row in paper.rows]
    assert (1, True) == (paper.drawer_kicks, paper.cut)


def test_codes_a_printer_cannot_draw_become_pictures() -> None:
    """By profile; the order number stays as text below the bar code."""
    profile = dataclasses.replace(GB18030, native_qr=False, native_barcode=False)
    paper = one(Document((Barcode(ORDER_NO), QrCode(ORDER_NO), Cut())), profile)
    assert not [row for row in paper.rows if isinstance(row, QrCode | Barcode)]
    assert [ORDER_NO] == [line.text for line in lines_of(paper)]
    assert [row for row in paper.rows if isinstance(row, Picture)]


def test_a_bar_code_that_does_not_fit() -> None:
    """Printers leave those out silently, so a QR code stands in; with its text either way."""
    paper = one(Document((Barcode("A" * 30), Barcode("订单"), Cut())), GB18030)
    expected = [QrCode("A" * 30), Line("A" * 30, "center"), QrCode("订单"), Line("订单", "center"), Feed(6)]
    assert expected == paper.rows


def test_a_code_too_long_for_any() -> None:
    """Is printed as text instead of raising; an empty one prints an empty line."""
    paper = one(Document((QrCode("9" * 600), QrCode(""), Cut())), GB18030)
    assert "9" * 600 == "".join(line.text for line in lines_of(paper))


def test_printer_without_a_cutter() -> None:
    """Is fed to where the paper can be torn, and told nothing about cutting."""
    (paper,) = read_back(encode(Document((Text("A"), Cut())), dataclasses.replace(GB18030, cutter=False)))
    assert [Line("A"), Feed(4)] == paper.rows
    assert not paper.cut


def test_the_same_job_twice_is_the_same() -> None:
    """Two jobs in a row come out alike: nothing of the first one's style is left."""
    document = Document((Text("大", align="right", bold=True, double=True), Cut()))
    first, second = read_back(encode(document, GB18030) * 2)
    assert first == second


@pytest.mark.parametrize(("settings_", "message"), [((57,), "57 mm"), ((58, "utf8"), "utf8")])
def test_paper_and_encodings_that_do_not_exist(settings_: tuple[int, Encoding], message: str) -> None:
    """Are refused with the value that is wrong."""
    with pytest.raises(ValueError, match=message):
        Profile(*settings_)
