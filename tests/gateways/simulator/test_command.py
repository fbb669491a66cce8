"""``posd simulator`` as a program: what it prints, how it ends."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tomllib
from pathlib import Path

import aiohttp
import pytest

from posd.gateways.simulator.catalogue import PROTOCOLS
from posd.gateways.simulator.command import DEFAULT_LISTEN, READY, add_arguments, parse_address

PROGRAM = """
import asyncio, sys
from pathlib import Path
from posd.gateways.simulator.command import serve
asyncio.run(serve("127.0.0.1", 0, Path(sys.argv[1]) if len(sys.argv) > 1 else None, sys.stdout))
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:8790", ("127.0.0.1", 8790)), ("localhost:0", ("localhost", 0)), ("[::1]:80", ("::1", 80))],
)
def test_an_address(text: str, expected: tuple[str, int]) -> None:
    """Host and port, IPv6 in brackets."""
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ["", "8790", ":8790", "host:", "host:-1", "host:65536", "host:٣", "host:http"])
def test_what_is_no_address(text: str) -> None:
    """Is told with an example."""
    with pytest.raises(argparse.ArgumentTypeError, match=DEFAULT_LISTEN):
        parse_address(text)


def test_the_arguments() -> None:
    """Both are optional, and it listens on loopback unless told otherwise."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert vars(parser.parse_args([])) == {"listen": ("127.0.0.1", 8790), "keys": None}
    assert vars(parser.parse_args(["--listen", "h:1", "--keys", "d"])) == {"listen": ("h", 1), "keys": Path("d")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Prints a table for each gateway that leads to it, ends with 0, and leaves the keys where they were wanted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    text = ""
    while READY not in text:
        line = await process.stdout.readline()
        assert line, f"it ended after {text}"
        text += line.decode()
    tables = tomllib.loads(text)["gateways"]
    assert set(tables) == {protocol.name for protocol in PROTOCOLS}
    for name, table in tables.items():
        assert (table["protocol"], table["base_url"].rsplit("/", 1)[1]) == (name, name)
    ledger = tables["chaoying"]["base_url"].removesuffix("/chaoying") + "/control/ledger"
    async with aiohttp.ClientSession() as http, http.get(ledger) as response:
        assert await response.json() == {"orders": [], "violations": [], "notes": []}
    process.send_signal(number)
    assert await process.wait() == 0
    assert os.path.exists(tables["chaoying"]["key_file"])  # noqa: ASYNC240, PTH110  # an async test
