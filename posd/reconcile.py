"""Asking the gateways again about a day: does what is on disk agree with what they say now?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from posd.checkout.checkout import Checkout
from posd.checkout.orders import Till, order_ref, refund_order
from posd.clock import TimeLine
from posd.gateways.base import Answer
from posd.gateways.gateway import Gateway
from posd.journal import queries
from posd.journal.journal import Journal
from posd.journal.records import PaymentRecord
from posd.payment.events import Answered, AnyVerdict, AttentionRaised, Source, Status
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundStatus
from posd.payment.verdicts import (
    Closed,
    Declined,
    NotFound,
    NotSent,
    Paid,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    Unknown,
)

PAGE = 50
"""Payments in one step, so that a request of the command line is answered in time."""
AT_ONCE = 4
"""Questions on the wire at once: a reconciliation must not take the place of customers."""


class Agreement(StrEnum):
    """What came of one question."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNCLEAR = "unclear"
    """The gateway could not be asked; try again."""
    OPEN = "open"
    """It has no end yet: posd is at it."""


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """One payment or refund, and what the gateway says of it now."""

    order_no: str
    refund_no: str | None
    status: str
    """By the journal."""
    agreement: Agreement
    gateway_says: str


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """Some of the day: what does not simply agree, how many were asked, and where to go on."""

    items: list[Finding]
    asked: int
    next_cursor: str | None


class Reconciler(msgspec.Struct, frozen=True):
    """Asks, compares, and records what differs, so that it is marked for a person."""

    journal: Journal
    checkout: Checkout
    gateways: Mapping[str, Gateway]
    clock: TimeLine
    till: Till

    async def step(self, date: str, before: int | None) -> Step:
        """The next payments of a business date, the newest first, with their refunds."""
        wanted = queries.Filter(date=date, before=before)
        records = await self.journal.read(lambda db: queries.list_payments(db, wanted, PAGE + 1))
        page, more = records[:PAGE], len(records) > PAGE
        limit = asyncio.Semaphore(AT_ONCE)
        found = await asyncio.gather(*(self._payment(record, limit) for record in page))
        findings = [finding for several in found for finding in several]
        remarkable = [finding for finding in findings if finding.agreement is not Agreement.AGREES]
        return Step(remarkable, len(findings), str(page[-1].position) if more else None)

    async def _payment(self, record: PaymentRecord, limit: asyncio.Semaphore) -> list[Finding]:
        payment = record.payment
        refunds = await self.journal.read(lambda db: queries.refunds_of(db, payment.payment_id))
        async with limit:
            findings = [await self._ask(payment, refunds)]
            findings += [await self._ask_refund(payment, refund) for refund in refunds]
        return findings

    async def _ask(self, payment: Payment, refunds: list[Refund]) -> Finding:
        gateway = self.gateways.get(payment.gateway)
        if not payment.status.final:
            return _finding(payment, Agreement.OPEN, "not asked")
        if payment.submitted_at_ms is None or payment.unsent:
            return _finding(payment, Agreement.AGREES, "never sent")
        if gateway is None:
            return _finding(payment, Agreement.UNCLEAR, f"there is no [gateways.{payment.gateway}] any more")
        asked_at_ms = self.clock.now_ms()
        answer: Answer[AnyVerdict] = await gateway.query(order_ref(payment, self.till))
        agreement = _agreement(payment, refunds, answer.verdict)
        if agreement is Agreement.DIFFERS:
            now_ms = self.clock.now_ms()
            heard = Answered(now_ms, Source.QUERY, asked_at_ms, answer.verdict, answer.evidence)
            await self.checkout.learn(payment.payment_id, heard)
        return _finding(payment, agreement, _said(answer))

    async def _ask_refund(self, payment: Payment, refund: Refund) -> Finding:
        gateway = self.gateways.get(payment.gateway)
        if gateway is None or refund.sent_at_ms is None or refund.live:
            return _refund_finding(payment, refund, Agreement.OPEN if refund.live else Agreement.UNCLEAR, "not asked")
        answer: Answer[AnyVerdict] = await gateway.refund_query(refund_order(refund, payment, self.till))
        agreement = _refund_agreement(refund, answer.verdict)
        if agreement is Agreement.DIFFERS:
            note = f"refund {refund.refund_no} is {refund.status}, the gateway says {_said(answer)}"
            await self.checkout.learn(
                payment.payment_id, AttentionRaised(self.clock.now_ms(), Reason.CONTRADICTION, note)
            )
        return _refund_finding(payment, refund, agreement, _said(answer))


def _agreement(payment: Payment, refunds: list[Refund], verdict: AnyVerdict) -> Agreement:
    gave_back = any(refund.holds for refund in refunds)
    match payment.status, verdict:
        case _, NotSent():
            return Agreement.UNCLEAR
        case _, Unknown(doubt) if doubt != "mismatch":
            return Agreement.UNCLEAR
        case Status.PAID, Paid():
            return Agreement.AGREES
        case Status.PAID, Refunded() if gave_back:
            return Agreement.AGREES
        case ((Status.FAILED | Status.CANCELLED), (Closed() | Declined() | NotFound() | Refunded())):
            return Agreement.AGREES
        case ((Status.FAILED | Status.CANCELLED), Pending()):
            return Agreement.DIFFERS
        case _:
            return Agreement.DIFFERS


def _refund_agreement(refund: Refund, verdict: AnyVerdict) -> Agreement:
    match refund.status, verdict:
        case _, Unknown() | NotSent():
            return Agreement.UNCLEAR
        case RefundStatus.SUCCEEDED, RefundDone():
            return Agreement.AGREES
        case RefundStatus.FAILED, RefundFailed() | NotFound():
            return Agreement.AGREES
        case RefundStatus.MANUAL, _:
            return Agreement.AGREES
        case _:
            return Agreement.DIFFERS


def _said(answer: Answer[AnyVerdict]) -> str:
    word = str(answer.verdict.__struct_config__.tag).replace("_", " ")
    said = " ".join(part for part in (answer.evidence.gateway_code, answer.evidence.gateway_message) if part)
    return f"{word} ({said})" if said else word


def _finding(payment: Payment, agreement: Agreement, says: str) -> Finding:
    return Finding(payment.order_no, None, payment.status, agreement, says)


def _refund_finding(payment: Payment, refund: Refund, agreement: Agreement, says: str) -> Finding:
    return Finding(payment.order_no, refund.refund_no, refund.status, agreement, says)
