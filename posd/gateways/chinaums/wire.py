"""How ChinaUMS is asked and how it answers: signed JSON out, plain JSON back. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from posd.gateways.base import Answer, Exchange, HttpRequest, HttpResponse, Stamp, T, doubtful
from posd.gateways.chinaums.codes import POSLINK_SUCCESS, Meaning, meaning_of
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.json_body import JsonValue, code_of, parse_object
from posd.gateways.signing import matches, open_body_signature
from posd.gateways.texts import readable
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Doubt, Evidence, Unknown

Fields = Mapping[str, JsonValue]

_SCHEME = "OPEN-BODY-SIG"
_ITEM = re.compile(r'(\w+)="([^"]*)"')


def exchange(
    operation: str,
    fields: Fields,
    stamp: Stamp,
    settings: ChinaumsSettings,
    read: Callable[[HttpResponse], Answer[T]],
) -> Exchange[T]:
    """A call by its own name (``poslink/pay``): what is empty is left out, the header signs the body's very bytes."""
    given = {name: value for name, value in fields.items() if value is not None and value != ""}
    body = json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json", "authorization": authorization(settings, stamp, body)}
    return Exchange(HttpRequest(operation, path_of(operation), body, headers), read)


def path_of(operation: str) -> str:
    """The path of a call: poslink has version 2, netpay version 1."""
    family, _, call = operation.partition("/")
    return f"/v2/poslink/transaction/{call}" if family == "poslink" else f"/v1/netpay/{call}"


def authorization(settings: ChinaumsSettings, stamp: Stamp, body: bytes) -> str:
    """The ``Authorization`` header of a request."""
    timestamp = stamp.beijing()
    signature = open_body_signature(settings.app_id, settings.app_key, timestamp, stamp.nonce, body)
    return (
        f'{_SCHEME} AppId="{settings.app_id}", Timestamp="{timestamp}", Nonce="{stamp.nonce}", Signature="{signature}"'
    )


def verified(response: HttpResponse, settings: ChinaumsSettings) -> bool | None:
    """Whether the signature in an answer's header holds; None where there is none, as is usual.

    One client of the platform has seen such headers on answers, so one that is there must be right.
    """
    scheme, _, items = response.headers.get("authorization", "").partition(" ")
    if scheme != _SCHEME:
        return None
    given = dict(_ITEM.findall(items))
    expected = open_body_signature(
        settings.app_id, settings.app_key, given.get("Timestamp", ""), given.get("Nonce", ""), response.body
    )
    return given.get("AppId") == settings.app_id and matches(expected, given.get("Signature", ""))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that could be read."""

    fields: Fields
    credential: Secret | None = None
    """The code that was sent, which no message may show."""
    said: str | None = None
    """The field that says how the order stands, where the call is about that (``status``, ``queryResCode``)."""

    @property
    def code(self) -> str | None:
        """``errCode``: ``00`` (poslink) or ``SUCCESS`` (netpay), or what went wrong."""
        return code_of(self.fields, "errCode")

    @property
    def succeeded(self) -> bool:
        """Whether the call worked, in the word of either interface."""
        return self.code in {POSLINK_SUCCESS, "SUCCESS"}

    @property
    def message(self) -> str | None:
        """What the platform says of the order, else of the call; poslink and netpay name the field differently."""
        texts = (readable(self.fields.get(name), self.credential) for name in _MESSAGES)
        return next((text for text in texts if text), None)

    @property
    def meaning(self) -> Meaning:
        """What went wrong with the call."""
        return meaning_of(self.code, self.message)

    @property
    def state(self) -> str | None:
        """How the order stands, in the platform's own word."""
        return code_of(self.fields, self.said) if self.said else None

    @property
    def evidence(self) -> Evidence:
        """The state of the order where the call worked, else the code of the call; and the message."""
        code = self.state if self.succeeded and self.state else self.code
        return Evidence(gateway_code=readable(code, self.credential), gateway_message=self.message)

    def doubt(self, why: Doubt, note: str | None = None) -> Answer[Unknown]:
        """Readable, and yet no proof."""
        evidence = self.evidence
        return doubtful(why, gateway_code=evidence.gateway_code, gateway_message=evidence.gateway_message, note=note)

    def other_number(self, name: str, *expected: str) -> Answer[Unknown] | None:
        """A doubt if the answer names another order.

        Not every answer repeats the number (poslink's pay and void do not); which request an unsigned answer belongs
        to is known from the connection, so a missing number takes nothing away.
        """
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if value in expected:
            return None
        return self.doubt(Doubt.MISMATCH, note="speaks of another order number")

    def other_amount(self, name: str, amount: Fen) -> Answer[Unknown] | None:
        """A doubt if the answer names another amount, or something that is none."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        named = parse_fen(value)
        if named is None:
            return self.doubt(Doubt.UNCLEAR_CODE)
        return None if named == amount else self.doubt(Doubt.MISMATCH, note=f"speaks of {named} fen")

    def amounts(self, total: str, amount: Fen, paid: str) -> Amounts | Answer[Unknown]:
        """What was paid of ``amount``: the field ``total`` must be it, and the field ``paid`` says how much."""
        if self.fields.get(total) in (None, ""):
            return self.doubt(Doubt.UNCLEAR_CODE)
        if (doubt := self.other_amount(total, amount)) is not None:
            return doubt
        pay_amount = parse_fen(self.fields.get(paid))
        if pay_amount is None or pay_amount > amount:
            return self.doubt(Doubt.UNCLEAR_CODE, note="what was really paid is missing or more than the order")
        return Amounts.paid(amount, pay_amount)


_MESSAGES = ("queryResDesc", "queryResInfo", "errInfo", "errMsg")


def open_answer(
    response: HttpResponse,
    settings: ChinaumsSettings,
    credential: Secret | None = None,
    said: str | None = None,
) -> Reply | Answer[Unknown]:
    """The fields of an answer, or why they cannot be believed."""
    fields = parse_object(response.body)
    reply = Reply(fields or {}, credential)
    if response.status != 200:
        evidence = reply.evidence
        return doubtful(
            Doubt.HTTP_STATUS,
            http_status=response.status,
            gateway_code=evidence.gateway_code,
            gateway_message=evidence.gateway_message,
        )
    if fields is None:
        return doubtful(Doubt.BROKEN_BODY)
    if verified(response, settings) is False:
        return reply.doubt(Doubt.BAD_SIGNATURE)
    return Reply(fields, credential, said)
