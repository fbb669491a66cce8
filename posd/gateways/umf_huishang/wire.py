"""How 惠商+ writes a call and signs it, and how its answers are opened. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

from posd.gateways.base import Answer, Exchange, HttpRequest, doubtful
from posd.gateways.json_body import JsonValue, code_of, text_of
from posd.gateways.signing import joined_pairs, joined_values
from posd.gateways.texts import readable
from posd.gateways.umf import Opened, UmfKeys, V, exchange, is_blank
from posd.gateways.umf_huishang.settings import UmfHuishangSettings
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Doubt, Evidence, Unknown

API_VERSION = "1.0"

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "unactivescan": "/api/unactivescan",
        "activescan": "/api/activescan",
        "apisync": "/api/apisync",
        "repeal": "/online/repeal",
        "refund": "/online/refund",
        "refundquery": "/refund/query",
    }
)
"""Every call by the name of its page in the document, and where it is below ``…/in-pay-client``."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PAYER = "buyerLogonId buyerIdForPromotion openId subOpenId userId terminalIp terminalLocation"
_UNDONE = _names("retCode Memo partnerOrderId amount orderDate")

ANSWER_ORDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "unactivescan": _names(
            "retCode Memo paySeq payDay amount coupAmount payAmount tradeNo platDate platTime partnerOrderId " + _PAYER
        ),
        "activescan": _names(
            "retCode Memo tradeNo platDate amount payType feeUrl partnerOrderId userId terminalIp terminalLocation"
        ),
        "apisync": _names(
            "retCode Memo paySeq payDay amount coupAmount payAmount tradeNo platDate platTime partnerOrderId payType "
            "easyPaymentService cardType promotionDetail bankType " + _PAYER
        ),
        "repeal": _UNDONE,
        "refund": _UNDONE,
        "refundquery": _names(
            "retCode retMsg resDate resTime amount status partnerOrderId refundPartnerOrderId subMerId proxyId "
            "orderDate refundDate"
        ),
    }
)
"""The fields of each answer in the order of its table: the second way in which answers may be signed."""


class Wire:
    """Writes, signs and opens; knows the merchant and the keys, and nothing of what a call is for."""

    def __init__(self, settings: UmfHuishangSettings, keys: UmfKeys) -> None:
        self._settings = settings
        self._keys = keys

    def request(self, operation: str, fields: Mapping[str, str | None]) -> HttpRequest:
        """A call with these fields, the merchant's and the signature. What is blank is left out."""
        own = {"subMerId": self._settings.sub_mer_id, "proxyId": self._settings.proxy_id}
        filled = {name: value.strip() for name, value in {**own, **fields}.items() if value and value.strip()}
        signed = {**filled, "sign": self._keys.private.sign(joined_pairs(filled))}
        return HttpRequest(operation, PATHS[operation], self._body(signed), {"Content-Type": _CONTENT_TYPE})

    def exchange(
        self,
        operation: str,
        fields: Mapping[str, str | None],
        judge: Callable[[Opened], V],
        credential: Secret | None = None,
    ) -> Exchange[V | Unknown]:
        """A call, and what ``judge`` makes of its answer once the signature holds."""
        return exchange(self.request(operation, fields), partial(self.open, operation, credential=credential), judge)

    def open(
        self, operation: str, fields: dict[str, JsonValue], credential: Secret | None = None
    ) -> Opened | Answer[Unknown]:
        """An answer whose signature holds; else one that proves nothing."""
        # The message is called Memo, in the answer to refund/query retMsg.
        message = readable(fields.get("Memo"), credential) or readable(fields.get("retMsg"), credential)
        code = code_of(fields, "retCode")
        order = self.signed_in(operation, fields)
        if order is None:
            return doubtful(Doubt.BAD_SIGNATURE, gateway_code=readable(code), gateway_message=message)
        evidence = Evidence(readable(code), message, note=None if order == "ASCII" else f"signed in {order} order")
        return Opened(fields, code, message or "", evidence)

    def signed_in(self, operation: str, fields: Mapping[str, JsonValue]) -> str | None:
        """In which order an answer is rightly signed: ``ASCII`` or ``table``; None for neither.

        签名机制 says ASCII order, 协议 and the only two published answers say the order of the table.
        """
        signature = text_of(fields, "sign")
        if signature is None:
            return None
        if self._keys.platform.verify(joined_values(fields), signature):
            return "ASCII"
        table = ANSWER_ORDER[operation]
        # A field outside the table would stand there unsigned.
        strange = [name for name in fields if name not in table and name != "sign" and not is_blank(fields[name])]
        if not strange and self._keys.platform.verify(joined_values(fields, table), signature):
            return "table"
        return None

    def verifies(self, fields: Mapping[str, JsonValue]) -> bool:
        """Whether a notification is signed by the platform: ``k=v&k=v`` (交易结果通知 注意)."""
        signature = text_of(fields, "sign")
        return signature is not None and self._keys.platform.verify(joined_pairs(fields), signature)

    def sign_reply(self, fields: Mapping[str, str]) -> str:
        """The signature of our reply to a notification: ``v|v`` in ASCII order (交易结果通知 注意)."""
        return self._keys.private.sign(joined_values(fields))

    def _body(self, fields: Mapping[str, str]) -> bytes:
        # No page says how `context={…}` is encoded; a form field is the natural reading, the examples are raw.
        content = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return f"context={quote(content, safe='') if self._settings.request_body == 'form' else content}".encode()


_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
