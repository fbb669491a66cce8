"""The commands that move money: they go through the running daemon and wait for the end."""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from posd.cli.arguments import Subparsers, add_command, amount
from posd.cli.errors import CommandError, Exit
from posd.cli.output import paint, print_json, print_payment, yuan
from posd.client import HOLD_S, Client, Unreachable
from posd.config import load_without_secrets
from posd.payment.events import Status
from posd.payment.refund import RefundStatus
from posd.resources import PaymentResource, RefundResource

PATIENCE_S = 90.0
"""How long ``cancel`` and ``refund`` wait for the end, and every command for a daemon that has gone meanwhile."""
RETRY_S = 0.5
"""Between two looks whether the daemon is back."""
TELL_S = 1.0
"""While nothing was scanned yet, so that the change to "asking the gateway" is told soon."""

T = TypeVar("T")


def add_commands(commands: Subparsers) -> None:
    """``pay``, ``cancel``, ``refund``."""
    pay = add_command(
        commands, "pay", _pay, "take a payment and wait for its end", prints_data=True, example="posd pay 12.50"
    )
    pay.add_argument("amount", type=amount, metavar="AMOUNT", help="yuan, such as 12.50")
    pay.add_argument("--code", help="the code in the customer's wallet; without it, the scanner is armed")
    pay.add_argument("--reference", help="the POS's own bill number")
    cancel = add_command(
        commands, "cancel", _cancel, "give up a payment and wait until that is proven", prints_data=True
    )
    cancel.add_argument("order", metavar="ORDER", help="order number or payment id")
    refund = add_command(commands, "refund", _refund, "give money back and wait until it is", prints_data=True)
    refund.add_argument("order", metavar="ORDER", help="order number or payment id")
    refund.add_argument("amount", type=amount, nargs="?", metavar="AMOUNT", help="yuan; without it, what is left")


def _client(options: argparse.Namespace) -> Client:
    return Client(load_without_secrets(options.config).api.socket)


def _pay(options: argparse.Namespace) -> int:
    with _client(options) as client:
        body = {"authCode": options.code, "reference": options.reference}
        given = {name: value for name, value in body.items() if value is not None}
        key = str(uuid.uuid4())
        payment = _begun(lambda: client.pay(options.amount, key, **given), "the payment; look for it with posd list")
        try:
            payment = _await_end(client, payment)
        except KeyboardInterrupt:
            message = f"interrupted; {payment.order_no} goes on: posd show or posd cancel {payment.order_no}"
            raise CommandError(Exit.UNKNOWN, message) from None
        return _end(options, payment, wanted=Status.PAID)


def _await_end(client: Client, payment: PaymentResource) -> PaymentResource:
    told = None
    while not payment.status.final:
        told = _tell(payment, told)
        hold_s = HOLD_S if payment.status is not Status.AWAITING_CODE else TELL_S
        payment = _held(client, payment, hold_s)
    return payment


def _held(client: Client, payment: PaymentResource, hold_s: float) -> PaymentResource:
    return _going_on(lambda: client.payment(payment.id, wait_s=round(hold_s, 1)), payment.order_no)


def _begun(call: Callable[[], T], what: str) -> T:
    """A call that begins something: where it may have arrived, it is repeated with the same key until that is known."""
    try:
        return call()
    except Unreachable as error:
        if not error.sent:
            raise
    return _going_on(call, what)


def _going_on(call: Callable[[], T], what: str) -> T:
    """A call about something that has begun: a daemon that is away may just be starting again."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call()
        except Unreachable as error:
            if time.monotonic() > deadline:
                raise CommandError(Exit.UNKNOWN, f"posd has gone; not known what became of {what}") from error
        time.sleep(RETRY_S)


def _cancel(options: argparse.Namespace) -> int:
    with _client(options) as client:
        payment = _begun(lambda: client.cancel(options.order), options.order)
        deadline = time.monotonic() + PATIENCE_S
        while not payment.status.final and (left := deadline - time.monotonic()) > 0:
            payment = _held(client, payment, min(left, HOLD_S))
        return _end(options, payment, wanted=Status.CANCELLED)


def _refund(options: argparse.Namespace) -> int:
    with _client(options) as client:
        payment = client.payment(options.order)
        left = payment.amount - payment.refunded_amount
        wanted = options.amount if options.amount is not None else left
        if wanted == 0:
            raise CommandError(Exit.OTHERWISE, f"{payment.order_no} is refunded in full already")
        key = str(uuid.uuid4())
        refund = _begun(lambda: client.refund(payment.id, wanted, key), f"the refund of {payment.order_no}")
        deadline = time.monotonic() + PATIENCE_S
        while not refund.status.final and (remaining := deadline - time.monotonic()) > 0:
            refund = _refund_held(client, refund, min(remaining, HOLD_S))
    if options.json:
        print_json(refund)
    else:
        print(f"{refund.refund_no}  {yuan(refund.amount)}  {refund.status}")
    if refund.status is RefundStatus.SUCCEEDED:
        return Exit.DONE
    return Exit.UNKNOWN if refund.status is RefundStatus.PROCESSING else Exit.OTHERWISE


def _refund_held(client: Client, refund: RefundResource, hold_s: float) -> RefundResource:
    return _going_on(lambda: client.refund_status(refund.id, wait_s=round(hold_s, 1)), refund.refund_no)


def _tell(payment: PaymentResource, told: Status | None) -> Status:
    """Say once what is being waited for, to whoever watches a terminal."""
    if payment.status is not told and sys.stderr.isatty():
        words = {Status.AWAITING_CODE: "scan the customer's code …", Status.PROCESSING: "asking the gateway …"}
        print(paint(words.get(payment.status, "cancelling …"), "dim"), file=sys.stderr)
    return payment.status


def _end(options: argparse.Namespace, payment: PaymentResource, wanted: Status) -> int:
    if options.json:
        print_json(payment)
    else:
        print_payment(payment)
    if not payment.status.final:
        return Exit.UNKNOWN
    return Exit.DONE if payment.status is wanted else Exit.OTHERWISE
