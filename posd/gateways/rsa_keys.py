"""RSA keys that sign and verify as both UMF protocols want it. Pure.

Apart from the other signatures, because the library behind it takes 40 ms and 8 MB: a till whose gateway signs with a
shared key does without.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from posd.gateways.signing import SigningKeyError, key_text, utf8
from posd.payment.auth_code import Secret


class RsaPrivateKey:
    """Signs with SHA1withRSA (PKCS#1 v1.5), as both UMF protocols do; 1024 bits are usual. Does not print itself."""

    __slots__ = ("_key",)

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    @classmethod
    def load(cls, key: Secret | bytes | str) -> RsaPrivateKey:
        """From PEM, DER or Base64 of DER, each PKCS#1 or PKCS#8, without a password. Raises SigningKeyError."""
        content = key_text(key.reveal() if isinstance(key, Secret) else key)
        try:
            loaded = _load_private(content)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # The parser's own message may quote the key.
            raise SigningKeyError("no RSA private key: PEM, DER or Base64 of PKCS#8 or PKCS#1, no password") from None
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise SigningKeyError("this private key is not for RSA")
        return cls(loaded)

    def sign(self, text: str) -> str:
        """The signature of a text in UTF-8, in Base64."""
        return base64.b64encode(self._key.sign(utf8(text), padding.PKCS1v15(), _SHA1)).decode("ascii")

    def public_key(self) -> RsaPublicKey:
        """The key that verifies what this one signs."""
        return RsaPublicKey(self._key.public_key())

    def __repr__(self) -> str:
        return f"RsaPrivateKey({self._key.key_size} bits)"


class RsaPublicKey:
    """Verifies SHA1withRSA (PKCS#1 v1.5)."""

    __slots__ = ("_key",)

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    @classmethod
    def load(cls, key: Secret | bytes | str) -> RsaPublicKey:
        """From PEM, DER or Base64 of DER: SubjectPublicKeyInfo, PKCS#1 or an X.509 certificate. Raises SigningKeyError.

        A certificate is only a wrapping here: who issued it and how long it lasts is not looked at.
        """
        content = key_text(key.reveal() if isinstance(key, Secret) else key)
        try:
            loaded = _load_public(content)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise SigningKeyError("no RSA public key or certificate: PEM, DER or Base64 of DER") from None
        if not isinstance(loaded, rsa.RSAPublicKey):
            raise SigningKeyError("this public key is not for RSA")
        return cls(loaded)

    def verify(self, text: str, signature: str) -> bool:
        """Whether this Base64 is the signature of this text; anything else, of any shape, is just not."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), utf8(text), padding.PKCS1v15(), _SHA1)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __repr__(self) -> str:
        return f"RsaPublicKey({self._key.key_size} bits)"


# Prescribed by both documents; what it protects is bound to an order number and an amount that we know.
_SHA1 = hashes.SHA1()  # noqa: S303  # the protocols have no other


def _load_private(text: str) -> object:
    if "-----BEGIN" in text:
        return serialization.load_pem_private_key(text.strip().encode(), password=None)
    return serialization.load_der_private_key(_der(text), password=None)


def _load_public(text: str) -> object:
    if "-----BEGIN CERTIFICATE" in text:
        return _certified(text.strip().encode())
    if "-----BEGIN" in text:
        return serialization.load_pem_public_key(text.strip().encode())
    der = _der(text)
    try:
        return serialization.load_der_public_key(der)
    except ValueError:
        return _certified(der)


def _certified(certificate: bytes) -> object:
    # Half of what the library takes to load is for certificates, which few platforms hand out.
    from cryptography import x509

    is_pem = certificate.startswith(b"-----")
    try:
        return (x509.load_pem_x509_certificate if is_pem else x509.load_der_x509_certificate)(certificate).public_key()
    except x509.InvalidVersion:
        raise ValueError("no certificate that is known") from None


def _der(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise ValueError("not Base64") from None
