"""The codec of UMF 惠商+: orders in, signed requests out; answers in, verdicts out. Pure."""

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
    HttpResponse,
    Notice,
    Operation,
    OrderRef,
    PayOrder,
    RefundOrder,
    Stamp,
    beijing,
)
from posd.gateways.json_body import JsonValue
from posd.gateways.umf import UmfKeys, call_result, goods_id, goods_info
from posd.gateways.umf_huishang.answers import (
    judge_code,
    judge_pay,
    judge_refund,
    judge_refund_query,
    judge_repeal,
    judge_sync,
)
from posd.gateways.umf_huishang.codes import SIGNATURE_REFUSED, SUCCESS, SYSTEM_ERROR
from posd.gateways.umf_huishang.notices import read_notice, refusal
from posd.gateways.umf_huishang.operations import OPERATIONS
from posd.gateways.umf_huishang.settings import UmfHuishangSettings
from posd.gateways.umf_huishang.wire import API_VERSION, Wire
from posd.payment.auth_code import Wallet
from posd.payment.terms import Method, VoidTerms
from posd.payment.verdicts import PaymentVerdict, RefundVerdict

PAY_TYPES: Mapping[Wallet, str] = MappingProxyType({Wallet.WECHAT: "WX", Wallet.ALIPAY: "AL", Wallet.UNIONPAY: "YL"})
MEDIA_TYPES: Mapping[Wallet, str] = MappingProxyType({Wallet.WECHAT: "05", Wallet.ALIPAY: "06", Wallet.UNIONPAY: "09"})

QR_LIFE_LEAST_S = 300
QR_LIFE_MOST_S = 1800
"""What ``expairTime`` (so spelt) can be; the platform takes 300 for everything else, so nothing else is sent."""

# A request that could not leave is tried again for 5 s, under the moment at which it was first recorded.
_LEAVES_WITHIN_MS = 10_000


