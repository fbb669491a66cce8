"""How long the driver waits for what, in virtual time, against a printer in memory."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from devices.errors import DeviceUnavailable
from devices.printer import builder, escpos
from devices.printer.document import Cut, Document, QrCode, Text
from devices.printer.driver import PrintBroken, Printer, PrinterNotReady, Timing
from devices.printer.profile import Encoding, Profile
from devices.state import Health
from devices.transport.base import LineStatus
from devices.transport.memory import MemoryTransport
from tests.devices.printer.support import DeskPrinter, Spool, lines_of

pytestmark = pytest.mark.looptime

JOB = b"\x1b@\x1c&\xd6\xd0\n\xce\xc4\nA\nB\n\x1bd\x06\x1dV\x00"
TIMING = Timing()


class Desk:
    """A printer, the line to it, and its driver with the real timing."""

    def __init__(self, inside: DeskPrinter, timing: Timing = TIMING) -> None:
        self.inside = inside
        self.line = MemoryTransport(inside.take)
        inside.send = self.line.send
        self.spool = Spool()
        self.printer: Printer = self.spool.printer(self.line, timing=timing)

    async def print(self) -> float:
        """Print one job; how long it took."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        await self.printer.print_job(JOB, self.spool.on_started)
        return loop.time() - began_at


async def test_nothing_is_waited_for_in_vain() -> None:
    """A printer that answers everything is done at once."""
    desk = Desk(DeskPrinter())
    assert 0 == await desk.print()
    assert 1 == len(desk.inside.receipts)


async def test_a_mute_printer_is_waited_for_once() -> None:
    """Half a second for the first answer, ten milliseconds from then on."""
    desk = Desk(DeskPrinter(answers=(), knows_in_turn=False))
    assert TIMING.status_s == pytest.approx(await desk.print())
    assert TIMING.mute_s == pytest.approx(await desk.print())
    assert 2 == len(desk.inside.receipts)


async def test_a_mute_printer_that_learns_to_speak() -> None:
    """Is believed from then on: without paper it gets no job."""
    desk = Desk(DeskPrinter(answers=()))
    await desk.print()
    desk.inside.answers = (1, 2, 3, 4)
    desk.inside.paper_out()
    with pytest.raises(PrinterNotReady, match="out of paper"):
        await desk.print()


@pytest.mark.parametrize("answers", [(1,), (1, 4), (2,), (4,)])
async def test_a_printer_that_answers_some_questions(answers: tuple[int, ...]) -> None:
    """They are asked one by one then, so that no answer is taken for another's."""
    desk = Desk(DeskPrinter(answers=answers))
    await desk.print()
    desk.inside.paper_out()
    with pytest.raises(PrinterNotReady):
        await desk.print()
    assert 1 == len(desk.inside.receipts)


async def test_a_printer_without_answers_in_turn() -> None:
    """Is asked for one once, and its job is printed when it says that it is ready afterwards."""
    desk = Desk(DeskPrinter(knows_in_turn=False))
    assert TIMING.in_turn_s == pytest.approx(await desk.print())
    assert 0 == await desk.print()
    assert 1 == bytes(desk.line.taken).count(b"\x1dr\x01")


async def test_an_answer_in_turn_that_gets_lost() -> None:
    """A printer that says for half a minute that it is ready has printed it; it is asked anew for the next."""
    desk = Desk(DeskPrinter())
    await desk.print()
    desk.inside.knows_in_turn = False
    assert TIMING.in_turn_patience_s <= await desk.print() <= TIMING.in_turn_patience_s + 2 * TIMING.poll_s
    assert TIMING.in_turn_s == pytest.approx(await desk.print())
    assert 3 == len(desk.inside.receipts)


async def test_an_answer_in_turn_that_comes_late() -> None:
    """The first one comes while the job is under way: it does not pass for the job's, and the printer is remembered."""
    desk = Desk(DeskPrinter(knows_in_turn=False))
    job = asyncio.create_task(desk.print())
    await asyncio.sleep(TIMING.in_turn_s - 0.1)
    desk.inside.paper_out(after_lines=1)
    await asyncio.sleep(0.2)
    desk.line.send(b"\x00")
    await asyncio.sleep(1)
    assert not job.done(), "its paper is out"
    desk.inside.knows_in_turn = True
    desk.inside.paper_in()
    await job
    await desk.print()
    assert 2 == bytes(desk.line.taken).count(b"\x1dr\x01"), "asked with the first job, in vain, and after the second"


