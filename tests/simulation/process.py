"""One life of the daemon: its real parts around a virtual clock, from start to a stop or a crash.

A crash lets nothing more reach disk, wire or paper; then what still runs is cancelled, which nobody can see.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

from devices.printer.document import Document, QrCode, Text
from devices.printer.driver import PrintBroken as PaperTorn
from devices.printer.driver import Printer, PrinterNotReady
from devices.printer.profile import Profile
from devices.state import DeviceState, Health
from devices.transport.memory import MemoryTransport
from posd.checkout.case import Shop
from posd.checkout.checkout import Checkout
from posd.checkout.hub import Hub
from posd.checkout.keys import Keys
from posd.checkout.orders import Till
from posd.checkout.refunds import Refunds
from posd.checkout.resuming import resume
from posd.clock import TimeLine
from posd.config import Config, sections
from posd.daemon import Policy
from posd.gateways.base import Answer, Codec, HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.gateway import Gateway
from posd.gateways.simulator.reply import Send
from posd.ids import Ids
from posd.journal.batch import Told
from posd.journal.journal import Journal
from posd.notifications import Notifications
from posd.payment.payment import Payment
from posd.payment.verdicts import PaymentVerdict, RefundVerdict
from posd.printing.spool import Spool
from posd.resources import Views
from posd.telling import renderer
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import START_MS, Network, Wire
from tests.simulation.weather import Life


@dataclass(frozen=True, slots=True)
class Paper:
    """What came out of the printer, whole or torn."""

    title: str
    order_no: str
    torn: bool


@dataclass(frozen=True, slots=True)
class Clocks:
    """What the machine says of the time: its boot, and how its wall clock goes until somebody sets it right."""

    boot_id: str
    booted_s: float
    wall_ahead_ms: int = 0
    right_from_s: float = 0.0


class WatchedGateway(Gateway):
    """The real gateway; it tells its wire what the next request is about."""

    wire: Wire

    async def pay(self, order: PayOrder) -> Answer[PaymentVerdict]:
        """A pay request."""
        self.wire.call = "pay", order.order_no
        return await super().pay(order)

    async def query(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """A query."""
        self.wire.call = "query", order.order_no
        return await super().query(order)

    async def cancel(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """A cancel."""
        self.wire.call = "cancel", order.order_no
        self.wire.floor_s = self.codec.void_terms(order.method).floor_ms / 1000
        return await super().cancel(order)

    async def refund(self, refund: RefundOrder) -> Answer[RefundVerdict]:
        """A refund."""
        self.wire.call = "refund", refund.order.order_no
        return await super().refund(refund)

    async def refund_query(self, refund: RefundOrder) -> Answer[RefundVerdict]:
        """A question after a refund."""
        self.wire.call = "refund_query", refund.order.order_no
        return await super().refund_query(refund)


class BadDisk:
    """The journal's connection on a disk that is full now and then, and cannot always sync."""

    def __init__(self, connection: sqlite3.Connection, fails: Callable[[bool], bool]) -> None:
        self._connection, self._fails = connection, fails

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """As ``sqlite3.Connection.execute``."""
        committing = statement == "COMMIT"
        if (committing or statement.startswith("INSERT INTO events")) and self._fails(committing):
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, *values)

    @property
    def in_transaction(self) -> bool:
        """As ``sqlite3.Connection.in_transaction``."""
        return self._connection.in_transaction


