"""How Chaoying's answers speak of a payment. Pure; takes any bytes, never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from posd.gateways.base import Answer, HttpResponse
from posd.gateways.chaoying import codes
from posd.gateways.chaoying.reply import Reply, opened
from posd.gateways.json_body import text_of
from posd.gateways.texts import reason_of
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import (
    Accepted,
    Declined,
    NotFound,
    Paid,
    PaymentVerdict,
    Pending,
    Reason,
    Refunded,
    Refusal,
    Refused,
)


def read_pay(
    response: HttpResponse, key: Secret, order_no: str, amount: Fen, credential: Secret | None
) -> Answer[PaymentVerdict]:
    """2.1 and 2.2 提交支付."""
    reply = opened(response, key, credential)
    if not isinstance(reply, Reply):
        return reply
    return Answer(_standing(reply, order_no, amount, _refused_to_pay), reply.evidence)


def read_preorder(response: HttpResponse, key: Secret, order_no: str) -> Answer[PaymentVerdict]:
    """2.3 微信预下单 and 支付宝预下单, trade type NATIVE: ``Pending`` with the code to show.

    The tables of these two calls list no ``sign``, the general rules require one: without it a code may be shown, since
    only a query can make it paid, and nothing else is believed.
    """
    reply = opened(response, key, sign_due=False)
    if not isinstance(reply, Reply):
        return reply
    return Answer(_preordered(reply, order_no), reply.evidence)


def _preordered(reply: Reply, order_no: str) -> PaymentVerdict:
    if reply.differs("out_trade_no", order_no):
        return codes.MISMATCH if reply.signed else codes.BROKEN
    if reply.succeeded:
        code_url = text_of(reply.fields, "code_url")
        return Pending(code_url) if code_url and _SHOWABLE.fullmatch(code_url) else codes.BROKEN
    if not reply.signed:
        return codes.UNCLEAR
    return _refused_to_pay(reply)


def read_query(response: HttpResponse, key: Secret, order_no: str, amount: Fen) -> Answer[PaymentVerdict]:
    """2.2 订单查询."""
    reply = opened(response, key)
    if not isinstance(reply, Reply):
        return reply
    return Answer(_standing(reply, order_no, amount, _told_by_query), reply.evidence)


def read_cancel(response: HttpResponse, key: Secret, order_no: str) -> Answer[PaymentVerdict]:
    """2.2 交易撤销. Its success names no order in this edition; a later one does, and then it must be ours."""
    reply = opened(response, key)
    if not isinstance(reply, Reply):
        return reply
    return Answer(_undone(reply, order_no), reply.evidence)


def _standing(reply: Reply, order_no: str, amount: Fen, otherwise: Callable[[Reply], PaymentVerdict]) -> PaymentVerdict:
    """How an order stands; ``otherwise`` reads what is neither success nor waiting."""
    if reply.differs("out_trade_no", order_no) or reply.differs_in_fen("base_fee", amount):
        return codes.MISMATCH
    if reply.succeeded:
        return paid(reply.fields, order_no, amount)
    if reply.trade_state in codes.WAITING:
        return Pending()
    if reply.state == codes.SUCCESS and reply.code == codes.OK and reply.trade_state == codes.GONE_BACK:
        return Refunded()
    return otherwise(reply)


def paid(fields: Mapping[str, object], order_no: str, amount: Fen) -> PaymentVerdict:
    """What is paid, of fields that are verified: ``base_fee`` was due, ``total_fee`` was paid (edition 2.5.0)."""
    due, total = parse_fen(fields.get("base_fee")), parse_fen(fields.get("total_fee"))
    if due is None or total is None or text_of(fields, "out_trade_no") is None:
        return codes.BROKEN
    coupon = fields.get("coupon_fee")
    given_off = Fen(due - total) if coupon in (None, "") else parse_fen(coupon)
    ours = text_of(fields, "out_trade_no") == order_no and due == amount
    adds_up = total <= due and given_off == due - total
    if not ours or not adds_up or (text_of(fields, "fee_type") or _CURRENCY) != _CURRENCY:
        return codes.MISMATCH
    return Paid(
        Amounts.paid(due, total),
        trade_no=text_of(fields, "transaction_id"),
        channel_trade_no=text_of(fields, "out_transaction_id"),
        paid_at=text_of(fields, "time_end"),
        details=_details(fields),
    )


def _details(fields: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    texts = ((name, text_of(fields, name)) for name in _KEPT)
    return tuple((name, text) for name, text in texts if text is not None and len(text) <= _DETAIL_LIMIT)


def _refused_to_pay(reply: Reply) -> PaymentVerdict:
    if reply.state == codes.VERSION_TOO_LOW and reply.trade_state in (None, codes.FAIL):
        return codes.REJECTED
    verdict = reply.meaning(codes.PAY)
    if verdict == codes.REJECTED and codes.REPEATED.search(reply.message):
        return codes.UNCLEAR
    if isinstance(verdict, Declined) and verdict != codes.REJECTED:
        reason = reason_of(reply.message)
        unsure = reason is Reason.DECLINED and codes.NOT_SURE.search(reply.message)
        return codes.UNCLEAR if unsure else Declined(reason)
    return verdict


def _told_by_query(reply: Reply) -> PaymentVerdict:
    verdict = reply.meaning(codes.QUERY)
    if isinstance(verdict, Declined):
        return Declined(reason_of(reply.message))
    if verdict == codes.UNCLEAR and codes.ASKED_TOO_OFTEN.search(reply.message):
        return codes.TOO_OFTEN
    if reply.code == "20009" and codes.NO_SUCH_ORDER.search(reply.message):
        return NotFound()
    return verdict


def _undone(reply: Reply, order_no: str) -> PaymentVerdict:
    if reply.differs("out_trade_no", order_no):
        return codes.MISMATCH
    if reply.succeeded:
        return codes.CANCEL[codes.OK]
    if reply.trade_state in codes.WAITING and reply.code == codes.OK:
        return Accepted()
    if reply.trade_state in codes.WAITING and reply.code != "10001":
        return codes.UNCLEAR
    return _refused_to_cancel(reply)


def _refused_to_cancel(reply: Reply) -> PaymentVerdict:
    verdict = reply.meaning(codes.CANCEL)
    if codes.ASKED_TOO_OFTEN.search(reply.message):
        return codes.TOO_OFTEN if verdict == codes.UNCLEAR or reply.code == "20011" else verdict
    if reply.code == "20011" and isinstance(verdict, Refused):
        named = (why for words, why in codes.REFUSALS if words.search(reply.message))
        return Refused(next(named, Refusal.OTHER))
    return verdict


_CURRENCY = "CNY"

_KEPT = ("promotion_detail", "coupon_fee", "fund_bill_list", "bank_type", "bank_billno", "trade_type")
"""What of a paid order goes into the journal beside the amounts; nothing that names the customer."""

# A promotion of twenty articles has some 4 KiB; what is longer is not kept in part.
_DETAIL_LIMIT = 16_384

# What a QR code that a telephone still reads can carry, and nothing that a screen or a printer takes as a command.
_SHOWABLE = re.compile(r"[!-~]{1,512}")
