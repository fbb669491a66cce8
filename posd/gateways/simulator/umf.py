"""What both UMF platforms have in common: two pairs of keys, and signatures that can be wrong on purpose. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization

from posd.gateways.rsa_keys import RsaPrivateKey
from posd.gateways.simulator.fields import moment_ms
from posd.gateways.simulator.protocol import Seal
from posd.payment.auth_code import Secret

if TYPE_CHECKING:
    from posd.gateways.simulator.keys import KeyRing

# How far a client's clock may be off before it is worth a look.
_CLOCK_OFF_MS = 10 * 60_000
# What an answer is signed for that is not rightly signed.
_ANOTHER_TEXT = "not this answer"


class UmfKeys:
    """The merchant's key, to verify with (and to hand out), and the platform's, to sign with."""

    def __init__(self, keys: KeyRing, protocol: str) -> None:
        self._merchant_pem, platform_pem = keys.rsa(protocol, "merchant"), keys.rsa(protocol, "platform")
        self._platform = _loaded(platform_pem)
        self._platform_public = _public_pem(platform_pem)
        self._merchant = _loaded(self._merchant_pem).public_key()

    def settings(self) -> dict[str, Secret]:
        """The client's side of both pairs, under the names of the configuration."""
        return {"private_key": Secret(self._merchant_pem), "platform_key": Secret(self._platform_public)}

    def verify(self, text: str, signature: object) -> bool:
        """Whether it is the merchant's signature; what is no text is none."""
        return isinstance(signature, str) and self._merchant.verify(text, signature)

    def sign(self, text: str, seal: Seal) -> str | None:
        """The platform's signature; None where it shall be missing."""
        if seal is Seal.MISSING:
            return None
        return self._platform.sign(text if seal is Seal.RIGHT else _ANOTHER_TEXT)


def is_off(given: str, now_ms: int) -> bool:
    """Whether a client says when it asks, and is far from the time in Beijing."""
    return bool(given) and abs((moment_ms(given) or 0) - now_ms) > _CLOCK_OFF_MS


# Both pairs of both platforms. To load a key tests its primes, which takes longer than a payment: one that many
# sandboxes share is loaded once.
_KEYS_MAX = 4


@lru_cache(_KEYS_MAX)
def _loaded(private_pem: str) -> RsaPrivateKey:
    return RsaPrivateKey.load(private_pem)


@lru_cache(_KEYS_MAX)
def _public_pem(private_pem: str) -> str:
    key = serialization.load_pem_private_key(private_pem.encode("ascii"), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode("ascii")
