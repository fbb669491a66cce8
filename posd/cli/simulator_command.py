"""``posd simulator``: the five gateways, for whoever writes a POS. Apart from `run`, whose start need not load them."""

from __future__ import annotations

import argparse
import asyncio
import sys

from posd.cli.arguments import Subparsers, add_command
from posd.cli.errors import CommandError, Exit
from posd.gateways.simulator.command import add_arguments, serve


def add_commands(commands: Subparsers) -> None:
    """``simulator``."""
    add_arguments(add_command(commands, "simulator", _simulator, "be the five gateways, for trying things out"))


def _simulator(options: argparse.Namespace) -> int:
    host, port = options.listen
    try:
        asyncio.run(serve(host, port, options.keys, sys.stdout))
    except OSError as error:
        raise CommandError(Exit.USAGE, f"{host}:{port}: {error.strerror or error}") from error
    return Exit.DONE
