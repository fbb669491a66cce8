"""What the configuration asks of gateways that cannot do it: each a line of ``posd check``, with file and key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from posd.capabilities import faults
from posd.gateways.protocols import PROTOCOLS
from tests.api.till import Till, a_till

Payments = dict[str, Any]


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """A till of which only the configuration is wanted."""
    async with a_till(tmp_path) as till:
        yield till


def found(till: Till) -> list[str]:
    """The faults without the file's name, which each must begin with."""
    head = f"{till.config_path}: "
    lines = faults(till.write_config())
    assert all(line.startswith(head) and "\n" not in line for line in lines)
    return [line.removeprefix(head) for line in lines]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_defaults_suit_every_gateway(till: Till, protocol: str) -> None:
    """Nothing but a gateway is asked for."""
    till.gateway("main", protocol)
    assert [] == found(till)


@pytest.mark.parametrize("protocol", ["umf-huishang", "umf-sp", "daxpay"])
@pytest.mark.parametrize("wallet", ["BESTPAY", "ECNY", "JDPAY", "OTHER"])
def test_a_wallet_is_routed_to_who_takes_it(till: Till, protocol: str, wallet: str) -> None:
    """Three gateways take codes of three wallets only."""
    till.gateway("second", protocol)
    till.sections["[payments.routes]"] = {wallet: "second", "ALIPAY": "second"}
    assert [f"payments.routes.{wallet}: second takes no codes of this wallet"] == found(till)


def test_an_order_number_suits_all_its_gateways(till: Till) -> None:
    """ChinaUMS wants its own beginning, which a payment that waits for its code must have from the start."""
    till.gateway("second", "chinaums")
    till.sections["[payments.routes]"] = {"UNIONPAY": "second"}
    (fault,) = found(till)
    assert fault.startswith("payments.routes.UNIONPAY: second wants order numbers that begin with ")
    till.sections["[payments]"]["gateway"] = "second"
    till.sections["[payments.routes]"] = {"UNIONPAY": "main"}
    assert [] == found(till), "the other way round every number suits both"


@pytest.mark.parametrize(
    ("payments", "windows", "keys"),
    [
        ({"window": 300, "qr_window": 300}, {"ALIPAY": 300}, []),
        ({"window": 300.5}, {}, ["window"]),
        ({"qr_window": 301}, {}, ["qr_window"]),
        ({}, {"ALIPAY": 301, "WECHAT": 20}, ["windows.ALIPAY"]),
        ({"window": 301, "qr_window": 301}, {"ALIPAY": 20}, ["qr_window", "window"]),
    ],
)
def test_a_window_ends_while_a_cancel_is_possible(
    till: Till, payments: Payments, windows: Payments, keys: list[str]
) -> None:
    """Chaoying cancels for five minutes: an order that nobody has paid by then could not be voided any more."""
    till.sections["[payments]"] |= payments
    till.sections["[payments.windows]"] = windows
    expected = [f"payments.{key}: main cancels nothing that is older than 300 s" for key in keys]
    assert expected == sorted(found(till))


def test_the_window_of_a_route_is_held_against_its_own_gateway(till: Till) -> None:
    """Long enough for the default gateway, too long for the routed one."""
    till.gateway("main", "umf-sp")
    till.gateway("second", "chaoying")
    till.sections["[payments]"]["window"] = 400
    till.sections["[payments.routes]"] = {"ALIPAY": "second"}
    assert ["payments.window: second cancels nothing that is older than 300 s"] == found(till)
    till.sections["[payments.windows]"] = {"ALIPAY": 60}
    assert [] == found(till)


@pytest.mark.parametrize(("protocol", "good"), [("chaoying", True), ("umf-sp", True), ("daxpay", False)])
def test_a_face_bridge_wants_a_gateway_with_credentials(till: Till, protocol: str, good: bool) -> None:
    """``[face]`` where no gateway has a face-auth call."""
    till.gateway("main", protocol)
    till.sections["[face]"] = {"listen": str(till.directory / "face.sock")}
    assert ([] if good else ["face: no configured gateway gives a face SDK its credentials"]) == found(till)
