"""The day in figures: what was paid, by wallet; what became of every payment; what went back; what is open. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from posd.journal.records import PaymentRecord
from posd.payment.amounts import Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import Status
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundStatus
from posd.resources import Resource


class Sums(Resource, frozen=True):
    """Several payments added up, in fen. What was not paid has no ``coupAmount`` and no ``payAmount`` to add."""

    count: int = 0
    amount: Fen = Fen(0)
    coup_amount: Fen = Fen(0)
    pay_amount: Fen = Fen(0)

    def plus(self, payment: Payment) -> Sums:
        """The same with one more payment."""
        paid = payment.amounts
        return Sums(
            self.count + 1,
            Fen(self.amount + payment.amount),
            Fen(self.coup_amount + (paid.coup_amount if paid else 0)),
            Fen(self.pay_amount + (paid.pay_amount if paid else 0)),
        )


class RefundSums(Resource, frozen=True):
    """Refunds added up: those that succeeded, and how many are still under way.

    ``payAmount`` is what is known to have gone back; some gateways do not say it.
    """

    count: int = 0
    amount: Fen = Fen(0)
    pay_amount: Fen = Fen(0)
    processing: int = 0

    def plus(self, refund: Refund) -> RefundSums:
        """The same with one more refund, whatever became of it."""
        change = msgspec.structs.replace
        if refund.status is RefundStatus.PROCESSING:
            return change(self, processing=self.processing + 1)
        if refund.status is not RefundStatus.SUCCEEDED:
            return self
        return change(
            self,
            count=self.count + 1,
            amount=Fen(self.amount + refund.amount),
            pay_amount=Fen(self.pay_amount + (refund.pay_amount or 0)),
        )


class DayReport(msgspec.Struct, frozen=True):
    """One business day. ``totals`` and ``by_wallet`` are of paid payments, ``by_status`` of all."""

    date: str
    totals: Sums
    by_wallet: dict[Wallet, Sums]
    by_status: dict[Status, Sums]
    refunds: RefundSums
    returns_unknown: int
    """Refunds that have succeeded without a word of the gateway on how much went back."""
    unresolved: tuple[PaymentRecord, ...]
    """Its payments without an end."""


def day_report(
    date: str, payments: Iterable[Payment], refunds: Iterable[Refund], unresolved: Sequence[PaymentRecord]
) -> DayReport:
    """Add up a day; takes its payments and refunds one by one, in any order."""
    totals, gone_back = Sums(), RefundSums()
    by_wallet: dict[Wallet, Sums] = {}
    by_status: dict[Status, Sums] = {}
    for payment in payments:
        by_status[payment.status] = by_status.get(payment.status, Sums()).plus(payment)
        if payment.status is Status.PAID:
            wallet = payment.wallet or Wallet.OTHER
            by_wallet[wallet] = by_wallet.get(wallet, Sums()).plus(payment)
            totals = totals.plus(payment)
    returns_unknown = 0
    for refund in refunds:
        gone_back = gone_back.plus(refund)
        returns_unknown += refund.status is RefundStatus.SUCCEEDED and refund.pay_amount is None
    return DayReport(date, totals, by_wallet, by_status, gone_back, returns_unknown, tuple(unresolved))
