"""Chaoying's answers to the calls that concern no payment."""

from __future__ import annotations

import hashlib

import pytest

from posd.gateways.base import Answer, CallResult, FaceAuth, FaceAuthRequest, HttpResponse
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Doubt, Unknown
from tests.gateways.chaoying.support import CODEC, KEY, STAMP, SUCCESS, says, sign, signed, unsigned

READ = CODEC.face_auth(FaceAuthRequest(Wallet.WECHAT, "1", "raw"), STAMP).read
FACE = SUCCESS | {
    "mch_id": "00000001",
    "appid": "wx2b029c08a6232582",
    "channel_mch_id": "1264300000",
    "sub_mch_id": "1266500000",
    "authinfo": "q06MpkmCiBO4-secret",
    "expires_in": "3600",
}


def test_face_auth() -> None:
    """The SDK wants the provider's WeChat number, not the platform's; the type is the long face code."""
    answer = READ(signed(FACE))
    expected = FaceAuth(
        "q06MpkmCiBO4-secret", 3600, "wx2b029c08a6232582", "1264300000", sub_mch_id="1266500000", face_code_type="0"
    )
    assert expected == answer.verdict
    assert "q06MpkmCiBO4" not in repr(answer)


def test_face_auth_in_other_words() -> None:
    """Numbers for texts, the names of the pay answers, what may be missing."""
    other = {name: value for name, value in FACE.items() if name not in ("channel_mch_id", "sub_mch_id")}
    other |= {"wx_mch_id": "1", "wx_sub_mch_id": "2", "sub_appid": "wx3", "expires_in": 60}
    expected = FaceAuth("q06MpkmCiBO4-secret", 60, "wx2b029c08a6232582", "1", "wx3", "2")
    assert expected == READ(signed(other)).verdict
    forever = READ(signed(FACE | {"expires_in": ""})).verdict
    assert isinstance(forever, FaceAuth)
    assert 0 == forever.expires_in_s


@pytest.mark.parametrize(
    ("response", "doubt"),
    [
        (unsigned(FACE), Doubt.BAD_SIGNATURE),
        (signed(FACE, "another key"), Doubt.BAD_SIGNATURE),
        (HttpResponse(500, signed(FACE).body), Doubt.HTTP_STATUS),
        (HttpResponse(200, b"x"), Doubt.BROKEN_BODY),
        (signed(FACE | {"authinfo": ""}), Doubt.UNCLEAR_CODE),
        (signed(FACE | {"appid": 7}), Doubt.UNCLEAR_CODE),
        (signed(FACE | {"channel_mch_id": ""}), Doubt.UNCLEAR_CODE),
        (signed(FACE | {"code": "20005"}), Doubt.UNCLEAR_CODE),
    ],
)
def test_no_face_auth(response: HttpResponse, doubt: Doubt) -> None:
    """Without a signature, or without what the SDK needs, there are no credentials."""
    assert Unknown(doubt) == READ(response).verdict


# --- calls by hand ----------------------------------------------------------------------------------------------------


def call(operation: str, response: HttpResponse) -> Answer[CallResult]:
    """What a call gave."""
    return CODEC.call(operation, {}, STAMP).read(response)


MERCHANT = says("10000", "SUCCESS") | {"mch_id": "00000001", "FullName": "测试商户全称", "ShortName": "测试商户简称"}


def test_a_call_that_succeeded() -> None:
    """2.4 获取超赢商户基础信息: all fields, verified; its names have capitals."""
    answer = CODEC.harmless(STAMP).read(signed(MERCHANT))
    assert CallResult(MERCHANT | {"sign": sign(MERCHANT)}, verified=True, succeeded=True) == answer.verdict
    assert ("10000", "SUCCESS") == (answer.evidence.gateway_code, answer.evidence.gateway_message)


@pytest.mark.parametrize(("order", "holds"), [("ABcdem", True), ("ABcdme", False), ("cdemAB", False)])
def test_names_with_capitals(order: str, holds: bool) -> None:
    """Later editions sort names without regard to case: a signature over that order holds too, and no other."""
    fields = {"B": "2", "d": "4", "A": "1", "c": "3", "m": "6", "e": "5"}
    assert holds is call("GetMchInfo", unsigned(fields | {"sign": _signed_in(order, fields)})).verdict.verified


def test_names_with_capitals_without_regard_to_case() -> None:
    """``d`` before ``E``: the order of later editions, which differs from ASCII order."""
    fields = {"E": "5", "d": "4"}
    assert _signed_in("dE", fields) != _signed_in("Ed", fields)
    for order in ("dE", "Ed"):
        assert call("GetMchInfo", unsigned(fields | {"sign": _signed_in(order, fields)})).verdict.verified


def _signed_in(names: str, fields: dict[str, str]) -> str:
    text = "&".join(f"{name}={fields[name]}" for name in names)
    return hashlib.md5(f"{text}&key={KEY}".encode()).hexdigest().upper()


def test_the_code_that_is_none() -> None:
    """2.4 下发获取超赢商户号验证短信: code is how many minutes the message is good for."""
    sent = says("20", "短信验证码已发送")
    assert call("GetMchSMSValid", signed(sent)).verdict.succeeded
    assert not call("GetMchSMSValid", signed(says("20004", "参数错误"))).verdict.succeeded
    assert not call("GetMchSMSValid", signed(says("20", state="FAIL"))).verdict.succeeded
    assert not call("GetMchInfo", signed(sent)).verdict.succeeded


def test_a_call_that_failed() -> None:
    """The platform's refusal, verified, with all that it said."""
    answer = call("GetMchInfo", signed(says("20005", "商户错误", None, "FAIL")))
    assert (True, False) == (answer.verdict.verified, answer.verdict.succeeded)
    assert ("20005", "商户错误") == (answer.evidence.gateway_code, answer.evidence.gateway_message)


def test_answers_that_need_no_signature() -> None:
    """The tables of pre-orders, and the example of WXA_Code2Session, have no sign; one that is there must hold."""
    fields = says("10000") | {"openid": "o"}
    for operation in ("WECHAT_PreOrder", "ALIPAY_PreOrder", "WXA_Code2Session"):
        assert CallResult(fields, verified=None, succeeded=True) == call(operation, unsigned(fields)).verdict
        assert (False, False) == _outcome(call(operation, signed(fields, "another key")))
    assert (False, False) == _outcome(call("GetPartnerId", unsigned(fields)))


def _outcome(answer: Answer[CallResult]) -> tuple[bool | None, bool]:
    return answer.verdict.verified, answer.verdict.succeeded


@pytest.mark.parametrize("operation", sorted(CODEC.operations()))
def test_no_answer_at_all(operation: str) -> None:
    """A broken body, or another status, is no success of any call."""
    broken = call(operation, HttpResponse(502, b"<html>"))
    assert CallResult({}, verified=None, succeeded=False) == broken.verdict
    assert 502 == broken.evidence.http_status
    refused = call(operation, HttpResponse(500, signed(says("10000")).body))
    assert (True, False, 500) == (*_outcome(refused), refused.evidence.http_status)
