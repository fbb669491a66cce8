"""ChinaUMS 1.8 支付结果通知: both signatures, every field signed, nothing forged taken."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from posd.gateways.base import HttpResponse, OrderRef
from posd.gateways.signing import joined_pairs, md5_with_key_appended, sha256_with_key_appended
from posd.payment.amounts import Amounts, Fen
from posd.payment.verdicts import Closed, Doubt, Paid, Refunded, Unknown
from tests.gateways.chinaums.support import CODEC, QR_REF, SETTINGS, STAMP

FIELDS = {
    "mid": "898340149000005",
    "tid": "88880001",
    "instMid": "APPDEFAULT",
    "attachedData": "备注 1",
    "billFunds": "支付宝余额:1000",
    "buyerPayAmount": "1000",
    "couponAmount": "250",
    "totalAmount": "1250",
    "merOrderId": "31940101K1",
    "payTime": "2024-05-13 12:52:12",
    "seqId": "0031510000N",
    "status": "TRADE_SUCCESS",
    "targetOrderId": "2018092022001418830581229369",
    "targetSys": "Alipay 2.0",
    "refId": "",
    "k7Zq": "x9",
}


def noted(sign: str | None = None, **changes: str) -> HttpResponse:
    """A notification signed as its ``signType`` says; ``sign`` forges one."""
    fields = {**FIELDS, **changes}
    text = joined_pairs(fields)
    sha256 = fields.get("signType") == "SHA256"
    made = (sha256_with_key_appended if sha256 else md5_with_key_appended)(text, SETTINGS.notify_key)
    body = urlencode({**fields, "sign": made if sign is None else sign}).encode()
    return HttpResponse(200, body, {"content-type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize("sign_type", [None, "MD5", "SHA256"])
def test_a_paid_order(sign_type: str | None) -> None:
    """MD5 by default, SHA-256 where it says so; the answer is the document's own word."""
    notice = CODEC.read_notification(noted(**({"signType": sign_type} if sign_type else {})), STAMP)
    assert notice is not None
    assert ("31940101K1", None) == (notice.order_no, notice.refund_no)
    verdict = notice.read(QR_REF).verdict
    assert isinstance(verdict, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == verdict.amounts
    assert ("billFunds", "支付宝余额:1000") in verdict.details
    assert (b"SUCCESS", b"FAILED") == (notice.success.body, notice.failure.body)
    assert b"FAILED" == CODEC.notification_refusal().body


def test_the_case_of_a_signature_does_not_count() -> None:
    """The document prints SHA-256 in lower case, real notifications carry it in upper case."""
    text = joined_pairs({**FIELDS, "signType": "SHA256"})
    upper = sha256_with_key_appended(text, SETTINGS.notify_key).upper()
    assert CODEC.read_notification(noted(upper, signType="SHA256"), STAMP) is not None
    lower = md5_with_key_appended(joined_pairs(FIELDS), SETTINGS.notify_key).lower()
    assert CODEC.read_notification(noted(lower), STAMP) is not None


def test_the_published_form_is_signed_rightly_and_no_order() -> None:
    """1.8.4: the published fields verify under the published key, and name no order of ours."""
    fields = {
        "walletOption": "SINGLE",
        "billNo": "31940000201700002",
        "billDate": "2017-06-26",
        "requestTimestamp": "2017-06-26 17:28:02",
        "instMid": "QRPAYDEFAULT",
        "msgSrc": "WWW.TEST.COM",
        "totalAmount": "1",
        "goods": '[{"body":"微信二维码测试","price":"1","goodsName":"微信二维码测试","goodsId":"1","quantity":"1",'
        '"goodsCategory":"TEST"}]',
        "msgType": "bills.getQRCode",
        "mid": "898340149000005",
        "tid": "88880001",
    }
    assert "57F81BAF8E3BAE1190B26D6C733038AF" == md5_with_key_appended(joined_pairs(fields), SETTINGS.notify_key)
    body = urlencode({**fields, "sign": "57F81BAF8E3BAE1190B26D6C733038AF"}).encode()
    assert CODEC.read_notification(HttpResponse(200, body), STAMP) is None
    assert CODEC.read_notification(HttpResponse(200, body + b"&merOrderId=31940101K1"), STAMP) is None


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"status": "TRADE_CLOSED"}, Closed()),
        ({"status": "TRADE_REFUND", "refundAmount": "1250"}, Refunded()),
        ({"status": "TRADE_REFUND"}, Unknown(Doubt.UNCLEAR_CODE)),
        ({"status": "UNKNOWN"}, Unknown(Doubt.UNCLEAR_CODE)),
    ],
    ids=str,
)
def test_other_states(changes: dict[str, str], verdict: object) -> None:
    """What a notification says is read like a query."""
    notice = CODEC.read_notification(noted(**changes), STAMP)
    assert notice is not None
    assert verdict == notice.read(QR_REF).verdict


@pytest.mark.parametrize(
    "ref", [replace(QR_REF, amount=Fen(1)), replace(QR_REF, order_no="31940101K2")], ids=["amount", "order"]
)
def test_another_order_or_amount_is_a_mismatch(ref: OrderRef) -> None:
    """What the journal knows decides, not what the notification says."""
    notice = CODEC.read_notification(noted(), STAMP)
    assert notice is not None
    assert Unknown(Doubt.MISMATCH) == notice.read(ref).verdict


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not a form",
        b'{"merOrderId":"31940101K1"}',
        urlencode(FIELDS).encode(),
        noted("").body,
        noted("0" * 32).body,
        noted().body.replace(b"1250", b"1251"),
        noted().body + b"&extra=1",
        noted().body + b"&totalAmount=1250",
        noted(merOrderId="").body,
        b"\xff=1",
    ],
)
def test_what_is_not_rightly_signed_is_no_notice(body: bytes) -> None:
    """Unreadable, unsigned, forged, with a field more or twice, or without an order number: not taken."""
    assert CODEC.read_notification(HttpResponse(200, body), STAMP) is None
