"""What both protocols of UMF have in common: the keys, the reading of a body, amounts, texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from posd.gateways.base import Answer, CallResult, Exchange, HttpRequest, HttpResponse, doubtful
from posd.gateways.json_body import JsonValue, code_of, parse_object
from posd.gateways.rsa_keys import RsaPrivateKey, RsaPublicKey
from posd.gateways.texts import readable
from posd.payment.amounts import Amounts, Fen, parse_fen
from posd.payment.auth_code import Secret
from posd.payment.errors import AmountError
from posd.payment.verdicts import Doubt, Evidence, Unknown

GOODS_ID = "goods"
"""What the examples of both documents send as ``goodsId`` where nothing better is known."""
GOODS_INFO_LIMIT = 128
NOTIFY_URL_LIMIT = 256


BROKEN = Unknown(Doubt.BROKEN_BODY)
MISMATCH = Unknown(Doubt.MISMATCH)
UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class UmfKeys:
    """Ours to sign with, the platform's to verify with; both sign SHA1withRSA."""

    private: RsaPrivateKey
    platform: RsaPublicKey

    @classmethod
    def load(cls, private: Secret, platform: Secret) -> UmfKeys:
        """From the texts of the two key files. Raises SigningKeyError."""
        return cls(RsaPrivateKey.load(private), RsaPublicKey.load(platform))


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer whose signature holds: its fields, and what they say first."""

    fields: Mapping[str, JsonValue]
    code: str | None
    message: str
    evidence: Evidence

    def names_other(self, name: str, expected: str) -> bool:
        """Whether a field is there and says something else."""
        given = self.fields.get(name)
        return not is_blank(given) and given != expected

    def differs(self, name: str, *expected: Fen) -> bool:
        """Whether an amount is there and is none of these."""
        given = self.fields.get(name)
        return not is_blank(given) and parse_fen(given) not in expected


def exchange(
    request: HttpRequest,
    open_answer: Callable[[dict[str, JsonValue]], Opened | Answer[Unknown]],
    judge: Callable[[Opened], V],
) -> Exchange[V | Unknown]:
    """A call whose answer is opened (its signature checked), then judged."""

    def read(response: HttpResponse) -> Answer[V | Unknown]:
        if response.status != 200:
            return doubtful(Doubt.HTTP_STATUS, http_status=response.status)
        fields = parse_object(response.body)
        if fields is None:
            return doubtful(Doubt.BROKEN_BODY, http_status=response.status)
        opened = open_answer(fields)
        return opened if isinstance(opened, Answer) else Answer(judge(opened), opened.evidence)

    return Exchange(request, read)


def call_result(
    request: HttpRequest,
    is_signed: Callable[[dict[str, JsonValue]], bool],
    code_name: str,
    succeeds: Callable[[str], bool],
) -> Exchange[CallResult]:
    """A call made by hand. It succeeded when its answer is signed and its code ``succeeds``."""

    def read(response: HttpResponse) -> Answer[CallResult]:
        fields = parse_object(response.body) if response.status == 200 else None
        if fields is None:
            return Answer(CallResult({}, None, succeeded=False), Evidence(http_status=response.status))
        verified, code = is_signed(fields), code_of(fields, code_name)
        succeeded = verified and code is not None and succeeds(code)
        return Answer(CallResult(fields, verified, succeeded), Evidence(readable(code)))

    return Exchange(request, read)


def is_blank(value: object) -> bool:
    """Whether a field says nothing: both platforms send what they do not know as an empty text."""
    return value is None or value == ""


def divided(amount: Fen, discount: object, paid: object) -> Amounts | Unknown:
    """An order of ``amount`` as the gateway divides it into ``discount`` and ``paid``, each of which may be blank.

    Blank both: nothing was given off. What cannot be read is a broken body, what does not add up a mismatch.
    """
    if is_blank(discount) and is_blank(paid):
        return Amounts.undiscounted(amount)
    discount_fen, paid_fen = parse_fen(discount), parse_fen(paid)
    if (discount_fen is None and not is_blank(discount)) or (paid_fen is None and not is_blank(paid)):
        return BROKEN
    if paid_fen is None:
        paid_fen = Fen(amount - (discount_fen or 0))
    if discount_fen is None:
        discount_fen = Fen(amount - paid_fen)
    try:
        return Amounts(amount, discount_fen, paid_fen)
    except AmountError:
        return MISMATCH


def details_of(fields: Mapping[str, JsonValue], names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The texts among these fields that are worth keeping with a payment, by the gateway's own names."""
    texts = ((name, fields.get(name)) for name in names)
    return tuple((name, text[:_DETAIL_LIMIT]) for name, text in texts if isinstance(text, str) and text)


def joined(*parts: JsonValue) -> str | None:
    """A date and a time as the gateway writes them, put together; None where it says neither."""
    return "".join(part for part in parts if isinstance(part, str)) or None


def goods_info(description: str) -> str:
    """A description as ``goodsInfo`` takes it. The documents do not name the unit of their 128, so bytes it is.

    Blanks at the ends would break the signature, says 签名机制.
    """
    return cut_bytes(description.strip(), GOODS_INFO_LIMIT).strip() or GOODS_ID


def cut_bytes(text: str, limit: int) -> str:
    """The beginning of a text, at most ``limit`` bytes of UTF-8; no half characters."""
    return text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore")


def fitting_bytes(text: str | None, limit: int) -> str | None:
    """An optional text if it says something and fits; else None, for half of it may mean something else."""
    return text if text and text.strip() and cut_bytes(text, limit) == text else None


def goods_id(given: str | None) -> str:
    """An article's own number where the 16 characters of ``goodsId`` can hold it."""
    return given if given and _GOODS_ID.fullmatch(given) else GOODS_ID


def check_notify_url(url: str | None, schemes: str) -> None:
    """Raises ValueError for an address that the platform would refuse.

    The documents allow letters, digits and ``/ & % ? =``; a colon and dots are in every address, theirs too.
    """
    if url is None or (len(url) <= NOTIFY_URL_LIMIT and re.fullmatch(rf"(?:{schemes})://[A-Za-z0-9/&%?=.:]+", url)):
        return
    raise ValueError(
        f"notify_url: begin it with {schemes.replace('|', ' or ')}://, use letters, digits and / & % ? = . : only, "
        f"{NOTIFY_URL_LIMIT} characters at most"
    )


# ``promotionDetail``, the longest field worth keeping, has 1024 characters.
_DETAIL_LIMIT = 1024

_GOODS_ID = re.compile(r"[0-9A-Za-z_-]{1,16}")
