"""Texts for gateways and from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.texts import cut, fitting, readable, reason_of
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Reason


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_fits_in_java_units(text: str, limit: int) -> None:
    """What is cut is a beginning of the text, fits as Java counts it, and is not shorter than it must be."""
    short = cut(text, limit)
    assert text.startswith(short)
    assert len(short.encode("utf-16-le", "surrogatepass")) <= 2 * limit
    if short != text:
        longer = text[: len(short) + 1]
        assert len(longer.encode("utf-16-le", "surrogatepass")) > 2 * limit


def test_no_character_is_cut_in_two() -> None:
    """A character of two units that does not fit is left out whole."""
    assert "ab" == cut("ab😀", 3)
    assert "ab😀" == cut("ab😀", 4)


@pytest.mark.parametrize(("text", "expected"), [(None, None), ("", None), ("abc", "abc"), ("abcd", None)], ids=str)
def test_an_optional_text_that_does_not_fit_is_left_out(text: str | None, expected: str | None) -> None:
    """Optional texts are sent whole or not at all."""
    assert expected == fitting(text, 3)


def test_a_message_never_shows_a_payment_code() -> None:
    """Codes are masked by their shape, and the code that was sent also when it has none."""
    assert "13************6789 已使用" == readable("134567890123456789 已使用")
    face = "b713b5d2-666c-48"
    assert f"face {Secret(face).masked()} expired" == readable(f"face {face} expired", Secret(face))
    assert face not in (readable(f"face {face} expired", Secret(face)) or "")


def test_order_numbers_stay_readable() -> None:
    """A long number that no wallet shows is left as it is."""
    assert "order 99887766554433221100 unknown" == readable("order 99887766554433221100 unknown")


@pytest.mark.parametrize("message", [None, 7, [], "", " \n "], ids=repr)
def test_what_is_no_message_is_none(message: object) -> None:
    """Only a text with something in it is a message."""
    assert readable(message) is None


def test_a_message_is_one_short_line() -> None:
    """Line breaks become blanks, and nothing is longer than a line of the timeline."""
    assert "a b" == readable("a\r\n b")
    assert 255 == len(readable("x" * 1000) or "")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("账户余额不足", Reason.INSUFFICIENT_FUNDS),
        ("付款码已过期，请刷新", Reason.CODE_EXPIRED),
        ("101 每个二维码仅限使用一次，请刷新再试", Reason.CODE_USED),
        ("授权码无效", Reason.CODE_INVALID),
        ("用户取消支付", Reason.USER_CANCELLED),
        ("支付金额超过限额", Reason.LIMIT_EXCEEDED),
        ("支付失败", Reason.DECLINED),
        (None, Reason.DECLINED),
    ],
)
def test_the_reason_is_read_from_clear_words_only(message: str | None, expected: Reason) -> None:
    """Each clear word gives its reason; everything else is just declined."""
    assert expected is reason_of(message)
