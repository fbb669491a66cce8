"""The driver against the virtual printer, over real TCP: what is printed, what is sent, and what it says of both."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import time
from collections.abc import AsyncIterator

import pytest

from devices.errors import DeviceUnavailable
from devices.printer import builder, escpos
from devices.printer.document import Cut, Document, Kick, Text
from devices.printer.driver import PrintBroken, Printer, PrinterNotReady
from devices.printer.profile import Profile
from devices.printer.simulator import VirtualPrinter
from devices.printer.text import to_text
from devices.state import Health
from devices.transport.tcp import TcpTransport
from tests.devices.printer.support import HANG_S, IMPATIENT, MUTE, QUICK, Spool, receipt
from tests.watchdog import assert_never_blocks

JOB = escpos.encode(receipt(), Profile())
PICTURE_JOB = escpos.encode(receipt(), Profile(encoding="image"))
PAPER_OUT = "out of paper: put in a new roll"


@pytest.fixture
async def virtual() -> AsyncIterator[VirtualPrinter]:
    """A printer on this machine, switched on."""
    printer = VirtualPrinter()
    await printer.start()
    yield printer
    await printer.close()


@pytest.fixture
def spool() -> Spool:
    """Starts jobs."""
    return Spool()


def wire(virtual: VirtualPrinter) -> TcpTransport:
    """The way to it."""
    return TcpTransport(virtual.host, virtual.port)


def only_questions(received: bytes | bytearray) -> bool:
    """Whether nothing came that could move paper: DLE EOT and GS r."""
    data = bytes(received)
    for question in (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x03", b"\x10\x04\x04", b"\x1dr\x01"):
        data = data.replace(question, b"")
    return data == b""


async def test_a_job_is_printed(virtual: VirtualPrinter, spool: Spool) -> None:
    """Once, whole and cut; and the spool was told before the first byte of it left."""
    seen_at_start = b""

    async def on_started() -> None:
        nonlocal seen_at_start
        seen_at_start = bytes(virtual.received)
        await spool.on_started()

    printer = spool.printer(wire(virtual))
    await printer.print_job(JOB, on_started)
    (printed,) = virtual.receipts
    assert to_text(receipt(), 32) == printed.text.rstrip("\n") + "\n"
    assert (True, 0, ()) == (printed.cut, printed.drawer_kicks, printed.unknown)
    assert 1 == spool.started
    assert only_questions(seen_at_start)
    assert [Health.READY] == [state.health for state in spool.states]


async def test_printed_means_on_the_paper(virtual: VirtualPrinter, spool: Spool) -> None:
    """A printer that answers GS r is waited for until the last line is out, not only until it has the bytes."""
    virtual.line_s = 0.005
    await spool.printer(wire(virtual)).print_job(JOB, spool.on_started)
    assert 1 == len(virtual.receipts)


@pytest.mark.parametrize("trouble", ["paper", "cover"])
async def test_a_printer_that_is_not_ready_gets_nothing(virtual: VirtualPrinter, spool: Spool, trouble: str) -> None:
    """No byte of the job leaves, the spool's job is not started, and it is said what to do."""
    if trouble == "paper":
        virtual.paper_out()
    else:
        virtual.open_cover()
    printer = spool.printer(wire(virtual))
    with pytest.raises(PrinterNotReady) as caught:
        await printer.print_job(JOB, spool.on_started)
    assert {"paper": PAPER_OUT, "cover": "cover open: close it"}[trouble] == caught.value.detail
    assert (Health.FAULT, caught.value.detail) == (printer.state.health, printer.state.detail)
    assert 0 == spool.started
    assert only_questions(virtual.received)
    virtual.paper_in()
    virtual.close_cover()
    await printer.print_job(JOB, spool.on_started)
    assert (1, 1) == (spool.started, len(virtual.receipts))


