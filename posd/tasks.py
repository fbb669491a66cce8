"""Background work that is named, owned and awaited: nothing runs that nobody answers for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, ClassVar

_log = logging.getLogger(__name__)


class Tasks:
    """A set of running tasks with one owner.

    A task that ends with an exception is logged and remembered in ``crashed``; it does not pull the others down.
    ``close`` cancels what still runs and waits for it.
    """

    crashed: ClassVar[list[str]] = []
    """The names of all tasks of this process that an exception has ended. Each is a bug, and somebody's work is not
    being done any more: the watchdog sees to it that posd starts again from what is on disk."""

    def __init__(self) -> None:
        # In the order in which they were started, and so they are cancelled: what happens then is the same each time.
        self._running: dict[asyncio.Task[None], None] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run ``work`` beside everything else."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running[task] = None
        task.add_done_callback(self._done)
        return task

    async def close(self) -> None:
        """Cancel what still runs, and wait until it has ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def finished(self) -> None:
        """Wait until nothing runs any more, without cancelling it."""
        while self._running:
            await asyncio.wait(self._running)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crashed.append(task.get_name())
            _log.error("%s crashed", task.get_name(), exc_info=error)
