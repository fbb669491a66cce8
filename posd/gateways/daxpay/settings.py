"""What the configuration says of a DaxPay gateway. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from posd.payment.auth_code import Secret

SIGN_TYPES = ("HMAC_SHA256", "MD5")
API_VERSIONS = ("2.0.8", "2.0.6")


@dataclass(frozen=True, slots=True)
class DaxpaySettings:
    """The keys of a ``daxpay`` gateway. Raises ValueError for a value that no version of the platform knows."""

    secret: Secret
    """The signing key, from the platform's own page (``secret_file``)."""
    sign_type: str = "HMAC_SHA256"
    """``HMAC_SHA256`` or ``MD5``, as it is set on the platform."""
    client_ip: str = "127.0.0.1"
    """The address of this terminal; the platform hands it on to the wallet, and WeChat insists on one."""
    api: str = "2.0.8"
    """Which generation of paths and calls the platform has: ``2.0.8`` (2.0.7 too) or ``2.0.6``."""
    notify_url: str | None = None
    """Where the platform shall send its notifications."""

    def __post_init__(self) -> None:
        if self.sign_type not in SIGN_TYPES:
            raise ValueError(f"sign_type is one of {', '.join(SIGN_TYPES)}")
        if self.api not in API_VERSIONS:
            raise ValueError(f"api is one of {', '.join(API_VERSIONS)}")
        if not 0 < len(self.client_ip) <= _CLIENT_IP_LIMIT:
            raise ValueError(f"client_ip has 1 to {_CLIENT_IP_LIMIT} characters")
        if len(self.notify_url or "") > _NOTIFY_URL_LIMIT:
            raise ValueError(f"notify_url has at most {_NOTIFY_URL_LIMIT} characters")


# The lengths of clientIp and notifyUrl in every request of the platform.
_CLIENT_IP_LIMIT = 64
_NOTIFY_URL_LIMIT = 200