@pytest.mark.parametrize("knows_in_turn", [True, False])
@pytest.mark.parametrize("trouble", ["paper", "cover"])
async def test_trouble_in_the_middle_is_waited_for(
    virtual: VirtualPrinter, spool: Spool, trouble: str, knows_in_turn: bool
) -> None:
    """The rest waits in the printer and comes out after: one receipt, sent once, printed when all of it is."""
    virtual.knows_in_turn = knows_in_turn
    printer = spool.printer(wire(virtual), timing=QUICK if knows_in_turn else MUTE)

    async def on_started() -> None:
        await spool.on_started()
        if trouble == "paper":
            virtual.paper_out(after_lines=5)
        else:
            virtual.open_cover()

    job = asyncio.create_task(printer.print_job(JOB, on_started))
    await spool.until(lambda: printer.state.health is Health.FAULT)
    assert not job.done()
    assert [] == virtual.receipts
    virtual.paper_in()
    virtual.close_cover()
    await job
    (printed,) = await virtual.wait_receipts(1)
    assert to_text(receipt(), 32) == printed.text.rstrip("\n") + "\n"
    assert Health.READY is printer.state.health
    assert 1 == spool.started
    assert 1 == bytes(virtual.received).count(JOB)


async def test_picture_larger_than_the_printers_buffer(virtual: VirtualPrinter, spool: Spool) -> None:
    """Out of paper, its buffer full, it reads nothing more and answers nothing: that is waited for too."""
    virtual.paper_out(after_lines=3)
    printer = spool.printer(wire(virtual), timing=IMPATIENT)
    job = asyncio.create_task(printer.print_job(PICTURE_JOB, spool.on_started))
    await spool.until(lambda: printer.state.health is Health.FAULT)
    assert not job.done()
    assert len(virtual.received) < len(PICTURE_JOB)
    virtual.paper_in()
    await job
    assert 1 == len(virtual.receipts)
    assert Health.READY is printer.state.health


