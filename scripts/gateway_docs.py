"""Writes the tables of docs/gateways.md from the adapters: what each gateway can do, and every call it has.

python scripts/gateway_docs.py            writes them
python scripts/gateway_docs.py --check    says whether they are as they should be
"""

from __future__ import annotations

import sys
from pathlib import Path

from posd.gateways.base import Codec
from posd.gateways.protocols import PROTOCOLS, make_codec, settings_class
from posd.gateways.simulator.catalogue import PROTOCOLS as SIMULATED
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.terms import Method

PAGE = Path(__file__).parent.parent / "docs" / "gateways.md"
BEGIN, END = "<!-- made from the code: begin -->", "<!-- made from the code: end -->"

_RETURNS = {
    "pay (code)": Method.BARCODE,
    "pay (face)": Method.FACE,
    "pay (QR)": Method.QR,
}


def codecs() -> dict[str, Codec]:
    """An adapter of each protocol, with the simulator's credentials."""
    sandbox = Sandbox(KeyRing(None), SIMULATED)
    return {name: make_codec(name, settings_class(name)(**sandbox.credentials(name))) for name in PROTOCOLS}


def tables() -> str:
    """Both tables, as Markdown."""
    found = codecs()
    return "\n".join([*_abilities(found), "", *_calls(found)])


def _abilities(found: dict[str, Codec]) -> list[str]:
    rows = [["", *found], ["---"] * (len(found) + 1)]
    for word, method in _RETURNS.items():
        rows.append([word, *(_yes(method in codec.capabilities.methods) for codec in found.values())])
    rows.append(["credentials for the face SDK", *(_yes(codec.capabilities.face_auth) for codec in found.values())])
    rows.append(["wallets of codes", *(_names(codec.capabilities.wallets) for codec in found.values())])
    rows.append(["wallets of QR codes", *(_names(codec.capabilities.qr_wallets) for codec in found.values())])
    voids = {name: codec.void_terms(Method.BARCODE) for name, codec in found.items()}
    rows.append(["cancel not before", *(f"{void.floor_ms // 1000} s" for void in voids.values())])
    rows.append(["cancel not after", *(_until(void.deadline_ms) for void in voids.values())])
    rows.append(["answer to a cancel", *("proof" if void.answer_proves else "asked again" for void in voids.values())])
    rows.append(["a cancel undoes what is paid", *(_yes(void.reverses_paid) for void in voids.values())])
    paces = (codec.capabilities.query_interval_s for codec in found.values())
    rows.append(["pace of queries, recommended", *(f"{pace:g} s" for pace in paces)])
    return [f"| {' | '.join(row)} |" for row in rows]


def _calls(found: dict[str, Codec]) -> list[str]:
    lines = ["| gateway | operation | document | moves money |", "|---|---|---|---|"]
    for name, codec in found.items():
        lines += [
            f"| {name} | `{operation.name}` | {operation.section} | {_yes(operation.moves_money)} |"
            for operation in codec.operations().values()
        ]
    return lines


def _yes(is_so: bool) -> str:  # noqa: FBT001 - a cell
    return "yes" if is_so else "–"


def _names(wallets: frozenset[str]) -> str:
    return ", ".join(sorted(wallets)) or "–"


def _until(deadline_ms: int | None) -> str:
    return "no limit" if deadline_ms is None else f"{deadline_ms // 1000} s"


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text("utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    return f"{before}\n{tables()}\n{after}"


def main() -> int:
    """Write, or check."""
    wanted = page()
    if "--check" in sys.argv:
        is_so = PAGE.read_text("utf-8") == wanted
        print(f"{PAGE.name} is {'as the code says' if is_so else 'not as the code says: run it without --check'}")
        return 0 if is_so else 1
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
