"""The till the technician stands at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.till import Till, a_till
from tests.cli.console import Console


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """Everything but the daemon; its configuration is written."""
    async with a_till(tmp_path) as till:
        till.write_config()
        yield till


@pytest.fixture
def console(till: Till, capsys: pytest.CaptureFixture[str]) -> Console:
    """The command line."""
    return Console(till, capsys)
