"""Chaoying UnifiedPay v2.5.3: form in, JSON out, MD5 with the agent's key, HTTP 200 whatever happened. Pure.

Where the document contradicts itself: a bad signature is answered by 20002 (its table; the example has 10002, which is
转入退款 in the table); method names are taken without regard to case (the vendor's own client writes ``OrderQuery``);
a pre-order answer is signed though its table lists no ``sign``; NATIVE goes without ``sub_appid`` and ``product_id``
(as in the example).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.signing import joined_pairs, matches, md5_with_key_field
from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.chaoying_answers import MCH_ID, TRADE_NO_DIGITS, ChaoyingAnswers, result
from posd.gateways.simulator.chaoying_requests import GATEWAY_PATH, GOODS, METHODS, PATHS
from posd.gateways.simulator.fields import moment_ms, problems
from posd.gateways.simulator.forms import read_form
from posd.gateways.simulator.orders import Charge, Order, Phase, Refund
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
from posd.payment.amounts import Fen, format_yuan
from posd.payment.auth_code import Secret, Wallet, wallet_of

if TYPE_CHECKING:
    from posd.gateways.simulator.keys import KeyRing

AGENT_ID = "130000000000000001"

# What an answer is signed with that is not rightly signed.
_ANOTHER_KEY = Secret("not the key of this agent")

_REJECTIONS = {
    Breach.SIGNATURE: ("20002", "签名错误"),
    Breach.FIELD: ("20004", "参数错误"),
    Breach.FORMAT: ("20004", "参数错误"),
    Breach.MERCHANT: ("20005", "商户错误"),
    Breach.AGENT: ("20012", "代理商错误"),
}


class Chaoying(ChaoyingAnswers):
    """Chaoying's side."""

    name = "chaoying"
    QUIRKS = MappingProxyType(
        {
            # What a query says of an order that is still being paid.
            "paying": ("PROCESSING", "NEED_QUERY"),
            # "Fields only when state and trade_state are SUCCESS": a refunded order may lose its numbers.
            "refunded_with_ids": ("no", "yes"),
            # Later versions sign only answers to what went right.
            "failures_signed": ("yes", "no"),
        }
    )
    secret_fields: ClassVar[frozenset[str]] = frozenset({"auth_code", "face_code", "openid", "password", "js_code"})
    # Chaoying 2.3 微信预下单结果通知: 0/15/15/30/180/1800/1800/1800/1800/3600 seconds.
    notify_pauses_s = (0, 15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600)
    # Chaoying 2.2 交易撤销: at least 15 s after the pay request.
    cancel_floor_ms = 15_000

    def __init__(self, bank: Bank, keys: KeyRing, site: str = NOWHERE) -> None:
        super().__init__(bank, keys, site)
        self._key = Secret(keys.token("chaoying", "key"))

    def settings(self) -> Mapping[str, str | Secret]:
        """See the base class."""
        return {"agent_id": AGENT_ID, "mch_id": MCH_ID, "pid": "posd", "version": "1.0", "key": self._key}

    # --- in -----------------------------------------------------------------------------------------------------------

    def read(self, request: HttpRequest, now_ms: int) -> Call:
        """See the base class."""
        route = self._route(request)
        fields = read_form(request, route)
        call = self._named(Call(route, request.path, fields, refund_no=fields.get("out_refund_no") or None))
        self._verify(call)
        self.check(call)
        if call.text("mch_id") not in ("", MCH_ID):
            raise Reject(Breach.MERCHANT, f"unknown merchant {call.text('mch_id')}", call)
        self._check_rules(call)
        return call

    def _route(self, request: HttpRequest) -> Route:
        if request.method != "POST":
            raise Reject(Breach.PATH, f"{request.method} is not taken")
        if request.path != GATEWAY_PATH:
            route = PATHS.get(request.path)
            if route is None:
                raise Reject(Breach.PATH, "no document knows this path")
            return route
        unknown = Route("unknown method", Kind.OTHER)
        method = read_form(request, unknown).get("method", "")
        route = METHODS.get(method.lower())
        if route is None:
            raise Reject(Breach.FIELD, "no document knows this method", Call(unknown, request.path, {}))
        return route

    def _verify(self, call: Call) -> None:
        if call.text("agent_id") not in ("", AGENT_ID):
            raise Reject(Breach.AGENT, f"unknown agent {call.text('agent_id')}", call)
        sign = call.text("sign")
        if sign and not matches(self._sign(call.fields, self._key), sign):
            raise Reject(Breach.SIGNATURE, "sign does not match", call)

    def _named(self, call: Call) -> Call:
        """Which payment it is about: of two numbers the document's favourite counts."""
        own, trade_no = call.text("out_trade_no"), call.text("transaction_id")
        match call.route.kind:
            case Kind.QUERY:
                order_no = own or self._own_number(trade_no)
            case Kind.REFUND:
                order_no = self._own_number(trade_no) or own
            case Kind.REFUND_QUERY:
                refund_no = self.bank.refund_no_of(call.text("refund_id")) or call.refund_no
                owner = self.bank.owner_of(refund_no)
                return replace(call, refund_no=refund_no, order_no=owner.order_no if owner else None)
            case _:
                order_no = own
        return replace(call, order_no=order_no or None)

    def _own_number(self, trade_no: str) -> str:
        order = self.order_of_trade_no(trade_no)
        return order.order_no if order else trade_no

    def _check_rules(self, call: Call) -> None:
        kind, order = call.route.kind, self.bank.find(call.order_no)
        if kind in (Kind.QUERY, Kind.REFUND) and not call.order_no:
            raise Reject(Breach.FIELD, "neither out_trade_no nor transaction_id", call)
        if kind is Kind.REFUND_QUERY and not (call.refund_no or call.text("refund_id")):
            raise Reject(Breach.FIELD, "neither out_refund_no nor refund_id", call)
        if kind in (Kind.QUERY, Kind.CANCEL, Kind.REFUND, Kind.REFUND_QUERY) and order is not None:
            _check_paytype(call, order)
        if kind is Kind.REFUND and order is not None and order.created_at_ms is not None:
            _check_total(call, order)
        if kind is Kind.PREORDER:
            _check_preorder(call)
        if call.text("goods_detail") and not _is_goods(call.text("goods_detail")):
            raise Reject(Breach.FIELD, "goods_detail is no list of goods", call)
        if call.text("auth_code").startswith("91") and not call.text("device_info"):
            raise Reject(Breach.FIELD, "QQ wallet needs device_info", call)
        if call.route.operation == "GetMchId" and not _has_one_pair(call):
            raise Reject(Breach.FIELD, "neither mobile and valid nor username and password", call)

    def advice(self, call: Call, now_ms: int) -> Iterable[str]:
        """See the base class."""
        if call.route.operation == "WECHAT_PreOrder" and _is_native(call) and not call.text("product_id"):
            yield "NATIVE without product_id: the table wants it, the example leaves it out"

    def charge(self, call: Call) -> Charge:
        """See the base class."""
        amount, credential = int(call.text("total_fee")), call.text("auth_code") or call.text("face_code") or None
        if call.route.kind is Kind.PREORDER:
            wallet: Wallet | None = Wallet.WECHAT if "WECHAT" in call.path else Wallet.ALIPAY
        elif call.route.operation == "facepay":
            wallet = Wallet.__members__.get(call.text("paytype"))
        else:
            wallet = wallet_of(credential or "")
        memo = {
            "attach": call.text("attach"),
            "device_info": call.text("device_info"),
            "trade_type": call.text("trade_type") or "MICROPAY",
        }
        # Chaoying 2.3 支付宝预下单: the end counts only together with the beginning.
        lapses = wallet is not Wallet.ALIPAY or bool(call.text("time_start"))
        expires_at_ms = moment_ms(call.text("time_expire")) if lapses else None
        return Charge(amount, wallet, credential, call.text("notify_url") or None, expires_at_ms, memo)

    # --- out ----------------------------------------------------------------------------------------------------------

    def encode(self, call: Call | None, fields: Fields, seal: Seal, now_ms: int) -> HttpResponse:
        """See the base class."""
        answer = {name: value for name, value in fields.items() if value is not None}
        failed = answer.get("state") != "SUCCESS"
        if seal is not Seal.MISSING and not (failed and self.quirks["failures_signed"] == "no"):
            answer["sign"] = self._sign(answer, self._key if seal is Seal.RIGHT else _ANOTHER_KEY)
        body = json.dumps(answer, ensure_ascii=False).encode()
        return HttpResponse(200, body, {"content-type": "application/json; charset=utf-8"})

    @staticmethod
    def _sign(fields: Mapping[str, object], key: Secret) -> str:
        return md5_with_key_field(joined_pairs(fields), key)

    def rejected(self, call: Call | None, reject: Reject) -> Fields:
        """See the base class."""
        code, message = _REJECTIONS[reject.breach]
        return result(code, f"{message}: {reject.detail}" if reject.breach is Breach.FIELD else message, state="FAIL")

    def other(self, call: Call, now_ms: int) -> Fields:
        """See the base class."""
        if call.route.operation == "GetMchSMSValid":
            # Here "code" is how many minutes the code in the message lives.
            return {"state": "SUCCESS", "code": "20", "msg": "短信验证码已发送"}
        if call.route.operation == "getfaceauth":
            return result("10000", "SUCCESS", "SUCCESS") | self._face_auth()
        return result("10000", "SUCCESS") | self._master_data(call.route.operation)

    def _face_auth(self) -> Fields:
        return {
            "mch_id": MCH_ID,
            "appid": "wx2b029c08a6232582",
            "channel_mch_id": "1264300000",
            "sub_mch_id": "1266500000",
            "authinfo": "q06MpkmCiBO4" + self.bank.token(64),
            "expires_in": "3600",
            "nonce_str": self.bank.token(),
        }

    def _master_data(self, operation: str) -> Fields:
        partners = [{"pay_channel": "CEB", "partner_id": "257012345", "appid": "wx2a8d87e234100000"}]
        answers: dict[str, Fields] = {
            "Mch_Reg": {"mch_id": MCH_ID, "nonce_str": self.bank.token()},
            "GetMchId": {
                "mch_id": MCH_ID,
                "mch_trade_code": "f6742168cc",
                "mch_full_name": "示例超市有限公司",
                "mch_short_name": "示例超市",
                "mch_state": "20",
            },
            "GetPartnerId": {"mch_id": MCH_ID, "partner_list": json.dumps(partners)},
            "GetMchInfo": {"mch_id": MCH_ID, "FullName": "示例超市有限公司", "ShortName": "示例超市"},
            "WXA_Code2Session": {
                "openid": "oDY_z00gEhAdLJ8cLTVd8nGCj-_M",
                "session_key": "+rL9Uq02dbP85itL0dz94w==",
                "expires_in": 7200,
            },
        }
        return answers[operation]

    # --- notifications: QR codes only, form, signed as everything else ------------------------------------------------

    def posting(self, view: View, event: Event, refund: Refund | None, seal: Seal) -> Posting:
        """See the base class."""
        fields = self._notice(view)
        fields["sign"] = self._sign(fields, self._key if seal is Seal.RIGHT else _ANOTHER_KEY)
        return Posting("application/x-www-form-urlencoded", urlencode(fields).encode())

    def _notice(self, view: View) -> dict[str, str]:
        order, wechat = view.order, view.order.wallet is Wallet.WECHAT
        fields = {
            "state": "SUCCESS",
            "result_code": "SUCCESS",
            "mch_id": MCH_ID,
            "device_info": order.memo.get("device_info", ""),
            "pay_result": "0" if view.phase is Phase.PAID else "1",
            "out_trade_no": view.order_no,
            "out_transaction_id": self.channel_no("42", order),
            "transaction_id": self.trade_no(order, TRADE_NO_DIGITS),
            "fee_type": "CNY",
            "total_fee": str(view.amount),
            "time_end": beijing(view.paid_at_ms),
            "bank_type": "CFT" if wechat else "ALIPAYACCOUNT",
            "trade_type": "pay.weixin.native" if wechat else "pay.alipay.native",
            "nonce_str": self.bank.token(),
        }
        if wechat:
            fields |= {"wx_mch_id": "1264300000", "wx_sub_mch_id": "1266500000"}
        else:
            bills = f'[{{"amount":"{format_yuan(Fen(view.pay_amount))}","fundChannel":"ALIPAYACCOUNT"}}]'
            fields |= {"buyer_user_id": "2088822494428000", "fund_bill_list": bills}
        if view.discount:
            fields["coupon_fee"] = str(view.discount)
        return fields

    def acknowledges(self, status: int, text: str) -> bool:
        """See the base class."""
        return status == 200 and text == "success"


