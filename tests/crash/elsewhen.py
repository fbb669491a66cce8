"""``python -m tests.crash.elsewhen WALL_MS STEADY_MS BOOT …``: posd on a machine whose clocks show something else.

The wall clock is set forth by WALL_MS (back, if negative). With a BOOT the machine was rebooted as well: it has another
boot id, and its steady clock another beginning. What follows are the arguments of posd. Only what Python is told is
changed, before posd is imported; the kernel, SQLite and the event loop go on as they were.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def set_clocks(wall_ms: int, steady_ms: int) -> None:
    """Set the clocks of this process forth, or back."""
    wall_ns = wall_ms * 1_000_000
    shifts = {time.CLOCK_REALTIME: wall_ns, time.CLOCK_BOOTTIME: steady_ms * 1_000_000}
    time_ns, gettime_ns = time.time_ns, time.clock_gettime_ns
    time.time_ns = lambda: time_ns() + wall_ns
    time.time = lambda: time.time_ns() / 1e9
    time.clock_gettime_ns = lambda clock: gettime_ns(clock) + shifts.get(clock, 0)
    time.clock_gettime = lambda clock: time.clock_gettime_ns(clock) / 1e9


def reboot(boot_id: str) -> None:
    """Let this process see another boot of the machine."""
    read_text: Callable[..., str] = Path.read_text

    def told(self: Path, *args: str, **kwargs: str) -> str:
        return f"{boot_id}\n" if str(self) == BOOT_ID else read_text(self, *args, **kwargs)

    Path.read_text = told  # type: ignore[assignment]  # one file says something else


def main() -> int:
    """Start posd on that machine."""
    wall_ms, steady_ms, boot_id = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    del sys.argv[1:4]
    set_clocks(wall_ms, steady_ms)
    if boot_id:
        reboot(boot_id)
    from posd.cli.main import main as posd

    return posd()


if __name__ == "__main__":
    sys.exit(main())
