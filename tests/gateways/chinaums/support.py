"""A ChinaUMS merchant, his orders, and answers as the platform gives them."""

from __future__ import annotations

import json
from dataclasses import replace

from posd.gateways.base import HttpResponse, OrderRef, PayOrder, RefundOrder, Stamp
from posd.gateways.chinaums.codec import ChinaumsCodec
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.signing import open_body_signature
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method

SETTINGS = ChinaumsSettings(
    app_id="12345678901234567890123456789012",
    app_key=Secret("67890123456789012345678901234567"),
    mid="898340149000005",
    tid="88880001",
    inst_mid="APPDEFAULT",
    source_id="3194",
    notify_key=Secret("fcAmtnx7MwismjWNhNKdHC44mNXtnEQeJkRrhKJwyrW2ysRR"),
)
CODEC = ChinaumsCodec(SETTINGS)
STAMP = Stamp(1_715_575_932_999, "0123456789abcdef0123456789abcdef")
"""2024-05-13 12:52:12.999 in Beijing."""
CODE = "134567890123456789"

ORDER = PayOrder(
    order_no="31940101K1",
    amount=Fen(1250),
    method=Method.BARCODE,
    wallet=Wallet.WECHAT,
    description="示例商品",
    operator="00000001",
    terminal_id="0101",
    store_id="md_001",
    credential=AuthCode(CODE),
)
QR_ORDER = replace(ORDER, method=Method.QR, wallet=Wallet.ALIPAY, credential=None, expires_at_ms=STAMP.at_ms + 120_000)
REF = OrderRef("31940101K1", Fen(1250), Method.BARCODE, Wallet.WECHAT, submitted_at_ms=0, operator="00000001")
QR_REF = replace(REF, method=Method.QR, wallet=Wallet.ALIPAY)
REFUND = RefundOrder("31940101K1R1", Fen(250), REF, requested_at_ms=0)
QR_REFUND = replace(REFUND, order=QR_REF)


def answered(**fields: object) -> HttpResponse:
    """An answer of these fields; None takes one out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return HttpResponse(200, json.dumps(given, ensure_ascii=False).encode())


def with_signature(response: HttpResponse, **wrong: str) -> HttpResponse:
    """The same answer with the header that one client of the platform has seen on answers."""
    timestamp, nonce = "20240513205212", "09876543210987654321098765432109"
    signature = open_body_signature(SETTINGS.app_id, SETTINGS.app_key, timestamp, nonce, response.body)
    items = {"AppId": SETTINGS.app_id, "Timestamp": timestamp, "Nonce": nonce, "Signature": signature, **wrong}
    header = "OPEN-BODY-SIG " + ",".join(f'{name}="{value}"' for name, value in items.items())
    return replace(response, headers={"authorization": header})


def paid(**changes: object) -> HttpResponse:
    """Poslink 支付: the real answer of the sandbox, with our amount."""
    return answered(
        **{
            "errCode": "00",
            "errInfo": "10000成功响应码",
            "transactionTime": "164207",
            "transactionDateWithYear": "20250923",
            "retrievalRefNum": "15005163609N",
            "transactionAmount": 1250,
            "actualTransactionAmount": 1250,
            "amount": 1250,
            "orderId": "20250923164207406370624529",
            "thirdPartyName": "微信钱包",
            "thirdPartyBuyerId": "otdJ_uA6R4R0beWem2hMly22xLzo",
            "thirdPartyOrderId": "4200002792202509233617110129",
            "thirdPartyPayInformation": "现金:1250",
            "promotionAmt": "0",
            **changes,
        }
    )


def found(**changes: object) -> HttpResponse:
    """Poslink 交易状态查询: the real answer of the sandbox, with our order, paid."""
    return answered(
        **{
            "errCode": "00",
            "errInfo": "00000成功响应码",
            "originalTransactionTime": "20250923164213",
            "queryResCode": "0",
            "queryResDesc": "成功",
            "originalPayCode": CODE,
            "originalTransactionAmount": 1250,
            "amount": 1250,
            "refundedAmount": 0,
            "actualTransactionAmount": 1250,
            "thirdPartyOrderId": "4200002792202509233617110129",
            "orderId": "20250923164207406370624529",
            "merchantOrderId": "31940101K1",
            "orderStatus": "TRADE_SUCCESS",
            **changes,
        }
    )


def refund_found(**changes: object) -> HttpResponse:
    """Poslink 交易退款查询: the real answer of the sandbox, with our amount."""
    return answered(
        **{
            "errCode": "00",
            "errInfo": "00000成功响应码",
            "queryResCode": "00",
            "originalAmount": "250",
            "dealType": "refund",
            "refundInvoiceAmount": "250",
            "refundOrderId": "20250923164325406370591285",
            **changes,
        }
    )


def netpay_found(**changes: object) -> HttpResponse:
    """ChinaUMS 1.2.4 响应, with our order."""
    return answered(
        **{
            "payTime": "2018-09-20 09:50:33",
            "seqId": "0031510000N",
            "totalAmount": 1250,
            "couponAmount": 0,
            "buyerPayAmount": 1250,
            "targetOrderId": "2018092022001418830581229369",
            "merOrderId": "31940101K1",
            "status": "TRADE_SUCCESS",
            "targetSys": "Alipay 2.0",
            "mid": SETTINGS.mid,
            "tid": SETTINGS.tid,
            "responseTimestamp": "2018-09-20 10:00:53",
            "errCode": "SUCCESS",
            **changes,
        }
    )


def netpay_refunded(**changes: object) -> HttpResponse:
    """ChinaUMS 1.3.4 响应, with our refund."""
    return answered(
        **{
            "mid": SETTINGS.mid,
            "refundStatus": "SUCCESS",
            "refundOrderId": "31940101K1R1",
            "responseTimestamp": "2018-09-20 10:21:57",
            "errCode": "SUCCESS",
            "status": "REFUND",
            "merOrderId": "31940101K1",
            "refundAmount": 250,
            **changes,
        }
    )
