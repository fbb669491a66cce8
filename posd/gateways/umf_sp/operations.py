"""The calls of the UMF service-provider platform for a person who makes them by hand, as its tables list them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.base import Operation

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        operation.name: operation
        for operation in (
            Operation(
                "micropay",
                "UMF SP 刷卡支付-用户被扫",
                ("orderNo", "txnAmt", "orderType", "authCode"),
                (
                    *("orderTime", "goodsId", "goodsInfo", "backUrl", "merPriv", "faceFlag", "ledgerAccountFlag"),
                    *("goodsTag", "subAppId", "longitude", "latitude"),
                ),
                moves_money=True,
            ),
            Operation("queryOrder", "UMF SP 订单状态同步", ("orderNo",), ("transactionId",)),
            Operation("cancelOrder", "UMF SP 商户撤销交易", ("orderNo",), moves_money=True),
            Operation("closeOrder", "UMF SP 商户订单关闭请求", ("orderNo",), moves_money=True),
            Operation(
                "refund",
                "UMF SP 商户退款请求",
                ("origOrderNo", "origTxnAmt", "orderNo", "txnAmt"),
                ("orderTime",),
                moves_money=True,
            ),
            Operation("refundQuery", "UMF SP 退款订单查询", ("orderNo",)),
            Operation("wxface", "UMF SP 刷脸支付-获取调用凭证", ("rawDate",), ("appid", "mchId", "subMchId")),
        )
    }
)
"""Every documented call. Provider and merchant, the moment and the signature are filled in."""
