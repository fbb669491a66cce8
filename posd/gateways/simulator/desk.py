"""What all calls of a gateway have in common: finding the order, wording the answer, noting what was wrong. Pure."""

from __future__ import annotations

from posd.gateways.base import HttpResponse
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.behaviour import LATENCY_MS
from posd.gateways.simulator.fields import unknown
from posd.gateways.simulator.notices import Notices
from posd.gateways.simulator.orders import Fault, Order, Request
from posd.gateways.simulator.protocol import Call, Fields, Kind, Protocol, Seal
from posd.gateways.simulator.reply import Reply
from posd.payment.auth_code import mask

GARBAGE = HttpResponse(
    200,
    b"<html><head><title>502</title></head><body>upstream sent too big header</body></html>",
    {"content-type": "text/html"},
)
"""What a proxy in between says."""

SERVER_ERROR = HttpResponse(500, b"Internal Server Error", {"content-type": "text/plain"})
"""The gateway itself is broken."""


class Desk:
    """One gateway's protocol over the bank."""

    def __init__(self, bank: Bank, protocol: Protocol) -> None:
        self.bank, self.protocol = bank, protocol
        self.notices = Notices(bank, protocol)

    def record(self, call: Call) -> Order:
        """The record of the order that a call is about."""
        if not call.order_no:
            raise ValueError(f"{call.route.operation} was read without an order number")
        return self.bank.record(call.order_no, self.protocol.name)

    def is_home(self, call: Call, order: Order, now_ms: int) -> bool:
        """Whether the order was submitted here; a client that looks for it elsewhere is told of none."""
        if order.protocol == self.protocol.name:
            return True
        self.violate(call, f"the order belongs to {order.protocol}", now_ms)
        return False

    def answer(
        self, call: Call, fields: Fields, now_ms: int, order: Order | None = None, seal: Seal = Seal.RIGHT
    ) -> Reply:
        """An ordinary answer."""
        latency_ms = order.plan.latency_ms if order else LATENCY_MS
        return Reply(latency_ms, self.encode(call, fields, now_ms, seal))

    def encode(self, call: Call | None, fields: Fields, now_ms: int, seal: Seal = Seal.RIGHT) -> HttpResponse:
        """Fields as an answer."""
        return self.protocol.encode(call, fields, seal, now_ms)

    def violate(self, call: Call, text: str, now_ms: int) -> None:
        """The client broke the document."""
        self.bank.violate(Fault(now_ms, self.protocol.name, call.route.operation, call.order_no, text))

    def log(self, call: Call, now_ms: int, fault: str | None = None) -> None:
        """Keep a request with its order, without credentials, and note what is odd about it."""
        order = self.bank.find(call.order_no)
        if order is None and call.order_no and fault is None and call.route.kind is not Kind.OTHER:
            order = self.record(call)
        if order is not None:
            order.requests.append(Request(now_ms, call.route.operation, call.order_no, self._shown(call), fault))
        if fault is None:
            self._note_oddities(call, now_ms)

    def _shown(self, call: Call) -> dict[str, object]:
        secret = self.protocol.secret_fields
        return {name: mask(str(value)) if name in secret else value for name, value in call.fields.items()}

    def _note_oddities(self, call: Call, now_ms: int) -> None:
        names = [] if call.route.open else unknown(call.fields, call.route.table)
        strange = [f"field {name} is in no document" for name in names]
        for text in (*strange, *self.protocol.advice(call, now_ms)):
            self.bank.note(Fault(now_ms, self.protocol.name, call.route.operation, call.order_no, text))
