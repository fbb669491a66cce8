"""PURE. What can go wrong when a face is asked for. One tree; each says what the payment can do."""

from __future__ import annotations

from devices.errors import DeviceError

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""Any JSON value."""


class FaceError(DeviceError):
    """The bridge gave no face code.

    `code` is its JSON-RPC error code; `data` is what the SDK said, unchanged: its return code, message and error code.
    Neither is in the text of the error, for nobody knows what an SDK writes there.
    """

    def __init__(self, detail: str, code: int | None = None, data: Json = None) -> None:
        super().__init__(detail)
        self.code = code
        self.data = data


class FaceUserCancelled(FaceError):
    """The customer does not want to."""


class FaceSwitchedToScan(FaceError):
    """The customer chose to show a code instead."""


class FaceNotInitialised(FaceError):
    """The SDK is not ready yet; a moment later it may be."""


class FaceTimedOut(FaceError):
    """No face came in time, or no answer."""


class FaceDeviceFault(FaceError):
    """Camera or SDK do not work; a person has to look."""


class BridgeLost(FaceError):
    """No bridge is connected, or it went away before it answered: what was asked may have been done or not."""


_BY_CODE: dict[int, tuple[type[FaceError], str]] = {
    -32001: (FaceUserCancelled, "the customer cancelled"),
    -32002: (FaceSwitchedToScan, "the customer chose to scan a code"),
    -32003: (FaceNotInitialised, "the SDK is not initialised: look at the bridge"),
    -32004: (FaceTimedOut, "no face was seen in time"),
    -32005: (FaceDeviceFault, "the camera or its SDK does not work: look at the bridge"),
}


def error_for(code: int, data: Json) -> FaceError:
    """The error a bridge means by a code; one it should not send is a fault of the device."""
    kind, detail = _BY_CODE.get(code, (FaceDeviceFault, f"the bridge answered with error {code}: look at the bridge"))
    return kind(detail, code, data)
