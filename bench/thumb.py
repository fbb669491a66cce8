"""Figure 1: from the customer's confirmation at the gateway to ``paid`` at the API, in virtual time."""

from __future__ import annotations

from bench.figures import Figure, Plot, Row, Spread, aimed, distribution, exactly, limited, quantile, spread
from bench.virtual.customers import prompt_customers
from bench.virtual.network import HANGING, LOSSY, NONE, ONE_WAY_S, Faults
from bench.virtual.references import CSHARP, F2FPAY, JEEPAY, sequential
from bench.virtual.run import Run, side_by_side

CUSTOMERS, CUSTOMERS_QUICK = 1000, 150
SEED = 20
WINDOW_S = 30.0
"""Longer than the default, so that a void does not hide how late a confirmation would have been noticed."""
INTERVAL_S = 1.0
GATEWAY_S = 0.020

Runs = dict[str, Run]


def measure(*, quick: bool) -> Figure:
    """The same customers, served by everybody, under each fault."""
    customers = prompt_customers(SEED, CUSTOMERS_QUICK if quick else CUSTOMERS)
    rows: list[Row] = []
    plots = []
    schedules = (F2FPAY, CSHARP, JEEPAY, sequential(WINDOW_S))
    for faults in (NONE, HANGING, LOSSY):
        found = side_by_side(customers, faults, SEED, (WINDOW_S,), schedules)
        runs: Runs = {"posd": found[0], **{run.name: run for run in found[1:]}}
        rows += _rows(faults, runs)
        plots.append(_plot(faults, runs))
    return Figure(1, "Thumb to “paid”", tuple(rows), tuple(plots), _NOTES)


def latencies(run: Run) -> list[float]:
    """Of everybody who confirmed and was told ``paid``."""
    return [one.latency_s for one in run.served if one.word == "paid" and one.paid_at_s is not None]


def _rows(faults: Faults, runs: Runs) -> list[Row]:
    ours, loop = latencies(runs["posd"]), runs[sequential(WINDOW_S).name]
    median, tail = spread(ours), exactly(quantile(ours, 0.95), len(ours))
    rows = []
    if faults is NONE:
        floor = exactly(INTERVAL_S / 2 + GATEWAY_S + sum(ONE_WAY_S) / 2)
        rows.append(Row(f"median, {faults.name}", median, "s", "half an interval and the way back", floor))
        rows.append(aimed("", median, "s", F2FPAY.name, _median(runs[F2FPAY.name]), 0.25))
        rows.append(aimed("", median, "s", CSHARP.name, _median(runs[CSHARP.name]), 0.6))
        rows.append(Row("", median, "s", JEEPAY.name, _median(runs[JEEPAY.name])))
    else:
        rows += [
            Row(f"median, {faults.name}", median, "s", schedule.name, _median(runs[schedule.name]))
            for schedule in (F2FPAY, CSHARP)
        ]
        rows.append(aimed(f"p95, {faults.name}", tail, "s", "sequential loop", _tail(loop), 0.2))
        rows.append(Row("", tail, "s", F2FPAY.name, _tail(runs[F2FPAY.name])))
        rows.append(Row("", tail, "s", CSHARP.name, _tail(runs[CSHARP.name])))
    rows.append(_haste(faults, runs["posd"]))
    return rows


def _median(run: Run) -> Spread:
    return spread(latencies(run))


def _tail(run: Run) -> Spread:
    values = latencies(run)
    return exactly(quantile(values, 0.95), len(values))


def _haste(faults: Faults, run: Run) -> Row:
    most = max(one.most_in_a_second for one in run.served)
    return limited(f"most queries of an order in a second, {faults.name}", exactly(most, len(run.served)), "queries", 1)


def _plot(faults: Faults, runs: Runs) -> Plot:
    series = tuple(distribution(name.partition(",")[0], latencies(run)) for name, run in runs.items())
    return Plot(
        f"1-thumb-{'hanging' if faults is HANGING else 'calm' if faults is NONE else 'lossy'}",
        f"Thumb to “paid”, {faults.name}",
        "seconds from the confirmation to “paid”",
        "share of payments",
        series,
        log_x=True,
    )


_NOTES = (
    (
        "Virtual time: the checkout, the payment machine, the codec and the journal are the real ones, clock and wire "
        "are simulated. A confirmation is told when a query that left after it comes back; what the till itself needs "
        "for that is in figures 3 and 5."
    ),
)
