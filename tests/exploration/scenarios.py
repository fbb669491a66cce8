"""What is explored: in short with every run of the tests, deeper when there is time.

Each scenario leaves out what the others have, so that its states can be counted to the last. Within its bound nothing
is left out: time has no end in it, and what was sent or answered can be late by any number of ticks.
"""

from __future__ import annotations

from tests.exploration.bounds import Scenario

SHORT = (
    # A gateway like Chaoying's: a floor, a deadline, a cancel that proves and reverses.
    Scenario("crash", window=2, horizon=4, floor=3, deadline=5, crashes=1, refusals=False, refunds=False),
    Scenario("refusals, refunds", window=2, horizon=3, floor=2, deadline=4, ghosts=False),
    # The machine is rebooted, and its wall clock is right, an hour ahead, or behind.
    Scenario(
        "reboot",
        window=1,
        horizon=3,
        floor=2,
        crashes=1,
        clocks=("right", "ahead", "behind"),
        cashier=False,
        refusals=False,
        refunds=False,
        ghosts=False,
    ),
    # Gateways whose cancel is only taken, and may be done later, or never; the second does not reverse what is paid.
    Scenario("accepting", window=1, horizon=3, proves=False, crashes=1, refusals=False, refunds=False, ghosts=False),
    Scenario("closing", window=1, horizon=2, proves=False, reverses=False, ghosts=False),
    Scenario(
        "refund refused",
        window=1,
        horizon=3,
        proves=False,
        reverses=False,
        refused=True,
        crashes=1,
        cashier=False,
        ghosts=False,
    ),
    # A code that posd shows: the window is longer than the horizon and begins with the answer to pay.
    Scenario("shown code", window=3, horizon=2, code=True, refunds=False),
    Scenario("never left", window=3, horizon=3, unsent=True, crashes=1, refusals=False, refunds=False),
    Scenario("too late", window=2, horizon=3, late=True, cashier=False, refusals=False, refunds=False),
    # A clock that is ahead makes every question after the end due at once, and the request comes behind them.
    Scenario(
        "too late, rebooted",
        window=1,
        horizon=2,
        floor=1,
        late=True,
        crashes=1,
        clocks=("ahead",),
        cashier=False,
        refusals=False,
        refunds=False,
        ghosts=False,
    ),
    Scenario("notifications", window=2, horizon=3, notices=2, refusals=False, refunds=False),
    Scenario("echo", window=1, horizon=2, echoes=1, cashier=False, refusals=False, refunds=False, ghosts=False),
    Scenario("overlapping queries", window=1, horizon=3, queries=2, refusals=False, refunds=False, ghosts=False),
    Scenario("slow disk", window=2, horizon=3, floor=2, slow_disk=True, refusals=False, refunds=False),
)
"""All of them to the last state in well under a minute."""

DEEP = (
    Scenario("two crashes", window=2, horizon=4, floor=3, deadline=5, crashes=2),
    Scenario("reversing, three queries", window=3, horizon=5, floor=4, deadline=6, queries=3, refunds=False),
    Scenario("reversing, notified", window=2, horizon=4, floor=3, deadline=5, crashes=1, notices=2, refunds=False),
    Scenario("two reboots", window=2, horizon=3, floor=2, crashes=2, clocks=("known", "right", "ahead", "behind")),
    Scenario("accepting", window=2, horizon=4, proves=False, crashes=2, queries=2, refunds=False),
    Scenario("accepting, with a deadline", window=2, horizon=4, floor=3, deadline=5, proves=False, crashes=1),
    Scenario("closing", window=2, horizon=4, proves=False, reverses=False, crashes=1),
    Scenario("closing, notified", window=1, horizon=3, proves=False, reverses=False, notices=2, queries=2),
    Scenario("refund refused", window=2, horizon=4, floor=3, deadline=5, refused=True, crashes=1),
    Scenario("shown code", window=4, horizon=2, code=True, crashes=2, queries=2),
    Scenario("never left", window=4, horizon=4, floor=2, unsent=True, crashes=2, queries=2),
    Scenario("too late", window=2, horizon=3, late=True, crashes=1, notices=1),
    Scenario("too late, closing", window=2, horizon=3, late=True, proves=False, reverses=False, crashes=1),
    Scenario("too late, rebooted", window=2, horizon=3, floor=2, late=True, crashes=2, clocks=("known", "ahead")),
    Scenario("echoes", window=2, horizon=3, floor=2, echoes=2, refunds=False),
    Scenario("slow disk", window=2, horizon=4, floor=3, slow_disk=True, queries=2, unsent=True),
)
"""As far as patience and memory go: some to the last state, the others to ``DEEP_MOST``."""

SHORT_MOST = 200_000
"""States of one scenario; above what any of them has, so that one which grows is noticed before the tests are slow."""
DEEP_MOST = 1_200_000
"""States of one scenario: under a gigabyte and a minute of the processor, so that the whole list ends within a quarter
of an hour of it. Of a scenario that has more, those nearest to the start are judged, and not how long they take."""
