"""What Chaoying's side refuses, what it only notes, and the calls that move no money; requests are made by hand."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.signing import joined_pairs, md5_with_key_field
from posd.gateways.simulator.chaoying import AGENT_ID
from posd.gateways.simulator.chaoying_answers import MCH_ID
from posd.gateways.simulator.chaoying_requests import GATEWAY_PATH, METHODS, PATHS
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.auth_code import Secret
from tests.gateways.simulator.support import START_MS

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
CODE = "130000000012345678"
PUBLIC = {"agent_id": AGENT_ID, "version": "1.0", "pid": "yunpos"}

BILL = {"mch_id": MCH_ID, "out_trade_no": "A1234", "body": "商品", "total_fee": "100"}
PAY = {**BILL, "auth_code": CODE}
QR = {"mch_id": MCH_ID, "out_trade_no": "Q1234", "body": "商品", "total_fee": "100", "trade_type": "NATIVE"}

COMPLETE = {
    "pay": PAY,
    "facepay": {**BILL, "paytype": "WECHAT", "face_code": "f1", "openid": "o1"},
    "getfaceauth": {
        "mch_id": MCH_ID,
        "paytype": "WECHAT",
        "store_id": "s1",
        "store_name": "门店",
        "device_id": "d1",
        "rawdata": "r1",
    },
    "orderquery": {"mch_id": MCH_ID, "paytype": "WECHAT", "out_trade_no": "A1234"},
    "refund": {
        "mch_id": MCH_ID,
        "paytype": "WECHAT",
        "out_trade_no": "A1234",
        "out_refund_no": "R1",
        "total_fee": "100",
        "refund_fee": "40",
        "op_user_id": "1",
    },
    "refundquery": {"mch_id": MCH_ID, "paytype": "WECHAT", "out_refund_no": "R1"},
    "cancel": {"mch_id": MCH_ID, "paytype": "WECHAT", "out_trade_no": "A1234", "op_user_id": "1"},
    "/Open/WECHAT_PreOrder": {**QR, "product_id": "p1"},
    "/Open/ALIPAY_PreOrder": QR,
    "/UnifiedPay/Mch_Reg": {"key1": "aaa", "key2": "bbb"},
    "/Mch/GetMchSMSValid": {"mobile": "13800000000"},
    "/Mch/GetMchId": {"mobile": "13800000000", "valid": "1234"},
    "/Open/GetPartnerId": {"mch_id": MCH_ID},
    "/Open/GetMchInfo": {"mch_id": MCH_ID},
    "/Open/WXA_Code2Session": {"appid": "wx4da448cd29920000", "js_code": "023jh17A"},
}
"""Each call with what it needs at least."""


class Client:
    """Signs by hand, so that it can get everything wrong."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.now_ms = START_MS
        key = self.sandbox.credentials("chaoying")["key"]
        assert isinstance(key, Secret)
        self.key = key

    def form(self, call: str, fields: dict[str, str]) -> dict[str, str]:
        """The signed fields of a call."""
        named = {**PUBLIC, **fields} if call.startswith("/") else {**PUBLIC, "method": call, **fields}
        return {**named, "sign": md5_with_key_field(joined_pairs(named), self.key)}

    def send(self, call: str, fields: dict[str, str]) -> dict[str, object]:
        """Make a call, rightly signed."""
        return self.post(call if call.startswith("/") else GATEWAY_PATH, urlencode(self.form(call, fields)).encode())

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> dict[str, object]:
        """Send any bytes; the fields of the answer."""
        answer = self.raw(HttpRequest("", path, body, FORM if headers is None else headers))
        assert answer.status == 200
        found: dict[str, object] = json.loads(answer.body)
        return found

    def raw(self, request: HttpRequest) -> HttpResponse:
        """Send any request."""
        outcome = self.sandbox.handle("chaoying", request, self.now_ms).outcome
        assert isinstance(outcome, HttpResponse)
        return outcome

    @property
    def violations(self) -> list[str]:
        """What was wrong."""
        return [fault.text for fault in self.sandbox.bank.violations]

    @property
    def notes(self) -> list[str]:
        """What was odd."""
        return [fault.text for fault in self.sandbox.bank.notes]


