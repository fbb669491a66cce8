"""Events, verdicts, payments and refunds keep their meaning on disk (``posd.payment.events``)."""

from __future__ import annotations

import ast
import inspect
from typing import get_args

import msgspec
import pytest

from posd.payment import actions, events, verdicts
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Wallet
from posd.payment.events import (
    Answered,
    AnyVerdict,
    Armed,
    AttentionRaised,
    Created,
    FaceAsked,
    FaceTold,
    PaymentEvent,
    Resolved,
    Resumed,
    Source,
    Status,
    Submitted,
    UndoStep,
    VoidBy,
    VoidRequested,
    VoidSent,
)
from posd.payment.payment import Payment
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    Evidence,
    NotFound,
    NotSent,
    Paid,
    Pending,
    Reason,
    RefundDone,
    Refunded,
    RefundFailed,
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    Refusal,
    Refused,
    Unknown,
)
from tests.payment.playbook import PAID, Playbook

EVERY_VERDICT: list[AnyVerdict] = [
    Paid(Amounts.paid(Fen(5), Fen(4)), "T", "C", "20261120100000", (("promotion_detail", "[]"),), Fen(1)),
    Declined(Reason.CODE_USED),
    Pending("https://pay.example/1"),
    Closed(),
    Refunded(),
    NotFound(),
    Accepted(),
    Refused(Refusal.TOO_LATE),
    Unknown(Doubt.MISMATCH),
    NotSent(),
    RefundDone(Fen(3)),
    RefundProcessing(),
    RefundFailed(),
    RefundNotSure(),
    RefundManual(),
]

EVERY_EVENT: list[PaymentEvent] = [
    Created(1, "pay_1", "A1", Fen(5), Method.FACE, Wallet.ECNY, "main", 15_000, "B-1", "示例商品", "00000001"),
    Armed(2, 120_000),
    FaceAsked(2),
    FaceTold(2),
    Submitted(3, Method.BARCODE, Wallet.WECHAT, "main", 15_000, "13************6789", 2),
    *(Answered(4, Source.QUERY, 3, verdict, Evidence("1", "好", 200, "n"), 7) for verdict in EVERY_VERDICT),
    VoidRequested(5, VoidBy.CASHIER),
    VoidSent(6, UndoStep.REFUND),
    Resolved(7, Status.CANCELLED, Reason.WINDOW_ELAPSED, "m"),
    AttentionRaised(8, Reason.SLOW_VOID, "n"),
    Resumed(9, clock_trusted=False),
]


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_an_event_is_read_as_it_was_written(event: PaymentEvent) -> None:
    """Each kind, with each verdict, comes back from JSON the same and of the same type."""
    read = msgspec.json.decode(msgspec.json.encode(event), type=PaymentEvent)
    assert event == read
    assert type(event) is type(read)


def test_every_kind_is_tried() -> None:
    """The lists above forget no verdict and no event, and no two of a kind share a tag."""
    assert set(get_args(AnyVerdict)) == {type(verdict) for verdict in EVERY_VERDICT}
    assert set(get_args(PaymentEvent)) == {type(event) for event in EVERY_EVENT}
    tags = [kind.__struct_config__.tag for kind in (*get_args(AnyVerdict), *get_args(PaymentEvent))]
    assert len(tags) == len(set(tags))


def test_a_payment_is_read_as_it_was_written() -> None:
    """The projection on disk is the payment."""
    play = Playbook(window_s=5).submit().at(1).answer(Source.PAY, Pending("q")).at(16).answer(Source.QUERY, PAID)
    play.answer(Source.CANCEL, Refused(Refusal.TOO_LATE)).answer(Source.QUERY, Unknown(Doubt.MISMATCH)).at(80)
    payment = play.payment
    assert payment == msgspec.json.decode(msgspec.json.encode(payment), type=Payment)


def test_an_unknown_event_is_not_guessed() -> None:
    """A journal of a later version is not read as something else."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"kind":"teleported","at_ms":1}', type=PaymentEvent)


@pytest.mark.parametrize("module", [events, verdicts, actions])
def test_facts_are_frozen(module: object) -> None:
    """What has happened cannot be changed."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]  # a module
    structs = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not any(getattr(base, "id", "") == "StrEnum" for base in node.bases)
    ]
    assert structs
    for node in structs:
        assert any(keyword.arg == "frozen" for keyword in node.keywords), f"{node.name} is not frozen"
