"""What posd is measured by, each figure beside what it is measured against, in the same run.

    python -m bench [--quick] [--only 1,2] [--json FILE]

    customers ─┬─► posd's own checkout ──┐
     (seeded)  └─► the references ───────┴─► one gateway, one network ─► figures 1, 2   (virtual time)
    real processes, sockets, pseudo-terminals, files ──────────────────► figures 3 … 7  (real time)

    figures ─► results.json ─► the table on the screen, the table and the plots in docs/performance.md

Each figure is a module with ``measure(quick)``, which gives a ``Figure``: rows with medians and spreads, and what is
needed to draw it.
"""
