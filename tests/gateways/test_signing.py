"""The signatures of all five protocols against every vector that their vendors have published."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.rsa_keys import RsaPublicKey
from posd.gateways.signing import (
    daxpay_signature,
    daxpay_text,
    filled,
    java_map_text,
    joined_pairs,
    joined_values,
    matches,
    md5_with_key_appended,
    md5_with_key_field,
    open_body_signature,
    sha256_with_key_appended,
    value_text,
)
from posd.payment.auth_code import Secret

# 惠商+: the key behind every example of its pages, in both directions.
HUISHANG_DEMO_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDEPM8rTeijrqermNmNFM57VTizYMiiGVb7r+NPKOv7EqQxBE5uUPucH/wrS0bh8u4qbWiE6oGj"
    "uzPT8zhL3zm6G7cWUh+LV/zE5H1ykorWQMflIpmNG/I+Fy0bxWZY54l98FxDyZ87dDrXwRx2+pJNrUuYOPNTXhhVDusXc+rMXQIDAQAB"
)
# UMF SP: its published test certificate, and the key behind the requests of merchant 41509208.
SP_PLATFORM_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAZhF6SMGSm3wg+vK8zJsZazyRh2a2SzQrF0sqVWK4M3TfI4+Ig7d6gjSJzz2SnG98Anz2/ned"
    "YTgfJs4ys9mJHoerRew5K4/PGy9OlRiF3lwQyCK/q5l9KJPAl+t6g/7QqWTq5otz0GFY8xrDreLFZEc2hjkdR4UujuFI7OdquQIDAQAB"
)
SP_MERCHANT_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCq2sr+CcGn+XKozY1OUbLiJk5MP9QU17kx+c4zF4Wsm26dtNttnqm28l6ngNZ4hxoLS6WZ+D/W"
    "B0pihhiMjC62yEv9zUn90U7GhVGqBVvrD+nl4LIXoZE4qO5GvnXSxUZ76OP6f+qFFO+aHZIc6/N9hFyQn2ymWC85k59YJXi1yQIDAQAB"
)


# --- UMF 惠商+ --------------------------------------------------------------------------------------------------------

APISYNC_REQUEST = {
    "subMerId": "30000102",
    "payType": "WX",
    "apiVersion": "1.0",
    "partnerOrderId": "1509518653211",
    "orderDate": "20171101",
    "proxyId": "0049",
}
APISYNC_SIGN = (
    "p563KDqGXjOxHDoN7uWAoqd6S3Jxzdq9tj+8cg56BYPzZu/eSIMKWuVwHsrtEKYmZ40dvOtfzuJNmEqFoRUzgCllld+4eSVQwJXLeukJlwO/"
    "WOpUyBZnkNvZ8A1HqijKKwPrepKvWkYKBsGNhGfMnksnmaCmD8h1+o+hQkd3DZA="
)
APISYNC_YMF_SIGN = (
    "fgJpXQpFKPsLxlNJvFK3MPc5x+GHEQru1Q+69m65358e8WTge9Djv9qT6wkJOijPOESOZNaWM1mDCePA7WaeWwdR9CjjLTzf9gVKmFNcSehT"
    "bUl2JW8WSg09dPqkfbZq9SFrg6vGC5HHf/Z9YJF82gtVlzIt4SzwxGx//EzTyPM="
)


@pytest.mark.parametrize(
    ("more", "signature"), [({}, APISYNC_SIGN), ({"ymfFlag": "1"}, APISYNC_YMF_SIGN)], ids=["plain", "ymfpay"]
)
def test_huishang_request_examples(more: dict[str, str], signature: str) -> None:
    """Both request examples of 订单状态同步 verify in ASCII order; empty fields and ``sign`` are not signed."""
    key = RsaPublicKey.load(HUISHANG_DEMO_KEY)
    request = {**APISYNC_REQUEST, **more, "shopNo": "", "sign": signature}
    assert key.verify(joined_pairs(request), signature)
    assert not key.verify(joined_pairs({**request, "partnerOrderId": "1509518653212"}), signature)


PAY_ANSWER = {
    "payAmount": "000000008888",
    "amount": "8888",
    "retCode": "0000",
    "tradeNo": "1709964000006324",
    "partnerOrderId": "HSAPI201709141745447451850",
    "Memo": "交易成功",
    "paySeq": "418813867389091730800013",
    "platDate": "20170914",
    "coupAmount": "0",
    "payDay": "20170914",
}
PAY_ANSWER_SIGN = (
    "KLF/FfpQpff7SKw6x+3hyc8fp8UMtvaHcGeMX0hcJtM/IvU6LMQbuF0EEMbL0pud15uc8q0+wTBF4Dbt2VV6lsqG3H4cfFQSmf3k8Q2Tn4Zx"
    "9tw91k0fmqHh5kAR2ynjCdm9Bxl9Vjts5LH6mWj4rvqUTYQeW1RxJHEAJmvSOpQ="
)
TABLE_ORDER = (
    "retCode",
    "Memo",
    "paySeq",
    "payDay",
    "amount",
    "coupAmount",
    "payAmount",
    "tradeNo",
    "platDate",
    "platTime",
    "partnerOrderId",
)


def test_huishang_answer_in_table_order() -> None:
    """The published pay answer verifies in the order of the interface table, and not in ASCII order."""
    key = RsaPublicKey.load(HUISHANG_DEMO_KEY)
    text = joined_values(PAY_ANSWER, TABLE_ORDER)
    assert (
        "0000|交易成功|418813867389091730800013|20170914|8888|0|000000008888|1709964000006324|20170914|"
        "HSAPI201709141745447451850"
    ) == text
    assert key.verify(text, PAY_ANSWER_SIGN)
    assert not key.verify(joined_values(PAY_ANSWER), PAY_ANSWER_SIGN)


def test_huishang_refund_answer_in_table_order() -> None:
    """The published refund answer signs ``0000|退款成功``, with or without an empty amount."""
    signature = (
        "XhPuNulwDfXtfR8Gm03g+w9iJ9Exio7HveF23p77qGK2VT4aSi/X1e0QyixFkzEmZkmqPLjncjI/S40D+tx74/gHn9ExhWUt096k/JS6"
        "VLO5yFO/am2oJLL8AdhOuwrh/FqTkKZyaSyo0oDnUvqdmP0Z7dBAf6g2CQSndYpvgs8="
    )
    answer = {"retCode": "0000", "amount": "", "Memo": "退款成功", "sign": signature}
    text = joined_values(answer, TABLE_ORDER)
    assert "0000|退款成功" == text
    assert RsaPublicKey.load(HUISHANG_DEMO_KEY).verify(text, signature)


def test_huishang_stale_example_does_not_verify() -> None:
    """The request example of the signature page was signed in table order: ASCII order, its own text, does not hold."""
    signature = (
        "ugDbqdUu0aan7bncsaxIlcf+3NzbngGtZJkPuVTg4JyZ1vpEhd+Ln5fWOFGDbgtQ2rEQYkrYjWi5uvKauN+qBs2NkoWT/bkUeR3lmdQc"
        "RnhCMde9qF45meLjN2qfdJlkvxUye9JmdQX1AepJltYf3ss6orR8z5O3ViPJHVqiByo="
    )
    request = {
        "subMerId": "99960001",
        "payType": "AL",
        "proxyId": "0025",
        "amount": "1234",
        "partnerOrderId": "HSAPI619585101312876",
    }
    in_table_order = "&".join(f"{name}={value}" for name, value in request.items())
    key = RsaPublicKey.load(HUISHANG_DEMO_KEY)
    assert key.verify(in_table_order, signature)
    assert not key.verify(joined_pairs(request), signature)


# --- UMF SP -----------------------------------------------------------------------------------------------------------


def test_sp_request_example() -> None:
    """The request example of 订单状态同步 verifies in ASCII order under the merchant's key."""
    signature = (
        "A973LB9jCo30ckA6ILL2hChhdUbt4krFoJlcFNufox7RN22Hmujey75bbvR6MQ/1U3q/Um/ivCaD45U3+xvka53gHnQPvz7q0d+R+RXA"
        "7BYdwnTjFgk883AjvMi5EM75ivHZA2Fua3SWDmSTTrlPGfEGxkqfaMnThLsYZYzri0U="
    )
    request = {
        "acqMerId": "41509208",
        "acqSpId": "Y471790403",
        "orderNo": "JD201909250317100002",
        "signature": signature,
    }
    text = joined_pairs(request, without={"signature"})
    assert "acqMerId=41509208&acqSpId=Y471790403&orderNo=JD201909250317100002" == text
    assert RsaPublicKey.load(SP_MERCHANT_KEY).verify(text, signature)


