"""The codec of the UMF service-provider platform: orders in, signed requests out; answers in, verdicts out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import ClassVar

from posd.gateways.base import (
    CallResult,
    Capabilities,
    Codec,
    Exchange,
    FaceAuth,
    FaceAuthRequest,
    HttpResponse,
    Notice,
    Operation,
    OrderRef,
    PayOrder,
    RefundOrder,
    Stamp,
)
from posd.gateways.umf import UmfKeys, call_result, fitting_bytes, goods_id, goods_info
from posd.gateways.umf_sp.answers import (
    judge_cancel,
    judge_close,
    judge_face,
    judge_micropay,
    judge_query,
    judge_query_for_cancel,
    judge_refund,
    judge_refund_query,
)
from posd.gateways.umf_sp.codes import SUCCESS
from posd.gateways.umf_sp.notices import read_notice, reply
from posd.gateways.umf_sp.operations import OPERATIONS
from posd.gateways.umf_sp.settings import UmfSpSettings
from posd.gateways.umf_sp.wire import Wire
from posd.payment.auth_code import Wallet
from posd.payment.terms import Method, VoidTerms
from posd.payment.verdicts import PaymentVerdict, RefundVerdict, Unknown

ORDER_TYPES: Mapping[Wallet, str] = MappingProxyType(
    {Wallet.WECHAT: "wechat", Wallet.ALIPAY: "alipay", Wallet.UNIONPAY: "unionpay"}
)

PRIVATE_FIELD_LIMIT = 128
"""Bytes of ``merPriv``."""


class UmfSpCodec(Codec):
    """UMF service provider (联动优势服务商), bar codes and faces.

    Orders are asked for by our own number only: ``transactionId`` would be the better key, says the document, but it
    has two meanings there.
    """

    protocol: ClassVar[str] = "umf-sp"

    def __init__(self, settings: UmfSpSettings) -> None:
        """Raises SigningKeyError for a key that is none."""
        self._settings = settings
        self._wire = Wire(settings, UmfKeys.load(settings.private_key, settings.platform_key))

    @property
    def capabilities(self) -> Capabilities:
        """Bar codes of three wallets, and faces of WeChat; no QR codes."""
        return Capabilities(
            methods=frozenset({Method.BARCODE, Method.FACE}), wallets=frozenset(ORDER_TYPES), face_auth=True
        )

    def void_terms(self, method: Method) -> VoidTerms:
        """Whether a cancel or a close is done or only taken is not said: a query must prove it."""
        return VoidTerms(answer_proves=False)

    def pay(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """``micropay``, with ``faceFlag`` for a code that a face has given. Raises ValueError."""
        wallet = order.wallet
        if order.method is Method.QR or wallet is None or wallet not in ORDER_TYPES or order.credential is None:
            raise ValueError(f"{self.protocol} takes codes of WeChat, Alipay and UnionPay, not {wallet} {order.method}")
        fields = {
            "orderTime": stamp.beijing(),
            "orderNo": order.order_no,
            "txnAmt": str(order.amount),
            "orderType": ORDER_TYPES[wallet],
            "authCode": order.credential.reveal(),
            "goodsId": goods_id(order.goods[0].goods_id if order.goods else None),
            "goodsInfo": goods_info(order.description),
            "backUrl": self._settings.notify_url,
            "merPriv": fitting_bytes(order.attach, PRIVATE_FIELD_LIMIT),
            "faceFlag": "1" if order.method is Method.FACE else None,
        }
        return self._wire.exchange("micropay", fields, partial(judge_micropay, order), order.credential)

    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """``queryOrder``: paid, unknown, closed, cancelled or failed."""
        return self._wire.exchange("queryOrder", {"orderNo": order.order_no}, partial(judge_query, order))

    def cancel(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """``closeOrder`` for an order that is known to be unpaid, ``cancelOrder`` for any other.

        ``cancelOrder`` reverses what is paid and is refused where nothing is; ``closeOrder`` the other way round. While
        nothing is known, money that is gone is the worse case, so that is undone first; a query soon tells. UnionPay
        cannot be cancelled (仅支持微信支付宝刷卡交易): what is paid there is asked for, and then refunded.
        """
        fields = {"orderNo": order.order_no}
        if order.known_paid is False or (order.known_paid is None and order.wallet is Wallet.UNIONPAY):
            return self._wire.exchange("closeOrder", fields, partial(judge_close, order))
        if order.wallet is Wallet.UNIONPAY:
            return self._wire.exchange("queryOrder", fields, partial(judge_query_for_cancel, order))
        return self._wire.exchange("cancelOrder", fields, partial(judge_cancel, order, stamp.at_ms))

    def refund(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """``refund``: whole or in part, up to 90 days; the same number is the same refund."""
        fields = {
            "orderTime": stamp.beijing(),
            "origOrderNo": refund.order.order_no,
            "origTxnAmt": str(refund.order.amount),
            "orderNo": refund.refund_no,
            "txnAmt": str(refund.amount),
        }
        return self._wire.exchange("refund", fields, partial(judge_refund, refund))

    def refund_query(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """``refundQuery``: done, failed or in progress."""
        return self._wire.exchange("refundQuery", {"orderNo": refund.refund_no}, partial(judge_refund_query, refund))

    def face_auth(self, request: FaceAuthRequest, stamp: Stamp) -> Exchange[FaceAuth | Unknown]:
        """``wxface``: credentials for WeChat's SDK. Raises ValueError for another wallet's."""
        if request.wallet is not Wallet.WECHAT:
            raise ValueError(f"{self.protocol} has face credentials for WeChat only, not for {request.wallet}")
        # So spelt; the table says 64 characters, its own example has some 830.
        return self._wire.exchange("wxface", {"rawDate": request.rawdata}, judge_face)

    def read_notification(self, request: HttpResponse, stamp: Stamp) -> Notice | None:
        """交易结果通知: a form, signed in ASCII order."""
        return read_notice(self._wire, request.body)

    def notification_refusal(self) -> HttpResponse:
        """``respCode`` 11: it comes again, up to four times in all."""
        return reply(self._wire, "11", "验证签名失败")

    def operations(self) -> Mapping[str, Operation]:
        """The seven calls, by the last part of their paths."""
        return OPERATIONS

    def call(self, operation: str, fields: Mapping[str, str], stamp: Stamp) -> Exchange[CallResult]:
        """One call by hand; what is given wins over what is filled in. Raises KeyError for an unknown one."""
        timed = "orderTime" in OPERATIONS[operation].optional
        given = {"orderTime": stamp.beijing(), **fields} if timed else fields
        request = self._wire.request(operation, given)
        return call_result(request, self._wire.is_signed, "respCode", SUCCESS.__eq__)

    def harmless(self, stamp: Stamp) -> Exchange[CallResult]:
        """``queryOrder`` of an order that cannot exist: that it is not found shows that all is well."""
        request = self._wire.request("queryOrder", {"orderNo": f"doctor{stamp.nonce}"})
        return call_result(request, self._wire.is_signed, "respCode", _is_an_answer)


def _is_an_answer(code: str) -> bool:
    return code in (SUCCESS, "17", "35")
