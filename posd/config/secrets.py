"""Secrets come from files of their own, or from systemd credentials; never from the configuration itself."""

from __future__ import annotations

import base64
import contextlib
import os
import stat
from pathlib import Path

from posd.payment.auth_code import Secret

SECRET_AT_MOST_BYTES = 64 * 1024
"""A certificate chain is a few kilobytes; more is not a key."""


CREDENTIAL_STORE = "/etc/credstore"
"""Where ``LoadCredential`` of the unit looks; for root only."""


class SecretError(Exception):
    """A secret that cannot be used; the message says why and what to do."""


def read_secret(file: str | None, credential: str) -> Secret | None:
    """The secret in ``file``, else the systemd credential of that name; None where there is neither.

    Outside the service root finds credentials where systemd takes them from, so that ``posd check`` and ``posd doctor``
    say the same there. Raises SecretError where the file is missing, empty, or readable by group or others.
    """
    if file is not None:
        return _from_file(Path(file))
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(directory, credential) if directory else Path(CREDENTIAL_STORE, f"posd.{credential}")
    with contextlib.suppress(PermissionError):
        return Secret(_text(path)) if path.is_file() else None
    return None


def _from_file(path: Path) -> Secret:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(f"{path} can be read by group or others (mode {mode & 0o777:04o}); run: chmod 600 {path}")
    return Secret(_text(path))


def _text(path: Path) -> str:
    """The content as text; a DER key, which is not text, as its Base64."""
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_AT_MOST_BYTES + 1)
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from error
    if not content.strip() or len(content) > SECRET_AT_MOST_BYTES:
        raise SecretError(f"{path} is {'empty' if not content.strip() else 'too large for a secret'}")
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode("ascii")
