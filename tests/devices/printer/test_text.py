"""Documents as plain text."""

from __future__ import annotations

from hypothesis import given

from devices.printer.document import Barcode, Cut, Document, Feed, Kick, Pair, Picture, QrCode, Rule, Text
from devices.printer.layout import width
from devices.printer.text import to_text
from tests.devices.printer.test_layout import COLUMNS, a_document


def test_receipt_as_text() -> None:
    """Aligned as on the paper; codes as their data, once; cuts, kicks and pictures leave nothing."""
    document = Document(
        (
            Text("示例店", align="center", double=True),
            Pair("金额", "¥12.50"),
            Rule(),
            Text("谢谢", align="right"),
            Feed(2),
            Barcode("A1"),
            QrCode("Q" * 40),
            Picture(8, 1, b"\xff"),
            Kick(),
            Cut(),
        )
    )
    expected = [
        "             示例店",
        "金额                     ￥12.50",
        "-" * 32,
        "                            谢谢",
        "",
        "",
        "               A1",
        "Q" * 32,
        "Q" * 8,
        "",
    ]
    assert expected == to_text(document, 32).split("\n")


@given(a_document(), COLUMNS)
def test_text_always_fits(document: Document, columns: int) -> None:
    """No document raises or makes a line wider than the paper, and nothing moves a terminal's cursor."""
    text = to_text(document, columns)
    assert not [line for line in text.split("\n") if width(line) > columns]
    assert not [char for char in text if char < " " and char != "\n"]
