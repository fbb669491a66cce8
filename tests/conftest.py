"""What holds for every test: nothing of the surroundings gets in, and property tests are not judged by the clock."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# What systemd hands to a service: a test that wants it says so itself.
SERVICE_VARIABLES = ("CREDENTIALS_DIRECTORY", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC")

for name in SERVICE_VARIABLES:
    os.environ.pop(name, None)

# A slow machine is no fault of the code: no deadline for an example, none for making one.
settings.register_profile(
    "posd", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("posd")
