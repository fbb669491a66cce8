"""``posd gateway call`` and the gateway's line of ``posd doctor``, at each of the five: what works and what not."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from posd.gateways.base import HttpResponse, Stamp
from posd.gateways.protocols import PROTOCOLS, make_codec, settings_class
from tests.api.till import Till, free_port, fresh_code
from tests.cli.console import Console

EVERY = pytest.mark.parametrize("protocol", PROTOCOLS)
ABSENT = {
    "chaoying": ("orderquery", {"paytype": "WECHAT", "out_trade_no": "0101NONE"}, "code = 20007"),
    "umf-huishang": ("apisync", {"partnerOrderId": "0101NONE"}, "retCode = "),
    "umf-sp": ("queryOrder", {"orderNo": "0101NONE"}, "respCode = 17"),
    "chinaums": ("poslink/query", {"merchantOrderId": "0101NONE"}, "errCode = NO_ORDER"),
    "daxpay": ("queryPay", {"bizOrderNoeNo": "0101NONE"}, "code = 1"),
}
"""A query of an order that is not there, and what the answer says."""
NOBODYS_KEY = "another-key-of-nobody"
NOBODYS_PUBLIC_KEY = base64.b64encode(
    rsa.generate_private_key(65537, 1024)
    .public_key()
    .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


def secret_of(till: Till, protocol: str) -> Path:
    """The file whose key verifies the answers, or signs the requests where answers are not signed."""
    rows: dict[str, Any] = till.sections["[gateways.main]"]
    name = {"chinaums": "app_key_file", "daxpay": "secret_file", "chaoying": "key_file"}.get(protocol)
    return Path(rows[name or "platform_key_file"])


def arguments(fields: dict[str, str]) -> list[str]:
    """Fields as they are written on the command line."""
    return [f"{name}={value}" for name, value in fields.items()]


@EVERY
async def test_an_answer_that_says_no(console: Console, protocol: str) -> None:
    """1, and the gateway's own words; the daemon need not run."""
    console.till.gateway("main", protocol)
    console.till.write_config()
    operation, fields, words = ABSENT[protocol]
    result = await console.run("gateway", "call", "main", operation, *arguments(fields))
    assert (1, "") == (result.code, result.err)
    assert words in result.out
    assert ("not signed" if protocol == "chinaums" else "the signature holds") in result.out


@EVERY
async def test_a_wrong_key_is_seen(console: Console, protocol: str) -> None:
    """1; nothing of the key is printed; the doctor says it too."""
    console.till.gateway("main", protocol)
    console.till.write_config()
    secret = secret_of(console.till, protocol)
    stranger = console.till.directory / "stranger"
    stranger.touch(mode=0o600)
    stranger.write_text(NOBODYS_PUBLIC_KEY if "platform_key" in secret.name else NOBODYS_KEY, "utf-8")
    rows = console.till.sections["[gateways.main]"]
    rows.update({name: str(stranger) for name, value in rows.items() if value == str(secret)})
    console.till.write_config()
    operation, fields, _ = ABSENT[protocol]
    result = await console.run("gateway", "call", "main", operation, *arguments(fields))
    assert 1 == result.code
    assert "the signature holds" not in result.out
    assert NOBODYS_KEY not in result.out + result.err
    doctor = await console.run("doctor")
    assert any(line.startswith("BAD  gateway main: ") for line in doctor.out.splitlines()), doctor.out


@EVERY
async def test_a_gateway_that_is_not_there(console: Console, protocol: str) -> None:
    """1: nothing was sent; the doctor names what to look at."""
    console.till.gateway("main", protocol)
    console.till.sections["[gateways.main]"]["base_url"] = f"http://127.0.0.1:{free_port()}"
    console.till.write_config()
    operation, fields, _ = ABSENT[protocol]
    result = await console.run("gateway", "call", "main", operation, *arguments(fields))
    assert (1, "", True) == (result.code, result.out, "main: " in result.line)
    assert "BAD  gateway main: " in (await console.run("doctor")).out


@EVERY
async def test_the_doctor_moves_nothing(console: Console, protocol: str) -> None:
    """Its call makes no order, and the gateway has nothing to complain of."""
    console.till.gateway("main", protocol)
    console.till.write_config()
    doctor = await console.run("doctor")
    assert any(line.startswith("ok   gateway main: ") for line in doctor.out.splitlines()), doctor.out
    bank = console.till.simulator.bank
    assert ([], []) == ([order for order in bank.orders.values() if order.submits], list(bank.violations))


async def test_a_gateway_that_never_answers(console: Console) -> None:
    """5: the outcome of a call that may have arrived is not known."""
    console.till.gateway("main", "daxpay", pay_timeout=1.0)
    console.till.write_config()
    code = fresh_code("30")
    fields = {"bizOrderNo": "0101X1", "title": "t", "channel": "wechat_pay", "method": "barcode", "amount": "100"}
    result = await console.run("gateway", "call", "main", "pay", *arguments({**fields, "authCode": code}))
    assert (5, "") == (result.code, result.out)
    assert code not in result.line
    assert 100 == console.till.simulator.bank.orders["0101X1"].history[-1][1].net


@EVERY
def test_every_operation_survives_nonsense(console: Console, protocol: str) -> None:
    """Whatever a person types as fields makes a request or a ValueError; whatever comes back is a result."""
    facts = console.till.simulator.sandbox.credentials(protocol)
    codec = make_codec(protocol, settings_class(protocol)(**facts))
    for operation in codec.operations().values():
        for value in ("", "x", "-1", "1e9", "中", "\x00", "9" * 5000, "[", '{"a":', "true"):
            fields = dict.fromkeys((*operation.required, *operation.optional), value)
            try:
                exchange = codec.call(operation.name, fields, Stamp(0, "0" * 32))
            except ValueError:
                continue
            for body in (b"", b"{}", b"\xff", b'{"code": []}'):
                verdict = exchange.read(HttpResponse(200, body)).verdict
                assert not verdict.succeeded, operation.name
