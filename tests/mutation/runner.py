"""Runs the guards of each mutation on a copy of the sources, a few copies at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from tests.mutation.mutation import Mutation

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("posd", "devices", "tests", "pyproject.toml")
GUARD_TIMEOUT_S = 900
"""A break that makes a guard run for ever is noticed too, but a busy machine must not be taken for one."""

_PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
_SIMULATION = "tests/simulation/test_simulation.py"
GUARDS: dict[str, tuple[str, ...]] = {
    "payment": (*_PYTEST, "tests/payment", "tests/test_clock.py"),
    "exploration": ("-m", "tests.exploration", "--first"),
    "chaoying": (*_PYTEST, "tests/gateways/chaoying"),
    "umf_huishang": (*_PYTEST, "tests/gateways/umf_huishang"),
    "umf_sp": (*_PYTEST, "tests/gateways/umf_sp"),
    "chinaums": (*_PYTEST, "tests/gateways/chinaums"),
    "daxpay": (*_PYTEST, "tests/gateways/daxpay"),
    "transport": (*_PYTEST, "tests/gateways/test_transport.py", "tests/gateways/test_gateway.py"),
    "journal": (*_PYTEST, "tests/journal"),
    "checkout": (*_PYTEST, "tests/checkout"),
    "idempotency": (*_PYTEST, "tests/api/test_idempotency.py"),
    # What only the composition root can do wrong, with a real daemon.
    "process": (*_PYTEST, "tests/crash/test_clock_set.py", "tests/crash/test_refused_refund.py"),
    # A few of its seeds: four thousand customers.
    "simulation": (*_PYTEST, *(f"{_SIMULATION}::test_the_money_is_right[{seed}]" for seed in range(1000, 1016, 4))),
}
"""The suites, as arguments of Python; each ends with 0 when nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who noticed a mutation; nobody, if ``caught_by`` is None."""

    mutation: Mutation
    caught_by: str | None
    seconds: float

    def __str__(self) -> str:
        caught = f"caught by {self.caught_by}" if self.caught_by else "NOT CAUGHT"
        return f"{self.mutation.name:<55} {caught:<24} {self.seconds:6.1f} s"


class StaleMutation(Exception):
    """The text that a mutation replaces does not stand in its file once: the list must follow the source."""


class Copy:
    """A copy of the sources in which one mutation at a time is tried."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)

    def passes(self, guard: str) -> bool:
        """Whether a suite finds nothing wrong in this copy."""
        environment = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, *GUARDS[guard]]
        with tempfile.TemporaryFile() as sink:
            try:
                ended = subprocess.run(
                    command,
                    cwd=self.root,
                    env=environment,
                    stdout=sink,
                    stderr=sink,
                    timeout=GUARD_TIMEOUT_S,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return False
        return ended.returncode == 0

    def try_out(self, mutation: Mutation, guards: Sequence[str]) -> Verdict:
        """Break, ask the guards one after the other, and mend."""
        began_s = time.monotonic()
        whole = {edit.path: (self.root / edit.path).read_text("utf-8") for edit in mutation.edits}
        try:
            for edit in mutation.edits:
                path = self.root / edit.path
                path.write_text(broken(path.read_text("utf-8"), edit.old, edit.new), "utf-8")
            caught_by = next((guard for guard in guards if not self.passes(guard)), None)
        finally:
            for path_, text in whole.items():
                (self.root / path_).write_text(text, "utf-8")
        return Verdict(mutation, caught_by, time.monotonic() - began_s)


def broken(text: str, old: str, new: str) -> str:
    """A text after an edit. Raises StaleMutation."""
    if text.count(old) != 1:
        raise StaleMutation(f"{old!r} stands {text.count(old)} times in it")
    return text.replace(old, new)


def run(mutations: Sequence[Mutation], jobs: int, only: str | None = None) -> Iterator[Verdict]:
    """Try all mutations; ``only`` asks this guard alone. The verdicts come in the order of the list."""
    with tempfile.TemporaryDirectory(prefix="posd-mutation-") as name, ThreadPoolExecutor(jobs) as pool:
        copies: Queue[Copy] = Queue()
        for number in range(jobs):
            (Path(name) / str(number)).mkdir()
            copies.put(Copy(Path(name) / str(number)))

        def one(mutation: Mutation) -> Verdict:
            copy = copies.get()
            try:
                return copy.try_out(mutation, (only,) if only else mutation.guards)
            finally:
                copies.put(copy)

        yield from pool.map(one, mutations)