@pytest.mark.parametrize("power", [True, False])
@pytest.mark.parametrize("job", [JOB, PICTURE_JOB])
async def test_a_job_that_breaks(virtual: VirtualPrinter, spool: Spool, power: bool, job: bytes) -> None:
    """Is told as one that may be on the paper in part; the next one comes out whole, whatever the printer was in."""
    printer = spool.printer(wire(virtual))
    await printer.probe()
    virtual.break_after(len(job) // 2, power=power)
    with pytest.raises(PrintBroken):
        await printer.print_job(job, spool.on_started)
    assert (1, "lost") == (spool.started, printer.state.health.value)
    await virtual.power_on()
    await printer.print_job(JOB, spool.on_started)
    last = virtual.receipts[-1]
    assert last.text.rstrip("\n").endswith(to_text(receipt(), 32).rstrip("\n"))
    assert last.cut
    assert Health.READY is printer.state.health


async def test_a_printer_that_is_off(virtual: VirtualPrinter, spool: Spool) -> None:
    """Unavailable, nothing started; back when it is back."""
    virtual.power_off()
    printer = spool.printer(wire(virtual))
    for _ in range(2):
        with pytest.raises(DeviceUnavailable, match="Connection refused"):
            await printer.print_job(JOB, spool.on_started)
    assert 0 == spool.started
    await virtual.power_on()
    await printer.print_job(JOB, spool.on_started)
    told = [str(state.health) for state in spool.states]
    assert ["lost", "ready"] == told, "lost once, back once"


async def test_a_printer_that_goes_away_while_it_is_asked(spool: Spool) -> None:
    """Before the first byte: unavailable, and not broken."""

    async def slam(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(slam, "127.0.0.1", 0)
    printer = spool.printer(TcpTransport("127.0.0.1", server.sockets[0].getsockname()[1]))
    with pytest.raises(DeviceUnavailable):
        await printer.print_job(JOB, spool.on_started)
    assert 0 == spool.started
    server.close()
    await server.wait_closed()


async def test_a_mute_printer_is_served(virtual: VirtualPrinter, spool: Spool) -> None:
    """It is waited for once, then known; a job is printed when all its bytes are taken."""
    virtual.mute = True
    printer = spool.printer(wire(virtual), timing=MUTE)
    assert await printer.probe() is None
    for _ in range(3):
        await printer.print_job(JOB, spool.on_started)
    await virtual.wait_receipts(3)
    assert [Health.READY] == [state.health for state in spool.states]
    assert (3, 3) == (spool.started, len(virtual.receipts))


async def test_a_mute_printer_that_takes_nothing(spool: Spool) -> None:
    """Neither printed nor given up while bytes are stuck: it says so, waits, and goes on when it can."""
    release, arrived = asyncio.Event(), bytearray()

    async def take_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        while data := await reader.read(65536):
            arrived.extend(data)
        writer.close()

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(take_late, sock=listener, limit=4096)
    printer = spool.printer(TcpTransport(*listener.getsockname()), timing=dataclasses.replace(MUTE, stall_s=0.05))
    big = b"\x00" * 4_000_000
    job = asyncio.create_task(printer.print_job(big, spool.on_started))
    await spool.until(lambda: printer.state.health is Health.FAULT)
    assert "stopped in the middle of a receipt: look for paper, cover and lights" == printer.state.detail
    assert not job.done()
    release.set()
    await job
    await spool.until(lambda: len(arrived) >= len(big))
    assert Health.READY is printer.state.health
    server.close()
    await server.wait_closed()


async def test_automatic_status_in_between(virtual: VirtualPrinter, spool: Spool) -> None:
    """A printer that somebody has switched to ASB talks all the time; its answers are still told apart."""
    virtual.line_s = 0.002
    printer = spool.printer(wire(virtual))

    async def chatter() -> None:
        while True:
            virtual.send_automatic_status()
            await asyncio.sleep(0.0005)

    noise = asyncio.create_task(chatter())
    for _ in range(2):
        await printer.print_job(JOB, spool.on_started)
    noise.cancel()
    assert 2 == len(virtual.receipts)
    assert [Health.READY] == [state.health for state in spool.states]
    with contextlib.suppress(asyncio.CancelledError):
        await noise


async def test_a_spool_that_cannot_note_the_start(virtual: VirtualPrinter, spool: Spool) -> None:
    """Then nothing is printed, and the printer is free for the next job."""

    async def disk_full() -> None:
        raise OSError(28, "No space left on device")

    printer = spool.printer(wire(virtual))
    with pytest.raises(OSError, match="No space left"):
        await printer.print_job(JOB, disk_full)
    assert only_questions(virtual.received)
    await printer.print_job(JOB, spool.on_started)
    assert 1 == len(virtual.receipts)


async def test_a_job_that_is_cancelled(virtual: VirtualPrinter, spool: Spool) -> None:
    """The connection is dropped and nothing goes on behind one's back; the next job is printed."""
    printer = spool.printer(wire(virtual))
    virtual.paper_out(after_lines=3)
    job = asyncio.create_task(printer.print_job(JOB, spool.on_started))
    await spool.until(lambda: printer.state.health is Health.FAULT)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    virtual.paper_in()
    await printer.print_job(JOB, spool.on_started)
    assert 2 == len(virtual.receipts)


async def test_one_job_at_a_time(virtual: VirtualPrinter, spool: Spool) -> None:
    """Jobs that come together come out one after the other, each whole."""
    printer = spool.printer(wire(virtual))
    await asyncio.gather(*(printer.print_job(JOB, spool.on_started) for _ in range(5)))
    assert 5 == len(virtual.receipts)
    assert 1 == len({printed.text for printed in virtual.receipts})


async def test_the_drawer(virtual: VirtualPrinter, spool: Spool) -> None:
    """Opens on a kick and in a document; a kick moves no paper."""
    printer = spool.printer(wire(virtual))
    await printer.kick()
    assert 1 == virtual.drawer_kicks
    assert [] == virtual.receipts
    job = await printer.encode(Document((Text("A"), Kick(), Cut())))
    await printer.print_job(job, spool.on_started)
    assert 2 == virtual.drawer_kicks


async def test_the_drawer_never_opens_late(virtual: VirtualPrinter, spool: Spool) -> None:
    """Without paper the kick would wait in the printer and open the drawer when nobody expects it: refused instead."""
    printer = spool.printer(wire(virtual))
    virtual.paper_out()
    with pytest.raises(PrinterNotReady):
        await printer.kick()
    virtual.paper_in()
    await printer.print_job(JOB, spool.on_started)
    assert 0 == virtual.drawer_kicks


async def test_probe(virtual: VirtualPrinter, spool: Spool) -> None:
    """Says how it is, and moves nothing."""
    printer = spool.printer(wire(virtual))
    status = await printer.probe()
    assert status is not None
    assert (True, False, False) == (status.online, status.cover_open, status.paper_out)
    virtual.paper_out()
    status = await printer.probe()
    assert status is not None
    assert PAPER_OUT == status.problem
    assert [Health.READY, Health.FAULT] == [state.health for state in spool.states]
    virtual.power_off()
    with pytest.raises(DeviceUnavailable):
        await printer.probe()
    assert Health.LOST is printer.state.health
    assert only_questions(virtual.received)


async def test_probe_does_not_wait_for_a_job(virtual: VirtualPrinter, spool: Spool) -> None:
    """While a job waits for paper, it says what the printer said last, and opens no second connection."""
    printer = spool.printer(wire(virtual))
    virtual.paper_out(after_lines=3)
    job = asyncio.create_task(printer.print_job(JOB, spool.on_started))
    await spool.until(lambda: printer.state.detail == PAPER_OUT)
    status = await printer.probe()
    assert status is not None
    assert PAPER_OUT == status.problem
    assert 1 == virtual.connections
    virtual.paper_in()
    await job


async def test_watch(virtual: VirtualPrinter, spool: Spool) -> None:
    """Notices by itself: lost once, however often it looks, and back once."""
    printer = spool.printer(wire(virtual))
    watch = asyncio.create_task(printer.watch())
    await spool.until(lambda: printer.state.health is Health.READY)
    virtual.power_off()
    await spool.until(lambda: printer.state.health is Health.LOST)
    looked = asyncio.get_running_loop().time()
    await spool.until(lambda: asyncio.get_running_loop().time() - looked > 5 * QUICK.watch_trouble_s)
    await virtual.power_on()
    await spool.until(lambda: printer.state.health is Health.READY)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    assert [Health.READY, Health.LOST, Health.READY] == [state.health for state in spool.states]


async def test_the_loop_is_never_kept(virtual: VirtualPrinter, spool: Spool) -> None:
    """Text and pictures, drawn, built and sent; a printer that is off, one without paper: 20 ms at most."""
    builder.warm_up()
    text = spool.printer(wire(virtual))
    picture = Printer("p", "tcp", wire(virtual), Profile(80, "image"), timing=QUICK)

    async def a_day() -> None:
        for printer in (text, picture):
            await printer.print_job(await printer.encode(receipt()), spool.on_started)
        virtual.power_off()
        with pytest.raises(DeviceUnavailable):
            await text.print_job(JOB, spool.on_started)
        await virtual.power_on()

    await assert_never_blocks(a_day)


@pytest.mark.parametrize("mute", [True, False])
async def test_on_the_wire_within_twenty_milliseconds(virtual: VirtualPrinter, spool: Spool, mute: bool) -> None:
    """From the decision to print thirty lines to the first byte; a busy machine gets several tries."""
    virtual.mute = mute
    printer = spool.printer(wire(virtual), timing=MUTE)
    await printer.probe()
    builder.warm_up()
    taken_s = []
    for _ in range(10):
        decided_at = time.perf_counter()

        async def on_started(decided_at: float = decided_at) -> None:
            taken_s.append(time.perf_counter() - decided_at)

        async with asyncio.timeout(HANG_S):
            await printer.print_job(await printer.encode(receipt()), on_started)
    assert min(taken_s) < 0.020
