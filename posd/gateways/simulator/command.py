"""``posd simulator``: the gateways in the foreground, and what a client's configuration needs to reach them."""

from __future__ import annotations

import argparse
import asyncio
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from posd.gateways.simulator.server import Simulator

DEFAULT_LISTEN = "127.0.0.1:8790"
"""Loopback: the simulator knows no passwords."""

READY = "# Ready. Ctrl-C ends it."
"""The last line of what is printed at the start."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--listen`` and ``--keys``."""
    parser.add_argument(
        "--listen",
        type=parse_address,
        default=parse_address(DEFAULT_LISTEN),
        metavar="HOST:PORT",
        help=f"where to serve the gateways (default: {DEFAULT_LISTEN}); port 0 takes any",
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="DIR",
        help="keep the keys here from run to run; else they are new, in a directory that is removed at the end",
    )


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``; an IPv6 address stands in brackets. Raises argparse.ArgumentTypeError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address; write it like {DEFAULT_LISTEN}")
    return host.strip("[]"), int(port)


async def serve(host: str, port: int, keys: Path | None, out: TextIO) -> None:
    """Serve until interrupted or terminated; tells first what a client has to be configured with.

    Raises OSError where the address cannot be listened on or the keys not be kept.
    """
    # The web server is imported here: the other commands, which only want the arguments, start quicker without it.
    from posd.gateways.simulator.server import Simulator

    with tempfile.TemporaryDirectory(prefix="posd-simulator-") as forgotten:
        directory = keys or Path(forgotten)
        async with Simulator(host, port, keys=directory) as simulator:
            out.write(instructions(simulator, directory))
            out.flush()
            await _until_told_to_stop()


def instructions(simulator: Simulator, directory: Path) -> str:
    """A ``[gateways.…]`` table for each gateway, ready to be copied; the secrets are written to ``directory``."""
    parts = [
        f"# Gateway simulator on {simulator.address}",
        f"# What really happened: {simulator.address}/control/ledger",
        f"# Codes and amounts that decline, hang, ask for a password, …: {simulator.address}/",
    ]
    for gateway in simulator.sandbox.engines:
        table = simulator.settings(gateway, directory.absolute())
        rows = [f"{name} = {_toml_text(value)}" for name, value in table.items()]
        parts += ["", f"[gateways.{gateway}]", *rows]
    return "\n".join([*parts, "", READY]) + "\n"


def _toml_text(text: str) -> str:
    """A TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _until_told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
