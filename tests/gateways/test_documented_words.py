"""The words of the documents, written down a second time: a table that lost one, or gained one, is found.

What each of them means to each call is pinned beside its codec.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from posd.gateways.chaoying import codes as chaoying
from posd.gateways.chinaums import codes as chinaums
from posd.gateways.daxpay import codes as daxpay
from posd.gateways.umf_huishang import codes as huishang
from posd.gateways.umf_sp import codes as sp

CHAOYING_CODES = """
10001 10002 10003 10004 10005 10006 20002 20003 20004 20005 20006 20007 20008 20009 20010 20011 20012 20013 30001
"""
SP_CODES = """
00 01 02 03 04 05 06 08 09 10 11 12 13 14 15 16 17 20 21 23 31 32 33 35 36 37 38 39 43 62 99
"""
DAXPAY_NUMBERS = """
20000 20011 20012 20013 20021 20022 20023 20024 20030 20041 20042 20043 20044 20045 20051 20052 20060 20071 20080 20081
20082 20091 30000
"""
TARGET_SYSTEMS = """
Alipay_1.0 Alipay_2.0 WXPay YQB QMF UnionPay BaiDu JD SF COMM BestPay ACP NetPayBills NetPayGtwy QmfWebPay UAC
"""
TABLES: dict[str, tuple[Iterable[str], str]] = {
    "Chaoying 1.3 code, 提交支付": (chaoying.PAY, CHAOYING_CODES),
    "Chaoying 1.3 code, 订单查询": (chaoying.QUERY, CHAOYING_CODES),
    "Chaoying 1.3 code, 交易撤销": (chaoying.CANCEL, "10000" + CHAOYING_CODES),
    "Chaoying 1.3 code, 交易退款": (chaoying.REFUND, CHAOYING_CODES),
    "Chaoying 1.3 code, 退款查询": (chaoying.REFUND_QUERY, CHAOYING_CODES),
    "Chaoying 2.2 refund_status": (chaoying.REFUND_STATUS, "FAIL PROCESSING NOTSURE CHANGE"),
    "惠商+ 用户被扫": (huishang.PAY_CODES, "3333 9999 01000000 02000000 03000000"),
    "惠商+ 订单状态同步": (huishang.SYNC_CODES, "3333 9999 01000000 02000000 03000000 88881137 88881220"),
    "惠商+ 商户撤销交易": (huishang.REPEAL_CODES, "0000 3333 9999 01000000 02000000 03000000"),
    "惠商+ 商户退款请求": (huishang.REFUND_CODES, "0000 3333 9999 01000000 02000000 03000000"),
    "惠商+ 交易状态说明": (
        {*huishang.NOTICE_STATES, *huishang.REFUND_NOTICE_STATES, huishang.PAID_STATE},
        "WAIT_BUYER_PAY TRADE_CLOSED TRADE_SUCCESS TRADE_CANCEL TRADE_FAIL REFUND_SUCCESS REFUND_FAIL",
    ),
    "SP 刷卡支付": (sp.MICROPAY_CODES, SP_CODES),
    "SP 订单状态同步": (sp.QUERY_CODES, SP_CODES),
    "SP 订单状态同步 origRespCode": ({*sp.QUERY_STATES, sp.PAID_STATE}, "00 01 02 03 04 06"),
    "SP 商户撤销交易": (sp.CANCEL_CODES, SP_CODES),
    "SP 商户订单关闭请求": (sp.CLOSE_CODES, SP_CODES),
    "SP 商户退款请求": (sp.REFUND_CODES, SP_CODES),
    "SP 退款订单查询": (sp.REFUND_QUERY_CODES, SP_CODES),
    "SP 退款订单查询 origRespCode": (sp.REFUND_STATES, "00 01 02"),
    "ChinaUMS 2.4 secureStatus": (chinaums.SECURE_STATUS, "UNCOMPLETED PARTLY_COMPLETED ALL_COMPLETED CANCELED"),
    "ChinaUMS 2.5 targetSys": (
        {name.replace(" ", "_") for name in chinaums.TARGET_SYSTEMS},
        TARGET_SYSTEMS,
    ),
    "DaxPay 错误码": (daxpay.ERROR_NUMBERS, DAXPAY_NUMBERS),
    "DaxPay PaySyncStatusEnum": (
        daxpay.PAY_SYNC_STATUS,
        "pay_fail pay_success pay_progress pay_closed pay_refund pay_not_found pay_not_found_unknown pay_timeout",
    ),
    "DaxPay RefundSyncStatusEnum": (
        daxpay.REFUND_SYNC_STATUS,
        "refund_success refund_fail refund_progress pay_not_found",
    ),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_words_of_its_document(table: str) -> None:
    """No word more, none less."""
    words, documented = TABLES[table]
    assert set(documented.split()) == set(words)
