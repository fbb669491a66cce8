"""The simulator's logic can run under any clock, because it knows none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import posd.gateways.simulator.bank as anchor

PACKAGE = Path(anchor.__file__).parent
SHELL = {"server.py", "command.py", "keys.py"}
FORBIDDEN = {
    "aiohttp",
    "asyncio",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "threading",
    "time",
}


def imported(path: Path) -> set[str]:
    """The outermost packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize(
    "path", sorted(set(PACKAGE.glob("*.py")) - {PACKAGE / name for name in SHELL}), ids=lambda p: p.name
)
def test_no_input_no_output_no_clock_no_chance(path: Path) -> None:
    """Every module but the shell."""
    assert imported(path) & FORBIDDEN == set()


def test_the_shell_is_where_it_is_said_to_be() -> None:
    """The exceptions above are real, so that none is left behind."""
    assert all(imported(PACKAGE / name) & FORBIDDEN for name in SHELL)
