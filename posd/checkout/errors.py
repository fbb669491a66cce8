"""Why the checkout does not take an order: one class a reason, each with the code of the API."""

from __future__ import annotations

from posd.refusals import Refusal


class NotFound(Refusal):
    """There is no such payment or refund."""

    code = "not_found"
    status = 404


class KeyReused(Refusal):
    """The idempotency key was used for something else."""

    code = "idempotency_key_reused"
    status = 422


class TerminalBusy(Refusal):
    """Another payment is waiting for a code."""

    code = "terminal_busy"
    retryable = True


class InvalidAuthCode(Refusal):
    """No wallet shows such a code."""

    code = "invalid_auth_code"
    status = 400


class WalletMismatch(Refusal):
    """The code is another wallet's."""

    code = "wallet_mismatch"
    status = 400


class AuthCodeUsed(Refusal):
    """The code was used within ten minutes."""

    code = "auth_code_used"


class MethodNotSupported(Refusal):
    """The gateway cannot take a payment this way."""

    code = "method_not_supported"
    status = 422


class DeviceUnavailable(Refusal):
    """What the payment needs is not connected."""

    code = "device_unavailable"
    status = 503
    retryable = True


class AlreadyPaid(Refusal):
    """It is paid: only a refund gives the money back."""

    code = "already_paid"


class AlreadyFinal(Refusal):
    """It has ended."""

    code = "already_final"


class NotRefundable(Refusal):
    """Only a paid payment can be refunded."""

    code = "not_refundable"


class RefundExceedsAmount(Refusal):
    """More than what is left of the order's amount."""

    code = "refund_exceeds_amount"
    status = 422


class Stopping(Refusal):
    """posd is being stopped and takes nothing new."""

    code = "stopping"
    status = 503
    retryable = True
