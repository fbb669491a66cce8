"""Time as an object: one line of milliseconds on which every event stands.

While a payment is open the line runs at the pace of the machine's steady clock, whatever happens to the wall clock: a
wall clock that is set back or forth makes nothing happen earlier. When nothing is open the line is laid on the wall
clock again, so that the times people read are right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec


class Mark(msgspec.Struct, frozen=True):
    """How a time line lies on the steady clock of one boot of the machine; kept in the journal."""

    boot_id: str
    offset_ms: int


class TimeLine:
    """The time of all events, in UTC milliseconds. Not for several threads."""

    def __init__(
        self,
        wall_ms: Callable[[], int] | None = None,
        steady_ms: Callable[[], int] | None = None,
        boot_id: str | None = None,
    ) -> None:
        self._wall_ms = wall_ms or _wall_ms
        self._steady_ms = steady_ms or _steady_ms
        self._boot_id = boot_id if boot_id is not None else _boot_id()
        self._offset_ms = self._wall_ms() - self._steady_ms()

    def now_ms(self) -> int:
        """Now; never earlier than what it said before, but for an ``align``."""
        return self._steady_ms() + self._offset_ms

    def wall_ms(self) -> int:
        """What the wall clock says, right or wrong: for others who compare it with their own, never for a duration."""
        return self._wall_ms()

    def align(self) -> None:
        """Lay the line on the wall clock. Only while nothing is open whose durations count."""
        self._offset_ms = self._wall_ms() - self._steady_ms()

    @property
    def mark(self) -> Mark:
        """Where the line lies now."""
        return Mark(self._boot_id, self._offset_ms)

    def resume(self, mark: Mark | None, last_event_ms: int) -> bool:
        """Go on with the line of an earlier process whose last event was at ``last_event_ms``.

        Returns whether the time in between is known for sure. After a reboot it is not, nor where the machine does not
        tell its boots apart: the line then goes on from the wall clock, or from the last event if that is later.
        """
        same_boot = mark is not None and mark.boot_id == self._boot_id != ""
        if mark is not None and same_boot and self._steady_ms() + mark.offset_ms >= last_event_ms:
            self._offset_ms = mark.offset_ms
            return True
        self._offset_ms = max(self._wall_ms(), last_event_ms) - self._steady_ms()
        return False


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _steady_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
