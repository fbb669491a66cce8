"""An answer of Chaoying, verified before a word of it counts. Pure; takes any bytes, never raises.

Chaoying 1.2 响应格式 requires ``sign`` in every answer. Later editions of the document sign only what went well, so a
refusal may arrive without; it proves nothing then, and a query decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from posd.gateways.base import Answer, HttpResponse, doubtful
from posd.gateways.chaoying import codes
from posd.gateways.json_body import JsonValue, code_of, parse_object, text_of
from posd.gateways.signing import joined_pairs, matches, md5_with_key_field
from posd.gateways.texts import readable
from posd.payment.amounts import Fen, parse_fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Doubt, Evidence, Unknown

V = TypeVar("V")


class Reply(msgspec.Struct, frozen=True):
    """An answer that may be believed, or one that needs no signature to be of use."""

    fields: Mapping[str, JsonValue]
    evidence: Evidence
    signed: bool

    @property
    def state(self) -> str | None:
        """通讯状态."""
        return text_of(self.fields, "state")

    @property
    def code(self) -> str | None:
        """状态码."""
        return code_of(self.fields, "code")

    @property
    def trade_state(self) -> str | None:
        """交易状态; None where the answer has none."""
        return text_of(self.fields, "trade_state")

    @property
    def message(self) -> str:
        """返回信息, what the codes leave open."""
        return text_of(self.fields, "msg") or ""

    @property
    def succeeded(self) -> bool:
        """Whether what was asked for is done: state, code and trade state say so together."""
        return (self.state, self.code, self.trade_state) == (codes.SUCCESS, codes.OK, codes.SUCCESS)

    def differs(self, name: str, expected: str) -> bool:
        """Whether a text is there and is another one."""
        return self.fields.get(name) not in (None, "", expected)

    def meaning(self, table: Mapping[str, V]) -> V | Unknown:
        """What its code means by this table, if state and trade state fit it; success is looked at by itself."""
        code = self.code or ""
        if code in codes.ENDS:
            fits = self.state == codes.SUCCESS and self.trade_state in (None, codes.ENDS[code])
        else:
            fits = code != codes.OK and (self.trade_state in (None, codes.FAIL) or self.trade_state in codes.WAITING)
        return table.get(code, codes.UNCLEAR) if fits else codes.UNCLEAR

    def differs_in_fen(self, name: str, expected: Fen) -> bool:
        """Whether an amount is there and is another one."""
        value = self.fields.get(name)
        return value not in (None, "") and parse_fen(value) != expected


def signature_holds(fields: Mapping[str, object], key: Secret) -> bool:
    """Whether ``sign`` is right (Chaoying 1.2 签名验证); without regard to case, as the vendor's own client compares.

    Later editions sort names without regard to case, which differs only where names have capitals (GetMchInfo): both.
    """
    sign = (text_of(fields, "sign") or "").upper()
    orders: tuple[Callable[[str], str] | None, ...] = (None, str.lower)
    return any(matches(md5_with_key_field(joined_pairs(fields, order=order), key), sign) for order in orders)


def opened(
    response: HttpResponse, key: Secret, credential: Secret | None = None, *, sign_due: bool = True
) -> Reply | Answer[Unknown]:
    """The verified answer, or why there is none. A ``sign`` that is there must hold, due or not."""
    if response.status != 200:
        return doubtful(Doubt.HTTP_STATUS, http_status=response.status)
    fields = parse_object(response.body)
    if fields is None:
        return doubtful(Doubt.BROKEN_BODY)
    code, message = code_of(fields, "code"), readable(fields.get("msg"), credential)
    if not fields.get("sign"):
        if sign_due:
            return doubtful(Doubt.BAD_SIGNATURE, gateway_code=code, gateway_message=message, note="no sign")
        return Reply(fields, Evidence(code, message), signed=False)
    if not signature_holds(fields, key):
        return doubtful(Doubt.BAD_SIGNATURE, gateway_code=code, gateway_message=message, note="sign does not hold")
    return Reply(fields, Evidence(code, message), signed=True)
