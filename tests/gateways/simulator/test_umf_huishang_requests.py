"""What 惠商+'s side refuses, and what it only notes; requests are made by hand."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.rsa_keys import RsaPrivateKey, RsaPublicKey
from posd.gateways.signing import joined_pairs, joined_values
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.simulator.umf_huishang_answers import PROXY_ID, SUB_MER_ID
from posd.gateways.simulator.umf_huishang_requests import ROUTES
from posd.payment.auth_code import Secret
from tests.gateways.simulator.support import START_MS

SANDBOX = Sandbox()
CREDENTIALS = SANDBOX.credentials("umf-huishang")


def secret(name: str) -> Secret:
    """One of the client's keys."""
    key = CREDENTIALS[name]
    assert isinstance(key, Secret)
    return key


MERCHANT = RsaPrivateKey.load(secret("private_key"))
PLATFORM = RsaPublicKey.load(secret("platform_key"))

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN = {"subMerId": SUB_MER_ID, "proxyId": PROXY_ID, "apiVersion": "1.0"}
MOMENT = {"reqDate": beijing(START_MS, "%Y%m%d"), "reqTime": beijing(START_MS, "%H%M%S")}
BILL = {**OWN, **MOMENT, "partnerOrderId": "A1", "amount": "100", "payType": "WX"}
COMPLETE: dict[str, dict[str, str]] = {
    "/api/unactivescan": {
        **BILL,
        "mediaType": "05",
        "mediaNo": "130000000012345678",
        "goodsId": "goods",
        "goodsInfo": "商品",
    },
    "/api/activescan": BILL,
    "/api/apisync": {**OWN, "partnerOrderId": "A1"},
    "/online/repeal": {**BILL, "orderDate": MOMENT["reqDate"]},
    "/online/refund": {**BILL, "refundPartnerOrderId": "R1"},
    "/refund/query": {
        "subMerId": SUB_MER_ID,
        "proxyId": PROXY_ID,
        **MOMENT,
        "version": "1.0",
        "partnerOrderId": "A1",
        "refundPartnerOrderId": "R1",
    },
}
REJECTED = {"3333", "00060702", "00060703", "00060704"}


def request(path: str, fields: dict[str, object], *, sign: str | None = None) -> HttpRequest:
    """A signed request."""
    signed = {**fields, "sign": MERCHANT.sign(joined_pairs(fields)) if sign is None else sign}
    return HttpRequest("", path, urlencode({"context": json.dumps(signed)}).encode(), FORM)


def ask(made: HttpRequest, sandbox: Sandbox = SANDBOX) -> dict[str, object]:
    """The fields of the answer, which is rightly signed whatever it says."""
    reply = sandbox.handle("umf-huishang", made, START_MS)
    assert isinstance(reply.outcome, HttpResponse)
    assert 200 == reply.outcome.status
    fields: dict[str, object] = json.loads(reply.outcome.body)
    assert PLATFORM.verify(joined_values(fields), str(fields["sign"]))
    return fields


def told(path: str, **changes: object) -> str:
    """The code of the answer to a complete request with some changes; None takes a field out."""
    fields = {name: value for name, value in {**COMPLETE[path], **changes}.items() if value is not None}
    return str(ask(request(path, fields))["retCode"])


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
    code = "3333" if name == "sign" else "00060702"
    if name == "sign":
        assert code == ask(request(path, {**COMPLETE[path]}, sign=""))["retCode"]
    else:
        assert code == told(path, **{name: None})
    assert 1 == count()


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("/api/unactivescan", {"amount": "0"}, "00060702"),
        ("/api/unactivescan", {"amount": "012"}, "00060702"),
        ("/api/unactivescan", {"amount": "1.00"}, "00060702"),
        ("/api/unactivescan", {"amount": 100}, "00060702"),
        ("/api/unactivescan", {"amount": "1" * 11}, "00060702"),
        ("/api/unactivescan", {"partnerOrderId": "A" * 33}, "00060702"),
        ("/api/unactivescan", {"goodsId": "g" * 17}, "00060702"),
        ("/api/unactivescan", {"goodsInfo": "g" * 129}, "00060702"),
        ("/api/unactivescan", {"mediaType": "06"}, "00060702"),
        ("/api/unactivescan", {"mediaNo": "2812345678901234"}, "00060702"),
        ("/api/unactivescan", {"mediaNo": "13000000001234567٨"}, "00060702"),
        ("/api/unactivescan", {"payType": "JD"}, "00060702"),
        ("/api/unactivescan", {"payType": "AL", "mediaType": "06", "mediaNo": "2812345678901234"}, "00060702"),
        ("/api/unactivescan", {"apiVersion": "2.0"}, "00060702"),
        ("/api/unactivescan", {"reqDate": "20261301"}, "00060702"),
        ("/api/unactivescan", {"reqTime": "246060"}, "00060702"),
        ("/api/unactivescan", {"notifyUrl": "http://pos-1.example/"}, "00060702"),
        ("/api/unactivescan", {"notifyUrl": "ftp://pos.example/"}, "00060702"),
        ("/api/unactivescan", {"subMerId": "30000103"}, "00060704"),
        ("/api/apisync", {"proxyId": "0050"}, "00060704"),
        ("/api/activescan", {"expairTime": "long"}, "00060702"),
    ],
)
def test_what_breaks_a_table_is_rejected(path: str, changes: dict[str, object], code: str) -> None:
    """Formats, lengths, types, and a wallet whose code it is not."""
    assert code == told(path, **changes)
    assert 1 == count()
    assert [] == list(SANDBOX.bank)


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("/online/repeal", {"payType": "AL"}),
        ("/online/repeal", {"orderDate": "20261117"}),
        ("/online/repeal", {"amount": "101"}),
        ("/online/refund", {"payType": "YL"}),
        ("/api/apisync", {"payType": "AL"}),
        ("/api/apisync", {"orderDate": "20200101"}),
    ],
)
def test_an_order_is_named_as_it_was_made(path: str, changes: dict[str, object]) -> None:
    """Another wallet, day or amount than the order's own."""
    assert "0000" == told("/api/unactivescan")
    assert "00060702" == told(path, **changes)
    assert 1 == count()


