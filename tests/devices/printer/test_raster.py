"""Receipts as pictures, with the fonts of this machine and with none."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from PIL import Image

from devices.printer import fonts, raster
from devices.printer.document import Barcode, Cut, Document, Feed, Picture, QrCode, Text
from devices.printer.layout import Line, lay_out
from devices.printer.profile import Profile
from tests.devices.printer.support import ORDER_NO, receipt
from tests.devices.printer.test_layout import a_document

NARROW, WIDE = Profile(58), Profile(80)


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any font of ours."""
    bare = fonts.Typeface(24, [("/nowhere/font.ttc", 0)])
    monkeypatch.setattr(raster, "typeface", lambda size_px: bare)
    raster._cell.cache_clear()
    yield
    raster._cell.cache_clear()


def painted(document: Document, profile: Profile = NARROW) -> Image.Image:
    """The paper of a document."""
    return raster.paint(lay_out(document, profile.columns), profile)


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The box around everything black; None on white paper."""
    return image.convert("L").point(lambda grey: 255 - grey).getbbox()


@pytest.mark.parametrize("profile", [NARROW, WIDE])
def test_png(profile: Profile) -> None:
    """A PNG in two colours, as wide as the paper and a border, with something on it."""
    image = Image.open(io.BytesIO(raster.to_png(receipt(), profile)))
    assert ("PNG", "1", profile.dots + 2 * raster.BORDER_DOTS) == (image.format, image.mode, image.width)
    assert ink(image) is not None


def test_lines_stand_on_a_grid() -> None:
    """Thirty dots a line, sixty a doubled one and thirty an empty one; cutting shows nothing."""
    document = Document((Text("中"), Text("中", double=True), Feed(2), Text(""), Cut()))
    assert (384, 30 + 60 + 2 * 30 + 30) == painted(document).size
    assert (384, 1) == painted(Document(())).size


def test_alignment() -> None:
    """Left begins at the edge, right ends at it, centred has as much on both sides (to a glyph's own margin)."""
    left, center, right = (
        ink(painted(Document((Text("HHHH", align=align),)))) for align in ("left", "center", "right")
    )
    assert left
    assert center
    assert right
    assert left[0] <= 3
    assert right[2] >= 384 - 3
    assert abs(center[0] - (384 - center[2])) <= 3


def test_wide_lines_stay_on_the_paper() -> None:
    """A full line of the widest letters touches both edges and is not cut off: each glyph is held in its cell."""
    box = ink(painted(Document((Text("W" * 32),))))
    assert box is not None
    assert (box[0] <= 3, box[2] >= 381) == (True, True)


def test_bold_is_blacker() -> None:
    """And no wider than its cells."""
    thin, bold = (painted(Document((Text("汉字 bold", bold=is_bold),))) for is_bold in (False, True))
    assert bold.convert("L").histogram()[0] > thin.convert("L").histogram()[0]
    assert thin.size == bold.size


def test_a_character_no_font_has() -> None:
    """Is drawn as 〓, in its place, and told by `can_draw`."""
    missing = "\U0001fbca"
    assert not raster.can_draw(f"中{missing}")
    assert painted(Document((Text("〓"),))).tobytes() == raster.paint([Line(missing)], NARROW).tobytes()


@pytest.mark.usefixtures("no_fonts")
def test_machine_without_fonts() -> None:
    """Latin is still legible, Chinese shows as 〓, nothing raises."""
    assert raster.can_draw("Paid 12.50")
    assert not raster.can_draw("实付金额")
    assert painted(Document((Text("中"),))).tobytes() == painted(Document((Text("〓"),))).tobytes()
    assert painted(Document((Text("Paid"),))).tobytes() != painted(Document((Text("〓〓"),))).tobytes()


def test_a_broken_font_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Is passed over."""
    path = tmp_path_factory.mktemp("fonts") / "broken.ttf"
    path.write_bytes(b"no font")
    assert fonts.Typeface(24, [(str(path), 0)]).font_for("A") is not None


def test_qr_code_is_real() -> None:
    """The picture has the very modules of the standard's encoder, in the middle, with white around."""
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(ORDER_NO)
    matrix = code.get_matrix()
    image = painted(Document((QrCode(ORDER_NO),))).convert("L")
    left, top, right, bottom = ink(image) or (0, 0, 0, 0)
    assert (len(matrix) * 6, len(matrix) * 6) == (right - left, bottom - top)
    assert abs(left - (384 - right)) <= 1
    assert top >= 12
    seen = [
        [image.getpixel((left + 6 * x + 3, top + 6 * y + 3)) == 0 for x in range(len(matrix))]
        for y in range(len(matrix))
    ]
    assert matrix == seen


def test_bar_code_has_its_bars() -> None:
    """CODE128 begins with start symbol C (11010011100 in modules of two dots) and ends with the stop symbol."""
    image = raster.paint([Barcode("12345678")], NARROW).convert("L")
    left, top, right, bottom = ink(image) or (0, 0, 0, 0)
    modules = "".join("1" if image.getpixel((x, (top + bottom) // 2)) == 0 else "0" for x in range(left, right, 2))
    assert modules.startswith("11010011100")
    assert modules.endswith("1100011101011")
    assert 11 * 6 + 13 == len(modules)


def test_given_pictures_are_kept() -> None:
    """Dot for dot, at the left edge; what is wider than the paper is cut off there."""
    image = raster.paint([Picture(16, 2, b"\xf0\x0f\xff\xff")], NARROW).convert("L")
    assert [0] * 4 + [255] * 8 + [0] * 4 == [image.getpixel((x, 0)) for x in range(16)]
    assert (384, 1) == raster.paint([Picture(800, 1, bytes(100))], NARROW).size


@settings(max_examples=25)
@given(a_document())
def test_no_document_raises(document: Document) -> None:
    """Whatever is in it, a picture comes out as wide as the paper."""
    assert 384 == painted(document).width
