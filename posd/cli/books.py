"""Where reading commands read: the running daemon, or the journal itself when it is down."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

import msgspec

from posd.api.payments import LIST_AT_MOST
from posd.cli.errors import CommandError, Exit
from posd.client import Client, ProblemAnswer, Unreachable
from posd.config import Config
from posd.journal import queries
from posd.journal.errors import JournalUnusable
from posd.journal.journal import check_version
from posd.journal.writer import connect
from posd.report import ReportResource, load_report
from posd.resources import PaymentResource, Views
from posd.timeline import TimelineItem, timeline_items

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """Payments as the API lists them."""

    items: list[PaymentResource]
    next_cursor: str | None


class _Timeline(msgspec.Struct, frozen=True, rename="camel"):
    items: list[TimelineItem]
    next_cursor: None


class Books(Protocol):
    """What can be read. Raises CommandError where there is no such order."""

    def payment(self, ident: str) -> PaymentResource:
        """One payment."""

    def payments(self, date: str | None, status: str | None, *, attention: bool) -> Page:
        """All payments of a day, in a state, or that a person should look at, the newest first."""

    def timeline(self, ident: str) -> list[TimelineItem]:
        """What happened to one."""

    def report(self, date: str | None) -> ReportResource:
        """The figures of a day, today's without a date."""


@contextlib.contextmanager
def open_books(config: Config) -> Iterator[Books]:
    """The daemon's word if it runs, else what its journal says."""
    with Client(config.api.socket) as client:
        try:
            client.request("GET", "/healthz")
        except Unreachable:
            pass
        else:
            yield DaemonBooks(client)
            return
    with open_journal(config) as db:
        yield JournalBooks(db, Views(config.terminal.zone, config.terminal.locale))


@contextlib.contextmanager
def open_journal(config: Config) -> Iterator[sqlite3.Connection]:
    """The journal, read only; also while a daemon writes to it. Raises CommandError, JournalUnusable."""
    path = Path(config.journal.path)
    if not path.exists():
        raise CommandError(Exit.UNREACHABLE, f"no posd runs, and there is no journal {path} yet")
    try:
        db = connect(path, read_only=True)
        check_version(db, path)
    except sqlite3.Error as error:
        raise JournalUnusable(f"{path} cannot be read: {error}") from error
    try:
        yield db
    finally:
        db.close()


class DaemonBooks:
    """Through the API."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def payment(self, ident: str) -> PaymentResource:
        """One payment."""
        return self._known(lambda: self.client.payment(ident))

    def payments(self, date: str | None, status: str | None, *, attention: bool) -> Page:
        """All of them, page by page."""
        wanted = {"date": date, "status": status, "attention": "true" if attention else None}
        items: list[PaymentResource] = []
        cursor = None
        while True:
            query = {**wanted, "limit": LIST_AT_MOST, "cursor": cursor}
            page = self.client.get("/v1/payments", Page, query)
            items += page.items
            cursor = page.next_cursor
            if cursor is None:
                return Page(items, None)

    def timeline(self, ident: str) -> list[TimelineItem]:
        """What happened to one."""
        path = f"/v1/payments/{quote(ident, safe='')}/timeline"
        return self._known(lambda: self.client.get(path, _Timeline)).items

    def report(self, date: str | None) -> ReportResource:
        """The figures of a day."""
        return self.client.get("/v1/report", ReportResource, {"date": date})

    @staticmethod
    def _known(ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ProblemAnswer as problem:
            raise CommandError(Exit.OTHERWISE, str(problem)) from problem


class JournalBooks:
    """Straight from the journal."""

    def __init__(self, db: sqlite3.Connection, views: Views) -> None:
        self.db = db
        self.views = views

    def payment(self, ident: str) -> PaymentResource:
        """One payment."""
        record = queries.find_payment(self.db, ident)
        if record is None:
            raise CommandError(Exit.OTHERWISE, f"there is no payment {ident}")
        return self.views.payment(record)

    def payments(self, date: str | None, status: str | None, *, attention: bool) -> Page:
        """All of them."""
        wanted = queries.Filter(date=date, status=status, attention=attention)
        records = queries.list_payments(self.db, wanted, -1)
        return Page([self.views.payment(record) for record in records], None)

    def timeline(self, ident: str) -> list[TimelineItem]:
        """What happened to one."""
        payment = self.payment(ident)
        return timeline_items(queries.timeline(self.db, payment.id), self.views)

    def report(self, date: str | None) -> ReportResource:
        """The figures of a day."""
        last = self.db.execute("SELECT date FROM payments ORDER BY position DESC LIMIT 1").fetchone()
        return load_report(self.db, date or (last[0] if last else "1970-01-01"), self.views)
