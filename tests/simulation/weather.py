"""What goes wrong, drawn from a seed: of the network, of the gateway and its customers, of the disk, of the shop.

Every number is drawn from one generator in the order in which it is needed, so that a seed is a whole story.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import TypeVar

from posd.gateways.simulator.behaviour import CancelFault, NoticeFault, PayFault, Plan, QueryFault, RefundFault
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Reason

T = TypeVar("T")

HORIZON_S = 60.0
"""The contract's arrival horizon."""
LATEST_ARRIVAL_S = 55.0
"""A late request arrives within this: the horizon, less what the disk may take between the record and the request."""
TOO_LATE_S = (63.0, 200.0)
"""When a request arrives that breaks the contract's assumption."""

_EFFECTS, _CALLBACKS = 4, 15
"""Of a payment, about a tenth of what it has from scan to paper: so lives end in the middle of the sale."""

_CODES = {
    Wallet.WECHAT: ("13", 18),
    Wallet.ALIPAY: ("28", 18),
    Wallet.UNIONPAY: ("62", 19),
    Wallet.ECNY: ("01", 19),
    Wallet.JDPAY: ("18", 18),
    Wallet.BESTPAY: ("51", 18),
}


class Mishap(StrEnum):
    """What the network does to one request."""

    UNSENT = "unsent"
    """No connection: it certainly never left."""
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    LOST = "lost"
    ANSWER_LOST = "answer_lost"
    SLOW = "slow"
    """Seconds on the way there and back: overtaken by later ones."""
    LATE = "late"
    """It arrives when nobody listens any more."""
    TWICE = "twice"
    GARBAGE = "garbage"
    BAD_GATEWAY = "bad_gateway"
    TRUNCATED = "truncated"


