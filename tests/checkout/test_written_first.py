"""Nothing is sent to a gateway before the intent is on disk, whatever the disk does (contract §5.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest

from posd.checkout import case as module
from posd.checkout.case import Case, Shop
from posd.checkout.orders import Credential, Order, Till
from posd.clock import TimeLine
from posd.gateways.base import Answer, OrderRef, PayOrder, RefundOrder
from posd.gateways.gateway import Gateway
from posd.journal import queries
from posd.journal.batch import Batch, Told
from posd.journal.errors import JournalUnavailable
from posd.journal.journal import Journal
from posd.payment import schedule, state_machine
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import AuthCode, Wallet
from posd.payment.events import Armed, Created, Status, Submitted, UndoStep, VoidSent
from posd.payment.payment import Payment
from posd.payment.schedule import Activity
from posd.payment.terms import Method, Rules
from posd.payment.verdicts import (
    NotSent,
    Paid,
    PaymentVerdict,
    Pending,
    RefundDone,
    RefundVerdict,
    Refusal,
    Refused,
)
from posd.telling import renderer
from tests.journal.support import VIEWS

CODE = AuthCode("134567890123456789")
ORDER = Order(Fen(1250), auth_code=CODE)
PAID = Paid(Amounts.undiscounted(Fen(1250)))


class Stumbling(Journal):
    """A journal on a disk that is full for the next ``failures`` writes."""

    failures = 0

    def __init__(self, path: Path) -> None:
        super().__init__(path, TimeLine(), renderer(VIEWS), VIEWS.date)
        self.often = asyncio.Event()
        """The disk was full twenty times."""
        self.known = asyncio.Event()
        """It is written that the gateway knows the order."""
        self._stumbled = 0

    async def append(self, batch: Batch) -> list[Told]:
        """As a journal, when the disk has room."""
        if self.failures:
            self.failures -= 1
            self._stumbled += 1
            if self._stumbled == 20:
                self.often.set()
            raise JournalUnavailable("the disk is full")
        told = await super().append(batch)
        if any(payment.standing is not None for payment in batch.payments):
            self.known.set()
        return told


class Watching:
    """A gateway that looks into the journal whenever something reaches it. It will not cancel, and gives back."""

    def __init__(self, journal: Journal, *pay: PaymentVerdict) -> None:
        self.asked: list[str] = []
        self.unwritten: list[str] = []
        """What came before its record."""
        self.paying = asyncio.Event()
        self._journal = journal
        self._pay = list(pay)

    async def pay(self, order: PayOrder) -> Answer[PaymentVerdict]:
        """Each pay request has its own ``Submitted``."""
        await self._see("pay", lambda event: isinstance(event, Submitted))
        self.paying.set()
        return Answer(self._pay.pop(0))

    async def query(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """Pending, and paid in the very moment in which the first cancel comes."""
        return Answer(PAID if "cancel" in self.asked else Pending())

    async def cancel(self, order: OrderRef) -> Answer[PaymentVerdict]:
        """Each cancel has its own ``VoidSent``."""
        await self._see("cancel", lambda event: isinstance(event, VoidSent) and event.step is UndoStep.CANCEL)
        return Answer(Refused(Refusal.TOO_LATE))

    async def refund(self, refund: RefundOrder) -> Answer[RefundVerdict]:
        """So has each refund that stands in for one."""
        await self._see("refund", lambda event: isinstance(event, VoidSent) and event.step is UndoStep.REFUND)
        return Answer(RefundDone())

    async def _see(self, what: str, is_its_record: Callable[[object], bool]) -> None:
        self.asked.append(what)
        stored = await self._journal.read(lambda db: queries.timeline(db, "pay_1"))
        if sum(is_its_record(each.event) for each in stored) < self.asked.count(what):
            self.unwritten.append(what)


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(module, "JOURNAL_RETRY_S", 0.001)
    monkeypatch.setattr(schedule, "UNDO_GAP_MS", 1)
    monkeypatch.setattr(state_machine, "RETRY_GAP_MS", 1)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Stumbling]:
    """A journal that can stumble."""
    opened = Stumbling(tmp_path / "journal.db")
    await opened.open()
    yield opened
    await opened.close()


def case_of(journal: Journal, gateway: Watching, payment: Payment, activity: Activity, code: Credential | None) -> Case:
    """A case whose gateway is watched."""
    shop = Shop(
        journal=journal,
        clock=TimeLine(),
        till=Till("0101", "", "", "00000001"),
        rules_of=lambda payment: Rules(),
        gateways={"main": cast("Gateway", gateway)},
        route=lambda wallet: ("main", 60_000),
        receipts=lambda payment, now_ms: [],
        wake_printer=lambda: None,
        counting=lambda: False,
        on_settled=lambda payment: None,
    )
    return Case(shop, payment, activity, ORDER, code)


async def waiting(journal: Journal) -> Payment:
    """A payment that waits for a code, on disk."""
    now_ms = TimeLine().now_ms()
    created = Created(now_ms, "pay_1", "0101A", Fen(1250), Method.BARCODE, None, "main", 60_000)
    armed = Armed(now_ms, now_ms + 120_000)
    payment = state_machine.apply(state_machine.create(created), armed)
    await journal.append(Batch().payment(payment, [created, armed]))
    return payment


@pytest.mark.parametrize("failures", [0, 3])
async def test_a_pay_request_waits_for_its_record(journal: Stumbling, failures: int) -> None:
    """The first attempt and the next one, on a disk that is full for a while: each is written before it leaves."""
    gateway = Watching(journal, NotSent(), PAID)
    case = case_of(journal, gateway, await waiting(journal), Activity(), None)
    journal.failures = failures
    case.take(Credential(CODE, Method.BARCODE, Wallet.WECHAT))
    await case.run()
    assert (Status.PAID, ["pay", "pay"], []) == (case.payment.status, gateway.asked, gateway.unwritten)


@pytest.mark.parametrize("failures", [0, 3])
async def test_a_cancel_and_a_refund_wait_for_theirs(journal: Stumbling, failures: int) -> None:
    """A void that ends as a refund: the cancel and the refund leave after they are written, and only then."""
    gateway = Watching(journal, Pending())
    case = case_of(journal, gateway, await waiting(journal), Activity(), None)
    case.take(Credential(CODE, Method.BARCODE, Wallet.WECHAT))
    running = asyncio.get_running_loop().create_task(case.run())
    await gateway.paying.wait()
    await case.void()
    journal.failures = failures
    await running
    assert Status.CANCELLED == case.payment.status
    assert {"pay", "cancel", "refund"} == set(gateway.asked)
    assert 1 == gateway.asked.count("pay")
    assert [] == gateway.unwritten


async def test_what_cannot_be_written_is_not_sent(journal: Stumbling) -> None:
    """The disk stays full: the code was read, and nothing leaves for as long as it lasts."""
    gateway = Watching(journal, PAID)
    case = case_of(journal, gateway, await waiting(journal), Activity(), None)
    journal.failures = 1_000_000
    case.take(Credential(CODE, Method.BARCODE, Wallet.WECHAT))
    running = asyncio.get_running_loop().create_task(case.run())
    await journal.often.wait()
    assert ([], Status.AWAITING_CODE) == (gateway.asked, case.payment.status)
    running.cancel()
    await asyncio.wait([running])
    assert [] == gateway.asked


async def test_a_void_that_cannot_be_written_is_told_to_the_cashier(journal: Stumbling) -> None:
    """He gives up, the disk is full: he is told, and nothing is cancelled; the next try stands."""
    gateway = Watching(journal, Pending())
    case = case_of(journal, gateway, await waiting(journal), Activity(), None)
    case.take(Credential(CODE, Method.BARCODE, Wallet.WECHAT))
    running = asyncio.get_running_loop().create_task(case.run())
    await journal.known.wait()
    journal.failures = 1
    with pytest.raises(JournalUnavailable):
        await case.void()
    assert (None, ["pay"]) == (case.payment.void_by, gateway.asked)
    await case.void()
    await running
    assert (Status.CANCELLED, []) == (case.payment.status, gateway.unwritten)
