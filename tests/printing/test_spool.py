"""The spool against the virtual printer over TCP, with a real journal file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from devices.printer.simulator import VirtualPrinter
from devices.state import Health
from posd.journal import queries
from posd.journal.batch import Batch
from posd.journal.errors import JournalUnavailable
from posd.payment.events import Status
from posd.payment.refund import Refund
from posd.printing import plan, spool
from posd.printing.errors import NoDrawer, NoPrinter, NoReceipt, PrinterUnavailable
from posd.printing.job import Audience, JobKind, JobState, PrintFinished, PrintJob, PrintStarted
from posd.printing.papers import Papers
from posd.printing.printer import printer_of
from tests.printing.support import HALF_A_RECEIPT, MUTE, Till, at_tcp, break_off, copy_no, until


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    """A printer that is switched on."""
    printer = VirtualPrinter()
    await printer.start()
    yield printer
    await printer.close()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run in real time; how long the pauses are is tested in virtual time."""
    monkeypatch.setattr(spool, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(spool, "RETRY_MOST_S", 0.05)
    monkeypatch.setattr(spool, "JOURNAL_RETRY_S", 0.01)


OpenTill = Callable[..., Awaitable[Till]]


@pytest.fixture
async def open_till(printer: VirtualPrinter, tmp_path: Path) -> AsyncIterator[OpenTill]:
    """Opens a till at this printer; closes it after the test."""
    tills: list[Till] = []

    async def open_(**settings: object) -> Till:
        till = Till(tmp_path / "journal.db", at_tcp(printer), **settings)  # type: ignore[arg-type]
        tills.append(await till.open())
        return till

    yield open_
    for till in tills:
        await till.close()


async def test_a_paid_payment_prints_its_receipt(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Once, cut, with the three amounts, the numbers, and a code to scan; and it does not say that it is a copy."""
    till = await open_till()
    payment = await till.pay()
    await till.settled()
    assert ["printed"] == await till.states_of(payment)
    assert ("printed", 0) == await till.receipt(payment)
    [paper] = printer.receipts
    assert paper.cut
    assert (payment.order_no,) == paper.codes
    assert () == paper.unknown
    assert 0 == paper.drawer_kicks, "a payment does not kick the drawer"
    assert 0 == copy_no(paper.text)
    for line in (
        "订单金额                   12.50",
        "优惠金额                    2.50",
        "实付金额                   10.00",
    ):
        assert line in paper.text


async def test_the_pos_is_told_of_every_step(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """A print event when the job is queued, started and finished."""
    till = await open_till()
    await till.pay()
    await till.settled()
    told = [msgspec.json.decode(told.data) for told in till.told if told.kind == "print"]
    assert ["queued", "printing", "printed"] == [job["state"] for job in told]
    assert [("sale", "customer", 0)] * 3 == [(job["kind"], job["audience"], job["copyNo"]) for job in told]


async def test_two_copies_are_the_customers_then_the_merchants(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """With ``copies = 2`` a merchant's slip comes after the customer's; both are originals."""
    till = await open_till(copies=2)
    payment = await till.pay()
    await till.settled()
    assert [False, True] == ["商户存根" in paper.text for paper in printer.receipts]
    assert [0, 0] == [copy_no(paper.text) for paper in printer.receipts]
    assert ("printed", 0) == await till.receipt(payment)


async def test_receipts_come_out_in_order(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """One at a time, the oldest payment first, however fast they are paid."""
    till = await open_till(copies=2)
    await asyncio.gather(*(till.pay(reference=f"B-{number}") for number in range(5)))
    await till.settled()
    paid = await till.journal.read(lambda db: [row[0] for row in db.execute("SELECT order_no FROM payments")])
    assert 5 == len(paid)
    assert [order_no for order_no in paid for _ in range(2)] == [paper.codes[0] for paper in printer.receipts]


async def test_a_payment_does_not_wait_for_the_printer(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Without a printer payments are recorded all the same; when it is back, their originals come out, once."""
    till = await open_till()
    printer.power_off()
    payments = [await till.pay() for _ in range(3)]
    for payment in payments:
        assert ("queued", 0) == await till.receipt(payment)
    await printer.power_on()
    await till.settled()
    assert [payment.order_no for payment in payments] == [paper.codes[0] for paper in printer.receipts]
    assert [0, 0, 0] == [copy_no(paper.text) for paper in printer.receipts]


async def test_a_copy_says_so_with_its_number(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Every print after the original; the customer's and the merchant's copies are counted in one row."""
    till = await open_till(copies=2)
    payment = await till.pay()
    await till.settled()
    for audience in (Audience.CUSTOMER, Audience.MERCHANT, Audience.CUSTOMER):
        job = await till.spool.print_payment(await till.record(payment), audience)
        assert JobState.QUEUED is job.state
        await till.settled()
    assert [0, 0, 1, 2, 3] == [copy_no(paper.text) for paper in printer.receipts]
    assert [False, True, False, True, False] == ["商户存根" in paper.text for paper in printer.receipts]
    assert ("printed", 3) == await till.receipt(payment)


async def test_asking_at_once_gives_different_numbers(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Two tills that ask at the same moment get two copies, not one number twice."""
    till = await open_till()
    payment = await till.pay()
    await till.settled()
    record = await till.record(payment)
    await asyncio.gather(*(till.spool.print_payment(record) for _ in range(4)))
    await till.settled()
    assert [0, 1, 2, 3, 4] == [copy_no(paper.text) for paper in printer.receipts]


async def test_who_asks_and_goes_away_does_not_spoil_the_numbers(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """A request that is cancelled while it is being written counts: the next copy has the next number."""
    till = await open_till()
    payment = await till.pay()
    await till.settled()
    record = await till.record(payment)
    for turns in range(12):
        asking = asyncio.ensure_future(till.spool.print_payment(record))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await till.spool.print_payment(record)
        await till.settled()
    numbers = [copy_no(paper.text) for paper in printer.receipts]
    assert list(range(len(numbers))) == numbers
    assert len(numbers) > 12


async def test_asking_while_the_original_waits_changes_nothing(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """The same job is given back, and one receipt comes out: the original."""
    till = await open_till()
    printer.power_off()
    payment = await till.pay()
    [queued] = await till.jobs(payment)
    for _ in range(3):
        assert queued.job_id == (await till.spool.print_payment(await till.record(payment))).job_id
    await printer.power_on()
    await till.settled()
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]


async def test_a_sixth_waiting_copy_is_the_fifth(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Who presses the button again and again while the printer is off finds a few copies, not a roll of them."""
    till = await open_till()
    payment = await till.pay()
    await till.settled()
    printer.power_off()
    record = await till.record(payment)
    asked = [(await till.spool.print_payment(record)).job_id for _ in range(plan.COPIES_WAITING_AT_MOST + 3)]
    assert plan.COPIES_WAITING_AT_MOST == len(set(asked))
    await printer.power_on()
    await till.settled()
    assert 1 + plan.COPIES_WAITING_AT_MOST == len(printer.receipts)


async def test_what_was_never_queued_comes_out_as_an_original(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """The merchant's slip, asked for where ``copies = 1``: the first is the original, the second a copy."""
    till = await open_till()
    payment = await till.pay()
    await till.settled()
    for _ in range(2):
        await till.spool.print_payment(await till.record(payment), Audience.MERCHANT)
        await till.settled()
    assert [0, 0, 1] == [copy_no(paper.text) for paper in printer.receipts]


async def test_no_paper_before_the_start(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """It waits, says why, and the original comes out when paper is put in: no copy, nothing uncertain."""
    till = await open_till()
    printer.paper_out()
    payment = await till.pay()
    await until(lambda: till.spool.state.health is Health.FAULT)
    assert "paper" in till.spool.state.detail
    assert ["queued"] == await till.states_of(payment)
    printer.paper_in()
    await till.settled()
    assert ["printed"] == await till.states_of(payment)
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]
    assert Health.READY is till.states[-1].health


async def test_the_paper_ends_in_the_middle(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """The printer goes on where it stopped, so it is the original, in two pieces of paper; no copy follows."""
    till = await open_till()
    printer.paper_out(after_lines=5)
    payment = await till.pay()
    await until(lambda: till.spool.state.health is Health.FAULT)
    assert ("printing", 0) == await till.receipt(payment)
    assert till.spool.counting
    printer.paper_in()
    await till.settled()
    assert ("printed", 0) == await till.receipt(payment)
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]
    assert not till.spool.counting


@pytest.mark.parametrize("power", [True, False], ids=["power", "cable"])
async def test_it_breaks_off_in_the_middle(printer: VirtualPrinter, open_till: OpenTill, power: bool) -> None:
    """It comes out again by itself, whole, on a paper of its own that says it is a copy; once."""
    till = await open_till()
    printer.break_after(HALF_A_RECEIPT, power=power)
    payment = await till.pay()
    if power:
        await till.until(payment, "broken", "queued")
        assert ("queued", 0) == await till.receipt(payment)
        await printer.power_on()
    await till.settled()
    assert ["broken", "printed"] == await till.states_of(payment)
    assert ("printed", 1) == await till.receipt(payment)
    assert [0, 1] == [copy_no(paper.text) for paper in printer.receipts]
    torn, whole = printer.receipts
    assert "实付金额" in whole.text
    assert whole.codes == (payment.order_no,)
    assert torn.codes == ()


async def test_what_broke_off_comes_before_what_waits(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """The customer's copy first, then the merchant's slip, then the next customer's."""
    till = await open_till(copies=2)
    printer.break_after(HALF_A_RECEIPT, power=True)
    first = await till.pay()
    second = await till.pay()
    await till.until(first, "broken", "queued", "queued")
    await printer.power_on()
    await till.settled()
    assert [0, 1, 0, 0, 0] == [copy_no(paper.text) for paper in printer.receipts]
    assert [(), *([(first.order_no,)] * 2), *([(second.order_no,)] * 2)] == [paper.codes for paper in printer.receipts]
    assert [False, False, True, False, True] == ["商户存根" in paper.text for paper in printer.receipts]


async def test_it_keeps_breaking_off(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """After some copies that broke off too it is uncertain, and the till may ask for another."""
    till = await open_till()
    break_off(printer, times=1 + plan.REPRINTS_AT_MOST)
    payment = await till.pay()
    await till.settled()
    assert [*["broken"] * plan.REPRINTS_AT_MOST, "uncertain"] == await till.states_of(payment)
    assert ("uncertain", 0) == await till.receipt(payment)
    job = await till.spool.print_payment(await till.record(payment))
    assert 1 + plan.REPRINTS_AT_MOST == job.copy_no
    await till.settled()
    assert ("printed", 1) == await till.receipt(payment)
    assert [0, 1, 2, 3, 4] == [copy_no(paper.text) for paper in printer.receipts]


async def test_a_mute_printer_is_served(printer: VirtualPrinter, tmp_path: Path) -> None:
    """It answers nothing: a job is printed when it has taken all bytes."""
    printer.mute = True
    till = await Till(tmp_path / "journal.db", at_tcp(printer, MUTE)).open()
    payment = await till.pay()
    await till.settled()
    assert ("printed", 0) == await till.receipt(payment)
    await printer.wait_receipts(1)
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]
    await till.close()


async def test_lost_and_back_are_told_once(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """However often it is tried meanwhile."""
    till = await open_till()
    assert [Health.READY] == [state.health for state in till.states]
    printer.power_off()
    await till.pay()
    await until(lambda: till.spool.state.health is Health.LOST)
    for _ in range(20):
        till.spool.wake()
        await asyncio.sleep(0.005)
    await printer.power_on()
    await till.settled()
    assert [Health.READY, Health.LOST, Health.READY] == [state.health for state in till.states]


async def test_a_refund_prints_its_receipt(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """When it has succeeded, with what went back; asked for again, it is a copy with a number of its own."""
    till = await open_till(copies=2)
    payment = await till.pay()
    refund = await till.give_back(payment, 500, 400)
    await till.settled()
    await till.spool.print_refund(refund)
    await till.settled()
    papers = [paper.text for paper in printer.receipts][2:]
    assert [0, 0, 1] == [copy_no(paper) for paper in papers]
    for paper in papers:
        assert "退款金额                    5.00" in paper
        assert "实退金额                    4.00" in paper
        assert payment.order_no in paper
    assert ("printed", 0) == await till.receipt(payment), "the paper of a refund is not the payment's"


async def test_only_a_refund_that_succeeded_has_a_receipt(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Nothing is printed of one that is under way, by itself or asked for."""
    till = await open_till()
    payment = await till.pay()
    refund = Refund("ref_1", "R1", payment.payment_id, payment.amount, till.clock.now_ms())
    assert [] == till.spool.refund_jobs(refund, till.clock.now_ms())
    with pytest.raises(NoReceipt):
        await till.spool.print_refund(refund)
    await till.settled()
    assert 1 == len(printer.receipts)


async def test_a_cancelled_payment_has_a_void_slip_when_asked(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """None by itself; the first is the original, the next a copy."""
    till = await open_till()
    payment = await till.end_as(Status.CANCELLED)
    assert ("none", 0) == await till.receipt(payment)
    for _ in range(2):
        job = await till.spool.print_payment(await till.record(payment))
        assert JobKind.VOID is job.kind
        await till.settled()
    assert [0, 1] == [copy_no(paper.text) for paper in printer.receipts]
    assert all("撤销凭证" in paper.text for paper in printer.receipts)
    assert not any("实付金额" in paper.text for paper in printer.receipts)


@pytest.mark.parametrize("status", [Status.FAILED, Status.PROCESSING])
async def test_what_has_no_receipt(printer: VirtualPrinter, open_till: OpenTill, status: Status) -> None:
    """Neither on paper nor for eyes."""
    till = await open_till()
    record = await till.record(await till.end_as(status))
    with pytest.raises(NoReceipt):
        await till.spool.print_payment(record)
    with pytest.raises(NoReceipt):
        await till.spool.preview(record)
    assert ("none", 0) == await till.receipt(record.payment)
    assert [] == printer.receipts


async def test_a_receipt_for_eyes(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """As text and as a picture, without printing anything and without saying that it is a copy."""
    till = await open_till()
    printer.power_off()
    payment = await till.pay()
    record = await till.record(payment)
    text = await till.spool.preview(record)
    assert payment.order_no in text
    assert 0 == copy_no(text)
    assert (await till.spool.png(record)).startswith(b"\x89PNG")
    assert ["queued"] == await till.states_of(payment)


async def test_the_report_and_the_test_slip(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """The report has the figures as they are when it comes out; the test slip no amount."""
    till = await open_till()
    printer.power_off()
    job = await till.spool.print_report(till.journal._date_of(till.clock.now_ms()))
    payment = await till.pay()
    await till.spool.test()
    await till.drawn_again()
    await printer.power_on()
    await till.settled()
    report, receipt, slip = (paper.text for paper in printer.receipts)
    assert JobKind.REPORT is job.kind
    assert "实付金额                   10.00" in report
    assert payment.order_no in receipt
    assert "not a receipt" in slip


async def test_the_drawer(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """It is kicked once, without paper; not without a drawer, and not later when the printer is gone now."""
    till = await open_till(drawer=True)
    await till.spool.kick()
    await until(lambda: printer.drawer_kicks == 1)
    printer.power_off()
    with pytest.raises(PrinterUnavailable) as refusal:
        await till.spool.kick()
    assert ("device_unavailable", 503) == (refusal.value.code, refusal.value.status)
    await printer.power_on()
    payment = await till.pay()
    await till.until(payment, "printed")
    assert 1 == printer.drawer_kicks


async def test_no_drawer_is_configured(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Then none is kicked."""
    till = await open_till()
    with pytest.raises(NoDrawer):
        await till.spool.kick()
    await till.pay()
    await till.settled()
    assert 0 == printer.drawer_kicks


async def test_no_printer_is_configured(tmp_path: Path) -> None:
    """Nothing is queued, nothing can be asked for, and the device is disabled; a receipt can still be looked at."""
    till = await Till(tmp_path / "journal.db", printer_of, type="none").open()
    payment = await till.pay()
    record = await till.record(payment)
    assert ("none", 0) == await till.receipt(payment)
    for ask in (till.spool.print_payment(record), till.spool.test(), till.spool.print_report("2026-11-20")):
        with pytest.raises(NoPrinter):
            await ask
    assert [Health.DISABLED] == [state.health for state in till.states]
    assert payment.order_no in await till.spool.preview(record)
    await till.close()


async def test_the_printer_is_taken_out_of_the_configuration(printer: VirtualPrinter, tmp_path: Path) -> None:
    """What waited has failed, what was coming out is uncertain; with a printer again, both can be asked for."""
    path = tmp_path / "journal.db"
    till = await Till(path, at_tcp(printer)).open()
    printer.paper_out(after_lines=5)
    begun, waiting = await till.pay(), await till.pay()
    await until(lambda: till.spool.state.health is Health.FAULT)
    await till.crash()
    printer.power_off()
    without = await Till(path, printer_of, type="none").open()
    assert ("uncertain", 0) == await without.receipt(begun)
    assert ("failed", 0) == await without.receipt(waiting)
    await without.close()
    await printer.power_on()
    till = await Till(path, at_tcp(printer)).open()
    assert 1 == (await till.spool.print_payment(await till.record(begun))).copy_no
    assert 0 == (await till.spool.print_payment(await till.record(waiting))).copy_no
    await till.settled()
    assert [0, 1, 0] == [copy_no(paper.text) for paper in printer.receipts]
    await till.close()


async def test_taking_a_job_back(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """One that waits does not come out later; one that came out cannot be taken back; the original can be asked for."""
    till = await open_till()
    printer.power_off()
    payment = await till.pay()
    [job] = await till.jobs(payment)
    withdrawn = await till.spool.withdraw(job.job_id)
    assert withdrawn is not None
    assert JobState.WITHDRAWN is withdrawn.state
    await printer.power_on()
    again = await till.spool.print_payment(await till.record(payment))
    await till.settled()
    assert (again.job_id, 0) != (job.job_id, 0)
    printed = await till.spool.withdraw(again.job_id)
    assert printed is not None
    assert JobState.PRINTED is printed.state
    assert None is await till.spool.withdraw("prn_none")
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]


async def test_too_many_wait(printer: VirtualPrinter, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than the limit, the oldest are left to be asked for, and only the others come out by themselves."""
    monkeypatch.setattr(plan, "WAITING_AT_MOST", 2)
    till = await open_till()
    printer.power_off()
    payments = [await till.pay() for _ in range(4)]
    await till.until(payments[1], "failed")
    await printer.power_on()
    await till.settled()
    assert ["failed", "failed", "printed", "printed"] == [(await till.receipt(each))[0] for each in payments]
    assert [each.order_no for each in payments[2:]] == [paper.codes[0] for paper in printer.receipts]


async def test_a_paper_that_cannot_be_made(
    printer: VirtualPrinter, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of our own has failed that one: the next comes out, and the first can be asked for once it is mended."""
    till = await open_till()
    with monkeypatch.context() as patch:
        patch.setattr(Papers, "of_job", _stumble)
        broken = await till.pay()
        await till.until(broken, "failed")
    payment = await till.pay()
    await till.settled()
    assert [payment.order_no] == [paper.codes[0] for paper in printer.receipts]
    assert "cannot be made" in caplog.text
    assert 0 == (await till.spool.print_payment(await till.record(broken))).copy_no
    await till.settled()
    assert [0, 0] == [copy_no(paper.text) for paper in printer.receipts]


def _stumble(*_: object) -> None:
    raise ArithmeticError


async def test_a_stop_lets_the_receipt_come_out(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """A stop while a receipt comes out: it is printed to the end and recorded; no copy follows."""
    till = await open_till()
    printer.line_s = 0.005
    payment, next_one = await till.pay(), await till.pay()
    await till.until(payment, "printing")
    await till.close()
    printer.line_s = 0.0
    await till.open()
    await till.settled()
    assert ["printed"] == await till.states_of(payment)
    assert ["printed"] == await till.states_of(next_one)
    assert [0, 0] == [copy_no(paper.text) for paper in printer.receipts]


async def test_a_job_without_its_payment_fails(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """It can never be printed, and does not hold up the others."""
    till = await open_till()
    subject = plan.Subject(JobKind.SALE, "pay_none")
    [(job, queued)] = plan.originals(subject, 1, till.clock.now_ms(), lambda: "prn_lonely")
    await till.journal.append(Batch().job(job, [queued]))
    payment = await till.pay()
    await till.settled()
    lonely = await till.journal.read(lambda db: queries.find_job(db, "prn_lonely"))
    assert lonely is not None
    assert JobState.FAILED is lonely.state
    assert ["printed"] == await till.states_of(payment)


async def test_a_full_disk_after_the_last_byte(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """That it was printed is recorded when the disk has room again; it is not printed again meanwhile."""
    till = await open_till()
    write, full = till.journal.append, [True]

    async def append(batch: Batch) -> object:
        if full and any(isinstance(fact.event, PrintFinished) for fact in batch.facts):
            full.clear()
            raise JournalUnavailable("the disk is full")
        return await write(batch)

    till.journal.append = append  # type: ignore[assignment,method-assign]
    payment = await till.pay()
    await till.settled()
    assert ["printed"] == await till.states_of(payment)
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]


async def test_a_disk_that_cannot_be_read(
    printer: VirtualPrinter, open_till: OpenTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool tries again until it can, and prints; it does not end."""
    till = await open_till()
    faults = [sqlite3.OperationalError("disk I/O error") for _ in range(3)]
    live_jobs = queries.live_jobs

    def sometimes(db: sqlite3.Connection) -> list[PrintJob]:
        if faults:
            raise faults.pop()
        return live_jobs(db)

    monkeypatch.setattr(queries, "live_jobs", sometimes)
    payment = await till.pay()
    await till.until(payment, "printed")
    assert [] == faults
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]


async def test_a_full_disk_before_the_first_byte(printer: VirtualPrinter, open_till: OpenTill) -> None:
    """Nothing is sent that is not recorded as started; when there is room again, the original comes out."""
    till = await open_till()
    write, full = till.journal.append, [True, True]

    async def append(batch: Batch) -> object:
        if full and any(isinstance(fact.event, PrintStarted) for fact in batch.facts):
            full.pop()
            assert [] == printer.receipts
            raise JournalUnavailable("the disk is full")
        return await write(batch)

    till.journal.append = append  # type: ignore[assignment,method-assign]
    payment = await till.pay()
    await till.until(payment, "printed")
    assert [0] == [copy_no(paper.text) for paper in printer.receipts]
