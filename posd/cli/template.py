"""The configuration that ``posd init`` writes: what was answered, with what each key means beside it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import msgspec

from posd.config import sections

COMMENT_COLUMN = 40
"""Where the meaning of a key begins, unless its value is longer."""


@dataclass(slots=True)
class Answers:
    """What is known of the till. Keys as they stand in the file; ``secrets`` by the name of the setting."""

    protocol: str
    gateway: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    terminal: dict[str, Any] = field(default_factory=dict)
    scanner: dict[str, Any] = field(default_factory=dict)
    printer: dict[str, Any] = field(default_factory=dict)


def render(answers: Answers) -> str:
    """The whole file."""
    terminal = {"id": "0101", "store_id": "", "store_name": "", "locale": "zh-CN", "timezone": "Asia/Shanghai"}
    parts = [
        "# Written by `posd init`. `posd check` tells every fault of it; docs/configuration.md explains every key.",
        "",
        *_section("[terminal]", sections.Terminal, terminal | answers.terminal),
        *_section("[journal]", sections.JournalSection, {"path": "/var/lib/posd/journal.db"}),
        *_section("[api]", sections.Api, {"socket": "/run/posd/posd.sock", "socket_mode": "0660"}),
        '# listen = "127.0.0.1:8765"           # for the cashier page; needs token_file, or the credential api.token',
        "",
        *_section("[payments]", sections.Payments, {"gateway": "main", "window": 15.0}),
        "# Secrets do not stand here: each is a file that only posd's user can read (chmod 600), or a systemd",
        "# credential such as main.key, for which the line with …_file is left out.",
        *_section("[gateways.main]", sections.GatewaySection, {"protocol": answers.protocol, **answers.gateway}),
        *_scanner(answers.scanner),
        *_section("[printer]", sections.Printer, {"type": "none", **answers.printer}),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _scanner(answers: Mapping[str, Any]) -> Iterator[str]:
    example = {"name": "front", "type": "serial", "port": "/dev/serial/by-id/…"}
    if answers:
        yield from _section("[[scanners]]", sections.Scanner, {"name": "front", "type": "serial", **answers})
        return
    yield "# The scanner; without one, the POS sends the code itself."
    for line in _section("[[scanners]]", sections.Scanner, example):
        yield f"# {line}" if line else ""


def _section(head: str, kind: type[Any], rows: Mapping[str, Any]) -> Iterator[str]:
    meanings = {name: _meaning(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}
    yield head
    for name, value in rows.items():
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        meaning = meanings.get(name, "")
        yield f"{line:<{COMMENT_COLUMN}}# {meaning}" if meaning else line
    yield ""


def _meaning(hint: Any) -> str:  # noqa: ANN401 - a type
    for part in getattr(hint, "__metadata__", ()):
        if isinstance(part, msgspec.Meta) and part.description:
            return part.description
    return ""
