"""What the engine hands to whoever performs it: a server with sockets, or a simulation under a virtual clock. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from posd.gateways.base import HttpResponse


class Broken(Enum):
    """A request that gets no answer."""

    CUT = "cut"
    """The connection is closed."""
    HANG = "hang"
    """The connection stays open, and nothing comes."""


@dataclass(frozen=True, slots=True)
class Send:
    """A notification to be sent by POST.

    ``done`` is told what came back (None where the receiver could not be reached) and the time; it answers when to try
    again, if at all.
    """

    url: str
    content_type: str
    body: bytes = field(repr=False)
    done: Callable[[int | None, str, int], Later | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Later:
    """Something that happens at a moment; ``act`` is told the time, and may ask for something to be sent."""

    at_ms: int
    act: Callable[[int], Send | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What becomes of a request: after ``delay_ms`` the answer, or none. What it says was true when it was asked."""

    delay_ms: int
    outcome: HttpResponse | Broken
    later: tuple[Later, ...] = ()
