"""A document as ESC/POS bytes: text in the printer's own Chinese font, or a picture, as the profile says.

Written after the Epson command reference and what Chinese printers make of it: Chinese mode is switched on (`FS &`)
and never left; sizes are given twice, because `GS !` acts on ASCII only on many and `FS !` on Chinese characters
only; the yen sign goes out as U+FFE5; no code page is ever selected.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.printer import builder
from devices.printer.document import Align, Barcode, Cut, Document, Feed, Kick, Picture, QrCode
from devices.printer.layout import PLACEHOLDER, Line, Row, in_gbk, lay_out, sanitise, wrap
from devices.printer.profile import Profile
from devices.printer.symbols import BARCODE_HEIGHT_DOTS, BARCODE_MODULE_DOTS, code128, code128_fits, qr_module_dots

INITIALISE = b"\x1b@"
CHINESE_ON = b"\x1c&"

TEAR_OFF_LINES = 4
"""What a printer without a cutter feeds, so that the last line passes the edge where paper is torn."""

MAX_FEED_LINES = 255
"""`ESC d` has one byte for it."""

_ALIGN = {"left": b"\x1ba\x00", "center": b"\x1ba\x01", "right": b"\x1ba\x02"}
_BOLD = {False: b"\x1bE\x00", True: b"\x1bE\x01"}
_DOUBLE = {False: b"\x1d!\x00\x1c!\x00", True: b"\x1d!\x11\x1c!\x0c"}
_CODE128 = 73


def encode(document: Document, profile: Profile) -> bytes:
    """The bytes of one print job, complete and independent of what was printed before.

    Text mode takes under a millisecond; pictures and the first call take tens to hundreds, so call it in an executor.
    It does not raise for any text: what cannot be printed becomes `〓`.
    """
    rows = lay_out(document, profile.columns)
    job = _Job(profile)
    if profile.encoding == "image":
        job.add_pictures(rows)
    else:
        for row in rows:
            job.add(row)
    return bytes(job.out)


@dataclass(slots=True)
class _Job:
    """Bytes so far, and the style the printer is in, so that a command is sent only where something changes."""

    profile: Profile
    out: bytearray = field(default_factory=lambda: bytearray(INITIALISE + CHINESE_ON))
    align: Align = "left"
    bold: bool = False
    double: bool = False

    def add(self, row: Row) -> None:
        match row:
            case Line():
                self._line(row)
            case QrCode(data):
                self._qr(data)
            case Barcode(data):
                self._barcode(data)
            case Picture():
                self._picture((row,))
            case Feed(lines):
                self._feed(lines)
            case Cut():
                self.out += builder.feed_and_cut() if self.profile.cutter else b"\x1bd" + bytes((TEAR_OFF_LINES,))
            case Kick():
                self.out += builder.kick()

    def add_pictures(self, rows: tuple[Row, ...]) -> None:
        """Everything that can be seen goes into pictures; what a printer has to do stays a command."""
        seen: list[Row] = []
        for row in rows:
            if not isinstance(row, Cut | Kick | Feed):
                seen.append(row)
                continue
            self._picture(tuple(seen))
            seen.clear()
            self.add(row)
        self._picture(tuple(seen))

    def _line(self, line: Line) -> None:
        if self.profile.encoding == "gbk" and not in_gbk(line.text):
            self._foreign_line(line)
            return
        self._style(line.align, bold=line.bold, double=line.double)
        self.out += line.text.encode(self.profile.encoding) + b"\n"

    def _foreign_line(self, line: Line) -> None:
        from devices.printer import raster

        if raster.can_draw(line.text):
            self._picture((line,))
        else:
            known = "".join(char if in_gbk(char) else PLACEHOLDER for char in line.text)
            self._line(Line(known, line.align, line.bold, line.double))

    def _style(self, align: Align, *, bold: bool = False, double: bool = False) -> None:
        if align != self.align:
            self.out += _ALIGN[align]
        if bold != self.bold:
            self.out += _BOLD[bold]
        if double != self.double:
            self.out += _DOUBLE[double]
        self.align, self.bold, self.double = align, bold, double

    def _qr(self, data: str) -> None:
        module_dots = qr_module_dots(data)
        if module_dots is None:
            self._text_instead(data)
        elif self.profile.native_qr:
            self._style("center")
            self.out += builder.native_qr(data, module_dots)
        else:
            self._picture((QrCode(data),))

    def _barcode(self, data: str) -> None:
        symbols = code128(data)
        if symbols is None or not code128_fits(data, self.profile.dots):
            self._qr(data)
        elif self.profile.native_barcode:
            self._style("center")
            self.out += bytes((0x1D, 0x68, BARCODE_HEIGHT_DOTS, 0x1D, 0x77, BARCODE_MODULE_DOTS))
            # The printer's own text below (GS H) shows set C as rubbish on many; it stays off, a line follows anyway.
            self.out += b"\x1dH\x00" + bytes((0x1D, 0x6B, _CODE128, len(symbols))) + symbols
        else:
            self._picture((Barcode(data),))

    def _text_instead(self, data: str) -> None:
        for text in wrap(sanitise(data), self.profile.columns):
            self._line(Line(text))

    def _picture(self, rows: tuple[Row, ...]) -> None:
        if not rows:
            return
        from devices.printer import raster

        self._style("left")
        self.out += builder.raster(raster.paint(rows, self.profile))

    def _feed(self, lines: int) -> None:
        if lines > 0:
            self.out += b"\x1bd" + bytes((min(lines, MAX_FEED_LINES),))
