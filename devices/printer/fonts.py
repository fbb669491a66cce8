"""Fonts for receipts as pictures: what is installed, which glyphs it has, cached.

Debian: `apt install fonts-wqy-microhei` (Chinese, small) or `fonts-noto-cjk` (more rare characters). Without any,
Latin text is still drawn and the rest shows as `〓`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont

FONT_FILES: tuple[tuple[str, int], ...] = (
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 1),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 7),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 1),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/usr/share/fonts/truetype/arphic/uming.ttc", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 0),
)
"""In order of preference, with the face inside a collection: the monospaced one for simplified Chinese."""

_NO_SUCH_CHARACTER = "\U0010fffe"
"""A noncharacter: what a font draws for it is its box for missing glyphs."""

GLYPHS_REMEMBERED = 8192
"""A few times the characters that a shop's receipts ever use."""


class Typeface:
    """One size of all usable fonts, asked in order. Glyph by glyph, since receipts mix what no one font has."""

    def __init__(self, size_px: int, files: Sequence[tuple[str, int]] = FONT_FILES) -> None:
        self._fonts = [font for path, index in files if (font := _load(path, index, size_px)) is not None]
        if not self._fonts and isinstance(latin := ImageFont.load_default(size_px), Font):
            self._fonts = [latin]
        self.font_for = functools.lru_cache(GLYPHS_REMEMBERED)(self._font_for)

    def _font_for(self, char: str) -> Font | None:
        """The first font that has this character; None if none does."""
        return next((font for font in self._fonts if _has(font, char)), None)


@functools.cache
def typeface(size_px: int) -> Typeface:
    """The installed fonts at this size; loading takes 20 ms, once."""
    return Typeface(size_px)


def _load(path: str, index: int, size_px: int) -> Font | None:
    if not Path(path).is_file():
        return None
    try:
        return ImageFont.truetype(path, size_px, index)
    except OSError:
        return None  # A broken font file must not cost a receipt; the next one is tried.


def _has(font: Font, char: str) -> bool:
    return char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask(_NO_SUCH_CHARACTER))
