"""The gateway's side of the story: posd's simulator on this host, whose books no power cut inside can touch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any


class Gateway:
    """A simulator in a process of its own, on the loopback; `end` it. ``key`` is the merchant's, known to both."""

    def __init__(self, directory: Path, key: str) -> None:
        directory.mkdir(mode=0o700)
        (directory / "chaoying.key").write_text(key, "ascii")
        command = [sys.executable, "-m", "posd", "simulator", "--listen", "127.0.0.1:0", "--keys", str(directory)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        # "# Gateway simulator on http://127.0.0.1:PORT"
        self.port = int(self._process.stdout.readline().rpartition(":")[2])

    def end(self) -> None:
        """Stop it; its books go with it."""
        self._process.kill()
        self._process.wait()

    def ledger(self) -> dict[str, Any]:
        """What really happened: `orders`, newest first, and `violations` of the gateway's document."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/control/ledger", timeout=30) as answer:
            books: dict[str, Any] = json.load(answer)
        return books

    def order(self, order_no: str) -> dict[str, Any]:
        """How one order stands; of one that never came, nothing was charged."""
        unknown = {"orderNo": order_no, "net": 0, "submits": 0}
        return next((each for each in self.ledger()["orders"] if each["orderNo"] == order_no), unknown)

    def wait_until_charged(self, order_no: str, timeout_s: float = 60.0) -> None:
        """The customer has paid this order, whether or not the till knows."""
        deadline = time.monotonic() + timeout_s
        while self.order(order_no)["net"] == 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{order_no} is not paid after {timeout_s:.0f} s")
            time.sleep(0.2)

    def agrees(self, payment: dict[str, Any]) -> bool:
        """Whether what posd says of a payment at its end is what happened to the customer's money; submitted once."""
        order = self.order(payment["orderNo"])
        owed = {"paid": payment["amount"], "cancelled": 0, "failed": 0}
        return bool(order["net"] == owed.get(payment["status"]) and order["submits"] <= 1)
