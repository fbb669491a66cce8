"""The look at the libraries: what needs no network must hold; what needs one is never silently left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts import audit
from scripts.audit import Pin, faults_of, pins

ROOT = Path(audit.__file__).resolve().parents[1]
NOBODY = "http://127.0.0.1:9/"
"""Nobody listens on the port of "discard"."""
FAULT = "TEST-2026-0001"


class Advisories(BaseHTTPRequestHandler):
    """An advisory service (the OSV protocol) that knows one fault of the library ``bad``."""

    bad = ""

    def do_POST(self) -> None:
        """Which of these have faults?"""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [{"id": FAULT, "modified": "2026-01-01T00:00:00Z"}]
        self._say({"results": [{"vulns": known} if each["package"]["name"] == self.bad else {} for each in asked]})

    def do_GET(self) -> None:
        """What is that fault?"""
        self._say({"id": FAULT, "modified": "2026-01-01T00:00:00Z", "summary": "opens the till", "affected": []})

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def advisories(bad: str) -> Iterator[str]:
    """Such a service; its address."""
    handler = type("Knows", (Advisories,), {"bad": bad})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def run(service: str, *options: str) -> subprocess.CompletedProcess[str]:
    """``scripts/audit.py`` as `make check` runs it."""
    command = [sys.executable, str(ROOT / "scripts" / "audit.py"), *options]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "ADVISORIES": service}
    )


def test_what_needs_no_network_holds() -> None:
    """Each library of the till is pinned by hash, installed as pinned, and under a licence we may pass on."""
    found = pins(audit.LOCK.read_text("utf-8"))
    assert {"aiohttp", "cryptography", "python-escpos"} <= {pin.name for pin in found}
    assert [] == [fault for pin in found for fault in faults_of(pin)]


@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        (Pin("six", "1.0", 1), "six is pinned as 1.0 and tested as "),
        (Pin("six", "1.17.0", 0), "six is pinned without a hash"),
        (Pin("no-such-library", "1", 1), "no-such-library is not installed"),
    ],
)
def test_a_pin_that_does_not_hold_is_found(pin: Pin, fault: str) -> None:
    """Another version, no hash, not there."""
    assert any(found.startswith(fault) for found in faults_of(pin))


def test_a_licence_that_nobody_has_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name; a library whose licence has another spelling as well."""
    monkeypatch.setattr(audit, "LICENCES", frozenset({"MIT"}))
    found = [fault for pin in pins(audit.LOCK.read_text("utf-8")) for fault in faults_of(pin)]
    assert any(fault.startswith("aiohttp is under Apache-2.0:") for fault in found)
    assert not any(fault.startswith("six is under") for fault in found)


def test_nobody_to_ask_is_said() -> None:
    """`make check` passes and says that nothing was looked up; `make audit` fails."""
    for options, code in (((), 0), (("--required",), 1)):
        done = run(NOBODY, *options)
        assert (code, "") == (done.returncode, done.stdout), done.stderr
        assert "NOT LOOKED UP" in done.stderr


@pytest.mark.parametrize("bad", ["aiohttp", "python-escpos"])
def test_a_known_fault_fails(bad: str) -> None:
    """Of any library, with its name; no network but to the service is needed."""
    with advisories(bad) as service:
        done = run(service)
    assert (1, "") == (done.returncode, done.stdout)
    assert (True, True) == (FAULT in done.stderr, f"{bad} " in done.stderr), done.stderr


def test_no_known_fault_is_said() -> None:
    """With how many were looked up: all of the lock."""
    with advisories("") as service:
        done = run(service, "--required")
    count = len(pins(audit.LOCK.read_text("utf-8")))
    assert (0, f"audit: {count} libraries, no known faults\n", "") == (done.returncode, done.stdout, done.stderr)
