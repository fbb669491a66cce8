"""The one line that a payment leaves in the log when it ends."""

from __future__ import annotations

import logging

from posd.logs import fields
from posd.payment.amounts import format_yuan
from posd.payment.payment import Payment

_log = logging.getLogger(__name__)


def log_payment(payment: Payment, queries: int) -> None:
    """Say how a payment ended. ``queries``: how often the gateway was asked by this process."""
    duration_ms = duration_of(payment)
    reason = payment.cause.reason.value if payment.cause is not None else None
    wallet = payment.wallet.value if payment.wallet is not None else None
    words = [payment.order_no, payment.status.value, format_yuan(payment.amount)]
    words += [word for word in (wallet, reason) if word is not None]
    text = f"{' '.join(words)} in {duration_ms / 1000:.2f} s, {queries} queries"
    amounts = payment.amounts
    _log.log(
        logging.WARNING if payment.attention else logging.INFO,
        text,
        extra=fields(
            order_no=payment.order_no,
            payment_id=payment.payment_id,
            reference=payment.reference,
            status=payment.status.value,
            reason=reason,
            method=payment.method.value,
            wallet=wallet,
            gateway=payment.gateway,
            amount_fen=payment.amount,
            pay_amount_fen=amounts.pay_amount if amounts is not None else None,
            duration_ms=duration_ms,
            queries=queries,
            attention=int(bool(payment.attention)),
        ),
    )


def duration_of(payment: Payment) -> int:
    """Milliseconds from submit (where nothing was sent: from its creation) to the end."""
    began_ms = payment.submitted_at_ms if payment.submitted_at_ms is not None else payment.created_at_ms
    return max(0, (payment.resolved_at_ms or began_ms) - began_ms)
