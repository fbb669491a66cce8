"""Which addresses money may be sent to. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def checked_base_url(url: str) -> str:
    """A base URL without the slash at its end. Raises ValueError unless it is https, or http on the loopback.

    The message does not repeat it: what stands before an ``@`` may be a password.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("no base URL; write it like https://pay.example, with nothing behind ? or # or before @")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("http:// is only for the loopback: payments would travel in the clear")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its own name or number; names are not resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
