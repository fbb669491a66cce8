"""Whether the gateways can do what the configuration asks of them."""

from __future__ import annotations

from posd.config import Config
from posd.gateways.base import Codec
from posd.gateways.protocols import make_codec
from posd.gateways.signing import SigningKeyError
from posd.payment.terms import Method


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
    asked = [*_wallet_faults(config, codecs), *_prefix_faults(config, codecs), *_window_faults(config, codecs)]
    found += [f"{config.path}: {fault}" for fault in asked]
    if config.face is not None and not any(codec.capabilities.face_auth for codec in codecs.values()):
        found.append(f"{config.path}: face: no configured gateway gives a face SDK its credentials")
    return found


def _wallet_faults(config: Config, codecs: dict[str, Codec]) -> list[str]:
    """A code of a wallet is only worth routing to a gateway that takes it."""
    return [
        f"payments.routes.{wallet}: {name} takes no codes of this wallet"
        for wallet, name in config.payments.routes.items()
        if wallet not in codecs[name].capabilities.wallets
    ]


def _window_faults(config: Config, codecs: dict[str, Codec]) -> list[str]:
    """What nobody has paid can only be cancelled, so the window must end while the gateway still cancels."""
    payments, found = config.payments, []
    for wallet in [None, *sorted({*payments.routes, *payments.windows})]:
        name = config.gateway_for(wallet)
        key = f"windows.{wallet}" if wallet in payments.windows else "window"
        asked = {key: (config.window_s(wallet), Method.BARCODE), "qr_window": (payments.qr_window, Method.QR)}
        for where, (window_s, method) in asked.items():
            deadline_ms = codecs[name].void_terms(method).deadline_ms
            if deadline_ms is not None and window_s * 1000 > deadline_ms:
                found.append(f"payments.{where}: {name} cancels nothing that is older than {deadline_ms // 1000} s")
    return list(dict.fromkeys(found))


def _prefix_faults(config: Config, codecs: dict[str, Codec]) -> list[str]:
    """A payment that waits for its code has its order number already, so all its gateways must take that number."""
    default = codecs[config.payments.gateway].capabilities.order_prefix
    return [
        f"payments.routes.{wallet}: {name} wants order numbers that begin with {prefix}, the default gateway does not"
        for wallet, name in config.payments.routes.items()
        if (prefix := codecs[name].capabilities.order_prefix) not in {"", default}
    ]
