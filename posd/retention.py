"""Takes old days out of the journal, a little at a time, while nobody is paying."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from posd.config.sections import JournalSection
from posd.journal.errors import JournalUnavailable
from posd.journal.journal import Journal

_log = logging.getLogger(__name__)

FIRST_AFTER_S = 300.0
"""After a start there is better to do."""
EVERY_S = 3600.0
"""A day is over once a day; an hour later is early enough."""
PAUSE_S = 0.5
"""Between two steps, so that a customer who comes meanwhile waits for one at most."""
DAY_MS = 86_400_000


async def keep_short(
    journal: Journal, section: JournalSection, now_ms: Callable[[], int], busy: Callable[[], bool]
) -> None:
    """Archive what is old enough, every hour, for ever. ``busy``: whether a payment is open, which comes first."""
    await asyncio.sleep(FIRST_AFTER_S)
    while True:
        try:
            await archive_old(journal, section, now_ms, busy)
        except JournalUnavailable as error:
            _log.error("%s", error)
        await asyncio.sleep(EVERY_S)


async def archive_old(
    journal: Journal, section: JournalSection, now_ms: Callable[[], int], busy: Callable[[], bool]
) -> int:
    """One round, step by step until nothing is old enough or somebody pays. Returns how many events have gone."""
    if section.keep_days == 0 or busy():
        return 0
    before_ms, events = now_ms() - section.keep_days * DAY_MS, 0
    while not busy() and (step := await journal.archive(section.archive_folder, before_ms)) is not None:
        events += step.events
        await asyncio.sleep(PAUSE_S)
    if events:
        _log.info("%d events of old payments were archived to %s", events, section.archive_folder)
    return events
