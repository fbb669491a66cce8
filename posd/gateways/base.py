"""The interface of a gateway: typed calls in, HTTP requests out; HTTP responses in, verdicts out. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import ClassVar, Generic, TypeVar

import msgspec

from posd.payment.amounts import Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from posd.payment.verdicts import Doubt, Evidence, PaymentVerdict, RefundVerdict, Unknown

BEIJING = timezone(timedelta(hours=8))
"""All five platforms write their times in GMT+8."""

T = TypeVar("T", covariant=True)  # noqa: PLC0105 - one letter says as much


class Stamp(msgspec.Struct, frozen=True):
    """What a request needs of the world outside: the moment (UTC milliseconds) and a nonce of 32 hexadecimal digits."""

    at_ms: int
    nonce: str

    def beijing(self, pattern: str = "%Y%m%d%H%M%S") -> str:
        """The moment as the platforms write it."""
        return beijing(self.at_ms, pattern)


def beijing(at_ms: int, pattern: str = "%Y%m%d%H%M%S") -> str:
    """A moment in UTC milliseconds as the platforms write it, in GMT+8."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).strftime(pattern)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What goes out. ``path`` is joined to the gateway's base URL unless ``url`` is set; the body is never logged."""

    operation: str
    """The protocol's own name of the call: for metrics, the timeline and the log."""
    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    base_url: str | None = None
    """Another host than the gateway's own (Chaoying asks for face credentials elsewhere)."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back, as it came."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Looked up by names in lower case."""


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What an answer means, and what it said."""

    verdict: T
    evidence: Evidence = Evidence()


def doubtful(doubt: Doubt, **evidence: str | int | None) -> Answer[Unknown]:
    """An answer that proves nothing."""
    return Answer(Unknown(doubt), Evidence(**evidence))  # type: ignore[arg-type]  # the names are Evidence's own


class Exchange(msgspec.Struct, Generic[T], frozen=True):
    """One call: what to send, and how to read what comes back. ``read`` never raises, whatever the bytes are."""

    request: HttpRequest
    read: Callable[[HttpResponse], Answer[T]]


class Goods(msgspec.Struct, frozen=True):
    """One line of the bill, for gateways that give discounts by article."""

    goods_id: str
    quantity: int
    price: Fen
    name: str | None = None


@dataclass(frozen=True, slots=True)
class PayOrder:
    """What to charge, and whom."""

    order_no: str
    amount: Fen
    method: Method
    wallet: Wallet | None
    description: str
    operator: str
    terminal_id: str
    store_id: str
    credential: Secret | None = None
    """The auth code or the face code; None for a QR order."""
    openid: str | None = field(default=None, repr=False)
    attach: str | None = None
    goods: tuple[Goods, ...] = ()
    expires_at_ms: int | None = None
    """When a QR code should die at the gateway."""


@dataclass(frozen=True, slots=True)
class OrderRef:
    """An order that was submitted, as later calls name it."""

    order_no: str
    amount: Fen
    method: Method
    wallet: Wallet | None
    submitted_at_ms: int
    operator: str
    trade_no: str | None = None
    known_paid: bool | None = None
    """True paid, False not paid, None not known. Some gateways close and reverse by different calls."""
    pay_amount: Fen | None = None


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money to give back."""

    refund_no: str
    amount: Fen
    """Counts against the order's ``amount``."""
    order: OrderRef
    requested_at_ms: int
    reason: str | None = None
    platform_refund_no: str | None = None


@dataclass(frozen=True, slots=True)
class FaceAuthRequest:
    """What the face SDK gave, to be turned into credentials for it."""

    wallet: Wallet
    device_id: str
    rawdata: str = field(repr=False)
    store_id: str = ""
    store_name: str = ""


@dataclass(frozen=True, slots=True)
class FaceAuth:
    """Credentials for the face SDK; reusable on the same device until they expire."""

    authinfo: str = field(repr=False)
    expires_in_s: int
    appid: str
    mch_id: str
    sub_appid: str = ""
    sub_mch_id: str = ""
    face_code_type: str = "0"
    """``0``: a face code for the face call; ``1``: an 18-digit code that goes through barcode pay."""


