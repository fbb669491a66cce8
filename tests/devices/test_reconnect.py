"""Reconnecting, with a virtual clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from devices.errors import DeviceFault, DeviceLost, DeviceUnavailable
from devices.reconnect import PRESENCE_INTERVAL_S, Session, keep_connected
from devices.state import Health

pytestmark = pytest.mark.looptime


class Watch:
    """When each session began and what was reported."""

    def __init__(self) -> None:
        self.began_s: list[float] = []
        self.reports: list[tuple[Health, str]] = []
        self._loop = asyncio.get_running_loop()
        self._start_s = self._loop.time()

    def report(self, health: Health, detail: str) -> None:
        """Take a report."""
        self.reports.append((health, detail))

    def begin(self) -> None:
        """Note that a session began."""
        self.began_s.append(round(self._loop.time() - self._start_s, 3))

    async def run(self, session: Session, for_s: float, is_there: Callable[[], bool] | None = None) -> None:
        """Keep connected for a time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await keep_connected(session, self.report, is_there=is_there)


async def test_it_backs_off_up_to_a_limit_and_tells_once() -> None:
    """0.25 s, doubled up to 5 s, for ever; "lost" is told once for each reason."""
    watch = Watch()

    async def session(up: Callable[[], None]) -> None:
        watch.begin()
        raise DeviceUnavailable("not there" if len(watch.began_s) < 5 else "not allowed")

    await watch.run(session, 25)
    assert [0, 0.25, 0.75, 1.75, 3.75, 7.75, 12.75, 17.75, 22.75] == watch.began_s
    assert [(Health.LOST, "not there"), (Health.LOST, "not allowed")] == watch.reports


async def test_lost_and_back_are_told_once_each() -> None:
    """Up, lost, some attempts, up: a report each; after a while that was good the back-off begins anew."""
    watch = Watch()

    async def session(up: Callable[[], None]) -> None:
        watch.begin()
        if len(watch.began_s) in (2, 3):
            raise DeviceUnavailable("not there")
        up()
        await asyncio.sleep(10)
        raise DeviceLost("unplugged")

    await watch.run(session, 21)
    assert [0, 10.25, 10.75, 11.75] == watch.began_s
    lost = [(Health.LOST, "unplugged"), (Health.LOST, "not there")]
    assert [(Health.READY, ""), *lost, (Health.READY, "")] == watch.reports


async def test_a_loose_contact_is_not_hurried() -> None:
    """A session that breaks at once does not begin the back-off anew; every change is told."""
    watch = Watch()

    async def session(up: Callable[[], None]) -> None:
        watch.begin()
        up()

    await watch.run(session, 4)
    assert [0, 0.25, 0.75, 1.75, 3.75] == watch.began_s
    assert 5 * [Health.READY, Health.LOST] == [health for health, _ in watch.reports]


async def test_a_device_that_appears_is_opened_at_once() -> None:
    """However long the back-off has become."""
    watch = Watch()
    loop = asyncio.get_running_loop()
    plugged_at = loop.time() + 9.1

    async def session(up: Callable[[], None]) -> None:
        watch.begin()
        if loop.time() < plugged_at:
            raise DeviceUnavailable("not there")
        up()
        await asyncio.sleep(100)

    await watch.run(session, 20, is_there=lambda: loop.time() >= plugged_at)
    assert 7.75 == watch.began_s[-2]
    assert 9.1 <= watch.began_s[-1] <= 9.1 + PRESENCE_INTERVAL_S
    assert [Health.LOST, Health.READY] == [health for health, _ in watch.reports]


async def test_a_fault_is_told_as_one() -> None:
    """What a person has to correct is `fault`; it is tried again all the same."""
    watch = Watch()

    async def session(up: Callable[[], None]) -> None:
        watch.begin()
        raise DeviceFault("wrong baud rate")

    await watch.run(session, 1)
    assert [(Health.FAULT, "wrong baud rate")] == watch.reports
    assert 3 == len(watch.began_s)


async def test_a_bug_is_not_hidden() -> None:
    """Another exception than a `DeviceError` ends it."""
    watch = Watch()

    async def session(up: Callable[[], None]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await watch.run(session, 1)
    assert [] == watch.reports


async def test_cancelling_reaches_the_session() -> None:
    """The session may close its device; nothing is reported and no other session begins."""
    watch = Watch()
    closed: list[bool] = []

    async def session(up: Callable[[], None]) -> None:
        watch.begin()
        up()
        try:
            await asyncio.sleep(100)
        finally:
            closed.append(True)

    await watch.run(session, 2)
    assert [True] == closed
    assert [0] == watch.began_s
    assert [(Health.READY, "")] == watch.reports
