"""Idempotency keys: one request at a time, and what the first made is what the others get."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from posd.checkout.errors import KeyReused
from posd.checkout.keys import Keys
from tests.journal.support import new_payment, open_journal

SAME = b"f" * 32
"""The fingerprint under which ``new_payment`` writes."""


async def test_one_request_at_a_time(tmp_path: Path) -> None:
    """While the first is at it, the second waits, and then gets what was made; other keys do not wait."""
    async with open_journal(tmp_path / "journal.db") as journal:
        keys = Keys(journal)
        seen: list[str | None] = []

        async def use(first: asyncio.Event) -> None:
            async with keys.hold("key-1", SAME) as made:
                seen.append(made)
                if made is None:
                    await first.wait()
                    await journal.append(new_payment(1))

        go = asyncio.Event()
        tasks = [asyncio.create_task(use(go)) for _ in range(5)]
        async with keys.hold("another", SAME) as made:
            assert made is None
        go.set()
        await asyncio.gather(*tasks)
        assert [None, *["pay_1"] * 4] == seen
        assert {} == dict(keys._locks)


async def test_another_request_is_refused(tmp_path: Path) -> None:
    """The same key with another fingerprint; the key is let go all the same."""
    async with open_journal(tmp_path / "journal.db") as journal:
        keys = Keys(journal)
        await journal.append(new_payment(1))
        with pytest.raises(KeyReused):
            async with keys.hold("key-1", b"g" * 32):
                pytest.fail("the request must not run")
        async with keys.hold("key-1", SAME) as made:
            assert "pay_1" == made
        assert {} == dict(keys._locks)


async def test_a_request_that_fails_lets_go(tmp_path: Path) -> None:
    """The next one with the key is as the first."""
    async with open_journal(tmp_path / "journal.db") as journal:
        keys = Keys(journal)
        with pytest.raises(ZeroDivisionError):
            async with keys.hold("k", SAME):
                raise ZeroDivisionError
        async with keys.hold("k", SAME) as made:
            assert made is None
