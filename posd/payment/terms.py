"""What the machine must know of a gateway and of the configuration: numbers, no names of fields."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Method(StrEnum):
    """How the customer pays."""

    BARCODE = "barcode"
    FACE = "face"
    QR = "qr"


class VoidTerms(msgspec.Struct, frozen=True):
    """What a gateway allows and proves when an order must not stand."""

    floor_ms: int = 0
    """A cancel is not sent earlier than this after submit."""
    deadline_ms: int | None = None
    """A cancel is refused later than this after submit; then only a refund is left. None: no such limit."""
    answer_proves: bool = True
    """Whether the answer to a cancel is proof, or only says that it was taken."""
    reverses_paid: bool = True
    """Whether a cancel also undoes what was paid; where it does not, a paid order is refunded in full."""


class Rules(msgspec.Struct, frozen=True):
    """The numbers by which one payment is asked for and voided."""

    void: VoidTerms = VoidTerms()
    arrival_horizon_ms: int = 60_000
    """After this a request that the gateway does not know will not arrive any more: the code has died."""
    poll_interval_ms: int = 1_000
    max_inflight_queries: int = 4
