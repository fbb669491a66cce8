"""Keep a connection to something with a cable, for ever.

A session opens the device, says when it is up, and lasts until the device is lost. This module starts the next one:
after a back-off, or at once when the device file that was missing is there again. "Lost" is reported once, however
many attempts fail for the same reason, and "back" once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Never

from devices.errors import DeviceError, DeviceFault
from devices.state import Health

# A session opens the device, calls its argument once the device works, and returns or raises `DeviceError` at the end.
Session = Callable[[Callable[[], None]], Awaitable[None]]
Report = Callable[[Health, str], None]

# How often a missing device file is looked for: soon enough for a hand that plugs a cable in, cheap enough for ever.
PRESENCE_INTERVAL_S = 0.25


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between attempts: `first_s`, doubled each time up to `most_s`.

    A session that was up for `stable_s` begins anew; one that breaks sooner has a loose contact and is not hurried.
    """

    first_s: float = 0.25
    most_s: float = 5.0
    stable_s: float = 1.0


async def keep_connected(
    session: Session, report: Report, *, is_there: Callable[[], bool] | None = None, backoff: Backoff | None = None
) -> Never:
    """Run `session` again and again; ends only by cancellation, which is passed into the session.

    `report` gets each change once: ready, lost with the reason, or fault; another reason is a change. `is_there` tells
    whether the device file exists, quickly. Any other exception than `DeviceError` is a bug and ends it.
    """
    connection = _Connection(report)
    limits = backoff or Backoff()
    wait_s = limits.first_s
    while True:
        await connection.run(session)
        if connection.up_s() >= limits.stable_s:
            wait_s = limits.first_s
        appeared = await _pause(wait_s, is_there)
        wait_s = limits.first_s if appeared else min(wait_s * 2, limits.most_s)


class _Connection:
    """What was reported last, and how long the last session was up."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._reported: tuple[Health, str] | None = None
        self._up_at: float | None = None
        self._ended_at = 0.0

    async def run(self, session: Session) -> None:
        self._up_at = None
        try:
            await session(self._is_up)
        except DeviceFault as error:
            self._tell(Health.FAULT, error.detail)
        except DeviceError as error:
            self._tell(Health.LOST, error.detail)
        else:
            self._tell(Health.LOST, "the device closed the connection")
        self._ended_at = asyncio.get_running_loop().time()

    def up_s(self) -> float:
        return 0.0 if self._up_at is None else self._ended_at - self._up_at

    def _is_up(self) -> None:
        self._up_at = asyncio.get_running_loop().time()
        self._tell(Health.READY, "")

    def _tell(self, health: Health, detail: str) -> None:
        if (health, detail) != self._reported:
            self._reported = health, detail
            self._report(health, detail)


async def _pause(wait_s: float, is_there: Callable[[], bool] | None) -> bool:
    """Wait; ends early, with `True`, when a device file that was missing appears."""
    if is_there is None:
        await asyncio.sleep(wait_s)
        return False
    was_there = is_there()
    ends_at = asyncio.get_running_loop().time() + wait_s
    while (left_s := ends_at - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(left_s, PRESENCE_INTERVAL_S))
        if (there := is_there()) and not was_there:
            return True
        was_there = there
    return False
