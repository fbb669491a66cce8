"""From the payment machine's words to the gateways': what to charge, which order is meant. Pure."""

from __future__ import annotations

import msgspec

from posd.gateways.base import Goods, OrderRef, PayOrder, RefundOrder
from posd.payment.amounts import Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.payment.terms import Method
from posd.payment.verdicts import Pending


class Order(msgspec.Struct, frozen=True):
    """What the POS asks for. ``method`` None: whichever comes first, a scan or a face."""

    amount: Fen
    method: Method | None = None
    auth_code: Secret | None = None
    face_code: Secret | None = None
    openid: str | None = None
    wallet: Wallet | None = None
    reference: str | None = None
    description: str | None = None
    operator: str | None = None
    attach: str | None = None
    goods: tuple[Goods, ...] = ()
    window_ms: int | None = None


class Credential(msgspec.Struct, frozen=True):
    """What the customer showed."""

    secret: Secret | None
    method: Method
    wallet: Wallet | None
    openid: str | None = None


class Till(msgspec.Struct, frozen=True):
    """Which till this is, as gateways want to know."""

    terminal_id: str
    store_id: str
    store_name: str
    operator: str


def pay_order(payment: Payment, order: Order, credential: Credential, till: Till) -> PayOrder:
    """What to charge for a payment that has just been submitted."""
    return PayOrder(
        order_no=payment.order_no,
        amount=payment.amount,
        method=credential.method,
        wallet=credential.wallet,
        description=order.description or till.store_name or till.store_id or payment.order_no,
        operator=order.operator or till.operator,
        terminal_id=till.terminal_id,
        store_id=till.store_id,
        credential=credential.secret,
        openid=credential.openid,
        attach=order.attach,
        goods=order.goods,
        expires_at_ms=payment.window_ends_ms() if credential.method is Method.QR else None,
    )


def order_ref(payment: Payment, till: Till) -> OrderRef:
    """A payment as later calls name it."""
    paid = payment.paid
    known_paid = True if paid else False if isinstance(payment.standing, Pending) else None
    return OrderRef(
        order_no=payment.order_no,
        amount=payment.amount,
        method=payment.method,
        wallet=payment.wallet,
        submitted_at_ms=payment.submitted_at_ms or payment.created_at_ms,
        operator=payment.operator or till.operator,
        trade_no=paid.trade_no if paid else None,
        known_paid=known_paid,
        pay_amount=paid.amounts.pay_amount if paid else None,
    )


def refund_order(refund: Refund, payment: Payment, till: Till) -> RefundOrder:
    """A refund as the gateways want it."""
    return RefundOrder(
        refund_no=refund.refund_no,
        amount=refund.amount,
        order=order_ref(payment, till),
        requested_at_ms=refund.created_at_ms,
        reason=refund.reason,
    )


def void_refund(payment: Payment, till: Till) -> RefundOrder:
    """The refund in full that stands in for a cancel that came too late."""
    return RefundOrder(
        refund_no=payment.void_refund_no,
        amount=payment.amount,
        order=order_ref(payment, till),
        requested_at_ms=payment.void_requested_at_ms or payment.turned_up_at_ms or payment.created_at_ms,
    )
