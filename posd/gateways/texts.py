"""Texts that go to a gateway and come from one: cut to a documented length, or made fit to be shown. Pure."""

from __future__ import annotations

import re

from posd.payment.auth_code import Secret, mask, wallet_of
from posd.payment.verdicts import Reason


def cut(text: str, limit: int) -> str:
    """The beginning of a text, at most ``limit`` UTF-16 units long, as Java counts; never half a character."""
    units = 0
    for index, character in enumerate(text):
        units += 2 if ord(character) > _BASIC_PLANE_END else 1
        if units > limit:
            return text[:index]
    return text


def fitting(text: str | None, limit: int) -> str | None:
    """An optional text if it has something to say and fits; else None, for half of it may mean something else."""
    return text if text and cut(text, limit) == text else None


def readable(message: object, credential: Secret | None = None) -> str | None:
    """A gateway's message as the timeline may show it: one short line in which every payment code is masked.

    ``credential`` is the code that was sent, whatever its shape; some platforms repeat it in their complaint.
    """
    if not isinstance(message, str):
        return None
    line = " ".join(message.split())
    if credential is not None and credential.reveal():
        line = line.replace(credential.reveal(), credential.masked())
    line = _CODE_LIKE.sub(lambda match: mask(match[0]) if wallet_of(match[0]) else match[0], line)
    return line[:_MESSAGE_LIMIT] or None


def reason_of(message: str | None) -> Reason:
    """Why a payment failed, where the gateway's words name it; else just ``declined``."""
    named = (reason for words, reason in _REASONS if words.search(message or ""))
    return next(named, Reason.DECLINED)


_BASIC_PLANE_END = 0xFFFF

# One line of the timeline; the longest documented message field (ChinaUMS ``errMsg``) has 255.
_MESSAGE_LIMIT = 255

_CODE_LIKE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{16,35}(?![0-9A-Za-z])")

# No document lists them; these are the words of WeChat, Alipay and UnionPay, which the platforms pass through.
_REASONS = (
    (
        re.compile(r"余额不足|余额或.*不足|资金不足|NOTENOUGH|BALANCE_NOT_ENOUGH", re.IGNORECASE),
        Reason.INSUFFICIENT_FUNDS,
    ),
    (re.compile(r"(?:码|授权码).{0,6}(?:已过期|过期|失效|超时)|AUTHCODEEXPIRE", re.IGNORECASE), Reason.CODE_EXPIRED),
    (
        re.compile(r"(?:码|授权码).{0,6}(?:已被?使用|已支付|限使用一次|重复)|AUTH_CODE_USED", re.IGNORECASE),
        Reason.CODE_USED,
    ),
    (
        re.compile(r"(?:码|授权码).{0,6}(?:无效|错误|有误|不正确|不合法)|AUTH_CODE_INVALID", re.IGNORECASE),
        Reason.CODE_INVALID,
    ),
    (re.compile(r"(?:用户|买家|持卡人).{0,4}(?:取消|拒绝|放弃)"), Reason.USER_CANCELLED),
    (re.compile(r"超.{0,4}限额|限额.{0,4}超|超限|金额超"), Reason.LIMIT_EXCEEDED),
)
