"""A till on one machine: the daemon as a process of its own, everything it is wired to in this one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from devices.face.listener import UnixAddress
from devices.face.simulator import Behaviour, VirtualBridge
from devices.printer.simulator import PrintedReceipt, VirtualPrinter
from devices.scanner.simulator import VirtualScanner
from posd.gateways.simulator.server import Simulator
from posd.tasks import Tasks

START_S = 15.0
"""A daemon that does not serve by then will not."""
USUAL_PORT = 8765
FACE_S = 1.0
"""How long a customer looks into the camera."""


class Stage:
    """What the story plays on. ``start`` and ``kill`` the daemon; scan, look at the paper and at the money.

    ``bridge`` is a camera whose customers would rather scan, unless its script says otherwise.
    """

    def __init__(
        self,
        directory: Path,
        simulator: Simulator,
        printer: VirtualPrinter,
        scanner: VirtualScanner,
        bridge: VirtualBridge | None,
    ) -> None:
        self.directory = directory
        self.simulator = simulator
        self.printer = printer
        self.scanner = scanner
        self.bridge = bridge
        self.config = directory / "posd.toml"
        self.socket = directory / "posd.sock"
        self.receipts: asyncio.Queue[PrintedReceipt] = asyncio.Queue()
        self._process: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None

    def write_config(self, *, listen: str | None) -> None:
        """The configuration of this till, as a technician would write it."""
        table = self.simulator.settings("chaoying", self.directory)
        token = self.directory / "api-token"
        token.touch(mode=0o600)
        token.write_text("demo-token-for-the-loopback-only\n", "utf-8")
        api = {"socket": str(self.socket)}
        if listen is not None:
            api |= {"listen": listen, "token_file": str(token)}
        sections: list[tuple[str, dict[str, Any]]] = [
            ("[terminal]", {"id": "0101", "store_id": "md_001", "store_name": "示例超市人民路店"}),
            ("[journal]", {"path": str(self.directory / "journal.db")}),
            ("[api]", api),
            ("[payments]", {"gateway": "main"}),
            ("[gateways.main]", table),
            ("[[scanners]]", {"name": "front", "type": "serial", "port": str(self.scanner.link)}),
            ("[printer]", {"type": "tcp", "host": "127.0.0.1", "port": self.printer.port, "drawer": True}),
        ]
        if self.bridge is not None:
            sections.append(("[face]", {"listen": str(_face_socket(self.directory))}))
        self.config.write_text("\n".join(_section(head, values) for head, values in sections), "utf-8")

    async def start(self) -> None:
        """Start ``posd run`` and wait until it serves."""
        log = (self.directory / "posd.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "posd", "--config", str(self.config), "run", stdout=log, stderr=log
            )
        async with asyncio.timeout(START_S):
            while not await self._serves():
                if self._process.returncode is not None:
                    raise RuntimeError(f"posd did not start; see {self.directory / 'posd.log'}")
                await asyncio.sleep(0.02)

    async def _serves(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await self.get("/healthz")
            return True
        return False

    async def kill(self) -> None:
        """SIGKILL: what a power cut does to a process."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()
        if self._http is not None:
            await self._http.close()
            self._http = None

    # --- the POS

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """A call of the POS that reads."""
        async with self._client().get(f"http://localhost{path}") as response:
            return await response.json()

    async def post(self, path: str, key: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """A call of the POS that does something."""
        async with self._client().post(
            f"http://localhost{path}", data=json.dumps(body), headers=_headers(key)
        ) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket)))
        return self._http


def _headers(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key, "Content-Type": "application/json"}


def _section(head: str, values: dict[str, Any]) -> str:
    rows = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join([head, *rows, ""])


def _face_socket(directory: Path) -> Path:
    return directory / "face.sock"


def page_address() -> str:
    """Where the cashier page is served: the usual port, or any free one."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
    return f"{host}:{port}"


@asynccontextmanager
async def set_up(*, listen: str | None, camera: bool = False) -> AsyncIterator[Stage]:
    """Everything but the daemon, in a directory of its own that is removed at the end."""
    tasks = Tasks()
    with tempfile.TemporaryDirectory(prefix="posd-demo-") as name:
        directory = Path(name)
        printer = VirtualPrinter()
        async with Simulator() as simulator:
            await printer.start()
            with VirtualScanner(directory / "scanner") as scanner:
                bridge = _bridge(directory) if camera else None
                stage = Stage(directory, simulator, printer, scanner, bridge)
                stage.write_config(listen=listen)
                tasks.start(_collect(stage), "receipts")
                if bridge is not None:
                    tasks.start(bridge.run(), "face-bridge")
                try:
                    yield stage
                finally:
                    await stage.stop()
                    await tasks.close()
                    await printer.close()


def _bridge(directory: Path) -> VirtualBridge:
    bridge = VirtualBridge(UnixAddress(_face_socket(directory)), take_s=FACE_S)
    bridge.usual = Behaviour.SWITCHES_TO_SCAN
    return bridge


async def _collect(stage: Stage) -> None:
    """Hand on each receipt as it comes out."""
    seen = 0
    while True:
        for receipt in (await stage.printer.wait_receipts(seen + 1))[seen:]:
            seen += 1
            stage.receipts.put_nowait(receipt)
