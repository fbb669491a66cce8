"""posd as a process of its own, as systemd would start it, and what the kernel says of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp

from bench.virtual.network import PROTOCOL
from bench.wire import RawGateway
from posd.gateways.simulator.keys import write_secret
from posd.payment.auth_code import Secret

START_LIMIT_S = 60.0
"""A busy machine is no reason to give up."""
CONNECTIONS = 100
"""Requests of the POS at a time. More than the listener's queue holds (128) must never come at once: asyncio takes a
Unix socket whose queue is full for one that is connected."""
Table = dict[str, Any]


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A directory on a real disk, gone at the end; ``POSD_BENCH_DIR`` says where."""
    return tempfile.TemporaryDirectory(prefix="posd-bench-", dir=os.environ.get("POSD_BENCH_DIR", "/var/tmp"))


class Daemon:
    """``posd run`` over a raw gateway. An async context; ready when entered. ``start_s``: from fork to ready."""

    def __init__(
        self,
        directory: Path,
        gateway: RawGateway | None,
        sections: Sequence[tuple[str, Table]] = (),
        **payments: object,
    ) -> None:
        self.directory = directory
        self.socket = directory / "posd.sock"
        self.journal = directory / "journal.db"
        self.command: Sequence[str] = (sys.executable, "-m", "posd")
        self.start_s = 0.0
        self._config = directory / "posd.toml"
        self._write_config(gateway, sections, payments)
        self._keys = 0

    def _write_config(self, gateway: RawGateway | None, sections: Sequence[tuple[str, Table]], payments: Table) -> None:
        found = {
            "[terminal]": {"id": "0101", "store_id": "md_001", "store_name": "示例超市人民路店"},
            "[journal]": {"path": str(self.journal)},
            "[api]": {"socket": str(self.socket)},
            "[payments]": {"gateway": "main", **payments},
            "[gateways.main]": self._gateway_table(gateway),
        }
        tables = [*found.items(), *sections]
        self._config.write_text("\n".join(_toml(head, table) for head, table in tables), "utf-8")

    def _gateway_table(self, gateway: RawGateway | None) -> Table:
        protocol, port, credentials = PROTOCOL, 9, _SOME_CREDENTIALS
        if gateway is not None:
            protocol, port = gateway.protocol, gateway.port
            credentials = gateway.sandbox.credentials(protocol)
        table: Table = {"protocol": protocol, "base_url": f"http://127.0.0.1:{port}"}
        for name, value in credentials.items():
            if isinstance(value, Secret):
                write_secret(self.directory / f"main.{name}", value.reveal())
                table[f"{name}_file"] = str(self.directory / f"main.{name}")
            else:
                table[name] = value
        return table

    async def __aenter__(self) -> Self:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(str(self.directory / "notify"))
            notified.setblocking(False)
            began_s = time.perf_counter()
            with (self.directory / "log").open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    *self.command,
                    "--config",
                    str(self._config),
                    "run",
                    stderr=log,
                    env={**os.environ, "NOTIFY_SOCKET": str(self.directory / "notify")},
                )
            async with asyncio.timeout(START_LIMIT_S):
                await self._until_ready(notified)
            self.start_s = time.perf_counter() - began_s
        (self.directory / "notify").unlink()
        self.http = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket), limit=CONNECTIONS))
        return self

    async def _until_ready(self, notified: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        said = loop.create_task(loop.sock_recv(notified, 4096))
        ended = loop.create_task(self.process.wait())
        await asyncio.wait({said, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not said.done():
            said.cancel()
            raise RuntimeError(f"posd did not start: {(self.directory / 'log').read_text('utf-8')[-2000:]}")

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            await self.process.wait()

    def kill(self) -> None:
        """Without a farewell: what is open would be waited for."""
        self.process.kill()

    # --- what the POS does

    async def pay(self, amount: int, *, wait_s: float = 0, **body: object) -> Table:
        """Start a payment. Raises RuntimeError when it is refused."""
        self._keys += 1
        headers = {"Idempotency-Key": f"bench-{self._keys}", "Content-Type": "application/json"}
        data = json.dumps({"amount": amount, **body})
        address = f"http://localhost/v1/payments?wait={wait_s:g}"
        async with self.http.post(address, data=data, headers=headers) as response:
            answer: Table = await response.json(content_type=None)
        if response.status not in {200, 201}:
            raise RuntimeError(str(answer))
        return answer

    async def ended(self, payment_id: str) -> Table:
        """Wait until a payment has its end."""
        while True:
            async with self.http.get(f"http://localhost/v1/payments/{payment_id}?wait=30") as response:
                answer: Table = await response.json()
            if answer["status"] in {"paid", "failed", "cancelled"}:
                return answer

    async def syncing_s(self) -> float:
        """Seconds that the journal has spent on commits so far, the waiting for the disk included."""
        async with self.http.get("http://localhost/metrics") as response:
            lines = (await response.text()).splitlines()
        return float(next(line for line in lines if line.startswith("posd_journal_sync_seconds_sum")).split()[1])

    # --- what the kernel says

    def cpu_s(self) -> float:
        """Seconds on a processor so far, all threads."""
        return cpu_s(self.process.pid)

    def memory_mib(self) -> float:
        """Resident, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def cpu_s(pid: int) -> float:
    """Seconds on a processor so far, all threads of a process."""
    return sum(cpu_of_threads(pid).values())


def cpu_of_threads(pid: int) -> dict[str, float]:
    """Seconds on a processor by thread, to the nanosecond: ``stat`` counts in hundredths, which is too coarse."""
    return {
        f"{task.name} {(task / 'comm').read_text('utf-8').strip()}": int((task / "schedstat").read_text().split()[0])
        / 1e9
        for task in Path(f"/proc/{pid}/task").iterdir()
    }


_SOME_CREDENTIALS: dict[str, str | Secret] = {"agent_id": "1", "mch_id": "2", "key": Secret("0" * 32)}


def _toml(head: str, table: Table) -> str:
    return "\n".join(
        [head, *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in table.items()), ""]
    )
