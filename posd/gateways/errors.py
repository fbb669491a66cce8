"""What can go wrong on the way to a gateway: one tree, of which the one question is whether the request left."""

from __future__ import annotations


class GatewayError(Exception):
    """The root of the errors of this package."""


class TransportError(GatewayError):
    """There is no answer. The message says why, without anything of the request."""


class NotSentError(TransportError):
    """The request certainly never left: it may be sent again without any danger."""


class NoAnswerError(TransportError):
    """The request may have arrived, in whole: only the gateway knows what became of it."""