@pytest.fixture
def client() -> Client:
    """A client without a shop."""
    return Client()


def test_every_call_is_known_here() -> None:
    """The tests below leave none out."""
    assert set(COMPLETE) == set(ROUTES)


@pytest.mark.parametrize("call", COMPLETE)
def test_a_complete_request_is_taken(client: Client, call: str) -> None:
    """And nothing about it is odd; its answer is signed."""
    for before in ("pay", "refund"):
        if call in {"orderquery", "refund", "refundquery", "cancel"}:
            client.send(before, COMPLETE[before])
    client.now_ms += 20_000
    answer = client.send(call, COMPLETE[call])
    assert "参数错误" not in str(answer["msg"])
    assert answer["sign"] == md5_with_key_field(joined_pairs(answer), client.key)
    assert (client.violations, client.notes) == ([], [])


ROUTES = {**METHODS, **PATHS}

REQUIRED = [
    (call, name)
    for call, fields in COMPLETE.items()
    for name, field in ROUTES[call].table.items()
    if field.required and name != "sign" and (name in fields or name in PUBLIC)
]


@pytest.mark.parametrize(("call", "name"), REQUIRED)
def test_a_required_field_is_required(client: Client, call: str, name: str) -> None:
    """Absent and empty are the same; nothing is done, and the client is told which one it was."""
    for given_ in ({}, {name: ""}):
        fields = {**PUBLIC, **COMPLETE[call]}
        del fields[name]
        named = {**fields, **given_} if call.startswith("/") else {"method": call, **fields, **given_}
        form = {**named, "sign": md5_with_key_field(joined_pairs(named), client.key)}
        answer = client.post(call if call.startswith("/") else GATEWAY_PATH, urlencode(form).encode())
        assert (answer["state"], answer["code"]) == ("FAIL", "20004")
        assert name in str(answer["msg"])
    assert len(client.violations) == 2
    assert not any(order.history for order in client.sandbox.bank)


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("pay", {"out_trade_no": "A123"}),
        ("pay", {"out_trade_no": "A" * 33}),
        ("pay", {"out_trade_no": "A-1234"}),
        ("pay", {"total_fee": "1.00"}),
        ("pay", {"total_fee": "0100"}),
        ("pay", {"total_fee": "-1"}),
        ("pay", {"total_fee": "١٠٠"}),
        ("pay", {"goods_detail": "{}"}),
        ("pay", {"goods_detail": "not json"}),
        ("pay", {"goods_detail": '[{"goods_id":"a","quantity":"1","price":1}]'}),
        ("pay", {"goods_detail": '[{"goods_id":"a b","quantity":1,"price":1}]'}),
        ("pay", {"auth_code": "910000000012345678"}),
        ("orderquery", {"out_trade_no": ""}),
        ("orderquery", {"paytype": "wechat"}),
        ("refundquery", {"out_refund_no": ""}),
        ("refund", {"out_trade_no": ""}),
        ("refund", {"refund_fee": "0"}),
        ("/Open/WECHAT_PreOrder", {"trade_type": "JSPAY"}),
        ("/Open/WECHAT_PreOrder", {"trade_type": "JSPAY", "sub_appid": "wx1"}),
        ("/Open/ALIPAY_PreOrder", {"trade_type": "JSPAY", "buyer_id": "2088"}),
        ("/Open/ALIPAY_PreOrder", {"out_trade_no": "Q_123"}),
        ("/Open/WECHAT_PreOrder", {"notify_url": "http://127.0.0.1/n?a=b"}),
        ("/Open/WECHAT_PreOrder", {"time_expire": "2026-11-20 10:00:00"}),
        ("/Mch/GetMchSMSValid", {"mobile": "1380000000"}),
        ("/Mch/GetMchId", {"valid": ""}),
    ],
)
def test_a_field_that_the_document_rules_out(client: Client, call: str, wrong: dict[str, str]) -> None:
    """Lengths, formats, and rules between fields."""
    answer = client.send(call, {**COMPLETE[call], **wrong})
    assert (answer["state"], answer["code"]) == ("FAIL", "20004")
    assert len(client.violations) == 1


