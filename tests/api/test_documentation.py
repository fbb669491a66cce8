"""``docs/api.md`` names every call, code, state and event there is, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from posd.api.routes import ROUTES
from posd.payment.events import Status
from posd.payment.verdicts import Reason
from posd.refusals import Refusal
from posd.resources import PaymentResource

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")
ERRORS = TEXT[TEXT.index("## Errors") : TEXT.index("## Idempotency")]


def refusals(kind: type[Refusal] = Refusal) -> set[tuple[int, str]]:
    """Status and code of every refusal there is."""
    import posd.printing.errors  # noqa: F401 - its refusals are found by their root

    found: set[tuple[int, str]] = set()
    for refusal in kind.__subclasses__():
        found |= {(refusal.status, refusal.code)} | refusals(refusal)
    return found


def test_every_call_is_described() -> None:
    """Method and path."""
    for route in ROUTES:
        assert f"`{route.method} {route.path}" in TEXT, f"{route.method} {route.path}"


def test_every_problem_is_described() -> None:
    """Each code with its status: those of the routes, and every refusal of the checkout and the printer."""
    told = set()
    for status, codes in re.findall(r"^\| (\d{3}) \| (.*?) \|", ERRORS, re.MULTILINE):
        told |= {(int(status), code) for code in re.findall(r"`(\w+)`", codes)}
    of_routes = {(status, code) for route in ROUTES for status, codes in route.problems.items() for code in codes}
    assert set() == of_routes - told
    assert set() == refusals() - told


def test_every_word_is_described() -> None:
    """States, reasons, and the fields of a payment."""
    for word in (*Status, *Reason):
        assert f"`{word}`" in TEXT, word
    for field in msgspec.structs.fields(PaymentResource):
        assert f'"{field.encode_name}"' in TEXT, field.encode_name


def test_the_example_is_a_payment() -> None:
    """As the API would tell it."""
    example = re.search(r"```json\n(\{\n.*?\n\})\n```", TEXT, re.DOTALL)
    assert example is not None
    payment = msgspec.json.decode(example[1], type=PaymentResource)
    assert payment.amount - (payment.coup_amount or 0) == payment.pay_amount
