"""What can go wrong inside the pure part: one tree, so that a caller can catch all of it."""

from __future__ import annotations


class PaymentError(Exception):
    """The root of the errors of this package."""


class AmountError(PaymentError):
    """Amounts that do not add up or are no amounts."""


class InvalidAuthCode(PaymentError):
    """A text that no wallet shows as a payment code; the message does not repeat it."""


class ImpossibleTransition(PaymentError):
    """An event that cannot happen to a payment in this state; nothing was changed."""
