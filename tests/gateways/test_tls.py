"""Pinned keys: a certificate that verifies is not enough where the configuration names the key."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest

from posd.gateways.base import HttpRequest
from posd.gateways.errors import NotSentError
from posd.gateways.tls import pin_of, tls_of
from posd.gateways.transport import Transport
from tests.gateways.peers import Authority, echo, peer

REQUEST = HttpRequest("pay", "/pay", b"secret=1", {"content-type": "text/x-test"})
OTHER_PIN = "0" * 64


def served_by(authority: Authority) -> tuple[ssl.SSLContext, str]:
    """A server that the authority vouches for, and the pin of its key as `openssl` tells it."""
    before = set(authority.directory.iterdir())
    context = authority.server()
    (made,) = set(authority.directory.iterdir()) - before
    key = subprocess.run(
        ["openssl", "pkey", "-in", made, "-pubout", "-outform", "DER"], check=True, capture_output=True
    )
    return context, hashlib.sha256(key.stdout).hexdigest()


async def test_a_pinned_key_is_believed(tmp_path: Path) -> None:
    """The pin that the manual's `openssl` command prints lets the gateway in, in either case of its letters."""
    authority = Authority.make(tmp_path)
    context, pin = served_by(authority)
    async with peer(echo, context) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with Transport(url, ca_file=authority.file, pins=[OTHER_PIN, pin.upper()]) as transport:
            assert 200 == (await transport.send(REQUEST, 30)).status


async def test_another_key_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """A certificate that verifies, with another key: certainly not sent, and the error says which key was shown."""
    authority = Authority.make(tmp_path)
    context, pin = served_by(authority)
    async with peer(echo, context) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with Transport(url, ca_file=authority.file, pins=[OTHER_PIN]) as transport:
            with pytest.raises(NotSentError, match=pin):
                await transport.send(REQUEST, 30)
    assert not server.requests


async def test_a_pin_does_not_replace_verification(tmp_path: Path) -> None:
    """The right key in a certificate of an authority that nobody named is refused all the same."""
    authority = Authority.make(tmp_path)
    context, pin = served_by(authority)
    async with (
        peer(echo, context) as server,
        Transport(f"https://127.0.0.1:{server.port}", pins=[pin]) as transport,
    ):
        with pytest.raises(NotSentError, match=r"(?i)certificate"):
            await transport.send(REQUEST, 30)
    assert not server.requests


def test_a_context_of_ours_always_verifies(tmp_path: Path) -> None:
    """Whatever is configured, the peer must show a certificate for its name."""
    authority = Authority.make(tmp_path)
    assert tls_of(None, ()) is True
    for context in (tls_of(authority.file, ()), tls_of(None, [OTHER_PIN]), tls_of(authority.file, [OTHER_PIN])):
        assert isinstance(context, ssl.SSLContext)
        assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert 64 == len(pin_of(ssl.PEM_cert_to_DER_cert(Path(authority.file).read_text("ascii"))))
