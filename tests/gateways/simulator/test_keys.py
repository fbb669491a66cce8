"""The simulator's keys."""

from __future__ import annotations

import stat
from pathlib import Path

from posd.gateways.rsa_keys import RsaPrivateKey
from posd.gateways.simulator.keys import KeyRing, write_secret


def test_without_a_directory_keys_are_new(tmp_path: Path) -> None:
    """Two runs share nothing, and nothing is written."""
    first, second = KeyRing(), KeyRing()
    assert first.token("chaoying", "key") != second.token("chaoying", "key")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_remembers(tmp_path: Path) -> None:
    """The next run has the same keys; nobody else can read them."""
    directory = tmp_path / "keys"
    first, second = KeyRing(directory), KeyRing(directory)
    token, key = first.token("chaoying", "key"), first.rsa("umf-sp", "platform")
    assert (second.token("chaoying", "key"), second.rsa("umf-sp", "platform")) == (token, key)
    assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_an_rsa_key_signs_in_172_characters() -> None:
    """The documents of UMF allow 256: keys of 1024 bits, as in all their examples."""
    signer = RsaPrivateKey.load(KeyRing().rsa("umf-sp", "platform"))
    signature = signer.sign("text")
    assert len(signature) == 172
    assert signer.public_key().verify("text", signature)
    assert not signer.public_key().verify("other", signature)


def test_a_secret_file_loses_the_mode_it_had(tmp_path: Path) -> None:
    """A file that others could read is closed to them when it is written anew."""
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_secret(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new\n", 0o600)
