"""``posd journal restore``: a backup in place of the journal, and what to know before posd starts on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from posd.checkout.orders import Till, order_ref
from posd.cli.books import open_journal
from posd.cli.errors import CommandError, Exit
from posd.cli.output import print_table, yuan
from posd.clock import TimeLine
from posd.config import Config
from posd.gateways.factory import make_gateways
from posd.ids import Ids
from posd.journal import queries
from posd.journal.batch import Batch
from posd.journal.errors import JournalError, JournalLocked, JournalUnusable
from posd.journal.journal import Journal
from posd.journal.restore import Restored, restore
from posd.payment import state_machine
from posd.payment.events import Answered, Resumed, Source, Status
from posd.payment.payment import Payment
from posd.payment.terms import Rules
from posd.resources import Views
from posd.telling import renderer


def put_back(config: Config, source: Path, paid: Sequence[str], *, replace: bool) -> int:
    """Restore, tell what is open, and keep what the gateway says is ``paid``, an order number each."""
    path = Path(config.journal.path)
    if not source.is_file():
        raise CommandError(Exit.USAGE, f"{source}: no such file")
    try:
        done = restore(source, path, time.time_ns() // 1_000_000, replace=replace)
    except (JournalLocked, JournalUnusable):
        raise
    except JournalError as error:
        raise CommandError(Exit.OTHERWISE, str(error)) from error
    _tell(config, done)
    kept = asyncio.run(_keep(config, paid)) if paid else True
    _tell_open(config)
    return Exit.DONE if kept else Exit.OTHERWISE


def _tell(config: Config, done: Restored) -> None:
    views = Views(config.terminal.zone, config.terminal.locale)
    if done.aside is not None:
        print(f"what was there is now {done.aside}")
    print(f"{config.journal.path}: {done.events} events, all well, the last of {views.time(done.last_at_ms)}")
    print("what happened after that is not in it: see docs/operations.md, Restore")


def _tell_open(config: Config) -> None:
    """What the old till may have ended meanwhile, in a way that nobody here knows of."""
    views = Views(config.terminal.zone, config.terminal.locale)
    with open_journal(config) as db:
        found = [views.payment(record) for record in queries.unresolved_payments(db)]
    if not found:
        return
    print("open then, and voided when posd starts; --paid ORDER keeps one that the old till told as paid:")
    rows = [(each.order_no, each.status, yuan(each.amount), each.wallet or "-", each.created_at) for each in found]
    print_table(("order", "status", "amount", "wallet", "created"), rows)


async def _keep(config: Config, paid: Sequence[str]) -> bool:
    """Ask the gateway before any void is recorded. Whether all of them are paid."""
    clock, ids, views = TimeLine(), Ids(), Views(config.terminal.zone, config.terminal.locale)
    journal = Journal(Path(config.journal.path), clock, renderer(views), views.date)
    await journal.open()
    try:
        return all([await _keep_one(config, journal, clock, ids, number) for number in paid])
    finally:
        await journal.close()


async def _keep_one(config: Config, journal: Journal, clock: TimeLine, ids: Ids, number: str) -> bool:
    record = await journal.read(lambda db: queries.find_payment(db, number))
    if record is None or record.payment.status is not Status.PROCESSING:
        print(f"{number}: {'not in the backup' if record is None else f'is {record.payment.status} there'}")
        return False
    payment = record.payment
    if payment.gateway not in config.gateways:
        print(f"{number}: there is no [gateways.{payment.gateway}] any more")
        return False
    heard = await _ask(config, payment, clock, ids)
    resumed = Resumed(heard.at_ms, journal.clock_trusted)
    # Nothing but the end can follow from a Paid, so the rules of the gateway do not matter.
    after, happened = state_machine.advance(payment, [resumed, heard], heard.at_ms, Rules())
    if after.status is not Status.PAID:
        print(f"{number}: the gateway does not say that it is paid ({heard.verdict.__struct_config__.tag})")
        return False
    await journal.append(Batch().payment(after, happened))
    print(f"{number}: the gateway says that it is paid, and so it stays")
    return True


async def _ask(config: Config, payment: Payment, clock: TimeLine, ids: Ids) -> Answered:
    terminal = config.terminal
    till = Till(terminal.id, terminal.store_id, terminal.store_name, terminal.operator)
    gateways = make_gateways(config, clock, ids)
    try:
        asked_at_ms = clock.now_ms()
        answer = await gateways[payment.gateway].query(order_ref(payment, till))
    finally:
        for gateway in gateways.values():
            await gateway.close()
    return Answered(clock.now_ms(), Source.QUERY, asked_at_ms, answer.verdict, answer.evidence)
