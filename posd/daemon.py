"""The composition root: builds the parts, owns the tasks, answers signals, tells systemd. It decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from posd import __version__
from posd.api.app import make_app
from posd.api.context import Context
from posd.api.guard import Guard
from posd.api.server import Server
from posd.canonical import log_payment
from posd.checkout.case import Shop
from posd.checkout.checkout import Checkout
from posd.checkout.hub import Hub
from posd.checkout.keys import Keys
from posd.checkout.orders import Till
from posd.checkout.refunds import Refunds
from posd.checkout.resuming import resume
from posd.clock import TimeLine
from posd.config import Config
from posd.gateways.factory import make_gateways
from posd.gateways.gateway import Gateway
from posd.ids import Ids
from posd.journal.journal import Journal
from posd.metrics import Metrics
from posd.payment.auth_code import Wallet
from posd.payment.payment import Payment
from posd.payment.terms import Method, Rules
from posd.peripherals import Peripherals
from posd.printing.spool import Spool
from posd.reconcile import Reconciler
from posd.reload import reload
from posd.resources import Views
from posd.supervision import notify, report_alive
from posd.tasks import Tasks
from posd.telling import renderer

_log = logging.getLogger(__name__)


class Policy(msgspec.Struct, frozen=True):
    """The numbers of the configuration, by payment."""

    config: Config
    gateways: dict[str, Gateway]
    _rules: dict[tuple[str, Method], Rules] = msgspec.field(default_factory=dict)
    """What was made before: it is asked for ten times a query."""

    def rules(self, payment: Payment) -> Rules:
        """By which a payment is asked for and voided."""
        key = payment.gateway, payment.method
        if key not in self._rules:
            self._rules[key] = self._make_rules(*key)
        return self._rules[key]

    def _make_rules(self, name: str, method: Method) -> Rules:
        payments = self.config.payments
        section, gateway = self.config.gateways.get(name), self.gateways.get(name)
        own = section.common.poll_interval if section is not None else None
        return Rules(
            void=gateway.codec.void_terms(method) if gateway is not None else Rules().void,
            arrival_horizon_ms=round(payments.arrival_horizon * 1000),
            poll_interval_ms=round((own or payments.poll_interval) * 1000),
            max_inflight_queries=payments.max_inflight_queries,
        )

    def route(self, wallet: Wallet | None) -> tuple[str, int]:
        """The gateway and the window (ms) of this wallet."""
        return self.config.gateway_for(wallet), round(1000 * self.config.window_s(wallet))


class Parts(msgspec.Struct, frozen=True):
    """A running daemon."""

    context: Context
    gateways: dict[str, Gateway]


class _Settled:
    """Tells everybody who wants to know that a payment has ended."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Payment], None]] = []

    def __call__(self, payment: Payment) -> None:
        for listener in self.listeners:
            listener(payment)


class _Books(msgspec.Struct, frozen=True):
    """Counts a payment that has ended, and leaves its line in the log."""

    checkout: Checkout
    metrics: Metrics

    def __call__(self, payment: Payment) -> None:
        case = self.checkout.case(payment.payment_id)
        queries = case.queries if case is not None else 0
        self.metrics.settled(payment, queries)
        log_payment(payment, queries)


class _Core(msgspec.Struct, frozen=True):
    """What takes payments, without the outside."""

    config: Config
    clock: TimeLine
    ids: Ids
    journal: Journal
    gateways: dict[str, Gateway]
    hub: Hub
    views: Views
    spool: Spool
    checkout: Checkout
    refunds: Refunds
    settled: _Settled
    till: Till


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Parts]:
    """The whole daemon, serving. On leaving, what is on the wire may end, and the rest stays in the journal.

    Raises JournalLocked, JournalUnusable, ListenError, SigningKeyError.
    """
    async with contextlib.AsyncExitStack() as stack:
        core = await _open_core(config, stack)
        peripherals = Peripherals(config, core.checkout, core.spool, core.journal, core.clock, core.views)
        core.spool.on_state = peripherals.changed
        metrics = Metrics(core.gateways, core.journal)
        metrics.watch(core.checkout, peripherals)
        core.settled.listeners += [core.checkout.settled, _Books(core.checkout, metrics)]
        await _resume(core, stack)
        if config.face is not None:
            await _start_faces(core, peripherals, stack)
        await peripherals.start()
        stack.push_async_callback(peripherals.close)
        await _start_notifications(core, metrics, stack)
        context = _context(core, peripherals, metrics)
        server = Server(make_app(context), config.api)
        stack.push_async_callback(server.close)
        await server.start()
        stack.callback(core.hub.close)
        _warm_up(core, stack)
        yield Parts(context, core.gateways)