_MISHAPS = tuple(Mishap)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one request. Seconds from its departure; None: never."""

    out_s: float | None
    back_s: float | None
    reset_s: float | None = None
    again_s: float | None = None
    unsent: bool = False
    answer: Mishap | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """How long a process lasts; None: as long as it wants.

    Until it has had so many effects on disk, wire or paper; or until its loop has run so many callbacks, at any await.
    """

    effects: int | None = None
    callbacks: int | None = None


@dataclass(slots=True)
class Errand:
    """One customer with goods, and what the POS does about him. What is learnt of it stands in the last three."""

    number: int
    at_s: float
    amount: int
    way: str
    """``code``, ``qr``, ``face`` or ``armed``."""
    wallet: Wallet
    code: str
    plan: Plan
    cancel_after_s: float | None
    refunds: tuple[tuple[float, int], ...]
    """Each: so long after the one before, so many fen."""
    reprint: bool
    payment_id: str | None = None
    tries: int = 0
    done: bool = False


@dataclass(slots=True)
class Weather:
    """One seed's faults. ``stops_s``: from then on all is well."""

    rng: Random
    payments: int
    stops_s: float = 0.0
    trouble: float = 0.0
    """The share of requests that the network mishandles."""
    odd: float = 0.0
    """The share of orders that gateway and customer do not simply pay."""
    disk: tuple[tuple[float, float], ...] = ()
    """When the disk is full, from and until."""
    sync_failures: float = 0.0
    """The share of commits that the disk refuses to make durable."""
    discounts: bool = True
    """Whether every gateway of this seed tells what was discounted."""
    crashes: int = 0
    """Processes that end before their time."""
    outages: tuple[tuple[float, float], ...] = ()
    """When the gateway cannot be reached."""
    calm: bool = field(default=True, init=False)
    """Only gateways and customers are odd. Clocks are right then too: what a gateway refuses to answer for a clock that
    is wrong, it would deny when it is too late to believe it."""

    def __post_init__(self) -> None:
        rng = self.rng
        self.trouble = rng.choice((0.0, 0.0, 0.02, 0.02, 0.1, 0.25))
        self.odd = rng.choice((0.05, 0.1, 0.1, 0.3))
        day_s = self.payments * rng.choice((0.05, 0.2, 1.0))
        self.stops_s = day_s + 30.0
        self.disk = self._windows(rng.choice((0, 0, 1, 3)), 12.0)
        self.outages = self._windows(rng.choice((0, 0, 1, 2)), 20.0)
        self.sync_failures = rng.choice((0.0, 0.0, 0.005, 0.05))
        self.crashes = rng.choice((0, 1, 3, 8))
        self.calm = not (self.trouble or self.crashes or self.outages or self.disk or self.sync_failures)

    def _windows(self, count: int, longest_s: float) -> tuple[tuple[float, float], ...]:
        starts = [self.rng.uniform(0, self.stops_s) for _ in range(count)]
        return tuple((start, min(start + self.rng.uniform(0.1, longest_s), self.stops_s)) for start in starts)

    # --- disk and network

    def disk_delay_s(self) -> float:
        """What the disk takes before, and again after, it has done something."""
        return self.rng.choice((0.0, 0.0001, 0.0005, 0.002, 0.002, 0.01))

    def disk_fails(self, now_s: float, *, committing: bool) -> bool:
        """Whether this write is refused."""
        if now_s >= self.stops_s:
            return False
        full = any(start <= now_s < end for start, end in self.disk)
        return full or (committing and self.sync_failures > 0 and self.rng.random() < self.sync_failures)

    def fate(self, now_s: float) -> Fate:
        """What becomes of a request that leaves now."""
        rng = self.rng
        out_s, back_s = 0.002 + rng.expovariate(25), 0.002 + rng.expovariate(25)
        if now_s >= self.stops_s:
            return Fate(out_s, back_s)
        if any(start <= now_s < end for start, end in self.outages):
            return Fate(None, None, unsent=True) if rng.random() < 0.5 else Fate(None, None, reset_s=out_s)
        if rng.random() >= self.trouble:
            return Fate(out_s, back_s)
        return self._mishap(out_s, back_s)

    def _mishap(self, out_s: float, back_s: float) -> Fate:
        rng, mishap = self.rng, self.rng.choice(_MISHAPS)
        match mishap:
            case Mishap.UNSENT:
                return Fate(None, None, unsent=True)
            case Mishap.RESET_BEFORE:
                return Fate(None, None, reset_s=out_s)
            case Mishap.RESET_AFTER:
                return Fate(out_s, None, reset_s=out_s + back_s)
            case Mishap.LOST:
                return Fate(None, None)
            case Mishap.ANSWER_LOST:
                return Fate(out_s, None)
            case Mishap.SLOW:
                return Fate(rng.uniform(0, 9), rng.uniform(0, 9))
            case Mishap.LATE:
                return Fate(self._late_s(), None, reset_s=out_s)
            case Mishap.TWICE:
                return Fate(out_s, back_s, again_s=rng.uniform(0, LATEST_ARRIVAL_S))
            case _:
                return Fate(out_s, back_s, answer=mishap)

    def _late_s(self) -> float:
        if self.rng.random() < 0.03:
            return self.rng.uniform(*TOO_LATE_S)
        return self.rng.uniform(0, LATEST_ARRIVAL_S)

    def life(self) -> Life:
        """How long the next process lives."""
        if self.crashes <= 0:
            return Life()
        self.crashes -= 1
        if self.rng.random() < 0.5:
            return Life(effects=self._span(_EFFECTS))
        return Life(callbacks=self._span(_CALLBACKS))

    def _span(self, each: int) -> int:
        return round(self.rng.expovariate(1 / (self.payments * each))) + 1

    # --- the shop

    def errand(self, number: int, at_s: float, wallets: tuple[Wallet, ...], ways: tuple[str, ...]) -> Errand:
        """One customer."""
        rng = self.rng
        wallet, way = rng.choice(wallets), rng.choice(ways) if rng.random() < 0.15 else "code"
        if way == "face":
            wallet = Wallet.WECHAT  # its codes pass for faces everywhere
        head, length = _CODES[wallet]
        code = f"{head}{number:0{length - len(head)}d}"
        amount = number * 100 + rng.randrange(100)
        odd = rng.random() < self.odd
        plan = self._plan(by_itself=way == "qr") if odd else self._plain(by_itself=way == "qr")
        cancel = rng.uniform(0, 20) if rng.random() < (0.15 if odd else 0.02) else None
        refunds: tuple[tuple[float, int], ...] = ()
        if rng.random() < (0.3 if odd else 0.05):
            refunds = tuple((rng.uniform(0, 8), self._part(amount)) for _ in range(rng.randint(1, 3)))
        return Errand(number, at_s, amount, way, wallet, code, plan, cancel, refunds, rng.random() < 0.03)

    def _part(self, amount: int) -> int:
        return self.rng.choice((amount, max(1, amount // 2), 1, max(1, amount // 3)))

    def _plain(self, *, by_itself: bool) -> Plan:
        """The customer pays. Where nothing can go wrong, a refund may fail for good: no void can meet it then."""
        fails = self.calm and self.rng.random() < 0.3
        refund = self.rng.choice((RefundFault.FAIL, RefundFault.BY_HAND)) if fails else RefundFault.OK
        return Plan(confirm_after_ms=2_000 if by_itself else 0, refund=(refund, RefundFault.OK))

    def _plan(self, *, by_itself: bool) -> Plan:
        """How gateway and customer treat an order; every fault ends."""
        rng = self.rng
        confirms = rng.choice((0, 0, 2_000, 8_000, 14_000, 14_950, 15_000, 15_200, 21_000, 40_000, None))
        if by_itself and confirms is not None:
            confirms = max(2_000, confirms)
        return Plan(
            pay=rng.choice(tuple(PayFault)) if rng.random() < 0.4 else PayFault.OK,
            decline=rng.choice(_DECLINES) if rng.random() < 0.15 else None,
            confirm_after_ms=confirms,
            refuse_after_ms=rng.choice((500, 5_000, 16_000)) if rng.random() < 0.1 else None,
            # No platform lets a customer think for ever; where it did, and took no cancel, nobody could end the order.
            expire_after_ms=rng.choice((5_000, 30_000, 90_000, 240_000)),
            arrive_after_ms=self._arrives_ms() if rng.random() < 0.08 else None,
            confirm_on_cancel=rng.random() < 0.1,
            discount_fen=rng.choice((0, 0, 0, 1, 37)) if self.discounts else 0,
            latency_ms=rng.choice((5, 20, 300)),
            pay_latency_ms=rng.choice((None, None, 1_500, 9_000)),
            query=(*self._some(QueryFault if self.calm else _HONEST, 0.3, 4), QueryFault.OK),
            cancel=(
                *self._some(CancelFault, 0.4, 3),
                rng.choice((CancelFault.OK, CancelFault.OK, CancelFault.TOO_LATE)),
            ),
            refund=(*self._some(_PASSING, 0.5, 3), RefundFault.OK),
            notice=rng.choice(tuple(NoticeFault)),
            stale_ms=rng.choice((500, 2_000, 4_000)),
            refund_polls=rng.choice((0, 1, 4)),
        )

    def _arrives_ms(self) -> int:
        return round(self._late_s() * 1000)

    def _some(self, words: Iterable[T], share: float, most: int) -> tuple[T, ...]:
        if self.rng.random() >= share:
            return ()
        return tuple(self.rng.choice(tuple(words)) for _ in range(self.rng.randint(1, most)))


_PASSING = tuple(fault for fault in RefundFault if fault not in {RefundFault.FAIL, RefundFault.BY_HAND})
"""What goes wrong with a refund and ends. A gateway that refuses a void's refund for good leaves it to a person."""
_HONEST = tuple(fault for fault in QueryFault if fault is not QueryFault.NOT_FOUND)
"""A gateway that forgets orders does so early: one that denies an old order breaks the contract's assumption. Where
questions may be held up, the word could come that late."""
_DECLINES = (Reason.INSUFFICIENT_FUNDS, Reason.CODE_EXPIRED, Reason.DECLINED, Reason.LIMIT_EXCEEDED)
