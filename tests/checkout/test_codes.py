"""Which codes were used: for ten minutes, in memory, not as text."""

from __future__ import annotations

from posd.checkout.codes import USED_FOR_MS, UsedCodes

CODE = "130000000000000001"


def test_a_code_is_used_once_in_ten_minutes() -> None:
    """To the millisecond; another code is another one."""
    used = UsedCodes()
    assert used.use(CODE, 0)
    assert not used.use(CODE, USED_FOR_MS - 1)
    assert used.use("130000000000000002", 1)
    assert used.use(CODE, USED_FOR_MS)


def test_a_refused_attempt_does_not_prolong() -> None:
    """Ten minutes from the use, not from the last try."""
    used = UsedCodes()
    used.use(CODE, 0)
    used.use(CODE, USED_FOR_MS - 1)
    assert used.use(CODE, USED_FOR_MS)


def test_a_code_given_back_may_be_used() -> None:
    """The order was not taken after all."""
    used = UsedCodes()
    used.use(CODE, 0)
    used.give_back(CODE)
    used.give_back(CODE)
    assert used.use(CODE, 1)


def test_codes_are_not_kept_as_text_nor_for_ever() -> None:
    """Neither the code nor anything like it is found in memory; old ones go."""
    used = UsedCodes()
    for number in range(100):
        used.use(f"13{number:016d}", 0)
    assert CODE not in repr(vars(used))
    assert "1300000000000000" not in repr(vars(used))
    used.use(CODE, USED_FOR_MS)
    assert 1 == len(used._used_until_ms)
