"""``posd journal``: integrity, a consistent copy, the data."""

from __future__ import annotations

import argparse
import contextlib
import csv
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from posd.cli.arguments import Subparsers, add_command
from posd.cli.books import open_journal
from posd.cli.errors import CommandError, Exit
from posd.cli.output import print_json
from posd.config import load, load_without_secrets
from posd.journal import queries
from posd.journal.errors import JournalUnusable
from posd.journal.verify import verify
from posd.journal.writer import connect
from posd.resources import PaymentResource, Views

BACKUP_PAGES = 1_000
"""Pages copied at once, so that a running daemon is not kept waiting."""


def add_commands(commands: Subparsers) -> None:
    """``journal verify``, ``journal backup``, ``journal restore``, ``journal export``, ``journal archive``."""
    about = "look after the journal: verify, backup, restore, export, archive"
    parser = commands.add_parser("journal", help=about, description=about[0].upper() + about[1:] + ".")
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_command(inner, "verify", _verify, "check every event, its hash and what was made of it", prints_data=True)
    backup = add_command(inner, "backup", _backup, "make a consistent copy, also while posd runs")
    backup.add_argument("file", type=Path, metavar="FILE", help="the copy; must not exist yet")
    restore = add_command(inner, "restore", _restore, "put a backup in place of the journal, while no posd runs")
    restore.add_argument("file", type=Path, metavar="FILE", help="what journal backup has made")
    restore.add_argument("--replace", action="store_true", help="put a journal with payments aside")
    restore.add_argument(
        "--paid",
        action="append",
        default=[],
        metavar="ORDER",
        help="open in the backup, and then told as paid: keep it if the gateway says so too",
    )
    export = add_command(inner, "export", _export, "write all payments to standard output")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="default: jsonl")
    about = "take old days out of a journal that no posd uses (a running one does that itself), or check an archive"
    archive = add_command(inner, "archive", _archive, about)
    archive.add_argument("--check", type=Path, metavar="FILE", help="only check this file of an archive")


def _archive(options: argparse.Namespace) -> int:
    from posd.cli.archiving import archive, check

    return check(options.check) if options.check is not None else archive(load_without_secrets(options.config))


def _verify(options: argparse.Namespace) -> int:
    config = load_without_secrets(options.config)
    try:
        with open_journal(config) as db:
            count, faults = verify(db)
    except JournalUnusable as error:
        raise CommandError(Exit.OTHERWISE, str(error)) from error
    if options.json:
        print_json({"events": count, "ok": not faults, "faults": faults})
    else:
        for fault in faults:
            print(fault, file=sys.stderr)
        print(f"{count} events, {'all well' if not faults else f'{len(faults)} faults'}")
    return Exit.OTHERWISE if faults else Exit.DONE


def _backup(options: argparse.Namespace) -> int:
    target: Path = options.file
    if target.exists():
        raise CommandError(Exit.USAGE, f"{target} exists already; name a new file")
    with open_journal(load_without_secrets(options.config)) as db:
        try:
            target.touch(mode=0o600)
            copy = sqlite3.connect(target)
            with contextlib.closing(copy), copy:
                _hold_still(db)
                db.backup(copy, pages=BACKUP_PAGES)
            _in_one_file(target)
        except (OSError, sqlite3.Error) as error:
            target.unlink(missing_ok=True)
            raise CommandError(Exit.OTHERWISE, f"{target}: {error}") from error
    return _check_copy(target)


def _restore(options: argparse.Namespace) -> int:
    from posd.cli.restoring import put_back

    # Only a question to the gateway needs its keys.
    read = load if options.paid else load_without_secrets
    return put_back(read(options.config), options.file, options.paid, replace=options.replace)


def _hold_still(db: sqlite3.Connection) -> None:
    """Read from one moment on: else the copy begins anew with everything that is written meanwhile."""
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM events").fetchone()


def _in_one_file(target: Path) -> None:
    """A copy that can be read from a stick that is write-protected, and leaves nothing beside it."""
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")


def _check_copy(target: Path) -> int:
    db = connect(target, read_only=True)
    try:
        count, faults = verify(db)
    finally:
        db.close()
    if faults:
        raise CommandError(Exit.OTHERWISE, f"{target}: the copy is not sound: {faults[0]}")
    print(f"{target}: {count} events, all well")
    return Exit.DONE


def _export(options: argparse.Namespace) -> int:
    config = load_without_secrets(options.config)
    views = Views(config.terminal.zone, config.terminal.locale)
    with open_journal(config) as db:
        payments = (views.payment(record) for record in queries.all_payments(db))
        if options.format == "jsonl":
            for payment in payments:
                print(msgspec.json.encode(payment).decode())
        else:
            _export_csv(payments)
    return Exit.DONE


def _export_csv(payments: Iterable[PaymentResource]) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(PaymentResource)]
    writer = csv.writer(sys.stdout)
    writer.writerow(names)
    for payment in payments:
        values = msgspec.to_builtins(payment)
        writer.writerow([_cell(values[name]) for name in names])


def _cell(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value
