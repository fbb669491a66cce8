"""The magic numbers: what chooses them, what they mean."""

from __future__ import annotations

import re

import pytest

from posd.gateways.simulator.behaviour import PAYS, WAITS, NoticeFault, PayFault, Plan, QueryFault, RefundFault
from posd.gateways.simulator.magic import FAMILIES, TABLE, Parameter, choose, plan_of
from posd.payment.auth_code import wallet_of
from posd.payment.verdicts import Reason


def test_codes_are_two_digits_and_belong_to_a_family() -> None:
    """``BB`` can be typed behind four zeros, and its first digit says what goes wrong."""
    assert list(TABLE) == sorted(TABLE)
    assert all(re.fullmatch("[0-9]{2}", code) and code[0] in FAMILIES for code in TABLE)
    assert {code[0] for code in TABLE} == set(FAMILIES)


def test_every_behaviour_but_the_first_does_something() -> None:
    """No row is a second name for "pays at once"."""
    assert [code for code, behaviour in TABLE.items() if behaviour.plan() == PAYS] == ["00"]


def test_every_parameter_has_a_default_and_changes_the_plan() -> None:
    """A behaviour that counts something counts it; one that counts nothing does not care."""
    for behaviour in TABLE.values():
        if behaviour.counts is Parameter.NOTHING:
            assert (behaviour.code, behaviour.plan(7)) == (behaviour.code, behaviour.plan())
        else:
            assert behaviour.default > 0
            assert behaviour.plan(behaviour.default + 1) != behaviour.plan(), behaviour.code


@pytest.mark.parametrize("prefix", ["13", "28", "620", "010", "18", "51"])
def test_the_same_ending_works_in_every_wallet(prefix: str) -> None:
    """Codes of all wallets have room for ``0000BBNN`` and stay codes of their wallet."""
    code = prefix + "1" * 8 + "00001007"
    assert wallet_of(code) is not None
    assert choose(code, 100) == plan_of("10", 7) == Plan(confirm_after_ms=7000)


def test_the_amount_says_the_same() -> None:
    """88BB.NN yuan is as good as a code."""
    assert choose("130000000000123456", 88_10_07) == plan_of("10", 7)
    assert choose("130000000000123456", 88_20_00) == Plan(decline=Reason.INSUFFICIENT_FUNDS)


def test_the_code_wins_over_the_amount() -> None:
    """Both are magic: the code counts."""
    assert choose("130000000100003100", 88_20_00) == Plan(pay=PayFault.CUT_AFTER)


@pytest.mark.parametrize(
    ("code", "amount"),
    [
        ("130000000000123456", 100),
        ("130000000100009900", 100),
        ("130000000112341000", 100),
        ("130000000012345678", 88_99_00),
        ("130000000012345678", 8810),
        ("130000000012345678", 88_10_000),
        ("130000000012345678", 188_10_00),
    ],
)
def test_everything_else_is_paid_at_once(code: str, amount: int) -> None:
    """No marker, or no such behaviour: the customer pays."""
    assert choose(code, amount) == PAYS


def test_a_code_to_scan_waits_for_a_person() -> None:
    """Without a magic amount nobody pays until somebody says so."""
    assert choose(None, 100) == WAITS


@pytest.mark.parametrize(("amount", "expected"), [(88_00_00, 2000), (88_10_01, 2000), (88_10_09, 9000)])
def test_a_code_to_scan_has_to_be_scanned_first(amount: int, expected: int) -> None:
    """A magic amount pays a QR code too, but not before a person could have scanned it."""
    assert choose(None, amount).confirm_after_ms == expected


def test_a_code_to_scan_that_nobody_pays_is_not_paid() -> None:
    """Scanning does not turn "never" into "soon"."""
    assert choose(None, 88_12_00) == WAITS


def test_counted_words_repeat_and_end() -> None:
    """NN times the fault, then all is well."""
    assert plan_of("51", 3).query == (QueryFault.HANG,) * 3 + (QueryFault.OK,)
    assert plan_of("70", 4) == Plan(refund=(RefundFault.PROCESSING,), refund_polls=4)
    assert plan_of("02", 25).discount_fen == 250
    assert plan_of("94").notice is NoticeFault.TWICE


def test_an_unknown_behaviour_is_an_error() -> None:
    """A slip in a script is not silently "pays at once"."""
    with pytest.raises(KeyError):
        plan_of("99")
