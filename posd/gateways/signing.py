"""The signatures of the five protocols: the texts that are signed, and what is made of them. Pure.

======================  ============================================================================================
Chaoying                ``joined_pairs``, ``&key=``, MD5 in upper case: ``md5_with_key_field``
ChinaUMS notifications  ``joined_pairs``, the bare key, MD5 or SHA-256 in hexadecimal: ``md5_with_key_appended``, …
ChinaUMS requests       ``open_body_signature``: HMAC-SHA256 over identity, moment and hash of the body, in Base64
UMF 惠商+ and SP        requests ``joined_pairs``, answers ``joined_values``, SHA1withRSA: ``posd.gateways.rsa_keys``
DaxPay                  ``daxpay_text``: HMAC-SHA256 or MD5 in lower case: ``daxpay_signature``
======================  ============================================================================================

MD5 and SHA-1 are what the documents prescribe; TLS is what the secrecy and most of the integrity rest on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal

from posd.gateways.errors import GatewayError
from posd.payment.auth_code import Secret

SIGN = frozenset({"sign"})
"""The field that carries the signature itself, and so is not signed, in four of the five protocols."""


# --- the text that is signed ------------------------------------------------------------------------------------------


def value_text(value: object) -> str:
    """A value as it stands in a text to be signed: texts as they are, JSON numbers by their digits, null as nothing."""
    match value:
        case str():
            return value
        case None:
            return ""
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
    parameters: Mapping[str, object], without: Collection[str] = SIGN, order: Callable[[str], str] | None = None
) -> dict[str, str]:
    """The parameters that have a value, as texts, in ASCII order of their names, or in that of ``order(name)``."""
    names = [name for name in sorted(parameters, key=order) if name not in without]
    return {name: text for name in names if (text := value_text(parameters[name]))}


def joined_pairs(
    parameters: Mapping[str, object], without: Collection[str] = SIGN, order: Callable[[str], str] | None = None
) -> str:
    """``k=v&k=v``: the parameters that have a value, in the order of ``filled``, not URL-encoded."""
    return "&".join([f"{name}={text}" for name, text in filled(parameters, without, order).items()])


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
    return hmac.compare_digest(utf8(expected), utf8(given))


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
    return hashlib.sha256(utf8(text + key.reveal())).hexdigest()


def open_body_signature(app_id: str, app_key: Secret, timestamp: str, nonce: str, body: bytes) -> str:
    """The ``Signature`` of ChinaUMS' ``Authorization: OPEN-BODY-SIG`` header, in Base64.

    ``timestamp`` is ``yyyyMMddHHmmss``; ``body`` are the bytes as they are sent.
    """
    text = app_id + timestamp + nonce + hashlib.sha256(body).hexdigest()
    return base64.b64encode(hmac.digest(utf8(app_key.reveal()), utf8(text), "sha256")).decode("ascii")


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
    return hmac.digest(utf8(secret.reveal()), utf8(text), "sha256").hex()


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
    return hashlib.md5(utf8(text), usedforsecurity=False).hexdigest()


def utf8(text: str) -> bytes:
    """A text as it is signed. A lone surrogate in an answer makes a wrong signature, not an exception."""
    return text.encode("utf-8", "surrogatepass")


# --- keys -------------------------------------------------------------------------------------------------------------


class SigningKeyError(GatewayError, ValueError):
    """A text that holds no RSA key of the kind wanted; the message does not repeat it."""


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


# Every DER key and certificate is one SEQUENCE; its tag reads "0", with which neither PEM nor Base64 of one begins.
_DER_SEQUENCE = b"\x30"
