"""The virtual printer, asked and printed on by hand over a socket."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from devices.printer import escpos
from devices.printer.document import Cut, Document, QrCode, Text
from devices.printer.profile import Profile
from devices.printer.simulator import BUFFER_BYTES, PrintedReceipt, VirtualPrinter
from tests.devices.printer.support import HANG_S, Spool, receipt

JOB = escpos.encode(Document((Text("中文", align="center"), QrCode("Q1"), Cut())), Profile())
ALL_STATUS = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"


class Wire:
    """A connection of one's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, data: bytes, size: int) -> bytes:
        """Send, and wait for so many bytes."""
        self.writer.write(data)
        async with asyncio.timeout(HANG_S):
            return await self.reader.readexactly(size)


@pytest.fixture
async def virtual() -> AsyncIterator[VirtualPrinter]:
    """A printer on this machine."""
    printer = VirtualPrinter()
    await printer.start()
    yield printer
    await printer.close()


@pytest.fixture
async def wire(virtual: VirtualPrinter) -> AsyncIterator[Wire]:
    """A connection to it."""
    connection = Wire(*await asyncio.open_connection(virtual.host, virtual.port))
    yield connection
    connection.writer.transport.abort()


async def test_what_it_shows(virtual: VirtualPrinter, wire: Wire) -> None:
    """Text, codes and a picture of each receipt, told when it comes out."""
    told: list[PrintedReceipt] = []
    virtual._on_receipt = told.append
    wire.writer.write(JOB * 2)
    receipts = await virtual.wait_receipts(2)
    assert receipts == told
    assert ["              中文", "Q1"] == receipts[0].text.split("\n")[:2]
    assert ("Q1",) == receipts[0].codes
    assert (True, ()) == (receipts[0].cut, receipts[0].unknown)
    assert 432 == Image.open(io.BytesIO(receipts[0].png())).width


async def test_status(virtual: VirtualPrinter, wire: Wire) -> None:
    """DLE EOT 1-4 in every state, as in Epson's tables."""
    assert b"\x12\x12\x12\x12" == await wire.ask(ALL_STATUS, 4)
    virtual.paper_out()
    assert b"\x1a\x32\x12\x7e" == await wire.ask(ALL_STATUS, 4)
    virtual.open_cover()
    virtual.paper_in()
    assert b"\x1a\x16\x12\x12" == await wire.ask(ALL_STATUS, 4)
    virtual.close_cover()
    assert b"\x12\x12\x12\x12" == await wire.ask(ALL_STATUS, 4)


async def test_answers_in_turn(virtual: VirtualPrinter, wire: Wire) -> None:
    """GS r waits for the paper, DLE EOT does not."""
    virtual.paper_out()
    assert b"\x1a" == await wire.ask(b"A\n\x1dr\x01\x10\x04\x01", 1)
    virtual.paper_in()
    assert b"\x00" == await wire.ask(b"", 1)


async def test_automatic_status(virtual: VirtualPrinter, wire: Wire) -> None:
    """Four bytes to everybody who is connected."""
    assert b"\x12" == await wire.ask(b"\x10\x04\x01", 1)
    virtual.paper_out()
    virtual.send_automatic_status()
    assert b"\x18\x00\x0c\x0f" == await wire.ask(b"", 4)


async def test_a_full_buffer(virtual: VirtualPrinter, wire: Wire) -> None:
    """Without paper it takes what its buffer holds, then nothing more; with paper, everything comes out."""
    virtual.paper_out()
    line = "汉".encode("gb18030") * 16 + b"\n"
    wire.writer.write(line * 1000 + b"\x1dV\x00")
    await Spool().until(lambda: len(virtual.received) >= BUFFER_BYTES)
    assert len(virtual.received) < BUFFER_BYTES + 1024
    virtual.paper_in()
    (printed,) = await virtual.wait_receipts(1)
    assert 1000 == len(printed.rows)


async def test_power_failure(virtual: VirtualPrinter, wire: Wire) -> None:
    """What was printed stays as a torn receipt, what was in the buffer is lost, the port is closed until it is back."""
    virtual.paper_out(after_lines=2)
    wire.writer.write(b"A\nB\nC\nD\n\x1dV\x00")
    await Spool().until(lambda: not virtual._works.is_set())
    virtual.power_off()
    with pytest.raises(ConnectionError):
        await wire.ask(b"", 1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(virtual.host, virtual.port)
    assert [("A\nB\n", False)] == [(printed.text, printed.cut) for printed in virtual.receipts]
    await virtual.power_on()
    again = Wire(*await asyncio.open_connection(virtual.host, virtual.port))
    assert b"\x00" == await again.ask(b"E\n\x1dV\x00\x1dr\x01", 1)
    again.writer.transport.abort()
    assert ["A\nB\n", "E\n"] == [printed.text for printed in virtual.receipts]


@pytest.mark.parametrize("count", [1, 100, 600])
async def test_a_cable_that_comes_out(virtual: VirtualPrinter, wire: Wire, count: int) -> None:
    """After exactly so many bytes."""
    virtual.break_after(count)
    wire.writer.write(escpos.encode(receipt(), Profile()))
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await wire.ask(b"", 1)
    assert count == len(virtual.received)


async def test_mute(virtual: VirtualPrinter, wire: Wire) -> None:
    """Prints, and says nothing."""
    virtual.mute = True
    wire.writer.write(ALL_STATUS + b"\x1dr\x01" + JOB)
    await virtual.wait_receipts(1)
    virtual.mute = False
    assert b"\x12" == await wire.ask(b"\x10\x04\x01", 1), "nothing had been said before"


async def test_unknown_commands_are_kept(virtual: VirtualPrinter, wire: Wire) -> None:
    """A fault of the sender's, shown with the receipt it is in."""
    wire.writer.write(b"A\x1bX\n\x1dV\x00B\n\x1dV\x00")
    await virtual.wait_receipts(2)
    assert [(b"\x1bX",), ()] == [printed.unknown for printed in virtual.receipts]
