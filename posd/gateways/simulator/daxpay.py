"""DaxPay 2.0.6 to 2.0.8: JSON in and out, ``data`` signed by HMAC-SHA256 or MD5. Pure.

Where the documents contradict themselves or the platform: ``nonceStr`` may be missing (required by the table, missing
in the example); the query's number is ``bizOrderNoeNo``; a request that fails the platform's own checks is answered
without ``data``, so without a signature.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.daxpay.codes import CHANNELS
from posd.gateways.signing import daxpay_signature, matches
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.daxpay_answers import DaxpayAnswers
from posd.gateways.simulator.daxpay_requests import PATHS, PAY_BY_CODE, PAY_BY_ITSELF
from posd.gateways.simulator.forms import read_json
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.orders import Charge, Order, Refund
from posd.gateways.simulator.protocol import (
    NOWHERE,
    Breach,
    Call,
    Event,
    Fields,
    Kind,
    Posting,
    Reject,
    Route,
    Seal,
    View,
)
from posd.payment.auth_code import Secret

# 2.0.8 takes no request from more than a minute in the future.
_FUTURE_MAX_S = 60
# How old a request may be is set on each platform: five minutes on this one.
_AGE_MAX_S = 300

_ANOTHER_KEY = Secret("not the secret of this merchant")
_TURNED_AWAY = "turnedAway"
"""Marks the answer to a request that fails the platform's own checks: the number goes into the envelope."""
_REJECTIONS = {
    Breach.SIGNATURE: (20052, "签名错误"),
    Breach.FIELD: (20051, "参数错误"),
    Breach.FORMAT: (20051, "参数错误"),
    Breach.TIME: (20051, "请求已过期，请重新发送"),
}
_WALLETS = MappingProxyType({channel: wallet for wallet, channel in CHANNELS.items()})


