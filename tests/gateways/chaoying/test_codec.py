"""Chaoying's requests, against the tables of its document."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

import pytest

from posd.gateways.base import FaceAuthRequest, Goods, HttpRequest
from posd.gateways.chaoying.codec import ChaoyingCodec
from posd.gateways.chaoying.codes import PAYTYPE
from posd.gateways.chaoying.settings import ChaoyingSettings
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method, VoidTerms
from tests.gateways.chaoying.support import (
    AUTH_CODE,
    CODEC,
    FACE_ORDER,
    KEY,
    ORDER,
    QR_ORDER,
    REF,
    REFUND,
    SETTINGS,
    STAMP,
    form,
    sign,
)


@dataclass(frozen=True)
class Table:
    """The fields of one call as its document lists them: pattern of each, with ``?`` in front where it is optional."""

    path: str
    fields: dict[str, str]

    def check(self, request: HttpRequest) -> dict[str, str]:
        """The form, after everything in it was found in the table and everything required in it."""
        sent = form(request)
        assert self.path == request.path
        assert set(sent) <= set(self.fields)
        for name, pattern in self.fields.items():
            assert pattern.startswith("?") or name in sent, f"{name} is required"
            assert name not in sent or re.fullmatch(pattern.removeprefix("?"), sent[name], re.DOTALL), name
        assert sign({name: value for name, value in sent.items() if name != "sign"}) == sent["sign"]
        return sent


PUBLIC = {"agent_id": r"130000000000000000", "version": r"1\.0", "pid": "posd", "sign": r"[0-9A-F]{32}"}
ORDER_NO = r"[A-Za-z0-9_]{5,32}"
FEN = r"[1-9]\d*"
DESCRIBED = {
    "mch_id": "00000001",
    "out_trade_no": ORDER_NO,
    "device_info": r"?.+",
    "body": r".+",
    "total_fee": FEN,
    "mch_create_ip": r"?.+",
    "op_user_id": r"?.+",
    "op_shop_id": r"?.+",
    "goods_tag": r"?.+",
    "goods_detail": r"?\[\{.*\}\]",
}
GATEWAY = "/UnifiedPay/Gateway"
PAYTYPES = "|".join(PAYTYPE.values())
PAY = Table(
    GATEWAY,
    {**PUBLIC, **DESCRIBED, "method": "pay", "auth_code": r"\w+", "attach": r"?.+", "op_device_id": r"?.{1,8}"},
)
FACEPAY = Table(
    GATEWAY,
    {
        **PUBLIC,
        **DESCRIBED,
        "method": "facepay",
        "paytype": PAYTYPES,
        "face_code": r".+",
        "openid": r"?.+",
        "attach": r"?.+",
        "op_device_id": r"?.{1,8}",
    },
)
LIFETIME = {"time_start": r"?\d{14}", "time_expire": r"?\d{14}"}
PREORDER = {
    **PUBLIC,
    **DESCRIBED,
    **LIFETIME,
    "nonce_str": r"?\w{32}",
    "notify_url": r"?https?://[^?]+",
    "limit_pay": r"?.+",
    "trade_type": "NATIVE",
}
WECHAT_PREORDER = Table("/Open/WECHAT_PreOrder", {**PREORDER, "product_id": r".+"})
ALIPAY_PREORDER = Table(
    "/Open/ALIPAY_PreOrder",
    {name: pattern for name, pattern in PREORDER.items() if name != "goods_detail"} | {"out_trade_no": r"\w{5,32}"},
)
NAMED = {**PUBLIC, "paytype": PAYTYPES, "mch_id": "00000001", "out_trade_no": ORDER_NO}
QUERY = Table(GATEWAY, {**NAMED, "method": "orderquery"})
CANCEL = Table(GATEWAY, {**NAMED, "method": "cancel", "op_user_id": r".+"})
REFUND_TABLE = Table(
    GATEWAY,
    {
        **NAMED,
        "method": "refund",
        "out_refund_no": r".{1,32}",
        "total_fee": FEN,
        "refund_fee": FEN,
        "op_user_id": r".+",
    },
)
REFUND_QUERY = Table(
    GATEWAY,
    {
        **PUBLIC,
        "method": "refundquery",
        "paytype": PAYTYPES,
        "mch_id": "00000001",
        "out_refund_no": r"?.{1,32}",
        "refund_id": r"?.+",
    },
)
FACE_AUTH = Table(
    GATEWAY,
    {
        **PUBLIC,
        "method": "getfaceauth",
        "paytype": PAYTYPES,
        "mch_id": "00000001",
        "store_id": r".+",
        "store_name": r".+",
        "device_id": r".+",
        "rawdata": r".+",
    },
)


def test_pay() -> None:
    """2.2 提交支付: every field that we have, none that the document lacks, no paytype."""
    sent = PAY.check(CODEC.pay(replace(ORDER, attach="说明 & =+"), STAMP).request)
    expected = {
        "method": "pay",
        "agent_id": "130000000000000000",
        "version": "1.0",
        "pid": "posd",
        "mch_id": "00000001",
        "out_trade_no": "010120261120100000",
        "device_info": "0101",
        "body": "示例商品",
        "attach": "说明 & =+",
        "total_fee": "1250",
        "auth_code": AUTH_CODE,
        "op_user_id": "00000001",
        "op_shop_id": "md_001",
        "op_device_id": "0101",
    }
    assert {**expected, "sign": sign(expected)} == sent


def test_a_pay_request_does_not_print_its_code() -> None:
    """Neither the request nor the exchange shows the auth code or the key, however they are printed."""
    exchange = CODEC.pay(ORDER, STAMP)
    assert AUTH_CODE.encode() in exchange.request.body
    for text in (repr(exchange), str(exchange.request), repr(exchange.read), repr(SETTINGS)):
        assert AUTH_CODE not in text
        assert KEY not in text


def test_facepay() -> None:
    """2.1 提交支付: with paytype; openid only where the SDK gave one (its table wants it, its example has none)."""
    sent = FACEPAY.check(CODEC.pay(FACE_ORDER, STAMP).request)
    assert ("face-code-1", "oBmIts3wbluEiYfp", "WECHAT") == (sent["face_code"], sent["openid"], sent["paytype"])
    without = FACEPAY.check(CODEC.pay(replace(FACE_ORDER, openid=None), STAMP).request)
    assert "openid" not in without
    assert "auth_code" not in without


def test_wechat_preorder() -> None:
    """2.3 微信预下单, NATIVE: product_id, both ends of its life, and where to notify."""
    codec = ChaoyingCodec(replace(SETTINGS, notify_url="https://shop.example/notify/main"))
    order = replace(QR_ORDER, expires_at_ms=STAMP.at_ms + 600_000)
    sent = WECHAT_PREORDER.check(codec.pay(order, STAMP).request)
    assert ("20261120100000", "20261120101000") == (sent["time_start"], sent["time_expire"])
    assert "https://shop.example/notify/main" == sent["notify_url"]
    assert STAMP.nonce == sent["nonce_str"]
    assert ORDER.order_no == sent["product_id"]
    assert "method" not in sent


def test_alipay_preorder() -> None:
    """2.3 支付宝预下单 has neither goods_detail nor, for NATIVE, product_id; without a life neither end is sent."""
    order = replace(QR_ORDER, wallet=Wallet.ALIPAY, goods=(Goods("CY1", 1, Fen(1)),))
    sent = ALIPAY_PREORDER.check(CODEC.pay(order, STAMP).request)
    assert not {"time_start", "time_expire", "notify_url", "goods_detail", "product_id"} & set(sent)


def test_a_qr_code_lives_five_minutes_at_least() -> None:
    """A window of two minutes does not make the platform refuse the order: our cancel closes it earlier."""
    order = replace(QR_ORDER, expires_at_ms=STAMP.at_ms + 120_000)
    assert "20261120100500" == form(CODEC.pay(order, STAMP).request)["time_expire"]


def test_a_qr_code_is_wechats_where_nobody_said_whose() -> None:
    """No wallet is the default one, in pay and in the query after it; other wallets have no pre-order here."""
    assert "/Open/WECHAT_PreOrder" == CODEC.pay(replace(QR_ORDER, wallet=None), STAMP).request.path
    assert "WECHAT" == form(CODEC.query(replace(REF, wallet=None), STAMP).request)["paytype"]
    with pytest.raises(ValueError, match="no QR code for UNIONPAY"):
        CODEC.pay(replace(QR_ORDER, wallet=Wallet.UNIONPAY), STAMP)


@pytest.mark.parametrize("order", [ORDER, FACE_ORDER], ids=["barcode", "face"])
def test_nothing_is_charged_without_a_credential(order: object) -> None:
    """An order without its code is our own fault, and raises before anything is sent."""
    assert isinstance(order, type(ORDER))
    with pytest.raises(ValueError, match="needs a code"):
        CODEC.pay(replace(order, credential=None), STAMP)


def test_query_cancel_and_refund() -> None:
    """The later calls name the order by our number only, with the paytype that pay did not take."""
    ref = replace(REF, wallet=Wallet.ALIPAY, trade_no="2026")
    assert "ALIPAY" == QUERY.check(CODEC.query(ref, STAMP).request)["paytype"]
    assert "00000001" == CANCEL.check(CODEC.cancel(ref, STAMP).request)["op_user_id"]
    sent = REFUND_TABLE.check(CODEC.refund(REFUND, STAMP).request)
    assert ("1250", "500", REFUND.refund_no) == (sent["total_fee"], sent["refund_fee"], sent["out_refund_no"])


def test_an_operator_is_the_merchant_by_default() -> None:
    """操作员帐号 is required for cancel and refund, 默认为商户号; for pay it is just left out."""
    nobody = replace(REF, operator=" ")
    assert "00000001" == CANCEL.check(CODEC.cancel(nobody, STAMP).request)["op_user_id"]
    assert "00000001" == form(CODEC.refund(replace(REFUND, order=nobody), STAMP).request)["op_user_id"]
    assert "op_user_id" not in PAY.check(CODEC.pay(replace(ORDER, operator=""), STAMP).request)


def test_refund_query_sends_one_number() -> None:
    """Which of two numbers counts has changed between editions, so there are never two."""
    ours = REFUND_QUERY.check(CODEC.refund_query(REFUND, STAMP).request)
    theirs = REFUND_QUERY.check(CODEC.refund_query(replace(REFUND, platform_refund_no="5000"), STAMP).request)
    assert (REFUND.refund_no, None) == (ours.get("out_refund_no"), ours.get("refund_id"))
    assert (None, "5000") == (theirs.get("out_refund_no"), theirs.get("refund_id"))


def test_face_auth() -> None:
    """2.1 获取SDK调用凭证, on the host of its own where there is one; all fields are required, so none is empty."""
    codec = ChaoyingCodec(replace(SETTINGS, face_base_url="https://face.example"))
    full = FaceAuthRequest(Wallet.WECHAT, "00000001", "eNPJNgR26U88", "md_001", "示例超市")
    request = codec.face_auth(full, STAMP).request
    sent = FACE_AUTH.check(request)
    assert ("https://face.example", "示例超市") == (request.base_url, sent["store_name"])
    bare = FACE_AUTH.check(CODEC.face_auth(FaceAuthRequest(Wallet.WECHAT, "1", "e"), STAMP).request)
    assert ("00000001", "00000001") == (bare["store_id"], bare["store_name"])
    assert CODEC.face_auth(full, STAMP).request.base_url is None


def test_goods_detail() -> None:
    """A JSON array of what the document allows; articles with other numbers are left out, empty names too."""
    goods = (
        Goods("CY_0-1", 2, Fen(300), "促销单品"),
        Goods("含中文", 1, Fen(1)),
        Goods("b", 1, Fen(650), ""),
    )
    sent = PAY.check(CODEC.pay(replace(ORDER, goods=goods), STAMP).request)
    expected = [
        {"goods_id": "CY_0-1", "goods_name": "促销单品", "quantity": 2, "price": 300},
        {"goods_id": "b", "quantity": 1, "price": 650},
    ]
    assert expected == json.loads(sent["goods_detail"])
    none_fits = replace(ORDER, goods=goods[1:2])
    assert "goods_detail" not in form(CODEC.pay(none_fits, STAMP).request)


def test_texts_that_cannot_be_sent() -> None:
    """A blank description still names something, a blank attachment is not signed, half a character is replaced."""
    sent = PAY.check(CODEC.pay(replace(ORDER, description=" ", attach="  "), STAMP).request)
    assert ORDER.order_no == sent["body"]
    assert "attach" not in sent
    assert "a?" == form(CODEC.pay(replace(ORDER, description="a\ud83d"), STAMP).request)["body"]


@pytest.mark.parametrize(("wallet", "paytype"), [*PAYTYPE.items()])
def test_every_wallet_has_a_paytype(wallet: Wallet, paytype: str) -> None:
    """Every wallet whose code may be scanned can be asked for, cancelled and refunded."""
    assert paytype == form(CODEC.query(replace(REF, wallet=wallet), STAMP).request)["paytype"]
    assert set(Wallet) == set(PAYTYPE)


@pytest.mark.parametrize("code", ["134567890123456789", "281234567890123456", "fp" + "a1B" * 11, "6212345678901234567"])
def test_codes_go_out_as_they_were_read(code: str) -> None:
    """The code is sent as it stands, leading zeros and letters included."""
    assert code == form(CODEC.pay(replace(ORDER, credential=AuthCode(code)), STAMP).request)["auth_code"]


def test_void_terms() -> None:
    """15 s to 5 min after a pay request; a pre-order charges nobody, so it has no floor."""
    expected = VoidTerms(floor_ms=15_000, deadline_ms=300_000, answer_proves=True, reverses_paid=True)
    assert [expected, expected] == [CODEC.void_terms(Method.BARCODE), CODEC.void_terms(Method.FACE)]
    assert replace_floor(expected, 0) == CODEC.void_terms(Method.QR)


def replace_floor(terms: VoidTerms, floor_ms: int) -> VoidTerms:
    """The same terms with another floor."""
    return VoidTerms(floor_ms, terms.deadline_ms, terms.answer_proves, terms.reverses_paid)


def test_capabilities() -> None:
    """Everything; QR codes of two wallets."""
    capabilities = CODEC.capabilities
    assert set(Method) == capabilities.methods
    assert {Wallet.WECHAT, Wallet.ALIPAY} == capabilities.qr_wallets
    assert (Wallet.WECHAT, True, "") == (capabilities.qr_default, capabilities.face_auth, capabilities.order_prefix)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"notify_url": "https://shop.example/notify?x=1"}, "notify_url must not carry parameters"),
        ({"face_base_url": "http://face.example"}, "only for the loopback"),
        ({"face_base_url": "face.example"}, "no base URL"),
    ],
)
def test_settings_that_cannot_work(keys: dict[str, str], reason: str) -> None:
    """What the document or safety rules out is refused before anything starts."""
    with pytest.raises(ValueError, match=reason):
        ChaoyingSettings("1", "2", Secret(KEY), **keys)


# --- calls by hand ----------------------------------------------------------------------------------------------------

ADDRESSES = {
    "pay": GATEWAY,
    "facepay": GATEWAY,
    "getfaceauth": GATEWAY,
    "orderquery": GATEWAY,
    "refund": GATEWAY,
    "refundquery": GATEWAY,
    "cancel": GATEWAY,
    "WECHAT_PreOrder": "/Open/WECHAT_PreOrder",
    "ALIPAY_PreOrder": "/Open/ALIPAY_PreOrder",
    "Mch_Reg": "/UnifiedPay/Mch_Reg",
    "GetMchSMSValid": "/Mch/GetMchSMSValid",
    "GetMchId": "/Mch/GetMchId",
    "GetPartnerId": "/Open/GetPartnerId",
    "GetMchInfo": "/Open/GetMchInfo",
    "WXA_Code2Session": "/Open/WXA_Code2Session",
}


@pytest.mark.parametrize(("operation", "path"), [*ADDRESSES.items()])
def test_every_documented_call(operation: str, path: str) -> None:
    """All fifteen calls go to their address, signed, with the given fields and the public ones."""
    known = CODEC.operations()[operation]
    given = {name: f"x{name}" for name in (*known.required, *known.optional)}
    request = CODEC.call(operation, given, STAMP).request
    sent = form(request)
    assert (path, operation) == (request.path, request.operation)
    assert sign({name: value for name, value in sent.items() if name != "sign"}) == sent["sign"]
    assert given == {name: sent[name] for name in given}
    assert ("method" in sent) is (path == GATEWAY)
    assert sent.get("method", operation) == operation
    assert known.section.startswith("Chaoying 2.")
    assert set(ADDRESSES) == set(CODEC.operations())


def test_what_the_configuration_knows_is_filled_in() -> None:
    """The merchant, and the operator where one is taken; a person may name another; never method or sign."""
    sent = form(CODEC.call("cancel", {"out_trade_no": "12345", "method": "pay", "sign": "X"}, STAMP).request)
    assert ("00000001", "00000001", "cancel") == (sent["mch_id"], sent["op_user_id"], sent["method"])
    assert len(sent["sign"]) == 32
    assert "00000002" == form(CODEC.call("GetMchInfo", {"mch_id": "00000002"}, STAMP).request)["mch_id"]
    assert "mch_id" not in form(CODEC.call("GetMchSMSValid", {"mobile": "13800000000"}, STAMP).request)


def test_an_unknown_call() -> None:
    """A call that no document knows is not made up."""
    with pytest.raises(KeyError):
        CODEC.call("Refund", {}, STAMP)


def test_harmless_moves_nothing() -> None:
    """The doctor's call asks for the merchant's name."""
    request = CODEC.harmless(STAMP).request
    assert "GetMchInfo" == request.operation
    assert not CODEC.operations()["GetMchInfo"].moves_money


MONEY = {"pay", "facepay", "refund", "cancel", "WECHAT_PreOrder", "ALIPAY_PreOrder"}


def test_calls_that_move_money_say_so() -> None:
    """Exactly those after which somebody's money may be elsewhere."""
    assert MONEY == {name for name, operation in CODEC.operations().items() if operation.moves_money}
