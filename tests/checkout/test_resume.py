"""What a restart records before anything else (design §2, rule 8; contract §5.5)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from posd.checkout.case import Case, Shop
from posd.checkout.checkout import Checkout
from posd.checkout.errors import NotRefundable
from posd.checkout.hub import Hub
from posd.checkout.keys import Keys
from posd.checkout.orders import Till
from posd.checkout.refunds import Refunds
from posd.checkout.resuming import resume
from posd.clock import TimeLine
from posd.config import Config, sections
from posd.daemon import Policy
from posd.ids import Ids
from posd.journal import queries
from posd.journal.batch import Batch
from posd.journal.journal import Journal
from posd.payment import refund as refund_machine
from posd.payment import state_machine
from posd.payment.amounts import Amounts, Fen
from posd.payment.events import Answered, PaymentEvent, Source, Submitted
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundEvent, RefundRequested, RefundSent
from posd.payment.schedule import Activity
from posd.payment.terms import Rules
from posd.payment.verdicts import NotFound, Paid
from tests.journal.support import created, open_journal

NOON_MS = 1_795_140_000_000


def clock(boot_id: str, wall_ms: int) -> TimeLine:
    """The clock of a machine that stands still."""
    return TimeLine(lambda: wall_ms, lambda: 1_000, boot_id)


def submitted(number: int) -> tuple[Payment, list[PaymentEvent]]:
    """A payment whose pay request may have left."""
    first = created(number, NOON_MS)
    second = Submitted(NOON_MS, first.method, first.wallet, "main", 400_000)
    return state_machine.apply(state_machine.create(first), second), [first, second]


class Parts(NamedTuple):
    """What goes on after a restart."""

    checkout: Checkout
    refunds: Refunds


def parts(journal: Journal, line: TimeLine) -> Parts:
    """Of a till whose gateway was taken out of the configuration, so that nothing is sent."""
    config = Config(
        path="posd.toml",
        terminal=sections.Terminal(id="0101"),
        journal=sections.JournalSection(path=str(journal.path)),
        api=sections.Api(),
        payments=sections.Payments(gateway="main"),
        gateways={},
    )
    policy = Policy(config, {})
    shop = Shop(
        journal=journal,
        clock=line,
        till=Till("0101", "", "", "00000001"),
        rules_of=policy.rules,
        gateways={},
        route=policy.route,
        receipts=lambda payment, now_ms: [],
        wake_printer=lambda: None,
        counting=lambda: False,
        on_settled=lambda payment: None,
    )
    keys, ids = Keys(journal), Ids()
    return Parts(Checkout(config, shop, Hub(), keys, ids), Refunds(shop, keys, ids, lambda refund, now_ms: []))


def refunding(number: int) -> tuple[Refund, list[RefundEvent]]:
    """A refund whose request may have left."""
    first = RefundRequested(NOON_MS, f"ref_{number}", f"R{number}", submitted(number)[0].payment_id, Fen(100))
    second = RefundSent(NOON_MS)
    return refund_machine.apply(refund_machine.request(first), second), [first, second]


class Lingering(Case):
    """A case that has ended and still lets go of its wire."""

    def __init__(self, shop: Shop, payment: Payment) -> None:
        super().__init__(shop, payment, Activity(), None, None)
        self.let_go = asyncio.Event()

    async def run(self) -> None:
        """Until it may let go."""
        await self.let_go.wait()


async def test_a_case_that_ends_takes_no_other_with_it(tmp_path: Path) -> None:
    """White box: a notification brings a payment to life while its old case closes; the new one is still found."""
    line = clock("first", NOON_MS)
    async with open_journal(tmp_path / "journal.db", line) as journal:
        counter, _ = parts(journal, line)
        payment, _ = submitted(1)
        old, new = (Lingering(counter._shop, payment) for _ in range(2))
        counter._run(old)
        await asyncio.sleep(0)
        counter._run(new)
        await asyncio.sleep(0)
        old.let_go.set()
        for _ in range(3):
            await asyncio.sleep(0)
        assert counter.case(payment.payment_id) is new
        new.let_go.set()
        await counter.close()
        assert counter.case(payment.payment_id) is None


async def test_a_reboot_is_recorded_for_everything_at_once(tmp_path: Path) -> None:
    """All of it in one batch: a crash in the midst of a resume must not make the time across a reboot look known.

    The journal's mark is of this boot from the first commit on, so whoever was not in it would be trusted next time. A
    payment whose gateway is not configured any more is in it too, one that has ended and is still asked about, and a
    refund.
    """
    path = tmp_path / "journal.db"
    async with open_journal(path, clock("first", NOON_MS)) as journal:
        for number in (1, 2, 3):
            payment, events = submitted(number)
            await journal.append(Batch().payment(payment, events))
        ended, events = submitted(4)
        missing = Answered(NOON_MS, Source.QUERY, NOON_MS + 60_000, NotFound())
        ended, happened = state_machine.advance(ended, [missing], NOON_MS, Rules())
        await journal.append(Batch().payment(ended, [*events, *happened]))
        await journal.append(Batch().refund(*refunding(1)))
    line = clock("second", NOON_MS + 3_600_000)
    async with open_journal(path, line) as journal:
        assert not journal.clock_trusted
        await resume(journal, *parts(journal, line))
        assert 1 == journal.syncs
        payments = await journal.read(queries.live_payments)
        (refund,) = await journal.read(queries.live_refunds)
    assert [NOON_MS + 3_600_000] * 5 == [*(payment.sure_since_ms for payment in payments), refund.lost_at_ms]


async def test_a_refund_waits_for_its_gateway(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A gateway that was taken out of the configuration: its refund stays open and is told of, and nothing crashes."""
    path, line = tmp_path / "journal.db", clock("first", NOON_MS)
    async with open_journal(path, line) as journal:
        await journal.append(Batch().payment(*submitted(1)).refund(*refunding(1)))
        reborn = parts(journal, line)
        await resume(journal, *reborn)
        await reborn.refunds.close()
        assert 1 == len(await journal.read(queries.live_refunds))
    told = [record.getMessage() for record in caplog.records]
    assert [f"{name} stays open: there is no [gateways.main] any more" for name in ("01011", "R1")] == told


async def test_nothing_is_given_back_without_the_gateway_that_took_it(tmp_path: Path) -> None:
    """Refused, and not on disk: nobody could be asked."""
    line = clock("first", NOON_MS)
    async with open_journal(tmp_path / "journal.db", line) as journal:
        payment, events = submitted(1)
        paid = Answered(NOON_MS, Source.PAY, NOON_MS, Paid(Amounts.undiscounted(payment.amount)))
        payment, happened = state_machine.advance(payment, [paid], NOON_MS, Rules())
        await journal.append(Batch().payment(payment, [*events, *happened]))
        with pytest.raises(NotRefundable, match=r"\[gateways\.main\]"):
            await parts(journal, line).refunds.start(payment.payment_id, Fen(1), None, "key", b"")
        assert [] == await journal.read(queries.live_refunds)
