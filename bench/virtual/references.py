"""How others ask, as published: each a coroutine that serves one customer and says how it ended.

They use posd's codec and meet the same gateway, so that only the schedule differs. Where the original would give up at
the first time-out, ours goes on: the reference is meant to be beaten at its best.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bench.virtual.customers import Customer
from bench.virtual.network import BenchGateway, ms_at
from posd.gateways.base import OrderRef, PayOrder
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import Accepted, Closed, Declined, Paid, PaymentVerdict


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to ask, and what to do when nobody has paid."""

    name: str
    gap_s: float
    asks: int
    first_at_once: bool
    timeout_s: float
    """For the answer to a query or a cancel."""
    pay_timeout_s: float
    cancels: int
    """Tries to cancel; 0: it never does."""
    cancel_gap_s: float = 0.0
    from_start: bool = False
    """Whether the gap is counted from the query before, not from its answer."""
    until_s: float | None = None
    """Seconds after the pay request at which it gives up, however few queries it has sent."""

    async def serve(self, gateway: BenchGateway, customer: Customer) -> str:
        """Charge one customer and ask until the end is known, or patience is over.

        The word of the till: ``paid``, ``failed``, or ``open`` where it does not know.
        """
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        order = _pay_order(customer)
        ref = _order_ref(order, began_s)
        word = _word((await gateway.pay(order)).verdict)
        asked, next_s = 0, loop.time() + (0.0 if self.first_at_once else self.gap_s)
        while word is None and asked < self.asks and not self._over(next_s - began_s):
            await asyncio.sleep(max(0.0, next_s - loop.time()))
            asked, asked_s = asked + 1, loop.time()
            word = _word((await gateway.query(ref)).verdict)
            next_s = (asked_s if self.from_start else loop.time()) + self.gap_s
        if word is not None:
            return word
        if self.until_s is not None:
            await asyncio.sleep(max(0.0, began_s + self.until_s - loop.time()))
        return await self._cancel(gateway, ref)

    def _over(self, age_s: float) -> bool:
        return self.until_s is not None and age_s >= self.until_s

    async def _cancel(self, gateway: BenchGateway, ref: OrderRef) -> str:
        """An accepted cancel is believed; nobody asks afterwards."""
        for attempt in range(self.cancels):
            if attempt:
                await asyncio.sleep(self.cancel_gap_s)
            if isinstance((await gateway.cancel(ref)).verdict, Accepted | Closed):
                return "failed"
        return "open"


F2FPAY = Schedule(
    "Alipay f2fpay", 5.0, 5, first_at_once=False, timeout_s=15.0, pay_timeout_s=15.0, cancels=4, cancel_gap_s=2.0
)
"""Alipay's face-to-face demo (``TradePayServiceImpl``): sleeps 5 s, asks, five times; cancels, and three times more
after 2 s each where that fails. The SDK waits 15 s for an answer."""
CSHARP = Schedule("WeChat C# sample", 2.0, 10, first_at_once=True, timeout_s=6.0, pay_timeout_s=10.0, cancels=10)
"""WeChat's ``MicroPay.cs``: asks, sleeps 2 s, ten times; cancels up to ten times. It waits 6 s for an answer. The
sample dies of a time-out with the order left open; this one goes on."""
JEEPAY = Schedule("Jeepay", 5.0, 6, first_at_once=False, timeout_s=10.0, pay_timeout_s=10.0, cancels=0)
"""Jeepay's reissue queue: asks after 5 s, six times, and leaves the order as it is."""


def sequential(window_s: float) -> Schedule:
    """One loop at posd's own pace: asks, waits for the answer, asks again a second after the question before."""
    name = f"sequential loop, {window_s:g} s"
    return Schedule(name, 1.0, 1000, True, 10.0, 30.0, cancels=10, cancel_gap_s=2.0, from_start=True, until_s=window_s)


def _pay_order(customer: Customer) -> PayOrder:
    return PayOrder(
        order_no=f"0101R{customer.number:012d}",
        amount=Fen(customer.amount),
        method=Method.BARCODE,
        wallet=Wallet.WECHAT,
        description="bench",
        operator="1",
        terminal_id="0101",
        store_id="md_001",
        credential=AuthCode(customer.code),
    )


def _order_ref(order: PayOrder, submitted_s: float) -> OrderRef:
    return OrderRef(order.order_no, order.amount, order.method, order.wallet, ms_at(submitted_s), order.operator)


def _word(verdict: PaymentVerdict) -> str | None:
    match verdict:
        case Paid():
            return "paid"
        case Declined() | Closed():
            return "failed"
        case _:
            return None
