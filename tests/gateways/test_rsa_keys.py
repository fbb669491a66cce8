"""RSA keys in every form in which platforms hand them out."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.rsa_keys import RsaPrivateKey, RsaPublicKey
from posd.gateways.signing import SigningKeyError, key_text
from posd.payment.auth_code import Secret


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """A key of the size that both UMF platforms use."""
    return rsa.generate_private_key(65537, 1024)


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "platform")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def _private_forms(key: rsa.RSAPrivateKey) -> dict[str, bytes]:
    pkcs8, pkcs1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
    plain = serialization.NoEncryption()
    forms = {
        "PKCS#8 PEM": key.private_bytes(serialization.Encoding.PEM, pkcs8, plain),
        "PKCS#8 DER": key.private_bytes(serialization.Encoding.DER, pkcs8, plain),
        "PKCS#1 PEM": key.private_bytes(serialization.Encoding.PEM, pkcs1, plain),
        "PKCS#1 DER": key.private_bytes(serialization.Encoding.DER, pkcs1, plain),
    }
    return {**forms, **_as_base64(forms)}


def _public_forms(key: rsa.RSAPrivateKey) -> dict[str, bytes]:
    public = key.public_key()
    spki, pkcs1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
    forms = {
        "SPKI PEM": public.public_bytes(serialization.Encoding.PEM, spki),
        "SPKI DER": public.public_bytes(serialization.Encoding.DER, spki),
        "PKCS#1 PEM": public.public_bytes(serialization.Encoding.PEM, pkcs1),
        "PKCS#1 DER": public.public_bytes(serialization.Encoding.DER, pkcs1),
        "certificate PEM": _certificate(key).public_bytes(serialization.Encoding.PEM),
        "certificate DER": _certificate(key).public_bytes(serialization.Encoding.DER),
    }
    return {**forms, **_as_base64(forms)}


def _as_base64(forms: dict[str, bytes]) -> dict[str, bytes]:
    return {
        f"{name} in Base64": base64.encodebytes(form) for name, form in forms.items() if not form.startswith(b"---")
    }


def test_every_form_of_a_private_key(key: rsa.RSAPrivateKey) -> None:
    """PEM, DER and Base64 of PKCS#8 and PKCS#1 sign alike, from a file's bytes and from a Secret."""
    expected = RsaPrivateKey(key).sign("文本")
    for name, form in _private_forms(key).items():
        assert expected == RsaPrivateKey.load(form).sign("文本"), name
        assert expected == RsaPrivateKey.load(Secret(key_text(form))).sign("文本"), name


def test_every_form_of_a_public_key(key: rsa.RSAPrivateKey) -> None:
    """PEM, DER and Base64 of SubjectPublicKeyInfo, PKCS#1 and certificates verify alike."""
    signature = RsaPrivateKey(key).sign("文本")
    for name, form in _public_forms(key).items():
        for loaded in (RsaPublicKey.load(form), RsaPublicKey.load(Secret(key_text(form)))):
            assert loaded.verify("文本", signature), name
            assert not loaded.verify("文本 ", signature), name
    assert RsaPrivateKey(key).public_key().verify("文本", signature)


def _elliptic() -> tuple[bytes, bytes]:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()), public


def test_what_is_no_key_is_refused_without_repeating_it(key: rsa.RSAPrivateKey) -> None:
    """A wrong file is named as such; its content, which may be a secret, is not in the message."""
    password = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    private, public = _elliptic()
    rubbish = [b"", b"top-secret", b"\x30\x82top-secret", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\ntop-secret\n"]
    for content in [*rubbish, password, private, public]:
        for load in (RsaPrivateKey.load, RsaPublicKey.load):
            with pytest.raises(SigningKeyError) as refused:
                load(content)
            assert "top-secret" not in str(refused.value)
            assert refused.value.__cause__ is None
            assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(st.text(), st.text())
def test_verify_takes_any_text(key: rsa.RSAPrivateKey, text: str, signature: str) -> None:
    """No text and no signature can make a verification raise, or hold."""
    assert not RsaPrivateKey(key).public_key().verify(text, signature)


def test_keys_do_not_print_themselves(key: rsa.RSAPrivateKey) -> None:
    """A key shows its size and nothing else."""
    assert "RsaPrivateKey(1024 bits)" == f"{RsaPrivateKey(key)}"
    assert "RsaPublicKey(1024 bits)" == repr(RsaPrivateKey(key).public_key())
