"""The shapes of payment codes, and how they hide (``posd.payment.auth_code``)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.payment.auth_code import AuthCode, Secret, Wallet, mask, wallet_of
from posd.payment.errors import InvalidAuthCode

SHAPES = [
    *((f"{prefix}{'0' * 16}", Wallet.WECHAT) for prefix in range(10, 16)),
    *((f"{prefix}{'1' * length}", Wallet.ALIPAY) for prefix in range(25, 31) for length in (14, 16, 22)),
    ("fp" + "a1Z" * 11, Wallet.ALIPAY),
    ("62" + "3" * 17, Wallet.UNIONPAY),
    ("6220105" + "3" * 12, Wallet.UNIONPAY),
    ("01" + "4" * 17, Wallet.ECNY),
    ("18" + "5" * 16, Wallet.JDPAY),
    ("51" + "6" * 16, Wallet.BESTPAY),
    ("83" + "7" * 16, Wallet.OTHER),
    ("91" + "8" * 16, Wallet.OTHER),
]


@pytest.mark.parametrize(("code", "wallet"), SHAPES)
def test_the_shape_tells_the_wallet(code: str, wallet: Wallet) -> None:
    """WeChat 18 digits from 10-15, Alipay 16-24 from 25-30, UnionPay 19 from 62, e-CNY 19 from 01, and the others."""
    assert wallet is wallet_of(code)
    assert wallet is AuthCode(code).wallet


@pytest.mark.parametrize(
    "code",
    [
        "",
        "6901234567892",  # goods
        "13" + "0" * 15,  # a digit short
        "13" + "0" * 17,  # a digit long
        "16" + "0" * 16,
        "24" + "0" * 16,
        "31" + "0" * 16,
        "25" + "0" * 13,
        "30" + "0" * 23,
        "62" + "0" * 16,
        "01" + "0" * 16,
        "fp" + "a" * 32,
        "fp" + "-" * 33,
        "13" + "0" * 16 + "\n",
        " 13" + "0" * 16,
        "１３" + "０" * 16,
        "13" + "٠" * 16,
        "13" + "0" * 15 + "a",
        "https://pay.example/x",
    ],
)
def test_what_no_wallet_shows_is_no_payment_code(code: str) -> None:
    """Goods, cut or doubled scans, other scripts: nothing is charged, and the message does not repeat the code."""
    assert wallet_of(code) is None
    with pytest.raises(InvalidAuthCode) as caught:
        AuthCode(code)
    assert not code.strip() or code not in str(caught.value)


def test_one_shape_has_one_wallet() -> None:
    """No code can be two wallets': each is matched by what its first two digits and its length say."""
    assert {Wallet.JDPAY} == {wallet_of("18" + "0" * 16)}
    assert wallet_of("30" + "0" * 16) is Wallet.ALIPAY


@given(st.text(max_size=40))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    """A scanner may read anything."""
    assert wallet_of(text) is None or text.isascii()


def test_a_code_is_shown_by_its_ends() -> None:
    """Contract: its first two and last four characters."""
    assert "13************6789" == AuthCode("134567890123456789").masked() == mask("134567890123456789")
    assert "12******9012" == mask("123456789012")


@pytest.mark.parametrize("text", ["", "1", "1234", "12345678901"])
def test_a_short_secret_loses_everything(text: str) -> None:
    """Of a text hardly longer than what is shown nothing is shown."""
    assert "*" * len(text) == mask(text)


def test_a_secret_does_not_print_itself() -> None:
    """Contract §5.7: not in a log, a repr, a format or an error; only ``reveal`` gives it away."""
    secret, code = Secret("s3cret-key"), AuthCode("134567890123456789")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", repr([secret]), str({"key": secret})):
        assert "s3cret-key" not in shown
    for shown in (repr(code), str(code), f"{code}"):
        assert "134567890123456789" not in shown
        assert "6789" in shown
    assert ("s3cret-key", "134567890123456789") == (secret.reveal(), code.reveal())


def test_secrets_are_compared_by_their_text() -> None:
    """So that a used code is known again; two objects with the same text are the same secret."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert {Secret("a")} == {Secret("a"), Secret("a")}
    assert Secret("a") != "a"
