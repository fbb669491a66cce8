"""Lines and their contents. No loop, no socket."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.face.protocol import (
    MAX_DATA_BYTES,
    MAX_LINE_BYTES,
    Answer,
    FaceCodeRequest,
    FaceCodeResult,
    Failure,
    Hello,
    Message,
    Nothing,
    Notification,
    PayResult,
    ProtocolError,
    RawData,
    Request,
    Status,
    decode,
    encode_answer,
    encode_failure,
    encode_notification,
    encode_request,
    parse,
)
from tests.devices.face.support import HELLO, TOKEN, WANTED

SECRET = "b713b5d2-666c-48"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["jsonrpc", "id", "method", "params", "result", "error", "more"]


def line(**members: object) -> bytes:
    """A line with these members."""
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


def test_the_four_kinds_of_messages() -> None:
    """Request, notification, answer and failure are told apart by their members."""
    match decode(line(id="a", method="hello", params=HELLO)):
        case Request("a", "hello", params):
            assert Hello("wechat", "cam-1", "3.2") == parse(params, Hello)
        case other:
            pytest.fail(f"{other!r}")
    match decode(line(method="status", params={"state": "fault", "detail": "dark"})):
        case Notification("status", params):
            assert Status("fault", "dark") == parse(params, Status)
        case other:
            pytest.fail(f"{other!r}")
    match decode(line(id=7, result={})):
        case Answer(7, result):
            assert Nothing() == parse(result, Nothing)
        case other:
            pytest.fail(f"{other!r}")
    match decode(line(id=7, error={"code": -32001, "message": "no", "data": {"err_code": "1"}})):
        case Failure(7, -32001, "no", data):
            assert {"err_code": "1"} == data
        case other:
            pytest.fail(f"{other!r}")


@given(data=JSON)
def test_what_the_sdk_said_is_not_changed(data: object) -> None:
    """The data of an error arrives as any JSON value that it was."""
    message = decode(line(id=None, error={"code": 1, "data": data}))
    assert isinstance(message, Failure)
    assert data == message.data


def test_the_names_on_the_line_are_the_documented_ones() -> None:
    """A bridge is written from the documents: each member, in camel case, amounts as integers."""
    expected = {
        "authinfo": "authinfo-of-the-gateway",
        "appid": "wx1",
        "mchId": "100",
        "subAppid": "wx2",
        "subMchId": "200",
        "storeId": "md_001",
        "orderNo": "0101A1",
        "amount": 1250,
        "faceCodeType": "0",
        "timeout": 30,
    }
    sent = json.loads(encode_request(3, "face_code", WANTED))
    assert {"jsonrpc": "2.0", "id": 3, "method": "face_code", "params": expected} == sent
    told = json.loads(encode_request(4, "result", PayResult("0101A1", "SUCCESS")))
    assert {"orderNo": "0101A1", "outcome": "SUCCESS"} == told["params"]
    assert {} == json.loads(encode_request(5, "stop", Nothing()))["params"]
    result = b'{"jsonrpc":"2.0","id":1,"result":{"faceCode":"c","openid":"o","subOpenid":"s","new":1}}'
    answer = decode(result)
    assert isinstance(answer, Answer)
    assert FaceCodeResult("c", "o", "s") == parse(answer.result, FaceCodeResult)


def test_what_is_encoded_is_one_line_and_decoded_again() -> None:
    """Whatever characters are in it: one line end, at the end."""
    status = Status("fault", "a\nb\u2028c 摄像头")
    for sent in (
        encode_request(1, "x", status),
        encode_notification("status", status),
        encode_answer("a", status),
        encode_failure(None, 1, "a\nb", {"x": "\r\n"}),
    ):
        assert 1 == sent.count(b"\n")
        assert sent.endswith(b"\n")
        decode(sent)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"POST / HTTP/1.1",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"jsonrpc":"1.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"2.0","id":null,"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1}}',
        b'{"jsonrpc":"2.0","id":1,"method":"x","result":{}}',
        b'{"jsonrpc":"2.0","id":null,"method":"x"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"x"}',
        b'{"jsonrpc":"2.0","id":true,"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"error":{}}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'{"jsonrpc":"2.0","method":"' + b"x" * 300 + b'"}',
        b'[{"jsonrpc":"2.0","id":1,"result":{}}]',
        b'{"jsonrpc":"2.0","id":1,"result":{}} {}',
        b"[" * 500_000,
        b'{"jsonrpc":"2.0","method":"x","params":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"data":' + b"[" * 8_000 + b"]" * 8_000 + b"}}",
        b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"data":"' + b"x" * MAX_DATA_BYTES + b'"}}',
        b'{"jsonrpc":"2.0","id":1,"result":"' + b"x" * MAX_LINE_BYTES + b'"}',
    ],
)
def test_what_is_no_message_is_an_error(bad: bytes) -> None:
    """Broken, nested, oversized, ambiguous, a batch: refused, with a text that quotes nothing of it."""
    with pytest.raises(ProtocolError) as caught:
        decode(bad)
    assert "x" * 20 not in str(caught.value)


@given(
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(NAMES), JSON).map(lambda value: json.dumps(value).encode())
)
def test_any_line_is_understood_or_refused(data: bytes) -> None:
    """Never another exception."""
    try:
        message: Message | None = decode(data)
    except ProtocolError:
        message = None
    match message:
        case Request(_, _, raw) | Notification(_, raw) | Answer(_, raw):
            for kind in (Hello, Status, RawData, FaceCodeResult, PayResult, FaceCodeRequest, Nothing):
                try:
                    parse(raw, kind)
                except ProtocolError:
                    continue
        case _:
            pass


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Hello, {**HELLO, "provider": "paypal"}),
        (Hello, {"provider": "wechat"}),
        (Hello, {**HELLO, "deviceId": "x" * 257}),
        (Hello, {**HELLO, "token": None}),
        (Status, {"state": "sleepy"}),
        (RawData, {"rawdata": 1}),
        (FaceCodeResult, {"faceCode": ""}),
        (FaceCodeResult, {"faceCode": f"{SECRET}\n"}),
        (FaceCodeResult, {"faceCode": f"{SECRET} "}),
        (FaceCodeResult, {"faceCode": SECRET, "openid": "人"}),
        (FaceCodeResult, {"faceCode": SECRET * 1000}),
        (FaceCodeResult, {"openid": SECRET}),
        (FaceCodeRequest, {"amount": "1250"}),
        (PayResult, {"orderNo": "1", "outcome": "MAYBE"}),
    ],
)
def test_wrong_contents_are_an_error_without_them(kind: type[msgspec.Struct], content: dict[str, object]) -> None:
    """Missing, mistyped, too long, with control characters: refused; neither the error nor its cause quotes it."""
    with pytest.raises(ProtocolError) as caught:
        parse(msgspec.Raw(json.dumps(content).encode()), kind)
    assert SECRET not in repr(caught.value)
    assert None is caught.value.__cause__


def test_too_long_a_line_is_not_sent() -> None:
    """It would break the connection at the other side."""
    with pytest.raises(ProtocolError, match="1 MiB"):
        encode_request(1, "x", RawData("x" * MAX_LINE_BYTES))


def test_nothing_secret_is_shown() -> None:
    """Neither tokens nor face codes nor what authenticates us, in any message or content."""
    shown = [
        Hello("wechat", "cam-1", "3.2", TOKEN),
        RawData(SECRET),
        WANTED,
        FaceCodeResult(SECRET, SECRET, SECRET),
        decode(encode_answer(1, FaceCodeResult(SECRET))),
        decode(encode_request(1, "hello", Hello("wechat", "cam-1", "3.2", TOKEN))),
        decode(encode_failure(1, 1, SECRET, SECRET)),
    ]
    for text in map(repr, shown):
        assert SECRET not in text
        assert TOKEN not in text
        assert WANTED.authinfo not in text
