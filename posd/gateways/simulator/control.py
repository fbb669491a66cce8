"""The control calls: scripts for the next orders, the truth, customers and notifications by hand. JSON, for tests.

POST /control/behaviour      {"behaviour": "10", "parameter": 5} or {"plan": {"pay": "hang"}};
for {"order": "0101…"}, {"next": 3} (1 unless said), or {"default": true}
DELETE /control/behaviour    back to the magic numbers
POST /control/customer       {"order": "0101…", "does": "confirm" | "refuse"}
POST /control/notify         {"order": "0101…"}; optional "event", "fault", "url"
POST /control/quirk          {"gateway": "chaoying", "name": "paying", "reading": "NEED_QUERY"}
GET /control/ledger[/ORDER]  what really happened
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from posd.gateways.simulator.behaviour import NoticeFault, Plan
from posd.gateways.simulator.ledger import Json, details, ledger
from posd.gateways.simulator.magic import plan_of
from posd.gateways.simulator.orders import Order
from posd.gateways.simulator.protocol import Event
from posd.gateways.simulator.reply import Later, Send
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.simulator.scripts import ScriptFull

T = TypeVar("T", bound=msgspec.Struct)


class ControlError(Exception):
    """A control call that cannot be carried out; ``status`` is the HTTP status for it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body of which every name is known."""


class Script(_Strict, frozen=True):
    """``POST /control/behaviour``."""

    behaviour: str | None = None
    parameter: int = 0
    plan: Plan | None = None
    order: str | None = None
    next: int = 1
    default: bool = False


class Deed(_Strict, frozen=True):
    """``POST /control/customer``."""

    order: str
    does: str


class Notification(_Strict, frozen=True):
    """``POST /control/notify``."""

    order: str
    event: Event = Event.PAID
    fault: NoticeFault = NoticeFault.OK
    url: str | None = None


class Quirk(_Strict, frozen=True):
    """``POST /control/quirk``."""

    gateway: str
    name: str
    reading: str


class Control:
    """Carries the calls out. ``start`` is given what has to happen later; every method may raise ControlError."""

    def __init__(self, sandbox: Sandbox, start: Callable[[tuple[Later, ...]], None]) -> None:
        self._sandbox, self._start = sandbox, start

    def script(self, body: bytes) -> Json:
        """Say how orders go."""
        script = _decode(body, Script)
        plan, scripts = _plan(script), self._sandbox.scripts
        try:
            if script.default:
                scripts.default = plan
            elif script.order is not None:
                scripts.set_order(script.order, plan)
            else:
                scripts.add_next(plan, script.next)
        except ScriptFull as error:
            raise ControlError(409, str(error)) from None
        return {"plan": msgspec.to_builtins(plan)}

    def forget(self) -> Json:
        """Back to the magic numbers."""
        self._sandbox.scripts.clear()
        return {}

    def customer(self, body: bytes, now_ms: int) -> Json:
        """The customer pays or refuses."""
        deed = _decode(body, Deed)
        return details(self.do(deed.order, deed.does, now_ms), now_ms)

    def do(self, order_no: str, deed: str, now_ms: int) -> Order:
        """The customer of an order pays or refuses; what was decided before stays."""
        order = self.find(order_no)
        match deed:
            case "confirm":
                self._start(self._sandbox.confirm(order, now_ms) or ())
            case "refuse":
                self._sandbox.refuse(order, now_ms)
            case _:
                raise ControlError(400, "a customer can confirm or refuse")
        return order

    def notification(self, body: bytes, now_ms: int) -> tuple[Order, Send]:
        """A notification to be sent at once."""
        asked = _decode(body, Notification)
        order = self.find(asked.order)
        send = self._sandbox.notice(order, asked.event, asked.url, asked.fault, now_ms)
        if send is None:
            raise ControlError(409, "the order has no notify_url; name one in url")
        return order, send

    def quirk(self, body: bytes) -> Json:
        """Choose one reading of a contradiction in a document."""
        asked = _decode(body, Quirk)
        try:
            self._sandbox.set_quirk(asked.gateway, asked.name, asked.reading)
        except (KeyError, ValueError) as error:
            raise ControlError(400, f"no such quirk: {error}") from None
        return {}

    def ledger(self, order_no: str | None, now_ms: int) -> Json:
        """What really happened, to all orders or to one."""
        self._sandbox.bank.advance(now_ms)
        if order_no is None:
            return ledger(self._sandbox.bank, now_ms)
        return details(self.find(order_no), now_ms)

    def find(self, order_no: str) -> Order:
        """The order of a number."""
        order = self._sandbox.bank.find(order_no)
        if order is None:
            raise ControlError(404, "no such order")
        return order


# A test prepares a handful; more in one call is a slip of the pen.
_NEXT_MAX = 10_000


def _plan(script: Script) -> Plan:
    if (script.plan is None) == (script.behaviour is None):
        raise ControlError(400, "either behaviour or plan")
    if not 1 <= script.next <= _NEXT_MAX or not 0 <= script.parameter <= 99:
        raise ControlError(400, f"next is 1 to {_NEXT_MAX}, parameter 0 to 99")
    if script.plan is not None:
        return script.plan
    try:
        return plan_of(script.behaviour or "", script.parameter)
    except KeyError:
        raise ControlError(400, "no such behaviour; docs/simulator.md lists them") from None


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise ControlError(400, str(error)) from None
