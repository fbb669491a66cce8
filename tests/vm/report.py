"""What was tried and how it went: a line for each check, as soon as it is known."""

from __future__ import annotations

import time


class Report:
    """Prints checks and counts failures."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.checks = 0
        self.failures: list[str] = []

    def part(self, title: str) -> None:
        """A new chapter of the story."""
        print(f"\n{title}  ({time.monotonic() - self._started:.0f} s)", flush=True)

    def check(self, what: str, holds: bool, seen: object = "") -> None:
        """Something that must be so; ``seen`` is what was found instead, or as well."""
        self.checks += 1
        if not holds:
            self.failures.append(what)
        print(f"  {'ok    ' if holds else 'FAILED'}  {what}{f'  [{seen}]' if seen != '' else ''}", flush=True)

    def equal(self, what: str, expected: object, actual: object) -> None:
        """Something that must be this value."""
        self.check(what, expected == actual, actual if expected == actual else f"{actual!r} instead of {expected!r}")

    def tell(self, what: str, figure: object) -> None:
        """Something that is measured and not judged."""
        print(f"  figure  {what}: {figure}", flush=True)

    def end(self) -> int:
        """The last lines; the exit code."""
        print(f"\n{self.checks} checks, {len(self.failures)} failed, {time.monotonic() - self._started:.0f} s")
        for failure in self.failures:
            print(f"  FAILED  {failure}")
        return 1 if self.failures else 0
