"""How strictly the simulated ChinaUMS reads: every breach is answered in the document's codes, and noted."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from posd.gateways.base import HttpRequest, HttpResponse, beijing
from posd.gateways.signing import open_body_signature
from posd.gateways.simulator.chinaums import APP_ID, Chinaums
from posd.gateways.simulator.reply import Broken
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.auth_code import Secret

NOW_MS = 1_794_967_200_000
POSLINK = {"merchantCode": "898340149000005", "terminalCode": "88880001"}
PAY = {
    **POSLINK,
    "transactionAmount": 1250,
    "transactionCurrencyCode": "156",
    "merchantOrderId": "3194K1",
    "merchantRemark": "示例商品",
    "payMode": "CODE_SCAN",
    "payCode": "134567890123456789",
}
NETPAY = {
    "requestTimestamp": beijing(NOW_MS, "%Y-%m-%d %H:%M:%S"),
    "mid": "898340149000005",
    "tid": "88880001",
    "instMid": "APPDEFAULT",
}
ORDER = {**NETPAY, "merOrderId": "3194K1", "tradeType": "APP", "totalAmount": 1250}
PAY_PATH, PRECREATE = "/v2/poslink/transaction/pay", "/v1/netpay/trade/precreate"


class Client:
    """Sends what it is told to, signed unless told otherwise."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(protocols=(Chinaums,))
        key = self.sandbox.credentials("chinaums")["app_key"]
        assert isinstance(key, Secret)
        self.key = key

    def send(self, path: str, fields: Mapping[str, object], join: str = ", ", **items: str) -> dict[str, object]:
        """The fields that came back."""
        body = json.dumps(fields, ensure_ascii=False).encode()
        found: dict[str, object] = json.loads(self.raw(path, body, self.header(body, join, **items)).body)
        return found

    def header(self, body: bytes, join: str = ", ", **items: str) -> str:
        """The Authorization header of a body; ``items`` replace what would be right."""
        timestamp, nonce = items.get("Timestamp", beijing(NOW_MS)), "09876543210987654321098765432109"
        right = open_body_signature(APP_ID, self.key, timestamp, nonce, body)
        given = {"AppId": APP_ID, "Timestamp": timestamp, "Nonce": nonce, "Signature": right, **items}
        return "OPEN-BODY-SIG " + join.join(f'{name}="{value}"' for name, value in given.items())

    def raw(self, path: str, body: bytes, authorization: str, method: str = "POST") -> HttpResponse:
        """The answer to any bytes."""
        headers = {"content-type": "application/json", "authorization": authorization}
        outcome = self.sandbox.handle("chinaums", HttpRequest("by hand", path, body, headers, method), NOW_MS).outcome
        assert not isinstance(outcome, Broken)
        return outcome

    @property
    def violations(self) -> list[str]:
        """What was noted."""
        return [fault.text for fault in self.sandbox.bank.violations]


@pytest.fixture
def client() -> Client:
    """A client with the right key."""
    return Client()


@pytest.mark.parametrize("join", [", ", ","])
@pytest.mark.parametrize(("path", "fields", "code"), [(PAY_PATH, PAY, "00"), (PRECREATE, ORDER, "SUCCESS")])
def test_a_good_request(client: Client, join: str, path: str, fields: dict[str, object], code: str) -> None:
    """Everything as documented; the items of the header may stand with a blank or without."""
    assert client.send(path, fields, join)["errCode"] == code
    assert (client.violations, list(client.sandbox.bank.notes)) == ([], [])


def test_an_answer_of_netpay_repeats_who_asked(client: Client) -> None:
    """mid, tid, instMid, msgId and the moment."""
    answer = client.send(PRECREATE, ORDER | {"msgId": "m-1"})
    assert (answer["mid"], answer["tid"], answer["instMid"], answer["msgId"]) == (
        "898340149000005",
        "88880001",
        "APPDEFAULT",
        "m-1",
    )
    assert answer["responseTimestamp"] == NETPAY["requestTimestamp"]


@pytest.mark.parametrize(
    "items",
    [
        {"Signature": "AAAA"},
        {"AppId": "1" * 32},
        {"Nonce": "other"},
        {"Nonce": ""},
    ],
    ids=str,
)
def test_a_wrong_header(client: Client, items: dict[str, str]) -> None:
    """BAD_SIGN, no order."""
    assert client.send(PAY_PATH, PAY, **items)["errCode"] == "BAD_SIGN"
    assert client.violations == ["signature: Authorization does not match"]
    assert client.sandbox.bank.find("3194K1") is None


@pytest.mark.parametrize("authorization", ["", "OPEN-BODY-SIG", "OPEN-ACCESS-TOKEN AccessToken=1", 'AppId="1"'])
def test_no_header(client: Client, authorization: str) -> None:
    """BAD_SIGN as well."""
    answer = json.loads(client.raw(PAY_PATH, json.dumps(PAY).encode(), authorization).body)
    assert answer["errCode"] == "BAD_SIGN"


def test_another_body(client: Client) -> None:
    """The header signs the very bytes."""
    body = json.dumps(PAY).encode()
    answer = json.loads(client.raw(PAY_PATH, body + b" ", client.header(body)).body)
    assert answer["errCode"] == "BAD_SIGN"


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (600, True), (-600, True), (601, False), (-601, False)])
def test_the_time_of_a_request(client: Client, seconds: int, taken: bool) -> None:
    """Ten minutes this way or that."""
    answer = client.send(PAY_PATH, PAY, Timestamp=beijing(NOW_MS + seconds * 1000))
    assert (answer["errCode"] == "00") is taken
    assert taken or answer["errCode"] == "ABNORMAL_REQUEST_TIME"