class PaperTray(Printer):
    """A printer that needs no bytes: what is printed is read from the document."""

    def __init__(self, section: sections.Printer, on_state: Callable[[DeviceState], None], process: Process) -> None:
        super().__init__(section.name, section.type, MemoryTransport(), Profile(), on_state=on_state)
        self._process = process
        self._papers: list[Paper] = []

    async def watch(self) -> Never:
        """It is always there."""
        self.state = DeviceState(self.state.name, self.state.type, Health.READY)
        self._on_state(self.state)
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")

    async def encode(self, document: Document) -> bytes:
        """Keeps what stands on it under a number."""
        title = next(line.text for line in document.lines if isinstance(line, Text) and "凭证" in line.text)
        copy = any(isinstance(line, Text) and "补打" in line.text for line in document.lines)
        order_no = next((line.data for line in document.lines if isinstance(line, QrCode)), "")
        self._papers.append(Paper(f"{title}{'补打' if copy else ''}", order_no, torn=False))
        return str(len(self._papers) - 1).encode()

    async def print_job(self, data: bytes, on_started: Callable[[], Awaitable[None]]) -> None:
        """Sometimes not ready, sometimes torn off in the middle."""
        world, rng = self._process.world, self._process.world.weather.rng
        calm = asyncio.get_running_loop().time() >= world.weather.stops_s
        luck = 1.0 if calm else rng.random()
        await asyncio.sleep(0.003)
        if luck < 0.02:
            raise PrinterNotReady("the cover is open")
        await on_started()
        if not self._process.admit():
            await asyncio.Event().wait()
        paper, torn = self._papers[int(data)], luck < 0.06
        world.papers.append(Paper(paper.title, paper.order_no, torn))
        await asyncio.sleep(0.004)
        if torn:
            raise PaperTorn("the cable came out")


class World:
    """What outlives a process: gateways, network, paper, and the disk's file.

    ``codecs`` by gateway: pure, so that one life after another may have the same.
    """

    def __init__(self, network: Network, config: Config, codecs: Mapping[str, Codec], ids: Ids) -> None:
        self.network, self.config, self.codecs, self.ids = network, config, codecs, ids
        self.weather = network.weather
        self.papers: list[Paper] = []
        self.on_told: Callable[[Told], None] = _nobody
        self.effects = 0
        self.now_s = 0.0
        self.failed_commits = 0


