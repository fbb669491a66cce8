"""Looks at the libraries that go to a till: pinned, installed as pinned, free to pass on, without known faults.

python scripts/audit.py               the first three need no network and must hold; known faults are looked up if the
                                      advisory service can be reached, and it is said if it cannot (`make check`)
python scripts/audit.py --required    an advisory service that cannot be reached fails too (`make audit`, weekly)

ADVISORIES names another advisory service that speaks the OSV protocol, such as a mirror inside a company's network.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"

LOOK_UP_S = 10
"""`make check` is what one waits for; a service that takes longer counts as not reached."""

LICENCES = frozenset(
    {"Apache-2.0", "BSD-3-Clause", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"}  # as SPDX writes them
    | {"Apache 2.0", "Apache Software License", "BSD", "BSD License"}  # as older packages do
)
"""All of them may be passed on with a program under Apache-2.0. Whoever adds one has read it."""

_PROJECT = """[project]
name = "till"
version = "0"
requires-python = ">=3.11"
"""
_HEAD = """version = 1
requires-python = ">=3.11"

[[package]]
name = "till"
version = "0"
source = {{ virtual = "." }}
dependencies = [{needs}]
"""
_PACKAGE = """
[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://packages.invalid/simple" }}
"""
_PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pin:
    """A library as the lock names it."""

    name: str
    version: str
    hashes: int


def pins(text: str) -> list[Pin]:
    """What a lock pins."""
    return [Pin(name, version, rest.count("--hash=sha256:")) for name, version, rest in _PIN.findall(text)]


def faults_of(pin: Pin) -> Iterator[str]:
    """What is wrong with one library, without asking anybody."""
    if pin.hashes == 0:
        yield f"{pin.name} is pinned without a hash: run `make lock`"
    try:
        about = cast("Message", metadata.metadata(pin.name))
    except metadata.PackageNotFoundError:
        yield f"{pin.name} is not installed: run `make venv`"
        return
    if about["Version"] != pin.version:
        yield f"{pin.name} is pinned as {pin.version} and tested as {about['Version']}: run `make venv`"
    strange = [each for each in _licences(about) if each not in LICENCES]
    if strange or not _licences(about):
        yield f"{pin.name} is under {', '.join(strange) or 'no licence'}: read it, then see LICENCES in {__file__}"


def _licences(about: Message) -> list[str]:
    written: str | None = about.get("License-Expression") or about.get("License")
    if written:
        return re.split(r" (?:AND|OR) ", written)
    found = [each for each in about.get_all("Classifier") or [] if each.startswith("License :: ")]
    return [each.rpartition(" :: ")[2] for each in found]


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the advisory service says; ``reached`` is False where it says nothing."""

    reached: bool
    sound: bool
    text: str


def look_up(found: list[Pin], service: str | None) -> LookUp:
    """Known faults of these versions. Takes ``LOOK_UP_S`` at most."""
    with tempfile.TemporaryDirectory(prefix="posd-audit-") as directory:
        # The lock in the form that uv reads: nothing is resolved, and no package index is asked.
        Path(directory, "pyproject.toml").write_text(_PROJECT, "utf-8")
        needs = ", ".join(f'{{ name = "{pin.name}" }}' for pin in found)
        packages = "".join(_PACKAGE.format(name=pin.name, version=pin.version) for pin in found)
        Path(directory, "uv.lock").write_text(_HEAD.format(needs=needs) + packages, "utf-8")
        command = [str(ROOT / ".venv" / "bin" / "uv"), "audit", "--frozen", "--preview-features", "audit"]
        command += ["--service-url", service] if service else []
        try:
            done = subprocess.run(
                command,
                cwd=directory,
                env={**os.environ, "UV_HTTP_RETRIES": "0"},
                check=False,
                capture_output=True,
                text=True,
                timeout=LOOK_UP_S,
            )
        except subprocess.TimeoutExpired:
            return LookUp(reached=False, sound=False, text=f"no answer within {LOOK_UP_S} s")
    said = (done.stdout + done.stderr).strip()
    if done.returncode in {0, 1}:
        return LookUp(reached=True, sound=done.returncode == 0, text=said)
    return LookUp(reached=False, sound=False, text=said.splitlines()[-1].strip() if said else "no word why")


def main() -> int:
    """0 where nothing is wrong."""
    parser = argparse.ArgumentParser(description="Looks at the libraries that go to a till.")
    parser.add_argument("--required", action="store_true", help="the advisory service must be reached")
    required: bool = parser.parse_args().required
    found = pins(LOCK.read_text("utf-8"))
    faults = [fault for pin in found for fault in faults_of(pin)]
    for fault in faults:
        print(f"audit: {fault}", file=sys.stderr)
    heard = look_up(found, os.environ.get("ADVISORIES"))
    if not heard.reached:
        print(f"audit: NOT LOOKED UP: the advisory service cannot be reached ({heard.text})", file=sys.stderr)
    elif not heard.sound:
        print(f"audit: {heard.text}", file=sys.stderr)
    else:
        print(f"audit: {len(found)} libraries, no known faults")
    return int(bool(faults) or (heard.reached and not heard.sound) or (required and not heard.reached))


if __name__ == "__main__":
    sys.exit(main())
