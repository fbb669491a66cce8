"""What both UMF protocols have in common: amounts that must add up, texts that must fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.umf import check_notify_url, cut_bytes, divided, fitting_bytes, goods_id, goods_info, joined
from posd.payment.amounts import Amounts, Fen
from posd.payment.verdicts import Doubt, Unknown

AMOUNT = st.integers(-5, 2_000)


@given(AMOUNT | st.none(), AMOUNT | st.none())
def test_an_order_is_divided_exactly(discount: int | None, paid: int | None) -> None:
    """Whatever is given: amounts that add up to the order's, or none at all."""
    found = divided(Fen(1250), discount, paid)
    if isinstance(found, Amounts):
        assert 1250 == found.amount
        assert discount in (None, found.coup_amount)
        assert paid in (None, found.pay_amount)
    else:
        unreadable = any(value is not None and value < 0 for value in (discount, paid))
        assert Unknown(Doubt.BROKEN_BODY if unreadable else Doubt.MISMATCH) == found


@given(st.text(), st.integers(0, 40))
def test_cut_to_bytes(text: str, limit: int) -> None:
    """A beginning of the text that fits, and one character more would not."""
    found = cut_bytes(text, limit)
    assert text.startswith(found)
    assert len(found.encode()) <= limit
    assert found == text or len(text[: len(found) + 1].encode()) > limit


@given(st.text(st.characters(exclude_categories=())))
def test_goods_info_is_always_sendable(text: str) -> None:
    """Any description, half characters and all, becomes something of 1 to 128 bytes without blanks at the ends."""
    found = goods_info(text)
    assert 1 <= len(found.encode()) <= 128
    assert found == found.strip()


def test_half_a_text_is_none() -> None:
    """What must be whole is sent whole or not at all."""
    assert "会员" == fitting_bytes("会员", 6)
    assert fitting_bytes("会员日", 6) is None
    assert goods_id("a" * 17) == goods_id(None) == goods_id("可乐") == "goods"
    assert "a" * 16 == goods_id("a" * 16)


def test_date_and_time_are_put_together() -> None:
    """What is not told is left out."""
    assert "20171101144413" == joined("20171101", "144413")
    assert "20171101" == joined("20171101", None)
    assert joined(None, 5) is None


def test_notify_url() -> None:
    """None is none; the schemes are those of the protocol."""
    check_notify_url(None, "http")
    check_notify_url("https://pos.example:8780/notify/main?a=1&b=%20", "http|https")
    with pytest.raises(ValueError, match="begin it with http://"):
        check_notify_url("https://pos.example/notify", "http")
    with pytest.raises(ValueError, match="256 characters"):
        check_notify_url("http://pos.example/\n", "http")
