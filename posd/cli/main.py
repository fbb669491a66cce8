"""``posd``: arguments in, exit code out."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from posd import __version__
from posd.cli.errors import CommandError, Exit
from posd.client import ProblemAnswer, Unreachable
from posd.config.load import ConfigError
from posd.journal.errors import JournalError

DEFAULT_CONFIG = "/etc/posd/posd.toml"

Command = Callable[[argparse.Namespace], int]

_GROUPS = (
    "running",
    "simulator_command",
    "money",
    "reading",
    "paper",
    "journal_commands",
    "gateway_call",
    "care",
    "init",
    "completion",
    "demo_command",
)
"""Modules of this package, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Errors are one line on standard error that says what to do."""
    words = sys.argv[1:] if arguments is None else arguments
    # The daemon is not to wait for what only other commands need: `run` is read by its own group alone.
    parser = make_parser(("running",) if _asks_for_run(words) else _GROUPS)
    options = parser.parse_args(arguments)
    if not _asks_for_run(words):
        # The daemon does so when it is ready.
        gc.enable()
    command: Command = options.command
    try:
        return int(command(options))
    except CommandError as error:
        return _fail(error.code, str(error))
    except ConfigError as error:
        return _fail(Exit.USAGE, *error.faults)
    except Unreachable as error:
        return _fail(Exit.UNREACHABLE, str(error))
    except ProblemAnswer as error:
        return _fail(Exit.DEVICE if error.code == "device_unavailable" else Exit.OTHERWISE, str(error))
    except JournalError as error:
        return _fail(Exit.USAGE, str(error))
    except BrokenPipeError:
        return _fail(Exit.OTHERWISE)
    except KeyboardInterrupt:
        return _fail(Exit.UNKNOWN, "interrupted")


def _asks_for_run(words: Sequence[str]) -> bool:
    """``posd run`` or ``posd --config FILE run``, as a unit or a technician writes it."""
    return list(words) == ["run"] or (len(words) == 3 and words[0] == "--config" and words[2] == "run")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every command does; ``--help`` tells the rest."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(Exit.USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def make_parser(groups: Sequence[str] = _GROUPS) -> argparse.ArgumentParser:
    """What the command line takes of these groups; of all, unless fewer are enough."""
    parser = Parser(
        prog="posd",
        description="Takes payments at a till: scanner to gateway to receipt, and right about the money in between.",
        epilog="Amounts are yuan with at most two decimals, such as 12.50. Exit codes: 0 done, 1 it ended otherwise, "
        "2 usage or configuration, 3 the daemon cannot be reached, 4 the device cannot be used, 5 not known yet.",
    )
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE", help=f"default: {DEFAULT_CONFIG}")
    parser.add_argument("--version", action="version", version=f"posd {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in groups:
        import_module(f"posd.cli.{group}").add_commands(commands)
    return parser


def _fail(code: Exit, *lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return int(code)
