"""A codec joined to a transport: one call, one request, one answer, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NoReturn, Self, TypeVar

from posd.gateways.base import (
    Answer,
    CallResult,
    Codec,
    Exchange,
    FaceAuth,
    FaceAuthRequest,
    OrderRef,
    PayOrder,
    RefundOrder,
    Stamp,
    doubtful,
)
from posd.gateways.errors import NoAnswerError, NotSentError
from posd.gateways.statistics import Statistics
from posd.gateways.transport import Transport
from posd.payment.verdicts import Doubt, Evidence, NotSent, PaymentVerdict, RefundVerdict, Unknown

T = TypeVar("T")


class Gateway:
    """One configured gateway.

    Owns its transport until ``close``. Every call sends one request and never repeats it; calls may overlap freely.
    Cancelling a call gives its answer up, not the request: that may have arrived. Faults of the network come back as
    ``NotSent`` or ``Unknown``; only a fault in our own code raises.
    """

    def __init__(
        self,
        name: str,
        codec: Codec,
        transport: Transport,
        clock_ms: Callable[[], int],
        nonce: Callable[[], str],
        *,
        wall_ms: Callable[[], int] | None = None,
    ) -> None:
        """``clock_ms`` gives UTC milliseconds, ``nonce`` 32 hexadecimal digits, another at every call.

        ``clock_ms`` dates a pay request, as its order is dated in the journal: later calls name that day. ``wall_ms``
        (the same unless given) dates all others: a gateway that refuses what is minutes old must be able to answer
        once the machine's clock was set right, though the line of time runs on as it was while a payment is open.
        """
        self.name = name
        self.codec = codec
        self.statistics = Statistics()
        self._transport = transport
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms or clock_ms
        self._nonce = nonce

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def warm(self) -> None:
        """See that a connection is open. Raises NotSentError, which says why it is not."""
        await self._transport.warm()

    async def keep_warm(self) -> NoReturn:
        """Keep a connection open for the next customer, until cancelled."""
        await self._transport.keep_warm()

    async def pay(self, order: PayOrder) -> Answer[PaymentVerdict]:
        """Charge a customer, or make a QR code. Raises ValueError for what the gateway cannot do; nothing is sent."""
        stamp = Stamp(self._clock_ms(), self._nonce())
        return await self._exchange(self.codec.pay(order, stamp), self._transport.timeouts.pay_s)

    async def query(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """Ask how an order stands."""
        return await self._exchange(self.codec.query(order, self._stamp()))

    async def cancel(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """Undo an order, as far as the gateway can."""
        return await self._exchange(self.codec.cancel(order, self._stamp()))

    async def refund(self, refund: RefundOrder) -> Answer[RefundVerdict]:
        """Give money back; the same refund number is the same refund."""
        return await self._exchange(self.codec.refund(refund, self._stamp()))

    async def refund_query(self, refund: RefundOrder) -> Answer[RefundVerdict]:
        """Ask how a refund stands."""
        return await self._exchange(self.codec.refund_query(refund, self._stamp()))

    async def face_auth(self, request: FaceAuthRequest) -> Answer[FaceAuth | Unknown | NotSent]:
        """Credentials for the face SDK."""
        return await self._exchange(self.codec.face_auth(request, self._stamp()))

    async def call(self, operation: str, fields: Mapping[str, str]) -> Answer[CallResult | Unknown | NotSent]:
        """One documented call by hand. Raises KeyError for an unknown operation."""
        exchange = self.codec.call(operation, fields, self._stamp())
        moves_money = self.codec.operations()[operation].moves_money
        return await self._exchange(exchange, self._transport.timeouts.pay_s if moves_money else None)

    async def harmless(self) -> Answer[CallResult | Unknown | NotSent]:
        """A call that moves nothing, to see whether keys, clock and network are right."""
        return await self._exchange(self.codec.harmless(self._stamp()))

    def _stamp(self) -> Stamp:
        return Stamp(self._wall_ms(), self._nonce())

    async def _exchange(
        self, exchange: Exchange[T], timeout_s: float | None = None
    ) -> Answer[T] | Answer[Unknown] | Answer[NotSent]:
        loop = asyncio.get_running_loop()
        started_s, outcome = loop.time(), "error"
        self.statistics.running += 1
        try:
            answer = await self._asked(exchange, timeout_s or self._transport.timeouts.query_s)
            outcome = _outcome(answer.verdict)
            return answer
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            self.statistics.running -= 1
            self.statistics.add(exchange.request.operation, outcome, loop.time() - started_s)

    async def _asked(self, exchange: Exchange[T], timeout_s: float) -> Answer[T] | Answer[Unknown] | Answer[NotSent]:
        try:
            response = await self._transport.send(exchange.request, timeout_s)
        except NotSentError as error:
            return Answer(NotSent(), Evidence(note=str(error)))
        except NoAnswerError as error:
            return doubtful(Doubt.NO_ANSWER, note=str(error))
        return exchange.read(response)


def _outcome(verdict: object) -> str:
    match verdict:
        case NotSent():
            return "not_sent"
        case Unknown(doubt):
            return doubt.value
        case _:
            return "answered"
