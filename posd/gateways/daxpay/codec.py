"""DaxPay: typed calls to signed JSON, signed JSON to verdicts. Pure.

``query`` reads the platform's own record, which alone names order and amount; a sync makes the platform ask the wallet
and answers with one bare word, so it can nudge and never prove: it is there as a call by hand. The platform asks the
wallet by itself (WeChat ten times, every five seconds), which is why a query is enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import ClassVar

from posd.gateways.base import (
    Answer,
    CallResult,
    Capabilities,
    Codec,
    Exchange,
    HttpRequest,
    HttpResponse,
    Notice,
    Operation,
    OrderRef,
    PayOrder,
    RefundOrder,
    Stamp,
    T,
)
from posd.gateways.daxpay import answers
from posd.gateways.daxpay.codes import CANCEL_CHANNELS, CHANNELS
from posd.gateways.daxpay.operations import CLOSE_ORDER_FIELD, OPERATIONS, PATHS, QUERY_ORDER_FIELD, typed
from posd.gateways.daxpay.settings import DaxpaySettings
from posd.gateways.json_body import JsonValue, parse_object, text_of
from posd.gateways.signing import daxpay_signature
from posd.gateways.texts import cut, fitting
from posd.payment.auth_code import Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from posd.payment.verdicts import PaymentVerdict, RefundVerdict

# The lengths of title, attach and reason in 统一支付接口 and 退款接口.
_TITLE_LIMIT = 100
_ATTACH_LIMIT = 500
_REASON_LIMIT = 150

_HEADERS = {"content-type": "application/json"}
_TAKEN = HttpResponse(200, b"SUCCESS", {"content-type": "text/plain"})
# Anything but the word SUCCESS makes the platform send the notification again.
_NOT_TAKEN = HttpResponse(200, b"FAIL", {"content-type": "text/plain"})


class DaxpayCodec(Codec):
    """DaxPay 2.0.6 to 2.0.8."""

    protocol: ClassVar[str] = "daxpay"

    def __init__(self, settings: DaxpaySettings) -> None:
        self._settings = settings
        self._paths = PATHS[settings.api]
        self._operations = OPERATIONS[settings.api]

    @property
    def capabilities(self) -> Capabilities:
        """Bar codes and QR codes of the three wallets that the platform has a channel for; no face call."""
        return Capabilities(
            methods=frozenset({Method.BARCODE, Method.QR}),
            wallets=frozenset(CHANNELS),
            qr_wallets=frozenset(CHANNELS),
            qr_default=Wallet.WECHAT,
        )

    def void_terms(self, method: Method) -> VoidTerms:
        """Close and cancel work only while the order is unpaid, and their answers name no order."""
        return VoidTerms(answer_proves=False, reverses_paid=False)

    # --- payments -----------------------------------------------------------------------------------------------------

    def pay(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """DaxPay 统一支付接口, with ``barcode`` or ``qrcode``."""
        fields = self._pay_fields(order) | self._method_fields(order)
        return self._exchange("pay", fields, stamp, lambda response: answers.read_pay(response, order, self._settings))

    def _pay_fields(self, order: PayOrder) -> dict[str, JsonValue]:
        wallet = order.wallet or self.capabilities.qr_default
        if wallet is None or wallet not in CHANNELS:
            raise ValueError(f"DaxPay has no channel for {wallet}")
        return {
            "bizOrderNo": order.order_no,
            "title": cut(order.description, _TITLE_LIMIT).strip() or order.order_no,
            "channel": CHANNELS[wallet],
            "amount": order.amount,
            "attach": fitting(order.attach, _ATTACH_LIMIT),
            "notifyUrl": self._settings.notify_url,
        }

    def _method_fields(self, order: PayOrder) -> dict[str, JsonValue]:
        match order.method:
            case Method.BARCODE if order.credential is not None:
                return {"method": "barcode", "extraParam": {"authCode": order.credential.reveal()}}
            case Method.QR:
                expires_at_s = order.expires_at_ms // 1000 if order.expires_at_ms is not None else None
                return {"method": "qrcode", "expiredTime": expires_at_s}
            case _:
                raise ValueError(f"DaxPay takes no {order.method} payment without a bar code")

    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """DaxPay 支付订单查询接口."""
        fields: dict[str, JsonValue] = {QUERY_ORDER_FIELD: order.order_no}
        return self._exchange(
            "queryPay", fields, stamp, lambda response: answers.read_query(response, order, self._settings)
        )

    def cancel(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """DaxPay 支付撤销接口 for a bar code where the platform has it, else 支付关闭接口.

        A wallet knows no "close" of a bar code payment that is under way, but it has a "cancel" for it.
        """
        barcode = order.method is Method.BARCODE and order.wallet in CANCEL_CHANNELS
        operation = "cancel" if barcode and "cancel" in self._paths else "close"
        name = CLOSE_ORDER_FIELD[self._settings.api] if operation == "close" else "bizOrderNo"
        return self._exchange(
            operation, {name: order.order_no}, stamp, lambda response: answers.read_cancel(response, self._settings)
        )

    # --- refunds ------------------------------------------------------------------------------------------------------

    def refund(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """DaxPay 退款接口."""
        fields: dict[str, JsonValue] = {
            "bizRefundNo": refund.refund_no,
            "bizOrderNo": refund.order.order_no,
            "amount": refund.amount,
            "reason": fitting(refund.reason, _REASON_LIMIT),
            "notifyUrl": self._settings.notify_url,
        }
        return self._exchange(
            "refund", fields, stamp, lambda response: answers.read_refund(response, refund, self._settings)
        )

    def refund_query(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """DaxPay 退款订单查询接口."""
        fields: dict[str, JsonValue] = {"bizRefundNo": refund.refund_no}
        return self._exchange(
            "queryRefund", fields, stamp, lambda response: answers.read_refund_query(response, refund, self._settings)
        )

    # --- notifications ------------------------------------------------------------------------------------------------

    def read_notification(self, request: HttpResponse, stamp: Stamp) -> Notice | None:
        """DaxPay 支付通知, 退款通知: the fields of the order or the refund, signed like the ``data`` of an answer."""
        fields = parse_object(request.body)
        if fields is None or not answers.is_signed(fields, self._settings):
            return None
        data = answers.Signed(fields)
        order_no = text_of(fields, "bizOrderNo")
        if order_no is None:
            return None
        refund_no = text_of(fields, "bizRefundNo")
        if refund_no is None:
            return Notice(order_no, lambda order: answers.read_order(data, order), _TAKEN, _NOT_TAKEN)
        return Notice(
            order_no,
            lambda _: answers.read_other_matter(data),
            _TAKEN,
            _NOT_TAKEN,
            refund_no,
            lambda refund: answers.read_refund_order(data, refund),
        )

    def notification_refusal(self) -> HttpResponse:
        """Any word but ``SUCCESS``."""
        return _NOT_TAKEN

    # --- calls made by hand -------------------------------------------------------------------------------------------

    def operations(self) -> Mapping[str, Operation]:
        """The calls of the configured generation."""
        return self._operations

    def call(self, operation: str, fields: Mapping[str, str], stamp: Stamp) -> Exchange[CallResult]:
        """One call; clientIp, nonceStr, reqTime and sign are filled in. Raises KeyError for an unknown operation."""
        self._operations[operation]
        return self._exchange(
            operation,
            typed(operation, fields),
            stamp,
            lambda response: answers.read_call(response, self._settings, _credential(fields)),
        )

    def harmless(self, stamp: Stamp) -> Exchange[CallResult]:
        """A query of an order that cannot exist: a signed "no such order" proves keys, clock and network."""
        return self._exchange(
            "queryPay",
            {QUERY_ORDER_FIELD: f"doctor{stamp.nonce}"},
            stamp,
            lambda response: answers.read_call(response, self._settings, missing_is_fine=True),
        )

    # --- the envelope -------------------------------------------------------------------------------------------------

    def _exchange(
        self,
        operation: str,
        fields: Mapping[str, JsonValue],
        stamp: Stamp,
        read: Callable[[HttpResponse], Answer[T]],
    ) -> Exchange[T]:
        return Exchange(HttpRequest(operation, self._paths[operation], self._body(fields, stamp), _HEADERS), read)

    def _body(self, fields: Mapping[str, JsonValue], stamp: Stamp) -> bytes:
        given = {name: value for name, value in fields.items() if value is not None and value != ""}
        body: dict[str, JsonValue] = {
            **given,
            "clientIp": self._settings.client_ip,
            "nonceStr": stamp.nonce,
            "reqTime": stamp.at_ms // 1000,
        }
        sign = daxpay_signature(body, self._settings.secret, self._settings.sign_type)
        return json.dumps({**body, "sign": sign}, ensure_ascii=False, separators=(",", ":")).encode()


def _credential(fields: Mapping[str, str]) -> Secret | None:
    code = fields.get("authCode")
    return Secret(code) if code else None
