"""What holds for every test.

Nothing of the surroundings gets in, property tests are not judged by the clock, and whoever starts a task ends it.
What long searches have reached is told at the end, also when all is well: a test records it with ``record_property``,
as ``numbers`` (a line) or as ``counts`` (a heading and numbers by name, added up over all tests of that heading).
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

# What systemd hands to a service: a test that wants it says so itself.
SERVICE_VARIABLES = ("CREDENTIALS_DIRECTORY", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC")

for name in SERVICE_VARIABLES:
    os.environ.pop(name, None)

# Else pytest-asyncio asks for the current loop when a plain test has run before the first one with a loop; Python then
# makes one, nobody closes it, and some later test is blamed for the warning.
asyncio.set_event_loop(None)

# A slow machine is no fault of the code: no deadline for an example, none for making one.
settings.register_profile(
    "posd", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("posd")

TURNS_TO_END = 10
"""Turns of the loop for what was cancelled or closed to end: a stream takes three or four, a task of ours one."""


@pytest.fixture
async def nothing_left_running() -> AsyncIterator[None]:
    """After the test and all its other fixtures, no task runs any more."""
    yield
    for _ in range(TURNS_TO_END):
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, f"started and never awaited; whoever starts a task ends it: {left}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test with a loop is asked whether it left something running; its fixtures are torn down before that."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "nothing_left_running")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Tell the numbers of all workers."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    told = [(name, value) for report in reports if report.when == "call" for name, value in report.user_properties]
    lines = [str(value) for name, value in told if name == "numbers"]
    sums: dict[str, Counter[str]] = {}
    for heading, counts in (value for name, value in told if name == "counts"):
        sums.setdefault(heading, Counter()).update(counts)
    lines += [
        f"{heading}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items())
        for heading, counts in sums.items()
    ]
    if lines:
        terminalreporter.section("numbers")
        terminalreporter.write_line("\n".join(sorted(lines)))
