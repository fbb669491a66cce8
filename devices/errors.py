"""PURE. What can go wrong with a device. The branch says what is known about the bytes; `detail` says what to do."""

from __future__ import annotations


class DeviceError(Exception):
    """A device could not do what it was asked to. `detail` is a sentence a technician can act on, without secrets."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class DeviceUnavailable(DeviceError):
    """It cannot be reached or opened; nothing was sent. Try again later."""


class DeviceLost(DeviceError):
    """It broke while in use: what was sent may have had its effect, in part or in full."""


class DeviceFault(DeviceError):
    """It is there and says that it cannot work: out of paper, cover open, not initialised. A person has to look."""
