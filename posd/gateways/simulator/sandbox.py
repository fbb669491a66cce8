"""All gateways over one bank, without sockets and without a clock: the time is handed in.

A server performs what it answers (``server.py``); a simulation of many payments under a virtual clock does the same in
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

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


class Engines(Mapping[str, Engine]):
    """The gateways by name; each is made when it is first asked for, since making RSA keys takes its time."""

    def __init__(self, protocols: Iterable[type[Protocol]], make: Callable[[type[Protocol]], Engine]) -> None:
        self._protocols = {protocol.name: protocol for protocol in protocols}
        self._make, self._made = make, dict[str, Engine]()

    def __getitem__(self, name: str) -> Engine:
        if name not in self._made:
            self._made[name] = self._make(self._protocols[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._protocols)

    def __len__(self) -> int:
        return len(self._protocols)

    def made(self) -> Iterable[Engine]:
        """Those that were asked for."""
        return self._made.values()


class Sandbox:
    """One bank, the gateways over it, and the scripts that say how the next orders go.

    A gateway's keys are made, or read, when it is first asked for.
    """

    def __init__(
        self,
        keys: KeyRing | None = None,
        protocols: Iterable[type[Protocol]] = PROTOCOLS,
        query_burst_max: int = QUERY_BURST_MAX,
        first_serial: int = 1,
    ) -> None:
        self.bank = Bank(query_burst_max, first_serial)
        self.scripts = Scripts()
        self._keys, self._site = keys or KeyRing(), NOWHERE
        self.engines = Engines(protocols, self._engine)

    def _engine(self, protocol: type[Protocol]) -> Engine:
        return Engine(self.bank, protocol(self.bank, self._keys, self._site), self.scripts.plan)

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
        self._site = address
        for engine in self.engines.made():
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
