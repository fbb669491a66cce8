"""What passes between posd and systemd: ready, alive, what it does, stopping.

"Alive" is said only when every part has answered: the loop turns, both threads of the journal have come back from the
disk, and no reader of a device, no payment and no printer has been dropped by a bug. Silence is an answer too: systemd
starts posd again, and it goes on from what is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

_log = logging.getLogger(__name__)

WATCHDOG_SHARE = 0.4
"""systemd is told "alive" this often within its limit: one answer may be late without harm."""

STATUS_EVERY_S = 10.0
"""The status is told this often where nobody watches."""

Answers = Callable[[], Awaitable[object]]


def notify(message: str, environment: Mapping[str, str] = os.environ) -> None:
    """``sd_notify``: a datagram to systemd, if it started us."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(message.encode())


async def report_alive(
    status: Callable[[], str], answers: Answers, crashed: Sequence[str], environment: Mapping[str, str] = os.environ
) -> None:
    """Tell systemd again and again what posd does and, while that is so, that all of it is alive. Ends when cancelled.

    ``answers`` returns once the parts have answered; ``crashed`` names those that a bug has ended.
    """
    limit_s = int(environment.get("WATCHDOG_USEC", "0")) / 1e6
    interval_s = limit_s * WATCHDOG_SHARE if limit_s else STATUS_EVERY_S
    while True:
        if crashed:
            notify(f"STATUS=a bug has ended {', '.join(crashed[:3])}; waiting to be started again", environment)
        elif await _in_time(answers, interval_s):
            notify(f"WATCHDOG=1\nSTATUS={status()}", environment)
        await asyncio.sleep(interval_s)


async def _in_time(answers: Answers, limit_s: float) -> bool:
    try:
        async with asyncio.timeout(limit_s):
            await answers()
    except TimeoutError:
        _log.error("the journal has not answered within %.0f s; is the disk failing?", limit_s)
        return False
    return True
