"""Promise 6 under crashes: posd ends before and after each of its writes, and a new process goes on from the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.printer.simulator import PrintedReceipt, VirtualPrinter
from posd.journal import queries
from posd.payment.payment import Payment
from posd.printing import spool
from tests.printing.support import HALF_A_RECEIPT, Fuse, Till, at_tcp, copy_no

QUIET_STEPS = 6
"""Before and after: payment and jobs, start, end."""
BROKEN_STEPS = 10
"""Before and after: payment and jobs, start, break and copy, start of the copy, its end."""
RECOVERY_STEPS = 6
"""Before and after: break and copy of what an earlier process had started, start of the copy, its end."""


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(spool, "RETRY_MOST_S", 0.05)


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    """A printer that is switched on."""
    printer = VirtualPrinter()
    await printer.start()
    yield printer
    await printer.close()


class Story:
    """One payment, one printer, and processes that end too soon."""

    def __init__(self, printer: VirtualPrinter, path: Path) -> None:
        self.printer = printer
        self.till = Till(path, at_tcp(printer))

    async def live(self, step: int, *, pays: bool) -> bool:
        """A process, which may end at this step; whether it has come that far."""
        fuse = self.till.fuse = Fuse(step)
        living = asyncio.ensure_future(self._live(pays=pays))
        blown = asyncio.ensure_future(fuse.blown.wait())
        await asyncio.wait({living, blown}, return_when=asyncio.FIRST_COMPLETED)
        living.cancel()
        blown.cancel()
        await asyncio.gather(living, blown, return_exceptions=True)
        if living.done() and not living.cancelled():
            living.result()
        await self.till.crash()
        self.till.fuse = None
        return fuse.blown.is_set()

    async def _live(self, *, pays: bool) -> None:
        await self.till.open()
        if pays:
            await self.till.pay()
        await self.till.settled()

    async def end_well(self) -> Payment | None:
        """A process that nothing happens to; the payment, if it was recorded at all."""
        await self.printer.power_on()
        await self.till.open()
        await self.till.settled()
        found = await self.till.journal.read(lambda db: queries.list_payments(db, queries.Filter(), 10))
        return found[0].payment if found else None

    async def check(self, payment: Payment | None) -> None:
        """At most one original, never a number twice, and a whole paper in the customer's hand."""
        self.printer._keep(self.printer._paper.tear_off())
        papers = self.printer.receipts
        numbers = [copy_no(paper.text) for paper in papers if not is_scrap(paper)]
        assert sorted(set(numbers)) == numbers, "a number twice, or an original after a copy"
        if payment is None:
            assert [] == papers, "something was printed before it was on disk"
            return
        assert any(paper.codes == (payment.order_no,) for paper in papers)
        state, copies = await self.till.receipt(payment)
        assert "printed" == state
        assert copies <= len([number for number in numbers if number])


def is_scrap(paper: PrintedReceipt) -> bool:
    """A piece torn off before it could say what it is."""
    return "支付凭证" not in paper.text


@pytest.mark.parametrize("step", range(QUIET_STEPS + 1))
async def test_a_crash_at_each_step(printer: VirtualPrinter, tmp_path: Path, step: int) -> None:
    """Of a receipt that nothing else happens to."""
    story = Story(printer, tmp_path / "journal.db")
    assert (step < QUIET_STEPS) == await story.live(step, pays=True)
    await story.check(await story.end_well())
    await story.till.close()


@pytest.mark.parametrize("power", [True, False], ids=["power", "cable"])
@pytest.mark.parametrize("step", range(BROKEN_STEPS))
async def test_a_crash_at_each_step_of_a_receipt_that_breaks_off(
    printer: VirtualPrinter, tmp_path: Path, step: int, power: bool
) -> None:
    """The printer fails, and posd too, before or after it."""
    story = Story(printer, tmp_path / "journal.db")
    printer.break_after(HALF_A_RECEIPT, power=power)
    switching = asyncio.ensure_future(_switch_on_again(printer))
    assert await story.live(step, pays=True)
    await story.check(await story.end_well())
    switching.cancel()
    await asyncio.gather(switching, return_exceptions=True)
    await story.till.close()


@pytest.mark.parametrize("first", [2, 3])
@pytest.mark.parametrize("second", range(RECOVERY_STEPS))
async def test_a_crash_after_a_crash(printer: VirtualPrinter, tmp_path: Path, first: int, second: int) -> None:
    """The process that cleans up after a crash just before or just after the start of a receipt crashes too."""
    story = Story(printer, tmp_path / "journal.db")
    assert await story.live(first, pays=True)
    crashed = await story.live(second, pays=False)
    assert crashed or first == 2, "a receipt that was not started needs fewer steps"
    await story.check(await story.end_well())
    await story.till.close()


@pytest.mark.parametrize("bytes_before", range(0, 900, 60))
async def test_a_crash_anywhere_in_the_bytes(printer: VirtualPrinter, tmp_path: Path, bytes_before: int) -> None:
    """The printer takes so many bytes of the receipt and stops; then posd is killed, and the printer goes on."""
    story = Story(printer, tmp_path / "journal.db")
    till = await story.till.open()
    printer.line_s = 0.001
    before = len(printer.received)
    payment = await till.pay()
    while (await till.receipt(payment))[0] != "printed":
        if len(printer.received) >= before + bytes_before:
            break
    await till.crash()
    printer.line_s = 0.0
    assert payment == await story.end_well()
    await story.check(payment)
    await till.close()


async def _switch_on_again(printer: VirtualPrinter) -> None:
    """Somebody sees that the printer is off, and switches it on."""
    while True:
        await asyncio.sleep(0.01)
        if printer._server is None:
            await printer.power_on()
