"""How Chaoying's answers speak of a refund. Pure; takes any bytes, never raises."""

from __future__ import annotations

from collections.abc import Mapping

from posd.gateways.base import Answer, HttpResponse, RefundOrder
from posd.gateways.chaoying import codes
from posd.gateways.chaoying.reply import Reply, opened
from posd.gateways.json_body import JsonValue, parse_array, text_of
from posd.payment.amounts import parse_fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import NotFound, RefundDone, RefundFailed, RefundNotSure, RefundProcessing, RefundVerdict


def read_refund(response: HttpResponse, key: Secret, refund: RefundOrder) -> Answer[RefundVerdict]:
    """2.2 交易退款: its success is the money back, ``refund_fee`` of it (``base_refund_fee`` is what was asked for)."""
    reply = opened(response, key)
    if not isinstance(reply, Reply):
        return reply
    return Answer(_refunded(reply, refund), reply.evidence)


def _refunded(reply: Reply, refund: RefundOrder) -> RefundVerdict:
    if reply.differs("out_trade_no", refund.order.order_no) or reply.differs_in_fen("base_fee", refund.order.amount):
        return codes.MISMATCH
    if reply.succeeded:
        return _done(reply.fields, refund)
    if reply.trade_state in codes.WAITING:
        return RefundProcessing()
    if reply.state == codes.SUCCESS and reply.code == codes.OK and reply.trade_state == codes.GONE_BACK:
        return RefundProcessing()
    return _refused(reply)


def _refused(reply: Reply) -> RefundVerdict:
    if codes.SAME_NUMBER_AGAIN.search(reply.message):
        return RefundNotSure()
    verdict = reply.meaning(codes.REFUND)
    if not isinstance(verdict, RefundFailed):
        return verdict
    unsure = codes.NOT_SURE.search(reply.message) or codes.REPEATED.search(reply.message)
    return codes.UNCLEAR if unsure else verdict


def _done(fields: Mapping[str, JsonValue], refund: RefundOrder) -> RefundVerdict:
    """``SUCCESS`` of an answer or of an entry of a list: for this refund number and this amount, or it is not ours."""
    number, asked = text_of(fields, "out_refund_no"), parse_fen(fields.get("base_refund_fee"))
    returned = parse_fen(fields.get("refund_fee"))
    if number is None or asked is None or returned is None:
        return codes.BROKEN
    if number != refund.refund_no or asked != refund.amount or returned > asked:
        return codes.MISMATCH
    return RefundDone(returned)


def read_refund_query(response: HttpResponse, key: Secret, refund: RefundOrder) -> Answer[RefundVerdict]:
    """2.2 退款查询."""
    reply = opened(response, key)
    if not isinstance(reply, Reply):
        return reply
    return Answer(_stands(reply, refund), reply.evidence)


def _stands(reply: Reply, refund: RefundOrder) -> RefundVerdict:
    if reply.differs("out_trade_no", refund.order.order_no):
        return codes.MISMATCH
    if reply.succeeded:
        return _listed(reply.fields.get("refund_list"), refund)
    if reply.trade_state in codes.WAITING:
        return RefundProcessing()
    verdict = reply.meaning(codes.REFUND_QUERY)
    if verdict == codes.UNCLEAR and codes.ASKED_TOO_OFTEN.search(reply.message):
        return codes.TOO_OFTEN
    if reply.code == "20010" and codes.NO_SUCH_ORDER.search(reply.message):
        return NotFound()
    return verdict


def _listed(entries: JsonValue, refund: RefundOrder) -> RefundVerdict:
    """The one entry of ``refund_list`` with this refund number; the list is JSON in a text, and signed as that text."""
    listed = parse_array(entries) if isinstance(entries, str) else entries
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        return codes.BROKEN
    ours = [entry for entry in listed if isinstance(entry, dict) and entry.get("out_refund_no") == refund.refund_no]
    if len(ours) != 1:
        return codes.MISMATCH if listed and not ours else codes.BROKEN
    status = text_of(ours[0], "refund_status")
    if status == codes.SUCCESS:
        return _done(ours[0], refund)
    return codes.REFUND_STATUS.get(status or "", codes.UNCLEAR)