class Notice(msgspec.Struct, frozen=True):
    """A rightly signed notification. The order it speaks of must be looked up before it means anything."""

    order_no: str
    read: Callable[[OrderRef], Answer[PaymentVerdict]]
    """What it says of that order: amount and order number are checked against it."""
    success: HttpResponse
    """The gateway's own word for "taken"; nothing is repeated after it."""
    failure: HttpResponse
    refund_no: str | None = None
    """Set where it speaks of a refund."""
    read_refund: Callable[[RefundOrder], Answer[RefundVerdict]] | None = None


class Operation(msgspec.Struct, frozen=True):
    """A documented call, for a person who wants to make it by hand."""

    name: str
    section: str
    """Where it is documented, e.g. ``Chaoying 2.2 刷卡支付``."""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    moves_money: bool = False


class CallResult(msgspec.Struct, frozen=True):
    """What an operation made by hand gave: the fields of the answer and whether its signature holds."""

    fields: Mapping[str, object]
    verified: bool | None
    """None where the protocol does not sign this answer."""
    succeeded: bool


class Capabilities(msgspec.Struct, frozen=True):
    """What a gateway can do; what it cannot is refused before anything is sent."""

    methods: frozenset[Method]
    wallets: frozenset[Wallet] = frozenset(Wallet)
    """Wallets whose codes it takes; a code of another one is refused before anything is sent."""
    face_auth: bool = False
    """Whether it has a call that gives the face SDK its credentials (needed for ``method: face``)."""
    qr_wallets: frozenset[Wallet] = frozenset()
    """Wallets for which it makes a QR code; the default is the first of ``qr_default``."""
    qr_default: Wallet | None = None
    query_interval_s: float = 1.0
    """The pace of queries that its documents recommend; shown to the technician, not enforced."""
    order_prefix: str = ""
    """What every order number must begin with."""


class Codec(ABC):
    """One gateway's protocol. Pure: no I/O, no clock, no randomness; safe to share.

    Every ``read`` of an exchange takes any bytes whatever and answers ``Unknown`` where they prove nothing.
    """

    protocol: ClassVar[str]

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this gateway can do."""

    @abstractmethod
    def void_terms(self, method: Method) -> VoidTerms:
        """What it allows and proves when an order of this method must not stand."""

    @abstractmethod
    def pay(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """Charge a customer, or make a QR code (then ``Pending`` carries it).

        Raises ValueError for an order that ``capabilities`` rules out; nothing is sent then.
        """

    @abstractmethod
    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """Ask how an order stands."""

    @abstractmethod
    def cancel(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """Undo an order: close it if it is unpaid, reverse it if it is paid, as far as the gateway can."""

    @abstractmethod
    def refund(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """Give money back. The same refund number is the same refund, however often it is sent."""

    @abstractmethod
    def refund_query(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """Ask how a refund stands."""

    def face_auth(self, request: FaceAuthRequest, stamp: Stamp) -> Exchange[FaceAuth | Unknown]:
        """Turn the SDK's rawdata into its credentials; only with ``capabilities.face_auth``."""
        raise NotImplementedError(f"{self.protocol} has no face-auth call")

    @abstractmethod
    def read_notification(self, request: HttpResponse, stamp: Stamp) -> Notice | None:
        """Verify a notification (its headers and body); None if it is not rightly signed or not readable."""

    @abstractmethod
    def notification_refusal(self) -> HttpResponse:
        """The gateway's own word for "not taken", for a notification that is no ``Notice``."""

    @abstractmethod
    def operations(self) -> Mapping[str, Operation]:
        """Every documented call by its own name."""

    @abstractmethod
    def call(self, operation: str, fields: Mapping[str, str], stamp: Stamp) -> Exchange[CallResult]:
        """One documented call with the fields a person gave; what only the configuration knows is filled in.

        Raises KeyError for an unknown operation.
        """

    @abstractmethod
    def harmless(self, stamp: Stamp) -> Exchange[CallResult]:
        """A call that moves nothing and prints nothing, to see whether keys, clock and network are right."""
