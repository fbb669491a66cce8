"""A journal without a daemon, and payments to write into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from posd.clock import TimeLine
from posd.journal.batch import Batch, Key
from posd.journal.journal import Journal
from posd.payment import state_machine
from posd.payment.amounts import Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import Created
from posd.payment.payment import Payment
from posd.payment.terms import Method
from posd.resources import Views
from posd.telling import renderer

VIEWS = Views(ZoneInfo("Asia/Shanghai"), "zh-CN")


def new_journal(path: Path, clock: TimeLine | None = None) -> Journal:
    """A journal that is not open yet."""
    return Journal(path, clock or TimeLine(), renderer(VIEWS), VIEWS.date)


@asynccontextmanager
async def open_journal(path: Path, clock: TimeLine | None = None) -> AsyncIterator[Journal]:
    """A journal, open for the block."""
    journal = new_journal(path, clock)
    await journal.open()
    try:
        yield journal
    finally:
        await journal.close()


def created(number: int, at_ms: int = 1_795_140_000_000, description: str | None = None) -> Created:
    """The first fact of a payment."""
    return Created(
        at_ms=at_ms,
        payment_id=f"pay_{number}",
        order_no=f"0101{number}",
        amount=Fen(100 + number),
        method=Method.BARCODE,
        wallet=Wallet.WECHAT,
        gateway="main",
        window_ms=15_000,
        reference=f"B-{number}",
        description=description,
    )


def new_payment(number: int, key: str | None = None, description: str | None = None) -> Batch:
    """A payment that was just created, with an idempotency key of its own."""
    event = created(number, description=description)
    payment: Payment = state_machine.create(event)
    return Batch(keys=[Key(key or f"key-{number}", b"f" * 32, payment.payment_id)]).payment(payment, [event])
