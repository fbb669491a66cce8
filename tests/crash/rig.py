"""A real ``posd run`` with real sockets, files and paper, that is killed; and what must hold of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from devices.printer.simulator import VirtualPrinter
from posd.gateways.simulator.server import Simulator
from tests.invariants import FINAL, Books, Told, may_be_charged, reused, unfinished

START_S = 60.0
"""Ends a test whose daemon does not serve; nothing is measured with it."""
ENDS_S = 90.0
"""The same for payments that do not end: with windows of two seconds all do within twenty."""

_DEEDS = ("0000", "0000", "1001", "2000", "3000", "3100", "3200", "3400", "3500", "3600", "5602", "5902")
"""Magic numbers of the simulator: what gateway and customer do with an order."""


class Rig:
    """One till: a directory, its gateway, its printer, and the daemon while it lives."""

    def __init__(
        self,
        directory: Path,
        protocol: str,
        simulator: Simulator,
        printer: VirtualPrinter,
        seed: int,
        horizon_s: float = 3.0,
    ) -> None:
        self.directory, self.simulator, self.printer = directory, simulator, printer
        self.config, self.socket = directory / "posd.toml", directory / "s"
        self.journal = directory / "journal.db"
        self.told: dict[str, str] = {}
        """The ends that the POS was told of, by payment."""
        self.program: tuple[str, ...] = ("-m", "posd")
        """What the daemon is started with: arguments of Python."""
        self.kills = 0
        self.process: asyncio.subprocess.Process | None = None
        self._rng = Random(seed)
        self._orders = 0
        self._write_config(protocol, horizon_s)

    def _write_config(self, protocol: str, horizon_s: float) -> None:
        gateway = self.simulator.settings(protocol, self.directory)
        quick: dict[str, object] = {"pay_timeout": 2.0, "query_timeout": 1.0}
        payments = {"gateway": "main", "window": 2.0, "arrival_horizon": horizon_s, "poll_interval": 0.2}
        sections: tuple[tuple[str, dict[str, Any]], ...] = (
            ("terminal", {"id": "0101", "store_id": "md_001", "store_name": "示例超市人民路店"}),
            ("journal", {"path": str(self.journal)}),
            ("api", {"socket": str(self.socket)}),
            ("payments", payments),
            ("gateways.main", gateway | quick),
            ("printer", {"type": "tcp", "host": "127.0.0.1", "port": self.printer.port}),
        )
        rows = [
            f"[{head}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for head, table in sections
        ]
        self.config.write_text("\n".join(rows), "utf-8")

    # --- the process

    async def spawn(self, *command: str) -> asyncio.subprocess.Process:
        """A command of posd with this till's configuration; its output is read by ``communicate``."""
        arguments = (sys.executable, "-m", "posd", "--config", str(self.config), *command)
        return await asyncio.create_subprocess_exec(
            *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )

    async def run(self, *command: str) -> tuple[int, str]:
        """A command to its end: exit code and output."""
        process = await self.spawn(*command)
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def launch(self) -> None:
        """Start the daemon; it may be killed before it serves."""
        arguments = (sys.executable, *self.program, "--config", str(self.config), "run")
        with (self.directory / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*arguments, stdout=log, stderr=log)

    async def serves(self) -> None:
        """Wait until it serves."""
        assert self.process is not None
        async with asyncio.timeout(START_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    await self.get("/healthz")
                    return
                assert self.process.returncode is None, (self.directory / "log").read_text("utf-8")
                await asyncio.sleep(0.02)

    async def end(self, number: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        await self.process.wait()
        self.kills += 1

    # --- the POS

    async def get(self, path: str) -> Any:
        """A call that reads."""
        async with self._client() as client, client.get(f"http://posd{path}") as answer:
            return await answer.json(content_type=None)

    async def post(self, path: str, key: str, body: dict[str, Any]) -> tuple[int, Any]:
        """A call that does something."""
        headers = {"Idempotency-Key": key}
        async with self._client() as client, client.post(f"http://posd{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    def _client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket)))

    def order(self) -> tuple[str, dict[str, Any]]:
        """The next customer: an idempotency key and an order."""
        self._orders += 1
        code = f"13{self._orders:08d}0000{self._rng.choice(_DEEDS)}"
        return f"order-{self._orders}", {"amount": 1000 + self._orders, "authCode": code}

    async def sell(self) -> None:
        """Serve one customer until the end is known or the daemon dies, and now and then give a part back."""
        key, body = self.order()
        pause_s, cancels, refunds = self._rng.uniform(0, 0.6), self._rng.random() < 0.2, self._rng.random() < 0.4
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await asyncio.sleep(pause_s)
            status, payment = await self.post("/v1/payments", key, body)
            if status != 201:
                return
            if cancels:
                await self.post(f"/v1/payments/{payment['id']}/cancel", f"{key}-cancel", {})
            payment = await self.get(f"/v1/payments/{payment['id']}?wait=10")
            if payment.get("status") in FINAL:
                self.told[payment["id"]] = payment["status"]
            if refunds and payment.get("status") == "paid":
                await self.post(f"/v1/payments/{payment['id']}/refunds", f"{key}-back", {"amount": 100})

    async def life(self, number: signal.Signals, customers: int) -> None:
        """One life of the daemon: some customers, and an end at a drawn moment, before it serves or after."""
        await self.launch()
        if self._rng.random() < 0.15:
            await asyncio.sleep(self._rng.uniform(0, 0.4))
            await self.end(number)
            return
        await self.serves()
        selling = [asyncio.create_task(self.sell()) for _ in range(customers)]
        await asyncio.sleep(self._rng.choice((0.05, 0.3, 0.8, 1.6)) * self._rng.random())
        await self.end(number)
        await asyncio.gather(*selling)

    # --- what must hold

    async def settle(self) -> None:
        """Let everything end: payments, refunds, paper."""
        await self.launch()
        await self.serves()
        await self.ends()

    async def ends(self) -> None:
        """Wait until nothing is open."""
        async with asyncio.timeout(ENDS_S):
            while await self._open():  # noqa: ASYNC110 - another process has no event of ours
                await asyncio.sleep(0.1)

    async def _open(self) -> bool:
        payments = await self.payments()
        busy = {"queued", "printing"}
        if any(each["status"] not in FINAL or each["receipt"]["state"] in busy for each in payments):
            return True
        text = await self.get("/v1/report?date=" + payments[0]["createdAt"][:10]) if payments else {}
        return bool(text and text["refunds"]["processing"])

    async def payments(self) -> list[dict[str, Any]]:
        """Every payment as the API tells it."""
        found, cursor = [], ""
        while True:
            page = await self.get(f"/v1/payments?limit=200{cursor}")
            found += page["items"]
            if page["nextCursor"] is None:
                return found
            cursor = f"&cursor={page['nextCursor']}"

    async def faults(self) -> list[str]:
        """Books against API, paper and what the POS was told before; then the journal against itself."""
        payments, now_ms = await self.payments(), self.simulator.now_ms()
        originals = [code for each in self.printer.receipts if _is_original(each.text) for code in each.codes]
        found = reused(payment["orderNo"] for payment in payments)
        for payment in payments:
            told, books = self._told(payment, originals), self._books(payment["orderNo"], now_ms)
            found += [f"{told.order_no}: {text}" for text in unfinished(told, books)]
            if self.told.get(payment["id"], told.status) != told.status:
                found.append(f"{told.order_no} was {self.told[payment['id']]} and is {told.status}")
        known = {payment["orderNo"] for payment in payments}
        found += [f"{order.order_no} is in no journal" for order in self.simulator.bank if order.order_no not in known]
        found += [f"{fault.operation}: {fault.text}" for fault in self.simulator.bank.violations]
        await self.end(signal.SIGTERM)
        code, text = await self.run("journal", "verify")
        return found if code == 0 else [*found, text]

    def _told(self, payment: dict[str, Any], originals: list[str]) -> Told:
        order = self.simulator.bank.find(payment["orderNo"])
        refunded = sum(refund.due for refund in order.refunds.values()) if order and payment["refundedAmount"] else 0
        return Told(
            payment["orderNo"],
            payment["status"],
            payment["amount"],
            payment["coupAmount"],
            payment["payAmount"],
            payment["attention"],
            refunded,
            originals=originals.count(payment["orderNo"]),
        )

    def _books(self, order_no: str, now_ms: int) -> Books:
        self.simulator.bank.advance(now_ms)
        order = self.simulator.bank.find(order_no)
        state = order.state(now_ms) if order is not None else None
        return Books(
            order_no,
            submits=order.submits if order else 0,
            captured=state.captured if state else 0,
            given_back=state.reversed + state.refunded if state else 0,
            chargeable=may_be_charged(order, state),
        )


def _is_original(text: str) -> bool:
    return "支付凭证" in text and "补打" not in text


@asynccontextmanager
async def rig(directory: Path, protocol: str, seed: int, horizon_s: float = 3.0) -> AsyncIterator[Rig]:
    """A till; whatever still runs at the end is killed."""
    printer = VirtualPrinter()
    await printer.start()
    try:
        async with Simulator(query_burst_max=10_000) as simulator:
            made = Rig(directory, protocol, simulator, printer, seed, horizon_s)
            try:
                yield made
            finally:
                if made.process is not None and made.process.returncode is None:
                    made.process.kill()
                    await made.process.wait()
    finally:
        await printer.close()


async def kill_often(
    directory: Path, protocol: str, seed: int, lives: int, customers: int = 6
) -> tuple[int, int, list[str]]:
    """So many lives of one till, each ended by a signal; then the truth: kills, payments, faults."""
    async with rig(directory, protocol, seed) as till:
        numbers = Random(seed)
        for _ in range(lives):
            number = signal.SIGTERM if numbers.random() < 0.25 else signal.SIGKILL
            await till.life(number, customers)
        await till.settle()
        payments = len(await till.payments())
        return till.kills, payments, await till.faults()
