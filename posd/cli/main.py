"""``posd``: arguments in, exit code out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from posd import __version__
from posd.cli import care, demo_command, gateway_call, journal_commands, money, paper, reading, running
from posd.cli.errors import CommandError, Exit
from posd.client import ProblemAnswer, Unreachable
from posd.config.load import ConfigError
from posd.journal.errors import JournalError

DEFAULT_CONFIG = "/etc/posd/posd.toml"

Command = Callable[[argparse.Namespace], int]

_GROUPS = (running, money, reading, paper, journal_commands, gateway_call, care, demo_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Errors are one line on standard error that says what to do."""
    parser = make_parser()
    options = parser.parse_args(arguments)
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


def make_parser() -> argparse.ArgumentParser:
    """Everything the command line takes."""
    parser = argparse.ArgumentParser(
        prog="posd",
        description="Takes payments at a till: scanner to gateway to receipt, and right about the money in between.",
        epilog="Amounts are yuan with at most two decimals, such as 12.50. Exit codes: 0 done, 1 it ended otherwise, "
        "2 usage or configuration, 3 the daemon cannot be reached, 4 the device cannot be used, 5 not known yet.",
    )
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE", help=f"default: {DEFAULT_CONFIG}")
    parser.add_argument("--version", action="version", version=f"posd {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_commands(commands)
    return parser


def _fail(code: Exit, *lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return int(code)
