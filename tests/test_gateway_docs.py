"""The tables of docs/gateways.md are made from the code."""

from __future__ import annotations

from scripts import gateway_docs


def test_the_tables_are_as_the_code_says() -> None:
    """What a gateway is said to do is what its adapter states."""
    written = gateway_docs.PAGE.read_text("utf-8")

    assert written == gateway_docs.page(), "run: python scripts/gateway_docs.py"