def test_another_trade_type(client: Client) -> None:
    """JSPAY and APP give what a page or an app needs, and no code to scan."""
    fields = {**COMPLETE["/Open/WECHAT_PreOrder"], "trade_type": "JSPAY", "sub_appid": "wx1", "buyer_id": "o1"}
    answer = client.send("/Open/WECHAT_PreOrder", fields)
    assert (answer["trade_state"], "pay_info" in answer, "code_url" in answer) == ("SUCCESS", True, False)
    assert client.violations == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"sign": "0" * 32}, "20002"),
        ({"sign": "x" * 32}, "20002"),
        ({"sign": ""}, "20004"),
        ({"total_fee": "101"}, "20002"),
        ({"agent_id": "130000000000000002"}, "20012"),
    ],
)
def test_who_asks_must_be_known(client: Client, wrong: dict[str, str], code: str) -> None:
    """A wrong signature, a changed amount, another agent: nothing is done."""
    form = {**client.form("pay", PAY), **wrong}
    answer = client.post(GATEWAY_PATH, urlencode(form).encode())
    assert (answer["state"], answer["code"]) == ("FAIL", code)
    assert not any(order.history for order in client.sandbox.bank)
    assert len(client.violations) == 1


def test_another_merchant(client: Client) -> None:
    """Rightly signed by the agent, and no merchant of his."""
    answer = client.send("pay", {**PAY, "mch_id": "00000002"})
    assert (answer["code"], client.sandbox.bank.find("A1234")) == ("20005", None)


def test_a_method_in_other_letters(client: Client) -> None:
    """The vendor's own client writes OrderQuery."""
    client.send("pay", PAY)
    assert client.send("OrderQuery", COMPLETE["orderquery"])["trade_state"] == "SUCCESS"
    assert client.violations == []


@pytest.mark.parametrize("method", ["", "transfer"])
def test_an_unknown_method(client: Client, method: str) -> None:
    """A parameter error, as the document has no code of its own for it."""
    assert client.send(method, PAY)["code"] == "20004"
    assert client.violations == ["field: no document knows this method"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("POST", "/UnifiedPay"), ("GET", GATEWAY_PATH)])
def test_an_unknown_path(client: Client, method: str, path: str) -> None:
    """404, and a violation."""
    assert client.raw(HttpRequest("", path, b"", FORM, method)).status == 404
    assert len(client.violations) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"method=pay&method=pay", FORM),
        (b"method=pay&body=%ff%fe", FORM),
        ("method=pay&body=商品".encode(), FORM),
        (b"method", FORM),
        (b'{"method":"pay"}', {"content-type": "application/json"}),
        (b"method=pay", {}),
        (b"&".join(b"a%d=1" % number for number in range(300)), FORM),
    ],
)
def test_what_is_no_form(client: Client, body: bytes, headers: dict[str, str]) -> None:
    """A name twice, no UTF-8, no name, another media type, too many fields."""
    assert client.post(GATEWAY_PATH, body, headers)["code"] == "20004"
    assert client.violations[0].startswith("format:")


def test_a_field_in_no_document_is_noted(client: Client) -> None:
    """It is signed and does no harm, but the client should know."""
    assert client.send("pay", {**PAY, "scene": "1"})["code"] == "10000"
    assert (client.violations, client.notes) == ([], ["field scene is in no document"])


def test_a_wechat_code_to_scan_without_product_id_is_noted(client: Client) -> None:
    """The table wants it, the example leaves it out."""
    assert client.send("/Open/WECHAT_PreOrder", QR)["code"] == "10000"
    assert len(client.notes) == 1


