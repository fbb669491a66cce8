"""TOML to ``Config``: all faults at once, each with file, key and reason."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from posd.config import sections as s
from posd.config.secrets import SecretError, read_secret
from posd.gateways.addresses import checked_base_url, is_loopback
from posd.gateways.protocols import settings_class
from posd.payment.auth_code import Secret

_SECTIONS: dict[str, Any] = {
    "terminal": s.Terminal,
    "journal": s.JournalSection,
    "api": s.Api,
    "payments": s.Payments,
    "notify": s.Notify,
    "face": s.Face,
    "printer": s.Printer,
    "receipt": s.Receipt,
}
_REQUIRED = ("terminal", "payments", "gateways")
_HOST_PORT = "expected HOST:PORT"
_NAME = re.compile(r"[0-9A-Za-z_-]{1,32}")


class ConfigError(Exception):
    """The configuration cannot be used; ``faults`` has a line for each reason, which names file and key."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(path: str | Path) -> s.Config:
    """Read and check a configuration file. Raises ConfigError with every fault in it."""
    return _load(path, with_secrets=True)


def load_without_secrets(path: str | Path) -> s.Config:
    """The same without reading a secret; empty ones stand in. Raises ConfigError.

    For commands that only speak to the daemon or read the journal: whoever calls them may not be able to read secrets.
    """
    return _load(path, with_secrets=False)


def _load(path: str | Path, *, with_secrets: bool) -> s.Config:
    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            document = tomllib.load(file)
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}; name another file with --config"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from error
    if stat.S_ISREG(mode) and mode & stat.S_IWOTH:
        # It says which gateway is believed, and by which key.
        raise ConfigError([f"{path}: everybody can write to it (mode {mode & 0o777:04o}); run: chmod o-w {path}"])
    return _Loader(str(path), with_secrets=with_secrets).load(document)


