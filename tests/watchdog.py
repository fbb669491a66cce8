"""A watch over the event loop: how long it was kept, and by which line."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

LONGEST_BLOCK_S = 0.020
"""The promise: no device keeps the event loop longer."""
ATTEMPTS = 5
"""A machine that is busy with something else stops the loop now and then; code that blocks does so every time."""
STACK_DEPTH = 12
"""Enough to see our own line below those of the library."""


async def assert_never_blocks(scenario: Callable[[], Awaitable[object]]) -> None:
    """The scenario, repeated if need be, runs once without keeping the loop; else the failure says where it was."""
    seen = ""
    for _ in range(ATTEMPTS):
        with LoopWatch() as watch:
            await scenario()
        if watch.longest_s <= LONGEST_BLOCK_S:
            return
        seen = f"the loop was kept for {watch.longest_s * 1000:.0f} ms, at:\n{watch.where}"
    raise AssertionError(seen)


class LoopWatch:
    """Ticks in the loop; a thread beside it looks at how old the last tick is, and at what the loop is doing then.

    Time in which the kernel let the loop's thread wait for a processor does not count: that is the machine's, not ours.
    """

    TICK_S = 0.002

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.where = ""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._ticked_at = self._waited_s = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._statistics = os.open(self._schedule, os.O_RDONLY) if self._schedule.exists() else None
        self._ticked_at, self._waited_s = self._now()
        self._handle = self._loop.call_later(self.TICK_S, self._tick)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.cancel()
        self._measure()
        self._is_over.set()
        self._thread.join()
        if self._statistics is not None:
            os.close(self._statistics)

    def _tick(self) -> None:
        self._measure()
        self._handle = self._loop.call_later(self.TICK_S, self._tick)

    def _measure(self) -> None:
        now, waited_s = self._now()
        kept_s = now - self._ticked_at - self.TICK_S - (waited_s - self._waited_s)
        self.longest_s = max(self.longest_s, kept_s)
        self._ticked_at, self._waited_s = now, waited_s

    def _now(self) -> tuple[float, float]:
        """The time, and for how much of it this thread had to wait; read anew if it has to just in between."""
        while True:
            before_s, now, after_s = self._waited(), time.perf_counter(), self._waited()
            if before_s == after_s:
                return now, after_s

    def _waited(self) -> float:
        """Seconds for which this thread could have run and had no processor; 0 on a kernel that does not count them."""
        if self._statistics is None:
            return 0.0
        return int(os.pread(self._statistics, 100, 0).split()[1]) / 1e9

    def _look(self) -> None:
        while not self._is_over.wait(self.TICK_S):
            if time.perf_counter() - self._ticked_at > LONGEST_BLOCK_S:
                frame = sys._current_frames().get(self._loop_thread)
                self.where = "".join(traceback.format_stack(frame, limit=STACK_DEPTH)) if frame else ""
