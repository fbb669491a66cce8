"""What the configuration says of a ChinaUMS gateway. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from posd.payment.auth_code import Secret


@dataclass(frozen=True, slots=True)
class ChinaumsSettings:
    """The keys of a ``chinaums`` gateway. Raises ValueError for a value that the document rules out."""

    app_id: str
    """Names this client in the ``Authorization`` header."""
    app_key: Secret
    """Signs the requests (``app_key_file``)."""
    mid: str
    """The merchant (商户号)."""
    tid: str
    """The terminal (终端号)."""
    inst_mid: str
    """The kind of business (业务类型) of orders that the customer pays by himself, e.g. ``APPDEFAULT``."""
    source_id: str
    """The four characters (来源编号) with which every order number must begin."""
    notify_key: Secret
    """Signs the platform's notifications (``notify_key_file``)."""
    notify_url: str | None = None
    """Where the platform shall send its notifications."""

    def __post_init__(self) -> None:
        if len(self.source_id) != _SOURCE_ID_LENGTH or not self.source_id.isalnum() or not self.source_id.isascii():
            raise ValueError(f"source_id has {_SOURCE_ID_LENGTH} letters or digits")
        for name, value, least, most in (
            ("mid", self.mid, *_MID_LENGTHS),
            ("tid", self.tid, *_TID_LENGTHS),
            ("inst_mid", self.inst_mid, *_INST_MID_LENGTHS),
            ("notify_url", self.notify_url or "", 0, _NOTIFY_URL_LIMIT),
        ):
            if not least <= len(value) <= most:
                raise ValueError(f"{name} has {least} to {most} characters")


# ChinaUMS 1.1 下单 and its table of fields.
_SOURCE_ID_LENGTH = 4
_MID_LENGTHS = (8, 32)
_TID_LENGTHS = (2, 32)
_INST_MID_LENGTHS = (8, 32)
_NOTIFY_URL_LIMIT = 255
