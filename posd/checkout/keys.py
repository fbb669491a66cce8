"""Idempotency keys: the same request twice makes one thing, also while the first is still running."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from posd.checkout.errors import KeyReused
from posd.journal import queries
from posd.journal.journal import Journal


class Keys:
    """One name space for payments and refunds; as durable as what they made."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of the keys in use: a lock is there for as long as a request holds it or waits for it."""

    @asynccontextmanager
    async def hold(self, key: str, fingerprint: bytes) -> AsyncIterator[str | None]:
        """Let one request at a time use a key. Gives what the key made earlier, None when it is new.

        Raises KeyReused when it was used with another request.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield await self._look_up(key, fingerprint)

    async def _look_up(self, key: str, fingerprint: bytes) -> str | None:
        found = await self._journal.read(lambda db: queries.find_key(db, key))
        if found is None:
            return None
        known, subject_id = found
        if not hmac.compare_digest(known, fingerprint):
            raise KeyReused("this Idempotency-Key was used for another request; use a new one each time")
        return subject_id
