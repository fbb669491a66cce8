"""Money is whole fen (``posd.payment.amounts``)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.payment.amounts import AMOUNT_MAX, Amounts, Fen, format_yuan, parse_fen, parse_yuan
from posd.payment.errors import AmountError


@pytest.mark.parametrize(
    ("text", "fen"),
    [("12.50", 1250), ("12.5", 1250), ("12", 1200), ("0.01", 1), ("0", 0), ("1000000", 100_000_000), ("0.1", 10)],
)
def test_yuan_as_people_type_them(text: str, fen: int) -> None:
    """Contract §4: yuan with at most two decimals."""
    assert fen == parse_yuan(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-1", "+1", "1.", ".5", "1.234", "1,5", "01", "1e3", "１２", "12.50 ", "NaN", "inf", "12345678", "1_0"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Nothing is guessed; the message says what was read and how to write it."""
    with pytest.raises(AmountError, match=r"12\.50"):
        parse_yuan(text)


@given(st.integers(0, AMOUNT_MAX))
def test_yuan_written_and_read_are_the_same(fen: int) -> None:
    """No rounding anywhere."""
    assert fen == parse_yuan(format_yuan(Fen(fen)))


def test_yuan_are_written_with_two_decimals() -> None:
    """Contract §6: as `12.50`; what goes back may be negative."""
    assert ["0.00", "0.01", "12.50", "1000000.00", "-0.05", "-12.50"] == [
        format_yuan(Fen(fen)) for fen in (0, 1, 1250, 100_000_000, -5, -1250)
    ]


@pytest.mark.parametrize(
    ("value", "fen"),
    [(8888, 8888), ("8888", 8888), ("000000008888", 8888), ("0", 0), (0, 0), ("0000000001250", 1250)],
)
def test_fen_as_gateways_write_them(value: object, fen: int) -> None:
    """Numbers and strings of digits, zero-padded or not."""
    assert fen == parse_fen(value)


@pytest.mark.parametrize(
    "value",
    [None, True, False, 12.5, 12.0, "", " 1", "1 ", "-1", "+1", -1, "1.0", "１", "0x1", "1" * 21, 10**21, [], {}, b"1"],
)
def test_what_is_no_amount_of_a_gateway_is_none(value: object) -> None:
    """A float, a sign, a blank, another script, a number without end: no amount, and never an exception."""
    assert parse_fen(value) is None


def test_the_three_amounts_add_up() -> None:
    """Contract: `payAmount = amount - coupAmount`."""
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == Amounts.paid(Fen(1250), Fen(1000))
    assert Amounts(Fen(1250), Fen(0), Fen(1250)) == Amounts.undiscounted(Fen(1250))


@pytest.mark.parametrize(("amount", "coup", "pay"), [(1250, 250, 1001), (1250, -1, 1251), (1250, 1251, -1), (0, 0, 1)])
def test_amounts_that_do_not_add_up_are_refused(amount: int, coup: int, pay: int) -> None:
    """Raised, not asserted: no such amounts exist, however they were made."""
    with pytest.raises(AmountError):
        Amounts(Fen(amount), Fen(coup), Fen(pay))
