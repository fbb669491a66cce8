"""Which codes were used lately: in memory only, and not as text."""

from __future__ import annotations

import hashlib
import secrets

USED_FOR_MS = 10 * 60_000
"""A wallet's code lives about a minute; ten are on the safe side."""


class UsedCodes:
    """Remembers codes for ten minutes. Keeps keyed hashes: a memory dump gives no codes away."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._used_until_ms: dict[bytes, int] = {}

    def use(self, code: str, now_ms: int) -> bool:
        """Take a code; False when it was used within ten minutes."""
        self._used_until_ms = {digest: until for digest, until in self._used_until_ms.items() if until > now_ms}
        digest = self._digest(code)
        if digest in self._used_until_ms:
            return False
        self._used_until_ms[digest] = now_ms + USED_FOR_MS
        return True

    def give_back(self, code: str) -> None:
        """The code was not used after all."""
        self._used_until_ms.pop(self._digest(code), None)

    def _digest(self, code: str) -> bytes:
        return hashlib.blake2b(code.encode(), key=self._salt, digest_size=16).digest()
