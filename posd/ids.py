"""Names that are never used twice: of payments, refunds and print jobs, and the order numbers sent to gateways."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, tzinfo

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_CHARACTERS = 10
_RANDOM_CHARACTERS = 16

ORDER_NO_SERIAL = 4
"""Characters after the second of an order number. The first is a letter: no payment code has one, so that a receipt
scanned by mistake is never taken for the customer's wallet. 720,000 numbers a second on each terminal."""

REFUND_NO_SERIAL = 3
"""What the longest order number leaves of the 32 characters that the gateways take, after the letter."""


class Ids:
    """Makes names. ``below`` gives a random number below its argument; the system's source unless a seed is wanted."""

    def __init__(self, below: Callable[[int], int] = secrets.randbelow) -> None:
        self._below = below

    def new(self, prefix: str, now_ms: int) -> str:
        """``pay_01KAF3…``: a prefix and a ULID, so that names sort by the time they were made."""
        # One large number: each small one would ask the system for its randomness anew.
        random = self._below(1 << 5 * _RANDOM_CHARACTERS)
        return f"{prefix}_{_characters(now_ms, _TIME_CHARACTERS)}{_characters(random, _RANDOM_CHARACTERS)}"

    def order_no(self, prefix: str, terminal_id: str, now_ms: int, zone: tzinfo) -> str:
        """``0101261120103015K7QM``: the gateway's own prefix, the terminal, the time, a serial.

        At most 28 characters of the 32 that the gateways take: refund numbers add to it.
        """
        moment = datetime.fromtimestamp(now_ms / 1000, zone).strftime("%y%m%d%H%M%S")
        serial = _LETTERS[self._below(len(_LETTERS))]
        serial += "".join(_CROCKFORD[self._below(32)] for _ in range(ORDER_NO_SERIAL - 1))
        return f"{prefix}{terminal_id}{moment}{serial}"

    def refund_no(self, order_no: str, count: int, *, others_may_exist: bool) -> str:
        """The number of the ``count``-th refund of an order: ``…R1``.

        Where others may have been made that are in no journal any more, ``…S7QM``: a number that was used would only
        repeat the refund that it was used for.
        """
        if not others_may_exist:
            return f"{order_no}R{count}"
        return f"{order_no}S{_characters(self._below(1 << 5 * REFUND_NO_SERIAL), REFUND_NO_SERIAL)}"

    def nonce(self) -> str:
        """32 hexadecimal digits that a request carries so that no two are alike."""
        # One below 128 bits, or the system's source is asked for 129 and every other draw is thrown away.
        return f"{self._below((1 << 128) - 1):032x}"


def _characters(number: int, count: int) -> str:
    """The lowest ``5 * count`` bits of a number, the highest first."""
    return "".join(_CROCKFORD[number >> (5 * place) & 31] for place in reversed(range(count)))
