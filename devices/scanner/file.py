"""Scanners that are a device file which is only read: keyboards and HID-POS."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from abc import abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from devices.scanner.driver import UNPLUGGED, ScannerDriver, cannot_open, open_in_executor

# Some hundred key strokes or a few reports: what a scanner sends while the loop is busy with something else.
READ_BYTES = 4096

# The kernel keeps 64 reports for a reader; a device that sends without end must not hold us here.
MAX_DRAIN_READS = 64


class FileScanner(ScannerDriver):
    """A device file, opened, prepared and closed by a thread of its own: the kernel may wait for the bus in each.

    A driver says how to prepare the file and what to do with the bytes of one read.
    """

    forbidden_remedy: ClassVar[str] = "add the user of this program to the group input"

    _read_now: Callable[[], bool] | None = None

    async def _session(self, up: Callable[[], None]) -> None:
        executor = ThreadPoolExecutor(1, f"scanner-{self.name}")
        try:
            with self._errors():
                fd = await open_in_executor(self._open, os.close, executor)
            try:
                await self._read(fd, executor, up)
            finally:
                # After everything that was asked of the thread before: it has one place for jobs, in their order.
                await asyncio.shield(asyncio.get_running_loop().run_in_executor(executor, _close, fd))
        finally:
            executor.shutdown(wait=False)

    async def _read(self, fd: int, executor: ThreadPoolExecutor, up: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[str] = loop.create_future()
        with self._errors():
            loop.add_reader(fd, self._readable, fd, lost)
        self._read_now = functools.partial(self._readable, fd, lost)
        self._opened(fd, executor, lost)
        try:
            await self._read_until(lost, up)
        finally:
            loop.remove_reader(fd)
            self._read_now = None
            self._closed()

    def _drain(self) -> None:
        for _ in range(MAX_DRAIN_READS):
            if self._read_now is None or not self._read_now():
                return

    def _open(self) -> int:
        fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            self._prepare(fd)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _readable(self, fd: int, lost: asyncio.Future[str]) -> bool:
        """Read once; returns whether there may be more."""
        try:
            data = os.read(fd, READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if data:
            self._received(data)
            return True
        asyncio.get_running_loop().remove_reader(fd)
        if not lost.done():
            lost.set_result(UNPLUGGED)
        return False

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_open(self.path, error.errno, self.forbidden_remedy) from error

    @abstractmethod
    def _prepare(self, fd: int) -> None:
        """Make the file just opened ready; runs in the thread, raises `OSError` or `DeviceError`."""

    @abstractmethod
    def _received(self, data: bytes) -> None:
        """Take the bytes of one read."""

    @abstractmethod
    def _opened(self, fd: int, executor: ThreadPoolExecutor, lost: asyncio.Future[str]) -> None:
        """The file is read from now on; `lost` ends that."""

    @abstractmethod
    def _closed(self) -> None:
        """The file is not read any more, and closed next."""


def _close(fd: int) -> None:
    with contextlib.suppress(OSError):
        os.close(fd)
