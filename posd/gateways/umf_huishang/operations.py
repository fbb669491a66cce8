"""The calls of 惠商+ for a person who makes them by hand, as its tables list them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.base import Operation

_SHOP = ("shopNo", "operator", "posSN", "notifyUrl")
# 259 号文: what the terminal is and where it stands.
_TERMINAL = (
    *("location", "deviceIp", "networkLicense", "deviceType", "deviceId", "encryptRandNum", "secretText", "appVersion"),
    *("mobileCountryCd", "mobileNetNum", "iccId", "locationCd1", "lbsNum1", "lbsSignal1", "locationCd2", "lbsNum2"),
    *("lbsSignal2", "locationCd3", "lbsNum3", "lbsSignal3", "telecomSysId", "telecomNetId", "telecomLbs"),
    *("telecomLbsSignal", "areaInfo"),
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        operation.name: operation
        for operation in (
            Operation(
                "unactivescan",
                "UMF 惠商+ 用户被扫",
                ("partnerOrderId", "amount", "payType", "mediaType", "mediaNo", "goodsId", "goodsInfo"),
                ("scene", "subject", "disAmount", "undisAmount", *_SHOP, *_TERMINAL),
                moves_money=True,
            ),
            Operation(
                "activescan",
                "UMF 惠商+ 用户主扫",
                ("partnerOrderId", "amount", "payType"),
                ("goodsInfo", "expairTime", *_SHOP, *_TERMINAL),
                moves_money=True,
            ),
            Operation(
                "apisync",
                "UMF 惠商+ 订单状态同步",
                ("partnerOrderId",),
                ("payType", "orderDate", "ymfFlag", "shopNo", "operator"),
            ),
            Operation(
                "repeal",
                "UMF 惠商+ 商户撤销交易",
                ("payType", "amount", "partnerOrderId", "orderDate"),
                _SHOP,
                moves_money=True,
            ),
            Operation(
                "refund",
                "UMF 惠商+ 商户退款请求",
                ("payType", "amount", "partnerOrderId", "refundPartnerOrderId"),
                ("orderDate", *_SHOP),
                moves_money=True,
            ),
            Operation(
                "refundquery",
                "UMF 惠商+ 退款订单查询",
                ("partnerOrderId", "refundPartnerOrderId"),
                ("payType", "orderDate", "refundDate", "shopNo", "operator"),
            ),
        )
    }
)
"""Every documented call. The merchant, the version, the moment and the signature are filled in."""