def _check_paytype(call: Call, order: Order) -> None:
    """An order is asked for under the wallet that paid it."""
    wallet, given = order.wallet, call.text("paytype")
    # The shapes of CCB's own codes are UnionPay's; those of no known wallet prove nothing.
    allowed = {Wallet.UNIONPAY: ("UNIONPAY", "LONGPAY"), Wallet.OTHER: (), None: ()}.get(wallet, (wallet,))
    if allowed and given not in allowed:
        raise Reject(Breach.FIELD, f"paytype {given} for an order paid with {wallet}", call)


def _check_total(call: Call, order: Order) -> None:
    """A refund names what was due for the whole order."""
    if int(call.text("total_fee")) != order.amount:
        raise Reject(Breach.FIELD, f"total_fee {call.text('total_fee')}, the order is {order.amount}", call)


def _is_native(call: Call) -> bool:
    return call.text("trade_type") == "NATIVE"


def _check_preorder(call: Call) -> None:
    trade_type, wechat = call.text("trade_type"), "WECHAT" in call.path
    if _is_native(call):
        return
    if wechat and not call.text("sub_appid"):
        raise Reject(Breach.FIELD, f"sub_appid is missing with trade_type {trade_type}", call)
    if trade_type != "JSPAY":
        return
    if not (call.text("buyer_id") or call.text("buyer_logon_id")):
        raise Reject(Breach.FIELD, "nobody is named who shall pay", call)
    if not wechat and not call.text("product_id"):
        raise Reject(Breach.FIELD, "product_id is missing with trade_type JSPAY", call)


def _is_goods(text: str) -> bool:
    """Whether it is a JSON list of goods as in the table below goods_detail."""
    try:
        goods = json.loads(text)
    except ValueError:
        return False
    return isinstance(goods, list) and all(isinstance(item, dict) and not problems(item, GOODS) for item in goods)


def _has_one_pair(call: Call) -> bool:
    by_phone = bool(call.text("mobile") and call.text("valid"))
    return by_phone or bool(call.text("username") and call.text("password"))
