"""PURE. What one printer can do, and what follows from that for its paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devices.printer.layout import COLUMNS_BY_PAPER_MM

Encoding = Literal["gb18030", "gbk", "image"]

DOTS_PER_COLUMN = 12
"""Font A of every thermal printer with 203 dots an inch."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A printer's paper and abilities. Raises ValueError for paper or an encoding that does not exist."""

    paper_mm: int = 58
    """58 (32 columns, 384 dots) or 80 (48 columns, 576 dots)."""
    encoding: Encoding = "gb18030"
    """`gb18030`: text, any character; `gbk`: text, and a picture of each line the printer's font lacks something of;
    `image`: everything as a picture, for printers without a Chinese font."""
    native_qr: bool = True
    """It draws QR codes itself (`GS ( k`). The common 58 mm ones without this: POS-5890, NT-5890K, ZJ-5870."""
    native_barcode: bool = True
    """It draws CODE128 itself (`GS k`)."""
    cutter: bool = True
    """It has a cutter. Without one, the paper is fed to where it can be torn."""

    def __post_init__(self) -> None:
        if self.paper_mm not in COLUMNS_BY_PAPER_MM:
            raise ValueError(f"no such paper: {self.paper_mm} mm; there is {sorted(COLUMNS_BY_PAPER_MM)}")
        if self.encoding not in ("gb18030", "gbk", "image"):
            raise ValueError(f'no such encoding: {self.encoding!r}; there is "gb18030", "gbk" and "image"')

    @property
    def columns(self) -> int:
        """Columns of a line in the normal font."""
        return COLUMNS_BY_PAPER_MM[self.paper_mm]

    @property
    def dots(self) -> int:
        """Dots of a line."""
        return self.columns * DOTS_PER_COLUMN