def test_sp_answer_example() -> None:
    """The answer example verifies as values in ASCII order; its number is signed by its digits."""
    signature = (
        "lkD1PuEv/tb+f1JNWRAC8EHIStWi/smtpCZBXRYwbHJsO4Rt+wzNMtal4apAqvQqH8hVgJLJF7OxLby4pwTdfcbAfuOJQ8MR4K8oWoBX"
        "keLIFKQJhSda3qqxHtZBVz5d0OGsqxgdNs0oSIC44W5Ep2TXkTGcopDfi8K+mi2v5es="
    )
    answer = {
        "respCode": "00",
        "respMsg": "处理成功",
        "signature": signature,
        "platDate": "20190925",
        "payTime": "0925152411",
        "txnAmt": 1,
        "paySeq": "9268151710507213",
        "transactionId": "2019092515170000002850",
        "origRespCode": "00",
        "origRespDescMsg": "支付成功",
        "isClosed": "",
        "depBankSeq": "4200000395201909251384927907",
    }
    text = joined_values(answer, without={"signature"})
    assert (
        "4200000395201909251384927907|00|支付成功|9268151710507213|0925152411|20190925|00|处理成功|"
        "2019092515170000002850|1"
    ) == text
    key = RsaPublicKey.load(SP_PLATFORM_KEY)
    assert key.verify(text, signature)
    assert not key.verify(joined_values({**answer, "txnAmt": 2}, without={"signature"}), signature)


