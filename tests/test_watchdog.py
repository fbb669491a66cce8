"""The watch over the event loop itself: what it sees, where it points, and what it forgives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.watchdog import LONGEST_BLOCK_S, LoopWatch, assert_never_blocks

LONG_S = 5 * LONGEST_BLOCK_S
HANG_S = 30.0
"""Ends a test that would hang; nothing is measured with it."""


def keep_the_loop() -> None:
    """What no device may do."""
    time.sleep(LONG_S)


def compute() -> None:
    """The same without a call that waits."""
    until = time.thread_time() + LONG_S
    while time.thread_time() < until:
        pass


@pytest.mark.parametrize("block", [keep_the_loop, compute])
async def test_what_keeps_the_loop_is_seen(block: Callable[[], None]) -> None:
    """A wait and a computation fail every attempt, and so the test."""

    async def scenario() -> None:
        await asyncio.sleep(0)
        block()

    with pytest.raises(AssertionError, match=r"the loop was kept for \d{2,} ms"):
        await assert_never_blocks(scenario)


async def test_who_keeps_the_loop_is_named() -> None:
    """The lines that were running meanwhile, down to the one that waits."""

    def wait_until_seen() -> None:
        gives_up_at = time.monotonic() + HANG_S
        time.sleep(LONG_S)
        while "in wait_until_seen" not in watch.where and time.monotonic() < gives_up_at:
            time.sleep(LONG_S)

    with LoopWatch() as watch:
        wait_until_seen()
    assert "in wait_until_seen" in watch.where
    assert watch.longest_s > LONGEST_BLOCK_S


async def test_waiting_is_not_blocking() -> None:
    """In a thread or by the loop's own clock, the same time passes unnoticed."""

    async def scenario() -> None:
        await asyncio.sleep(LONG_S)
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, LONG_S)

    await assert_never_blocks(scenario)


async def test_one_stall_of_the_machine_is_forgiven() -> None:
    """What happens once and not again is no property of the code; the watch has seen it all the same."""
    stalls = iter([True])

    async def scenario() -> None:
        await asyncio.sleep(0)
        if next(stalls, False):
            keep_the_loop()

    with LoopWatch() as watch:
        await scenario()
        await asyncio.sleep(0.01)
    assert watch.longest_s > LONGEST_BLOCK_S
    stalls = iter([True])
    await assert_never_blocks(scenario)
