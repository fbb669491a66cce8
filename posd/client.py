"""A small client of posd's API, on the Unix socket: for the command line and for programs in Python.

    with Client("/run/posd/posd.sock") as posd:
        payment = posd.pay(amount=1250, auth_code="13…", key=bill_number, wait_s=60)
        if payment.status is Status.PAID: …

Blocking; one request at a time. Uses nothing but the standard library and the structures of ``posd.resources``.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from posd.reconcile import Step
from posd.resources import DeviceList, DeviceResource, PaymentResource, PrintJobResource, RefundResource

T = TypeVar("T")

TIMEOUT_S = 90.0
"""Longer than the longest held request (60 s)."""
HOLD_S = 50.0
"""How long one held request waits; then it is asked again."""


class ClientError(Exception):
    """The root of this client's errors."""


class Unreachable(ClientError):
    """Nobody answers on the socket. ``sent``: the request may have arrived all the same."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class ProblemAnswer(ClientError):
    """posd refused; ``code`` is stable, the message says what to do."""

    def __init__(self, status: int, code: str, detail: str, *, retryable: bool) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retryable = retryable


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket file instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Client:
    """One connection to one posd; not for several threads. Raises Unreachable and ProblemAnswer from every call."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path
        self._http = _Connection(socket_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    # --- payments

    def pay(self, amount: int, key: str, *, wait_s: float = 0, **body: Any) -> PaymentResource:  # noqa: ANN401 - JSON
        """Start a payment of ``amount`` fen. The same ``key`` and body again give the same payment."""
        values = {"amount": amount, **body}
        return self._post("/v1/payments", values, PaymentResource, key=key, query={"wait": wait_s})

    def payment(self, ident: str, *, wait_s: float = 0) -> PaymentResource:
        """One payment; held until it is final or ``wait_s`` seconds have passed."""
        return self.get(f"/v1/payments/{quote(ident, safe='')}", PaymentResource, {"wait": wait_s})

    def cancel(self, ident: str) -> PaymentResource:
        """The cashier gives up."""
        return self._post(f"/v1/payments/{quote(ident, safe='')}/cancel", None, PaymentResource)

    def refund(self, ident: str, amount: int, key: str) -> RefundResource:
        """Give ``amount`` fen back."""
        return self._post(f"/v1/payments/{quote(ident, safe='')}/refunds", {"amount": amount}, RefundResource, key=key)

    def refund_status(self, refund_id: str, *, wait_s: float = 0) -> RefundResource:
        """One refund; held as ``payment`` is."""
        return self.get(f"/v1/refunds/{quote(refund_id, safe='')}", RefundResource, {"wait": wait_s})

    def print_receipt(self, path: str) -> PrintJobResource:
        """Print the receipt behind ``/v1/payments/{id}`` or ``/v1/refunds/{id}``."""
        return self._post(f"{path}/receipt", None, PrintJobResource)

    # --- the till

    def devices(self) -> list[DeviceResource]:
        """Every device that is configured."""
        return self.get("/v1/devices", DeviceList).items

    def reconcile(self, date: str, cursor: str | None) -> Step:
        """Ask the gateways again about some payments of a day; go on with ``next_cursor``."""
        return self._decode(self.request("POST", _with_query("/v1/reconcile", {"date": date, "cursor": cursor})), Step)

    # --- plumbing

    def get(self, path: str, kind: type[T], query: Mapping[str, object] | None = None) -> T:
        """Any resource."""
        return self._decode(self.request("GET", _with_query(path, query)), kind)

    def text(self, path: str) -> str:
        """Any text."""
        return self.request("GET", path, accept="text/plain").decode("utf-8")

    def post(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """A call without a body; its answer as JSON."""
        return json.loads(self.request("POST", path))

    def _post(
        self,
        path: str,
        body: Mapping[str, object] | None,
        kind: type[T],
        key: str | None = None,
        query: Mapping[str, object] | None = None,
    ) -> T:
        return self._decode(self.request("POST", _with_query(path, query), body, key), kind)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        key: str | None = None,
        accept: str = "application/json",
    ) -> bytes:
        """One request; the body of a good answer."""
        headers = {"Accept": accept}
        content = json.dumps(body).encode() if body is not None else None
        if content is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        kept = self._http.sock is not None
        try:
            status, data = self._exchange(method, path, content, headers)
        except Unreachable:
            # posd closes a connection that was idle for long; what is safe to repeat is asked again on a new one.
            if not kept or not (method == "GET" or key is not None or path.endswith("/cancel")):
                raise
            status, data = self._exchange(method, path, content, headers)
        if status >= 400:
            raise _problem(status, data)
        return data

    def _exchange(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        sent = False
        try:
            if self._http.sock is None:
                self._http.connect()
            sent = True
            self._http.request(method, path, content, headers)
            response = self._http.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise Unreachable(f"no posd answers on {self._path}: {error}; is it running?", sent=sent) from error

    @staticmethod
    def _decode(data: bytes, kind: type[T]) -> T:
        return msgspec.json.decode(data, type=kind)


def _with_query(path: str, query: Mapping[str, object] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None and value != 0}
    return f"{path}?{urlencode(given)}" if given else path


def _problem(status: int, data: bytes) -> ProblemAnswer:
    try:
        body = json.loads(data)
        return ProblemAnswer(status, body["code"], body["detail"], retryable=body["retryable"])
    except (ValueError, KeyError, TypeError):
        return ProblemAnswer(status, "unknown", f"posd answered {status}", retryable=False)
