"""Journals of earlier versions (``data/README.md``): today's posd takes them up and finishes what they left open."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from posd.clock import TimeLine
from posd.config import load
from posd.gateways.base import PayOrder
from posd.gateways.factory import make_gateways
from posd.gateways.simulator.orders import Order
from posd.ids import Ids
from posd.journal.journal import SCHEMA_VERSION, open_for_writing
from posd.payment.amounts import Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.payment import Payment
from posd.payment.refund import Refund
from posd.payment.terms import Method
from posd.printing.job import PrintJob
from tests.crash.rig import Rig, rig

DATA = Path(__file__).parent / "data"
OPEN = "0101261120204630G233"
"""The payment that was on the wire when the old daemon was killed."""
UNPRINTED = "0101261120204630PHXZ"
"""The paid one whose receipt was still to come out."""
COPIED = "0101261120204624JYX1"
NOT_RECEIVED = "0101261121024227JWQ1"
"""In version 3: cancelled, unknown to the gateway, and asked for behind a reboot with a clock two hours ahead."""
ENDED = {
    COPIED: ("paid", 1250, 1250, 1250, None),
    "0101261120204624Q6GP": ("paid", 8000, 8000, 3000, None),
    "0101261120204624QN3T": ("failed", 990, None, 0, "insufficient_funds"),
    "0101261120204624E7X6": ("paid", 1500, 1500, 0, None),
    "0101261120204625YHVZ": ("cancelled", 700, None, 0, "window_elapsed"),
    "0101261120204627NNTW": ("cancelled", 3300, None, 0, "cancelled_by_cashier"),
    "0101261120204628YREQ": ("paid", 2600, 2600, 0, None),
    "0101261120204630BVZM": ("paid", 7500, 7500, 0, None),
    UNPRINTED: ("paid", 4200, 4200, 0, None),
}
"""What the old daemon told the POS: status, amount, payAmount, refundedAmount, reason."""
EVENTS = "SELECT seq, at_ms, stream, payment_id, kind, body, hash FROM events ORDER BY seq"


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Rig]:
    """A till of today with the journal of version 1; its daemon is not started yet."""
    async with rig(tmp_path, "daxpay", seed=1) as made:
        made.journal.write_bytes(old_journal())
        yield made


def old_journal(version: int = 1) -> bytes:
    """The file as that version has left it."""
    return gzip.decompress((DATA / f"v{version}.db.gz").read_bytes())


def events_in(journal: Path) -> list[tuple[object, ...]]:
    """Every event as it stands there."""
    with closing(sqlite3.connect(journal)) as db:
        return db.execute(EVENTS).fetchall()


def version_of(journal: Path) -> int:
    """The schema's number."""
    with closing(sqlite3.connect(journal)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


async def known_to_the_gateway(till: Rig, behaviour: str) -> None:
    """The order that the old daemon had submitted, at today's gateway, which does with it as it is told."""
    (gateway,) = make_gateways(load(till.config), TimeLine(), Ids()).values()
    code = Secret(f"1300000010{behaviour.zfill(8)}")
    order = PayOrder(OPEN, Fen(6600), Method.BARCODE, Wallet.WECHAT, "示例商品", "00000001", "0101", "md_001", code)
    async with gateway:
        await gateway.pay(order)
    assert 1 == len(till.simulator.bank.orders)


async def test_it_is_what_the_table_says(till: Rig) -> None:
    """Version 1, and whole: reading commands take it as it is, without writing to it."""
    before = till.journal.read_bytes()
    assert 1 == version_of(till.journal)
    assert (0, "91 events, all well\n") == await till.run("journal", "verify")
    code, shown = await till.run("reprint", COPIED, "--preview")
    assert (0, True) == (code, COPIED in shown and "12.50" in shown)
    assert before == till.journal.read_bytes()


@pytest.mark.parametrize("behaviour", ["1200", "0000"], ids=["unpaid", "paid meanwhile"])
async def test_it_is_taken_up(till: Rig, behaviour: str) -> None:
    """Every event stays, what had ended too; what was open is voided and never sent again; the receipt comes out."""
    old = events_in(till.journal)
    await known_to_the_gateway(till, behaviour)
    await till.settle()
    now = {payment["orderNo"]: payment for payment in await till.payments()}
    assert ("cancelled", "window_elapsed", 6600) == (
        now[OPEN]["status"],
        now[OPEN]["reason"]["code"],
        now[OPEN]["amount"],
    )
    assert ENDED == {number: _told(payment) for number, payment in now.items() if number != OPEN}
    assert SCHEMA_VERSION == version_of(till.journal)
    assert old == events_in(till.journal)[: len(old)]
    assert [(OPEN, 1)] == [(each.order_no, each.submits) for each in till.simulator.bank]
    assert [] == [fault.text for fault in till.simulator.bank.violations]
    assert [0] == [_kept(each) for each in till.simulator.bank]
    assert [True] == [UNPRINTED in receipt.text and "补打" not in receipt.text for receipt in till.printer.receipts]
    await _takes_new_payments(till, now)


def _told(payment: dict[str, object]) -> tuple[object, ...]:
    reason = payment["reason"]
    code = reason["code"] if isinstance(reason, dict) else None
    return payment["status"], payment["amount"], payment["payAmount"], payment["refundedAmount"], code


def _kept(order: Order) -> int:
    _, state = order.history[-1]
    return state.net


async def _takes_new_payments(till: Rig, old: Mapping[str, object]) -> None:
    """It sells with it, gives back what the old version sold, and copies its receipts."""
    status, sold = await till.post("/v1/payments?wait=30", "new", {"amount": 300, "authCode": "130000002000000000"})
    assert (201, "paid") == (status, sold["status"])
    assert sold["orderNo"] not in old
    receipts = await till.printer.wait_receipts(2)
    assert sold["orderNo"] in receipts[1].text
    code, _ = await till.run("reprint", COPIED)
    receipts = await till.printer.wait_receipts(3)
    assert (0, True) == (code, COPIED in receipts[2].text and "补打" in receipts[2].text)
    await till.end(signal.SIGTERM)
    code, said = await till.run("journal", "verify")
    assert (0, True) == (code, said.endswith("events, all well\n")), said


async def test_what_was_not_received_before_a_reboot(till: Rig) -> None:
    """Version 3 took the questions that a clock far ahead had made due for asked in time: two are asked again."""
    till.journal.write_bytes(old_journal(3))
    assert (3, (0, "40 events, all well\n")) == (version_of(till.journal), await till.run("journal", "verify"))
    before = _follow_ups(till.journal)
    open_for_writing(till.journal).close()
    with closing(sqlite3.connect(till.journal)) as db:
        (rebooted_ms,) = db.execute(
            "SELECT at_ms FROM events JOIN payments USING (payment_id) WHERE order_no = ? AND kind = 'resumed'",
            (NOT_RECEIVED,),
        ).fetchone()
    assert 1 == len(before)
    assert [*before, rebooted_ms + 300_000, rebooted_ms + 3_600_000] == _follow_ups(till.journal)
    assert (SCHEMA_VERSION, (0, "40 events, all well\n")) == (
        version_of(till.journal),
        await till.run("journal", "verify"),
    )


def _follow_ups(journal: Path) -> list[int]:
    with closing(sqlite3.connect(journal)) as db:
        (state,) = db.execute("SELECT state FROM payments WHERE order_no = ?", (NOT_RECEIVED,)).fetchone()
    return list(msgspec.json.decode(state, type=Payment).follow_ups_ms)


def test_what_cannot_be_made_anew_keeps_no_till_shut(tmp_path: Path) -> None:
    """A refund whose events are damaged stays as it stood; the others are made anew, the version is today's."""
    journal = tmp_path / "journal.db"
    journal.write_bytes(old_journal())
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute(
            "UPDATE events SET body = X'7B7D' WHERE kind = 'refund_sent' AND seq = (SELECT min(seq) FROM events e"
            " WHERE e.kind = 'refund_sent')"
        )
        damaged, whole = _refunds(db)
    open_for_writing(journal).close()
    with closing(sqlite3.connect(journal)) as db:
        assert damaged == _refunds(db)[0]
        assert (0, 1) == (whole.count(b'"requests":1'), _refunds(db)[1].count(b'"requests":1'))
    assert SCHEMA_VERSION == version_of(journal)


def _refunds(db: sqlite3.Connection) -> list[bytes]:
    return [state for (state,) in db.execute("SELECT state FROM refunds ORDER BY position")]


@pytest.mark.parametrize("version", [1, 3])
def test_no_secret_is_in_it(version: int) -> None:
    """No code of a customer, no key: the file is public."""
    text = old_journal(version)
    assert not re.search(rb"(?<!\d)(13|28)\d{8}0000\d{4}(?!\d)", text)
    assert not re.search(rb"PRIVATE KEY|secret|authCode|auth_code|faceCode|openid", text, re.IGNORECASE)


SHAPES = {4: "01906206deb2e2c1"}
"""What payments, refunds and print jobs look like in the journal, by the version that writes them so."""


def test_another_shape_is_another_version() -> None:
    """A field more, or another kind of value: states that older programs have written are not what ours would write.

    Raise SCHEMA_VERSION then, name in ``migrations`` what is made anew, and add a line above. Where old states are read
    and written as before (a field that is left out when it has its default, one more word), a new hash is enough.
    """
    kinds = (Payment, Refund, PrintJob)
    shape = json.dumps(_bare(msgspec.json.schema_components(kinds)), sort_keys=True)
    assert SHAPES[SCHEMA_VERSION] == hashlib.sha256(shape.encode()).hexdigest()[:16]


def _bare(schema: Any) -> Any:
    """Without texts and lists of words."""
    if isinstance(schema, dict):
        return {key: _bare(value) for key, value in schema.items() if key not in {"description", "title", "enum"}}
    if isinstance(schema, list | tuple):
        return [_bare(each) for each in schema]
    return schema
