"""Chaoying's notifications of payments by QR code (2.3 微信预下单结果通知, 支付宝预下单结果通知). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from posd.gateways.base import Answer, HttpResponse, Notice, OrderRef
from posd.gateways.chaoying import codes
from posd.gateways.chaoying.payments import paid
from posd.gateways.chaoying.reply import signature_holds
from posd.gateways.chaoying.settings import ChaoyingSettings
from posd.gateways.json_body import parse_form
from posd.gateways.texts import readable
from posd.payment.amounts import parse_fen
from posd.payment.verdicts import Evidence, PaymentVerdict

TAKEN = HttpResponse(200, b"success", {"content-type": "text/plain"})
"""后台通知结果反馈: the plain text, within three seconds, or it is sent again."""
NOT_TAKEN = HttpResponse(200, b"fail", {"content-type": "text/plain"})

_PAY_RESULT_SUCCESS = "0"
"""pay_result - 支付结果: 0 成功, anything else 失败."""


def read_notice(request: HttpResponse, settings: ChaoyingSettings) -> Notice | None:
    """A notification that is rightly signed and for this merchant: all merchants of an agent share its key."""
    fields = parse_form(request.body)
    if fields is None or not fields.get("sign") or not signature_holds(fields, settings.key):
        return None
    if fields.get("mch_id") != settings.mch_id or not fields.get("out_trade_no"):
        return None
    return Notice(fields["out_trade_no"], lambda order: _told(fields, order), TAKEN, NOT_TAKEN)


def _told(fields: Mapping[str, str], order: OrderRef) -> Answer[PaymentVerdict]:
    code = fields.get("pay_result") or fields.get("result_code")
    return Answer(_standing(fields, order), Evidence(readable(code), readable(fields.get("msg"))))


def _standing(fields: Mapping[str, str], order: OrderRef) -> PaymentVerdict:
    if fields["out_trade_no"] != order.order_no:
        return codes.MISMATCH
    communicated = fields.get("state") == codes.SUCCESS and fields.get("result_code") == codes.SUCCESS
    if not communicated or fields.get("pay_result") != _PAY_RESULT_SUCCESS:
        # 失败 speaks of one attempt; the code can be scanned again until it dies. A query tells.
        return codes.UNCLEAR
    return paid(_as_answer(fields), order.order_no, order.amount)


def _as_answer(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Here ``total_fee`` is what was due, and there is no ``base_fee``: unlike in answers since edition 2.5.0."""
    if fields.get("base_fee"):
        return fields
    due, coupon = fields.get("total_fee", ""), fields.get("coupon_fee") or "0"
    if not (_is_amount(due) and _is_amount(coupon)):
        return {**fields, "base_fee": due}
    return {**fields, "base_fee": due, "total_fee": str(max(int(due) - int(coupon), 0))}


def _is_amount(text: str) -> bool:
    return parse_fen(text) is not None
