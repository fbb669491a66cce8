"""How strictly the simulated DaxPay reads: every breach is answered as the platform does, and noted."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.signing import daxpay_signature
from posd.gateways.simulator.daxpay import Daxpay
from posd.gateways.simulator.reply import Broken
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.auth_code import Secret

NOW_MS = 1_795_000_000_000
COMMON = {"clientIp": "127.0.0.1", "nonceStr": "0123456789abcdef", "reqTime": NOW_MS // 1000}
PAY = {
    **COMMON,
    "bizOrderNo": "0101K1",
    "title": "示例商品",
    "channel": "wechat_pay",
    "method": "barcode",
    "amount": 1250,
    "extraParam": {"authCode": "134567890123456789"},
}
QUERY = {**COMMON, "bizOrderNoeNo": "0101K1"}


class Client:
    """Sends what it is told to, signed unless told otherwise."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(protocols=(Daxpay,))
        secret = self.sandbox.credentials("daxpay")["secret"]
        assert isinstance(secret, Secret)
        self.secret = secret

    def send(self, path: str, fields: Mapping[str, object], **more: str) -> dict[str, object]:
        """The envelope that came back."""
        signed = {**fields, "sign": daxpay_signature(fields, self.secret)}
        return self.envelope(self.raw(path, json.dumps(signed).encode(), **more))

    def raw(
        self, path: str, body: bytes, method: str = "POST", content_type: str = "application/json; charset=utf-8"
    ) -> HttpResponse:
        """The answer to any bytes."""
        request = HttpRequest("by hand", path, body, {"Content-Type": content_type}, method)
        outcome = self.sandbox.handle("daxpay", request, NOW_MS).outcome
        assert not isinstance(outcome, Broken)
        return outcome

    @staticmethod
    def envelope(response: HttpResponse) -> dict[str, object]:
        """A JSON answer."""
        found: dict[str, object] = json.loads(response.body)
        return found

    @property
    def violations(self) -> list[str]:
        """What was noted."""
        return [fault.text for fault in self.sandbox.bank.violations]

    @property
    def notes(self) -> list[str]:
        """What is worth a look."""
        return [fault.text for fault in self.sandbox.bank.notes]


@pytest.fixture
def client() -> Client:
    """A client with the right secret."""
    return Client()


def test_a_good_request_is_no_violation(client: Client) -> None:
    """Everything as documented; the envelope has a trace, the data a time and a signature."""
    envelope = client.send("/unipay/pay", PAY)
    assert (envelope["code"], envelope["msg"]) == (0, "success")
    data = envelope["data"]
    assert isinstance(data, dict)
    assert data["sign"] == daxpay_signature({**data, "sign": None}, client.secret)
    assert data["resTime"] == NOW_MS // 1000
    assert (client.violations, client.notes) == ([], [])


