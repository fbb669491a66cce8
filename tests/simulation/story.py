"""One seed from beginning to end: make a world, let processes live and die in it, then ask what holds.

python -m tests.simulation.story SEED [PAYMENTS]      prints what it found, and the timeline of what broke
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import logging
import shutil
import sqlite3
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from posd.config import Config, sections
from posd.gateways.base import Capabilities
from posd.gateways.protocols import make_codec, settings_class
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.sandbox import Sandbox
from posd.ids import Ids
from posd.journal import queries
from posd.journal.errors import JournalUnavailable
from posd.journal.records import ReceiptState
from posd.journal.verify import verify
from posd.payment.auth_code import Wallet
from posd.payment.events import Status
from posd.payment.payment import Payment
from posd.payment.refund import RefundStatus
from posd.payment.terms import Method
from posd.resources import Views
from tests.invariants import Books, Told, breaches, may_be_charged, reused, unfinished
from tests.simulation.network import START_MS, Network
from tests.simulation.outcome import Outcome
from tests.simulation.process import Clocks, Process, World
from tests.simulation.shop import Plans, Pos, Seen
from tests.simulation.weather import Errand, Weather

PAYMENTS = 250
"""Customers of one seed: enough to share commits, few enough to read."""
ENDS_WITHIN_S = 600.0
"""Faults have stopped for so long: every payment has ended. What is older than an hour by posd's clock, because that
leapt at a reboot, is asked after every five minutes; two such questions, and air."""
GIVEN_UP_AFTER_S = 27 * 3600.0
"""The last question after an order that was not received comes after a day; a world that is not quiet then never is."""

PROTOCOLS = ("chaoying", "umf-huishang", "umf-sp", "chinaums", "daxpay")
_POLLS_S = (1.0, 2.0, 5.0)
"""Between two queries of one payment: as delivered, and as somebody may set it."""
_JUMPS_MS = (0, 0, -3_600_000, 3_600_000, -86_400_000, 90_000, -90_000, 86_400_000)
_WRONG_FOR_S = (3.0, 30.0, 300.0)
"""How long the wall clock stays wrong: until the network tells the time, until somebody looks, longer than a sale."""
_WALLETS = (Wallet.WECHAT, Wallet.ALIPAY, Wallet.UNIONPAY, Wallet.ECNY, Wallet.JDPAY, Wallet.BESTPAY)


class Story:
    """Runs one seed."""

    def __init__(self, seed: int, directory: Path, keys: KeyRing, payments: int = PAYMENTS) -> None:
        self.rng = Random(seed)
        self.outcome = Outcome(seed)
        self._weather = Weather(self.rng, payments)
        sandbox = Sandbox(keys, query_burst_max=10_000)
        self._errands: list[Errand] = []
        # Before the first gateway is made: it keeps the scripts that it finds.
        sandbox.scripts = Plans(self._errands)
        config = self._config(sandbox, directory)
        self._codecs = {
            name: make_codec(section.common.protocol, section.settings) for name, section in config.gateways.items()
        }
        self._errands += self._make_errands(config, payments)
        self._network = Network(self._weather, sandbox)
        self._network.log = []
        self._world = World(self._network, config, self._codecs, Ids(self.rng.randrange))
        self._pos = Pos(self._errands, self._on_final)
        self._world.on_told = self._pos.told
        self._clocks = Clocks("boot-1", 0.0)
        self._quiet = False
        self._ended_s: dict[str, float] = {}

    # --- what the world is made of

    def _config(self, sandbox: Sandbox, directory: Path) -> Config:
        names = self.rng.sample(PROTOCOLS[1:], 2)
        if self.rng.random() < 0.5:
            names[0] = "chaoying"
        gateways = {}
        for name, protocol in zip(("main", "second"), names, strict=True):
            settings = settings_class(protocol)(**sandbox.credentials(protocol), notify_url="http://127.0.0.1:9/n")
            common = sections.GatewaySection(protocol=protocol, base_url="https://pay.example")  # type: ignore[arg-type]
            gateways[name] = sections.Gateway(name, common, settings)
        return Config(
            path="",
            terminal=sections.Terminal(id="0101", store_id="md_001", store_name="示例超市人民路店"),
            journal=sections.JournalSection(path=str(directory / "journal.db")),
            api=sections.Api(),
            payments=sections.Payments(
                gateway="main", routes={Wallet.ALIPAY: "second"}, poll_interval=self.rng.choice(_POLLS_S)
            ),
            gateways=gateways,
            printer=sections.Printer(type="tcp", host="127.0.0.1"),
        )

    def _make_errands(self, config: Config, payments: int) -> list[Errand]:
        wallets, ways = self._possible()
        day_s = self._weather.stops_s - 30.0
        moments = sorted(self.rng.uniform(0, day_s) for _ in range(payments))
        protocols = {each.common.protocol for each in config.gateways.values()}
        self._weather.discounts = protocols <= _TELLS_DISCOUNTS
        return [self._weather.errand(number, at_s, wallets, ways) for number, at_s in enumerate(moments, 1)]

    def _possible(self) -> tuple[tuple[Wallet, ...], tuple[str, ...]]:
        """Wallets and ways that both gateways take; what they refuse is left to other tests."""
        capabilities: list[Capabilities] = [codec.capabilities for codec in self._codecs.values()]
        wallets = tuple(wallet for wallet in _WALLETS if all(wallet in each.wallets for each in capabilities))
        shared = frozenset.intersection(*(each.methods for each in capabilities))
        ways = ["code", "armed"] + [way for way, method in _WAYS if method in shared]
        return wallets, tuple(ways)

    # --- the run

    def run(self) -> Outcome:
        """Processes live and die until nothing is left to do; then everything is compared."""
        while not self._quiet and self._world.now_s < self._weather.stops_s + GIVEN_UP_AFTER_S:
            self.outcome.starts += 1
            process = Process(self._world, self._clocks, self._weather.life())
            try:
                lived = process.run(self._work)
            except JournalUnavailable:
                lived = False  # the disk was full while it started: systemd starts it again
            self.outcome.crashes += not lived
            self._pause()
        self.outcome.faults += self._pos.changed_ends
        self._compare()
        return self.outcome

    async def _work(self, process: Process) -> None:
        """One process: the POS, and at a drawn moment an orderly stop."""
        serving = asyncio.get_running_loop().create_task(self._serve(process))
        stops = self._world.now_s < self._weather.stops_s and self.rng.random() < 0.2
        lasts_s = self.rng.uniform(0.5, self._weather.stops_s) if stops else GIVEN_UP_AFTER_S + self._weather.stops_s
        try:
            async with asyncio.timeout(lasts_s):
                await serving
            self._quiet = True
        except TimeoutError:
            serving.cancel()

    async def _serve(self, process: Process) -> None:
        await self._pos.serve(process)
        pause_s = 1.0
        while await self._busy(process):
            if process.loop.time() > self._weather.stops_s + GIVEN_UP_AFTER_S:
                self._fault("something is left to do for ever")
                return
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 1800.0)

    @staticmethod
    async def _busy(process: Process) -> bool:
        if process.checkout._cases or process.refunds.live:
            return True
        return bool(await process.journal.read(queries.live_jobs) or await process.journal.read(queries.live_payments))

    def _pause(self) -> None:
        """Between two processes: time passes, the machine may be booted anew, its wall clock set by anybody."""
        self._world.now_s += self.rng.choice((0.1, 0.1, 1.0, 5.0, 30.0))
        before, now_s = self._clocks, self._world.now_s
        jump_ms, right_from_s = self.rng.choice(_JUMPS_MS), now_s + self.rng.choice(_WRONG_FOR_S)
        ahead_ms = 0 if self._weather.calm else jump_ms
        if self.rng.random() < 0.5:
            self._clocks = Clocks(before.boot_id, before.booted_s, ahead_ms, right_from_s)
        else:
            self._clocks = Clocks(f"boot-{self.outcome.starts + 1}", now_s - 5.0, ahead_ms, right_from_s)

    # --- what must hold

    def _fault(self, text: str) -> None:
        self.outcome.faults.append(text)

    def _books(self, order_no: str, now_s: float) -> Books:
        network = self._network
        submits = network.submits[order_no]
        order, now_ms = network.sandbox.bank.find(order_no), network.ms(now_s)
        network.sandbox.bank.advance(now_ms)
        state = order.state(now_ms) if order is not None else None
        return Books(
            order_no=order_no,
            submits=submits,
            captured=state.captured if state else 0,
            given_back=state.reversed + state.refunded if state else 0,
            chargeable=(state is None and network.may_arrive(order_no)) or may_be_charged(order, state),
            early_cancels=network.early_cancels[order_no],
            too_late=order_no in network.too_late,
        )

    def _on_final(self, seen: Seen) -> None:
        """In the moment in which the POS learns of an end."""
        now_s = asyncio.get_running_loop().time()
        self._ended_s[seen.order_no] = now_s
        told = Told(seen.order_no, seen.status, seen.amount, seen.coup_amount, seen.pay_amount, seen.attention)
        for text in breaches(told, self._books(seen.order_no, now_s)):
            self._fault(f"{seen.order_no} at {now_s:.3f} s: {text}")

    def _compare(self) -> None:
        self._network.agenda.run_until(self._world.now_s + 3600)
        self._world.now_s += 3600
        path = self._world.config.journal.path
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            self._compare_journal(db)
        finally:
            db.close()
        self.outcome.requests, self.outcome.papers = self._network.requests, len(self._world.papers)
        self.outcome.failed_commits = self._world.failed_commits
        for fault in self._network.sandbox.bank.violations:
            if not self._is_ours(fault.text, fault.order_no or ""):
                self._fault(f"{fault.protocol} {fault.operation} of {fault.order_no}: {fault.text}")

    def _is_ours(self, text: str, order_no: str) -> bool:
        """Whether a complaint of the gateway is about the network, or judged better by when requests left."""
        return (text.startswith("submitted") and order_no in self._network.repeated) or text.startswith(_JUDGED_HERE)

    def _compare_journal(self, db: sqlite3.Connection) -> None:
        outcome, views = self.outcome, Views(self._world.config.terminal.zone, "zh-CN")
        outcome.events, faults = verify(db)
        outcome.faults += faults
        row = db.execute("SELECT hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        outcome.digest = hashlib.sha256(row[0] if row else b"").hexdigest()
        originals = Counter(paper.order_no for paper in self._world.papers if paper.title == "支付凭证")
        receipts = {paper.order_no for paper in self._world.papers}
        order_nos = []
        for record in queries.all_payments(db):
            payment, resource = record.payment, views.payment(record)
            order_nos.append(payment.order_no)
            outcome.payments += 1
            outcome.statuses[payment.status] += 1
            outcome.attentions += bool(payment.attention)
            refunded, refunding = self._refunded(db, payment.payment_id, payment.order_no)
            told = Told(
                payment.order_no,
                payment.status,
                payment.amount,
                resource.coup_amount,
                resource.pay_amount,
                bool(payment.attention),
                refunded,
                refunding,
                originals[payment.order_no],
            )
            for text in unfinished(told, self._books(payment.order_no, self._world.now_s)):
                self._fault(f"{payment.order_no}: {text}")
            self._measure(payment)
            asked_for = record.receipt is ReceiptState.UNCERTAIN  # it broke off, and the time for a copy has passed
            if payment.status is Status.PAID and payment.order_no not in receipts and not asked_for:
                self._fault(f"{payment.order_no}: paid, and no receipt came out")
        self._tell_timeline(db)
        outcome.faults += [f"{order_no} was given twice" for order_no in reused(order_nos)]
        strangers = {order.order_no for order in self._network.sandbox.bank} - set(order_nos)
        outcome.faults += [f"{order_no} was sent and is in no journal" for order_no in sorted(strangers)]

    def _measure(self, payment: Payment) -> None:
        """How long it had no end although all was well."""
        end_s = self._ended_s.get(payment.order_no)
        if end_s is not None:
            since_s = max(self._weather.stops_s, self._errands[payment.amount // 100 - 1].at_s)
            self.outcome.slowest_s = max(self.outcome.slowest_s, end_s - since_s)
            if end_s - since_s > ENDS_WITHIN_S:
                self._fault(f"{payment.order_no}: no end for {end_s - since_s:.0f} s after the faults")

    def _tell_timeline(self, db: sqlite3.Connection) -> None:
        """What happened to the first payments that a fault names."""
        for order_no in list(dict.fromkeys(_name(fault) for fault in self.outcome.faults))[:3]:
            record = queries.find_payment(db, order_no)
            events = queries.timeline(db, record.payment.payment_id) if record is not None else []
            self.outcome.timeline += [f"{order_no} {stored.at_ms - START_MS:>9} {stored.event}" for stored in events]
            left = self._network.log or []
            self.outcome.timeline += [
                f"{order_no} {at_s * 1000:>9.0f} {what} {fate}" for at_s, about, what, fate in left if about == order_no
            ]

    def _refunded(self, db: sqlite3.Connection, payment_id: str, order_no: str) -> tuple[int, bool]:
        """What refunds have given back as told, the gateway's word where posd has none; and whether one is open."""
        order, total, running = self._network.sandbox.bank.find(order_no), 0, False
        for refund in queries.refunds_of(db, payment_id):
            self.outcome.refunds[refund.status] += 1
            running = running or refund.live
            if refund.status is RefundStatus.SUCCEEDED:
                known = order.refunds.get(refund.refund_no) if order is not None else None
                due = known.due if known is not None else 0
                total += due if refund.pay_amount is None else refund.pay_amount
        if running:
            self._fault(f"{order_no}: a refund has no end")
        return total, running


