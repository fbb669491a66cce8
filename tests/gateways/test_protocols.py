"""The five protocols by name."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from posd.gateways.base import Codec
from posd.gateways.chaoying.codec import ChaoyingCodec
from posd.gateways.protocols import PROTOCOLS, make_codec, settings_class
from tests.gateways.chaoying.support import SETTINGS

NAMES = ["chaoying", "umf-huishang", "umf-sp", "chinaums", "daxpay"]


@pytest.mark.parametrize("name", NAMES)
def test_every_protocol_is_there(name: str) -> None:
    """Each has its frozen settings and its codec, which knows its own name."""
    settings = settings_class(name)
    assert dataclasses.is_dataclass(settings)
    assert vars(settings)["__dataclass_params__"].frozen
    codec = PROTOCOLS[name].load("codec", PROTOCOLS[name].codec)
    assert issubclass(codec, Codec)
    assert name == codec.protocol
    assert NAMES == list(PROTOCOLS)


def test_a_codec_is_made_of_its_settings() -> None:
    """The name in the configuration and the settings are all it takes."""
    codec = make_codec("chaoying", SETTINGS)
    assert isinstance(codec, ChaoyingCodec)


@pytest.mark.parametrize("name", ["", "Chaoying", "umf_sp", "alipay"])
def test_a_name_that_is_none(name: str) -> None:
    """Only the five names of the contract."""
    with pytest.raises(KeyError):
        settings_class(name)
    with pytest.raises(KeyError):
        make_codec(name, SETTINGS)


def test_a_protocol_is_imported_when_it_is_used() -> None:
    """A till with one gateway does not pay for the other four at its start."""
    program = (
        "import sys; from posd.gateways.protocols import settings_class; settings_class('chaoying');"
        "print(*sorted(name for name in sys.modules if name.startswith('posd.gateways.')))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert "posd.gateways.chaoying.settings" in loaded
    assert not [name for name in loaded if "umf" in name or "daxpay" in name or "chinaums" in name]
    assert "posd.gateways.transport" not in loaded
