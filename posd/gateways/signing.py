"""The signatures of the five protocols: the texts that are signed, and what is made of them. Pure.

======================  ============================================================================================
Chaoying                ``joined_pairs``, ``&key=``, MD5 in upper case: ``md5_with_key_field``
ChinaUMS notifications  ``joined_pairs``, the bare key, MD5 or SHA-256 in hexadecimal: ``md5_with_key_appended``, …
ChinaUMS requests       ``open_body_signature``: HMAC-SHA256 over identity, moment and hash of the body, in Base64
UMF 惠商+ and SP        requests ``joined_pairs``, answers ``joined_values``, SHA1withRSA: ``RsaPrivateKey``, …
DaxPay                  ``daxpay_text``: HMAC-SHA256 or MD5 in lower case: ``daxpay_signature``
======================  ============================================================================================

MD5 and SHA-1 are what the documents prescribe; TLS is what the secrecy and most of the integrity rest on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from posd.gateways.errors import GatewayError
from posd.payment.auth_code import Secret

SIGN = frozenset({"sign"})
"""The field that carries the signature itself, and so is not signed, in four of the five protocols."""


# --- the text that is signed ------------------------------------------------------------------------------------------


def value_text(value: object) -> str:
    """A value as it stands in a text to be signed: texts as they are, JSON numbers by their digits, null as nothing."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        case _:
            return str(value)


def java_map_text(value: object) -> str:
    """A value as UMF SP signs it: nested objects by Java's ``toString`` with the braces removed (``a=1, b=2``)."""
    match value:
        case dict():
            return ", ".join(f"{name}={java_map_text(item)}" for name, item in value.items())
        case list():
            return f"[{', '.join(java_map_text(item) for item in value)}]"
        case _:
            return value_text(value)


def filled(
    parameters: Mapping[str, object], without: Collection[str] = SIGN, order: Callable[[str], str] = str
) -> dict[str, str]:
    """The parameters that have a value, as texts, in ASCII order of their names, or in that of ``order(name)``."""
    texts = ((name, value_text(parameters[name])) for name in sorted(parameters, key=order) if name not in without)
    return {name: text for name, text in texts if text}


def joined_pairs(
    parameters: Mapping[str, object], without: Collection[str] = SIGN, order: Callable[[str], str] = str
) -> str:
    """``k=v&k=v``: the parameters that have a value, in the order of ``filled``, not URL-encoded."""
    return "&".join(f"{name}={text}" for name, text in filled(parameters, without, order).items())


def joined_values(
    parameters: Mapping[str, object],
    names: Iterable[str] | None = None,
    without: Collection[str] = SIGN,
    text: Callable[[object], str] = value_text,
) -> str:
    """``v|v``: the values that are not empty, in the order of ``names``, else in ASCII order of the names."""
    order = sorted(parameters) if names is None else names
    texts = (text(parameters.get(name)) for name in order if name not in without)
    return "|".join(value for value in texts if value)


# --- hashes with a shared key -----------------------------------------------------------------------------------------


def matches(expected: str, given: str) -> bool:
    """Whether two signatures are the same, found out in constant time."""
    return hmac.compare_digest(_bytes(expected), _bytes(given))


def md5_with_key_field(text: str, key: Secret) -> str:
    """MD5 of ``text&key=KEY``, in upper case (Chaoying 1.2 签名验证)."""
    return _md5(f"{text}&key={key.reveal()}").upper()


def md5_with_key_appended(text: str, key: Secret) -> str:
    """MD5 of the text with the key right behind it, in upper case (ChinaUMS 1.8.4 签名规则)."""
    return _md5(text + key.reveal()).upper()


def sha256_with_key_appended(text: str, key: Secret) -> str:
    """SHA-256 of the text with the key right behind it, in lower case (ChinaUMS 1.8.4 签名规则).

    The document prints it in lower case, real notifications carry it in upper case: compare without regard to case.
    """
    return hashlib.sha256(_bytes(text + key.reveal())).hexdigest()


