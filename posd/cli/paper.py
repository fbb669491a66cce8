"""The commands about paper: they print with the daemon stopped and the network down, too."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from devices.state import Health
from posd.cli.arguments import Subparsers, add_command, date
from posd.cli.books import open_books, open_journal
from posd.cli.errors import CommandError, Exit
from posd.cli.output import print_json, print_table, yuan
from posd.client import Client, ProblemAnswer, Unreachable
from posd.clock import TimeLine
from posd.config import Config, load_without_secrets
from posd.ids import Ids
from posd.journal import queries
from posd.journal.journal import Journal
from posd.journal.records import PaymentRecord
from posd.payment.refund import Refund
from posd.printing.errors import NoPrinter, NoReceipt
from posd.printing.job import JobState, PrintJob
from posd.printing.papers import Papers
from posd.printing.spool import Spool
from posd.report import ReportResource
from posd.resources import Views
from posd.telling import renderer

PAPER_S = 30.0
"""How long a command waits for the paper to come out before it says that it does not."""


def add_commands(commands: Subparsers) -> None:
    """``reprint``, ``report``."""
    reprint = add_command(commands, "reprint", _reprint, "print a receipt again, also with daemon and network down")
    reprint.add_argument("order", nargs="?", metavar="ORDER|REFUND", help="order number, payment or refund")
    reprint.add_argument("--last", action="store_true", help="the last paid payment")
    reprint.add_argument("--preview", action="store_true", help="show it instead")
    report = add_command(commands, "report", _report, "the figures of a day", prints_data=True)
    report.add_argument("--date", type=date, metavar="DATE", help="business date, YYYY-MM-DD; default: today")
    report.add_argument("--print", action="store_true", dest="on_paper", help="print it on the receipt printer")


def _reprint(options: argparse.Namespace) -> int:
    config = load_without_secrets(options.config)
    if (options.order is None) != options.last:
        raise CommandError(Exit.USAGE, "name an order, a refund, or --last")
    with open_journal(config) as db:
        subject = _subject(db, options.order)
    if options.preview:
        print(_preview(config, subject))
        return Exit.DONE
    return _print(config, lambda spool: _print_subject(spool, subject), _path_of(subject))


Subject = PaymentRecord | tuple[Refund, PaymentRecord]


def _subject(db: sqlite3.Connection, ident: str | None) -> Subject:
    """What a person means: an order, a refund, or the last payment."""
    record = queries.latest_payment(db) if ident is None else queries.find_payment(db, ident)
    if record is not None:
        return record
    refund = queries.find_refund(db, ident) if ident is not None else None
    payment = queries.find_payment(db, refund.payment_id) if refund is not None else None
    if refund is None or payment is None:
        raise CommandError(Exit.OTHERWISE, f"there is no order or refund {ident}" if ident else "nothing is paid yet")
    return refund, payment


def _preview(config: Config, subject: Subject) -> str:
    papers = Papers.of(config, Views(config.terminal.zone, config.terminal.locale))
    try:
        if isinstance(subject, PaymentRecord):
            return papers.text(papers.of_payment(subject))
        return papers.text(papers.of_refund(*subject))
    except NoReceipt as error:
        raise CommandError(Exit.OTHERWISE, str(error)) from error


def _path_of(subject: Subject) -> str:
    if isinstance(subject, PaymentRecord):
        return f"/v1/payments/{subject.payment.payment_id}/receipt"
    return f"/v1/refunds/{subject[0].refund_id}/receipt"


async def _print_subject(spool: Spool, subject: Subject) -> PrintJob:
    if isinstance(subject, PaymentRecord):
        return await spool.print_payment(subject)
    return await spool.print_refund(subject[0])


def _print(config: Config, queue: Callable[[Spool], Awaitable[PrintJob]], path: str) -> int:
    """Through the daemon, or with the printer in our own hands when there is none."""
    with Client(config.api.socket) as client:
        try:
            job = client.post(path)
        except Unreachable:
            return asyncio.run(_print_alone(config, queue))
        except ProblemAnswer as problem:
            code = Exit.DEVICE if problem.code == "device_unavailable" else Exit.OTHERWISE
            raise CommandError(code, str(problem)) from problem
        _demand_ready(client, config.printer.name)
    print(f"{job['kind']} slip {'copy ' + str(job['copyNo']) if job['copyNo'] else 'original'}: {job['state']}")
    return Exit.DONE


def _demand_ready(client: Client, printer: str) -> None:
    """Say it where the paper will not come out now: it waits in the daemon for the printer."""
    for device in client.devices():
        if device.name == printer and device.state is not Health.READY:
            why = device.detail or device.state
            raise CommandError(Exit.DEVICE, f"{printer}: {why}; the slip waits and comes out once that is mended")


async def _print_alone(config: Config, queue: Callable[[Spool], Awaitable[PrintJob]]) -> int:
    """Be the only writer of the journal for the length of one paper."""
    clock, views = TimeLine(), Views(config.terminal.zone, config.terminal.locale)
    journal = Journal(Path(config.journal.path), clock, renderer(views), views.date)
    await journal.open()
    spool = Spool(config, journal, clock, views, Ids())
    try:
        await spool.start()
        return await _wait_for_paper(spool, await queue(spool))
    except NoPrinter as error:
        raise CommandError(Exit.DEVICE, str(error)) from error
    except NoReceipt as error:
        raise CommandError(Exit.OTHERWISE, str(error)) from error
    finally:
        await spool.close()
        await journal.close()


async def _wait_for_paper(spool: Spool, job: PrintJob) -> int:
    try:
        async with asyncio.timeout(PAPER_S):
            ended = await spool.ended(job.job_id)
    except TimeoutError:
        ended = await spool.withdraw(job.job_id)
    if ended is not None and ended.state is JobState.PRINTED:
        print("printed")
        return Exit.DONE
    raise CommandError(Exit.DEVICE, f"the printer does not print: {spool.state.detail or spool.state.health}")


def _report(options: argparse.Namespace) -> int:
    config = load_without_secrets(options.config)
    with open_books(config) as books:
        report = books.report(options.date)
    if options.json:
        print_json(report)
    else:
        _show_report(report)
    if options.on_paper:
        return _print(config, lambda spool: spool.print_report(report.date), f"/v1/report/print?date={report.date}")
    return Exit.DONE


def _show_report(report: ReportResource) -> None:
    sums = [("all paid", report.totals), *report.by_wallet.items(), *report.by_status.items()]
    rows = [(str(n), str(s.count), yuan(s.amount), yuan(s.coup_amount), yuan(s.pay_amount)) for n, s in sums]
    print(report.date)
    print_table(("", "count", "amount", "discount", "paid"), rows)
    print(f"refunds: {report.refunds.count}, {yuan(report.refunds.amount)}; {report.refunds.processing} processing")
    for payment in report.unresolved:
        print(f"unresolved: {payment.order_no} {payment.status} {yuan(payment.amount)}")
