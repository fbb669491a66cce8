"""The commands that read the whole configuration: the daemon, and the one that only tells what is wrong with it."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

from posd.cli.arguments import Subparsers, add_command
from posd.cli.errors import CommandError, Exit
from posd.config import Config, ConfigError, load

_log = logging.getLogger(__name__)


def add_commands(commands: Subparsers) -> None:
    """``run``, ``check``."""
    add_command(commands, "run", _run, "be the daemon, in the foreground")
    add_command(commands, "check", _check, "read the configuration and tell every fault in it")


def _run(options: argparse.Namespace) -> int:
    config = _load_possible(options.config)
    from posd.api.server import ListenError
    from posd.daemon import serve
    from posd.gateways.signing import SigningKeyError
    from posd.journal.access import lax_modes
    from posd.logs import set_up_logging

    set_up_logging()
    for warning in lax_modes(Path(config.journal.path)):
        _log.warning("%s", warning)
    try:
        asyncio.run(serve(config))
    except (ListenError, SigningKeyError, ValueError, OSError) as error:
        _log.debug("the start failed", exc_info=error)
        raise CommandError(Exit.USAGE, f"{options.config}: {error}") from error
    return Exit.DONE


def _load_possible(path: str) -> Config:
    """A configuration that its gateways can meet: no payment begins that could not be voided. Raises ConfigError."""
    config = load(path)
    from posd.capabilities import faults

    if found := faults(config):
        raise ConfigError(found)
    return config


def _check(options: argparse.Namespace) -> int:
    config = _load_possible(options.config)
    print(f"{options.config} is good: {len(config.gateways)} gateways, {len(config.scanners)} scanners")
    return Exit.DONE
