"""What may stand in the configuration file: one frozen structure a section, default and meaning beside each key.

The reference in the documentation is made from this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from posd.payment.auth_code import Secret, Wallet


def _about(text: str, **limits: Any) -> msgspec.Meta:
    return msgspec.Meta(description=text, **limits)


Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]
Pin = Annotated[str, msgspec.Meta(pattern="^[0-9A-Fa-f]{64}$")]
Window = Annotated[float, msgspec.Meta(ge=2, le=600)]


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """Which till this is."""

    id: Annotated[str, _about("1-8 letters or digits; begins every order number", pattern="^[0-9A-Za-z]{1,8}$")]
    store_id: Annotated[str, _about("the store's number at the gateway", max_length=32)] = ""
    store_name: Annotated[str, _about("heads every receipt", max_length=64)] = ""
    operator: Annotated[str, _about("the cashier, where the POS names none", max_length=32)] = "00000001"
    locale: Annotated[Literal["zh-CN", "en"], _about("of receipts, page and messages")] = "zh-CN"
    timezone: Annotated[str, _about("of every time and date that is shown")] = "Asia/Shanghai"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)


class JournalSection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the truth is kept."""

    path: Annotated[str, _about("the journal; its directory must belong to posd's user")] = "/var/lib/posd/journal.db"
    keep_days: Annotated[int, _about("days after which what is done with goes to the archive; 0: never", ge=0)] = 400
    archive: Annotated[str | None, _about("directory of the archive; without: archive, beside the journal")] = None

    @property
    def archive_folder(self) -> Path:
        """Where old days go."""
        return Path(self.archive) if self.archive is not None else Path(self.path).parent / "archive"


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """How the POS reaches posd."""

    socket: Annotated[str, _about("Unix socket, always served")] = "/run/posd/posd.sock"
    socket_mode: Annotated[str, _about("its file mode", pattern="^0[0-7]{3}$")] = "0660"
    socket_group: Annotated[str | None, _about("its group")] = None
    listen: Annotated[str | None, _about("HOST:PORT on the loopback, served beside the socket")] = None
    token: Annotated[Secret | None, _about("bearer token of the TCP listener; required with listen")] = None
    allowed_origins: Annotated[tuple[str, ...], _about("web origins that may call, beside posd's own page")] = ()


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """How payments are taken."""

    gateway: Annotated[str, _about("the gateway where no route says otherwise")]
    window: Annotated[Window, _about("seconds from submit until posd stops hoping and voids")] = 15.0
    qr_window: Annotated[Window, _about("the same for a QR code, from the moment it can be shown")] = 120.0
    armed_timeout: Annotated[float, _about("seconds that posd waits for a scan or a face", ge=2, le=3600)] = 120.0
    arrival_horizon: Annotated[
        float, _about("seconds after which a request that the gateway does not know will not arrive", ge=2, le=600)
    ] = 60.0
    poll_interval: Annotated[float, _about("seconds between two queries of one payment", ge=0.2, le=60)] = 1.0
    max_inflight_queries: Annotated[int, _about("queries of one payment on the wire at once", ge=1, le=16)] = 4
    routes: Annotated[dict[Wallet, str], _about("wallet -> gateway")] = {}
    windows: Annotated[dict[Wallet, Window], _about("wallet -> window")] = {}


class GatewaySection(msgspec.Struct, frozen=True, kw_only=True):
    """What every gateway has; what its protocol needs besides stands further down."""

    protocol: Annotated[
        Literal["chaoying", "umf-huishang", "umf-sp", "chinaums", "daxpay"], _about("which of the five")
    ]
    base_url: Annotated[str, _about("https://…; http:// only for the loopback", pattern="^https?://[^/?#]+[^?#]*$")]
    connect_timeout: Annotated[Seconds, _about("seconds to connect")] = 3.0
    pay_timeout: Annotated[Seconds, _about("seconds to wait for the answer to a pay request")] = 30.0
    query_timeout: Annotated[Seconds, _about("seconds to wait for every other answer")] = 10.0
    poll_interval: Annotated[float | None, _about("instead of the one of [payments]", ge=0.2, le=60)] = None
    ca_file: Annotated[str | None, _about("certificate authorities to trust instead of the system's")] = None
    pin_sha256: Annotated[
        tuple[Pin, ...], _about("SHA-256 of the public keys that are believed, besides a certificate that verifies")
    ] = ()


