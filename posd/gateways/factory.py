"""From the configuration to gateways that can be asked."""

from __future__ import annotations

from posd.clock import TimeLine
from posd.config import Config
from posd.gateways.gateway import Gateway
from posd.gateways.protocols import make_codec
from posd.gateways.transport import Timeouts, Transport
from posd.ids import Ids


def make_gateways(config: Config, clock: TimeLine, ids: Ids) -> dict[str, Gateway]:
    """A gateway for each section. Raises SigningKeyError, ValueError or OSError for what cannot be used."""
    found = {}
    for name, section in config.gateways.items():
        common = section.common
        timeouts = Timeouts(common.connect_timeout, common.query_timeout, common.pay_timeout)
        transport = Transport(common.base_url, timeouts=timeouts, ca_file=common.ca_file, pins=common.pin_sha256)
        codec = make_codec(common.protocol, section.settings)
        found[name] = Gateway(name, codec, transport, clock.now_ms, ids.nonce, wall_ms=clock.wall_ms)
    return found
