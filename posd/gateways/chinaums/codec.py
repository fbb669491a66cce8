"""ChinaUMS: typed calls to signed requests, plain answers to verdicts. Pure.

Bar codes and faces go to poslink, codes to scan to netpay; later calls find the right one by the order's method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from posd.gateways.base import (
    Answer,
    CallResult,
    Capabilities,
    Codec,
    Exchange,
    HttpResponse,
    Notice,
    Operation,
    OrderRef,
    PayOrder,
    RefundOrder,
    Stamp,
    T,
)
from posd.gateways.chinaums import netpay, notices, poslink
from posd.gateways.chinaums.codes import Meaning
from posd.gateways.chinaums.operations import OPERATIONS, typed
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.chinaums.wire import Fields, exchange, open_answer, verified
from posd.gateways.json_body import parse_object
from posd.payment.auth_code import Secret, Wallet, mask
from posd.payment.terms import Method, VoidTerms
from posd.payment.verdicts import PaymentVerdict, RefundVerdict

_VOID_DEADLINE_MS = 10 * 60 * 1000
"""poslink voids on the day of the payment only, and its code for "too late" is not public. A void follows its payment
within seconds; whatever has taken longer than this goes back by refund, which works on any day."""


class ChinaumsCodec(Codec):
    """ChinaUMS poslink v2 and netpay v1."""

    protocol: ClassVar[str] = "chinaums"

    def __init__(self, settings: ChinaumsSettings) -> None:
        self._settings = settings

    @property
    def capabilities(self) -> Capabilities:
        """Codes of all wallets, a face code that is given, and Alipay's code to scan.

        Answers are not signed: only TLS tells that they are the platform's, so the address must be ``https``.
        """
        return Capabilities(
            methods=frozenset(Method),
            qr_wallets=frozenset({Wallet.ALIPAY}),
            qr_default=Wallet.ALIPAY,
            order_prefix=self._settings.source_id,
        )

    def void_terms(self, method: Method) -> VoidTerms:
        """A void of poslink gives money back, a close of netpay does not; neither answer names the order."""
        if method is Method.QR:
            return VoidTerms(answer_proves=False, reverses_paid=False)
        return VoidTerms(deadline_ms=_VOID_DEADLINE_MS, answer_proves=False)

    # --- payments -----------------------------------------------------------------------------------------------------

    def pay(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """ChinaUMS poslink 支付; for a code to scan 1.1 下单 of Alipay."""
        settings = self._settings
        if order.method is not Method.QR:
            fields = poslink.pay_fields(order, settings)
            return self._exchange("poslink/pay", fields, stamp, lambda it: poslink.read_pay(it, order, settings))
        if order.wallet not in {None, Wallet.ALIPAY}:
            raise ValueError(f"ChinaUMS has no code to scan for {order.wallet}")
        fields = netpay.precreate_fields(order, settings, stamp)
        return self._exchange(
            "netpay/trade/precreate", fields, stamp, lambda it: netpay.read_precreate(it, order, settings)
        )

    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """ChinaUMS poslink 交易状态查询, or 1.2 订单交易查询."""
        settings = self._settings
        if order.method is Method.QR:
            fields = netpay.order_fields(order, settings, stamp)
            return self._exchange("netpay/query", fields, stamp, lambda it: netpay.read_query(it, order, settings))
        fields = poslink.order_fields(order, settings)
        return self._exchange("poslink/query", fields, stamp, lambda it: poslink.read_query(it, order, settings))

    def cancel(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """ChinaUMS poslink 支付撤销, or 1.7 订单关闭."""
        settings = self._settings
        if order.method is Method.QR:
            fields = netpay.order_fields(order, settings, stamp)
            return self._exchange("netpay/close", fields, stamp, lambda it: netpay.read_close(it, order, settings))
        fields = poslink.order_fields(order, settings)
        return self._exchange("poslink/voidpayment", fields, stamp, lambda it: poslink.read_void(it, order, settings))

    # --- refunds ------------------------------------------------------------------------------------------------------

    def refund(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """ChinaUMS poslink 交易退款, or 1.3 退款."""
        settings = self._settings
        if refund.order.method is Method.QR:
            fields = netpay.refund_fields(refund, settings, stamp)
            return self._exchange("netpay/refund", fields, stamp, lambda it: netpay.read_refund(it, refund, settings))
        fields = poslink.refund_fields(refund, settings)
        return self._exchange("poslink/refund", fields, stamp, lambda it: poslink.read_refund(it, refund, settings))

    def refund_query(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """ChinaUMS poslink 交易退款查询, or 1.4 退款查询."""
        settings = self._settings
        if refund.order.method is Method.QR:
            fields = netpay.refund_query_fields(refund, settings, stamp)
            return self._exchange(
                "netpay/refund-query", fields, stamp, lambda it: netpay.read_refund_query(it, refund, settings)
            )
        fields = poslink.refund_query_fields(refund, settings)
        return self._exchange(
            "poslink/query-refund", fields, stamp, lambda it: poslink.read_refund_query(it, refund, settings)
        )

    # --- notifications ------------------------------------------------------------------------------------------------

    def read_notification(self, request: HttpResponse, stamp: Stamp) -> Notice | None:
        """ChinaUMS 1.8 支付结果通知, for orders of netpay."""
        return notices.read_notice(request, self._settings)

    def notification_refusal(self) -> HttpResponse:
        """``FAILED``: the platform sends it again within a day."""
        return notices.NOT_TAKEN

    # --- calls made by hand -------------------------------------------------------------------------------------------

    def operations(self) -> Mapping[str, Operation]:
        """``poslink/…`` and ``netpay/…``, by the platform's own paths."""
        return OPERATIONS

    def call(self, operation: str, fields: Mapping[str, str], stamp: Stamp) -> Exchange[CallResult]:
        """One call; merchant, terminal, time and signature are filled in. Raises KeyError for an unknown operation."""
        OPERATIONS[operation]
        given = typed(fields)
        if operation.startswith("poslink/"):
            currency = {"transactionCurrencyCode": "156"} if operation == "poslink/pay" else {}
            own: Fields = {**poslink.merchant(self._settings), **currency}
        else:
            own = netpay.merchant(self._settings, stamp)
        code = fields.get("payCode")
        return self._exchange(operation, {**own, **given}, stamp, lambda it: self._result(it, Secret(code or "")))

    def harmless(self, stamp: Stamp) -> Exchange[CallResult]:
        """A query of an order that cannot exist: "no such order" comes after keys, clock and merchant were checked."""
        order_no = f"{self._settings.source_id}doctor{stamp.nonce[:16]}"
        fields = {**netpay.merchant(self._settings, stamp), "merOrderId": order_no}
        return self._exchange("netpay/query", fields, stamp, lambda it: self._result(it, missing_is_fine=True))

    def _result(
        self, response: HttpResponse, credential: Secret | None = None, *, missing_is_fine: bool = False
    ) -> Answer[CallResult]:
        reply = open_answer(response, self._settings, credential)
        signed = verified(response, self._settings)
        if isinstance(reply, Answer):
            fields = parse_object(response.body) or {}
            return Answer(CallResult(_shown(fields), signed, succeeded=False), reply.evidence)
        succeeded = reply.succeeded or (missing_is_fine and reply.meaning is Meaning.NOT_FOUND)
        return Answer(CallResult(_shown(reply.fields), signed, succeeded), reply.evidence)

    def _exchange(
        self, operation: str, fields: Fields, stamp: Stamp, read: Callable[[HttpResponse], Answer[T]]
    ) -> Exchange[T]:
        return exchange(operation, fields, stamp, self._settings, read)


def _shown(fields: Fields) -> Mapping[str, object]:
    """The fields of an answer; poslink repeats the customer's code, which is nobody's business here."""
    return {name: mask(str(value)) if name in _CODES else value for name, value in fields.items()}


_CODES = frozenset({"originalPayCode", "payCode"})