def test_a_wrong_signature_is_rejected() -> None:
    """Whatever else is right; and a changed field makes it wrong."""
    fields: dict[str, object] = {**COMPLETE["/api/unactivescan"]}
    sign = MERCHANT.sign(joined_pairs(fields))
    assert "3333" == ask(request("/api/unactivescan", {**fields, "amount": "101"}, sign=sign))["retCode"]
    assert "0000" == ask(request("/api/unactivescan", fields, sign=sign))["retCode"]
    assert ["signature: sign does not match"] == [fault.text for fault in SANDBOX.bank.violations]


@pytest.mark.parametrize("path", COMPLETE)
def test_context_is_taken_in_all_three_writings(path: str) -> None:
    """A form field; raw, as the examples print it; escaped, as that of refundquery does."""
    fields: dict[str, object] = {**COMPLETE[path]}
    content = json.dumps({**fields, "sign": MERCHANT.sign(joined_pairs(fields))})
    raw = HttpRequest("", path, f"context={content}".encode(), {"content-type": "text/plain"})
    escaped = HttpRequest("", path, f"context={json.dumps(content)}".encode(), {})
    codes = []
    for made in (request(path, fields), raw, escaped):
        SANDBOX.bank.orders.clear()
        codes.append(ask(made)["retCode"])
    assert 1 == len(set(codes))
    assert codes[0] not in REJECTED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"context",
        b"context=",
        b"context={",
        b"context=[]",
        b'context="',
        b'context="5"',
        b'context={"a":1,"a":2}',
        b"context=%7B%7D&other=1",
        b"other=%7B%7D",
        b"\xff",
        b'context={"sign":"\xff"}',
    ],
)
def test_what_is_no_context_is_rejected(body: bytes) -> None:
    """Rejected as a whole, in the gateway's own words."""
    made = HttpRequest("", "/api/apisync", body, FORM)
    assert ask(made)["retCode"] in ("00060703", "3333")
    assert 1 == count()


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/apisync"), ("POST", "/api/unifiedcode"), ("POST", "/")])
def test_another_path_is_not_found(method: str, path: str) -> None:
    """No document knows it."""
    reply = SANDBOX.handle("umf-huishang", HttpRequest("", path, b"", FORM, method), START_MS)
    assert isinstance(reply.outcome, HttpResponse)
    assert 404 == reply.outcome.status


def test_the_answer_about_a_refund_calls_its_message_otherwise() -> None:
    """``retMsg``, in rejections too."""
    fields: dict[str, object] = {**COMPLETE["/refund/query"], "version": "2.0"}
    assert "retMsg" in ask(request("/refund/query", fields))
    assert "Memo" in ask(request("/api/apisync", {**COMPLETE["/api/apisync"], "apiVersion": "2.0"}))


def test_an_order_number_comes_once() -> None:
    """The second pay request is a violation, and makes no second order."""
    assert "0000" == told("/api/unactivescan")
    assert "00060701" == told("/api/unactivescan")
    assert ["submitted 2 times"] == [fault.text for fault in SANDBOX.bank.violations]


@pytest.mark.parametrize("moment", [{"reqDate": "20200101"}, {"reqDate": "20260230"}])
def test_a_wrong_clock_and_an_unknown_field_are_noted(moment: dict[str, object]) -> None:
    """Worth a look, and against no document."""
    assert "0000" == told("/api/unactivescan", **moment, novelty="1")
    assert ["field novelty is in no document", "reqDate and reqTime are not the time in Beijing"] == [
        fault.text for fault in SANDBOX.bank.notes
    ]
    assert 0 == count()


def test_the_code_is_masked_in_the_ledger() -> None:
    """A payment code is a credential here, too."""
    told("/api/unactivescan")
    (order,) = SANDBOX.bank
    assert "13************5678" == order.requests[0].fields["mediaNo"]


@given(st.sampled_from(sorted(COMPLETE)), st.binary(max_size=200), st.dictionaries(st.text(max_size=8), st.text()))
def test_no_bytes_break_it(path: str, body: bytes, extra: dict[str, str]) -> None:
    """Any body, and any field beside the right ones, gets an answer."""
    fields: dict[str, object] = {**extra, **COMPLETE[path]}
    for made in (HttpRequest("", path, body, FORM), HttpRequest("", path, b"context=" + body, FORM)):
        assert ask(made)["retCode"] in REJECTED
    SANDBOX.bank.orders.clear()
    ask(request(path, fields))
