"""What poslink and netpay answer alike: refusals, how a refund stands, and what of an answer is kept. Pure."""

from __future__ import annotations

from posd.gateways.base import Answer
from posd.gateways.chinaums.codes import Meaning, RefundStanding
from posd.gateways.chinaums.wire import Reply
from posd.gateways.json_body import code_of
from posd.payment.amounts import parse_fen
from posd.payment.verdicts import (
    Doubt,
    NotFound,
    RefundDone,
    RefundFailed,
    RefundProcessing,
    RefundVerdict,
    Unknown,
)

# A discount in words or a list of the sources of the money has a line; more is cut, so that an answer cannot fill the
# journal.
_DETAIL_LIMIT = 255


def refused_query(reply: Reply) -> Answer[NotFound | Unknown]:
    """The query of an order or a refund that did not work."""
    match reply.meaning:
        case Meaning.NOT_FOUND:
            return Answer(NotFound(), reply.evidence)
        case Meaning.TOO_OFTEN:
            return reply.doubt(Doubt.TOO_OFTEN)
        case _:
            return reply.doubt(Doubt.UNCLEAR_CODE)


def refused_refund(reply: Reply) -> Answer[RefundFailed | Unknown]:
    """A refund that was not taken.

    ``RefundFailed`` speaks of this call: an earlier one with the same number may have worked, and the query knows.
    """
    match reply.meaning:
        case Meaning.NOT_FOUND | Meaning.NOT_ALLOWED | Meaning.REJECTED:
            return Answer(RefundFailed(), reply.evidence)
        case Meaning.TOO_OFTEN:
            return reply.doubt(Doubt.TOO_OFTEN)
        case _:
            return reply.doubt(Doubt.UNCLEAR_CODE)


def refund_stands(reply: Reply, standing: RefundStanding | None) -> Answer[RefundVerdict]:
    """A refund that is known: ``refundInvoiceAmount`` is what the customer got of this one."""
    match standing:
        case RefundStanding.DONE:
            return Answer(RefundDone(parse_fen(reply.fields.get("refundInvoiceAmount"))), reply.evidence)
        case RefundStanding.PROCESSING:
            return Answer(RefundProcessing(), reply.evidence)
        case RefundStanding.FAILED:
            return Answer(RefundFailed(), reply.evidence)
        case RefundStanding.UNCLEAR | None:
            return reply.doubt(Doubt.UNCLEAR_CODE)


def details_of(reply: Reply, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The fields that are kept with a payment, by the platform's own names."""
    return tuple((name, value[:_DETAIL_LIMIT]) for name in names if (value := code_of(reply.fields, name)))
