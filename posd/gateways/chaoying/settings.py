"""What Chaoying needs to know of the merchant."""

from __future__ import annotations

from dataclasses import dataclass, field

from posd.gateways.addresses import checked_base_url
from posd.payment.auth_code import Secret


@dataclass(frozen=True, slots=True)
class ChaoyingSettings:
    """The keys of ``[gateways.X]`` for ``protocol = "chaoying"``. Raises ValueError for what the document rules out."""

    agent_id: str
    """代理商编号: the agent, whose key signs."""
    mch_id: str
    """超赢商户号: the merchant."""
    key: Secret = field(repr=False)
    """The agent's key."""
    pid: str = "posd"
    """The caller's product, for the platform's own statistics."""
    version: str = "1.0"
    """The caller's version; the platform answers ``VER`` when it finds it too low."""
    face_base_url: str | None = None
    """Another host for getfaceauth; without it, ``base_url``."""
    notify_url: str | None = None
    """Where the platform announces payments by QR code; without it, it announces none."""

    def __post_init__(self) -> None:
        if self.face_base_url is not None:
            checked_base_url(self.face_base_url)
        # Chaoying 2.3 微信预下单: "通知url必须为直接可访问的url，不能携带参数".
        if self.notify_url is not None and "?" in self.notify_url:
            raise ValueError("notify_url must not carry parameters")
