"""The server side of one protocol: how its requests are read and checked, how its answers are worded. Pure.

A protocol never decides what happens: ``engine.py`` does, by the plan of the order. A protocol reads a request into a
``Call`` (or raises ``Reject``) and turns a ``View`` of an order into the fields of an answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.fields import Field, problems
from posd.gateways.simulator.orders import Charge, Order, Phase, Refund, RefundRefusal, RefundRefused, RefundStatus
from posd.payment.auth_code import Secret

if TYPE_CHECKING:
    from posd.gateways.simulator.keys import KeyRing

# Longer than any platform's own number; what is longer is not even looked up.
_TRADE_NO_MAX = 64

NOWHERE = "http://simulator.invalid"
"""Where a simulator without a server is."""

Fields = dict[str, object]
"""The fields of an answer before it is signed."""


class Kind(StrEnum):
    """What a call does."""

    PAY = "pay"
    PREORDER = "preorder"
    """An order that the customer pays by himself: QR codes, pages, apps."""
    QUERY = "query"
    CANCEL = "cancel"
    """Cancels, closes, reversals: whatever ends an order."""
    REFUND = "refund"
    REFUND_QUERY = "refund_query"
    OTHER = "other"
    """Moves no money."""


@dataclass(frozen=True, slots=True)
class Route:
    """One documented call."""

    operation: str
    """The protocol's own name of the call."""
    kind: Kind
    table: Mapping[str, Field] = field(default_factory=dict)
    open: bool = False
    """Whether fields beyond the table are expected: the document keeps some to itself."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, read and checked."""

    route: Route
    path: str
    fields: Mapping[str, object] = field(repr=False)
    order_no: str | None = None
    """The merchant's number of the payment that it is about."""
    refund_no: str | None = None

    def text(self, name: str) -> str:
        """A field as text; empty where it is absent."""
        value = self.fields.get(name)
        return "" if value is None else str(value)


class Breach(StrEnum):
    """What a request breaks."""

    PATH = "path"
    FORMAT = "format"
    FIELD = "field"
    SIGNATURE = "signature"
    MERCHANT = "merchant"
    AGENT = "agent"
    TIME = "time"


class Reject(Exception):
    """A request that breaks the document. ``call`` is what could be read of it."""

    def __init__(self, breach: Breach, detail: str, call: Call | None = None) -> None:
        super().__init__(detail)
        self.breach, self.detail, self.call = breach, detail, call


