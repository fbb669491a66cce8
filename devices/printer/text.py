"""PURE. A document as plain text, for terminals, for the API and for previews."""

from __future__ import annotations

from collections.abc import Iterable

from devices.printer.document import Document, Feed, QrCode
from devices.printer.layout import Line, Row, lay_out, sanitise, width, wrap


def to_text(document: Document, columns: int) -> str:
    """Lines of at most `columns`, each with its line feed; codes are shown as the line of their data.

    Cuts, drawer kicks and pictures leave no trace.
    """
    return rows_to_text(lay_out(document, columns), columns)


def rows_to_text(rows: Iterable[Row], columns: int) -> str:
    """As `to_text`, of rows that are laid out already."""
    return "".join(f"{line}\n" for row in rows for line in _lines(row, columns))


def _lines(row: Row, columns: int) -> list[str]:
    match row:
        case Line():
            return [(" " * _indent(row, columns) + row.text).rstrip()]
        case QrCode(data):
            return wrap(sanitise(data), columns)
        case Feed(lines):
            return [""] * lines
        case _:
            return []


def _indent(line: Line, columns: int) -> int:
    free = columns - width(line.text)
    return {"left": 0, "center": free // 2, "right": free}[line.align]
