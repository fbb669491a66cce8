"""The one table of all calls. The router and the OpenAPI document are made from it."""

from __future__ import annotations

from typing import Any

import msgspec

from posd.api import events, house, payments, refunds
from posd.api.context import Call
from posd.api.schemas import NoBody, PaymentBody, ReceiptBody, RefundBody
from posd.payment.auth_code import Wallet
from posd.payment.events import Status
from posd.peripherals import TestResource
from posd.reconcile import Step
from posd.report import ReportResource
from posd.resources import DeviceList, PaymentResource, PrintJobResource, RefundResource
from posd.timeline import TimelineItem


class PaymentList(msgspec.Struct, frozen=True, rename="camel"):
    """A page of payments, the newest first."""

    items: list[PaymentResource]
    next_cursor: str | None


class TimelineList(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that happened, in order."""

    items: list[TimelineItem]
    next_cursor: None


class HealthResource(msgspec.Struct, frozen=True):
    """Whether posd serves, and what is open."""

    status: str
    version: str
    unresolved: int
    devices: dict[str, str]


class Empty(msgspec.Struct, frozen=True):
    """Nothing to say."""


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter."""

    name: str
    about: str
    schema: dict[str, Any]


_NO_CONTROLS = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
_DATE_PATTERN = "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$"
_WAIT = Parameter(
    "wait",
    "hold the answer until the status is final or so many seconds have passed",
    {"type": "number", "minimum": 0, "maximum": 60},
)
_DATE = Parameter("date", "a business date", {"type": "string", "pattern": _DATE_PATTERN})
_CURSOR = Parameter("cursor", "the nextCursor of an earlier answer", {"type": "string"})


class Route(msgspec.Struct, frozen=True):
    """One call: how it is reached, who answers it, what goes in and what comes out."""

    method: str
    path: str
    call: Call
    about: str
    returns: dict[int, Any]
    """Status -> structure, or a media type where it is none."""
    body: type[msgspec.Struct] | None = None
    body_required: bool = False
    parameters: tuple[Parameter, ...] = ()
    keyed: bool = False
    """Whether it needs an Idempotency-Key."""
    problems: dict[int, tuple[str, ...]] = msgspec.field(default_factory=dict)


_STARTING = {
    400: ("invalid_request", "idempotency_key_required", "invalid_auth_code", "wallet_mismatch"),
    409: ("terminal_busy", "auth_code_used"),
    422: ("idempotency_key_reused", "method_not_supported"),
    503: ("device_unavailable", "journal_unavailable", "stopping"),
}

ROUTES = (
    Route(
        "POST",
        "/v1/payments",
        payments.start,
        "start a payment",
        {201: PaymentResource, 200: PaymentResource},
        body=PaymentBody,
        body_required=True,
        parameters=(_WAIT,),
        keyed=True,
        problems=_STARTING,
    ),
    Route(
        "GET",
        "/v1/payments",
        payments.listing,
        "payments, the newest first",
        {200: PaymentList},
        parameters=(
            _DATE,
            Parameter("status", "only in this state", {"enum": list(Status)}),
            Parameter("wallet", "only of this wallet", {"enum": list(Wallet)}),
            Parameter(
                "reference",
                "only with this bill number of the POS",
                {"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"},
            ),
            Parameter("attention", "only those that a person should look at", {"enum": ["true"]}),
            Parameter("limit", "how many at most", {"type": "integer", "minimum": 1, "maximum": 200}),
            _CURSOR,
        ),
        problems={400: ("invalid_request",)},
    ),
    Route(
        "GET",
        "/v1/payments/{id}",
        payments.show,
        "one payment, by its id or its order number",
        {200: PaymentResource},
        parameters=(_WAIT,),
        problems={400: ("invalid_request",), 404: ("not_found",)},
    ),
    Route(
        "POST",
        "/v1/payments/{id}/cancel",
        payments.cancel,
        "the cashier gives up",
        {202: PaymentResource},
        body=NoBody,
        problems={
            400: ("invalid_request",),
            404: ("not_found",),
            409: ("already_paid", "already_final"),
            503: ("journal_unavailable",),
        },
    ),
    Route(
        "POST",
        "/v1/payments/{id}/refunds",
        refunds.start,
        "give money back",
        {201: RefundResource, 200: RefundResource},
        body=RefundBody,
        body_required=True,
        parameters=(_WAIT,),
        keyed=True,
        problems={
            400: ("invalid_request", "idempotency_key_required"),
            404: ("not_found",),
            409: ("not_refundable",),
            422: ("idempotency_key_reused", "refund_exceeds_amount"),
            503: ("journal_unavailable",),
        },
    ),
    Route(
        "GET",
        "/v1/payments/{id}/timeline",
        payments.timeline,
        "everything that happened to a payment",
        {200: TimelineList},
        problems={404: ("not_found",)},
    ),
    Route(
        "POST",
        "/v1/payments/{id}/receipt",
        payments.print_receipt,
        "print the receipt: the original if it never came out, else a copy",
        {202: PrintJobResource},
        body=ReceiptBody,
        problems={400: ("invalid_request",), 404: ("not_found",), 409: ("no_receipt",), 503: ("journal_unavailable",)},
    ),
    Route(
        "GET",
        "/v1/payments/{id}/receipt",
        payments.receipt,
        "the receipt as text or as a picture",
        {200: ("text/plain", "image/png")},
        problems={404: ("not_found",), 409: ("no_receipt",)},
    ),
    Route(
        "GET",
        "/v1/refunds/{id}",
        refunds.show,
        "one refund",
        {200: RefundResource},
        parameters=(_WAIT,),
        problems={400: ("invalid_request",), 404: ("not_found",)},
    ),
    Route(
        "POST",
        "/v1/refunds/{id}/receipt",
        refunds.print_receipt,
        "print the receipt of a refund again",
        {202: PrintJobResource},
        body=NoBody,
        problems={400: ("invalid_request",), 404: ("not_found",), 409: ("no_receipt",), 503: ("journal_unavailable",)},
    ),
    Route(
        "GET",
        "/v1/events",
        events.events,
        "server-sent events: payment, refund, scan, device, print",
        {200: ("text/event-stream",)},
        parameters=(Parameter("after", "replay what came after this id", {"type": "string"}),),
        problems={400: ("invalid_request",)},
    ),
    Route("GET", "/v1/devices", house.devices, "every scanner, printer and bridge", {200: DeviceList}),
    Route(
        "POST",
        "/v1/devices/{name}/test",
        house.test_device,
        "try a device without moving money",
        {202: TestResource},
        body=NoBody,
        problems={400: ("invalid_request",), 404: ("not_found",), 503: ("device_unavailable", "journal_unavailable")},
    ),
    Route(
        "POST",
        "/v1/drawer/open",
        house.open_drawer,
        "kick the cash drawer",
        {202: Empty},
        body=NoBody,
        problems={400: ("invalid_request",), 409: ("no_drawer",), 503: ("device_unavailable",)},
    ),
    Route(
        "GET",
        "/v1/report",
        house.report,
        "the figures of a day",
        {200: ReportResource},
        parameters=(_DATE,),
        problems={400: ("invalid_request",)},
    ),
    Route(
        "POST",
        "/v1/report/print",
        house.print_report,
        "print the figures of a day",
        {202: PrintJobResource},
        body=NoBody,
        parameters=(_DATE,),
        problems={400: ("invalid_request",), 503: ("device_unavailable", "journal_unavailable")},
    ),
    Route(
        "POST",
        "/v1/reconcile",
        house.reconcile,
        "ask the gateways again about some payments of a day",
        {200: Step},
        body=NoBody,
        parameters=(_DATE, _CURSOR),
        problems={400: ("invalid_request",), 503: ("journal_unavailable",)},
    ),
    Route("GET", "/healthz", house.health, "whether posd serves", {200: HealthResource}),
    Route("GET", "/metrics", house.metrics, "figures for Prometheus", {200: ("text/plain",)}),
)