def test_sp_notification_example() -> None:
    """The logged notification of a refund verifies as values in ASCII order; its field is ``sign``."""
    signature = (
        "cv0CbgyZC/QUkGwiSDrqcm8c8JdI6lnE+yT6RPvoFyYbKYAKJkxdhsrtXQDklpJ3Uq7ZSFB7o0M9MtFkzla5pv3fzCwt9WkRxaqBNzYi"
        "DYLuvSUaCtWUPHWGBn8pPeDnnvdxUla9jNZdp60FtpKO9+Oxo2xny8+QoND5ZKEGJEY="
    )
    notification = {
        "sign": signature,
        "transactionId": "",
        "currencyCode": "CNY",
        "orderNo": "JD202003180342460001",
        "acqSpId": "Y471790403",
        "acqMerId": "41509208",
        "notifyType": "3",
        "transIndex": "2020031815420000024575",
        "merPriv": "",
        "payTime": "20200927111534",
        "cardType": "02",
        "payerInfo": "",
        "txnAmt": "1",
    }
    text = joined_values(notification)
    assert "41509208|Y471790403|02|CNY|3|JD202003180342460001|20200927111534|2020031815420000024575|1" == text
    assert RsaPublicKey.load(SP_PLATFORM_KEY).verify(text, signature)


def test_sp_nested_objects_as_java_writes_them() -> None:
    """A nested object is signed by Java's ``toString`` without its braces."""
    assert "a=1, b=x=2, c=[1, 2]" == java_map_text({"a": "1", "b": {"x": 2}, "c": [1, "2"]})
    assert "a=1|9" == joined_values({"coupon": {"a": 1}, "txn": 9}, text=java_map_text)


# --- ChinaUMS ---------------------------------------------------------------------------------------------------------

CHINAUMS_KEY = Secret("fcAmtnx7MwismjWNhNKdHC44mNXtnEQeJkRrhKJwyrW2ysRR")
CHINAUMS_NOTIFICATION = {
    "walletOption": "SINGLE",
    "billNo": "31940000201700002",
    "billDate": "2017-06-26",
    "sign": "2631915B7F7822C4B00A488A32E03764",
    "requestTimestamp": "2017-06-26 17:28:02",
    "instMid": "QRPAYDEFAULT",
    "msgSrc": "WWW.TEST.COM",
    "totalAmount": "1",
    "goods": [
        {
            "body": "微信二维码测试",
            "price": "1",
            "goodsName": "微信二维码测试",
            "goodsId": "1",
            "quantity": "1",
            "goodsCategory": "TEST",
        }
    ],
    "msgType": "bills.getQRCode",
    "mid": "898340149000005",
    "tid": "88880001",
}


def test_chinaums_notification_example() -> None:
    """MD5 and SHA-256 of 签名示例: the key follows without ``&key=``, the line break of the page is a blank."""
    text = joined_pairs(CHINAUMS_NOTIFICATION)
    assert 402 == len((text + CHINAUMS_KEY.reveal()).encode())
    assert "57F81BAF8E3BAE1190B26D6C733038AF" == md5_with_key_appended(text, CHINAUMS_KEY)
    assert "a9eced8dd8425d1fc4047cf94e672c69ed1073557ee831c51287341cfab0b21f" == sha256_with_key_appended(
        text, CHINAUMS_KEY
    )


def test_chinaums_open_body_signature_example() -> None:
    """The vendor's own vector of OPEN-BODY-SIG."""
    signature = open_body_signature(
        "12345678901234567890123456789012",
        Secret("67890123456789012345678901234567"),
        "20170101120000",
        "09876543210987654321098765432109",
        b"A",
    )
    assert "GINsCTyNKTpEI9KXO16KqZJ64fOyAytEKl8aaR/Dy08=" == signature


