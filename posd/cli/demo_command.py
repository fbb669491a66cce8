"""``posd demo``."""

from __future__ import annotations

import argparse
import asyncio

from posd.cli.arguments import Subparsers, add_command


def add_commands(commands: Subparsers) -> None:
    """``demo``."""
    demo = add_command(commands, "demo", _demo, "see it work: all but posd is played by simulators")
    demo.add_argument("--once", action="store_true", help="play the story and end")


def _demo(options: argparse.Namespace) -> int:
    from posd.demo import play

    return asyncio.run(play(once=options.once))