def open_body_signature(app_id: str, app_key: Secret, timestamp: str, nonce: str, body: bytes) -> str:
    """The ``Signature`` of ChinaUMS' ``Authorization: OPEN-BODY-SIG`` header, in Base64.

    ``timestamp`` is ``yyyyMMddHHmmss``; ``body`` are the bytes as they are sent.
    """
    text = app_id + timestamp + nonce + hashlib.sha256(body).hexdigest()
    return base64.b64encode(hmac.digest(_bytes(app_key.reveal()), _bytes(text), "sha256")).decode("ascii")


def daxpay_text(parameters: Mapping[str, object], secret: Secret, without: Collection[str] = SIGN) -> str:
    r"""The text that DaxPay signs: everything that is not null, no ``\`` and no ``"``, and the secret behind it.

    An empty text is signed as ``k=``, so a request must never carry one.
    """
    given = {name: value for name, value in parameters.items() if value is not None and name not in without}
    pairs = "&".join(f"{name}={value_text(_by_name(given[name]))}" for name in sorted(given))
    return f"{pairs}&key={secret.reveal()}".replace("\\", "").replace('"', "")


def daxpay_signature(parameters: Mapping[str, object], secret: Secret, sign_type: str = "HMAC_SHA256") -> str:
    """DaxPay's signature, in lower case; ``sign_type`` is ``HMAC_SHA256`` or ``MD5``."""
    text = daxpay_text(parameters, secret)
    if sign_type == "MD5":
        return _md5(text)
    return hmac.digest(_bytes(secret.reveal()), _bytes(text), "sha256").hex()


def _by_name(value: object) -> object:
    """DaxPay writes nested objects without nulls, their names in order without regard to case."""
    match value:
        case dict():
            names = sorted((name for name in value if value[name] is not None), key=str.lower)
            return {name: _by_name(value[name]) for name in names}
        case list():
            return [_by_name(item) for item in value]
        case _:
            return value


def _md5(text: str) -> str:
    return hashlib.md5(_bytes(text), usedforsecurity=False).hexdigest()


def _bytes(text: str) -> bytes:
    # A lone surrogate in an answer must make a wrong signature, not an exception.
    return text.encode("utf-8", "surrogatepass")


# --- RSA --------------------------------------------------------------------------------------------------------------


class SigningKeyError(GatewayError, ValueError):
    """A text that holds no RSA key of the kind wanted; the message does not repeat it."""


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
        return base64.b64encode(self._key.sign(_bytes(text), padding.PKCS1v15(), _SHA1)).decode("ascii")

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
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
            raise SigningKeyError("no RSA public key or certificate: PEM, DER or Base64 of DER") from None
        if not isinstance(loaded, rsa.RSAPublicKey):
            raise SigningKeyError("this public key is not for RSA")
        return cls(loaded)

    def verify(self, text: str, signature: str) -> bool:
        """Whether this Base64 is the signature of this text; anything else, of any shape, is just not."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), _bytes(text), padding.PKCS1v15(), _SHA1)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __repr__(self) -> str:
        return f"RsaPublicKey({self._key.key_size} bits)"


def key_text(content: bytes | str) -> str:
    """What a key file holds as text: PEM or Base64 as it stands, binary DER in Base64.

    Secrets are kept as text, so a file is passed through here when it is read.
    """
    if isinstance(content, str):
        return content
    if content[:1] == _DER_SEQUENCE:
        return base64.b64encode(content).decode("ascii")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SigningKeyError("neither text nor DER") from None


# Prescribed by both documents; what it protects is bound to an order number and an amount that we know.
_SHA1 = hashes.SHA1()  # noqa: S303  # the protocols have no other

# Every DER key and certificate is one SEQUENCE; its tag reads "0", with which neither PEM nor Base64 of one begins.
_DER_SEQUENCE = b"\x30"


def _load_private(text: str) -> object:
    if "-----BEGIN" in text:
        return serialization.load_pem_private_key(text.strip().encode(), password=None)
    return serialization.load_der_private_key(_der(text), password=None)


def _load_public(text: str) -> object:
    if "-----BEGIN CERTIFICATE" in text:
        return x509.load_pem_x509_certificate(text.strip().encode()).public_key()
    if "-----BEGIN" in text:
        return serialization.load_pem_public_key(text.strip().encode())
    der = _der(text)
    try:
        return serialization.load_der_public_key(der)
    except ValueError:
        return x509.load_der_x509_certificate(der).public_key()


def _der(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise ValueError("not Base64") from None
