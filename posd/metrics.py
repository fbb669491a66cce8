"""Figures for Prometheus: written by hand, since its text format takes ten lines."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from posd.gateways.gateway import Gateway
from posd.gateways.statistics import BOUNDS_S, Latency
from posd.journal.journal import Journal
from posd.payment.payment import Payment

if TYPE_CHECKING:
    from posd.checkout.checkout import Checkout
    from posd.peripherals import Peripherals

FINAL_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0)
"""Upper bounds of the classes of the time from submit to the end."""


class Metrics:
    """Counts what has ended; asks the parts for the rest when it is read."""

    def __init__(self, gateways: Mapping[str, Gateway], journal: Journal) -> None:
        self._gateways = gateways
        self._journal = journal
        self._ended: Counter[tuple[str, str]] = Counter()
        self._final_classes = [0] * (len(FINAL_BOUNDS_S) + 1)
        self._final_total_s = 0.0
        self.notifications: Mapping[tuple[str, str], int] = {}
        """By gateway and what was made of them."""
        self._checkout: Checkout | None = None
        self._peripherals: Peripherals | None = None

    def watch(self, checkout: Checkout, peripherals: Peripherals) -> None:
        """Where to ask for what is open and for devices."""
        self._checkout, self._peripherals = checkout, peripherals

    def settled(self, payment: Payment, now_ms: int) -> None:
        """A payment has ended."""
        self._ended[payment.status.value, payment.wallet.value if payment.wallet else ""] += 1
        if payment.submitted_at_ms is not None:
            seconds = (now_ms - payment.submitted_at_ms) / 1000
            self._final_classes[bisect_left(FINAL_BOUNDS_S, seconds)] += 1
            self._final_total_s += seconds

    def text(self) -> str:
        """Everything in the Prometheus text format."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from _family("posd_payments_total", "counter", "payments that have ended")
        for (status, wallet), count in sorted(self._ended.items()):
            yield f'posd_payments_total{{status="{status}",wallet="{wallet}"}} {count}'
        yield from _family("posd_payment_final_seconds", "histogram", "from submit to the end")
        yield from _histogram(
            "posd_payment_final_seconds", "", FINAL_BOUNDS_S, self._final_classes, self._final_total_s
        )
        yield from self._gateway_lines()
        yield from _family("posd_notifications_total", "counter", "notifications and what was made of them")
        for (name, outcome), count in sorted(self.notifications.items()):
            yield f'posd_notifications_total{{gateway="{name}",outcome="{outcome}"}} {count}'
        if self._checkout is not None and self._peripherals is not None:
            yield from _family("posd_unresolved_payments", "gauge", "payments without an end")
            yield f"posd_unresolved_payments {self._checkout.unresolved}"
            yield from _family("posd_device_ready", "gauge", "whether a device works")
            for device in self._peripherals.devices():
                yield f'posd_device_ready{{name="{device.name}",type="{device.type}"}} {int(device.state == "ready")}'
        yield from _family("posd_journal_syncs_total", "counter", "synced transactions of the journal")
        yield f"posd_journal_syncs_total {self._journal.syncs}"

    def _gateway_lines(self) -> Iterator[str]:
        yield from _family("posd_gateway_requests_total", "counter", "requests by operation and what came of them")
        for name, gateway in self._gateways.items():
            for (operation, outcome), count in sorted(gateway.statistics.outcomes.items()):
                labels = f'gateway="{name}",operation="{operation}",outcome="{outcome}"'
                yield f"posd_gateway_requests_total{{{labels}}} {count}"
        yield from _family("posd_gateway_seconds", "histogram", "how long a gateway takes to answer")
        for name, gateway in self._gateways.items():
            for operation, latency in sorted(gateway.statistics.latencies.items()):
                yield from _latency(f'gateway="{name}",operation="{operation}"', latency)


def _latency(labels: str, latency: Latency) -> Iterator[str]:
    return _histogram("posd_gateway_seconds", labels, BOUNDS_S, latency.classes, latency.total_s)


def _histogram(name: str, labels: str, bounds: Iterable[float], classes: Iterable[int], total: float) -> Iterator[str]:
    comma = "," if labels else ""
    below = 0
    for bound, count in zip((*bounds, "+Inf"), classes, strict=True):
        below += count
        yield f'{name}_bucket{{{labels}{comma}le="{bound}"}} {below}'
    braces = f"{{{labels}}}" if labels else ""
    yield f"{name}_sum{braces} {total:.6f}"
    yield f"{name}_count{braces} {below}"


def _family(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
