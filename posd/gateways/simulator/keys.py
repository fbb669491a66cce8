"""The simulator's keys: made anew in each run, or kept in a directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

# Both UMF documents allow 256 characters for a signature, so their keys have 1024 bits: 172 characters in Base64.
_RSA_BITS = 1024
_TOKEN_BYTES = 16


class KeyRing:
    """Named secrets. With a directory they are read from it, and written to it (mode 0600) where it has none yet.

    Reading and writing block; it is done while the simulator is built.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    def token(self, protocol: str, name: str) -> str:
        """A shared secret: 32 hexadecimal digits in upper case."""
        return self._kept(f"{protocol}.{name}") or self._keep(
            f"{protocol}.{name}", secrets.token_hex(_TOKEN_BYTES).upper()
        )

    def rsa(self, protocol: str, name: str) -> str:
        """An RSA private key of 1024 bits as PEM (PKCS#8)."""
        file = f"{protocol}.{name}.pem"
        return self._kept(file) or self._keep(file, _new_rsa_key())

    def _kept(self, name: str) -> str | None:
        if self._directory is None or not (self._directory / name).exists():
            return None
        return (self._directory / name).read_text("ascii").strip()

    def _keep(self, name: str, text: str) -> str:
        if self._directory is not None:
            write_secret(self._directory / name, text)
        return text.strip()


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text if text.endswith("\n") else text + "\n")


def _new_rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)  # as the documents have it
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
