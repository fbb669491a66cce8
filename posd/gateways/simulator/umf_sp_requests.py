"""What the document of the UMF service-provider platform says about each field of each request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from posd.gateways.simulator.fields import AMOUNT, DATE, TIME, Field, may, must
from posd.gateways.simulator.protocol import Kind, Route
from posd.payment.auth_code import Wallet

ORDER_TYPES: Mapping[str, Wallet] = MappingProxyType(
    {"wechat": Wallet.WECHAT, "alipay": Wallet.ALIPAY, "unionpay": Wallet.UNIONPAY}
)
CODE_SHAPES: Mapping[str, str] = MappingProxyType(
    {"wechat": r"1[0-5][0-9]{16}", "alipay": r"(2[5-9]|30)[0-9]{14,22}", "unionpay": r"62[0-9]{17}"}
)
"""刷卡支付-用户被扫 ``authCode``: the shape of the codes of each ``orderType``."""

_OWN = {"acqSpId": must(10), "acqMerId": must(8), "signature": must(256)}
_ORDER = {**_OWN, "orderNo": must(64)}
_MOMENT = {"orderTime": must(16, DATE + TIME)}
_AMOUNT = must(13, AMOUNT)
# "支持大小写字母,数字,'/','&','%','?','='"; a colon and dots are in every address. Must begin with http://.
_URL = r"http://[A-Za-z0-9/&%?=.:]+"


def _route(operation: str, kind: Kind, table: Mapping[str, Field]) -> Route:
    return Route(operation, kind, MappingProxyType(dict(table)))


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        f"/pay/{route.operation}": route
        for route in (
            _route(
                "micropay",
                Kind.PAY,
                {
                    **_ORDER,
                    **_MOMENT,
                    "txnAmt": _AMOUNT,
                    "orderType": must(12, "alipay|wechat|unionpay"),
                    "authCode": must(32),
                    "goodsId": may(16),
                    "goodsInfo": may(128),
                    "backUrl": may(256, _URL),
                    "merPriv": may(128),
                    "faceFlag": may(2, "1"),
                    "ledgerAccountFlag": may(2, "1"),
                    "goodsTag": may(32),
                    "subAppId": may(32),
                    "longitude": may(16),
                    "latitude": may(16),
                },
            ),
            _route("queryOrder", Kind.QUERY, {**_ORDER, "transactionId": may(32)}),
            _route("cancelOrder", Kind.CANCEL, _ORDER),
            _route("closeOrder", Kind.CANCEL, _ORDER),
            _route(
                "refund",
                Kind.REFUND,
                {**_ORDER, **_MOMENT, "origOrderNo": must(64), "origTxnAmt": _AMOUNT, "txnAmt": _AMOUNT},
            ),
            _route("refundQuery", Kind.REFUND_QUERY, _ORDER),
            # The table says 64 characters of rawDate (so spelt), its example has some 830.
            _route(
                "wxface",
                Kind.OTHER,
                {**_OWN, "rawDate": must(), "appid": may(32), "mchId": may(32), "subMchId": may(32)},
            ),
        )
    }
)
"""Every call by its path below ``…/entry-provider-plat-client``."""
