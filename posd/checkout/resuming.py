"""Going on after a restart where the facts have left everything, before anybody can ask."""

from __future__ import annotations

from posd.checkout.checkout import Checkout
from posd.checkout.refunds import Refunds
from posd.journal.batch import Batch
from posd.journal.journal import Journal


async def resume(journal: Journal, checkout: Checkout, refunds: Refunds) -> None:
    """Take up every open payment and refund. Raises JournalUnavailable.

    What the restart means for them is one batch, before anything else is written: from then on the journal's mark is of
    this boot, and what was not in it would take the time across a reboot for known.
    """
    batch = Batch()
    payments, given_back = await checkout.take_up(batch), await refunds.take_up(batch)
    if batch.facts:
        await journal.append(batch)
    checkout.go_on(payments)
    refunds.go_on(given_back)
