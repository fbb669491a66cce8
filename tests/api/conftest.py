"""The till every test of the API stands at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.till import Desk, Till, a_till


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """Everything but the daemon; change ``sections`` and then start it with ``serving``."""
    async with a_till(tmp_path) as till:
        yield till


@pytest.fixture
async def desk(till: Till) -> AsyncIterator[Desk]:
    """A POS in front of a running daemon."""
    async with till.serving() as desk:
        yield desk