class Process:
    """One process, that lasts as long as its ``life``."""

    def __init__(self, world: World, clocks: Clocks, life: Life) -> None:
        self.world = world
        self.alive = True
        self._effects_left = life.effects
        self.loop = VirtualLoop(world.now_s, self._disk_delay_s, self.admit, self._die)
        self.loop.callbacks_left = life.callbacks
        self._clocks = clocks

    def admit(self) -> bool:
        """Whether the process may still do anything; asked before and after everything that others can see."""
        if not self.alive:
            return False
        self.world.effects += 1
        if self._effects_left is not None:
            self._effects_left -= 1
            if self._effects_left <= 0:
                self.alive = False
                self.loop.callbacks_left = 1  # this one
        return self.alive

    def _die(self) -> None:
        self.alive = False
        self.loop.stop()

    def _disk_delay_s(self) -> float:
        return self.world.weather.disk_delay_s() if self.alive else 0.0  # the dead draw nothing

    def run(self, work: Callable[[Process], Awaitable[None]]) -> bool:
        """Start, do the work, stop. False when it died before."""
        loop, world = self.loop, self.world
        asyncio.set_event_loop(loop)
        world.network.agenda.attach(loop)
        task = loop.create_task(self._main(work))
        try:
            loop.run_until_complete(task)
        except RuntimeError:
            if self.alive:
                raise
        finally:
            world.network.agenda.detach()
            world.network.notified = lambda *_: None
            world.now_s = loop.time()
            died, self.alive = not self.alive, False
            loop.callbacks_left = None
            self._bury()
        if not died:
            task.result()
        return not died

    def _bury(self) -> None:
        """Cancel what still runs; nothing of that reaches anybody."""
        loop = self.loop
        loop.set_exception_handler(lambda _loop, _context: None)  # what nobody hears of any more
        for _ in range(5):
            running = loop.running()
            if not running:
                break
            for task in running:
                task.cancel()
            loop.run_until_complete(asyncio.wait(running, timeout=1))
        journal: Journal | None = getattr(self, "journal", None)
        if journal is not None:
            for connection in ("_reader", "_db"):
                journal._let_go(connection)
            if journal._lock >= 0:
                os.close(journal._lock)
        asyncio.set_event_loop(None)
        loop.close()

    async def _main(self, work: Callable[[Process], Awaitable[None]]) -> None:
        await self._open()
        await work(self)
        await self.spool.close()
        await self.refunds.close()
        await self.checkout.close()
        await self.journal.close()

    # --- the parts, as ``posd.daemon`` joins them

    async def _open(self) -> None:
        world, config = self.world, self.world.config
        self.clock = self._time_line()
        self.hub, self.views = Hub(), Views(config.terminal.zone, config.terminal.locale)
        self.journal = Journal(
            Path(config.journal.path), self.clock, renderer(self.views), self.views.date, executor=_NONE
        )
        self.journal.on_told = self._told
        await self.journal.open()
        self.journal._db.execute("PRAGMA synchronous = OFF")  # a crash here ends a process, and no disk loses power
        self.journal._writer._db = BadDisk(self.journal._db, self._disk_fails)  # type: ignore[assignment]
        self.gateways = {name: self._gateway(name) for name in config.gateways}
        self._compose()
        await resume(self.journal, self.checkout, self.refunds)
        await self.spool.start()
        world.network.notified = self._notified

    def _compose(self) -> None:
        config, keys, ids = self.world.config, Keys(self.journal), self.world.ids
        policy = Policy(config, dict(self.gateways))
        self.spool = Spool(config, self.journal, self.clock, self.views, ids, self._printer)
        terminal = config.terminal
        till = Till(terminal.id, terminal.store_id, terminal.store_name, terminal.operator)
        shop = Shop(
            journal=self.journal,
            clock=self.clock,
            till=till,
            rules_of=policy.rules,
            gateways=self.gateways,
            route=policy.route,
            receipts=self.spool.sale_jobs,
            wake_printer=self.spool.wake,
            counting=lambda: self.spool.counting or self.refunds.live > 0,
            on_settled=self._settled,
        )
        self.refunds = Refunds(shop, keys, ids, self.spool.refund_jobs)
        self.checkout = Checkout(config, shop, self.hub, keys, ids)
        self.checkout.scanners_configured = True
        self.notifications = Notifications(
            self.gateways, self.journal, self.checkout, self.refunds, self.clock, ids, till
        )

    def _time_line(self) -> TimeLine:
        clocks, loop = self._clocks, self.loop

        def steady_ms() -> int:
            return int((loop.time() - clocks.booted_s) * 1000)

        def wall_ms() -> int:
            right_from_s = min(clocks.right_from_s, self.world.weather.stops_s)
            wrong_ms = clocks.wall_ahead_ms if loop.time() < right_from_s else 0
            return START_MS + int(loop.time() * 1000) + wrong_ms

        return TimeLine(wall_ms, steady_ms, clocks.boot_id)

    def _gateway(self, name: str) -> Gateway:
        wire = Wire(self.world.network, self.world.config.gateways[name].common.protocol, self.admit)
        gateway = WatchedGateway(
            name,
            self.world.codecs[name],
            wire,  # type: ignore[arg-type]  # has all that a gateway asks of its transport
            self.clock.now_ms,
            self.world.ids.nonce,
            wall_ms=self.clock.wall_ms,
        )
        gateway.wire = wire
        return gateway

    def _printer(self, section: sections.Printer, on_state: Callable[[DeviceState], None]) -> Printer:
        return PaperTray(section, on_state, self)

    def _settled(self, payment: Payment) -> None:
        self.checkout.settled(payment)

    def _disk_fails(self, committing: bool) -> bool:
        fails = self.world.weather.disk_fails(self.loop.time(), committing=committing)
        self.world.failed_commits += fails
        return fails

    def _told(self, told: list[Told]) -> None:
        for notice in told:
            self.world.on_told(notice)
        self.hub.publish(told)

    # --- what gateways send by themselves

    def _notified(self, protocol: str, send: Send, now_s: float) -> None:
        name = next(name for name, section in self.world.config.gateways.items() if section.common.protocol == protocol)
        self.loop.create_task(self._take_notice(name, protocol, send))

    async def _take_notice(self, name: str, protocol: str, send: Send) -> None:
        codec, network = self.gateways[name].codec, self.world.network
        stamp = Stamp(self.clock.now_ms(), self.world.ids.nonce())
        request = HttpResponse(200, send.body, {"content-type": send.content_type})
        notice = codec.read_notification(request, stamp)
        taken = notice is not None and await self.notifications._take(name, notice) == "taken"
        answer = codec.notification_refusal() if notice is None else notice.success if taken else notice.failure
        later = send.done(answer.status, answer.body.decode(), network.ms(self.loop.time()))
        if later is not None:
            network._follow(protocol, later)


class _NoExecutor:
    """Stands for the loop, which does an executor's work itself."""


_NONE: Any = _NoExecutor()


def _nobody(_told: Told) -> None:
    """Until somebody listens."""
