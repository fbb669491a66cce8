"""A till in front of the simulator without a socket: a codec's requests go in, verdicts come out, time is a number."""

from __future__ import annotations

import itertools
from typing import TypeVar

from posd.gateways.base import Answer, Codec, Exchange, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.protocols import make_codec, settings_class
from posd.gateways.simulator.behaviour import Plan
from posd.gateways.simulator.orders import Order, State
from posd.gateways.simulator.reply import Broken, Later, Send
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Wallet
from posd.payment.terms import Method

T = TypeVar("T")

START_MS = 1_795_000_000_000
NOTIFY_URL = "http://127.0.0.1:9/notify/main"


class Till:
    """One codec and the sandbox it talks to. ``now_ms`` moves by ``wait`` and by what answers take."""

    def __init__(self, gateway: str, codec: Codec, sandbox: Sandbox) -> None:
        self.gateway, self.codec, self.sandbox = gateway, codec, sandbox
        self.now_ms = START_MS
        self.later: list[Later] = []
        self.delay_ms = 0
        """What the last answer took."""
        self._numbers = itertools.count(1)

    # --- talking ------------------------------------------------------------------------------------------------------

    def make(self, exchange: Exchange[T]) -> Answer[T] | Broken:
        """One exchange; what comes back, or how it broke."""
        reply = self.sandbox.handle(self.gateway, exchange.request, self.now_ms)
        self.later += reply.later
        self.delay_ms = reply.delay_ms
        self.now_ms += reply.delay_ms
        return reply.outcome if isinstance(reply.outcome, Broken) else exchange.read(reply.outcome)

    def verdict(self, exchange: Exchange[T]) -> T | Broken:
        """One exchange; the verdict alone."""
        answer = self.make(exchange)
        return answer if isinstance(answer, Broken) else answer.verdict

    @property
    def stamp(self) -> Stamp:
        """The moment, and a nonce."""
        return Stamp(self.now_ms, f"{next(self._numbers):032x}")

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += round(seconds * 1000)

    def due(self) -> list[Send]:
        """The notifications whose moment has come."""
        ripe = [item for item in self.later if item.at_ms <= self.now_ms]
        self.later = [item for item in self.later if item.at_ms > self.now_ms]
        return [send for item in ripe if (send := item.act(self.now_ms)) is not None]

    # --- orders -------------------------------------------------------------------------------------------------------

    def order(self, amount: int = 1000, code: str | None = None, **more: object) -> PayOrder:
        """A bar code order with a number and, unless given, a code of its own that asks for nothing."""
        number = next(self._numbers)
        credential = AuthCode(code or f"13{number:08d}99999999")
        facts = {
            "order_no": f"0101T{number:06d}",
            "amount": Fen(amount),
            "method": Method.BARCODE,
            "wallet": credential.wallet,
            "description": "示例商品",
            "operator": "00000001",
            "terminal_id": "0101",
            "store_id": "md_001",
            "credential": credential,
        }
        return PayOrder(**(facts | more))  # type: ignore[arg-type]  # tests name what they change

    def qr_order(self, amount: int = 1000, wallet: Wallet = Wallet.WECHAT, **more: object) -> PayOrder:
        """An order whose code the customer scans."""
        return self.order(amount, None, **{"method": Method.QR, "credential": None, "wallet": wallet, **more})

    def plan(self, plan: Plan) -> None:
        """How the next order goes."""
        self.sandbox.scripts.add_next(plan)

    def ref(self, order: PayOrder, **more: object) -> OrderRef:
        """The order as later calls name it."""
        facts = {
            "order_no": order.order_no,
            "amount": order.amount,
            "method": order.method,
            "wallet": order.wallet,
            "submitted_at_ms": START_MS,
            "operator": order.operator,
        }
        return OrderRef(**(facts | more))  # type: ignore[arg-type]  # tests name what they change

    def pay(self, order: PayOrder) -> object:
        """The verdict of a pay request."""
        return self.verdict(self.codec.pay(order, self.stamp))

    def query(self, order: PayOrder) -> object:
        """The verdict of a query."""
        return self.verdict(self.codec.query(self.ref(order), self.stamp))

    def cancel(self, order: PayOrder) -> object:
        """The verdict of a cancel."""
        return self.verdict(self.codec.cancel(self.ref(order), self.stamp))

    def refund_order(self, order: PayOrder, amount: int, number: str = "R1") -> RefundOrder:
        """A refund of an order."""
        return RefundOrder(f"{order.order_no}{number}", Fen(amount), self.ref(order), self.now_ms)

    def refund(self, refund: RefundOrder) -> object:
        """The verdict of a refund."""
        return self.verdict(self.codec.refund(refund, self.stamp))

    def refund_query(self, refund: RefundOrder) -> object:
        """The verdict of a refund query."""
        return self.verdict(self.codec.refund_query(refund, self.stamp))

    # --- the truth ----------------------------------------------------------------------------------------------------

    def truth(self, order: PayOrder) -> Order:
        """The order as it really is."""
        self.sandbox.bank.advance(self.now_ms)
        found = self.sandbox.bank.find(order.order_no)
        assert found is not None, f"{order.order_no} never arrived"
        return found

    def state(self, order: PayOrder) -> State:
        """How the order really stands."""
        state = self.truth(order).state(self.now_ms)
        assert state is not None, f"{order.order_no} was never made"
        return state

    def faults(self) -> list[str]:
        """What the client did wrong, or what is odd about it."""
        bank = self.sandbox.bank
        return [fault.text for fault in (*bank.violations, *bank.notes)]


def till_of(gateway: str, sandbox: Sandbox | None = None, notify_url: str | None = None) -> Till:
    """A till that speaks a gateway's protocol, configured with what the sandbox hands out."""
    served = sandbox or Sandbox()
    settings = settings_class(gateway)(**served.credentials(gateway), notify_url=notify_url)
    return Till(gateway, make_codec(gateway, settings), served)


def chaoying_till(sandbox: Sandbox | None = None, notify_url: str | None = None) -> Till:
    """A till that speaks Chaoying."""
    return till_of("chaoying", sandbox, notify_url)
