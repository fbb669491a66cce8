"""The hub: who waits is told, who is too slow is cut off, and nobody misses anything for it."""

from __future__ import annotations

import asyncio

from posd.checkout.hub import STREAM_BACKLOG, Hub, Stream
from posd.journal.batch import Told


def notice(number: int, subject: str | None = None) -> Told:
    """A notice of this id."""
    return Told(number, "payment", subject, b"{}")


async def read_all(stream: Stream) -> list[int]:
    """The ids a reader gets until its stream ends."""
    ids = []
    while (told := await stream.get()) is not None:
        ids.append(told.id)
    return ids


async def test_a_reader_that_keeps_up_gets_everything() -> None:
    """In order, up to the backlog at once."""
    hub = Hub()
    stream = hub.open_stream()
    hub.publish(notice(number) for number in range(STREAM_BACKLOG))
    hub.publish([])
    assert list(range(STREAM_BACKLOG)) == [(await stream.get()).id for _ in range(STREAM_BACKLOG)]  # type: ignore[union-attr]  # not ended


async def test_a_slow_reader_is_cut_off_without_a_gap() -> None:
    """What he got before is without a gap: his last id leads to all the rest in the journal."""
    hub = Hub()
    slow = hub.open_stream()
    hub.publish([notice(0)])
    first = await slow.get()
    assert first is not None
    hub.publish(notice(number) for number in range(1, STREAM_BACKLOG + 10))
    assert [] == await read_all(slow), "whatever came after a lost one would hide the loss"


async def test_one_slow_reader_is_no_others_trouble() -> None:
    """Only his stream ends."""
    hub = Hub()
    slow, quick = hub.open_stream(), hub.open_stream()
    got = []
    for number in range(STREAM_BACKLOG + 2):
        hub.publish([notice(number)])
        told = await quick.get()
        assert told is not None
        got.append(told.id)
    assert list(range(STREAM_BACKLOG + 2)) == got
    assert slow.cut_off
    assert not quick.cut_off


async def test_a_full_stream_ends_at_the_stop() -> None:
    """Its reader is not left waiting for ever; a stream opened afterwards ends at once."""
    hub = Hub()
    stream = hub.open_stream()
    hub.publish(notice(number) for number in range(STREAM_BACKLOG))
    hub.close()
    assert [] == await read_all(stream)
    assert [] == await read_all(hub.open_stream())


async def test_no_change_falls_between_two_looks() -> None:
    """A change while nobody waited is seen by the next wait; another subject's is not."""
    hub = Hub()
    with hub.watch("a") as watch:
        hub.publish([notice(1, "b")])
        assert not await watch.changed(0)
        hub.publish([notice(2, "a")])
        assert await watch.changed(0)
        assert not await watch.changed(0)
        waiting = asyncio.create_task(watch.changed(60))
        await asyncio.sleep(0)
        hub.publish([notice(3, "a")])
        assert await waiting