# --- DaxPay -----------------------------------------------------------------------------------------------------------

DAXPAY_SECRET = Secret("123456")


def test_daxpay_request_example() -> None:
    """The request example of 退款同步接口, and the text behind it."""
    request = {
        "refundNo": "DEVR24051020531763000004",
        "clientIp": "127.0.0.1",
        "sign": "a375e5517062966dab81b84fec9586a4f88e38f1385f6350ce200a27d32190d7",
        "reqTime": 1715575932,
        "bizRefundNo": None,
    }
    text = daxpay_text(request, DAXPAY_SECRET)
    assert "clientIp=127.0.0.1&refundNo=DEVR24051020531763000004&reqTime=1715575932&key=123456" == text
    assert request["sign"] == daxpay_signature(request, DAXPAY_SECRET)


def test_daxpay_answer_example() -> None:
    """The success answer of 退款同步接口."""
    data = {"status": "pay_not_found", "code": 0, "resTime": 1715576198}
    expected = "913e925dcda0f68787b8ade8c0c34064a0b71cd008ba3377b42333c0da0c9df9"
    assert expected == daxpay_signature(data, DAXPAY_SECRET)


def test_daxpay_failure_example_follows_todays_rule() -> None:
    """The failure example is stale: its own signature does not hold, today's rule gives another."""
    data = {"code": "1", "msg": "当前订单不存在", "resTime": 1715345296}
    expected = "b4954ae3cd6176ef85b524d393b89e4b4b830b7d9ba38c483186c7c8d81b1588"
    assert expected == daxpay_signature(data, DAXPAY_SECRET)
    assert "2bcc5ac7902379d65dc9901186cd81a2833835a30d5a59b3b1860df82f012557" != expected


def test_daxpay_nested_objects_and_empty_texts() -> None:
    """Nested names in order without regard to case, no null, no quote or backslash; an empty text is signed."""
    request = {"b": "", "a": {"Zone": 1, "authCode": "13\\0", "none": None, "list": [{"y": 1, "X": True}]}}
    assert "a={authCode:130,list:[{X:true,y:1}],Zone:1}&b=&key=123456" == daxpay_text(request, DAXPAY_SECRET)
    extra = {"extraParam": {"authCode": "130000000000000001"}}
    assert "extraParam={authCode:130000000000000001}&key=123456" == daxpay_text(extra, DAXPAY_SECRET)


def test_daxpay_md5() -> None:
    """MD5 is of the same text, in lower case, the secret only inside the text."""
    signature = daxpay_signature({"a": 1}, DAXPAY_SECRET, "MD5")
    assert signature == md5_with_key_field("a=1", DAXPAY_SECRET).lower()


# --- Chaoying ---------------------------------------------------------------------------------------------------------


def test_chaoying_rule() -> None:
    """Its document prints no real signature; this is its rule, worked out by hand: MD5 of ``a=1&b=2&key=K``."""
    text = joined_pairs({"b": "2", "a": "1", "c": "", "sign": "X"})
    assert "a=1&b=2" == text
    # printf 'a=1&b=2&key=K' | md5sum
    assert "B41AB19144A0A94A02D36EFEF0782AA5" == md5_with_key_field(text, Secret("K"))


# --- texts ------------------------------------------------------------------------------------------------------------


def test_values_as_texts() -> None:
    """JSON numbers by their digits, truth in lower case, null as nothing, no float anywhere."""
    values = [None, "", "x", 1, True, False, Decimal("1.50"), Decimal("0.0000001"), {"a": [1, None]}]
    expected = ["", "", "x", "1", "true", "false", "1.50", "0.0000001", '{"a":[1,null]}']
    assert expected == [value_text(value) for value in values]


def test_filled_sorts_by_code_point() -> None:
    """Upper case sorts before lower case, and what is empty is gone."""
    assert ["B", "_c", "a"] == list(filled({"a": 1, "B": "0", "_c": False, "d": None, "e": ""}))


@given(st.text(), st.text())
def test_matches_takes_any_text(one: str, other: str) -> None:
    """Comparing never raises, and says the truth."""
    assert (one == other) is matches(one, other)
    assert matches(one, one)


def test_lone_surrogates_sign_as_something() -> None:
    """Half a character in an answer makes a wrong signature, not an exception."""
    assert 32 == len(md5_with_key_field("a=\ud800", Secret("K")))
    assert not RsaPublicKey.load(SP_PLATFORM_KEY).verify("\ud800", "AAAA")
