"""The day's report, read from the journal and told as JSON."""

from __future__ import annotations

import sqlite3

from posd.day import DayReport, RefundSums, Sums, day_report
from posd.journal import queries
from posd.payment.auth_code import Wallet
from posd.payment.events import Status
from posd.resources import PaymentResource, Resource, Views


class ReportResource(Resource, frozen=True):
    """One business day. Amounts in fen; words that did not occur are left out."""

    date: str
    totals: Sums
    by_wallet: dict[Wallet, Sums]
    by_status: dict[Status, Sums]
    refunds: RefundSums
    unresolved: list[PaymentResource]


def report_on(db: sqlite3.Connection, date: str) -> DayReport:
    """The figures of a business date (YYYY-MM-DD), all of one moment. A query."""
    db.execute("BEGIN")
    try:
        unresolved = queries.unresolved_on(db, date)
        return day_report(date, queries.payments_on(db, date), queries.refunds_on(db, date), unresolved)
    finally:
        db.execute("ROLLBACK")


def load_report(db: sqlite3.Connection, date: str, views: Views) -> ReportResource:
    """The same as it is told. A query."""
    return report_resource(report_on(db, date), views)


def report_resource(report: DayReport, views: Views) -> ReportResource:
    """Figures as they are told."""
    return ReportResource(
        date=report.date,
        totals=report.totals,
        by_wallet=report.by_wallet,
        by_status=report.by_status,
        refunds=report.refunds,
        unresolved=[views.payment(record) for record in report.unresolved],
    )