class Daxpay(DaxpayAnswers):
    """DaxPay's side."""

    name = "daxpay"
    QUIRKS = MappingProxyType(
        {
            "sign_type": ("HMAC_SHA256", "MD5"),
            # A refused code: a status of its own, or the message of an exception and no status at all.
            "declined": ("fail", "exception"),
        }
    )
    secret_fields: ClassVar[frozenset[str]] = frozenset({"extraParam"})
    # No document gives the pauses: a few soon, then ever more seldom.
    notify_pauses_s = (0, 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600)
    notify_events = frozenset({Event.PAID, Event.REFUNDED})

    def __init__(self, bank: Bank, keys: KeyRing, site: str = NOWHERE) -> None:
        super().__init__(bank, keys, site)
        self._secret = Secret(keys.token("daxpay", "secret"))

    def settings(self) -> Mapping[str, str | Secret]:
        """See the base class."""
        return {"secret": self._secret, "sign_type": self.quirks["sign_type"], "client_ip": "127.0.0.1"}

    # --- in -----------------------------------------------------------------------------------------------------------

    def read(self, request: HttpRequest, now_ms: int) -> Call:
        """See the base class."""
        route = PATHS.get(request.path) if request.method == "POST" else None
        if route is None:
            raise Reject(Breach.PATH, "no document knows this path")
        call = self._named(self._routed(route, request.path, read_json(request, route)))
        self._check(call, now_ms)
        return call

    @staticmethod
    def _routed(route: Route, path: str, fields: Mapping[str, object]) -> Call:
        if route is PAY_BY_CODE and fields.get("method") != "barcode":
            route = PAY_BY_ITSELF
        return Call(route, path, fields)

    def _named(self, call: Call) -> Call:
        """Which order and refund it is about; the platform's own number wins over the merchant's."""
        refund_no = self.bank.refund_no_of(call.text("refundNo").removeprefix("DEVR")) or call.text("bizRefundNo")
        own = next((text for name in _OWN_NUMBERS if (text := call.text(name))), None)
        order_no = self.own_number(call.text("orderNo")) or own or call.text("orderNo")
        return replace(call, order_no=order_no or None, refund_no=refund_no or None)

    def _check(self, call: Call, now_ms: int) -> None:
        if not matches(self._sign(call.fields, self._secret), call.text("sign")):
            raise Reject(Breach.SIGNATURE, "sign does not match", call)
        self.check(call)
        age_s = now_ms // 1000 - int(call.text("reqTime"))
        if not -_FUTURE_MAX_S <= age_s <= _AGE_MAX_S:
            raise Reject(Breach.TIME, f"reqTime is {age_s} s old", call)
        about_refund = call.route.operation in ("queryRefund", "syncRefund")
        if not (call.refund_no if about_refund else call.order_no):
            raise Reject(Breach.FIELD, "neither the platform's number nor the merchant's", call)
        if call.route.kind is Kind.PAY and not _auth_code(call):
            raise Reject(Breach.FIELD, "method barcode without extraParam.authCode", call)

    def _sign(self, fields: Mapping[str, object], secret: Secret) -> str:
        return daxpay_signature(fields, secret, self.quirks["sign_type"])

    def advice(self, call: Call, now_ms: int) -> Iterable[str]:
        """See the base class."""
        empty = [name for name, value in call.fields.items() if value == ""]
        if empty:
            yield f"empty fields are signed as k=: {', '.join(sorted(empty))}"

    def charge(self, call: Call) -> Charge:
        """See the base class."""
        expires_at_s = call.fields.get("expiredTime")
        silent = call.fields.get("notNotify") is True
        return Charge(
            int(call.text("amount")),
            _WALLETS.get(call.text("channel")),
            _auth_code(call) if call.route.kind is Kind.PAY else None,
            None if silent else call.text("notifyUrl") or None,
            expires_at_s * 1000 if isinstance(expires_at_s, int) else None,
            {name: call.text(name) for name in ("title", "channel", "method", "attach")},
        )

    # --- out ----------------------------------------------------------------------------------------------------------

    def encode(self, call: Call | None, fields: Fields, seal: Seal, now_ms: int) -> HttpResponse:
        """See the base class."""
        envelope: Fields = {"code": 0, "msg": "success", "traceId": self.bank.token(12)}
        if _TURNED_AWAY in fields:
            envelope |= {"code": fields[_TURNED_AWAY], "msg": fields["msg"]}
        else:
            envelope["data"] = self._sealed({**fields, "resTime": now_ms // 1000}, seal)
        body = json.dumps(envelope, ensure_ascii=False).encode()
        return HttpResponse(200, body, {"content-type": "application/json; charset=utf-8"})

    def _sealed(self, fields: Fields, seal: Seal) -> Fields:
        given = {name: value for name, value in fields.items() if value is not None}
        if seal is Seal.MISSING:
            return given
        return given | {"sign": self._sign(given, self._secret if seal is Seal.RIGHT else _ANOTHER_KEY)}

    def rejected(self, call: Call | None, reject: Reject) -> Fields:
        """See the base class."""
        number, message = _REJECTIONS[reject.breach]
        text = f"{message}: {reject.detail}" if reject.breach is Breach.FIELD else message
        return {_TURNED_AWAY: number, "msg": text}

    # --- notifications ------------------------------------------------------------------------------------------------

    def posting(self, view: View, event: Event, refund: Refund | None, seal: Seal) -> Posting:
        """See the base class."""
        order = view.order
        if event is Event.REFUNDED and refund is not None:
            fields = self.refund_fields(order, refund, refund.status)
        else:
            fields = self.order_fields(view) | {"createTime": (order.created_at_ms or view.at_ms) // 1000}
        sealed = self._sealed({**fields, "attach": order.memo.get("attach") or None}, seal)
        return Posting("application/json", json.dumps(sealed, ensure_ascii=False).encode())

    def acknowledges(self, status: int, text: str) -> bool:
        """See the base class."""
        return status == 200 and text == "SUCCESS"

    def wants_notice(self, order: Order, event: Event) -> bool:
        """See the base class."""
        return order.charge is not None and order.charge.notify_url is not None


_OWN_NUMBERS = ("bizOrderNo", "bizOrderNoeNo", "bizTradeNo")


def _auth_code(call: Call) -> str | None:
    extra = call.fields.get("extraParam")
    code = extra.get("authCode") if isinstance(extra, dict) else None
    return code if isinstance(code, str) and code else None