def test_a_title_with_quotes_is_signed_without_them(client: Client) -> None:
    """The signed text loses quotes and backslashes, the request keeps them."""
    assert client.send("/unipay/pay", PAY | {"title": 'a"b\\c'})["code"] == 0


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("/unipay/pay", {"bizOrderNo": None}, "bizOrderNo is missing"),
        ("/unipay/pay", {"bizOrderNo": "x" * 101}, "bizOrderNo has 101"),
        ("/unipay/pay", {"title": ""}, "title is missing"),
        ("/unipay/pay", {"title": "x" * 101}, "title has 101"),
        ("/unipay/pay", {"amount": "1250"}, "amount is str"),
        ("/unipay/pay", {"amount": 0}, "amount has a format"),
        ("/unipay/pay", {"amount": True}, "amount is bool"),
        ("/unipay/pay", {"amount": 12.5}, "amount is float"),
        ("/unipay/pay", {"channel": "qq_pay"}, "channel has a format"),
        ("/unipay/pay", {"method": "face"}, "method has a format"),
        ("/unipay/pay", {"extraParam": None}, "authCode"),
        ("/unipay/pay", {"extraParam": {"authCode": 1}}, "authCode"),
        ("/unipay/pay", {"extraParam": "134567890123456789"}, "extraParam is str"),
        ("/unipay/pay", {"allocation": "false"}, "allocation is str"),
        ("/unipay/pay", {"notifyUrl": "ftp://x"}, "notifyUrl has a format"),
        ("/unipay/pay", {"clientIp": None}, "clientIp is missing"),
        ("/unipay/pay", {"clientIp": "till"}, "clientIp has a format"),
        ("/unipay/pay", {"nonceStr": "x" * 33}, "nonceStr has 33"),
        ("/unipay/pay", {"reqTime": None}, "reqTime is missing"),
        ("/unipay/pay", {"reqTime": "2026"}, "reqTime is str"),
        ("/unipay/query/payOrder", {"bizOrderNoeNo": None}, "neither"),
        ("/unipay/query/payOrder", {"bizOrderNoeNo": None, "bizRefundNo": "R"}, "neither"),
        ("/unipay/close", {}, ""),
        ("/unipay/query/refundOrder", {}, "neither"),
        ("/unipay/refund", {"amount": 1}, "bizRefundNo is missing"),
        ("/unipay/refund", {"amount": 1, "bizRefundNo": "R", "bizOrderNoeNo": None}, "neither"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_field_that_breaks_the_document(client: Client, path: str, change: dict[str, object], words: str) -> None:
    """Turned away without data, and noted with the field's name."""
    base: dict[str, object] = dict(PAY) if path == "/unipay/pay" else dict(QUERY)
    fields = {name: value for name, value in {**base, **change}.items() if value is not None}
    envelope = client.send(path, fields)
    if not words:
        assert client.violations == []
        return
    assert envelope["code"] == 20051
    assert "data" not in envelope
    (violation,) = client.violations
    assert words in violation
    assert client.sandbox.bank.find("0101K1") is None or path != "/unipay/pay"


@pytest.mark.parametrize("sign", ["0" * 64, "", "x"])
def test_a_wrong_signature(client: Client, sign: str) -> None:
    """20052 in the envelope, no data, no order."""
    envelope = client.envelope(client.raw("/unipay/pay", json.dumps({**PAY, "sign": sign}).encode()))
    assert (envelope["code"], envelope["msg"]) == (20052, "签名错误")
    assert "data" not in envelope
    assert client.sandbox.bank.find("0101K1") is None
    assert client.violations == ["signature: sign does not match"]


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (60, True), (61, False), (-300, True), (-301, False)])
def test_the_time_of_a_request(client: Client, seconds: int, taken: bool) -> None:
    """A minute into the future, five into the past."""
    envelope = client.send("/unipay/pay", PAY | {"reqTime": NOW_MS // 1000 + seconds})
    assert ("data" in envelope) is taken
    assert bool(client.violations) is not taken


@pytest.mark.parametrize(
    ("path", "method"), [("/unipay/payment", "POST"), ("/unipay/pay", "GET"), ("/unipay/query/pay", "POST")]
)
def test_an_unknown_path(client: Client, path: str, method: str) -> None:
    """404."""
    assert client.raw(path, b"{}", method).status == 404


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"a":1,"a":2}', "application/json"),
        (b"bizOrderNo=1", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_json_object(client: Client, body: bytes, content_type: str) -> None:
    """Turned away."""
    envelope = client.envelope(client.raw("/unipay/pay", body, content_type=content_type))
    assert envelope["code"] == 20051
    assert len(client.violations) == 1


def test_what_is_odd_is_noted(client: Client) -> None:
    """A field of no document, and an empty one: both are signed, neither is against a document."""
    client.send("/unipay/pay", PAY | {"colour": "red", "attach": ""})
    assert client.violations == []
    assert client.notes == ["field colour is in no document", "empty fields are signed as k=: attach"]


def test_the_code_is_not_kept(client: Client) -> None:
    """The ledger shows no credential."""
    client.send("/unipay/pay", PAY)
    order = client.sandbox.bank.find("0101K1")
    assert order is not None
    assert "134567890123456789" not in repr(order.requests)


def test_notifications_can_be_declined(client: Client) -> None:
    """NotNotify of 2.0.6."""
    fields = PAY | {"notifyUrl": "http://127.0.0.1:9/n", "notNotify": True, "method": "qrcode"}
    client.send("/unipay/pay", fields)
    order = client.sandbox.bank.find("0101K1")
    assert order is not None
    assert order.charge is not None
    assert order.charge.notify_url is None
    protocol = client.sandbox.engines["daxpay"].protocol
    assert protocol.acknowledges(200, "SUCCESS")
    assert not protocol.acknowledges(200, "success")