class _Loader:
    """Collects faults while it builds the sections of one file."""

    def __init__(self, path: str, *, with_secrets: bool) -> None:
        self._path = path
        self._with_secrets = with_secrets
        self._faults: list[str] = []

    def load(self, document: dict[str, Any]) -> s.Config:
        for name in sorted(document.keys() - _SECTIONS.keys() - {"gateways", "scanners"}):
            self._fault(name, "unknown section")
        for name in _REQUIRED:
            if name not in document:
                self._fault(name, "missing section")
        parts = {
            name: self._section(kind, document[name], name) for name, kind in _SECTIONS.items() if name in document
        }
        gateways = self._gateways(document.get("gateways", {}))
        scanners = self._scanners(document.get("scanners", []))
        named = document.get("gateways")
        self._check(parts, set(named) if isinstance(named, dict) else set(), scanners)
        if self._faults:
            raise ConfigError(self._faults)
        parts = {"journal": s.JournalSection(), "api": s.Api(), **parts}
        return s.Config(path=self._path, gateways=gateways, scanners=tuple(scanners), **parts)

    def _fault(self, key: str, reason: str) -> None:
        self._faults.append(f"{self._path}: {key}: {reason}")

    # --- sections

    def _section(self, kind: Any, table: object, name: str) -> Any:
        """One structure from one table: unknown keys, wrong types and missing keys are faults."""
        if not isinstance(table, dict):
            self._fault(name, "expected a table")
            return None
        hints = get_type_hints(kind, include_extras=True)
        known = {(f"{key}_file" if _is_secret(hint) else key): key for key, hint in hints.items()}
        for key in sorted(table.keys() - known.keys()):
            self._fault(f"{name}.{key}", "unknown key")
        required = _required_keys(kind)
        values: dict[str, Any] = {}
        for written, key in known.items():
            if _is_secret(hints[key]):
                self._secret(table.get(written), name, key, values, required=key in required)
            elif written in table:
                self._value(table[written], hints[key], f"{name}.{written}", key, values)
            elif key in required:
                self._fault(f"{name}.{written}", "missing")
        return self._made(kind, values, name) if required <= values.keys() else None

    def _made(self, kind: Any, values: dict[str, Any], name: str) -> Any:
        try:
            return kind(**values)
        except ValueError as error:
            self._fault(name, str(error))
            return None

    def _value(self, value: object, hint: Any, where: str, key: str, values: dict[str, Any]) -> None:
        try:
            values[key] = msgspec.convert(value, hint, strict=True)
        except msgspec.ValidationError as error:
            self._fault(where, str(error).replace("`", ""))

    def _secret(self, file: object, section: str, key: str, values: dict[str, Any], *, required: bool) -> None:
        where = f"{section}.{key}_file"
        if file is not None and not isinstance(file, str):
            self._fault(where, "expected the path of a file")
            return
        if not self._with_secrets:
            values[key] = Secret("")
            return
        try:
            secret = read_secret(file, f"{section.removeprefix('gateways.')}.{key}")
        except SecretError as error:
            self._fault(where, str(error))
            return
        if secret is not None:
            values[key] = secret
        elif required:
            self._fault(where, "missing; give the path of a file, or a systemd credential")

    def _gateways(self, tables: object) -> dict[str, s.Gateway]:
        if not isinstance(tables, dict):
            self._fault("gateways", "expected tables [gateways.NAME]")
            return {}
        found = {name: self._gateway(name, table) for name, table in tables.items()}
        return {name: gateway for name, gateway in found.items() if gateway is not None}

    def _gateway(self, name: str, table: object) -> s.Gateway | None:
        where = f"gateways.{name}"
        if not _NAME.fullmatch(name):
            self._fault(where, "a name has 1 to 32 letters, digits, - or _: it stands in addresses and file names")
        if not isinstance(table, dict):
            self._fault(where, "expected a table")
            return None
        common_keys = s.GatewaySection.__struct_fields__
        common = self._section(s.GatewaySection, {k: v for k, v in table.items() if k in common_keys}, where)
        if common is None:
            return None
        own = {key: value for key, value in table.items() if key not in common_keys}
        settings = self._section(settings_class(common.protocol), own, where)
        self._check_url(common.base_url, f"{where}.base_url")
        return s.Gateway(name, common, settings) if settings is not None else None

    def _scanners(self, tables: object) -> list[s.Scanner]:
        if not isinstance(tables, list):
            self._fault("scanners", "expected tables [[scanners]]")
            return []
        found = [self._section(s.Scanner, table, f"scanners[{index}]") for index, table in enumerate(tables)]
        return [scanner for scanner in found if scanner is not None]

    # --- what only makes sense together

    def _check(self, parts: dict[str, Any], gateways: set[str], scanners: list[s.Scanner]) -> None:
        """What is left to find where a section could be read; ``parts`` holds None for one that could not."""
        if (terminal := parts.get("terminal")) is not None:
            self._check_terminal(terminal)
        if (payments := parts.get("payments")) is not None:
            self._check_routes(payments, gateways)
        if (api := parts.get("api")) is not None:
            self._check_api(api)
        self._check_devices(parts, scanners)
        if (notify := parts.get("notify")) is not None and split_host_port(notify.listen) is None:
            self._fault("notify.listen", _HOST_PORT)

    def _check_terminal(self, terminal: s.Terminal) -> None:
        try:
            ZoneInfo(terminal.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            self._fault("terminal.timezone", f"{terminal.timezone!r} is no time zone; write it like Asia/Shanghai")

    def _check_routes(self, payments: s.Payments, gateways: set[str]) -> None:
        named = {"payments.gateway": payments.gateway}
        named |= {f"payments.routes.{wallet}": name for wallet, name in payments.routes.items()}
        for key, name in named.items():
            if name not in gateways:
                self._fault(key, f"there is no [gateways.{name}]")

    def _check_api(self, api: s.Api) -> None:
        if api.listen is None:
            return
        if not _listens_to_itself(api.listen):
            self._fault("api.listen", "expected HOST:PORT on the loopback, such as 127.0.0.1:8765")
        if api.token is None:
            self._fault("api.token_file", "missing; it is required with listen")

    def _check_devices(self, parts: dict[str, Any], scanners: list[s.Scanner]) -> None:
        printer: s.Printer = parts.get("printer") or s.Printer()
        face: s.Face | None = parts.get("face")
        names = [scanner.name for scanner in scanners] + [printer.name] + ([face.name] if face else [])
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._fault("name", f"two devices are called {name!r}")
        for index, scanner in enumerate(scanners):
            key = "port" if scanner.type == "serial" else "device"
            if getattr(scanner, key) is None:
                self._fault(f"scanners[{index}].{key}", f"missing; a scanner of type {scanner.type} needs it")
        self._check_printer(printer)
        if face is not None and not face.listen.startswith("/"):
            if not _listens_to_itself(face.listen):
                self._fault("face.listen", "expected a socket's path, or HOST:PORT on the loopback")
            if face.token is None:
                self._fault("face.token_file", "missing; it is required with HOST:PORT")

    def _check_printer(self, printer: s.Printer) -> None:
        for key in _PRINTER_NEEDS.get(printer.type, ()):
            if getattr(printer, key) is None:
                self._fault(f"printer.{key}", f"missing; a printer of type {printer.type} needs it")
        number = printer.port if isinstance(printer.port, int) else None
        if printer.type == "tcp" and printer.port is not None and (number is None or not 0 < number < 1 << 16):
            self._fault("printer.port", "expected a number from 1 to 65535")
        if printer.type == "serial" and number is not None:
            self._fault("printer.port", "expected a device, such as /dev/ttyUSB0")

    def _check_url(self, url: str, where: str) -> None:
        try:
            checked_base_url(url)
        except ValueError as error:
            self._fault(where, str(error))


_PRINTER_NEEDS = {"tcp": ("host",), "serial": ("port",), "device": ("device",), "cups": ("queue",), "file": ("path",)}


def split_host_port(text: str) -> tuple[str, int] | None:
    """``127.0.0.1:8765`` or ``[::1]:8765`` as host and port; None for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
        return None
    return host.strip("[]"), int(port)


def _listens_to_itself(listen: str) -> bool:
    found = split_host_port(listen)
    return found is not None and is_loopback(found[0])


def _is_secret(hint: Any) -> bool:
    """Whether a field holds a secret, so that its key in the file ends in ``_file``."""
    if isinstance(hint, type):
        return issubclass(hint, Secret)
    if typing.get_origin(hint) in {typing.Union, types.UnionType, typing.Annotated}:
        return any(_is_secret(part) for part in get_args(hint) if part is not types.NoneType)
    return False


def _required_keys(kind: Any) -> set[str]:
    if dataclasses.is_dataclass(kind):
        missing = dataclasses.MISSING
        return {f.name for f in dataclasses.fields(kind) if f.default is missing and f.default_factory is missing}
    return {f.name for f in msgspec.structs.fields(kind) if f.required}
