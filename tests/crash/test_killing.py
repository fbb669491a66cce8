"""The real daemon is killed at seeded moments, again and again, while it sells; then all accounts are compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.rig import kill_often

LIVES = 7
"""Of each till; with the last, orderly end of each there are 64 signals in all."""
TILLS = (
    ("chaoying", 1),
    ("chaoying", 2),
    ("umf-huishang", 3),
    ("umf-sp", 4),
    ("chinaums", 5),
    ("daxpay", 6),
    ("daxpay", 7),
    ("chaoying", 8),
)


@pytest.mark.parametrize(("protocol", "seed"), TILLS)
async def test_killed_while_it_sells(
    tmp_path: Path, protocol: str, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """SIGKILL and SIGTERM from before it serves to after the sale: gateway, journal, API and paper agree."""
    kills, payments, faults = await kill_often(tmp_path, protocol, seed, LIVES)
    record_property("counts", ("killed", {"kills": kills, "payments": payments}))
    assert [] == faults, (tmp_path / "log").read_text("utf-8")[-4_000:]
    assert LIVES == kills
    assert payments > 0, "it was killed while it sold, not while it slept"