class Notify(msgspec.Struct, frozen=True, kw_only=True):
    """Where gateways send their notifications."""

    listen: Annotated[str, _about("HOST:PORT; the only listener that may face the network")]


class Scanner(msgspec.Struct, frozen=True, kw_only=True):
    """A code scanner."""

    name: Annotated[str, _about("its name in events and devices", pattern="^[0-9A-Za-z_.-]{1,32}$")]
    type: Annotated[Literal["serial", "hid", "hidraw"], _about("how it is wired")]
    port: Annotated[str | None, _about("serial: its device, best by /dev/serial/by-id")] = None
    baudrate: Annotated[int, _about("serial: its speed", ge=300, le=4_000_000)] = 9600
    device: Annotated[str | None, _about("hid, hidraw: its device, best by /dev/input/by-id")] = None
    grab: Annotated[Literal["always", "armed"], _about("hid: whether it may type into the till while idle")] = "always"
    prefix: Annotated[str, _about("characters it puts before every code", max_length=16)] = ""
    suffix: Annotated[str, _about("characters it puts after every code", max_length=16)] = ""


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """Where the face bridge connects."""

    name: Annotated[str, _about("its name in events and devices", pattern="^[0-9A-Za-z_.-]{1,32}$")] = "face"
    listen: Annotated[str, _about("a Unix socket, or HOST:PORT on the loopback")]
    token: Annotated[Secret | None, _about("required with HOST:PORT")] = None


class Printer(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt printer."""

    name: Annotated[str, _about("its name in events and devices", pattern="^[0-9A-Za-z_.-]{1,32}$")] = "printer"
    type: Annotated[Literal["tcp", "serial", "usb", "device", "cups", "file", "none"], _about("how it is wired")] = (
        "none"
    )
    host: Annotated[str | None, _about("tcp: its address")] = None
    port: Annotated[int | str | None, _about("tcp: its port (9100); serial: its device")] = None
    baudrate: Annotated[int, _about("serial: its speed", ge=300, le=4_000_000)] = 9600
    device: Annotated[str | None, _about("device: /dev/usb/lp0; usb: VENDOR:PRODUCT in hexadecimal")] = None
    queue: Annotated[str | None, _about("cups: the name of a raw queue")] = None
    path: Annotated[str | None, _about("file: where every job is appended")] = None
    paper: Annotated[Literal[58, 80], _about("mm: 58 (32 columns) or 80 (48 columns)")] = 58
    encoding: Annotated[Literal["gb18030", "gbk", "image"], _about("of Chinese; image for printers without")] = (
        "gb18030"
    )
    copies: Annotated[Literal[1, 2], _about("2: a merchant's slip as well")] = 1
    drawer: Annotated[bool, _about("whether a cash drawer hangs on it")] = False


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the store adds to its receipts."""

    header: Annotated[tuple[str, ...], _about("lines under the store's name")] = ()
    footer: Annotated[tuple[str, ...], _about("lines at the end")] = ()


class Gateway(msgspec.Struct, frozen=True):
    """One gateway: what all have, and what its protocol needs."""

    name: str
    common: GatewaySection
    settings: Any
    """The ``…Settings`` of its protocol."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration, checked."""

    path: str
    terminal: Terminal
    journal: JournalSection
    api: Api
    payments: Payments
    gateways: dict[str, Gateway]
    scanners: tuple[Scanner, ...] = ()
    notify: Notify | None = None
    face: Face | None = None
    printer: Printer = Printer()
    receipt: Receipt = Receipt()

    def gateway_for(self, wallet: Wallet | None) -> str:
        """The name of the gateway that takes this wallet's money."""
        return self.payments.routes.get(wallet, self.payments.gateway) if wallet else self.payments.gateway

    def window_s(self, wallet: Wallet | None) -> float:
        """The window of a scanned code or a face of this wallet, in seconds."""
        return self.payments.windows.get(wallet, self.payments.window) if wallet else self.payments.window