class Seal(StrEnum):
    """How an answer is signed."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class View:
    """An order as an answer describes it, which is not always as it is."""

    order: Order
    order_no: str
    amount: int
    pay_amount: int
    phase: Phase
    refunded: int
    at_ms: int

    @property
    def discount(self) -> int:
        """What was given off, in fen."""
        return self.amount - self.pay_amount

    @property
    def paid_at_ms(self) -> int:
        """When the customer paid; where he did not, the moment of the answer."""
        return self.order.paid_at_ms or self.at_ms


class QueryRefusal(StrEnum):
    """Why a query gets no word about the order."""

    NOT_FOUND = "not_found"
    TOO_OFTEN = "too_often"
    SYSTEM_ERROR = "system_error"


class CancelOutcome(StrEnum):
    """What a cancel came to."""

    DONE = "done"
    NOT_FOUND = "not_found"
    STILL_PAYING = "still_paying"
    TOO_LATE = "too_late"
    PAID = "paid"
    """A call that only closes unpaid orders met a paid one."""
    UNPAID = "unpaid"
    """A call that only undoes paid orders met an unpaid one."""
    ALREADY = "already"
    """Closed or reversed before, where the protocol says so instead of ``DONE``."""
    REFUNDED = "refunded"


class Event(StrEnum):
    """What notifications are about."""

    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Posting:
    """A notification as it goes out."""

    content_type: str
    body: bytes = field(repr=False)


class Protocol(ABC):
    """One gateway's side of one protocol.

    ``site`` is the address under which a person reaches the simulator; codes to scan point there. ``quirks`` are the
    points in which the documents contradict themselves, each with its possible readings, the usual one first.
    """

    name: ClassVar[str]
    """The protocol's name in the configuration; also the prefix of its paths."""
    QUIRKS: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """Credentials of customers: masked in the ledger."""
    cancel_proves: ClassVar[bool] = True
    """Whether the answer to a cancel is proof; else it only says that the cancel was taken."""
    notify_pauses_s: ClassVar[tuple[int, ...]] = (0,)
    """The pause before each notification until one is taken."""
    notify_events: ClassVar[frozenset[Event]] = frozenset({Event.PAID})
    cancel_floor_ms: int = 0
    """A cancel is not to be sent earlier than this after the pay request; not for orders paid by a code to scan."""

    def __init__(self, bank: Bank, keys: KeyRing, site: str = NOWHERE) -> None:
        """``keys`` makes or remembers the secrets; it is asked here and not later."""
        self.bank, self.site = bank, site
        self.quirks: dict[str, str] = {name: readings[0] for name, readings in self.QUIRKS.items()}

    # --- what an integrator needs -------------------------------------------------------------------------------------

    @abstractmethod
    def settings(self) -> Mapping[str, str | Secret]:
        """What the configuration of a client needs beside ``protocol`` and ``base_url``.

        Texts under the names of the configuration; secrets as ``Secret`` under the name without ``_file``.
        """

    # --- in -----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def read(self, request: HttpRequest, now_ms: int) -> Call:
        """Decode, verify and check a request; its path has lost the prefix. Raises Reject."""

    @abstractmethod
    def charge(self, call: Call) -> Charge:
        """What a pay or pre-order call asks for."""

    def advice(self, call: Call, now_ms: int) -> Iterable[str]:
        """What is worth a look in a request, and against no document."""
        return ()

    @staticmethod
    def check(call: Call) -> None:
        """Required fields, types, lengths and formats. Raises Reject."""
        if wrong := problems(call.fields, call.route.table):
            raise Reject(Breach.FIELD, "; ".join(wrong), call)

    # --- out ----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def encode(self, call: Call | None, fields: Fields, seal: Seal, now_ms: int) -> HttpResponse:
        """Sign and serialise an answer.

        What is sealed wrongly must not be believed by any client: a protocol that signs no answers makes it garbage.
        """

    @abstractmethod
    def rejected(self, call: Call | None, reject: Reject) -> Fields:
        """The answer to a request that breaks the document."""

    @abstractmethod
    def pay_answer(self, call: Call, view: View) -> Fields:
        """How a pay request went."""

    @abstractmethod
    def preorder_answer(self, call: Call, view: View) -> Fields:
        """The code (or what the trade type gives) to an order that the customer pays by himself."""

    @abstractmethod
    def duplicate_answer(self, call: Call, view: View) -> Fields:
        """The order number was submitted before."""

    def no_status(self, call: Call, fields: Fields) -> Fields:
        """An answer that says success and nothing of the order; the same as "still paying" where none can."""
        return fields

    @abstractmethod
    def query_answer(self, call: Call, view: View) -> Fields:
        """How an order stands."""

    @abstractmethod
    def query_refusal(self, call: Call, why: QueryRefusal) -> Fields:
        """A query without a word about the order."""

    @abstractmethod
    def void(self, call: Call, order: Order, now_ms: int) -> CancelOutcome:
        """Carry out a cancel or close of an order that exists."""

    @abstractmethod
    def cancel_answer(self, call: Call, order: Order, outcome: CancelOutcome) -> Fields:
        """What came of a cancel or close."""

    @abstractmethod
    def refund_terms(self, call: Call) -> tuple[str, int]:
        """The refund number and the amount asked for."""

    @abstractmethod
    def refund_answer(self, call: Call, order: Order, refund: Refund) -> Fields:
        """A refund was asked for."""

    @abstractmethod
    def refund_refusal(self, call: Call, order: Order | None, why: RefundRefusal) -> Fields:
        """A refund is not made, or not known."""

    @abstractmethod
    def refund_query_answer(self, call: Call, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """How a refund stands."""

    @abstractmethod
    def other(self, call: Call, now_ms: int) -> Fields:
        """A call that moves no money."""

    # --- notifications ------------------------------------------------------------------------------------------------

    @abstractmethod
    def posting(self, view: View, event: Event, refund: Refund | None, seal: Seal) -> Posting:
        """A notification."""

    @abstractmethod
    def acknowledges(self, status: int, text: str) -> bool:
        """Whether the receiver's answer says that it was taken."""

    def wants_notice(self, order: Order, event: Event) -> bool:
        """Whether this event is notified at all."""
        return True

    # --- what most have in common -------------------------------------------------------------------------------------

    def refund_due(self, order: Order, amount: int) -> int:
        """What a refund of ``amount`` gives back. Raises RefundRefused when it is more than is left.

        Most documents do not say whether the amount counts what the goods cost or what was really paid, so both are
        taken: up to the order's amount, and as much goes back, up to what was paid.
        """
        if order.refunds_asked + amount > order.amount:
            raise RefundRefused(RefundRefusal.EXCEEDS)
        return min(amount, order.pay_amount - order.refunds_due)

    def trade_no(self, order: Order, length: int) -> str:
        """The platform's own number of an order."""
        return f"20{order.serial:0{length - 2}d}"

    def order_of_trade_no(self, trade_no: str) -> Order | None:
        """The order behind a platform's number."""
        if len(trade_no) > _TRADE_NO_MAX or not (trade_no.isascii() and trade_no[2:].isdigit()):
            return None
        order = self.bank.by_serial(int(trade_no[2:]))
        return order if order and self.trade_no(order, len(trade_no)) == trade_no else None

    def code_url(self, order_no: str) -> str:
        """The address that a code to scan carries: a page with two buttons, pay and refuse."""
        return f"{self.site}/customer/{quote(order_no, safe='')}"
