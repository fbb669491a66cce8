"""Many readers beside many pending payments: nobody who pays waits for somebody who looks."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from posd.gateways.simulator.behaviour import PayFault, Plan
from tests.api.till import LOOK_AGAIN_S, Desk, Till, fresh_code

ROOT = Path(__file__).resolve().parents[2]
PENDING = 40
READERS = 16
READS_A_SECOND = 500
ROUNDS = 5


@asynccontextmanager
async def in_a_process(till: Till) -> AsyncIterator[Desk]:
    """A POS in front of a daemon that has a processor of its own, as in the field."""
    till.write_config()
    command = [sys.executable, "-m", "posd", "--config", str(till.config_path), "run"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - it is stopped below
    connector = aiohttp.UnixConnector(str(till.socket), limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    await session.get("http://localhost/healthz")
                    break
                await asyncio.sleep(LOOK_AGAIN_S)
            yield Desk(till, None, session, "http://localhost")  # type: ignore[arg-type]  # its parts are elsewhere
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)


class Readers:
    """Read lists and payments, one after the other, each as fast as it is answered."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.answered = 0

    async def read(self) -> None:
        """Until cancelled."""
        while True:
            for path in ("/v1/payments?limit=20", "/v1/devices", "/v1/payments?status=processing", "/healthz"):
                assert 200 == (await self.desk.get(path)).status
                self.answered += 1


async def test_reading_does_not_delay_paying(till: Till) -> None:
    """Forty payments are asked about, readers read without a pause: a payment takes its turn among them.

    While one payment runs from request to answer, no more reads are answered than a second has at the promised rate:
    counted, not timed, so that it holds on any machine. Meanwhile every pending payment is asked about.
    """
    till.sections["[payments]"] |= {"window": 300.0, "poll_interval": 0.5}
    till.simulator.scripts.default = Plan(pay=PayFault.PENDING, confirm_after_ms=None)
    async with in_a_process(till) as desk:
        pending = [(await desk.pay(authCode=fresh_code("12"), wait=0)).json["orderNo"] for _ in range(PENDING)]
        till.simulator.scripts.clear()
        readers = Readers(desk)
        tasks = [asyncio.create_task(readers.read()) for _ in range(READERS)]
        meanwhile = []
        asked_before = _queries(till, pending)
        for _ in range(ROUNDS):
            while readers.answered == 0:  # noqa: ASYNC110 - they have only just begun
                await asyncio.sleep(LOOK_AGAIN_S)
            before = readers.answered
            await desk.paid()
            meanwhile.append(readers.answered - before)
        while any(now <= before for now, before in zip(_queries(till, pending), asked_before, strict=True)):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(meanwhile)[ROUNDS // 2] <= READS_A_SECOND, meanwhile
    assert readers.answered > sum(meanwhile), "there was something to wait for"


def _queries(till: Till, orders: list[str]) -> list[int]:
    """How often the gateway was asked about each."""
    found = [till.simulator.bank.find(order) for order in orders]
    return [len(order.requests) if order is not None else 0 for order in found]
