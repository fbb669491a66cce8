"""The gateways that the simulator serves."""

from __future__ import annotations

from posd.gateways.simulator.chaoying import Chaoying
from posd.gateways.simulator.protocol import Protocol

PROTOCOLS: tuple[type[Protocol], ...] = (Chaoying,)
"""In the order in which they are listed to a person. A new gateway is added here and nowhere else."""
