"""Every operation that a gateway's adapter claims is made once against the simulator, over a real socket.

The table in ``docs/gateways.md`` is made from the same claims: an operation that stands there and has no step here
fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from posd.gateways.base import CallResult, beijing
from posd.gateways.gateway import Gateway
from posd.gateways.protocols import PROTOCOLS, make_codec, settings_class
from posd.gateways.simulator import Plan, Simulator
from posd.gateways.transport import Timeouts, Transport

PATIENT = Timeouts(connect_s=60.0, query_s=60.0, pay_s=60.0)
NOBODY_PAYS = "(from here on, no customer pays)"
GOODS = {"goodsId": "G1", "goodsInfo": "test"}


@dataclass(frozen=True)
class Step:
    """One call by hand. ``succeeds`` False: the gateway refuses it, in signed words."""

    operation: str
    fields: dict[str, str]
    succeeds: bool = True


def chaoying() -> Iterator[Step]:
    """Chaoying: five orders, each brought to another end, and the calls about the merchant."""
    yield Step("pay", {"out_trade_no": "T0001", "body": "b", "total_fee": "100", "auth_code": "130000000100000000"})
    yield Step("orderquery", {"paytype": "WECHAT", "out_trade_no": "T0001"})
    amounts = {"total_fee": "100", "refund_fee": "40"}
    yield Step("refund", {"paytype": "WECHAT", "out_trade_no": "T0001", "out_refund_no": "T0001R1", **amounts})
    yield Step("refundquery", {"paytype": "WECHAT", "out_refund_no": "T0001R1"})
    yield Step("pay", {"out_trade_no": "T0002", "body": "b", "total_fee": "100", "auth_code": "130000000200000000"})
    yield Step("cancel", {"paytype": "WECHAT", "out_trade_no": "T0002"})
    face = {"paytype": "WECHAT", "face_code": "face0000000000000001", "openid": "o1"}
    yield Step("facepay", {"out_trade_no": "T0003", "body": "b", "total_fee": "100", **face})
    device = {"store_id": "s", "store_name": "n", "device_id": "d", "rawdata": "r" * 64}
    yield Step("getfaceauth", {"paytype": "WECHAT", **device})
    native = {"body": "b", "total_fee": "100", "trade_type": "NATIVE", "product_id": "p"}
    yield Step("WECHAT_PreOrder", {"out_trade_no": "T0004", **native})
    yield Step("ALIPAY_PreOrder", {"out_trade_no": "T0005", **native})
    yield Step("Mch_Reg", {})
    yield Step("GetMchSMSValid", {"mobile": "13800000000"})
    yield Step("GetMchId", {"mobile": "13800000000", "valid": "1234"})
    yield Step("GetPartnerId", {})
    yield Step("GetMchInfo", {})
    yield Step("WXA_Code2Session", {"appid": "wx4da448cd29920000", "js_code": "023jh17A0Tlixd1ql75A0aLc7A0jabcd"})


def umf_huishang(today: str) -> Iterator[Step]:
    """UMF 惠商+: paid and refunded, paid and repealed, a code to scan."""
    media = {"payType": "WX", "mediaType": "05", **GOODS}
    yield Step("unactivescan", {"partnerOrderId": "H1", "amount": "100", "mediaNo": "130000000100000000", **media})
    yield Step("apisync", {"partnerOrderId": "H1"})
    yield Step("refund", {"payType": "WX", "amount": "40", "partnerOrderId": "H1", "refundPartnerOrderId": "H1R1"})
    yield Step("refundquery", {"partnerOrderId": "H1", "refundPartnerOrderId": "H1R1"})
    yield Step("unactivescan", {"partnerOrderId": "H2", "amount": "100", "mediaNo": "130000000200000000", **media})
    yield Step("repeal", {"payType": "WX", "amount": "100", "partnerOrderId": "H2", "orderDate": today})
    yield Step("activescan", {"partnerOrderId": "H3", "amount": "100", "payType": "WX", **GOODS})


def umf_sp() -> Iterator[Step]:
    """UMF service provider: paid and refunded, paid and cancelled, waiting and closed, a face."""
    yield Step("micropay", {"orderNo": "S1", "txnAmt": "100", "orderType": "wechat", "authCode": "130000000100000000"})
    yield Step("queryOrder", {"orderNo": "S1"})
    yield Step("refund", {"origOrderNo": "S1", "origTxnAmt": "100", "orderNo": "S1R1", "txnAmt": "40"})
    yield Step("refundQuery", {"orderNo": "S1R1"})
    yield Step("micropay", {"orderNo": "S2", "txnAmt": "100", "orderType": "wechat", "authCode": "130000000200000000"})
    yield Step("cancelOrder", {"orderNo": "S2"})
    yield Step("wxface", {"rawDate": "r" * 64})
    yield Step(NOBODY_PAYS, {})
    waiting = {"orderNo": "S3", "txnAmt": "100", "orderType": "wechat", "authCode": "130000000300000000"}
    yield Step("micropay", waiting, succeeds=False)
    yield Step("closeOrder", {"orderNo": "S3"})


def chinaums(source_id: str) -> Iterator[Step]:
    """ChinaUMS: poslink at the counter, netpay for apps, secured transactions; then orders that nobody pays."""
    paid = {"transactionAmount": "100", "payMode": "CODE_SCAN", "merchantRemark": "1"}
    first, code = {"merchantOrderId": f"{source_id}P1"}, "130000000100000000"
    yield Step("poslink/pay", {**first, "payCode": code, **paid})
    yield Step("poslink/query", first)
    yield Step("poslink/refund", {**first, "refundRequestId": f"{source_id}P1R1", "transactionAmount": "40"})
    yield Step("poslink/query-refund", {**first, "refundRequestId": f"{source_id}P1R1"})
    orders = {
        "netpay/wx/app-pre-order": {"subAppId": "wx1"},
        "netpay/trade/precreate": {},
        "netpay/qmf/order": {"merchantUserId": "u", "mobile": "13800000000"},
        "netpay/uac/app-order": {"secureTransaction": "true"},
        "netpay/applepay/order": {"secureTransaction": "true"},
        "netpay/trade/app-pre-order": {},
    }
    for number, (operation, more) in enumerate(orders.items()):
        order = {"merOrderId": f"{source_id}N{number}", "tradeType": "APP", "totalAmount": "1000"}
        yield Step(operation, {**order, **more})
    yield Step("netpay/query", {"merOrderId": f"{source_id}N0"})
    refund = {"refundOrderId": f"{source_id}N0R1", "refundAmount": "1"}
    yield Step("netpay/refund", {"merOrderId": f"{source_id}N0", **refund})
    yield Step("netpay/refund-query", {"merOrderId": f"{source_id}N0R1"})
    yield Step("netpay/secure-cancel", {"merOrderId": f"{source_id}N3"})
    yield Step("netpay/secure-complete", {"merOrderId": f"{source_id}N4", "completedAmount": "1000"})
    yield Step(NOBODY_PAYS, {})
    unpaid = {"merOrderId": f"{source_id}N9", "tradeType": "APP", "totalAmount": "1000"}
    yield Step("netpay/trade/precreate", unpaid)
    yield Step("netpay/close", {"merOrderId": f"{source_id}N9"})
    yield Step("poslink/pay", {"merchantOrderId": f"{source_id}P2", "payCode": "131111111111111111", **paid}, False)
    yield Step("poslink/voidpayment", {"merchantOrderId": f"{source_id}P2"})


def daxpay() -> Iterator[Step]:
    """DaxPay: paid and refunded; then one waiting and closed, one waiting and cancelled."""
    charge = {"title": "t", "channel": "wechat_pay", "method": "barcode", "amount": "100"}
    yield Step("pay", {"bizOrderNo": "D1", "authCode": "130000000100000000", **charge})
    yield Step("queryPay", {"bizOrderNo": "D1"})
    yield Step("syncPay", {"bizOrderNo": "D1"})
    yield Step("refund", {"bizRefundNo": "D1R1", "bizOrderNo": "D1", "amount": "40"})
    yield Step("queryRefund", {"bizRefundNo": "D1R1"})
    yield Step("syncRefund", {"bizRefundNo": "D1R1"})
    yield Step(NOBODY_PAYS, {})
    for number, end in ((2, "close"), (3, "cancel")):
        yield Step("pay", {"bizOrderNo": f"D{number}", "authCode": f"13000000{number:010d}", **charge})
        yield Step(end, {"bizOrderNo": f"D{number}"})


def steps(gateway: str, simulator: Simulator) -> list[Step]:
    """What to call at a gateway, in order."""
    facts = simulator.sandbox.credentials(gateway)
    today = beijing(simulator.now_ms(), "%Y%m%d")
    stories = {
        "chaoying": chaoying,
        "umf-huishang": lambda: umf_huishang(today),
        "umf-sp": umf_sp,
        "chinaums": lambda: chinaums(str(facts["source_id"])),
        "daxpay": daxpay,
    }
    return list(stories[gateway]())


@pytest.mark.parametrize("name", PROTOCOLS)
async def test_every_claimed_operation_is_answered(name: str) -> None:
    """Each operation is signed, arrives, and its answer verifies; none is claimed without being made here."""
    async with Simulator() as simulator:
        codec = make_codec(name, settings_class(name)(**simulator.sandbox.credentials(name)))
        transport = Transport(simulator.base_url(name), timeouts=PATIENT)
        simulator.scripts.default = Plan(latency_ms=0)
        async with Gateway(name, codec, transport, simulator.now_ms, lambda: "0" * 32) as gateway:
            made, wrong = set(), []
            for step in steps(name, simulator):
                if step.operation == NOBODY_PAYS:
                    simulator.scripts.default = Plan(latency_ms=0, confirm_after_ms=None)
                    continue
                answer = await gateway.call(step.operation, step.fields)
                made.add(step.operation)
                result = answer.verdict
                good = isinstance(result, CallResult) and (result.verified, result.succeeded) in (
                    (True, step.succeeds),
                    (None, step.succeeds),
                )
                if not good:
                    wrong.append(f"{step.operation}: {result} {answer.evidence}")
            assert wrong == []
            assert made == set(codec.operations()), "an operation is claimed and not exercised"
            assert [fault.text for fault in simulator.bank.violations if "15 s" not in fault.text] == []