def _name(fault: str) -> str:
    """The order number that a fault begins with."""
    return fault.split(maxsplit=1)[0].rstrip(":")


_TELLS_DISCOUNTS = frozenset({"chaoying", "chinaums"})
"""The others tell one amount in some answers at least: a discount there is none that a till could learn of."""
_JUDGED_HERE = ("cancelled ", "time: ")
"""A cancel's floor is counted from when the pay request left; a wrong wall clock is one of the faults."""
_WAYS = (("qr", Method.QR), ("face", Method.FACE))


@contextmanager
def playground() -> Iterator[tuple[Path, KeyRing]]:
    """A directory in memory where there is one, and keys."""
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    gc.collect()
    gc.freeze()  # modules stay: after a seed only what the seed has left is looked through
    try:
        with tempfile.TemporaryDirectory(prefix="posd-simulation-", dir=base) as name:
            yield Path(name), KeyRing(Path(name) / "keys")
    finally:
        gc.unfreeze()


def tell(seed: int, directory: Path, keys: KeyRing, payments: int = PAYMENTS) -> Outcome:
    """One seed, in a directory that is made and removed."""
    home = directory / f"seed-{seed}"
    home.mkdir()
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    gc.disable()  # a seed is short, and what it leaves is collected in one go
    try:
        with warnings.catch_warnings():
            # A call that was prepared and never made, because its process died, is none that was forgotten.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            outcome = Story(seed, home, keys, payments).run()
            gc.collect(0)
            return outcome
    finally:
        logging.disable(before)
        gc.enable()
        shutil.rmtree(home)


def main() -> None:
    """One seed by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("payments", type=int, nargs="?", default=PAYMENTS)
    arguments = parser.parse_args()
    with playground() as (directory, keys):
        outcome = tell(arguments.seed, directory, keys, arguments.payments)
    faults, outcome.faults = outcome.faults, []
    timeline, outcome.timeline = outcome.timeline, []
    print("\n".join([*timeline, *faults, str(outcome)]))


if __name__ == "__main__":
    main()
