"""A journal as long as one likes, written by the journal's own writer: what a till has after years."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from posd.clock import Mark
from posd.config.sections import Terminal
from posd.journal.batch import Batch, Key
from posd.journal.journal import open_for_writing
from posd.journal.writer import NOTICES_KEPT_MS, Writer
from posd.payment import state_machine
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import Answered, Created, Source, Submitted
from posd.payment.terms import Method, Rules
from posd.payment.verdicts import Evidence, Paid, Pending
from posd.resources import Views
from posd.telling import renderer

A_DAY = 2_000
"""Payments of a busy till."""
DAY_MS = 24 * 3_600_000
GROUP = 5_000
"""Payments in one transaction while the past is made up."""

_PENDING = Evidence("10001", "需要用户输入支付密码")
_PAID = Evidence("10000", "SUCCESS")


def write_books(path: Path, payments: int) -> None:
    """A new journal with so many payments of the days until now. One in three had to be asked for."""
    views = Views(Terminal(id="0101").zone, "zh-CN")
    db = open_for_writing(path)
    # The past is made up and may be lost: half of the time would be to write it twice and to wait for the disk.
    db.executescript("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY")
    writer = Writer(db, renderer(views), views.date)
    now_ms = time.time_ns() // 1_000_000
    mark, batches = Mark("", now_ms), list[Batch]()
    for batch in _batches(payments, now_ms):
        batches.append(batch)
        if len(batches) == GROUP:
            writer.commit(batches, mark, now_ms)
            batches.clear()
    writer.commit(batches, mark, now_ms)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


def _batches(payments: int, now_ms: int) -> Iterator[Batch]:
    rng = Random(8)
    gap_ms = DAY_MS // A_DAY
    for number in range(payments):
        at_ms = now_ms - (payments - number) * gap_ms
        # As long as real names, and growing with the time as these do.
        names = f"pay_{number:026d}", f"0101{number:016d}"
        yield payment_batch(number, *names, at_ms, asked=rng.random() < 1 / 3, told=at_ms > now_ms - NOTICES_KEPT_MS)


def payment_batch(number: int, payment_id: str, order_no: str, at_ms: int, *, asked: bool, told: bool) -> Batch:
    """All facts of one paid payment. ``asked``: it was pending first; ``told``: its notices are still kept."""
    amount, wallet = Fen(100 + number % 99_900), Wallet.WECHAT if number % 3 else Wallet.ALIPAY
    created = Created(at_ms, payment_id, order_no, amount, Method.BARCODE, wallet, "main", 15_000, f"B-{number}")
    submitted = Submitted(at_ms, Method.BARCODE, wallet, "main", 15_000, "13************0001")
    paid = Paid(Amounts.undiscounted(amount), f"2{number:027d}", f"42{number:026d}", "20261120100003")
    answers = [Answered(at_ms + 300, Source.PAY, at_ms, paid, _PAID)]
    if asked:
        answers = [
            Answered(at_ms + 300, Source.PAY, at_ms, Pending(), _PENDING),
            Answered(at_ms + 400, Source.QUERY, at_ms + 320, Pending(), _PENDING),
            Answered(at_ms + 6400, Source.QUERY, at_ms + 6320, paid, _PAID),
        ]
    payment, happened = state_machine.advance(
        state_machine.create(created), [submitted, *answers], answers[-1].at_ms, Rules()
    )
    batch = Batch(keys=[Key(f"bill-{number}", bytes(32), payment_id)]).payment(payment, [created, *happened])
    batch.notices *= (1 + len(answers)) if told else 0
    return batch
