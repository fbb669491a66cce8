"""The things with a cable: scanners, printer and face bridge, joined to the checkout and told to the POS."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import msgspec

from devices.scanner.framing import Scan
from devices.state import DeviceState, Health
from posd.checkout.case import Case
from posd.checkout.checkout import USED, Checkout
from posd.checkout.errors import DeviceUnavailable, NotFound
from posd.clock import TimeLine
from posd.config import Config
from posd.journal.batch import Batch, Notice
from posd.journal.errors import JournalError
from posd.journal.journal import Journal
from posd.payment.auth_code import mask, wallet_of
from posd.payment.payment import Payment
from posd.payment.terms import Method
from posd.printing.spool import Spool
from posd.resources import DeviceResource, Views
from posd.scanner import scanner_of
from posd.tasks import Tasks

if TYPE_CHECKING:
    from posd.faces import Faces

_log = logging.getLogger(__name__)

FIRST_LOOK_S = 1.0
"""How long the start waits until all scanners were reached or found missing."""


class TestResource(msgspec.Struct, frozen=True):
    """What a test of a device has started or found."""

    device: str
    state: Health
    detail: str


class ScanResource(msgspec.Struct, frozen=True):
    """A code that was not used for a payment. Codes of wallets are masked."""

    text: str
    scanner: str
    reason: str | None


class Peripherals:
    """Owns the scanners and what is known of all devices. ``start`` begins reading, ``close`` ends it."""

    def __init__(
        self, config: Config, checkout: Checkout, spool: Spool, journal: Journal, clock: TimeLine, views: Views
    ) -> None:
        self._checkout = checkout
        self._spool = spool
        self._journal = journal
        self._clock = clock
        self._views = views
        self._tasks = Tasks()
        self._known: dict[str, tuple[DeviceState, int]] = {}
        self._scanners = [scanner_of(section, self._scanned, self.changed) for section in config.scanners]
        self._faces: Faces | None = None
        self._armed_at_s = 0.0
        """A code whose first byte came before this was not scanned for the payment that waits."""
        checkout.on_armed = self._armed
        checkout.on_disarmed = self._disarmed

    async def start(self) -> None:
        """Open the scanners; returns once each was reached or found missing."""
        for scanner in self._scanners:
            self._known[scanner.name] = (scanner.state, self._clock.now_ms())
            self._tasks.start(scanner.run(), f"scanner:{scanner.name}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                for scanner in self._scanners:
                    await scanner.tried.wait()

    async def close(self) -> None:
        """Let go of the scanners."""
        await self._tasks.close()

    # --- what is known

    def changed(self, state: DeviceState) -> None:
        """A device has changed: remember it, and tell the POS."""
        now_ms = self._clock.now_ms()
        before = self._known.get(state.name)
        since_ms = before[1] if before is not None and before[0].health is state.health else now_ms
        self._known[state.name] = (state, since_ms)
        if before is None or before[0].health is not state.health:
            _log.info("%s is %s%s", state.name, state.health, f": {state.detail}" if state.detail else "")
        self._tell("device", self._resource(state, since_ms))

    def devices(self) -> list[DeviceResource]:
        """Every device that is configured."""
        # A scanner whose codes cannot be read says so in its state without having changed.
        now = {scanner.name: scanner.state for scanner in self._scanners}
        return [self._resource(now.get(name, state), since_ms) for name, (state, since_ms) in self._known.items()]

    def _resource(self, state: DeviceState, since_ms: int) -> DeviceResource:
        return DeviceResource(state.name, state.type, state.health, state.detail, self._views.time(since_ms))

    async def test(self, name: str) -> TestResource:
        """Try a device: the printer prints a test slip, the others are looked at. Raises a ``Refusal``."""
        if name not in self._known:
            raise NotFound(f"there is no device {name[:64]}")
        if name == self._spool.name:
            await self._spool.test()
        state = next((one.state for one in self._scanners if one.name == name), self._known[name][0])
        if state.health in {Health.LOST, Health.DISABLED} and name != self._spool.name:
            raise DeviceUnavailable(f"{name} is {state.health}: {state.detail}")
        return TestResource(name, state.health, state.detail)

    # --- scans

    def _scanned(self, scan: Scan) -> None:
        reason = self._checkout.scanned(scan.text, fresh=scan.began_at > self._armed_at_s)
        if reason == USED:
            return
        text = mask(scan.text) if wallet_of(scan.text) else scan.text
        self._tell("scan", ScanResource(text, scan.scanner, reason))

    def add_bridge(self, faces: Faces) -> None:
        """Faces may be asked for, too."""
        self._faces = faces
        self.changed(faces.state)

    def _armed(self, case: Case) -> None:
        if case.takes(Method.BARCODE):
            for scanner in self._scanners:
                scanner.arm()
            self._armed_at_s = asyncio.get_running_loop().time()
        if self._faces is not None and case.takes(Method.FACE):
            self._faces.take(case)

    def _disarmed(self, payment: Payment) -> None:
        for scanner in self._scanners:
            scanner.disarm()
        if self._faces is not None:
            self._faces.give_up(payment)

    def _tell(self, kind: str, resource: msgspec.Struct) -> None:
        notice = Notice(kind, None, msgspec.json.encode(resource))
        self._tasks.start(self._append(notice), f"tell:{kind}")

    async def _append(self, notice: Notice) -> None:
        try:
            await self._journal.append(Batch(notices=[notice]))
        except JournalError as error:
            _log.warning("a %s event could not be told: %s", notice.kind, error)
