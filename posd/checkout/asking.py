"""Waiting for a gateway's answer in a task of its own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any

from posd.gateways.base import Answer
from posd.payment.verdicts import Doubt, Evidence, Unknown

_log = logging.getLogger(__name__)


async def answer_of(call: Awaitable[Answer[Any]], what: str) -> Answer[Any]:
    """The answer to a call. A fault in our own code proves nothing about the money: it is logged, and ``Unknown``."""
    try:
        return await call
    except Exception:  # the top of a task: whoever waits for this answer must get one
        _log.exception("%s went wrong in our own code", what)
        return Answer(Unknown(Doubt.BROKEN_BODY), Evidence(note="posd itself failed to read the answer; see the log"))
