"""The code in the customer's wallet (付款码): which wallet shows it, and how to write it without giving it away."""

from __future__ import annotations

import re
from enum import StrEnum

from posd.payment.errors import InvalidAuthCode


class Wallet(StrEnum):
    """Where the customer pays from."""

    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    UNIONPAY = "UNIONPAY"
    ECNY = "ECNY"
    JDPAY = "JDPAY"
    BESTPAY = "BESTPAY"
    OTHER = "OTHER"


class Secret:
    """A text that does not print itself: auth codes, face codes, keys, tokens.

    ``reveal()`` is the only way to the text, so that every place that uses it can be found.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; for the wire and for signatures only."""
        return self._text

    def masked(self) -> str:
        """Its first two and last four characters, the form in which a code may be shown."""
        return mask(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


def mask(text: str) -> str:
    """A credential as it may be shown: ``13************6789``; a short one loses everything."""
    if len(text) < _SHORTEST_MASKABLE:
        return "*" * len(text)
    return f"{text[:2]}{'*' * (len(text) - 6)}{text[-4:]}"


# Six characters are shown; of a text that is hardly longer, nothing may be.
_SHORTEST_MASKABLE = 12

# The order matters: CCB's own codes (龙支付) look like UnionPay's and are paid through it.
_SHAPES = (
    (re.compile(r"1[0-5]\d{16}"), Wallet.WECHAT),
    (re.compile(r"(?:2[5-9]|30)\d{14,22}"), Wallet.ALIPAY),
    (re.compile(r"fp[0-9A-Za-z]{33}"), Wallet.ALIPAY),
    (re.compile(r"62\d{17}"), Wallet.UNIONPAY),
    (re.compile(r"01\d{17}"), Wallet.ECNY),
    (re.compile(r"18\d{16}"), Wallet.JDPAY),
    (re.compile(r"51\d{16}"), Wallet.BESTPAY),
    (re.compile(r"(?:83|91)\d{16}"), Wallet.OTHER),
)


def wallet_of(code: str) -> Wallet | None:
    """The wallet that shows codes of this shape; None where none does, so it is goods, not a payment."""
    if not code.isascii():
        return None
    return next((wallet for shape, wallet in _SHAPES if shape.fullmatch(code)), None)


class AuthCode(Secret):
    """A payment code, checked for its shape; single-use and alive for about a minute.

    Raises InvalidAuthCode for a text that no wallet shows.
    """

    __slots__ = ("wallet",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        wallet = wallet_of(text)
        if wallet is None:
            raise InvalidAuthCode("this is no payment code: WeChat has 18 digits from 10-15, Alipay 16-24 from 25-30")
        self.wallet = wallet

    def __repr__(self) -> str:
        return f"AuthCode({self.wallet}, {self.masked()})"

    __str__ = __repr__
