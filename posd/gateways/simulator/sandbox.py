"""All gateways over one bank, without sockets and without a clock: the time is handed in.

A server performs what it answers (``server.py``); a simulation of many payments under a virtual clock does the same in
memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from posd.gateways.base import HttpRequest
from posd.gateways.simulator.bank import QUERY_BURST_MAX, Bank
from posd.gateways.simulator.behaviour import NoticeFault
from posd.gateways.simulator.catalogue import PROTOCOLS
from posd.gateways.simulator.engine import Engine
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.orders import Order
from posd.gateways.simulator.protocol import NOWHERE, Event, Protocol
from posd.gateways.simulator.reply import Later, Reply, Send
from posd.gateways.simulator.scripts import Scripts
from posd.payment.auth_code import Secret


class Sandbox:
    """One bank, the gateways over it, and the scripts that say how the next orders go."""

    def __init__(
        self,
        keys: KeyRing | None = None,
        protocols: Iterable[type[Protocol]] = PROTOCOLS,
        query_burst_max: int = QUERY_BURST_MAX,
        first_serial: int = 1,
    ) -> None:
        self.bank = Bank(query_burst_max, first_serial)
        self.scripts = Scripts()
        ring = keys or KeyRing()
        self.engines: Mapping[str, Engine] = {
            protocol.name: Engine(self.bank, protocol(self.bank, ring), self.scripts.plan) for protocol in protocols
        }

    def handle(self, gateway: str, request: HttpRequest, now_ms: int) -> Reply:
        """What becomes of a request to a gateway; its path stands without the gateway's prefix.

        Raises KeyError for a gateway that is not served.
        """
        return self.engines[gateway].handle(request, now_ms)

    def credentials(self, gateway: str) -> dict[str, str | Secret]:
        """What a client's settings need beside ``protocol`` and ``base_url``; secrets go without ``_file``."""
        return dict(self.engines[gateway].protocol.settings())

    def set_site(self, address: str = NOWHERE) -> None:
        """Where a person reaches the pages behind the codes to scan."""
        for engine in self.engines.values():
            engine.protocol.site = address

    def set_quirk(self, gateway: str, name: str, reading: str) -> None:
        """Choose one reading of a contradiction in a document. Raises KeyError or ValueError for an unknown one."""
        protocol = self.engines[gateway].protocol
        if reading not in protocol.QUIRKS[name]:
            raise ValueError(f"{name} is one of {', '.join(protocol.QUIRKS[name])}")
        protocol.quirks[name] = reading

    def confirm(self, order: Order, now_ms: int) -> tuple[Later, ...] | None:
        """The customer pays now; what is to be sent of it. None where there is nothing to pay."""
        self.bank.advance(now_ms)
        if not self.bank.confirm(order, now_ms):
            return None
        return self.engines[order.protocol].notices.schedule(order, Event.PAID, now_ms)

    def refuse(self, order: Order, now_ms: int) -> bool:
        """The customer will not pay. False where there is nothing to refuse."""
        self.bank.advance(now_ms)
        return self.bank.refuse(order, now_ms)

    def notice(self, order: Order, event: Event, url: str | None, fault: NoticeFault, now_ms: int) -> Send | None:
        """A notification at once, true or not. None where it is not known where to send it."""
        self.bank.advance(now_ms)
        where = url or (order.charge.notify_url if order.charge else None)
        return self.engines[order.protocol].notices.now(order, event, where, fault, now_ms) if where else None
