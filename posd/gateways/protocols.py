"""The five protocols by the names that the configuration uses. A codec is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

import msgspec

from posd.gateways.base import Codec


class Protocol(msgspec.Struct, frozen=True):
    """Where a protocol's classes are."""

    package: str
    settings: str
    codec: str

    def load(self, module: str, name: str) -> Any:  # noqa: ANN401 - a class that only its name tells
        """A class of this protocol."""
        return getattr(import_module(f"posd.gateways.{self.package}.{module}"), name)


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "chaoying": Protocol("chaoying", "ChaoyingSettings", "ChaoyingCodec"),
        "umf-huishang": Protocol("umf_huishang", "UmfHuishangSettings", "UmfHuishangCodec"),
        "umf-sp": Protocol("umf_sp", "UmfSpSettings", "UmfSpCodec"),
        "chinaums": Protocol("chinaums", "ChinaumsSettings", "ChinaumsCodec"),
        "daxpay": Protocol("daxpay", "DaxpaySettings", "DaxpayCodec"),
    }
)
"""All of them, in the order of the documentation."""


def settings_class(protocol: str) -> type[Any]:
    """The frozen dataclass with what a protocol needs to know. Raises KeyError for an unknown protocol."""
    entry = PROTOCOLS[protocol]
    return cast("type[Any]", entry.load("settings", entry.settings))


def make_codec(protocol: str, settings: object) -> Codec:
    """The codec of a protocol; ``settings`` is of its ``settings_class``.

    Raises KeyError for an unknown protocol, SigningKeyError for a key that is none.
    """
    entry = PROTOCOLS[protocol]
    return cast("Codec", entry.load("codec", entry.codec)(settings))
