"""Questions at a terminal, and what can be found out without asking: which scanner, which printer."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SERIAL = Path("/dev/serial/by-id")
KEYBOARDS = Path("/dev/input/by-id")
PRINTERS = Path("/dev/usb")

PLUG_IN_S = 30.0
"""How long a scanner may take to be plugged in; then it can be named by hand, or left out."""
LOOK_S = 0.2
"""Between two looks at the devices."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where devices turn up."""

    serial: Path = SERIAL
    keyboards: Path = KEYBOARDS
    printers: Path = PRINTERS

    def scanners(self) -> dict[str, str]:
        """Device -> type of everything that could be a scanner."""
        found = {str(path): "serial" for path in _entries(self.serial, "*")}
        return found | {str(path): "hid" for path in _entries(self.keyboards, "*-event-kbd")}

    def line_printers(self) -> list[str]:
        """Printers that the kernel serves as a file."""
        return [str(path) for path in _entries(self.printers, "lp*")]


def _entries(directory: Path, pattern: str) -> Iterable[Path]:
    return sorted(directory.glob(pattern)) if directory.is_dir() else []


class Console:
    """Asks a person. Raises EOFError where there is none any more."""

    def ask(self, question: str, default: str = "") -> str:
        """A line; the default for an empty one."""
        hint = f" [{default}]" if default else ""
        return input(f"{question}{hint}: ").strip() or default

    def ask_secret(self, question: str) -> str:
        """A line that is not shown."""
        return getpass.getpass(f"{question} (not shown): ").strip()

    def choose(self, question: str, choices: Mapping[str, str]) -> str:
        """One of the keys of ``choices``; their values say what they are."""
        for name, about in choices.items():
            print(f"  {name:<14} {about}")
        while True:
            answer = self.ask(question, next(iter(choices)))
            if answer in choices:
                return answer
            print(f"  one of {', '.join(choices)}")


def find_scanner(
    places: Places, sleep: Callable[[float], None] = time.sleep, patience_s: float = PLUG_IN_S
) -> tuple[str, str] | None:
    """The type and device of the scanner that is plugged in while this waits; None when none is."""
    before = places.scanners()
    for _ in range(round(patience_s / LOOK_S)):
        for device, kind in places.scanners().items():
            if device not in before:
                return kind, device
        before = {device: kind for device, kind in before.items() if device in places.scanners()}
        sleep(LOOK_S)
    return None
