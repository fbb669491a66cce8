"""Runs a `Framer` on the event loop: minds its silences, drops repeats, hands scans on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.scanner.framing import Framer, Framing, RepeatFilter, Scan, read_code

# A timer that is later than this tells of a stall, not of a silence: what arrived meanwhile has not been read yet.
STALL_S = 0.02


class CodeReader:
    """From bytes to `on_scan`. One for each scanner, for its whole life; used from the loop only.

    `accepts` tells whether a scan is ours at all. Starts nothing but a timer, which `stop` ends.
    """

    def __init__(
        self,
        scanner: str,
        framing: Framing,
        on_scan: Callable[[Scan], None],
        accepts: Callable[[Scan], bool] = lambda _: True,
    ) -> None:
        self._scanner = scanner
        self._framing = framing
        self._framer = Framer(scanner, framing)
        self._accepts = accepts
        self._repeats = RepeatFilter()
        self._on_scan = on_scan
        self._timer: asyncio.TimerHandle | None = None
        self._stalled = False
        self._settled: asyncio.Future[None] | None = None
        self.unreadable_in_a_row = 0
        """Codes that were garbage since the last good one: a sign of a wrong baud rate."""

    @property
    def skipping(self) -> bool:
        """Whether everything is dropped until the next end or silence."""
        return self._framer.skipping

    @property
    def in_code(self) -> bool:
        """Whether a code has begun and not ended."""
        return self._framer.in_code

    def start(self) -> asyncio.Future[None]:
        """Begin with a device that was just opened: a code whose first part was sent before is not taken.

        Done when the line was silent or a code ended: from there on every code is taken whole.
        """
        self._settled = asyncio.get_running_loop().create_future()
        self.unreadable_in_a_row = 0
        self.skip()
        return self._settled

    def feed(self, data: bytes) -> None:
        """Take bytes that have just arrived; none at all says that the line is not silent."""
        self._stalled = False
        before = self._framer.garbage
        self._pass_on(self._framer.feed(data, self._now()), before)
        self._mind_silence()

    def skip(self) -> None:
        """Drop the code that has begun, with what is still to come of it."""
        self._framer.skip(self._now())
        self._mind_silence()

    def stop(self) -> None:
        """The device is gone: half a code is dropped."""
        self._framer.forget()
        self._mind_silence()

    def take(self, data: bytes, began_at: float, symbology: str = "") -> None:
        """Take one whole code that the device has framed itself."""
        code = read_code(data.rstrip(b"\r\n\t"), self._framing)
        if code is None:
            self.unreadable_in_a_row += 1
            return
        self.unreadable_in_a_row = 0
        found, text = code
        if text:
            self._hand_on(Scan(text, self._scanner, self._now(), began_at, symbology or found))

    def _hand_on(self, scan: Scan) -> None:
        if self._accepts(scan) and self._repeats.admits(scan):
            self._on_scan(scan)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _pass_on(self, scans: list[Scan], garbage_before: int) -> None:
        self.unreadable_in_a_row += self._framer.garbage - garbage_before
        for scan in scans:
            self.unreadable_in_a_row = 0
            self._hand_on(scan)
        if self._settled is not None and not self._settled.done() and not self._framer.skipping:
            self._settled.set_result(None)

    def _mind_silence(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._framer.silent_at
        self._timer = None if due is None else self._set_timer(due)

    def _set_timer(self, due: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(due, self._silence, due)

    def _silence(self, due: float) -> None:
        now = self._now()
        if now - due > STALL_S and not self._stalled:
            # The loop asks the device before it runs a timer, unless the process was stopped in between: look again.
            self._stalled = True
            self._timer = self._set_timer(now + self._framing.silence_s)
            return
        self._stalled = False
        before = self._framer.garbage
        # The loop may run a timer a clock tick early.
        self._pass_on(self._framer.tick(max(now, due)), before)
        self._mind_silence()
