"""Idempotency keys: the same request twice makes one thing, also while the first is still running."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from posd.checkout.errors import KeyReused
from posd.journal import queries
from posd.journal.journal import Journal


class Keys:
    """One name space for payments and refunds; as durable as what they made."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._held: dict[str, asyncio.Lock] = {}
        self._holders: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, key: str, fingerprint: bytes) -> AsyncIterator[str | None]:
        """Let one request at a time use a key. Gives what the key made earlier, None when it is new.

        Raises KeyReused when it was used with another request.
        """
        lock = self._held.setdefault(key, asyncio.Lock())
        self._holders[key] = self._holders.get(key, 0) + 1
        try:
            async with lock:
                yield await self._look_up(key, fingerprint)
        finally:
            self._holders[key] -= 1
            if self._holders[key] == 0:
                del self._holders[key], self._held[key]

    async def _look_up(self, key: str, fingerprint: bytes) -> str | None:
        found = await self._journal.read(lambda db: queries.find_key(db, key))
        if found is None:
            return None
        known, subject_id = found
        if not hmac.compare_digest(known, fingerprint):
            raise KeyReused("this Idempotency-Key was used for another request; use a new one each time")
        return subject_id
