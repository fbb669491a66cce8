"""The spool does not keep the event loop: what blocks - journal, drawing, the device - happens elsewhere."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from devices.printer import builder
from devices.printer.profile import Encoding, Profile
from devices.printer.simulator import VirtualPrinter
from tests.printing.support import HALF_A_RECEIPT, Till, at_tcp
from tests.watchdog import assert_never_blocks

RECEIPTS = 5


@pytest.mark.parametrize("encoding", ["gb18030", "image"])
async def test_a_day_of_the_spool(tmp_path: Path, encoding: Encoding) -> None:
    """Receipts in a row, one without paper, one that breaks off and its copy, a preview: 20 ms at most."""
    builder.warm_up()
    days = itertools.count()

    async def a_day() -> None:
        printer = VirtualPrinter()
        await printer.start()
        make = at_tcp(printer, profile=Profile(58, encoding))
        till = await Till(tmp_path / f"journal-{next(days)}.db", make, encoding=encoding).open()
        for _ in range(RECEIPTS):
            payment = await till.pay()
        await till.settled()
        await till.spool.png(await till.record(payment))
        printer.paper_out()
        await till.pay()
        printer.paper_in()
        await till.settled()
        printer.break_after(HALF_A_RECEIPT)
        broken = await till.pay()
        await till.settled()
        assert ["broken", "printed"] == await till.states_of(broken)
        await till.close()
        await printer.close()

    await assert_never_blocks(a_day)
