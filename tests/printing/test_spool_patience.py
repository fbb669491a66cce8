"""How long the spool waits for what, in virtual time, against a printer in memory and a real journal file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from devices.errors import DeviceUnavailable
from devices.printer.driver import Printer
from devices.state import DeviceState, Health
from posd.config import sections
from posd.journal import queries
from posd.printing.job import JobState
from posd.printing.spool import FIRST_LOOK_S, RETRY_MOST_S, STOP_GRACE_S
from tests.printing.support import HALF_A_RECEIPT, Desk, Till, at_desk, copy_no, until, virtual_time

pytestmark = pytest.mark.looptime

OpenTill = Callable[..., Awaitable[Till]]


@pytest.fixture
async def desk() -> Desk:
    """A printer."""
    return Desk()


@pytest.fixture
async def open_till(desk: Desk, tmp_path: Path) -> AsyncIterator[OpenTill]:
    """Opens a till at this printer; closes it after the test."""
    tills: list[Till] = []

    async def open_(**settings: object) -> Till:
        till = Till(tmp_path / "journal.db", at_desk(desk.line), time_line=virtual_time, **settings)
        tills.append(await till.open())
        return till

    yield open_
    for till in tills:
        await till.close()


class Attempts:
    """When the spool tried to print, in seconds from the first time."""

    def __init__(self) -> None:
        self.at_s: list[float] = []

    def make(self, desk: Desk) -> Callable[[sections.Printer, Callable[[DeviceState], None]], Printer | None]:
        """A printer whose jobs are noted, and which is never looked at between them."""

        def make(section: sections.Printer, on_state: Callable[[DeviceState], None]) -> Printer | None:
            printer = at_desk(desk.line)(section, on_state)
            assert printer is not None
            print_job = printer.print_job

            async def noted(data: bytes, on_started: Callable[[], Awaitable[None]]) -> None:
                self.at_s.append(asyncio.get_running_loop().time())
                await print_job(data, on_started)

            printer.print_job = noted  # type: ignore[method-assign]
            return printer

        return make

    @property
    def gaps_s(self) -> list[float]:
        """The pauses between them."""
        return [round(later - earlier, 1) for earlier, later in zip(self.at_s, self.at_s[1:], strict=False)]


async def break_off(till: Till, desk: Desk) -> str:
    """A payment whose receipt breaks off in the middle, with the printer gone after it. Its id."""
    desk.line.break_after = HALF_A_RECEIPT
    payment = await till.pay()
    await till.until(payment, "broken", "queued")
    return payment.payment_id


async def jobs(till: Till, payment_id: str) -> list[str]:
    """The states of the jobs of a payment."""
    found = await till.journal.read(lambda db: queries.jobs_of(db, payment_id))
    return [job.state.value for job in found]


async def receipt(till: Till, payment_id: str) -> tuple[str, int]:
    """``receipt.state`` and ``receipt.copies`` of a payment."""
    record = await till.journal.read(lambda db: queries.find_payment(db, payment_id))
    assert record is not None
    return record.receipt.value, record.copies


async def test_the_pauses_double_up_to_a_limit(desk: Desk, tmp_path: Path) -> None:
    """0.5 s, doubled up to 5 s, for ever, while the printer cannot be reached."""
    attempts = Attempts()
    till = await Till(tmp_path / "journal.db", attempts.make(desk), time_line=virtual_time).open()
    await asyncio.sleep(1)
    desk.line.refuse = True
    await till.pay()
    await asyncio.sleep(300)
    assert [0.5, 1.0, 2.0, 4.0, 5.0, 5.0] == attempts.gaps_s[:6]
    assert {RETRY_MOST_S} == set(attempts.gaps_s[5:])
    assert len(attempts.gaps_s) > 50
    await till.close()


async def test_a_new_receipt_tries_at_once(desk: Desk, tmp_path: Path) -> None:
    """Who pays while the spool pauses brings it to try again now."""
    attempts = Attempts()
    till = await Till(tmp_path / "journal.db", attempts.make(desk), time_line=virtual_time).open()
    desk.line.refuse = True
    first = await till.pay()
    await asyncio.sleep(101.5)
    desk.line.refuse = False
    now = asyncio.get_running_loop().time()
    second = await till.pay()
    await till.until(second, "printed")
    assert now == pytest.approx(asyncio.get_running_loop().time(), abs=0.5)
    assert ["printed"] == await jobs(till, first.payment_id)
    assert [0, 0] == [copy_no(paper) for paper in desk.papers]
    await till.close()


async def test_an_original_waits_as_long_as_it_takes(desk: Desk, open_till: OpenTill) -> None:
    """Far longer than a copy would: it comes out, and is the original."""
    till = await open_till()
    desk.line.refuse = True
    payment = await till.pay()
    await asyncio.sleep(1200)
    assert ("queued", 0) == await receipt(till, payment.payment_id)
    desk.line.refuse = False
    await asyncio.sleep(RETRY_MOST_S + 1)
    assert ("printed", 0) == await receipt(till, payment.payment_id)
    assert [0] == [copy_no(paper) for paper in desk.papers]


async def test_paper_that_ends_in_the_middle_is_waited_for(desk: Desk, open_till: OpenTill) -> None:
    """Much later it is still the original that comes out, for it is in the printer already."""
    till = await open_till()
    desk.inside.paper_out(after_lines=5)
    payment = await till.pay()
    await asyncio.sleep(1200)
    assert ("printing", 0) == await receipt(till, payment.payment_id)
    desk.inside.paper_in()
    await asyncio.sleep(5)
    assert ("printed", 0) == await receipt(till, payment.payment_id)
    assert [0] == [copy_no(paper) for paper in desk.papers]


@pytest.mark.parametrize("away_s", [1, 60, 113])
async def test_a_copy_comes_by_itself_within_120_s(desk: Desk, open_till: OpenTill, away_s: int) -> None:
    """As soon as the printer is back; once, and nothing more after it."""
    till = await open_till()
    payment_id = await break_off(till, desk)
    await asyncio.sleep(away_s)
    assert ("queued", 0) == await receipt(till, payment_id)
    desk.line.refuse = False
    await asyncio.sleep(RETRY_MOST_S + 1)
    assert ("printed", 1) == await receipt(till, payment_id)
    await asyncio.sleep(300)
    assert ["broken", "printed"] == await jobs(till, payment_id)
    assert [0, 1] == [copy_no(paper) for paper in desk.papers]


async def test_after_120_s_it_is_uncertain(desk: Desk, open_till: OpenTill) -> None:
    """Then nothing comes out by itself any more, however long the printer is back; asked for, it is a copy."""
    till = await open_till()
    payment_id = await break_off(till, desk)
    await asyncio.sleep(119)
    assert ("queued", 0) == await receipt(till, payment_id)
    counting = [till.spool.counting]
    await asyncio.sleep(2)
    assert ("uncertain", 0) == await receipt(till, payment_id)
    assert ["uncertain", "withdrawn"] == await jobs(till, payment_id)
    assert [True, False] == [*counting, till.spool.counting]
    desk.line.refuse = False
    await asyncio.sleep(300)
    assert [] == desk.papers, "only a torn piece hangs on the roll"
    record = await till.journal.read(lambda db: queries.find_payment(db, payment_id))
    assert record is not None
    asked = await till.spool.print_payment(record)
    assert 1 == asked.copy_no
    await asyncio.sleep(1)
    assert ("printed", 1) == await receipt(till, payment_id)
    assert [0, 1] == [copy_no(paper) for paper in desk.papers]


async def test_what_is_asked_for_meanwhile_waits_on(desk: Desk, open_till: OpenTill) -> None:
    """The till asks while the copy waits: it is that copy, it waits longer than 120 s, and it comes out once."""
    till = await open_till()
    payment_id = await break_off(till, desk)
    record = await till.journal.read(lambda db: queries.find_payment(db, payment_id))
    assert record is not None
    await asyncio.sleep(60)
    waiting = (await till.journal.read(queries.live_jobs))[0]
    assert waiting.job_id == (await till.spool.print_payment(record)).job_id
    await asyncio.sleep(300)
    assert ("queued", 0) == await receipt(till, payment_id)
    desk.line.refuse = False
    await asyncio.sleep(RETRY_MOST_S + 1)
    assert ("printed", 1) == await receipt(till, payment_id)
    assert [0, 1] == [copy_no(paper) for paper in desk.papers]


async def test_it_breaks_off_long_after_its_start(desk: Desk, open_till: OpenTill) -> None:
    """It waited for paper, and the customer has gone: no copy comes by itself, though the printer is back at once."""
    till = await open_till()
    desk.inside.paper_out(after_lines=5)
    payment = await till.pay()
    await asyncio.sleep(130)
    desk.line.break_after, desk.line.comes_back = 0, True
    await asyncio.sleep(60)
    assert ("uncertain", 0) == await receipt(till, payment.payment_id)
    desk.inside.paper_in()
    await asyncio.sleep(300)
    assert ["uncertain"] == await jobs(till, payment.payment_id)
    assert [0] == [copy_no(paper) for paper in desk.papers], "the printer had all of it"


async def test_a_copy_that_breaks_off_has_no_more_time(desk: Desk, open_till: OpenTill) -> None:
    """The 120 s are those of the first break, not of each."""
    till = await open_till()
    payment_id = await break_off(till, desk)
    await asyncio.sleep(100)
    desk.line.break_after, desk.line.refuse = HALF_A_RECEIPT + 568, False
    await asyncio.sleep(RETRY_MOST_S + 1)
    assert ["broken", "broken", "queued"] == await jobs(till, payment_id)
    await asyncio.sleep(20)
    assert ["broken", "uncertain", "withdrawn"] == await jobs(till, payment_id)
    assert ("uncertain", 0) == await receipt(till, payment_id)


async def test_a_test_slip_does_not_come_later(desk: Desk, open_till: OpenTill) -> None:
    """Nobody is puzzled by one that comes out after lunch; it does not hold up a receipt either."""
    till = await open_till()
    desk.line.refuse = True
    slip = await till.spool.test()
    payment = await till.pay()
    await asyncio.sleep(130)
    ended = await till.spool.ended(slip.job_id)
    assert ended is not None
    assert JobState.WITHDRAWN is ended.state
    desk.line.refuse = False
    await asyncio.sleep(RETRY_MOST_S + 1)
    assert 1 == len(desk.papers)
    assert payment.order_no in desk.papers[0]


@pytest.mark.parametrize("down_s", [5, 100])
async def test_a_crash_in_the_middle_shortly_before(desk: Desk, open_till: OpenTill, down_s: int) -> None:
    """Posd is back within 120 s of the start: a copy comes by itself."""
    till = await open_till()
    desk.inside.paper_out(after_lines=5)
    payment = await till.pay()
    await until(lambda: till.spool.state.health is Health.FAULT)
    await till.crash()
    desk.inside.paper_in()
    await asyncio.sleep(down_s)
    await till.open()
    await asyncio.sleep(10)
    assert ["broken", "printed"] == await till.states_of(payment)
    assert ("printed", 1) == await till.receipt(payment)
    assert [0, 1] == [copy_no(paper) for paper in desk.papers]


async def test_a_crash_in_the_middle_long_before(desk: Desk, open_till: OpenTill) -> None:
    """Posd is back later than 120 s after the start: it is uncertain, and no paper is wasted."""
    till = await open_till()
    desk.inside.paper_out(after_lines=5)
    payment = await till.pay()
    await until(lambda: till.spool.state.health is Health.FAULT)
    await till.crash()
    desk.inside.paper_in()
    await asyncio.sleep(121)
    await till.open()
    await asyncio.sleep(300)
    assert ["uncertain"] == await till.states_of(payment)
    assert ("uncertain", 0) == await till.receipt(payment)
    assert [0] == [copy_no(paper) for paper in desk.papers]


@pytest.mark.parametrize(("down_s", "ends"), [(50, ["broken", "printed"]), (90, ["uncertain", "withdrawn"])])
async def test_a_restart_gives_a_copy_no_more_time(
    desk: Desk, open_till: OpenTill, down_s: int, ends: list[str]
) -> None:
    """A copy that waited when posd ended still has 120 s from the break."""
    till = await open_till()
    payment_id = await break_off(till, desk)
    await asyncio.sleep(50)
    await till.crash()
    await asyncio.sleep(down_s)
    desk.line.refuse = False
    await till.open()
    await asyncio.sleep(60)
    assert ends == await jobs(till, payment_id)
    assert (1 if "printed" in ends else 0) == sum(copy_no(paper) == 1 for paper in desk.papers)


async def test_a_stop_waits_only_for_a_moment(desk: Desk, open_till: OpenTill) -> None:
    """A printer without paper does not hold up the end of posd; what was on its way is settled at the next start."""
    till = await open_till()
    desk.inside.paper_out(after_lines=5)
    payment = await till.pay()
    await till.until(payment, "printing")
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await till.close()
    assert STOP_GRACE_S == pytest.approx(loop.time() - began_s, abs=0.1)
    desk.inside.paper_in()
    await till.open()
    await asyncio.sleep(5)
    assert ["broken", "printed"] == await till.states_of(payment)
    assert [0, 1] == [copy_no(paper) for paper in desk.papers]


async def test_the_start_does_not_wait_for_a_dead_printer(tmp_path: Path) -> None:
    """Its state is told after a moment, as it is known then; the look goes on."""

    class Dead(Desk):
        async def connect(self) -> None:
            await asyncio.sleep(3)
            raise DeviceUnavailable("no answer")

    desk = Dead()
    desk.line.connect = desk.connect  # type: ignore[method-assign]
    till = Till(tmp_path / "journal.db", at_desk(desk.line), time_line=virtual_time)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await till.open()
    assert FIRST_LOOK_S == pytest.approx(loop.time() - began_s, abs=0.1)
    assert [till.spool.state] == till.states
    await asyncio.sleep(3)
    assert "no answer" == till.states[-1].detail
    await till.close()
