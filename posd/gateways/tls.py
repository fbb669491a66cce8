"""Whom to believe on the other end of a TLS connection. Verification cannot be switched off, only narrowed."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence
from typing import Literal


def tls_of(ca_file: str | None, pins: Sequence[str]) -> ssl.SSLContext | Literal[True]:
    """What aiohttp takes for ``ssl``: its own verifying context, made when it is imported, or a stricter one.

    ``ca_file`` replaces the system's authorities; ``pins`` are SHA-256 sums (hexadecimal) of public keys, of which the
    gateway must show one besides a certificate that verifies. Raises OSError for a file that cannot be used.
    """
    if ca_file is None and not pins:
        # Reading the system's authorities takes 25 ms of the start, and aiohttp has done so already.
        return True
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    if pins:
        context.sslobject_class = _pinned_to(frozenset(pin.lower() for pin in pins))
    return context


def pin_of(certificate: bytes) -> str:
    """The SHA-256 of the public key of a certificate (DER), as ``openssl`` prints it for its SubjectPublicKeyInfo."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _pinned_to(pins: frozenset[str]) -> type[ssl.SSLObject]:
    """The object of a connection whose handshake fails for any other key: before a byte of ours is sent."""

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True)
            found = pin_of(certificate) if certificate else "none"
            if found not in pins:
                raise ssl.SSLCertVerificationError(f"its key is {found}, which pin_sha256 does not name")

    return Pinned