async def test_half_an_hour_without_paper() -> None:
    """A job waits for its paper, and is printed then, once."""
    desk = Desk(DeskPrinter())
    desk.inside.paper_out(after_lines=2)
    job = asyncio.create_task(desk.print())
    await asyncio.sleep(1800)
    assert not job.done()
    assert (Health.FAULT, "out of paper: put in a new roll") == (
        desk.printer.state.health,
        desk.printer.state.detail,
    )
    desk.inside.paper_in()
    await job
    assert 1 == len(desk.inside.receipts)
    assert 1 == bytes(desk.line.taken).count(JOB)
    assert [Health.FAULT, Health.READY] == [state.health for state in desk.spool.states], "told once, not every second"


async def test_paper_never_comes() -> None:
    """Given up at the limit (twelve hours; here less), as one that may be printed in part."""
    limit_s = 900.0
    assert 12 * 3600 == TIMING.paper_limit_s
    desk = Desk(DeskPrinter(), dataclasses.replace(TIMING, paper_limit_s=limit_s))
    desk.inside.paper_out(after_lines=2)
    with pytest.raises(PrintBroken, match="in vain"):
        await desk.print()
    assert limit_s <= asyncio.get_running_loop().time() <= limit_s + 60


async def test_bytes_that_are_stuck_for_good() -> None:
    """Broken after a quarter of an hour, and no earlier."""
    desk = Desk(DeskPrinter())

    async def on_started() -> None:
        desk.line.flowing.clear()

    began_at = asyncio.get_running_loop().time()
    with pytest.raises(PrintBroken, match="for good"):
        await desk.printer.print_job(JOB, on_started)
    waited_s = asyncio.get_running_loop().time() - began_at
    assert TIMING.stall_s + TIMING.silent_limit_s == pytest.approx(waited_s)
    stopped = "stopped in the middle of a receipt: look for paper, cover and lights"
    assert [(Health.FAULT, stopped), Health.LOST] == [
        (desk.spool.states[0].health, desk.spool.states[0].detail),
        desk.spool.states[1].health,
    ]
    desk.line.flowing.set()
    await desk.print()
    assert 1 == len(desk.inside.receipts)


async def test_nothing_is_taken_before_the_job() -> None:
    """Then nothing was sent: not ready, after six seconds, and no job was started."""
    desk = Desk(DeskPrinter())
    desk.line.flowing.clear()
    with pytest.raises(PrinterNotReady, match="takes no data"):
        await desk.print()
    assert TIMING.ready_s == pytest.approx(asyncio.get_running_loop().time())
    assert 0 == desk.spool.started


async def test_a_printer_that_falls_silent() -> None:
    """One that has answered before hangs or is busy with another till: no job for two minutes; then it is served."""
    desk = Desk(DeskPrinter())
    await desk.print()
    desk.inside.answers, desk.inside.knows_in_turn = (), False
    began_at = asyncio.get_running_loop().time()
    refused = 0
    while desk.spool.started == 1:
        try:
            await desk.print()
        except PrinterNotReady:
            refused += 1
            await asyncio.sleep(5)
    assert "does not answer, and did before: switch it off and on" == desk.spool.states[1].detail
    assert refused > 10
    assert asyncio.get_running_loop().time() - began_at >= TIMING.mute_after_s
    assert 2 == len(desk.inside.receipts)


async def test_probing_a_silent_printer() -> None:
    """A fault while it may come back, no fault when it is mute."""
    desk = Desk(DeskPrinter())
    await desk.printer.probe()
    desk.inside.answers = ()
    assert await desk.printer.probe() is None
    assert Health.FAULT is desk.printer.state.health
    await asyncio.sleep(TIMING.mute_after_s)
    assert await desk.printer.probe() is None
    assert (Health.READY, "") == (desk.printer.state.health, desk.printer.state.detail)


