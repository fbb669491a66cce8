"""What the configuration says of a 惠商+ gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from posd.gateways.umf import check_notify_url
from posd.payment.auth_code import Secret


@dataclass(frozen=True, slots=True)
class UmfHuishangSettings:
    """``[gateways.X]`` with ``protocol = "umf-huishang"``. Raises ValueError for an address the platform refuses."""

    sub_mer_id: str
    """``subMerId``: the merchant, 8 characters."""
    proxy_id: str
    """``proxyId``: the integrator, 4 characters."""
    private_key: Secret
    """The merchant's RSA key."""
    platform_key: Secret
    """The platform's RSA key or certificate."""
    notify_url: str | None = None
    """Where the platform sends its notifications; http or https."""
    request_body: Literal["form", "raw"] = "form"
    """``form``: ``context`` as a form field, URL-encoded; ``raw``: as the examples of the document print it."""

    def __post_init__(self) -> None:
        check_notify_url(self.notify_url, "http|https")
        if self.request_body not in ("form", "raw"):
            raise ValueError('request_body: write "form" or "raw"')
