"""``posd init``: writes a commented configuration, from a few questions or from ``--gateway`` and ``--set``."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import getpass
import os
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from posd.cli.arguments import Subparsers, add_command
from posd.cli.errors import CommandError, Exit
from posd.cli.template import Answers, render
from posd.cli.wizard import Console, Places, find_scanner
from posd.config import ConfigError, load
from posd.gateways.protocols import PROTOCOLS, settings_class
from posd.payment.auth_code import Secret

ABOUT = {
    "chaoying": "超赢",
    "umf-huishang": "联动优势 惠商+",
    "umf-sp": "联动优势, service provider",
    "chinaums": "银联商务",
    "daxpay": "DaxPay, self-hosted",
}


class Asker(Protocol):
    """Whoever answers: a person, or the command line."""

    def ask(self, question: str, default: str = "") -> str:
        """A line."""

    def ask_secret(self, question: str) -> str:
        """A line that nobody may see."""

    def choose(self, question: str, choices: Mapping[str, str]) -> str:
        """One of several."""


def add_commands(commands: Subparsers) -> None:
    """``init``."""
    example = "posd init --gateway chaoying --set base_url=https://pay.example --set agent_id=… --set mch_id=…"
    init = add_command(commands, "init", _init, "write a configuration, asking a few questions", example=example)
    init.add_argument("--output", type=Path, metavar="FILE", help="where to write it; default: that of --config")
    init.add_argument("--gateway", choices=list(PROTOCOLS), help="the gateway's protocol; asks no questions")
    about = "a key of the gateway, or SECTION.KEY such as terminal.id, printer.type, scanner.port"
    init.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=about)


def _init(options: argparse.Namespace) -> int:
    target: Path = options.output or Path(options.config)
    if target.exists():
        raise CommandError(Exit.USAGE, f"{target} exists already; name another file with --output, or move it away")
    try:
        answers = _given(options.gateway, options.set) if options.gateway else interview(Console(), Places())
    except EOFError as error:
        raise CommandError(Exit.USAGE, "nobody answers; use --gateway and --set instead") from error
    written = write(answers, target)
    print(f"wrote {', '.join(map(str, written))}")
    return _advise(target)


def _advise(target: Path) -> int:
    """Say what is still missing, and what comes next."""
    try:
        load(target)
    except ConfigError as error:
        for fault in error.faults:
            print(f"to do: {fault}")
    print(f"next: posd --config {target} check, then posd --config {target} doctor, then systemctl start posd")
    return Exit.DONE


# --- from the command line --------------------------------------------------------------------------------------------


def _given(protocol: str, pairs: list[str]) -> Answers:
    answers = Answers(protocol)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        section, dot, key = name.partition(".")
        if not equals or not name:
            raise CommandError(Exit.USAGE, f"{name!r} is no KEY=VALUE")
        table = {"terminal": answers.terminal, "scanner": answers.scanner, "printer": answers.printer}.get(section)
        if not dot:
            answers.gateway[name] = value
        elif table is not None and key:
            table[key] = int(value) if value.isascii() and value.isdigit() and key in _NUMBERS else value
        else:
            raise CommandError(Exit.USAGE, f"{name}: sections are terminal, scanner and printer")
    _check_names(protocol, answers.gateway)
    return answers


_NUMBERS = {"baudrate", "paper", "copies", "port"}


def _check_names(protocol: str, given: Mapping[str, str]) -> None:
    known = {"base_url", "ca_file"} | {_written(name, hint) for name, hint, _ in fields(protocol)}
    for name in given:
        if name not in known:
            raise CommandError(Exit.USAGE, f"{protocol} has no {name}; it has {', '.join(sorted(known))}")


def fields(protocol: str) -> list[tuple[str, Any, bool]]:
    """What a gateway needs to know: name, type, and whether it can do without."""
    kind = settings_class(protocol)
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    return [(field.name, hints[field.name], field.default is not missing) for field in dataclasses.fields(kind)]


def _written(name: str, hint: Any) -> str:  # noqa: ANN401 - a type
    return f"{name}_file" if hint is Secret else name


# --- from a person ----------------------------------------------------------------------------------------------------


def interview(console: Asker, places: Places) -> Answers:
    """Ask as little as can be: the gateway and its ids, the till, then scanner and printer."""
    answers = Answers(console.choose("gateway", ABOUT))
    answers.gateway["base_url"] = console.ask("its address (https://…)")
    for name, hint, optional in fields(answers.protocol):
        if hint is Secret:
            answers.secrets[name] = console.ask_secret(f"{name}, or the path of a file with it")
        elif not optional:
            answers.gateway[name] = console.ask(name)
    answers.terminal["id"] = console.ask("number of this till, 1-8 letters or digits", "0101")
    answers.terminal["store_id"] = console.ask("number of the store")
    answers.terminal["store_name"] = console.ask("name of the store, as it heads receipts")
    _ask_scanner(console, places, answers)
    _ask_printer(console, places, answers)
    return answers


def _ask_scanner(console: Asker, places: Places, answers: Answers) -> None:
    if console.choose("scanner", {"yes": "unplug it, and plug it in when asked", "no": "none"}) == "no":
        return
    console.ask("unplug the scanner, press Enter, and plug it in again")
    found = find_scanner(places)
    if found is None:
        device = console.ask("nothing was plugged in; its device, or Enter for none")
        found = ("hid" if "/input/" in device else "serial", device) if device else None
    if found is not None:
        kind, device = found
        answers.scanner |= {"name": "front", "type": kind, "port" if kind == "serial" else "device": device}


def _ask_printer(console: Asker, places: Places, answers: Answers) -> None:
    choices = {"none": "no printer", "tcp": "on the network"}
    found = places.line_printers()
    if found:
        choices = {"device": f"the one at {found[0]}", **choices}
    kind = console.choose("printer", choices)
    answers.printer["type"] = kind
    if kind == "tcp":
        answers.printer["host"] = console.ask("its address")
    if kind == "device":
        answers.printer["device"] = found[0]
    if kind != "none":
        answers.printer["paper"] = int(console.choose("paper", {"58": "mm, 32 columns", "80": "mm, 48 columns"}))


# --- on disk ----------------------------------------------------------------------------------------------------------


def write(answers: Answers, target: Path) -> list[Path]:
    """The configuration and the secrets beside it; nothing is overwritten. Raises CommandError."""
    secrets = {name: value for name, value in answers.secrets.items() if value}
    files: dict[Path, str] = {}
    for name, value in secrets.items():
        path = Path(value) if "/" in value and Path(value).is_file() else target.with_name(f"main.{name}")
        if path != Path(value):
            files[path] = value + "\n"
        answers.gateway[f"{name}_file"] = str(path.absolute())
    for name, hint, optional in fields(answers.protocol):
        if hint is Secret and not optional:
            answers.gateway.setdefault(f"{name}_file", str(target.with_name(f"main.{name}").absolute()))
    files[target] = render(answers)
    written: list[Path] = []
    try:
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        for path, text in files.items():
            _create(path, text, 0o644 if path == target else 0o600)
            written.append(path)
    except OSError as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        message = f"{error.filename or target}: {error.strerror}; run it as a user who may write there"
        raise CommandError(Exit.USAGE, f"{message} (now {getpass.getuser()})") from error
    return written


def _create(path: Path, text: str, mode: int) -> None:
    """A new file with its mode from the first byte."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
