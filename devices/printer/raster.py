"""Receipts as pictures, drawn with Pillow on the grid of the printer's own font: 12 dots a column, 30 a line.

For printers without a Chinese font, for single lines that a printer cannot print, and for people (PNG). Everything
here blocks for milliseconds: call it in an executor. Threads take turns, since a font must not be used by two at once.
"""

from __future__ import annotations

import functools
import io
import math
import threading
import time
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps

from devices.printer.document import Barcode, Cut, Document, Feed, Kick, Picture, QrCode
from devices.printer.fonts import typeface
from devices.printer.layout import PLACEHOLDER, Line, Row, lay_out, sanitise, width, wrap
from devices.printer.profile import DOTS_PER_COLUMN, Profile
from devices.printer.stand_ins import LOADING
from devices.printer.symbols import BARCODE_HEIGHT_DOTS, BARCODE_MODULE_DOTS, code128_fits, qr_module_dots

FONT_DOTS = 24
LINE_DOTS = 30
BASELINE_DOTS = 23
"""Where letters stand, from the top of the line: Chinese characters reach three dots below, Latin ones six above."""
INK = 144
"""Grey up to here becomes black; a little above the middle, since thermal dots come out thin."""
WHITE = 255
QUIET_DOTS = 12
"""White above and below a code."""
BORDER_DOTS = 24
"""White around the paper in a picture for people."""

CELLS_REMEMBERED = 2048
"""Drawn characters, 1 to 3 KB each: a shop prints a few hundred different ones, and drawing takes 0.1 ms each."""
BREATH_S = 0.0002
"""Between lines the thread lets go of the interpreter, or the event loop would get its turn only every 5 ms."""

_lock = threading.Lock()


def to_png(document: Document, profile: Profile) -> bytes:
    """The receipt as a PNG for people: black on white, with a border, one pixel a dot. Cuts and kicks are not shown."""
    return png(lay_out(document, profile.columns), profile)


def png(rows: Sequence[Row], profile: Profile) -> bytes:
    """As `to_png`, of rows that are laid out already."""
    out = io.BytesIO()
    ImageOps.expand(paint(rows, profile), BORDER_DOTS, WHITE).save(out, "PNG", optimize=True)
    return out.getvalue()


def paint(rows: Sequence[Row], profile: Profile) -> Image.Image:
    """The rows from top to bottom on a black-and-white picture (mode `1`), as wide as the paper and never empty."""
    with _lock:
        strips = [strip for row in rows for strip in _strips(row, profile)]
        paper = Image.new("L", (profile.dots, max(1, sum(strip.height for strip in strips))), WHITE)
        top = 0
        for strip in strips:
            paper.paste(strip, (0, top))
            top += strip.height
    return paper.point(lambda grey: WHITE if grey > INK else 0).convert("1", dither=Image.Dither.NONE)


def can_draw(text: str) -> bool:
    """Whether the installed fonts have every character of it."""
    with _lock:
        return all(typeface(FONT_DOTS).font_for(char) is not None for char in text)


def _strips(row: Row, profile: Profile) -> list[Image.Image]:
    match row:
        case Line():
            return [_line(row, profile)]
        case QrCode(data):
            return _qr(data, profile)
        case Barcode(data) if code128_fits(data, profile.dots):
            return [_bars(data, profile)]
        case Barcode(data):
            return _qr(data, profile)
        case Picture():
            return [_picture(row, profile)]
        case Feed(lines):
            return [_white(profile, LINE_DOTS * lines)] if lines > 0 else []
        case Cut() | Kick():
            return []


def _white(profile: Profile, height_dots: int) -> Image.Image:
    return Image.new("L", (profile.dots, height_dots), WHITE)


def _line(line: Line, profile: Profile) -> Image.Image:
    time.sleep(BREATH_S)
    scale = 2 if line.double else 1
    strip = _white(profile, LINE_DOTS * scale)
    free = profile.columns - line.columns
    left = {"left": 0, "center": free * DOTS_PER_COLUMN // 2, "right": free * DOTS_PER_COLUMN}[line.align]
    for char in line.text:
        cell = _cell(char, scale, is_bold=line.bold)
        strip.paste(cell, (left, 0))
        left += cell.width
    return strip


@functools.lru_cache(CELLS_REMEMBERED)
def _cell(char: str, scale: int, *, is_bold: bool) -> Image.Image:
    """One character in its cell; a glyph that is wider is squeezed, so that no font can move the columns."""
    cell = Image.new("L", (width(char) * DOTS_PER_COLUMN * scale, LINE_DOTS * scale), WHITE)
    font = None if char == PLACEHOLDER else typeface(FONT_DOTS * scale).font_for(char)
    if font is None:
        for top in (4, 17):
            bar = (2 * scale, top * scale, cell.width - 3 * scale, (top + 5) * scale)
            ImageDraw.Draw(cell).rectangle(bar, 0)
        return cell
    canvas = Image.new("L", (max(cell.width, math.ceil(font.getlength(char))), cell.height), WHITE)
    for shift in (0, 1) if is_bold else (0,):
        ImageDraw.Draw(canvas).text((canvas.width // 2 + shift, BASELINE_DOTS * scale), char, 0, font, "ms")
    cell.paste(canvas.resize(cell.size) if canvas.width > cell.width else canvas)
    return cell


def _qr(data: str, profile: Profile) -> list[Image.Image]:
    module_dots = qr_module_dots(data)
    if module_dots is None:
        return [_line(Line(text), profile) for text in wrap(sanitise(data), profile.columns)]
    with LOADING:
        import qrcode

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(data)
    return [_modules(code.get_matrix(), module_dots, module_dots, profile)]


def _bars(data: str, profile: Profile) -> Image.Image:
    with LOADING:
        from barcode.codex import Code128

    modules = [bar == "1" for bar in Code128(data).build()[0]]
    return _modules([modules], BARCODE_MODULE_DOTS, BARCODE_HEIGHT_DOTS, profile)


def _modules(matrix: Sequence[Sequence[bool]], wide: int, high: int, profile: Profile) -> Image.Image:
    """Modules of so many dots each, in the middle of the paper, with white above and below."""
    columns, rows = len(matrix[0]), len(matrix)
    code = Image.new("L", (columns, rows), WHITE)
    code.putdata([0 if module else WHITE for row in matrix for module in row])
    code = code.resize((columns * wide, rows * high), Image.Resampling.NEAREST)
    strip = _white(profile, code.height + 2 * QUIET_DOTS)
    strip.paste(code, ((profile.dots - code.width) // 2, QUIET_DOTS))
    return strip


def _picture(picture: Picture, profile: Profile) -> Image.Image:
    dots = Image.frombytes("1", (picture.width_dots, picture.height_dots), picture.bits)
    strip = _white(profile, picture.height_dots)
    strip.paste(ImageOps.invert(dots.convert("L")), (0, 0))
    return strip
