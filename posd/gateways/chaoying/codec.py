"""Chaoying's requests: one form for each call, signed (Chaoying 1.2 接口规则). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from posd.gateways.base import (
    CallResult,
    Capabilities,
    Codec,
    Exchange,
    FaceAuth,
    FaceAuthRequest,
    Goods,
    HttpRequest,
    HttpResponse,
    Notice,
    Operation,
    OrderRef,
    PayOrder,
    RefundOrder,
    Stamp,
    beijing,
)
from posd.gateways.chaoying.codes import PAYTYPE
from posd.gateways.chaoying.notices import NOT_TAKEN, read_notice
from posd.gateways.chaoying.operations import GATEWAY_PATH, OPERATIONS, PATHS, WITHOUT_MERCHANT
from posd.gateways.chaoying.other_answers import read_call, read_face_auth
from posd.gateways.chaoying.payments import read_cancel, read_pay, read_preorder, read_query
from posd.gateways.chaoying.refunds import read_refund, read_refund_query
from posd.gateways.chaoying.settings import ChaoyingSettings
from posd.gateways.json_body import form_of
from posd.gateways.signing import joined_pairs, md5_with_key_field
from posd.payment.auth_code import Wallet
from posd.payment.terms import Method, VoidTerms
from posd.payment.verdicts import PaymentVerdict, RefundVerdict, Unknown

_QR_WALLETS = (Wallet.WECHAT, Wallet.ALIPAY)
"""The first is shown where the POS names none."""

# "建议支付后至少15s后再调用撤销订单接口", "5分钟的订单才可以撤销" (2.2 交易撤销). It closes what is unpaid and reverses
# what is paid before it answers, so its word is proof.
_CANCEL_FLOOR_MS = 15_000
_CANCEL_DEADLINE_MS = 300_000

# A pre-order that dies by itself at the platform is a second net under the cancel. The document's example lives five
# minutes, and WeChat took nothing shorter at its time.
_SHORTEST_LIFE_MS = 300_000


class ChaoyingCodec(Codec):
    """Chaoying UnifiedPay, edition 2.5.3 of its document. Immutable."""

    protocol: ClassVar[str] = "chaoying"

    def __init__(self, settings: ChaoyingSettings) -> None:
        self._settings = settings

    @property
    def capabilities(self) -> Capabilities:
        """All methods; QR codes of WeChat and Alipay; five seconds between queries is the vendor's later advice."""
        return Capabilities(
            methods=frozenset(Method),
            face_auth=True,
            qr_wallets=frozenset(_QR_WALLETS),
            qr_default=_QR_WALLETS[0],
            query_interval_s=5.0,
        )

    def void_terms(self, method: Method) -> VoidTerms:
        """15 s to 5 min after pay. The 15 s keep a cancel from overtaking a charge that is under way.

        A pre-order charges nobody and is answered before a code can be shown, so it has no floor: the sentence stands
        in the chapter of scanned codes and speaks of their pay call.
        """
        floor_ms = 0 if method is Method.QR else _CANCEL_FLOOR_MS
        return VoidTerms(floor_ms, _CANCEL_DEADLINE_MS, answer_proves=True, reverses_paid=True)

    def pay(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """2.2 提交支付, 2.1 提交支付 for a face, 2.3 预下单 for a QR code. Raises ValueError without a credential."""
        if order.method is Method.QR:
            return self._preorder(order, stamp)
        if order.credential is None:
            raise ValueError(f"{order.method} needs a code")
        fields = {
            **self._described(order),
            "attach": order.attach,
            "op_device_id": order.terminal_id,
            "goods_detail": _goods_detail(order.goods),
        }
        if order.method is Method.FACE:
            face = {"face_code": order.credential.reveal(), "openid": order.openid, "paytype": _paytype(order.wallet)}
            request = self._request("facepay", fields | face)
        else:
            request = self._request("pay", {**fields, "auth_code": order.credential.reveal()})
        key = self._settings.key
        read = partial(read_pay, key=key, order_no=order.order_no, amount=order.amount, credential=order.credential)
        return Exchange(request, read)

    def _described(self, order: PayOrder) -> dict[str, str | None]:
        """The fields that all three ways to pay share. ``device_info`` is obligatory for QQ, harmless for others."""
        return {
            "mch_id": self._settings.mch_id,
            "out_trade_no": order.order_no,
            "device_info": order.terminal_id,
            "body": order.description.strip() or order.order_no,
            "total_fee": str(order.amount),
            "op_user_id": order.operator,
            "op_shop_id": order.store_id,
        }

    def _preorder(self, order: PayOrder, stamp: Stamp) -> Exchange[PaymentVerdict]:
        wallet = order.wallet or _QR_WALLETS[0]
        if wallet not in _QR_WALLETS:
            raise ValueError(f"no QR code for {wallet}")
        fields = self._described(order) | {
            "nonce_str": stamp.nonce,
            "notify_url": self._settings.notify_url,
            "trade_type": "NATIVE",
            **_lifetime(order, stamp),
        }
        if wallet is Wallet.WECHAT:
            # sub_appid is 必填 by its column; its text, and the example, need it for JSPAY and APP only.
            fields |= {"product_id": order.order_no, "goods_detail": _goods_detail(order.goods)}
        request = self._request(f"{PAYTYPE[wallet]}_PreOrder", fields)
        return Exchange(request, partial(read_preorder, key=self._settings.key, order_no=order.order_no))

    def query(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """2.2 订单查询, by our own number: it is the one that is known in every case."""
        request = self._request("orderquery", self._named(order))
        read = partial(read_query, key=self._settings.key, order_no=order.order_no, amount=order.amount)
        return Exchange(request, read)

    def cancel(self, order: OrderRef, stamp: Stamp) -> Exchange[PaymentVerdict]:
        """2.2 交易撤销."""
        request = self._request("cancel", self._named(order) | {"op_user_id": self._operator(order)})
        return Exchange(request, partial(read_cancel, key=self._settings.key, order_no=order.order_no))

    def refund(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """2.2 交易退款: both amounts count what was due; the answer says what really went back.

        The example leaves three fields out that the table requires: the table is followed. Later editions want a new
        number for a second try, this one the same: a number is never changed while its refund may have happened.
        """
        fields = self._named(refund.order) | {
            "out_refund_no": refund.refund_no,
            "total_fee": str(refund.order.amount),
            "refund_fee": str(refund.amount),
            "op_user_id": self._operator(refund.order),
        }
        read = partial(read_refund, key=self._settings.key, refund=refund)
        return Exchange(self._request("refund", fields), read)

    def refund_query(self, refund: RefundOrder, stamp: Stamp) -> Exchange[RefundVerdict]:
        """2.2 退款查询. Which of two numbers counts differs between editions: one is sent, the platform's if known."""
        number = (
            {"refund_id": refund.platform_refund_no}
            if refund.platform_refund_no
            else {"out_refund_no": refund.refund_no}
        )
        fields = {"mch_id": self._settings.mch_id, "paytype": _paytype(refund.order.wallet), **number}
        read = partial(read_refund_query, key=self._settings.key, refund=refund)
        return Exchange(self._request("refundquery", fields), read)

    def face_auth(self, request: FaceAuthRequest, stamp: Stamp) -> Exchange[FaceAuth | Unknown]:
        """2.1 获取SDK调用凭证, on ``face_base_url`` where there is one. All its fields are required."""
        store_id = request.store_id or self._settings.mch_id
        fields = {
            "mch_id": self._settings.mch_id,
            "paytype": _paytype(request.wallet),
            "store_id": store_id,
            "store_name": request.store_name or store_id,
            "device_id": request.device_id,
            "rawdata": request.rawdata,
        }
        return Exchange(self._request("getfaceauth", fields), partial(read_face_auth, key=self._settings.key))

    def read_notification(self, request: HttpResponse, stamp: Stamp) -> Notice | None:
        """2.3 微信预下单结果通知, 支付宝预下单结果通知."""
        return read_notice(request, self._settings)

    def notification_refusal(self) -> HttpResponse:
        """``fail``."""
        return NOT_TAKEN

    def operations(self) -> Mapping[str, Operation]:
        """Fifteen calls, by the document's names."""
        return OPERATIONS

    def call(self, operation: str, fields: Mapping[str, str], stamp: Stamp) -> Exchange[CallResult]:
        """One call by hand: who asks and the signature are filled in; a field that is given is sent as it is."""
        known = OPERATIONS[operation]
        filled_in: dict[str, str | None] = {} if operation in WITHOUT_MERCHANT else {"mch_id": self._settings.mch_id}
        if "op_user_id" in known.optional:
            filled_in["op_user_id"] = self._settings.mch_id
        request = self._request(operation, {**filled_in, **fields})
        return Exchange(request, partial(read_call, key=self._settings.key, operation=operation))

    def harmless(self, stamp: Stamp) -> Exchange[CallResult]:
        """2.4 获取超赢商户基础信息: the merchant's name."""
        return self.call("GetMchInfo", {}, stamp)

    # --- forms --------------------------------------------------------------------------------------------------------

    def _named(self, order: OrderRef) -> dict[str, str | None]:
        """An order as later calls name it; one number only, see ``refund_query``."""
        return {
            "mch_id": self._settings.mch_id,
            "paytype": _paytype(order.wallet),
            "out_trade_no": order.order_no,
        }

    def _operator(self, order: OrderRef) -> str:
        return order.operator.strip() or self._settings.mch_id

    def _request(self, operation: str, fields: Mapping[str, str | None]) -> HttpRequest:
        """The form of one call, signed; empty fields are neither signed nor sent."""
        settings = self._settings
        form = {
            "agent_id": settings.agent_id,
            "version": settings.version,
            "pid": settings.pid,
            **{name: _sound(value) for name, value in fields.items() if value is not None and value.strip()},
        }
        if operation not in PATHS:
            form["method"] = operation
        form["sign"] = md5_with_key_field(joined_pairs(form), settings.key)
        return HttpRequest(
            operation,
            PATHS.get(operation, GATEWAY_PATH),
            form_of(form),
            _FORM,
            base_url=settings.face_base_url if operation == "getfaceauth" else None,
        )


_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _paytype(wallet: Wallet | None) -> str:
    return PAYTYPE[wallet or _QR_WALLETS[0]]


def _lifetime(order: PayOrder, stamp: Stamp) -> dict[str, str]:
    """``time_start`` and ``time_expire``, which count only together (2.3 支付宝预下单)."""
    if order.expires_at_ms is None:
        return {}
    end_ms = max(order.expires_at_ms, stamp.at_ms + _SHORTEST_LIFE_MS)
    return {"time_start": stamp.beijing(), "time_expire": beijing(end_ms)}


def _goods_detail(goods: tuple[Goods, ...]) -> str | None:
    """商品详情, a JSON array; articles whose number has other characters than the document allows are left out."""
    listed = [
        {"goods_id": article.goods_id, "goods_name": article.name, "quantity": article.quantity, "price": article.price}
        for article in goods
        if _GOODS_ID.fullmatch(article.goods_id)
    ]
    told = [{name: value for name, value in article.items() if value not in (None, "")} for article in listed]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else None


_GOODS_ID = re.compile(r"[0-9A-Za-z_-]+")


def _sound(text: str) -> str:
    # Half a surrogate pair cannot be sent; the POS may have cut a text in the middle of a character.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
