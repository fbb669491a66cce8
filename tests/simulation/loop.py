"""An event loop that never waits: when nothing is ready, its clock moves to the next timer.

Work for an executor is done by the loop itself, at a moment of virtual time that somebody draws, and its result is told
at a later one: so a disk is slow without a thread, and the same seed gives the same order of everything.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any, TypeVarTuple

_Ts = TypeVarTuple("_Ts")


class Deadlock(Exception):
    """Nothing is ready and no timer is set: whoever still waits would wait for ever."""


class _NoSelector(selectors.BaseSelector):
    """Watches nothing, and is never asked: the loop below makes its own turns."""

    def __init__(self) -> None:
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._keys[fileobj] = selectors.SelectorKey(fileobj, 0, events, data)
        return self._keys[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys[fileobj]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return []


RESOLUTION_S = 1e-6
"""Timers that are closer together than this fire in one turn."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop of one process. ``delay_s`` draws how long the work of an executor waits, before and after it is done.

    ``admit`` says whether the process still lives: the work of a dead one is never done. ``on_last`` is called when
    ``callbacks_left`` were run; the turn ends there, whatever else was ready in it.
    """

    # What asyncio's own loop keeps, and does not declare.
    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(
        self, start_s: float, delay_s: Callable[[], float], admit: Callable[[], bool], on_last: Callable[[], None]
    ) -> None:
        self._now_s = start_s
        self._delay_s = delay_s
        self._admit = admit
        self._on_last = on_last
        self.callbacks_left: int | None = None
        # Of tuples, not of handles: these compare in Python, and a timer that is cancelled stays until its moment.
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
        self._tasks: list[asyncio.Task[Any]] = []
        super().__init__(_NoSelector())

    def time(self) -> float:
        """Seconds since the simulation began."""
        return self._now_s

    # The three as asyncio's own, without what they check where somebody debugs a loop.

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """In the next turn."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """At a moment of virtual time; those of one moment in the order in which they were asked for."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """So many seconds from now."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def create_task(self, coro: Any, *, name: Any = None, context: Context | None = None) -> asyncio.Task[Any]:
        """As asyncio's own; remembers their order."""
        task = super().create_task(coro, name=name, context=context)
        self._tasks.append(task)
        return task

    def running(self) -> list[asyncio.Task[Any]]:
        """The tasks that have not ended, in the order in which they were started."""
        return [task for task in self._tasks if not task.done()]

    def close(self) -> None:
        """As asyncio's own; lets go of the tasks."""
        self._tasks.clear()
        super().close()

    def get_debug(self) -> bool:
        """Never: every handle asks."""
        return False

    def _run_once(self) -> None:
        """One turn, as ``asyncio.BaseEventLoop._run_once`` without sockets: half of all time would go there."""
        timers, ready = self._timers, self._ready
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not ready and not self._stopping:
            if not timers:
                raise Deadlock
            self._now_s = max(self._now_s, timers[0][0])
        due_s = self._now_s + RESOLUTION_S
        while timers and timers[0][0] < due_s:
            ready.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
            if self.callbacks_left is not None and self._was_last():
                return

    def _was_last(self) -> bool:
        assert self.callbacks_left is not None
        self.callbacks_left -= 1
        if self.callbacks_left > 0:
            return False
        self.callbacks_left = None
        self._on_last()
        return True

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Do it later, in virtual time; a process that dies meanwhile does not do it, or does not learn of it."""
        future: asyncio.Future[Any] = self.create_future()
        self.call_later(self._delay_s(), self._work, future, func, args)
        return future

    def _work(self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if not self._admit():
            return
        error, result = None, None
        try:
            result = func(*args)
        except BaseException as raised:  # noqa: BLE001 - handed on, as an executor does
            error = raised
        if self._admit():
            self.call_later(self._delay_s(), _tell, future, result, error)


def _tell(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
