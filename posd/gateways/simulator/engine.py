"""What happens to a request: read by the protocol, carried out by its order's plan, worded by the protocol. Pure.

HttpRequest ─► protocol.read ─► Call ─► sales, returns: plan and bank ─► View ─► protocol's words ─► encode ─► Reply
"""

from __future__ import annotations

from typing import assert_never

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.behaviour import LATENCY_MS
from posd.gateways.simulator.desk import Desk
from posd.gateways.simulator.notices import Notices
from posd.gateways.simulator.orders import Fault
from posd.gateways.simulator.protocol import Breach, Kind, Protocol, Reject
from posd.gateways.simulator.reply import Reply
from posd.gateways.simulator.returns import Returns
from posd.gateways.simulator.sales import Chooser, Sales

NO_SUCH_PATH = HttpResponse(404, b"Not Found", {"content-type": "text/plain"})


class Engine:
    """One gateway. ``handle`` decides everything at once, in the moment in which the request arrives."""

    def __init__(self, bank: Bank, protocol: Protocol, choose: Chooser) -> None:
        self.protocol = protocol
        self._desk = Desk(bank, protocol)
        self._sales, self._returns = Sales(self._desk, choose), Returns(self._desk)

    @property
    def notices(self) -> Notices:
        """Its notifications."""
        return self._desk.notices

    def handle(self, request: HttpRequest, now_ms: int) -> Reply:
        """What becomes of a request whose path has lost the gateway's prefix."""
        self._desk.bank.advance(now_ms)
        try:
            call = self.protocol.read(request, now_ms)
        except Reject as reject:
            return self._rejected(request, reject, now_ms)
        self._desk.log(call, now_ms)
        match call.route.kind:
            case Kind.PAY | Kind.PREORDER:
                return self._sales.pay(call, now_ms)
            case Kind.QUERY:
                return self._sales.query(call, now_ms)
            case Kind.CANCEL:
                return self._returns.cancel(call, now_ms)
            case Kind.REFUND:
                return self._returns.refund(call, now_ms)
            case Kind.REFUND_QUERY:
                return self._returns.refund_query(call, now_ms)
            case Kind.OTHER:
                return self._desk.answer(call, self.protocol.other(call, now_ms), now_ms)
            case _:
                assert_never(call.route.kind)

    def _rejected(self, request: HttpRequest, reject: Reject, now_ms: int) -> Reply:
        call, text = reject.call, f"{reject.breach}: {reject.detail}"
        operation = call.route.operation if call else f"{request.method} {request.path}"
        order_no = call.order_no if call else None
        self._desk.bank.violate(Fault(now_ms, self.protocol.name, operation, order_no, text))
        if call:
            self._desk.log(call, now_ms, text)
        if reject.breach is Breach.PATH:
            return Reply(LATENCY_MS, NO_SUCH_PATH)
        return Reply(LATENCY_MS, self._desk.encode(call, self.protocol.rejected(call, reject), now_ms))