def test_an_order_by_the_platforms_number(client: Client) -> None:
    """Query and refund find it; with both numbers the document's favourite counts."""
    paid = client.send("pay", PAY)
    trade_no = str(paid["transaction_id"])
    query = {**COMPLETE["orderquery"], "transaction_id": trade_no}
    assert client.send("orderquery", {**query, "out_trade_no": ""})["out_trade_no"] == "A1234"
    assert client.send("orderquery", {**query, "out_trade_no": "other"})["code"] == "20007"
    refund = {**COMPLETE["refund"], "transaction_id": trade_no, "out_trade_no": "other"}
    assert client.send("refund", refund)["out_trade_no"] == "A1234"
    assert client.send("orderquery", {**query, "out_trade_no": "", "transaction_id": "9" * 28})["code"] == "20007"


def test_a_refund_query_by_the_platforms_number(client: Client) -> None:
    """refund_id wins over out_refund_no; an unknown one is not found."""
    client.send("pay", PAY)
    refund_id = str(client.send("refund", COMPLETE["refund"])["refund_id"])
    query = {"mch_id": MCH_ID, "paytype": "WECHAT"}
    assert client.send("refundquery", {**query, "refund_id": refund_id})["refund_count"] == "1"
    assert client.send("refundquery", {**query, "refund_id": "50000000009999"})["code"] == "20010"


def test_the_calls_that_move_no_money(client: Client) -> None:
    """Each answers what its table promises."""
    promised = {
        "getfaceauth": {"authinfo", "expires_in", "appid", "mch_id"},
        "/UnifiedPay/Mch_Reg": {"mch_id"},
        "/Mch/GetMchSMSValid": {"code"},
        "/Mch/GetMchId": {"mch_id", "mch_trade_code", "mch_full_name", "mch_short_name", "mch_state"},
        "/Open/GetPartnerId": {"mch_id", "partner_list"},
        "/Open/GetMchInfo": {"mch_id", "FullName", "ShortName"},
        "/Open/WXA_Code2Session": {"openid", "session_key", "expires_in"},
    }
    for call, names in promised.items():
        assert names <= client.send(call, COMPLETE[call]).keys(), call
    assert list(client.sandbox.bank) == []


def test_the_ledger_keeps_no_credential(client: Client) -> None:
    """Codes and identities of customers are masked where requests are kept."""
    client.send("pay", PAY)
    client.send(
        "facepay", {**PAY, "out_trade_no": "F1234", "paytype": "WECHAT", "face_code": "secretface", "openid": "o"}
    )
    kept = [dict(request.fields) for order in client.sandbox.bank for request in order.requests]
    assert len(kept) == 2
    assert CODE not in str(kept)
    assert "secretface" not in str(kept)
    assert kept[0]["auth_code"] == "13************5678"


@given(
    path=st.sampled_from([GATEWAY_PATH, *PATHS]) | st.text(max_size=20),
    body=st.binary(max_size=300),
    media=st.sampled_from(list(FORM.values())) | st.text(max_size=40),
    method=st.sampled_from(["POST", "GET", ""]),
)
def test_no_bytes_break_it(path: str, body: bytes, media: str, method: str) -> None:
    """Whatever comes is answered; nothing that is not signed makes an order."""
    client = Client()
    outcome = client.raw(HttpRequest("", path, body, {"Content-Type": media}, method))
    assert outcome.status in (200, 404)
    assert list(client.sandbox.bank) == []


TEXTS = ("", "A1234", "R1", "100", "0", "-1", "WECHAT", "NATIVE", "[]", "[1]", "{", CODE, "9" * 5000, "商品", "x")
NAMES = sorted({name for route in ROUTES.values() for name in route.table} - {"sign"})


@given(
    call=st.sampled_from(list(COMPLETE)),
    changes=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS), max_size=4),
)
def test_no_signed_fields_break_it(call: str, changes: dict[str, str]) -> None:
    """Rightly signed nonsense is answered too, and changes nothing of the order that was there."""
    client = Client()
    client.send("pay", PAY)
    answer = client.send(call, {**COMPLETE[call], **changes})
    assert answer["state"] in ("SUCCESS", "FAIL")
    order = client.sandbox.bank.find("A1234")
    assert order is not None
    state = order.state(client.now_ms)
    assert state is not None
    assert state.captured == 100
    assert 0 <= state.net <= 100
