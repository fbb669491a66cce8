"""What stands on the paper of a job, fetched from the journal; and the same for eyes instead of paper."""

from __future__ import annotations

import sqlite3

from devices.printer.document import Document
from devices.printer.profile import Profile
from posd import receipt
from posd.config import Config
from posd.journal import queries
from posd.journal.records import PaymentRecord
from posd.payment.events import Status
from posd.payment.refund import Refund, RefundStatus
from posd.printing.errors import NoReceipt, NothingToPrint
from posd.printing.job import Audience, JobKind, PrintJob
from posd.report import report_on
from posd.resources import Views


class Papers:
    """Makes documents in the language and for the paper of one till. Needs no printer; keeps nothing."""

    def __init__(self, views: Views, shop: receipt.Shop, profile: Profile, printer_name: str = "printer") -> None:
        self.profile = profile
        self._views = views
        self._shop = shop
        self._printer_name = printer_name

    @classmethod
    def of(cls, config: Config, views: Views) -> Papers:
        """Those of a configuration."""
        terminal, printer = config.terminal, config.printer
        shop = receipt.Shop(
            terminal.store_name, terminal.id, terminal.locale, config.receipt.header, config.receipt.footer
        )
        return cls(views, shop, Profile(printer.paper, printer.encoding), printer.name)

    def of_payment(self, record: PaymentRecord, audience: Audience = Audience.CUSTOMER, copy_no: int = 0) -> Document:
        """The receipt of a paid payment, the void slip of a cancelled one; else raises NoReceipt."""
        make = receipt.sale if kind_of(record) is JobKind.SALE else receipt.void_slip
        return make(self._views.payment(record), self._shop, copy_no=copy_no, audience=audience)

    def of_refund(
        self, refund: Refund, record: PaymentRecord, audience: Audience = Audience.CUSTOMER, copy_no: int = 0
    ) -> Document:
        """The receipt of a refund that has succeeded, with the payment it belongs to; else raises NoReceipt."""
        demand_succeeded(refund)
        resources = self._views.refund(refund), self._views.payment(record)
        return receipt.refund_slip(*resources, self._shop, copy_no=copy_no, audience=audience)

    def of_job(self, db: sqlite3.Connection, job: PrintJob, now_ms: int) -> Document:
        """What a job puts on the paper, as things stand now. A query; raises NothingToPrint."""
        match job.kind:
            case JobKind.SALE | JobKind.VOID:
                return self._about_payment(_record(db, job), job)
            case JobKind.REFUND:
                return self._about_refund(db, job)
            case JobKind.REPORT:
                report = report_on(db, job.text or self._views.date(now_ms))
                printed_at = self._views.time(now_ms)
                return receipt.day_report(report, self._shop, printed_at=printed_at, copy_no=job.copy_no)
            case JobKind.TEST:
                from devices.printer.slip import trial_slip

                return trial_slip(self._printer_name, self.profile)

    def _about_payment(self, record: PaymentRecord, job: PrintJob) -> Document:
        try:
            return self.of_payment(record, job.audience, job.copy_no)
        except NoReceipt as error:
            raise NothingToPrint(str(error)) from error

    def _about_refund(self, db: sqlite3.Connection, job: PrintJob) -> Document:
        refund = queries.find_refund(db, job.refund_id or "")
        if refund is None:
            raise NothingToPrint(f"there is no refund {job.refund_id}")
        try:
            return self.of_refund(refund, _record(db, job), job.audience, job.copy_no)
        except NoReceipt as error:
            raise NothingToPrint(str(error)) from error

    def text(self, document: Document) -> str:
        """As lines of plain text."""
        from devices.printer.text import to_text

        return to_text(document, self.profile.columns)

    def png(self, document: Document) -> bytes:
        """As a picture. Takes tens of milliseconds: call it in an executor."""
        from devices.printer import raster

        return raster.to_png(document, self.profile)


def kind_of(record: PaymentRecord) -> JobKind:
    """Which paper a payment has. Raises NoReceipt."""
    payment = record.payment
    match payment.status:
        case Status.PAID:
            return JobKind.SALE
        case Status.CANCELLED:
            return JobKind.VOID
        case _:
            raise NoReceipt(f"{payment.order_no} is {payment.status}; only a paid or cancelled payment has a receipt")


def demand_succeeded(refund: Refund) -> None:
    """Raises NoReceipt for a refund that has not succeeded."""
    if refund.status is not RefundStatus.SUCCEEDED:
        raise NoReceipt(f"{refund.refund_no} is {refund.status}; only a refund that succeeded has a receipt")


def _record(db: sqlite3.Connection, job: PrintJob) -> PaymentRecord:
    record = queries.find_payment(db, job.payment_id or "")
    if record is None:
        raise NothingToPrint(f"there is no payment {job.payment_id}")
    return record
