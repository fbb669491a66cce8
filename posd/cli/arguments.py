"""What several commands take."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from posd.payment.amounts import AMOUNT_MAX, Fen, parse_yuan
from posd.payment.errors import AmountError

Subparsers = Any
"""argparse gives its collection of commands no public name."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def add_command(
    commands: Subparsers,
    name: str,
    run: Callable[[argparse.Namespace], int],
    about: str,
    *,
    prints_data: bool = False,
    example: str = "",
) -> argparse.ArgumentParser:
    """A command with its help; ``--json`` where it prints data."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog=f"Example: {example}" if example else None,
    )
    parser.set_defaults(command=run)
    if prints_data:
        parser.add_argument("--json", action="store_true", help="print JSON, as the API has it")
    return parser


def amount(text: str) -> Fen:
    """An argument in yuan, as fen."""
    try:
        fen = parse_yuan(text)
    except AmountError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not 0 < fen <= AMOUNT_MAX:
        raise argparse.ArgumentTypeError("an amount is from 0.01 to 1000000.00")
    return fen


def date(text: str) -> str:
    """An argument that is a business date."""
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no date; write it like 2026-11-20")
