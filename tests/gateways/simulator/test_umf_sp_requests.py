"""What the UMF service-provider platform's side refuses, and what it only notes; requests are made by hand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.rsa_keys import RsaPrivateKey, RsaPublicKey
from posd.gateways.signing import joined_pairs, joined_values
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.simulator.umf_sp import ACQ_MER_ID, ACQ_SP_ID
from posd.gateways.simulator.umf_sp_requests import ROUTES
from posd.payment.auth_code import Secret
from tests.gateways.simulator.support import START_MS

SANDBOX = Sandbox()
CREDENTIALS = SANDBOX.credentials("umf-sp")
SIGNATURE = frozenset({"signature"})


def secret(name: str) -> Secret:
    """One of the client's keys."""
    key = CREDENTIALS[name]
    assert isinstance(key, Secret)
    return key


MERCHANT = RsaPrivateKey.load(secret("private_key"))
PLATFORM = RsaPublicKey.load(secret("platform_key"))

JSON = {"Content-Type": "application/json; charset=utf-8"}
OWN = {"acqSpId": ACQ_SP_ID, "acqMerId": ACQ_MER_ID}
NOW = beijing(START_MS)
PAY = {
    **OWN,
    "orderNo": "A1",
    "orderTime": NOW,
    "txnAmt": "100",
    "orderType": "wechat",
    "authCode": "130000000012345678",
}
COMPLETE: dict[str, dict[str, str]] = {
    "/pay/micropay": PAY,
    "/pay/queryOrder": {**OWN, "orderNo": "A1"},
    "/pay/cancelOrder": {**OWN, "orderNo": "A1"},
    "/pay/closeOrder": {**OWN, "orderNo": "A1"},
    "/pay/refund": {
        **OWN,
        "orderNo": "R1",
        "orderTime": NOW,
        "origOrderNo": "A1",
        "origTxnAmt": "100",
        "txnAmt": "40",
    },
    "/pay/refundQuery": {**OWN, "orderNo": "R1"},
    "/pay/wxface": {**OWN, "rawDate": "rdzIw3JD" * 100},
}
REJECTED = {"10", "11", "13", "31"}


def request(path: str, fields: dict[str, object], *, signature: str | None = None) -> HttpRequest:
    """A signed request."""
    made = MERCHANT.sign(joined_pairs(fields, SIGNATURE)) if signature is None else signature
    return HttpRequest("", path, json.dumps({**fields, "signature": made}).encode(), JSON)


def ask(made: HttpRequest) -> dict[str, object]:
    """The fields of the answer, which is rightly signed whatever it says."""
    reply = SANDBOX.handle("umf-sp", made, START_MS)
    assert isinstance(reply.outcome, HttpResponse)
    assert 200 == reply.outcome.status
    fields: dict[str, object] = json.loads(reply.outcome.body)
    assert PLATFORM.verify(joined_values(fields, without=SIGNATURE), str(fields["signature"]))
    return fields


def told(path: str, **changes: object) -> str:
    """The code of the answer to a complete request with some changes; None takes a field out."""
    fields = {name: value for name, value in {**COMPLETE[path], **changes}.items() if value is not None}
    return str(ask(request(path, fields))["respCode"])


def count() -> int:
    """Violations so far."""
    return len(SANDBOX.bank.violations)


@pytest.fixture(autouse=True)
def no_orders() -> None:
    """Every test begins with an empty bank."""
    SANDBOX.bank.orders.clear()
    SANDBOX.bank.violations.clear()
    SANDBOX.bank.notes.clear()


@pytest.mark.parametrize("path", COMPLETE)
def test_a_complete_request_is_taken(path: str) -> None:
    """All calls with no more than they need."""
    assert told(path) not in REJECTED
    assert 0 == count()
    assert 0 == len(SANDBOX.bank.notes)


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path, route in ROUTES.items() for name, field in route.table.items() if field.required],
)
def test_every_mandatory_field_is_missed(path: str, name: str) -> None:
    """Without it the request is rejected, and that is noted."""
    if name == "signature":
        assert "11" == ask(request(path, {**COMPLETE[path]}, signature=""))["respCode"]
    else:
        assert "13" == told(path, **{name: None})
    assert 1 == count()


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("/pay/micropay", {"txnAmt": "0"}, "13"),
        ("/pay/micropay", {"txnAmt": 100}, "13"),
        ("/pay/micropay", {"txnAmt": "1" * 14}, "13"),
        ("/pay/micropay", {"orderNo": "A" * 65}, "13"),
        ("/pay/micropay", {"orderTime": "20261301000000"}, "13"),
        ("/pay/micropay", {"orderType": "ecny"}, "13"),
        ("/pay/micropay", {"orderType": "alipay"}, "13"),
        ("/pay/micropay", {"authCode": "1" * 33}, "13"),
        ("/pay/micropay", {"authCode": "131", "faceFlag": "1"}, "13"),
        ("/pay/micropay", {"faceFlag": "2"}, "13"),
        ("/pay/micropay", {"backUrl": "https://pos.example/"}, "13"),
        ("/pay/micropay", {"merPriv": "m" * 129}, "13"),
        ("/pay/micropay", {"acqMerId": "41509209"}, "31"),
        ("/pay/queryOrder", {"acqSpId": "Y471790404"}, "31"),
        ("/pay/refund", {"txnAmt": "-1"}, "13"),
    ],
)
def test_what_breaks_a_table_is_rejected(path: str, changes: dict[str, object], code: str) -> None:
    """Formats, lengths, types, and a wallet whose code it is not."""
    assert code == told(path, **changes)
    assert 1 == count()
    assert [] == list(SANDBOX.bank)


