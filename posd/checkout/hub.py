"""Tells those who wait: held requests by subject, event streams by everything."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Self

from posd.journal.batch import Told

STREAM_BACKLOG = 1_000
"""Notices that may wait for one slow reader; then it is cut off, reconnects, and reads from the journal."""


class Stream:
    """One reader of everything that is told."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Told | None] = asyncio.Queue(STREAM_BACKLOG)
        self.cut_off = False

    def put(self, told: Told) -> None:
        """Hand over a notice; a reader that is too slow is cut off."""
        if self.cut_off:
            return
        if self._queue.full():
            self.close()
            return
        self._queue.put_nowait(told)

    def close(self) -> None:
        """End the stream: its reader gets None, and reads what was waiting from the journal when it comes back."""
        self.cut_off = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def get(self) -> Told | None:
        """The next notice; None when the stream has ended."""
        return await self._queue.get()


class Hub:
    """Belongs to the event loop; every call is immediate."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._changes: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.closed = False
        """posd is being stopped: nobody is kept waiting any more."""

    def publish(self, told: Iterable[Told]) -> None:
        """What has become durable, in order."""
        for notice in told:
            for stream in self._streams:
                stream.put(notice)
            for event in self._changes.get(notice.subject_id or "", ()):
                event.set()

    @staticmethod
    def time() -> float:
        """The clock of those who wait, in seconds."""
        return asyncio.get_running_loop().time()

    def open_stream(self) -> Stream:
        """A reader of everything from now on; give it back with ``close_stream``."""
        stream = Stream()
        self._streams.add(stream)
        if self.closed:
            stream.close()
        return stream

    def close_stream(self, stream: Stream) -> None:
        """The reader has gone."""
        self._streams.discard(stream)

    def watch(self, subject_id: str) -> Watch:
        """Wait for changes of one payment or refund: a context manager."""
        return Watch(self._changes, subject_id)

    def close(self) -> None:
        """End all streams and let all waiters look once more."""
        self.closed = True
        for stream in self._streams:
            stream.close()
        for events in self._changes.values():
            for event in events:
                event.set()


class Watch:
    """Sees every change of its subject from the moment it is entered, so that none falls between two looks."""

    def __init__(self, changes: defaultdict[str, set[asyncio.Event]], subject_id: str) -> None:
        self._changes = changes
        self._subject_id = subject_id
        self._event = asyncio.Event()

    def __enter__(self) -> Self:
        self._changes[self._subject_id].add(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        events = self._changes[self._subject_id]
        events.discard(self._event)
        if not events:
            del self._changes[self._subject_id]

    async def changed(self, timeout_s: float) -> bool:
        """Wait until the subject has changed since the last call; False when the time is over first."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
