"""What every scanner is to the rest of the program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

from devices.scanner.framing import Scan
from devices.state import DeviceState

ScanCallback = Callable[[Scan], None]
StateCallback = Callable[[DeviceState], None]

Grab = Literal["always", "armed"]
"""When a scanner that types is kept from typing elsewhere."""
DEFAULT_BAUDRATE = 9600
"""What scanners come with from the factory."""


class Scanner(Protocol):
    """A thing that reads codes.

    Made with an `on_scan` and an `on_state`, which are called from the loop and must neither block nor raise. A scan is
    handed on once; `on_state` is called once for each change of health. Arming matters only to scanners that are
    grabbed while a payment waits.
    """

    @property
    def name(self) -> str:
        """The name it has in the configuration."""

    @property
    def type(self) -> str:
        """`serial`, `hid` or `hidraw`."""

    @property
    def state(self) -> DeviceState:
        """How it is now. While it is `ready` the detail may tell of unreadable codes."""

    @property
    def tried(self) -> asyncio.Event:
        """Set once it was reached or found missing for the first time: a daemon waits for that before it says "up"."""

    async def run(self) -> None:
        """Read codes for ever; a lost device is opened again. Ends by cancellation only, with the device closed."""

    def arm(self) -> None:
        """A payment waits for a code.

        What was sent before is handed on first: a scan whose `began_at` is later than this call was made for it.
        """

    def disarm(self) -> None:
        """No payment waits for a code any more."""
