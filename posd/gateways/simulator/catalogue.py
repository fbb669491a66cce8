"""The gateways that the simulator serves."""

from __future__ import annotations

from posd.gateways.simulator.chaoying import Chaoying
from posd.gateways.simulator.chinaums import Chinaums
from posd.gateways.simulator.daxpay import Daxpay
from posd.gateways.simulator.protocol import Protocol
from posd.gateways.simulator.umf_huishang import UmfHuishang
from posd.gateways.simulator.umf_sp import UmfSp

PROTOCOLS: tuple[type[Protocol], ...] = (Chaoying, UmfHuishang, UmfSp, Chinaums, Daxpay)
"""In the order in which they are listed to a person. A new gateway is added here and nowhere else."""