async def test_the_ports_own_paper_line() -> None:
    """A mute printer may still have one, and is believed."""
    desk = Desk(DeskPrinter(answers=(), knows_in_turn=False))
    desk.line.paper_line = LineStatus(paper_out=True)
    with pytest.raises(PrinterNotReady, match="out of paper"):
        await desk.print()
    assert 0 == desk.spool.started


async def test_a_kick_does_not_wait_for_paper() -> None:
    """While a receipt waits for paper, a kick is refused within five seconds and never carried out."""
    builder.warm_up()
    desk = Desk(DeskPrinter())
    desk.inside.paper_out(after_lines=1)
    job = asyncio.create_task(desk.print())
    await asyncio.sleep(10)
    began_at = asyncio.get_running_loop().time()
    with pytest.raises(PrinterNotReady, match="busy with a receipt: out of paper"):
        await desk.printer.kick()
    # The kick's bytes come from an executor, for which virtual time goes on a little.
    assert TIMING.drawer_s <= asyncio.get_running_loop().time() - began_at < 2 * TIMING.drawer_s
    desk.inside.paper_in()
    await job
    assert 0 == sum(paper.drawer_kicks for paper in desk.inside.receipts)


async def test_watching_costs_little() -> None:
    """Every half minute while it is ready, every three seconds while it is not."""
    desk = Desk(DeskPrinter())
    watch = asyncio.create_task(desk.printer.watch())
    await asyncio.sleep(300)
    assert 10 <= desk.line.connections <= 11
    desk.line.refuse = True
    await asyncio.sleep(TIMING.watch_s)
    assert Health.LOST is desk.printer.state.health
    desk.line.refuse, before = False, desk.line.connections
    await asyncio.sleep(TIMING.watch_trouble_s)
    assert before + 1 == desk.line.connections
    assert [Health.READY, Health.LOST, Health.READY] == [state.health for state in desk.spool.states]
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


async def test_refused_is_not_started() -> None:
    """Nothing was sent, and the reason is the transport's."""
    desk = Desk(DeskPrinter())
    desk.line.refuse = True
    with pytest.raises(DeviceUnavailable, match="memory: refused"):
        await desk.print()
    assert (0, b"") == (desk.spool.started, bytes(desk.line.taken))


@pytest.mark.parametrize("byte", range(len(JOB) + 20))
async def test_breaking_at_every_byte(byte: int) -> None:
    """Wherever the line breaks: unavailable means nothing of the job was sent, broken means it was started."""
    desk = Desk(DeskPrinter())
    desk.line.break_after = byte
    try:
        await desk.print()
    except DeviceUnavailable:
        assert 0 == desk.spool.started
        assert b"\x1b@" not in desk.line.taken
    except PrintBroken:
        assert 1 == desk.spool.started
    else:
        assert 1 == len(desk.inside.receipts)
    desk.line.break_after = None
    await desk.print()
    assert "AB" in "".join(row.text for row in desk.inside.receipts[-1].rows if hasattr(row, "text"))


def test_profile_is_kept() -> None:
    """The printer knows its paper, so that its jobs can be built."""
    assert Profile() == Spool().printer(MemoryTransport()).profile


@pytest.mark.parametrize("encoding", ["gb18030", "image"])
async def test_breaking_inside_a_command(encoding: Encoding) -> None:
    """The printer waits for the rest and would swallow the next receipt; that one comes out whole all the same."""
    job = escpos.encode(Document((Text("中文"), QrCode("1" * 500), Cut())), Profile(encoding=encoding))
    command = b"\x1dv0" if encoding == "image" else b"\x1d(k\xf7"
    assert command in job
    desk = Desk(DeskPrinter())
    await desk.printer.probe()

    async def on_started() -> None:
        desk.line.break_after = job.index(command) + 10

    with pytest.raises(PrintBroken):
        await desk.printer.print_job(job, on_started)
    await desk.print()
    await desk.print()
    texts = ["".join(row.text for row in lines_of(paper)) for paper in desk.inside.receipts[-2:]]
    assert [True, True] == [text.endswith("中文AB") for text in texts]
    zeros = bytes(builder.longest_command_bytes(job))
    assert 1 == desk.line.taken.count(zeros + b"\x10\x04\x01"), "once, and before the first question"
