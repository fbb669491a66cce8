"""PURE. What a device can do right now, as told to technicians, to the till and in `/v1/devices`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The four words of the contract."""

    READY = "ready"
    """It works, as far as can be known without moving anything."""
    LOST = "lost"
    """It cannot be reached: unplugged, switched off, no network. It is looked for again and again."""
    FAULT = "fault"
    """It is reached and cannot work: no paper, cover open, wrong settings. A person has to look."""
    DISABLED = "disabled"
    """Switched off in the configuration."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """One device at one moment.

    `name` is the one in the configuration, `type` the kind configured there (`serial`, `tcp`, ...) or `face`;
    `detail` is a short sentence for a person, empty when there is nothing to say.
    """

    name: str
    type: str
    health: Health
    detail: str = ""
