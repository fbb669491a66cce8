"""PURE. What is said on the line to the face bridge: JSON-RPC 2.0, one UTF-8 JSON object a line, both ways.

    bridge ──► hello (request), status (notification)        answers and errors
    posd   ──► rawdata, face_code, result, stop (requests)   ◄──┘

`decode` gives one of `Request`, `Notification`, `Answer`, `Failure`, whose contents `parse` turns into a typed value.
What is not as it should be is a `ProtocolError`, whose text holds nothing of the line: there may be a face code in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar, cast

import msgspec

from devices.face.errors import Json

# The documented limit for both sides. Raw data of an SDK is some ten kilobytes.
MAX_LINE_BYTES = 1024 * 1024

# An SDK's return code, message and error code; more would take long to read.
MAX_DATA_BYTES = 16 * 1024

# Names, versions and the like are shown to people.
MAX_TEXT = 256

# Of an SDK's codes and identifiers none is longer.
MAX_CODE = 4096

Provider = Literal["wechat", "alipay"]
Outcome = Literal["SUCCESS", "ERROR"]
RequestId = int | str
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Parsed = TypeVar("Parsed")
# Graphic ASCII: nothing else belongs into a request to a gateway.
FaceCodeText = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE, pattern=r"^[!-~]+\Z")]
OpenId = Annotated[str, msgspec.Meta(max_length=MAX_CODE, pattern=r"^[!-~]*\Z")]

INVALID_REQUEST = -32600
"""The message is not what is to be said now."""
METHOD_NOT_FOUND = -32601
"""Nobody knows that method."""


class ProtocolError(ValueError):
    """The other side does not keep to the protocol: the connection is of no use any more."""


# --- lines ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """Somebody asks for something, and gets an answer under `id`."""

    id: RequestId
    method: str
    params: msgspec.Raw


@dataclass(frozen=True, slots=True, repr=False)
class Notification:
    """Somebody says something, and gets no answer."""

    method: str
    params: msgspec.Raw


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What was asked under `id` was done."""

    id: RequestId
    result: msgspec.Raw


@dataclass(frozen=True, slots=True, repr=False)
class Failure:
    """What was asked under `id` failed; without an id, it was not even understood."""

    id: RequestId | None
    code: int
    message: str
    data: Json


Message = Request | Notification | Answer | Failure


class _Error(msgspec.Struct):
    code: int
    message: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Line(msgspec.Struct):
    jsonrpc: Literal["2.0"]
    id: RequestId | msgspec.UnsetType | None = msgspec.UNSET
    method: Text | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: _Error | msgspec.UnsetType = msgspec.UNSET


def decode(line: bytes) -> Message:
    """What a line says; raises `ProtocolError`."""
    if len(line) > MAX_LINE_BYTES:
        raise ProtocolError("a line is longer than 1 MiB")
    read = _read(line, _Line)
    if read.method is not msgspec.UNSET:
        return _asked(read, read.method)
    if read.result is not msgspec.UNSET and read.error is msgspec.UNSET and isinstance(read.id, int | str):
        return Answer(read.id, read.result)
    if read.error is not msgspec.UNSET and read.result is msgspec.UNSET and read.id is not msgspec.UNSET:
        return _failed(read.id, read.error)
    raise ProtocolError("a line is neither a request nor an answer")


def _asked(read: _Line, method: str) -> Request | Notification:
    if read.result is not msgspec.UNSET or read.error is not msgspec.UNSET or read.id is None:
        raise ProtocolError("a line is both a request and an answer")
    if read.id is msgspec.UNSET:
        return Notification(method, read.params)
    return Request(read.id, method, read.params)


def _failed(number: RequestId | None, error: _Error) -> Failure:
    data = bytes(error.data)
    if len(data) > MAX_DATA_BYTES:
        raise ProtocolError("the data of an error is longer than 16 KiB")
    return Failure(number, error.code, error.message, cast("Json", _read(data, object)))


def parse(raw: msgspec.Raw, kind: type[Parsed]) -> Parsed:
    """The parameters or the result of a message as a typed value; raises `ProtocolError`. Unknown names are ignored."""
    return _read(bytes(raw), kind)


def _read(data: bytes, kind: type[Parsed]) -> Parsed:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError:
        # Neither text nor cause of it: both may quote the line.
        raise ProtocolError(f"a line lacks something, or something has the wrong type ({kind.__name__})") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProtocolError("a line is no JSON") from None
    except RecursionError:
        raise ProtocolError("a line is nested too deeply") from None


def encode_request(number: RequestId, method: str, params: msgspec.Struct) -> bytes:
    """A request with its line end; raises `ProtocolError` when it would be too long."""
    return _line({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def encode_notification(method: str, params: msgspec.Struct) -> bytes:
    """A notification with its line end."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def encode_answer(number: RequestId, result: msgspec.Struct) -> bytes:
    """An answer with its line end."""
    return _line({"jsonrpc": "2.0", "id": number, "result": result})


def encode_failure(number: RequestId | None, code: int, message: str, data: Json = None) -> bytes:
    """An error with its line end."""
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return _line({"jsonrpc": "2.0", "id": number, "error": error})


def _line(content: dict[str, object]) -> bytes:
    line = msgspec.json.encode(content)
    if len(line) > MAX_LINE_BYTES:
        raise ProtocolError("what is to be sent is longer than 1 MiB")
    return line + b"\n"


# --- contents ---------------------------------------------------------------------------------------------------------


class Nothing(msgspec.Struct, frozen=True):
    """`{}`: no parameters, or done."""


class Hello(msgspec.Struct, frozen=True, rename="camel"):
    """The first message of a bridge. `token` is needed on TCP only."""

    provider: Provider
    device_id: Text
    sdk_version: Text
    token: Text = ""

    def __repr__(self) -> str:
        return f"Hello(provider={self.provider!r}, device_id={self.device_id!r}, sdk_version={self.sdk_version!r})"


class Status(msgspec.Struct, frozen=True):
    """How camera and SDK are."""

    state: Literal["ready", "fault"]
    detail: str = ""


class RawData(msgspec.Struct, frozen=True):
    """What the SDK wants to have sent to the vendor before a face is taken."""

    rawdata: str

    def __repr__(self) -> str:
        return f"RawData(<{len(self.rawdata)} characters>)"


class FaceCodeRequest(msgspec.Struct, frozen=True, rename="camel"):
    """Take a face. All but `store_id` and on comes from the gateway's answer to the face-auth call.

    `amount` is in fen. `face_code_type` is `"0"` for a face code, `"1"` for 18 digits that pay as an auth code does.
    `timeout` is how long the SDK may look for a face, in seconds.
    """

    authinfo: str
    appid: str
    mch_id: str
    sub_appid: str
    sub_mch_id: str
    store_id: str
    order_no: str
    amount: int
    face_code_type: Literal["0", "1"]
    timeout: int

    def __repr__(self) -> str:
        return f"FaceCodeRequest(order_no={self.order_no!r}, face_code_type={self.face_code_type!r})"


class FaceCodeResult(msgspec.Struct, frozen=True, rename="camel"):
    """The face was recognised: a payment credential. Whose it is, the bridge said in its `hello`."""

    face_code: FaceCodeText
    openid: OpenId = ""
    sub_openid: OpenId = ""

    def __repr__(self) -> str:
        return f"FaceCodeResult(<{len(self.face_code)} characters>)"


class PayResult(msgspec.Struct, frozen=True, rename="camel"):
    """How the payment ended: until it is told, the screen of the device waits."""

    order_no: str
    outcome: Outcome
