"""What posd does not do although it was asked to: the root of all such errors, wherever they are raised."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """Nothing was changed. ``code`` is stable, the message says what to do."""

    code: ClassVar[str]
    status: ClassVar[int] = 409
    """The HTTP status that goes with it."""
    retryable: ClassVar[bool] = False