class UmfHuishangCodec(Codec):
    """UMF 惠商+ (联动优势), every call of its document.

    Answers are signed, and believed only then, in either of the two orders that its pages name. ``operator`` and
    ``shopNo`` are numbers of 惠商+ itself, "must fit each other": ours are not sent.
    """

    protocol: ClassVar[str] = "umf-huishang"

    def __init__(self, settings: UmfHuishangSettings) -> None:
        """Raises SigningKeyError for a key that is none."""
        self._settings = settings
        self._wire = Wire(settings, UmfKeys.load(settings.private_key, settings.platform_key))

    @property
    def capabilities(self) -> Capabilities:
        """Bar codes and QR codes of three wallets. A face that gives an 18-digit code pays as a bar code."""
        wallets = frozenset(PAY_TYPES)
        return Capabilities(
            methods=frozenset({Method.BARCODE, Method.QR}),
            wallets=wallets,
            qr_wallets=wallets,
            qr_default=Wallet.WECHAT,
            query_interval_s=3.0,
        )

    def void_terms(self, method: Method) -> VoidTerms:
        """A cancel is an application, never a proof, and works on the day of the order.

        What was paid by a QR code is not cancelled but refunded (商户撤销交易: 仅支持用户被扫). That page names nothing
        that closes an unpaid one, which can be paid for 300 s: ``repeal`` is tried all the same, and not believed.
        """
        return VoidTerms(answer_proves=False, reverses_paid=method is not Method.QR)

    def pay(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """``unactivescan`` for a code that was scanned, ``activescan`` for one to be shown. Raises ValueError."""
        if order.method is Method.QR:
            return self._show_code(order, stamp)
        wallet = order.wallet
        if order.method is not Method.BARCODE or wallet is None or wallet not in PAY_TYPES or order.credential is None:
            raise ValueError(f"{self.protocol} takes bar codes of WeChat, Alipay and UnionPay, not {wallet}")
        fields = {
            **self._order(order, stamp),
            "mediaType": MEDIA_TYPES[wallet],
            "mediaNo": order.credential.reveal(),
            "goodsId": goods_id(order.goods[0].goods_id if order.goods else None),
            "goodsInfo": goods_info(order.description),
            # Mandatory with Alipay only, and unknown to the two others.
            "scene": "bar_code" if wallet is Wallet.ALIPAY else None,
            "subject": goods_info(order.description) if wallet is Wallet.ALIPAY else None,
        }
        return self._wire.exchange("unactivescan", fields, partial(judge_pay, order), order.credential)

    def _show_code(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        if order.wallet not in PAY_TYPES:
            raise ValueError(f"{self.protocol} makes QR codes for WeChat, Alipay and UnionPay, not {order.wallet}")
        fields = {
            **self._order(order, stamp),
            "goodsInfo": goods_info(order.description),
            "expairTime": _life(order, stamp),
        }
        return self._wire.exchange("activescan", fields, partial(judge_code, order))

    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """``apisync``: whether it is paid, still being paid, or closed."""
        fields = {
            "partnerOrderId": order.order_no,
            "payType": _pay_type(order.wallet),
            "orderDate": _sure_day(order.submitted_at_ms),
            "apiVersion": API_VERSION,
        }
        return self._wire.exchange("apisync", fields, partial(judge_sync, order))

    def cancel(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """``repeal``, on the day of the order; a refusal after it says that only a refund is left."""
        order_date = beijing(order.submitted_at_ms, "%Y%m%d")
        fields = {
            "partnerOrderId": order.order_no,
            "payType": _pay_type(order.wallet),
            "amount": str(order.amount),
            "orderDate": order_date,
            **_versioned(stamp),
        }
        same_day = order_date == stamp.beijing("%Y%m%d")
        return self._wire.exchange("repeal", fields, partial(judge_repeal, order, same_day))

    def refund(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """``refund``: whole or in part, up to 90 days; the same number is the same refund."""
        fields = {
            "partnerOrderId": refund.order.order_no,
            "refundPartnerOrderId": refund.refund_no,
            "payType": _pay_type(refund.order.wallet),
            "amount": str(refund.amount),
            "orderDate": _sure_day(refund.order.submitted_at_ms),
            "notifyUrl": self._settings.notify_url,
            **_versioned(stamp),
        }
        return self._wire.exchange("refund", fields, partial(judge_refund, refund))

    def refund_query(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """``refund/query``: done, failed or in progress."""
        fields = {
            "partnerOrderId": refund.order.order_no,
            "refundPartnerOrderId": refund.refund_no,
            "payType": _pay_type(refund.order.wallet),
            # No refundDate: it is optional, and a refund may have been sent on more than one day.
            "orderDate": _sure_day(refund.order.submitted_at_ms),
            **_moment(stamp),
            # apiVersion everywhere else.
            "version": API_VERSION,
        }
        return self._wire.exchange("refundquery", fields, partial(judge_refund_query, refund))

    def read_notification(self, request: HttpResponse, stamp: Stamp) -> Notice | None:
        """交易结果通知: JSON, signed in ASCII order."""
        return read_notice(self._wire, request.body)

    def notification_refusal(self) -> HttpResponse:
        """``retCode`` 3333: it comes again, up to four times in all."""
        return refusal(self._wire)

    def operations(self) -> Mapping[str, Operation]:
        """The six calls, by the names of their pages."""
        return OPERATIONS

    def call(self, operation: str, fields: Mapping[str, str], stamp: Stamp) -> Exchange[CallResult]:
        """One call by hand; what is given wins over what is filled in. Raises KeyError for an unknown one."""
        given = {**_filled_in(OPERATIONS[operation].name, stamp), **fields}
        signed = partial(self._is_signed, operation)
        return call_result(self._wire.request(operation, given), signed, "retCode", SUCCESS.__eq__)

    def harmless(self, stamp: Stamp) -> Exchange[CallResult]:
        """``apisync`` of an order that cannot exist: any signed answer but a complaint shows that all is well."""
        fields = {"partnerOrderId": f"doctor{stamp.nonce[:24]}", **_filled_in("apisync", stamp)}
        signed = partial(self._is_signed, "apisync")
        return call_result(self._wire.request("apisync", fields), signed, "retCode", _is_no_complaint)

    def _is_signed(self, operation: str, fields: Mapping[str, JsonValue]) -> bool:
        return self._wire.signed_in(operation, fields) is not None

    def _order(self, order: PayOrder, stamp: Stamp) -> dict[str, str | None]:
        return {
            "partnerOrderId": order.order_no,
            "amount": str(order.amount),
            "payType": _pay_type(order.wallet),
            "notifyUrl": self._settings.notify_url,
            **_versioned(stamp),
        }


def _is_no_complaint(code: str) -> bool:
    return code not in (SIGNATURE_REFUSED, SYSTEM_ERROR)


def _pay_type(wallet: Wallet | None) -> str | None:
    return PAY_TYPES.get(wallet) if wallet is not None else None


def _sure_day(submitted_at_ms: int) -> str | None:
    """The day of an order; None around midnight, when the request may have carried either of two."""
    day = beijing(submitted_at_ms, "%Y%m%d")
    return day if day == beijing(submitted_at_ms + _LEAVES_WITHIN_MS, "%Y%m%d") else None


def _moment(stamp: Stamp) -> dict[str, str]:
    return {"reqDate": stamp.beijing("%Y%m%d"), "reqTime": stamp.beijing("%H%M%S")}


def _versioned(stamp: Stamp) -> dict[str, str]:
    return {"apiVersion": API_VERSION, **_moment(stamp)}


def _filled_in(operation: str, stamp: Stamp) -> dict[str, str]:
    """What a call needs beside what a person knows."""
    match operation:
        case "apisync":
            return {"apiVersion": API_VERSION}
        case "refundquery":
            return {"version": API_VERSION, **_moment(stamp)}
        case _:
            return _versioned(stamp)


def _life(order: PayOrder, stamp: Stamp) -> str | None:
    if order.expires_at_ms is None:
        return None
    seconds = (order.expires_at_ms - stamp.at_ms) // 1000
    return str(seconds) if QR_LIFE_LEAST_S <= seconds <= QR_LIFE_MOST_S else None
