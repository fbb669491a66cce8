"""What the configuration says of a UMF service-provider gateway."""

from __future__ import annotations

from dataclasses import dataclass

from posd.gateways.umf import check_notify_url
from posd.payment.auth_code import Secret


@dataclass(frozen=True, slots=True)
class UmfSpSettings:
    """``[gateways.X]`` with ``protocol = "umf-sp"``. Raises ValueError for an address that the platform refuses."""

    acq_sp_id: str
    """``acqSpId``: the service provider, up to 10 characters."""
    acq_mer_id: str
    """``acqMerId``: the merchant, 8 characters."""
    private_key: Secret
    """The merchant's RSA key."""
    platform_key: Secret
    """The platform's RSA key or certificate."""
    notify_url: str | None = None
    """``backUrl``: where the platform sends its notifications; http only, says its document."""

    def __post_init__(self) -> None:
        check_notify_url(self.notify_url, "http")
