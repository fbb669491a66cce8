"""Money: whole fen, never a float."""

from __future__ import annotations

import re
from typing import NewType

import msgspec

from posd.payment.errors import AmountError

Fen = NewType("Fen", int)
"""A sum of money in fen, a hundredth of a yuan; never negative where it stands for an amount."""

AMOUNT_MIN = Fen(1)
AMOUNT_MAX = Fen(100_000_000)
"""The largest amount of one payment: one million yuan."""

_YUAN = re.compile(r"(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,2}))?")


class Amounts(msgspec.Struct, frozen=True):
    """What an order cost and what was paid for it, in fen: ``pay_amount = amount - coup_amount``."""

    amount: Fen
    coup_amount: Fen
    pay_amount: Fen

    def __post_init__(self) -> None:
        if self.coup_amount < 0 or self.pay_amount < 0 or self.amount != self.coup_amount + self.pay_amount:
            raise AmountError(f"{self.amount} is not {self.coup_amount} + {self.pay_amount}")

    @classmethod
    def undiscounted(cls, amount: Fen) -> Amounts:
        """Everything was paid, nothing was given off."""
        return cls(amount, Fen(0), amount)

    @classmethod
    def paid(cls, amount: Fen, pay_amount: Fen) -> Amounts:
        """An order of ``amount`` for which ``pay_amount`` was really paid."""
        return cls(amount, Fen(amount - pay_amount), pay_amount)


def parse_yuan(text: str) -> Fen:
    """Yuan as a person types them, with at most two decimals (``12.5``, ``12.50``), in fen.

    Raises AmountError for anything else.
    """
    match = _YUAN.fullmatch(text)
    if match is None:
        raise AmountError(f"{text!r} is no amount in yuan; write it like 12.50")
    whole, decimals = match.groups()
    return Fen(int(whole) * 100 + int((decimals or "").ljust(2, "0")))


def format_yuan(amount: Fen) -> str:
    """Fen as yuan with two decimals: ``1250`` is ``12.50``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def parse_fen(value: object) -> Fen | None:
    """Fen as a gateway writes them: a number, a string of digits, zero-padded or not; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Fen(value) if 0 <= value <= _FEN_LIMIT else None
    if isinstance(value, str) and len(value) <= _FEN_DIGITS and value.isascii() and value.isdigit():
        return Fen(int(value))
    return None


# The longest amount field of the five gateways is 13 digits; a little more is room for zero padding.
_FEN_DIGITS = 20
_FEN_LIMIT = 10**_FEN_DIGITS
