"""Notifications: when they go out, what is wrong with them where that is wanted, when they are repeated."""

from __future__ import annotations

import pytest

from posd.gateways.base import HttpResponse
from posd.gateways.simulator.behaviour import NoticeFault, Plan
from posd.gateways.simulator.protocol import Event
from posd.gateways.simulator.reply import Send
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Wallet
from posd.payment.verdicts import Doubt, Paid, PaymentVerdict, Unknown
from tests.gateways.simulator.support import NOTIFY_URL, Till, chaoying_till


@pytest.fixture
def till() -> Till:
    """A till that wants notifications."""
    return chaoying_till(notify_url=NOTIFY_URL)


def shown(till: Till, plan: Plan, amount: int = 1000, wallet: Wallet = Wallet.WECHAT) -> str:
    """The number of an order whose code is shown."""
    till.plan(plan)
    order = till.qr_order(amount, wallet)
    till.pay(order)
    return order.order_no


def read(till: Till, send: Send, amount: int = 1000) -> PaymentVerdict | None:
    """What a client makes of a notification; None where it does not take it for one."""
    notice = till.codec.read_notification(HttpResponse(200, send.body, {"content-type": send.content_type}), till.stamp)
    if notice is None:
        return None
    order = till.sandbox.bank.find(notice.order_no)
    ref = till.ref(till.order(amount), order_no=order.order_no if order else "?")
    return notice.read(ref).verdict


@pytest.mark.parametrize("wallet", [Wallet.WECHAT, Wallet.ALIPAY])
def test_a_payment_is_told(till: Till, wallet: Wallet) -> None:
    """Once the customer has paid, rightly signed, with its amounts; not before, and not again when it was taken."""
    order_no = shown(till, Plan(confirm_after_ms=5000, discount_fen=300), wallet=wallet)
    till.wait(4.9)
    assert till.due() == []
    till.wait(0.1)
    [send] = till.due()
    assert send.url == NOTIFY_URL
    told = read(till, send)
    assert isinstance(told, Paid)
    assert told.amounts == Amounts(Fen(1000), Fen(300), Fen(700))
    assert send.done(200, "success", till.now_ms) is None
    order = till.sandbox.bank.find(order_no)
    assert order is not None
    assert [(notice.event, notice.status, notice.acknowledged) for notice in order.notices] == [("paid", 200, True)]


@pytest.mark.parametrize(("status", "text"), [(None, "ClientError"), (500, "success"), (200, "SUCCESS"), (200, "fail")])
def test_what_is_not_taken_comes_again(till: Till, status: int | None, text: str) -> None:
    """After 0, 15, 15, 30, 180, four times 1800 and 3600 seconds; then never."""
    shown(till, Plan(confirm_after_ms=0))
    [send] = till.due()
    pauses = []
    later = send.done(status, text, till.now_ms)
    while later is not None:
        pauses.append((later.at_ms - till.now_ms) // 1000)
        till.now_ms = later.at_ms
        again = later.act(till.now_ms)
        assert again is not None
        later = again.done(status, text, till.now_ms)
    assert pauses == [15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600]


def test_what_is_undone_meanwhile_is_not_told(till: Till) -> None:
    """A notification of a payment that no longer stands would be a lie."""
    till.plan(Plan(confirm_after_ms=1000))
    order = till.qr_order()
    till.pay(order)
    till.cancel(order)
    till.wait(5)
    assert till.due() == []


def test_nobody_to_tell(till: Till) -> None:
    """Without notify_url, and for bar codes, where the document knows no notification."""
    quiet = chaoying_till(till.sandbox)
    shown(quiet, Plan())
    assert quiet.due() == []
    till.pay(till.order())
    assert till.due() == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (NoticeFault.NONE, []),
        (NoticeFault.LIE, [None]),
        (NoticeFault.WRONG_AMOUNT, [Unknown(Doubt.MISMATCH)]),
        (NoticeFault.WRONG_ORDER, [Unknown(Doubt.MISMATCH)]),
    ],
)
def test_what_is_wrong_is_not_believed(till: Till, fault: NoticeFault, expected: list[PaymentVerdict | None]) -> None:
    """None, wrongly signed, of another amount, of another order."""
    shown(till, Plan(notice=fault))
    assert [read(till, send) for send in till.due()] == expected


def test_each_one_twice(till: Till) -> None:
    """Duplicates are what every document warns of."""
    shown(till, Plan(notice=NoticeFault.TWICE))
    first, second = till.due()
    assert isinstance(read(till, first), Paid)
    assert isinstance(read(till, second), Paid)


def test_a_customer_who_pays_by_hand_is_told_of(till: Till) -> None:
    """The page of the code leads to a notification too."""
    till.sandbox.scripts.clear()
    order = till.qr_order()
    till.pay(order)
    till.later += till.sandbox.confirm(till.truth(order), till.now_ms) or ()
    [send] = till.due()
    assert isinstance(read(till, send), Paid)


def test_one_at_once_whatever_is_true(till: Till) -> None:
    """For scripts: an order that nobody paid, told as it stands, once."""
    order = till.qr_order()
    till.pay(order)
    send = till.sandbox.notice(till.truth(order), Event.PAID, None, NoticeFault.OK, till.now_ms)
    assert send is not None
    assert read(till, send) == Unknown(Doubt.UNCLEAR_CODE)
    assert send.done(None, "refused", till.now_ms) is None