async def _open_core(config: Config, stack: contextlib.AsyncExitStack) -> _Core:
    clock, ids, hub, settled, till = TimeLine(), Ids(), Hub(), _Settled(), _till(config)
    views = Views(config.terminal.zone, config.terminal.locale)
    journal = Journal(Path(config.journal.path), clock, renderer(views), views.date)
    journal.on_told = hub.publish
    await journal.open()
    stack.push_async_callback(journal.close)
    gateways = make_gateways(config, clock, ids)
    for gateway in gateways.values():
        stack.push_async_callback(gateway.close)
    policy, keys = Policy(config, gateways), Keys(journal)
    spool = Spool(config, journal, clock, views, ids)
    shop = Shop(
        journal=journal,
        clock=clock,
        till=till,
        rules_of=policy.rules,
        gateways=gateways,
        route=policy.route,
        receipts=spool.sale_jobs,
        wake_printer=spool.wake,
        counting=lambda: spool.counting or refunds.live > 0,
        on_settled=settled,
    )
    refunds = Refunds(shop, keys, ids, spool.refund_jobs)
    checkout = Checkout(config, shop, hub, keys, ids)
    return _Core(config, clock, ids, journal, gateways, hub, views, spool, checkout, refunds, settled, till)


async def _resume(core: _Core, stack: contextlib.AsyncExitStack) -> None:
    """Go on where the facts have left everything, before anybody can ask."""
    await resume(core.journal, core.checkout, core.refunds)
    stack.push_async_callback(core.checkout.close)
    stack.push_async_callback(core.refunds.close)
    await core.spool.start()
    stack.push_async_callback(core.spool.close)


def _warm_up(core: _Core, stack: contextlib.AsyncExitStack) -> None:
    """What the first customer is not to wait for, and the start is not either."""
    warmth = Tasks()
    stack.push_async_callback(warmth.close)
    for gateway in core.gateways.values():
        warmth.start(gateway.keep_warm(), f"warm:{gateway.name}")
    core.spool.warm_up()


async def _start_faces(core: _Core, peripherals: Peripherals, stack: contextlib.AsyncExitStack) -> None:
    from posd.faces import Faces

    faces = Faces(core.config, core.checkout, core.gateways, core.clock, peripherals.changed)
    peripherals.add_bridge(faces)
    core.settled.listeners.append(faces.settled)
    await faces.start()
    stack.push_async_callback(faces.close)


async def _start_notifications(core: _Core, metrics: Metrics, stack: contextlib.AsyncExitStack) -> None:
    if core.config.notify is None:
        return
    from posd.notifications import Notifications

    notifications = Notifications(
        core.gateways, core.journal, core.checkout, core.refunds, core.clock, core.ids, core.till
    )
    metrics.notifications = notifications.counted
    stack.push_async_callback(notifications.close)
    await notifications.start(core.config.notify.listen)


def _context(core: _Core, peripherals: Peripherals, metrics: Metrics) -> Context:
    api = core.config.api
    return Context(
        config=core.config,
        journal=core.journal,
        checkout=core.checkout,
        refunds=core.refunds,
        hub=core.hub,
        views=core.views,
        spool=core.spool,
        peripherals=peripherals,
        reconciler=Reconciler(core.journal, core.checkout, core.gateways, core.clock, core.till),
        guard=Guard(api.listen, api.token, api.allowed_origins),
        now_ms=core.clock.now_ms,
        metrics=metrics.text,
        version=__version__,
    )


def _till(config: Config) -> Till:
    terminal = config.terminal
    return Till(terminal.id, terminal.store_id, terminal.store_name, terminal.operator)


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again."""
    # The watchdog kills what hangs by SIGABRT; where it hung is then in the log.
    faulthandler.enable()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config) as parts:
        loop.add_signal_handler(signal.SIGHUP, _Reloading(config, parts.context.guard))
        notify(f"READY=1\nSTATUS={_status(parts.context)}")
        _log.info("posd %s serves on %s", __version__, config.api.socket)
        _settle_down()
        alive = Tasks()
        alive.start(_keep_short(config, parts.context), "retention")
        answers = parts.context.journal.answers
        alive.start(report_alive(lambda: _status(parts.context), answers, Tasks.crashed), "watchdog")
        try:
            await stop.wait()
        finally:
            notify(f"STOPPING=1\nSTATUS=stopping; {_status(parts.context)}")
            await alive.close()


def _settle_down() -> None:
    """What is there when posd is ready stays as long as posd: it need not be searched for garbage any more.

    That would take 40 ms now and then, in the middle of a payment.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


class _Reloading:
    """Takes a SIGHUP."""

    def __init__(self, config: Config, guard: Guard) -> None:
        self._config = config
        self._guard = guard

    def __call__(self) -> None:
        notify("RELOADING=1")
        self._config = reload(self._config, self._guard)
        notify("READY=1")


async def _keep_short(config: Config, context: Context) -> None:
    from posd.retention import keep_short

    checkout = context.checkout
    await keep_short(context.journal, config.journal, context.now_ms, lambda: checkout.unresolved > 0)


def _status(context: Context) -> str:
    lost = [device.name for device in context.peripherals.devices() if device.state in {"lost", "fault"}]
    text = f"{context.checkout.unresolved} payments unresolved"
    return f"{text}; not ready: {', '.join(lost)}" if lost else text
