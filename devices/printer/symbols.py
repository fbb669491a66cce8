"""PURE. Sizes of QR codes and CODE128 bar codes, and how the latter's data is split over code sets."""

from __future__ import annotations

QR_MODULE_DOTS_BY_BYTES = ((62, 6), (213, 5), (560, 3))
"""Data of up to so many bytes (versions 4, 9 and 18 at error correction M) gets modules of so many dots, which keeps
the code under 300 dots: readable by a phone over the counter, and narrower than the narrowest paper."""

MAX_QR_BYTES = QR_MODULE_DOTS_BY_BYTES[-1][0]
"""Longer data is printed as text: no scanner at a till reads finer modules from thermal paper."""

BARCODE_HEIGHT_DOTS = 64
"""8 mm: what a hand scanner needs to be held without aiming."""
BARCODE_MODULE_DOTS = 2
"""The narrowest bar that printers offer (0.25 mm)."""

_CODE128_FIXED_MODULES = 11 + 11 + 13
"""Start, check and stop symbols. The quiet zones are the paper's own margins, 5 mm on each side."""
_CODE128_SYMBOL_MODULES = 11


def qr_module_dots(data: str) -> int | None:
    """Dots a module for a QR code of this data; None when it is too long for a receipt."""
    size = len(data.encode("utf-8", "replace"))
    return next((dots for limit, dots in QR_MODULE_DOTS_BY_BYTES if 0 < size <= limit), None)


def code128(data: str) -> bytes | None:
    """`GS k` data for CODE128: set B, and set C (two digits a symbol) for the digits it ends with.

    None for what CODE128 B does not have: anything but printable ASCII.
    """
    if not data or not all(" " <= char <= "~" for char in data):
        return None
    head, tail = _split(data)
    out = b""
    if head:
        out += b"{B" + head.replace("{", "{{").encode("ascii")
    if tail:
        out += b"{C" + bytes(int(tail[i : i + 2]) for i in range(0, len(tail), 2))
    return out


def code128_modules(data: str) -> int:
    """Width in modules of what `code128` makes, without quiet zones."""
    head, tail = _split(data)
    symbols = len(head) + len(tail) // 2 + (1 if head and tail else 0)
    return _CODE128_FIXED_MODULES + _CODE128_SYMBOL_MODULES * symbols


def code128_fits(data: str, paper_dots: int) -> bool:
    """Whether a printer would draw it: one that is too wide is left out silently by most."""
    return code128(data) is not None and code128_modules(data) * BARCODE_MODULE_DOTS <= paper_dots


def _split(data: str) -> tuple[str, str]:
    """The data without and the even run of digits at its end; fewer than four digits are not worth the change."""
    digits = len(data) - len(data.rstrip("0123456789"))
    digits -= digits % 2
    if digits < 4 and digits != len(data):
        digits = 0
    return data[: len(data) - digits], data[len(data) - digits :]
