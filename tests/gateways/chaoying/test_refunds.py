"""What Chaoying's answers mean for a refund."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from posd.gateways.base import HttpResponse
from posd.gateways.chaoying import codes
from posd.payment.amounts import Fen
from posd.payment.verdicts import (
    Doubt,
    NotFound,
    RefundDone,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    RefundVerdict,
    Unknown,
)
from tests.gateways.chaoying.support import CODEC, REFUND, RETURNED, STAMP, entry, listed, says, signed, unsigned

REFUND_READ = CODEC.refund(REFUND, STAMP).read
QUERY_READ = CODEC.refund_query(REFUND, STAMP).read

UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)
MISMATCH = Unknown(Doubt.MISMATCH)
BROKEN = Unknown(Doubt.BROKEN_BODY)
OTHER = {"out_refund_no": "010120261120100000R2"}


def refunded(fields: Mapping[str, object]) -> RefundVerdict:
    """What a rightly signed answer to 交易退款 means."""
    return REFUND_READ(signed(fields)).verdict


def asked(fields: Mapping[str, object]) -> RefundVerdict:
    """What a rightly signed answer to 退款查询 means."""
    return QUERY_READ(signed(fields)).verdict


def test_done() -> None:
    """What went back is refund_fee, not what was asked for; it names our refund."""
    assert RefundDone(Fen(400)) == refunded(RETURNED)
    assert RefundDone(Fen(400)) == asked(listed(entry("SUCCESS")))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (OTHER, MISMATCH),
        ({"out_trade_no": "010120261120100001"}, MISMATCH),
        ({"base_fee": "1251"}, MISMATCH),
        ({"base_refund_fee": "501"}, MISMATCH),
        ({"refund_fee": "501"}, MISMATCH),
        ({"out_refund_no": ""}, BROKEN),
        ({"base_refund_fee": "5.00"}, BROKEN),
        ({"refund_fee": None}, BROKEN),
        ({"trade_state": ""}, UNCLEAR),
        ({"trade_state": "FAIL"}, UNCLEAR),
        ({"state": "FAIL"}, UNCLEAR),
    ],
    ids=str,
)
def test_not_quite_done(fields: dict[str, object], expected: RefundVerdict) -> None:
    """Another refund, another amount, more back than was asked for, a word that does not fit: not done, not failed."""
    assert expected == refunded(RETURNED | fields)


REFUND_TABLE: dict[str, RefundVerdict] = {
    "10001": RefundProcessing(),
    "10002": RefundProcessing(),
    **dict.fromkeys(["20002", "20004", "20005", "20008", "20012", "20013"], RefundFailed()),
    **dict.fromkeys(["10003", "10004", "10005", "10006"], UNCLEAR),
    **dict.fromkeys(["20003", "20006", "20007", "20009", "20010", "20011", "30001"], UNCLEAR),
}
QUERY_TABLE: dict[str, RefundVerdict] = {
    **dict.fromkeys(REFUND_TABLE, UNCLEAR),
    "10001": RefundProcessing(),
    "20007": NotFound(),
}


@pytest.mark.parametrize(("code", "expected"), [*REFUND_TABLE.items()])
def test_every_code_of_a_refund(code: str, expected: RefundVerdict) -> None:
    """1.3 code - 状态码, as the answer to 交易退款."""
    assert expected == refunded(says(code, ""))
    assert set(REFUND_TABLE) == set(codes.REFUND)


@pytest.mark.parametrize(("code", "expected"), [*QUERY_TABLE.items()])
def test_every_code_of_a_refund_query(code: str, expected: RefundVerdict) -> None:
    """1.3 code - 状态码, as the answer to 退款查询."""
    assert expected == asked(says(code, ""))
    assert set(QUERY_TABLE) == set(codes.REFUND_QUERY)


@pytest.mark.parametrize("trade_state", ["PROCESSING", "NEED_QUERY"])
def test_under_way(trade_state: str) -> None:
    """Taken and not done, whatever the code says."""
    for code in ("10000", "10001", "20008", "77777"):
        assert RefundProcessing() == refunded(says(code, "退款处理中", trade_state))
        assert RefundProcessing() == asked(says(code, "", trade_state))
    assert RefundProcessing() == refunded(says("10000", "", "REFUND"))


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("20008", "退款错误: 订单未支付", RefundFailed()),
        ("20008", "退款错误: 退款金额超过可退金额", RefundFailed()),
        ("20008", "退款错误: 系统繁忙，请稍后再试", UNCLEAR),
        ("20008", "退款错误: 银行处理中", UNCLEAR),
        ("20004", "参数错误: 退款单号重复", UNCLEAR),
        ("20006", "系统错误: 请用原退款单号重新发起", RefundNotSure()),
        ("20006", "系统错误", UNCLEAR),
    ],
)
def test_what_a_refusal_says_in_words(code: str, message: str, expected: RefundVerdict) -> None:
    """A failure that is blamed on the way to the bank, or on a repetition, may have left a refund behind."""
    assert expected == refunded(says(code, message, "FAIL", "FAIL"))


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("20010", "退款查询错误: 退款单不存在", NotFound()),
        ("20010", "退款查询错误", UNCLEAR),
        ("20010", "查询过于频繁", Unknown(Doubt.TOO_OFTEN)),
        ("20006", "退款单不存在", UNCLEAR),
    ],
)
def test_what_a_refund_query_says_in_words(code: str, message: str, expected: RefundVerdict) -> None:
    """20010 has one code for refunds that are not there and for its own trouble."""
    assert expected == asked(says(code, message, None, "FAIL"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("FAIL", RefundFailed()),
        ("PROCESSING", RefundProcessing()),
        ("NOTSURE", RefundNotSure()),
        ("CHANGE", RefundManual()),
        ("", UNCLEAR),
        ("success", UNCLEAR),
        ("DONE", UNCLEAR),
    ],
)
def test_every_refund_status(status: str, expected: RefundVerdict) -> None:
    """refund_status of the list; a word that no document knows is unknown."""
    assert expected == asked(listed(entry(status)))
    assert {*codes.REFUND_STATUS, "SUCCESS"} == {"FAIL", "PROCESSING", "NOTSURE", "CHANGE", "SUCCESS"}


def test_ours_among_others() -> None:
    """An order that was refunded in parts lists all of them; only our number counts."""
    others = [entry("SUCCESS", **OTHER), entry("FAIL", out_refund_no="")]
    assert RefundProcessing() == asked(listed(others[0], entry("PROCESSING"), others[1]))
    assert MISMATCH == asked(listed(*others))
    assert MISMATCH == asked(listed(entry("SUCCESS"), out_trade_no="010120261120100001"))
    assert MISMATCH == asked(listed(entry("SUCCESS", base_refund_fee="1250", refund_fee="1000")))


@pytest.mark.parametrize(
    "refund_list",
    [None, "", "x", "{}", "[1]", "[]", 7, {}, json.dumps([entry("SUCCESS"), entry("FAIL")]), '[{"a":1,"a":2}]'],
    ids=str,
)
def test_a_broken_list(refund_list: object) -> None:
    """No list, an empty one, one with our number twice: nothing is known, and nothing is called failed or absent."""
    assert BROKEN == asked(listed() | {"refund_list": refund_list})


def test_a_list_that_is_no_text() -> None:
    """A platform that sends the list as a list, not as a text, is understood."""
    assert RefundManual() == asked(listed() | {"refund_list": [entry("CHANGE")]})


@pytest.mark.parametrize("fields", [RETURNED, listed(entry("SUCCESS")), says("20008", "退款错误", "FAIL")], ids=len)
def test_nothing_is_believed_without_its_signature(fields: dict[str, object]) -> None:
    """Neither done nor failed."""
    for read in (REFUND_READ, QUERY_READ):
        for response in (unsigned(fields), signed(fields, "another key"), unsigned(fields | {"sign": "0" * 32})):
            assert Unknown(Doubt.BAD_SIGNATURE) == read(response).verdict
        assert Unknown(Doubt.HTTP_STATUS) == read(HttpResponse(500, signed(fields).body)).verdict
