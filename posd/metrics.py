"""Figures for Prometheus: written by hand, since its text format takes ten lines."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from posd import __version__
from posd.canonical import duration_of
from posd.gateways.gateway import Gateway
from posd.gateways.statistics import BOUNDS_S
from posd.histogram import Histogram, histogram_lines
from posd.journal import queries
from posd.journal.journal import Journal
from posd.payment.payment import Payment
from posd.tasks import Tasks

if TYPE_CHECKING:
    from posd.checkout.checkout import Checkout
    from posd.peripherals import Peripherals

FINAL_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0)
"""Upper bounds of the classes of the time from submit to the end."""

QUERIES_BOUNDS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0)
"""Upper bounds of the classes of queries a payment: one a second within the window, and what comes after it."""


class Metrics:
    """Counts what has ended; asks the parts for the rest when it is read."""

    def __init__(self, gateways: Mapping[str, Gateway], journal: Journal) -> None:
        self._gateways = gateways
        self._journal = journal
        self._ended: Counter[tuple[str, str]] = Counter()
        self._final_s = Histogram(FINAL_BOUNDS_S)
        self._queries = Histogram(QUERIES_BOUNDS)
        self.notifications: Mapping[tuple[str, str], int] = {}
        """By gateway and what was made of them."""
        self._checkout: Checkout | None = None
        self._peripherals: Peripherals | None = None

    def watch(self, checkout: Checkout, peripherals: Peripherals) -> None:
        """Where to ask for what is open and for devices."""
        self._checkout, self._peripherals = checkout, peripherals

    def settled(self, payment: Payment, queries: int) -> None:
        """A payment has ended."""
        self._ended[payment.status.value, payment.wallet.value if payment.wallet else ""] += 1
        if payment.submitted_at_ms is not None:
            self._final_s.add(duration_of(payment) / 1000)
            self._queries.add(queries)

    async def text(self) -> str:
        """Everything in the Prometheus text format."""
        kept = await self._journal.read(lambda db: _kept(db, self._journal.path))
        return "\n".join(self._lines(kept)) + "\n"

    def _lines(self, kept: Kept) -> Iterator[str]:
        yield from _value("posd_build_info", "gauge", "the version that runs", 1, f'version="{__version__}"')
        yield from self._payment_lines()
        yield from self._gateway_lines()
        yield from _family("posd_notifications_total", "counter", "notifications and what was made of them")
        for (name, outcome), count in sorted(self.notifications.items()):
            yield f'posd_notifications_total{{gateway="{name}",outcome="{outcome}"}} {count}'
        yield from self._device_lines()
        yield from self._journal_lines(kept)
        yield from _value("posd_crashed_tasks", "gauge", "parts that a bug has ended; 0", len(Tasks.crashed))

    def _payment_lines(self) -> Iterator[str]:
        yield from _family("posd_payments_total", "counter", "payments that have ended")
        for (status, wallet), count in sorted(self._ended.items()):
            yield f'posd_payments_total{{status="{status}",wallet="{wallet}"}} {count}'
        yield from _family("posd_payment_final_seconds", "histogram", "from submit to the end")
        yield from self._final_s.lines("posd_payment_final_seconds")
        yield from _family("posd_payment_queries", "histogram", "queries a payment that was submitted")
        yield from self._queries.lines("posd_payment_queries")
        if self._checkout is not None:
            open_ = self._checkout.unresolved
            yield from _value("posd_unresolved_payments", "gauge", "payments without an end", open_)

    def _gateway_lines(self) -> Iterator[str]:
        yield from _family("posd_gateway_requests_total", "counter", "requests by operation and what came of them")
        for name, gateway in self._gateways.items():
            for (operation, outcome), count in sorted(gateway.statistics.outcomes.items()):
                labels = f'gateway="{name}",operation="{operation}",outcome="{outcome}"'
                yield f"posd_gateway_requests_total{{{labels}}} {count}"
        yield from _family("posd_gateway_seconds", "histogram", "how long a gateway takes to answer")
        for name, gateway in self._gateways.items():
            for operation, latency in sorted(gateway.statistics.latencies.items()):
                labels = f'gateway="{name}",operation="{operation}"'
                yield from histogram_lines("posd_gateway_seconds", labels, BOUNDS_S, latency.classes, latency.total_s)

    def _device_lines(self) -> Iterator[str]:
        yield from _family("posd_device_ready", "gauge", "whether a device works that is to")
        devices = self._peripherals.devices() if self._peripherals is not None else []
        for device in (device for device in devices if device.state != "disabled"):
            yield f'posd_device_ready{{name="{device.name}",type="{device.type}"}} {int(device.state == "ready")}'

    def _journal_lines(self, kept: Kept) -> Iterator[str]:
        yield from _value("posd_print_queue", "gauge", "papers that are still to come out", kept.papers)
        yield from _value("posd_journal_bytes", "gauge", "size of the journal on disk", kept.size_bytes)
        yield from _value("posd_journal_payments", "gauge", "payments in the journal", kept.payments)
        yield from _value("posd_attention_payments", "gauge", "those of them a person should look at", kept.attention)
        yield from _family("posd_journal_sync_seconds", "histogram", "until a transaction was durable")
        yield from self._journal.sync_s.lines("posd_journal_sync_seconds")


class Kept(msgspec.Struct, frozen=True):
    """What the journal says of itself."""

    papers: int
    payments: int
    attention: int
    size_bytes: int


def _kept(db: sqlite3.Connection, path: Path) -> Kept:
    query = "SELECT (SELECT count(*) FROM print_jobs WHERE live), (SELECT count(*) FROM payments)"
    papers, payments = db.execute(query).fetchone()
    files = (path, path.with_name(f"{path.name}-wal"))
    return Kept(
        papers, payments, queries.count_attention(db), sum(file.stat().st_size for file in files if file.exists())
    )


def _value(name: str, kind: str, about: str, value: int, labels: str = "") -> Iterator[str]:
    yield from _family(name, kind, about)
    yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"


def _family(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
