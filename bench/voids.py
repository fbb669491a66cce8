"""Figure 2: what becomes of payments that customers have confirmed, by window and by schedule, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass

from bench.figures import Figure, Plot, Row, Series, exactly
from bench.virtual.customers import all_sorts
from bench.virtual.network import HANGING, LOSSY_LINE, NONE, Faults
from bench.virtual.references import CSHARP, F2FPAY, JEEPAY, sequential
from bench.virtual.run import Run, Served, side_by_side

CUSTOMERS, CUSTOMERS_QUICK = 500, 100
SEED = 21
WINDOWS_S = (15.0, 30.0, 45.0)
LIKE_OTHERS_S = 30.0
"""The published schedules wait 20 to 30 s: beside this window they stand in the table."""


@dataclass(frozen=True, slots=True)
class Ends:
    """How the payments of one run ended, in per cent of all customers."""

    paid: float
    voided: float
    """The customer had confirmed, and got his money back: a valid payment undone."""
    left_open: float
    """The till's last word is "I do not know", whatever the gateway says."""
    wrong: float
    """The till's last word contradicts the gateway: charged and told "failed", or told "paid" without money."""
    nothing: float
    """Nobody confirmed, and the till says so."""


def measure(*, quick: bool) -> Figure:
    """The same customers by everybody, under each fault."""
    rows: list[Row] = []
    plots = []
    for faults in (NONE, HANGING, LOSSY_LINE):
        runs = _runs(faults, CUSTOMERS_QUICK if quick else CUSTOMERS)
        rows += _rows(faults, runs)
        if faults is not NONE:
            plots.append(_plot(faults, runs))
    return Figure(2, "Valid payments voided, left open or wrong", tuple(rows), tuple(plots), _NOTES)


def _runs(faults: Faults, count: int) -> list[Run]:
    customers = all_sorts(SEED, count)
    schedules = (*(sequential(window_s) for window_s in WINDOWS_S), F2FPAY, CSHARP, JEEPAY)
    return side_by_side(customers, faults, SEED, WINDOWS_S, schedules)


def ends(run: Run) -> Ends:
    """Sort the customers of a run by how they ended."""
    kinds = [_kind(one) for one in run.served]
    share = 100 / len(kinds)
    return Ends(*(kinds.count(kind) * share for kind in ("paid", "voided", "open", "wrong", "nothing")))


def _kind(one: Served) -> str:
    if one.word == "open":
        return "open"
    if (one.word == "paid") != one.kept:
        return "wrong"
    if one.word == "paid":
        return "paid"
    return "nothing" if one.paid_at_s is None else "voided"


def _rows(faults: Faults, runs: list[Run]) -> list[Row]:
    found = {run.name: ends(run) for run in runs}
    count = len(runs[0].served)
    rows = []
    for window_s in WINDOWS_S:
        ours = found[f"posd, {window_s:g} s"]
        others = [("sequential loop, same window", found[sequential(window_s).name])]
        if window_s == LIKE_OTHERS_S:
            others += [(schedule.name, found[schedule.name]) for schedule in (F2FPAY, CSHARP, JEEPAY)]
        rows += _compared(f"window {window_s:g} s, {faults.name}", ours, others, count)
    return rows


def _compared(where: str, ours: Ends, others: list[tuple[str, Ends]], count: int) -> list[Row]:
    bad = exactly(ours.left_open + ours.wrong, count)
    voided: list[Row] = []
    open_or_wrong: list[Row] = []
    for other, theirs in others:
        first = not voided
        voided.append(
            Row(
                f"voided, {where}" if first else "",
                exactly(ours.voided, count),
                "%",
                other,
                exactly(theirs.voided, count),
            )
        )
        open_or_wrong.append(
            Row(
                f"open or wrong, {where}" if first else "",
                bad,
                "%",
                other,
                exactly(theirs.left_open + theirs.wrong, count),
                "none" if first else "",
                bad.median == 0 if first else None,
            )
        )
    return voided + open_or_wrong


def _plot(faults: Faults, runs: list[Run]) -> Plot:
    found = [ends(run) for run in runs]
    at = tuple(float(number) for number in range(len(runs)))
    parts = (
        ("paid", [each.paid for each in found]),
        ("nobody confirmed", [each.nothing for each in found]),
        ("valid, voided", [each.voided for each in found]),
        ("left open", [each.left_open for each in found]),
        ("wrong", [each.wrong for each in found]),
    )
    return Plot(
        f"2-ends-{'hanging' if faults is HANGING else 'lossy'}",
        f"How payments end, {faults.name}",
        "",
        "% of customers",
        tuple(Series(name, at, tuple(values)) for name, values in parts),
        labels=tuple(run.name for run in runs),
    )


_NOTES = (
    (
        "“Voided”: the customer had confirmed and got the money back. “Open”: the last word of the till is that it "
        "does not know. “Wrong”: its last word contradicts the gateway. A window that closes before the customer has "
        "confirmed voids nothing: nobody paid."
    ),
)
