"""How commands print: JSON, tables, and colour only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from devices.printer.layout import width
from posd.payment.amounts import Fen, format_yuan
from posd.payment.events import Status
from posd.resources import PaymentResource

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}
_STATUS_COLOURS = {Status.PAID: "green", Status.FAILED: "red", Status.CANCELLED: "yellow"}


def paint(text: str, colour: str) -> str:
    """Coloured, where somebody looks."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


def print_json(value: Any) -> None:  # noqa: ANN401 - any structure
    """A structure as JSON, indented."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be; a Chinese character takes two."""
    widths = [max(width(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    for number, row in enumerate((heads, *rows)):
        cells = [cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)]
        line = "  ".join(cells).rstrip()
        print(paint(line, "bold") if number == 0 else line)


def yuan(amount: int | None) -> str:
    """Fen as yuan; ``-`` where they are not known."""
    return "-" if amount is None else format_yuan(Fen(amount))


def print_payment(payment: PaymentResource) -> None:
    """A payment, a fact a line."""
    colour = _STATUS_COLOURS.get(payment.status, "yellow")
    facts = [
        ("order", payment.order_no),
        ("status", paint(payment.status, colour)),
        ("reason", f"{payment.reason.code}: {payment.reason.message}" if payment.reason else None),
        ("amount", yuan(payment.amount)),
        ("discount", yuan(payment.coup_amount) if payment.coup_amount else None),
        ("paid", yuan(payment.pay_amount) if payment.pay_amount is not None else None),
        ("refunded", yuan(payment.refunded_amount) if payment.refunded_amount else None),
        ("wallet", payment.wallet),
        ("gateway", payment.gateway),
        ("trade no", payment.trade_no),
        ("reference", payment.reference),
        ("created", payment.created_at),
        ("resolved", payment.resolved_at),
        ("receipt", f"{payment.receipt.state}, {payment.receipt.copies} copies"),
    ]
    if payment.attention:
        facts.append(("attention", paint("a person should look at this payment", "red")))
    for name, value in facts:
        if value is not None:
            print(f"{name:<10} {value}")
