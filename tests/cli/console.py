"""A technician at the command line of a till whose daemon runs, or does not."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from posd.cli.main import main
from tests.api.till import Till

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What ``--json`` printed."""
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The one line on standard error."""
        assert 1 == self.err.count("\n"), self.err
        assert "Traceback" not in self.err
        return self.err.rstrip("\n")


@dataclass(frozen=True)
class Console:
    """Runs commands in this process, beside the daemon."""

    till: Till
    capture: pytest.CaptureFixture[str]

    async def run(self, *words: str) -> Result:
        """``posd --config FILE words…``."""
        self.capture.readouterr()
        code = await asyncio.to_thread(_main, ["--config", str(self.till.config_path), *words])
        out, err = self.capture.readouterr()
        return Result(code, out, err)


def _main(arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # argparse
        return int(end.code or 0)


def spawn(till: Till, *words: str) -> subprocess.Popen[str]:
    """A command as a process of its own."""
    command = [sys.executable, "-m", "posd", "--config", str(till.config_path), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
