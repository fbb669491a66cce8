"""SIGHUP: what may change while posd runs, and what must wait for a restart."""

from __future__ import annotations

import logging

import msgspec

from posd.api.guard import Guard
from posd.config import Config, ConfigError, load

_log = logging.getLogger(__name__)

LIVE = frozenset({"api.token", "api.allowed_origins"})
"""Who may call. All else is built into running parts: gateways that have payments open, devices that are held."""


def reload(running: Config, guard: Guard) -> Config:
    """Read the file again and take up what can be; the log has a line for every key that cannot, and for every fault.

    Returns what is in force now.
    """
    try:
        fresh = load(running.path)
    except ConfigError as error:
        for fault in error.faults:
            _log.error("not reloaded: %s", fault)
        return running
    changed = changes(running, fresh)
    for key in sorted(changed - LIVE):
        _log.warning("%s: %s changed; it is taken up by a restart: systemctl restart posd", running.path, key)
    guard.admit(fresh.api.token, fresh.api.allowed_origins)
    _log.info("reloaded %s: %s", running.path, ", ".join(sorted(changed & LIVE)) or "nothing to take up")
    api = msgspec.structs.replace(running.api, token=fresh.api.token, allowed_origins=fresh.api.allowed_origins)
    return msgspec.structs.replace(running, api=api)


def changes(before: Config, after: Config) -> set[str]:
    """The keys that differ, as ``section.key``; a whole section where it came or went, or has no keys of its own."""
    found = set()
    for section in Config.__struct_fields__:
        old, new = getattr(before, section), getattr(after, section)
        if old == new:
            continue
        if isinstance(old, msgspec.Struct) and isinstance(new, msgspec.Struct):
            keys = type(old).__struct_fields__
            found |= {f"{section}.{key}" for key in keys if getattr(old, key) != getattr(new, key)}
        else:
            found.add(section)
    return found
