"""The tables of ChinaUMS: every code has a meaning, and words mean only what they can mean."""

from __future__ import annotations

import pytest

from posd.gateways.chinaums.codes import (
    ERROR_CODES,
    QUERY_RESULTS,
    REFUND_QUERY_RESULTS,
    REFUND_STATUS,
    SECURE_STATUS,
    STATUS,
    TARGET_SYSTEMS,
    Meaning,
    RefundStanding,
    Standing,
    meaning_of,
    query_result,
    refund_result,
)

TABLE_2_1 = {
    "SUCCESS",
    "INTERNAL_ERROR",
    "BAD_REQUEST",
    "NO_SERVICE",
    "TIMEOUT",
    "NO_ORDER",
    "OPERATION_NOT_ALLOWED",
    "TARGET_FAIL",
    "DUP_ORDER",
    "NET_ERROR",
    "NO_MERCHANT",
    "ORDER_PROCESSING",
    "INACTIVE_MERCHANT",
    "ABNORMAL_REQUEST_TIME",
    "TXN_DISCARDED",
    "BAD_SIGN",
    "INVALID_MSGSRC",
    "INVALID_ORDER",
    "NO_CROSS_DAY_TRADING",
    "DENIED_IP",
    "INVLID_MERCHANT_CONFIG",
    "INVALID_RESPONSE",
}


def test_the_tables_are_those_of_the_document() -> None:
    """2.1 with the one code of an example beside it, 2.2 to 2.5, and the results of poslink's queries."""
    assert TABLE_2_1 | {"HAS_CANCELLED"} == set(ERROR_CODES)
    assert {"UNKNOWN", "SUCCESS", "FAIL", "PROCESSING"} == set(REFUND_STATUS)
    assert set(STATUS) == {
        "NEW_ORDER", "UNKNOWN", "TRADE_CLOSED", "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_REFUND", "REFUND",
    }  # fmt: skip
    assert 4 == len(SECURE_STATUS)
    assert 16 == len(TARGET_SYSTEMS)
    assert {"0", "1", "2", "3", "4", "5", "FF"} == set(QUERY_RESULTS)
    assert "00" in REFUND_QUERY_RESULTS


@pytest.mark.parametrize("code", ERROR_CODES)
def test_a_code_outweighs_the_words(code: str) -> None:
    """What the table knows is not looked up in the message."""
    assert ERROR_CODES[code] is meaning_of(code, "订单不存在")


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("原交易不存在", Meaning.NOT_FOUND),
        ("订单未找到", Meaning.NOT_FOUND),
        ("找不到请求的原始订单", Meaning.NOT_FOUND),
        ("查无此交易", Meaning.NOT_FOUND),
        ("无此交易权限", Meaning.UNCLEAR),
        ("商户不存在", Meaning.UNCLEAR),
        ("终端不存在", Meaning.UNCLEAR),
        ("用户支付中，请稍后再试", Meaning.BUSY),
        ("订单正在处理中", Meaning.BUSY),
        ("订单不是支付中", Meaning.UNCLEAR),
        ("不支持跨日撤销", Meaning.TOO_LATE),
        ("超过撤销期限，请做退货", Meaning.TOO_LATE),
        ("请求过于频繁", Meaning.TOO_OFTEN),
        ("系统异常", Meaning.UNCLEAR),
        ("", Meaning.UNCLEAR),
        (None, Meaning.UNCLEAR),
    ],
)
def test_words(message: str | None, meaning: Meaning) -> None:
    """An unknown code is read by its message only where that can mean one thing."""
    assert meaning is meaning_of("9999", message)
    assert meaning is meaning_of(None, message)


@pytest.mark.parametrize(
    ("code", "standing"),
    [*QUERY_RESULTS.items(), ("5余额不足", Standing.FAILED), ("5: failed", Standing.FAILED)],
)
def test_query_results(code: str, standing: Standing) -> None:
    """Each code; a failure may have its description behind it."""
    assert standing is query_result(code)


@pytest.mark.parametrize("code", [None, "", "00", "51", "5A", "6", "F"])
def test_unknown_query_results(code: str | None) -> None:
    """A code of no document says nothing."""
    assert query_result(code) is None


@pytest.mark.parametrize(
    ("code", "message", "standing"),
    [
        *((code, None, standing) for code, standing in REFUND_QUERY_RESULTS.items()),
        ("5账户异常", None, RefundStanding.FAILED),
        ("01", "退货失败", RefundStanding.FAILED),
        ("99", "失败", RefundStanding.FAILED),
        ("01", "退款处理中", RefundStanding.PROCESSING),
        ("01", "查询失败", RefundStanding.UNCLEAR),
        ("01", None, RefundStanding.UNCLEAR),
        (None, None, RefundStanding.UNCLEAR),
    ],
)
def test_refund_results(code: str | None, message: str | None, standing: RefundStanding) -> None:
    """Each code, else clear words, else nothing."""
    assert standing is refund_result(code, message)
