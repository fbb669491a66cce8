"""What the document of UMF 惠商+ says about each field of each request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.simulator.fields import AMOUNT, DATE, TIME, Field, may, must
from posd.gateways.simulator.protocol import Kind, Route
from posd.payment.auth_code import Wallet

PAY_TYPES: Mapping[str, Wallet] = MappingProxyType({"WX": Wallet.WECHAT, "AL": Wallet.ALIPAY, "YL": Wallet.UNIONPAY})
MEDIA: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"WX": ("05", r"1[0-5][0-9]{16}"), "AL": ("06", r"(2[5-9]|30)[0-9]{14,22}"), "YL": ("09", r"62[0-9]{17}")}
)
"""用户被扫: which ``mediaType`` goes with a ``payType``, and the shape of its codes."""

_VERSION = must(3, r"1\.0")
_PAY_TYPE = "WX|AL|YL"
_OWN = {"subMerId": must(8), "proxyId": must(4), "sign": must(256)}
_MOMENT = {"reqDate": must(8, DATE), "reqTime": must(6, TIME)}
_SHOP = {"shopNo": may(), "operator": may()}
# "支持大小写字母,数字,'/','&','%','?','='"; a colon and dots are in every address.
_SOLD = {**_SHOP, "posSN": may(), "notifyUrl": may(256, r"https?://[A-Za-z0-9/&%?=.:]+")}
_ORDER = {"partnerOrderId": must(32)}

_TERMINAL = {
    "location": may(32),
    "deviceIp": may(40),
    "networkLicense": may(5),
    "deviceType": may(2),
    "deviceId": may(8),
    "encryptRandNum": may(10),
    "secretText": may(16),
    "appVersion": may(8),
    "mobileCountryCd": may(3),
    "mobileNetNum": may(2),
    "iccId": may(20),
    # The lengths of 2 and 3 are those of 1: in the table two of them have changed places.
    **{f"locationCd{number}": may(12) for number in (1, 2, 3)},
    **{f"lbsNum{number}": may(12) for number in (1, 2, 3)},
    **{f"lbsSignal{number}": may(4) for number in (1, 2, 3)},
    "telecomSysId": may(4),
    "telecomNetId": may(4),
    "telecomLbs": may(4),
    "telecomLbsSignal": may(4),
    "areaInfo": may(6),
}
"""259 号文: what the terminal is and where it stands; all optional."""


def _route(operation: str, kind: Kind, table: Mapping[str, Field]) -> Route:
    return Route(operation, kind, MappingProxyType(dict(table)))


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "/api/unactivescan": _route(
            "unactivescan",
            Kind.PAY,
            {
                **_OWN,
                **_MOMENT,
                **_SOLD,
                **_TERMINAL,
                **_ORDER,
                "apiVersion": _VERSION,
                "amount": must(10, AMOUNT),
                "payType": must(2, _PAY_TYPE),
                "mediaType": must(2, "05|06|09"),
                "mediaNo": must(32),
                "goodsId": must(16),
                "goodsInfo": must(128),
                "scene": may(32, "bar_code"),
                "subject": may(256),
                "disAmount": may(11, "[0-9]+"),
                "undisAmount": may(11, "[0-9]+"),
            },
        ),
        "/api/activescan": _route(
            "activescan",
            Kind.PREORDER,
            {
                **_OWN,
                **_MOMENT,
                **_SOLD,
                **_TERMINAL,
                **_ORDER,
                "apiVersion": _VERSION,
                "amount": must(13, AMOUNT),
                "payType": must(2, _PAY_TYPE),
                "goodsInfo": may(128),
                "expairTime": may(None, "[0-9]{1,9}"),
            },
        ),
        "/api/apisync": _route(
            "apisync",
            Kind.QUERY,
            {
                **_OWN,
                **_SHOP,
                **_ORDER,
                "apiVersion": _VERSION,
                "payType": may(2, _PAY_TYPE),
                "orderDate": may(8, DATE),
                "ymfFlag": may(None, "1"),
            },
        ),
        "/online/repeal": _route(
            "repeal",
            Kind.CANCEL,
            {
                **_OWN,
                **_MOMENT,
                **_SOLD,
                **_ORDER,
                "apiVersion": _VERSION,
                "payType": must(2, _PAY_TYPE),
                "amount": must(13, AMOUNT),
                "orderDate": must(8, DATE),
            },
        ),
        "/online/refund": _route(
            "refund",
            Kind.REFUND,
            {
                **_OWN,
                **_MOMENT,
                **_SOLD,
                **_ORDER,
                "apiVersion": _VERSION,
                "payType": must(2, _PAY_TYPE),
                "amount": must(13, AMOUNT),
                "refundPartnerOrderId": must(32),
                "orderDate": may(8, DATE),
            },
        ),
        "/refund/query": _route(
            "refundquery",
            Kind.REFUND_QUERY,
            {
                **_OWN,
                **_MOMENT,
                **_SHOP,
                **_ORDER,
                # apiVersion everywhere else.
                "version": _VERSION,
                "refundPartnerOrderId": must(32),
                "payType": may(2, _PAY_TYPE),
                "orderDate": may(8, DATE),
                "refundDate": may(8, DATE),
                # Not in the table, only in its example.
                "funCode": may(None, "THQUERY"),
            },
        ),
    }
)
"""Every call by its path below ``…/in-pay-client``."""
