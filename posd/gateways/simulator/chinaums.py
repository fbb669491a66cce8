"""ChinaUMS: poslink and netpay behind one host; requests signed in a header, answers not at all. Pure.

Where the documents contradict themselves: items of the header may stand with a blank after the comma or without; an
order number has 6 to 32 characters (its table; the text says less than 28); ``totalAmount`` may be a text. What cannot
be signed wrongly is made garbage, because an unsigned lie would be believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import urlencode

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.chinaums.netpay import TIME
from posd.gateways.signing import (
    joined_pairs,
    matches,
    md5_with_key_appended,
    open_body_signature,
    sha256_with_key_appended,
)
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.chinaums_netpay import WALLETS, NetpayWords
from posd.gateways.simulator.chinaums_poslink import PoslinkWords, order_id
from posd.gateways.simulator.chinaums_requests import GOODS, PATHS, SOURCE_ID
from posd.gateways.simulator.desk import GARBAGE
from posd.gateways.simulator.fields import moment_ms, problems
from posd.gateways.simulator.forms import header, read_json
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.orders import Charge, Order, Refund, RefundRefusal, RefundStatus
from posd.gateways.simulator.protocol import (
    NOWHERE,
    Breach,
    Call,
    CancelOutcome,
    Event,
    Fields,
    Kind,
    Posting,
    Protocol,
    QueryRefusal,
    Reject,
    Seal,
    View,
)
from posd.payment.auth_code import Secret, wallet_of

APP_ID = "8a81c1be00000000000000000000posd"
MID = "898340149000005"
TID = "88880001"
INST_MID = "APPDEFAULT"

# "请求终端或者平台的系统时间不正常" (2.1), without a number: ten minutes are far more than a clock should be off.
_CLOCK_MAX_S = 600

_HEADER = re.compile(r'OPEN-BODY-SIG ((?:\w+="[^"]*"(?:,\s*)?)+)', re.ASCII)
_ITEM = re.compile(r'(\w+)="([^"]*)"', re.ASCII)

_REJECTIONS = {
    Breach.SIGNATURE: ("BAD_SIGN", "签名错误"),
    Breach.FIELD: ("BAD_REQUEST", "请求报文有错"),
    Breach.FORMAT: ("BAD_REQUEST", "请求报文有错"),
    Breach.MERCHANT: ("NO_MERCHANT", "找不到请求指定的商户"),
    Breach.TIME: ("ABNORMAL_REQUEST_TIME", "请求时间异常"),
}


class Chinaums(Protocol):
    """ChinaUMS' side."""

    name = "chinaums"
    QUIRKS = MappingProxyType(
        {
            # poslink's code for "the customer is typing his password" is not public.
            "paying": ("0000", "SUCCESS", "99"),
            "unknown": ("FF", "1"),
            # A real answer says 已退货 with a refundedAmount of 0.
            "refunded_amount": ("told", "zero"),
            "notify_sign": ("MD5", "SHA256"),
            # One client of the platform has seen signed answers.
            "answers_signed": ("no", "yes"),
        }
    )
    secret_fields: ClassVar[frozenset[str]] = frozenset({"payCode"})
    cancel_proves = False
    # 1.8: several times within 24 hours.
    notify_pauses_s = (0, 60, 300, 1800, 3600, 14_400, 43_200)
    notify_events = frozenset({Event.PAID, Event.REFUNDED})

    def __init__(self, bank: Bank, keys: KeyRing, site: str = NOWHERE) -> None:
        super().__init__(bank, keys, site)
        self._app_key = Secret(keys.token("chinaums", "app_key"))
        self._notify_key = Secret(keys.token("chinaums", "notify_key"))
        self._poslink, self._netpay = PoslinkWords(bank, self.quirks), NetpayWords(bank)

    def settings(self) -> Mapping[str, str | Secret]:
        """See the base class."""
        return {
            "app_id": APP_ID,
            "app_key": self._app_key,
            "mid": MID,
            "tid": TID,
            "inst_mid": INST_MID,
            "source_id": SOURCE_ID,
            "notify_key": self._notify_key,
        }

    # --- in -----------------------------------------------------------------------------------------------------------

    def read(self, request: HttpRequest, now_ms: int) -> Call:
        """See the base class."""
        route = PATHS.get(request.path) if request.method == "POST" else None
        if route is None:
            raise Reject(Breach.PATH, "no document knows this path")
        call = self._named(Call(route, request.path, read_json(request, route)))
        self._verify(call, request, now_ms)
        self.check(call)
        if (call.text("merchantCode") or call.text("mid")) != MID or (
            call.text("terminalCode") or call.text("tid")
        ) != TID:
            raise Reject(Breach.MERCHANT, "unknown merchant or terminal", call)
        self._check_rules(call)
        return call

    def _verify(self, call: Call, request: HttpRequest, now_ms: int) -> None:
        found = _HEADER.fullmatch((header(request.headers, "authorization") or "").strip())
        items = dict(_ITEM.findall(found[1])) if found else {}
        timestamp, nonce = items.get("Timestamp", ""), items.get("Nonce", "")
        expected = open_body_signature(APP_ID, self._app_key, timestamp, nonce, request.body)
        if items.get("AppId") != APP_ID or not nonce or not matches(expected, items.get("Signature", "")):
            raise Reject(Breach.SIGNATURE, "Authorization does not match", call)
        asked_at_ms = moment_ms(timestamp)
        if asked_at_ms is None or abs(now_ms - asked_at_ms) > _CLOCK_MAX_S * 1000:
            raise Reject(Breach.TIME, f"Timestamp {timestamp} is not the time in Beijing", call)

    def _named(self, call: Call) -> Call:
        """Which order and refund it is about. Of two numbers poslink follows its own."""
        if call.route.operation == "netpay/refund-query":
            refund_no = call.text("merOrderId")
            owner = self.bank.owner_of(refund_no)
            return replace(call, refund_no=refund_no or None, order_no=owner.order_no if owner else None)
        platforms = call.text("originalOrderId") or call.text("targetOrderId")
        order = self.order_of_trade_no(platforms) if platforms else None
        own = call.text("merchantOrderId") or call.text("merOrderId")
        order_no = order.order_no if order else platforms if platforms and not own else own
        refund_no = call.text("refundRequestId") or call.text("refundOrderId")
        return replace(call, order_no=order_no or None, refund_no=refund_no or None)

    def _check_rules(self, call: Call) -> None:
        if not call.order_no and call.route.operation != "netpay/refund-query":
            raise Reject(Breach.FIELD, "neither the platform's number nor the merchant's", call)
        if call.route.operation == "poslink/pay" and call.text("payMode") not in ("CODE_SCAN", "FACE_SCAN"):
            raise Reject(Breach.FIELD, f"payMode {call.text('payMode')} is not served here", call)
        goods = call.fields.get("goods")
        if isinstance(goods, list) and not all(isinstance(item, dict) and not problems(item, GOODS) for item in goods):
            raise Reject(Breach.FIELD, "goods is no list of goods", call)

    def charge(self, call: Call) -> Charge:
        """See the base class."""
        if call.route.kind is Kind.PAY:
            code = call.text("payCode")
            return Charge(int(call.text("transactionAmount")), wallet_of(code), code)
        operation = call.route.operation
        memo = {"operation": operation, "secureTransaction": call.text("secureTransaction")}
        memo["attachedData"] = call.text("attachedData")
        return Charge(
            int(call.text("totalAmount")),
            WALLETS[operation],
            None,
            call.text("notifyUrl") or None,
            moment_ms(call.text("expireTime"), TIME),
            memo,
        )

    # --- out ----------------------------------------------------------------------------------------------------------

    def encode(self, call: Call | None, fields: Fields, seal: Seal, now_ms: int) -> HttpResponse:
        """See the base class."""
        signed = self.quirks["answers_signed"] == "yes"
        if seal is Seal.WRONG and not signed:
            return GARBAGE
        answer = {name: value for name, value in fields.items() if value is not None}
        if call is not None and call.route.operation.startswith("netpay/"):
            own = {"mid": MID, "tid": TID, "instMid": INST_MID, "msgId": call.fields.get("msgId")}
            # 1.1 and its examples have responseTimestamp, the tables of 1.2 to 1.4 responseTimeStamp.
            answer |= {name: value for name, value in own.items() if value} | {
                "responseTimestamp": beijing(now_ms, TIME)
            }
        body = json.dumps(answer, ensure_ascii=False).encode()
        headers = {"content-type": "application/json; charset=utf-8"}
        if signed and seal is not Seal.MISSING:
            headers["authorization"] = self._authorization(body, seal, now_ms)
        return HttpResponse(200, body, headers)

    def _authorization(self, body: bytes, seal: Seal, now_ms: int) -> str:
        timestamp, nonce = beijing(now_ms), self.bank.token()
        over = body if seal is Seal.RIGHT else body + b" "
        signature = open_body_signature(APP_ID, self._app_key, timestamp, nonce, over)
        return f'OPEN-BODY-SIG AppId="{APP_ID}",Timestamp="{timestamp}",Nonce="{nonce}",Signature="{signature}"'

    def rejected(self, call: Call | None, reject: Reject) -> Fields:
        """See the base class."""
        code, message = _REJECTIONS[reject.breach]
        text = f"{message}: {reject.detail}" if reject.breach is Breach.FIELD else message
        return {"errCode": code, "errInfo" if _is_poslink(call) else "errMsg": text}

    def pay_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return self._poslink.paid_or_not(view)

    def preorder_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return self._netpay.ordered(call, view, self.code_url(view.order_no))

    def duplicate_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return {"errCode": "DUP_ORDER", "errInfo" if _is_poslink(call) else "errMsg": "重复的订单请求"}

    def query_answer(self, call: Call, view: View) -> Fields:
        """See the base class."""
        return self._poslink.query(view) if _is_poslink(call) else self._netpay.query(view)

    def query_refusal(self, call: Call, why: QueryRefusal) -> Fields:
        """See the base class."""
        return (self._poslink if _is_poslink(call) else self._netpay).query_refusal(why)

    def void(self, call: Call, order: Order, now_ms: int) -> CancelOutcome:
        """See the base class."""
        return self._poslink.void(order, now_ms) if _is_poslink(call) else self._netpay.close(order, now_ms)

    def cancel_answer(self, call: Call, order: Order, outcome: CancelOutcome) -> Fields:
        """See the base class."""
        return self._poslink.voided(order, outcome) if _is_poslink(call) else self._netpay.closed(outcome)

    def refund_terms(self, call: Call) -> tuple[str, int]:
        """See the base class."""
        return (self._poslink if _is_poslink(call) else self._netpay).refund_terms(call)

    def refund_answer(self, call: Call, order: Order, refund: Refund) -> Fields:
        """See the base class."""
        if _is_poslink(call):
            return self._poslink.refunded(order, refund)
        return self._netpay.refunded(order, refund, refund.status)

    def refund_refusal(self, call: Call, order: Order | None, why: RefundRefusal) -> Fields:
        """See the base class."""
        if _is_poslink(call):
            return self._poslink.refund_refusal(why, asked=call.route.kind is Kind.REFUND_QUERY)
        return self._netpay.refund_refusal(why)

    def refund_query_answer(self, call: Call, order: Order, refund: Refund, status: RefundStatus) -> Fields:
        """See the base class."""
        if _is_poslink(call):
            return self._poslink.refund_query(refund, status)
        return self._netpay.refund_query(order, refund, status)

    def other(self, call: Call, now_ms: int) -> Fields:
        """See the base class."""
        return self._netpay.secure(call, now_ms)

    def order_of_trade_no(self, trade_no: str) -> Order | None:
        """See the base class."""
        digits = trade_no[2:]
        order = self.bank.by_serial(int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 64 else None
        numbers = (order_id(order), f"20{order.serial:026d}") if order else ()
        return order if trade_no in numbers else None

    # --- notifications: netpay's orders only --------------------------------------------------------------------------

    def posting(self, view: View, event: Event, refund: Refund | None, seal: Seal) -> Posting:
        """See the base class."""
        order, signs = view.order, self.quirks["notify_sign"]
        fields: Fields = {
            "mid": MID,
            "tid": TID,
            "instMid": INST_MID,
            "merOrderId": view.order_no,
            "totalAmount": view.amount,
            "seqId": f"{order.serial:010d}N",
            "attachedData": order.memo.get("attachedData", ""),
            "connectSys": "UNIONPAY",
            "signType": "SHA256" if signs == "SHA256" else None,
            # 随机key: a field of its own that takes part in the signature.
            f"k{self.bank.token(6)}": self.bank.token(8),
            **self._netpay.standing(view),
        }
        if event is Event.REFUNDED:
            fields |= {"status": "TRADE_REFUND", "refundAmount": view.refunded}
        texts = {name: str(value) for name, value in fields.items() if value is not None}
        key = self._notify_key if seal is Seal.RIGHT else self._app_key
        # The document prints SHA-256 in lower case, real notifications carry it in upper case.
        make = sha256_with_key_appended if signs == "SHA256" else md5_with_key_appended
        texts["sign"] = make(joined_pairs(texts), key).upper()
        return Posting("application/x-www-form-urlencoded", urlencode(texts).encode())

    def acknowledges(self, status: int, text: str) -> bool:
        """See the base class."""
        return status == 200 and text == "SUCCESS"


def _is_poslink(call: Call | None) -> bool:
    return call is not None and call.route.operation.startswith("poslink/")
