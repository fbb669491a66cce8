"""An event loop that never waits: when nothing is ready, its clock moves to the next timer.

Work for an executor is done by the loop itself, at a moment of virtual time that somebody draws, and its result is told
at a later one: so a disk is slow without a thread, and the same seed gives the same order of everything.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from typing import Any


class Deadlock(Exception):
    """Nothing is ready and no timer is set: whoever still waits would wait for ever."""


class _NoSelector(selectors.BaseSelector):
    """Watches nothing; a wait moves the clock."""

    def __init__(self) -> None:
        self.now_s = 0.0
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
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop of one process. ``delay_s`` draws how long the work of an executor waits, before and after it is done.

    ``admit`` says whether the process still lives: the work of a dead one is never done.
    """

    def __init__(self, start_s: float, delay_s: Callable[[], float], admit: Callable[[], bool]) -> None:
        self._clock = _NoSelector()
        self._clock.now_s = start_s
        self._delay_s = delay_s
        self._admit = admit
        super().__init__(self._clock)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds since the simulation began."""
        return self._clock.now_s

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