def test_no_time_at_all(client: Client) -> None:
    """A time that is none."""
    assert client.send(PAY_PATH, PAY, Timestamp="now")["errCode"] == "ABNORMAL_REQUEST_TIME"


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        (PAY_PATH, {"merchantOrderId": None}, "merchantOrderId is missing"),
        (PAY_PATH, {"merchantOrderId": "x" * 51}, "merchantOrderId has 51"),
        (PAY_PATH, {"merchantRemark": ""}, "merchantRemark is missing"),
        (PAY_PATH, {"transactionAmount": 0}, "transactionAmount has a format"),
        (PAY_PATH, {"transactionAmount": "12.5"}, "transactionAmount has a format"),
        (PAY_PATH, {"transactionCurrencyCode": "CNY"}, "transactionCurrencyCode has a format"),
        (PAY_PATH, {"payMode": "FACE"}, "payMode has a format"),
        (PAY_PATH, {"payMode": "NFC"}, "payMode NFC is not served"),
        (PAY_PATH, {"payCode": None}, "payCode is missing"),
        (PRECREATE, {"merOrderId": "0101K1"}, "merOrderId has a format"),
        (PRECREATE, {"merOrderId": "3194" + "1" * 29}, "merOrderId has 33"),
        (PRECREATE, {"merOrderId": "31941"}, "merOrderId has a format"),
        (PRECREATE, {"tradeType": None}, "tradeType is missing"),
        (PRECREATE, {"totalAmount": None}, "totalAmount is missing"),
        (PRECREATE, {"requestTimestamp": "20260101"}, "requestTimestamp has a format"),
        (PRECREATE, {"goods": "egg"}, "goods is str"),
        (PRECREATE, {"goods": ["egg"]}, "goods is no list of goods"),
        (PRECREATE, {"goods": [{"quantity": "x"}]}, "goods is no list of goods"),
        (PRECREATE, {"notifyUrl": "till"}, "notifyUrl has a format"),
        (PRECREATE, {"expireTime": "soon"}, "expireTime has a format"),
        (PRECREATE, {"secureTransaction": True}, "secureTransaction is bool"),
        ("/v1/netpay/wx/app-pre-order", {}, "subAppId is missing"),
        ("/v1/netpay/qmf/order", {}, "mobile is missing"),
        ("/v1/netpay/query", {"merOrderId": None}, "neither"),
        ("/v1/netpay/refund", {}, "refundAmount is missing"),
        ("/v1/netpay/refund", {"refundAmount": 1, "refundOrderId": "R1"}, "refundOrderId has a format"),
        ("/v1/netpay/secure-complete", {}, "completedAmount is missing"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_field_that_breaks_the_document(client: Client, path: str, change: dict[str, object], words: str) -> None:
    """BAD_REQUEST, and noted with the field's name."""
    base: dict[str, object] = dict(PAY) if path == PAY_PATH else dict(ORDER)
    fields = {name: value for name, value in {**base, **change}.items() if value is not None}
    answer = client.send(path, fields)
    assert answer["errCode"] == "BAD_REQUEST"
    assert ("errInfo" in answer) is (path == PAY_PATH)
    assert any(words in violation for violation in client.violations), client.violations


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (PAY_PATH, PAY | {"merchantCode": "898340149000006"}),
        (PAY_PATH, PAY | {"terminalCode": "88880002"}),
        (PRECREATE, ORDER | {"mid": "898340149000006"}),
    ],
)
def test_another_merchant(client: Client, path: str, fields: dict[str, object]) -> None:
    """NO_MERCHANT."""
    assert client.send(path, fields)["errCode"] == "NO_MERCHANT"


@pytest.mark.parametrize(
    ("path", "method"), [("/v2/poslink/transaction/reversepayment", "POST"), (PAY_PATH, "GET"), ("/v1/netpay/", "POST")]
)
def test_an_unknown_path(client: Client, path: str, method: str) -> None:
    """404."""
    assert client.raw(path, b"{}", client.header(b"{}"), method).status == 404


def test_what_is_no_json_object(client: Client) -> None:
    """BAD_REQUEST."""
    answer = json.loads(client.raw(PAY_PATH, b"[]", client.header(b"[]")).body)
    assert answer["errCode"] == "BAD_REQUEST"


def test_a_refund_without_a_number_of_its_own(client: Client) -> None:
    """RefundOrderId is optional: then there is one refund, and the order's number is its."""
    client.send(PRECREATE, ORDER)
    order = client.sandbox.bank.find("3194K1")
    assert order is not None
    assert client.sandbox.confirm(order, NOW_MS) is not None
    answer = client.send("/v1/netpay/refund", {**NETPAY, "merOrderId": "3194K1", "refundAmount": "1250"})
    assert answer["refundStatus"] == "SUCCESS"
    asked = client.send("/v1/netpay/refund-query", {**NETPAY, "merOrderId": "3194K1"})
    assert asked["refundStatus"] == "SUCCESS"


def test_the_code_is_not_kept(client: Client) -> None:
    """The ledger shows no credential."""
    client.send(PAY_PATH, PAY)
    order = client.sandbox.bank.find("3194K1")
    assert order is not None
    assert "134567890123456789" not in repr(order.requests)
