"""The commands that only read: they work with the daemon stopped, too."""

from __future__ import annotations

import argparse

from posd.cli.arguments import Subparsers, add_command, date
from posd.cli.books import open_books
from posd.cli.errors import Exit
from posd.cli.output import print_json, print_payment, print_table, yuan
from posd.config import load_without_secrets
from posd.payment.events import Status


def add_commands(commands: Subparsers) -> None:
    """``show``, ``list``, ``timeline``."""
    show = add_command(commands, "show", _show, "show one payment", prints_data=True)
    show.add_argument("order", metavar="ORDER", help="order number or payment id")
    listing = add_command(
        commands,
        "list",
        _list,
        "list payments, the newest first",
        prints_data=True,
        example="posd list --status cancelling",
    )
    listing.add_argument("--date", type=date, metavar="DATE", help="only of this business date, YYYY-MM-DD")
    listing.add_argument("--status", choices=[status.value for status in Status], help="only in this state")
    listing.add_argument("--attention", action="store_true", help="only those that a person should look at")
    timeline = add_command(
        commands, "timeline", _timeline, "tell everything that happened to a payment", prints_data=True
    )
    timeline.add_argument("order", metavar="ORDER", help="order number or payment id")


def _show(options: argparse.Namespace) -> int:
    with open_books(load_without_secrets(options.config)) as books:
        payment = books.payment(options.order)
    if options.json:
        print_json(payment)
    else:
        print_payment(payment)
    return Exit.DONE


def _list(options: argparse.Namespace) -> int:
    with open_books(load_without_secrets(options.config)) as books:
        page = books.payments(options.date, options.status, attention=options.attention)
    if options.json:
        print_json(page)
        return Exit.DONE
    rows = [
        (
            payment.created_at[:19].replace("T", " "),
            payment.order_no,
            payment.status + (" !" if payment.attention else ""),
            yuan(payment.amount),
            yuan(payment.pay_amount),
            payment.wallet or "-",
            payment.reference or "",
        )
        for payment in page.items
    ]
    print_table(("created", "order", "status", "amount", "paid", "wallet", "reference"), rows)
    return Exit.DONE


def _timeline(options: argparse.Namespace) -> int:
    with open_books(load_without_secrets(options.config)) as books:
        items = books.timeline(options.order)
    if options.json:
        print_json({"items": items, "nextCursor": None})
        return Exit.DONE
    for item in items:
        print(f"{item.at[11:23]}  {item.kind:<18} {item.text}")
    return Exit.DONE
