"""Whether the gateways can do what the configuration asks of them."""

from __future__ import annotations

from posd.config import Config
from posd.gateways.base import Codec
from posd.gateways.protocols import make_codec
from posd.gateways.signing import SigningKeyError


def faults(config: Config) -> list[str]:
    """Every demand that a gateway cannot meet, a line each, with file and key."""
    codecs: dict[str, Codec] = {}
    found: list[str] = []
    for name, gateway in config.gateways.items():
        try:
            codecs[name] = make_codec(gateway.common.protocol, gateway.settings)
        except (SigningKeyError, ValueError) as error:
            found.append(f"{config.path}: gateways.{name}: {error}")
    if found:
        return found
    found += [f"{config.path}: {fault}" for fault in _prefix_faults(config, codecs)]
    if config.face is not None and not any(codec.capabilities.face_auth for codec in codecs.values()):
        found.append(f"{config.path}: face: no configured gateway gives a face SDK its credentials")
    return found


def _prefix_faults(config: Config, codecs: dict[str, Codec]) -> list[str]:
    """A payment that waits for its code has its order number already, so all its gateways must take that number."""
    default = codecs[config.payments.gateway].capabilities.order_prefix
    return [
        f"payments.routes.{wallet}: {name} wants order numbers that begin with {prefix}, the default gateway does not"
        for wallet, name in config.payments.routes.items()
        if (prefix := codecs[name].capabilities.order_prefix) not in {"", default}
    ]
