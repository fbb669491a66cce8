"""Speaks with QEMU's guest agent, a Debian package, over a socket: commands run as root inside, without any network.

Protocol: QEMU Guest Agent Protocol Reference (one JSON object a line; a reset is a 0xFF before it).
"""

from __future__ import annotations

import base64
import json
import shlex
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND_TIMEOUT_S = 120.0
"""For a command inside, where everything takes a dozen times as long as here."""
BOOT_TIMEOUT_S = 300.0
"""Ten to thirty seconds is usual; a machine with other work to do takes longer."""
ANSWER_TIMEOUT_S = 30.0
"""For one answer of the agent, which only starts commands and looks after them."""
POLL_S = 0.1


class GuestError(Exception):
    """The machine inside did not do what it was told; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (minus the signal that ended it), and all it said."""

    code: int
    out: str
    err: str


class Guest:
    """The machine inside, by the socket of its agent. One caller at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._received = b""

    def close(self) -> None:
        """Forget the connection: the machine is gone, or is about to be."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._received = b""

    def wait_until_up(self) -> str:
        """Wait for the end of the boot; what systemd calls the state of the system (`running`, `degraded`)."""
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        while not self._is_there():
            if time.monotonic() > deadline:
                raise GuestError(f"no answer from inside after {BOOT_TIMEOUT_S:.0f} s; see console.log")
            time.sleep(POLL_S)
        return self.run("systemctl is-system-running --wait", timeout_s=BOOT_TIMEOUT_S, check=False).out.strip()

    def run(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S, check: bool = True) -> Ended:
        """Run a line of shell as root; one that fails is a GuestError unless ``check`` is False."""
        started = self._call(
            "guest-exec",
            {
                "path": "/bin/bash",
                "arg": ["-c", command],
                "env": ["PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"],
                "capture-output": True,
            },
        )
        deadline = time.monotonic() + timeout_s
        while not (status := self._call("guest-exec-status", {"pid": started["pid"]}))["exited"]:
            if time.monotonic() > deadline:
                raise GuestError(f"still running after {timeout_s:.0f} s: {command}")
            time.sleep(POLL_S)
        code = -int(status["signal"]) if "signal" in status else int(status["exitcode"])
        ended = Ended(code, _text(status.get("out-data", "")), _text(status.get("err-data", "")))
        if check and ended.code != 0:
            raise GuestError(f"{command}: ended with {ended.code}: {ended.err.strip() or ended.out.strip()}")
        return ended

    def says(self, command: str) -> str:
        """What a command that must not fail says, without the line's end."""
        return self.run(command).out.strip()

    def write(self, path: str, text: str) -> None:
        """Make a file inside, with the rights it had before, if it was there."""
        self.run(f"mkdir -p $(dirname {path}) && printf %s {shlex.quote(text)} >{path}")

    def read(self, path: str) -> bytes:
        """The bytes of a file inside; none if there is no such file."""
        return base64.b64decode(self.says(f"if [ -e {path} ]; then base64 -w0 {path}; fi"))

    def wait_for(self, what: str, holds: Callable[[], bool], *, timeout_s: float = COMMAND_TIMEOUT_S) -> float:
        """Ask again and again; how many seconds it took."""
        started = time.monotonic()
        while not holds():
            if time.monotonic() - started > timeout_s:
                raise GuestError(f"not after {timeout_s:.0f} s: {what}")
            time.sleep(POLL_S)
        return time.monotonic() - started

    def _is_there(self) -> bool:
        """Whether the agent answers; what earlier callers left unread is thrown away."""
        try:
            self.close()
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(2.0)
            self._socket.connect(str(self._path))
            token = time.monotonic_ns() % 1_000_000_000
            self._send("guest-sync-delimited", {"id": token}, before=b"\xff")
            while self._line().rpartition(b"\xff")[2].find(str(token).encode()) < 0:
                pass
        except (OSError, GuestError):
            return False
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        return True

    def _call(self, name: str, arguments: dict[str, Any]) -> Any:
        try:
            self._send(name, arguments)
            answer = json.loads(self._line())
        except OSError as error:
            raise GuestError(f"the agent does not answer: {error}") from error
        if "error" in answer:
            raise GuestError(f"{name}: {answer['error']['desc']}")
        return answer["return"]

    def _send(self, name: str, arguments: dict[str, Any], before: bytes = b"") -> None:
        if self._socket is None:
            raise GuestError("the machine is not up")
        self._socket.sendall(before + json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")

    def _line(self) -> bytes:
        if self._socket is None:
            raise GuestError("the machine is not up")
        while b"\n" not in self._received:
            received = self._socket.recv(1 << 16)
            if not received:
                raise GuestError("the agent is gone")
            self._received += received
        line, _, self._received = self._received.partition(b"\n")
        return line


def _text(data: str) -> str:
    return base64.b64decode(data).decode("utf-8", "replace")
