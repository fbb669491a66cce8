"""What callers may send, as structures: the limits of the contract stand beside the names."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from posd.payment.auth_code import Wallet
from posd.payment.terms import Method

_TEXT = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"


def _text(at_most: int, about: str, at_least: int = 0) -> msgspec.Meta:
    return msgspec.Meta(
        min_length=at_least, max_length=at_most, description=about, extra_json_schema={"pattern": _TEXT}
    )


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The root of what callers send."""


class GoodsBody(Body, frozen=True):
    """One line of the bill."""

    goods_id: Annotated[str, _text(32, "the article's number", 1)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    price: Annotated[int, msgspec.Meta(ge=0, le=100_000_000, description="fen")]
    name: Annotated[str, _text(256, "the article's name")] | None = None


class PaymentBody(Body, frozen=True):
    """A payment to start. At most one of ``authCode``, ``faceCode`` and ``method``."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=100_000_000, description="fen")]
    auth_code: Annotated[str, _text(64, "the code in the customer's wallet", 1)] | None = None
    face_code: Annotated[str, _text(128, "what the face SDK gave", 1)] | None = None
    openid: Annotated[str, _text(128, "the customer, as the face SDK names him")] | None = None
    method: Method | None = None
    wallet: Wallet | None = None
    reference: Annotated[str, _text(64, "the POS's own bill number")] | None = None
    description: Annotated[str, _text(128, "shown in the customer's wallet")] | None = None
    operator: Annotated[str, _text(32, "the cashier")] | None = None
    attach: Annotated[str, _text(128, "given back by the gateway")] | None = None
    goods: Annotated[tuple[GoodsBody, ...], msgspec.Meta(max_length=100)] | None = None
    window: (
        Annotated[float, msgspec.Meta(ge=2, le=600, description="seconds instead of the configured window")] | None
    ) = None


class RefundBody(Body, frozen=True):
    """A refund to start. ``amount`` counts against the order's amount."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=100_000_000, description="fen")]
    reason: Annotated[str, _text(128, "why")] | None = None


class ReceiptBody(Body, frozen=True):
    """Whose receipt to print."""

    kind: Literal["customer", "merchant"] = "customer"


class NoBody(Body, frozen=True):
    """A call that takes nothing."""
