"""What a person has to know of the magic numbers, as Markdown made from their table. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from posd.gateways.simulator.magic import FAMILIES, TABLE, Behaviour, Parameter


def behaviours() -> str:
    """One table a family of behaviours; ``docs/simulator.md`` carries it, and a test compares them."""
    return "\n".join(_lines())


def example_code(code: str) -> str:
    """A WeChat code that asks for a behaviour with its default."""
    return f"1300000001{_MARKER}{code}00"


def example_amount(code: str) -> str:
    """An amount in yuan that asks for a behaviour with its default."""
    return f"88{code}.00"


_MARKER = "0000"


def _lines() -> Iterator[str]:
    for digit, title in FAMILIES.items():
        yield f"### {digit}: {title}"
        yield ""
        yield "| BB | what happens | NN | code | amount |"
        yield "|---|---|---|---|---|"
        for behaviour in TABLE.values():
            if behaviour.code.startswith(digit):
                yield _row(behaviour)
        yield ""


def _row(behaviour: Behaviour) -> str:
    counts = "–"
    if behaviour.counts is not Parameter.NOTHING:
        counts = f"{behaviour.counts} ({behaviour.default})"
    code, amount = example_code(behaviour.code), example_amount(behaviour.code)
    return f"| {behaviour.code} | {behaviour.text} | {counts} | `{code}` | {amount} |"
