"""What a person has to know of the simulator, as Markdown made from the code. Pure.

``docs/simulator.md`` carries both tables, and a test compares them; the index page of the server shows them too.
"""

from __future__ import annotations

from collections.abc import Iterator

from posd.gateways.simulator.catalogue import PROTOCOLS
from posd.gateways.simulator.magic import FAMILIES, TABLE, Behaviour, Parameter
from posd.gateways.simulator.protocol import Protocol


def behaviours() -> str:
    """The magic numbers: one table a family."""
    return "\n".join(_families())


def gateways() -> str:
    """The gateways, with the readings of what their documents leave open; the first reading is the usual one."""
    rows = [
        "| gateway | path | cancel not before | answer to a cancel | notifications repeated after (s) | quirks |",
        "|---|---|---|---|---|---|",
        *(_gateway(protocol) for protocol in PROTOCOLS),
    ]
    return "\n".join(rows) + "\n"


def example_code(code: str) -> str:
    """A WeChat code that asks for a behaviour with its default."""
    return f"13000000010000{code}00"


def example_amount(code: str) -> str:
    """An amount in yuan that asks for a behaviour with its default."""
    return f"88{code}.00"


def _families() -> Iterator[str]:
    for digit, title in FAMILIES.items():
        yield f"### {digit}x: {title}"
        yield ""
        yield "| BB | what happens | NN (default) | code | amount |"
        yield "|---|---|---|---|---|"
        yield from (_row(behaviour) for behaviour in TABLE.values() if behaviour.code.startswith(digit))
        yield ""


def _row(behaviour: Behaviour) -> str:
    counts = "–"
    if behaviour.counts is not Parameter.NOTHING:
        counts = f"{behaviour.counts} ({behaviour.default})"
    code, amount = example_code(behaviour.code), example_amount(behaviour.code)
    return f"| {behaviour.code} | {behaviour.text} | {counts} | `{code}` | {amount} |"


def _gateway(protocol: type[Protocol]) -> str:
    floor = f"{protocol.cancel_floor_ms / 1000:g} s" if protocol.cancel_floor_ms else "–"
    proves = "proof" if protocol.cancel_proves else "only says it was taken"
    pauses = ", ".join(str(pause) for pause in protocol.notify_pauses_s[1:]) or "–"
    quirks = "; ".join(f"`{name}`: {', '.join(readings)}" for name, readings in protocol.QUIRKS.items()) or "–"
    return f"| {protocol.name} | `/{protocol.name}` | {floor} | {proves} | {pauses} | {quirks} |"
