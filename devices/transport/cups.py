"""Printers that CUPS has: raw jobs through the `lp` command, which every CUPS has and no library is needed for."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE

from devices.errors import DeviceError, DeviceLost, DeviceUnavailable
from devices.transport.base import LineStatus, reason

COMMAND_TIMEOUT_S = 30.0
"""CUPS takes a job in milliseconds; on a till that is just starting it may have to be woken first."""


class CupsTransport:
    """A queue of CUPS. One connection is one job: `write` collects, `drain` hands over. "Taken" means: by CUPS."""

    answers = False

    def __init__(self, queue: str, *, command_timeout_s: float = COMMAND_TIMEOUT_S) -> None:
        self.where = f"CUPS queue {queue}"
        self._queue = queue
        self._command_timeout_s = command_timeout_s
        self._job = bytearray()

    async def connect(self) -> None:
        """Raises DeviceUnavailable: no CUPS, no such queue. A queue that is paused takes jobs all the same."""
        self.abort()
        await self._command(DeviceUnavailable, b"", "lpstat", "-p", self._queue)

    async def write(self, data: bytes) -> None:
        """Adds to the job."""
        self._job += data

    async def drain(self) -> None:
        """Hands the job over, once."""
        job = bytes(self._job)
        self._job.clear()
        if job:
            await self._command(DeviceLost, job, "lp", "-s", "-d", self._queue, "-o", "raw", "-t", "receipt", "--", "-")

    async def _command(self, failure: type[DeviceError], data: bytes, *command: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env={**os.environ, "LC_ALL": "C"}
            )
        except OSError as error:
            advice = "is CUPS installed (apt install cups-client)?"
            raise failure(f"{self.where}: {command[0]}: {reason(error)}: {advice}") from error
        try:
            async with asyncio.timeout(self._command_timeout_s):
                _, complaint = await process.communicate(data)
        except TimeoutError as error:
            raise failure(f"{self.where}: {command[0]} does not come back") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            words = complaint.decode("utf-8", "replace").strip().splitlines() or [f"exit code {process.returncode}"]
            raise failure(f"{self.where}: {words[-1]}")

    async def read(self, timeout_s: float) -> bytes:
        """CUPS says nothing of the printer."""
        await asyncio.sleep(timeout_s)
        return b""

    async def line_status(self) -> LineStatus | None:
        """There is none."""
        return None

    async def close(self) -> None:
        """Forgets what was not handed over."""
        self.abort()

    def abort(self) -> None:
        """Forgets what was not handed over."""
        self._job.clear()
