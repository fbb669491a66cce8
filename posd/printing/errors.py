"""Why something is not printed: refusals, each with the code of the API."""

from __future__ import annotations

from posd.refusals import Refusal


class NoReceipt(Refusal):
    """It has not ended as something that has a receipt: paid, cancelled, or a refund that succeeded."""

    code = "no_receipt"


class NoDrawer(Refusal):
    """No cash drawer is configured."""

    code = "no_drawer"


class NoPrinter(Refusal):
    """No printer is configured."""

    code = "device_unavailable"
    status = 503


class PrinterUnavailable(Refusal):
    """The printer cannot be reached, or says that it cannot work; the message tells what to do about it."""

    code = "device_unavailable"
    status = 503
    retryable = True


class NothingToPrint(Exception):
    """What a job is about is not in the journal, or has no receipt: a job like this can never be printed."""