def test_a_face_code_need_not_look_like_a_wallets() -> None:
    """Any 18 digits with ``faceFlag``."""
    assert "13" == told("/pay/micropay", authCode="991111111111111111")
    assert "00" == told("/pay/micropay", authCode="991111111111111111", faceFlag="1")


def test_a_refund_names_the_whole_order() -> None:
    """``origTxnAmt`` is the order's amount."""
    told("/pay/micropay")
    assert "13" == told("/pay/refund", origTxnAmt="101")
    assert "00" == told("/pay/refund")
    assert 1 == count()


def test_a_wrong_signature_is_rejected() -> None:
    """Whatever else is right; and a changed field makes it wrong."""
    fields: dict[str, object] = {**PAY}
    signature = MERCHANT.sign(joined_pairs(fields, SIGNATURE))
    assert "11" == ask(request("/pay/micropay", {**fields, "txnAmt": "101"}, signature=signature))["respCode"]
    assert "00" == ask(request("/pay/micropay", fields, signature=signature))["respCode"]
    assert ["signature: signature does not match"] == [fault.text for fault in SANDBOX.bank.violations]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b"{}", b'{"signature":5}'])
def test_what_is_no_request_is_rejected(body: bytes) -> None:
    """Rejected as a whole, in the gateway's own words."""
    assert ask(HttpRequest("", "/pay/queryOrder", body, JSON))["respCode"] in ("10", "11")
    assert "10" == ask(HttpRequest("", "/pay/queryOrder", body, {"content-type": "text/plain"}))["respCode"]
    assert 2 == count()


@pytest.mark.parametrize(("method", "path"), [("GET", "/pay/queryOrder"), ("POST", "/pay/qrpay"), ("POST", "/")])
def test_another_path_is_not_found(method: str, path: str) -> None:
    """No document of ours knows it."""
    reply = SANDBOX.handle("umf-sp", HttpRequest("", path, b"", JSON, method), START_MS)
    assert isinstance(reply.outcome, HttpResponse)
    assert 404 == reply.outcome.status


def test_an_order_number_comes_once() -> None:
    """The second pay request is a violation, and makes no second order."""
    assert "00" == told("/pay/micropay")
    assert "16" == told("/pay/micropay")
    assert ["submitted 2 times"] == [fault.text for fault in SANDBOX.bank.violations]


@pytest.mark.parametrize("moment", ["20200101000000", "20260230000000"])
def test_a_wrong_clock_and_an_unknown_field_are_noted(moment: str) -> None:
    """Worth a look, and against no document."""
    assert "00" == told("/pay/micropay", orderTime=moment, novelty="1")
    assert ["field novelty is in no document", "orderTime is not the time in Beijing"] == [
        fault.text for fault in SANDBOX.bank.notes
    ]
    assert 0 == count()


def test_the_code_is_masked_in_the_ledger() -> None:
    """A payment code is a credential here, too."""
    told("/pay/micropay")
    (order,) = SANDBOX.bank
    assert "13************5678" == order.requests[0].fields["authCode"]


@given(st.sampled_from(sorted(COMPLETE)), st.binary(max_size=200), st.dictionaries(st.text(max_size=8), st.text()))
def test_no_bytes_break_it(path: str, body: bytes, extra: dict[str, str]) -> None:
    """Any body, and any field beside the right ones, gets an answer."""
    assert ask(HttpRequest("", path, body, JSON))["respCode"] in REJECTED
    SANDBOX.bank.orders.clear()
    ask(request(path, {**extra, **COMPLETE[path]}))
