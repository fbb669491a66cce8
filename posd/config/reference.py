"""The reference of all keys, made from the structures that read them: ``python -m posd.config.reference FILE``.

Rewrites the part of FILE between the two marks. A test keeps ``docs/configuration.md`` as this makes it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from posd.config import sections
from posd.gateways.protocols import PROTOCOLS, settings_class
from posd.payment.auth_code import Secret

BEGIN = "<!-- keys: begin -->"
END = "<!-- keys: end -->"

_HEADS: dict[str, type[Any]] = {
    "[terminal]": sections.Terminal,
    "[journal]": sections.JournalSection,
    "[api]": sections.Api,
    "[payments]": sections.Payments,
    "[gateways.NAME]": sections.GatewaySection,
    "[notify]": sections.Notify,
    "[[scanners]]": sections.Scanner,
    "[face]": sections.Face,
    "[printer]": sections.Printer,
    "[receipt]": sections.Receipt,
}

Row = tuple[str, str, str, str]
"""Key, type, default, meaning."""


def reference() -> str:
    """All sections, then what each protocol adds to ``[gateways.NAME]``; Markdown."""
    parts = [_table(f"`{head}`", _summary(kind), _rows(kind)) for head, kind in _HEADS.items()]
    for protocol in PROTOCOLS:
        kind = settings_class(protocol)
        parts.append(_table(f'`[gateways.NAME]` with `protocol = "{protocol}"`', "", _setting_rows(kind)))
    return "\n\n".join(parts)


def _summary(kind: type[Any]) -> str:
    return (inspect.getdoc(kind) or "").replace("``", "`")


def _table(title: str, summary: str, rows: Iterator[Row]) -> str:
    lines = [f"### {title}", *(["", summary] if summary else []), "", "| key | type | default | meaning |"]
    lines.append("|---|---|---|---|")
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _rows(kind: type[Any]) -> Iterator[Row]:
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        meta = [part for part in getattr(hint, "__metadata__", ()) if isinstance(part, msgspec.Meta)]
        about = "; ".join(part.description for part in meta if part.description)
        yield _row(field.name, hint, default, about, required=field.required)


def _setting_rows(kind: type[Any]) -> Iterator[Row]:
    hints, meanings = get_type_hints(kind), _field_docstrings(kind)
    for field in dataclasses.fields(kind):
        required = field.default is dataclasses.MISSING
        about = " ".join(meanings.get(field.name, "").replace("``", "`").split())
        yield _row(field.name, hints[field.name], field.default, about, required=required)


def _field_docstrings(kind: type[Any]) -> dict[str, str]:
    """The string that stands under each field."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    found = {}
    for field, text in itertools.pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(meaning))):
                found[name] = inspect.cleandoc(meaning)
            case _:
                continue
    return found


def _row(name: str, hint: object, default: object, about: str, *, required: bool) -> Row:
    secret = _is_secret(hint)
    written = f"`{name}_file`" if secret else f"`{name}`"
    shown = "required" if required else "–" if default is None else f"`{_toml(default)}`"
    return written, "path of a secret" if secret else _type(hint), shown, about


def _is_secret(hint: object) -> bool:
    return hint is Secret or any(_is_secret(part) for part in get_args(hint))


def _type(hint: object) -> str:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:
        return _type(parts[0]) + _limits(parts[1:])
    if origin is Literal:
        return ", ".join(f"`{_toml(value)}`" for value in parts)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if origin is tuple:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return f"table: {_type(parts[0])} -> {_type(parts[1])}"
    names = {str: "text", int: "number", float: "number", bool: "true or false"}
    return names.get(typing.cast("type[Any]", hint), getattr(hint, "__name__", str(hint)).lower())


def _limits(parts: tuple[object, ...]) -> str:
    said = []
    for meta in parts:
        if isinstance(meta, msgspec.Meta):
            said += [f"over {meta.gt}"] if meta.gt is not None else []
            said += [f"from {meta.ge}"] if meta.ge is not None else []
            said += [f"to {meta.le}"] if meta.le is not None else []
            said += [f"at most {meta.max_length} characters"] if meta.max_length is not None else []
    return f", {' '.join(said)}" if said else ""


def _toml(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def with_reference(text: str) -> str:
    """A document with its reference made anew. Raises ValueError where it has no marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(with_reference(target.read_text("utf-8")), "utf-8")
