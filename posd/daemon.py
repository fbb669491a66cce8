"""The composition root: builds the parts, owns the tasks, answers signals, tells systemd. It decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from posd import __version__
from posd.api.app import make_app
from posd.api.context import Context
from posd.api.guard import Guard
from posd.api.server import Server
from posd.checkout.case import Shop
from posd.checkout.checkout import Checkout
from posd.checkout.hub import Hub
from posd.checkout.keys import Keys
from posd.checkout.orders import Till
from posd.checkout.refunds import Refunds
from posd.clock import TimeLine
from posd.config import Config
from posd.gateways.gateway import Gateway
from posd.gateways.protocols import make_codec
from posd.gateways.transport import Timeouts, Transport
from posd.ids import Ids
from posd.journal.journal import Journal
from posd.metrics import Metrics
from posd.payment.auth_code import Wallet
from posd.payment.payment import Payment
from posd.payment.terms import Rules
from posd.peripherals import Peripherals
from posd.printing.spool import Spool
from posd.resources import Views
from posd.tasks import Tasks
from posd.telling import renderer

_log = logging.getLogger(__name__)

WATCHDOG_SHARE = 0.4
"""systemd is told "alive" this often within its limit."""


def make_gateways(config: Config, clock: TimeLine, ids: Ids) -> dict[str, Gateway]:
    """A gateway for each section. Raises SigningKeyError, ValueError or OSError for what cannot be used."""
    found = {}
    for name, section in config.gateways.items():
        common = section.common
        timeouts = Timeouts(common.connect_timeout, common.query_timeout, common.pay_timeout)
        transport = Transport(common.base_url, timeouts=timeouts, ca_file=common.ca_file)
        codec = make_codec(common.protocol, section.settings)
        found[name] = Gateway(name, codec, transport, clock.now_ms, ids.nonce)
    return found


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of the configuration, by payment."""

    config: Config
    gateways: dict[str, Gateway]

    def rules(self, payment: Payment) -> Rules:
        """By which a payment is asked for and voided."""
        payments = self.config.payments
        section = self.config.gateways.get(payment.gateway)
        own = section.common.poll_interval if section is not None else None
        gateway = self.gateways.get(payment.gateway)
        return Rules(
            void=gateway.codec.void_terms(payment.method) if gateway is not None else Rules().void,
            arrival_horizon_ms=round(payments.arrival_horizon * 1000),
            poll_interval_ms=round((own or payments.poll_interval) * 1000),
            max_inflight_queries=payments.max_inflight_queries,
        )

    def route(self, payment: Payment, wallet: Wallet | None) -> tuple[str, int]:
        """The gateway and the window (ms) of a payment that waited for its code."""
        default_ms = round(1000 * self.config.window_s(payment.wallet))
        asked_for_another = payment.window_ms != default_ms
        window_ms = payment.window_ms if asked_for_another else round(1000 * self.config.window_s(wallet))
        return self.config.gateway_for(wallet), window_ms

    def gateway(self, payment: Payment) -> Gateway:
        """Where a payment was, or will be, submitted."""
        return self.gateways[payment.gateway]


@dataclass(frozen=True, slots=True)
class Parts:
    """A running daemon."""

    context: Context
    gateways: dict[str, Gateway]


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Parts]:
    """The whole daemon, serving. On leaving, what is on the wire may end, and the rest stays in the journal.

    Raises JournalLocked, JournalUnusable, ListenError, SigningKeyError.
    """
    clock, ids, hub, tasks = TimeLine(), Ids(), Hub(), Tasks()
    views = Views(config.terminal.zone, config.terminal.locale)
    async with contextlib.AsyncExitStack() as stack:
        journal = Journal(Path(config.journal.path), clock, renderer(views), views.date)
        journal.on_told = hub.publish
        await journal.open()
        stack.push_async_callback(journal.close)
        gateways = make_gateways(config, clock, ids)
        for gateway in gateways.values():
            stack.push_async_callback(gateway.close)
        stack.push_async_callback(tasks.close)
        policy = Policy(config, gateways)
        spool = Spool(config, journal, clock, views, ids)
        metrics = Metrics(gateways, journal)
        keys = Keys(journal)
        checkouts: list[Checkout] = []

        def settled(payment: Payment) -> None:
            metrics.settled(payment, clock.now_ms())
            for checkout in checkouts:
                checkout.settled(payment)

        shop = Shop(
            journal=journal,
            clock=clock,
            till=_till(config),
            rules_of=policy.rules,
            gateway_of=policy.gateway,
            route=policy.route,
            receipts=spool.sale_jobs,
            wake_printer=spool.wake,
            counting=lambda: spool.counting or refunds.live > 0,
            on_settled=settled,
        )
        checkout = Checkout(config, shop, gateways, hub, keys, ids)
        checkouts.append(checkout)
        refunds = Refunds(shop, keys, ids, spool.refund_jobs)
        peripherals = Peripherals(config, checkout, spool, journal, clock, views)
        spool.on_state = peripherals.changed
        metrics.watch(checkout, peripherals)
        guard = Guard(config.api.listen, config.api.token, config.api.allowed_origins)
        context = Context(
            config,
            journal,
            checkout,
            refunds,
            hub,
            views,
            spool,
            peripherals,
            guard,
            clock.now_ms,
            metrics.text,
            __version__,
        )
        await checkout.resume()
        await refunds.resume()
        stack.push_async_callback(refunds.close)
        stack.push_async_callback(checkout.close)
        await spool.start()
        stack.push_async_callback(spool.close)
        await peripherals.start()
        stack.push_async_callback(peripherals.close)
        for gateway in gateways.values():
            tasks.start(gateway.keep_warm(), f"warm:{gateway.name}")
        server = Server(make_app(context), config.api)
        stack.push_async_callback(server.close)
        await server.start()
        stack.callback(hub.close)
        yield Parts(context, gateways)


def _till(config: Config) -> Till:
    terminal = config.terminal
    return Till(terminal.id, terminal.store_id, terminal.store_name, terminal.operator)


async def serve(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config) as parts:
        notify("READY=1\nSTATUS=serving")
        _log.info("posd %s serves on %s", __version__, config.api.socket)
        watchdog = Tasks()
        watchdog.start(_feed_watchdog(lambda: _status(parts.context)), "watchdog")
        try:
            await stop.wait()
        finally:
            notify("STOPPING=1\nSTATUS=stopping")
            await watchdog.close()


def _status(context: Context) -> str:
    lost = [device.name for device in context.peripherals.devices() if device.state in {"lost", "fault"}]
    text = f"{context.checkout.unresolved} payments unresolved"
    return f"{text}; not ready: {', '.join(lost)}" if lost else text


async def _feed_watchdog(status: Callable[[], str]) -> None:
    """Tell systemd that the loop turns and what it does."""
    limit_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    interval_s = limit_us / 1e6 * WATCHDOG_SHARE if limit_us else 10.0
    while True:
        notify(f"WATCHDOG=1\nSTATUS={status()}")
        await asyncio.sleep(interval_s)


def notify(message: str) -> None:
    """``sd_notify``: a datagram to systemd, if it started us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(message.encode())
