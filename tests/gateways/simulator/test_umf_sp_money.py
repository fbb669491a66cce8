"""The behaviours of the table, with posd's own UMF SP codec as the client: what it reads is compared with the truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import FaceAuth, FaceAuthRequest, HttpResponse, PayOrder
from posd.gateways.simulator.behaviour import CancelFault, NoticeFault, PayFault, Plan, QueryFault, RefundFault
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.magic import TABLE
from posd.gateways.simulator.orders import Phase, State
from posd.gateways.simulator.protocol import Event
from posd.gateways.simulator.reply import Broken
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import Secret, Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import (
    Accepted,
    Closed,
    Declined,
    Doubt,
    NotFound,
    Paid,
    Pending,
    Reason,
    RefundDone,
    RefundFailed,
    RefundProcessing,
    Refusal,
    Refused,
    Unknown,
)
from tests.gateways.simulator.support import NOTIFY_URL, Till, till_of

UNCLEAR, TOO_OFTEN = Unknown(Doubt.UNCLEAR_CODE), Unknown(Doubt.TOO_OFTEN)
BAD_SIGNATURE, MISMATCH = Unknown(Doubt.BAD_SIGNATURE), Unknown(Doubt.MISMATCH)
STILL_PAYING, TOO_LATE, OTHER = Refused(Refusal.STILL_PAYING), Refused(Refusal.TOO_LATE), Refused(Refusal.OTHER)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Keys that are made once."""
    return KeyRing(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def till(keys: KeyRing) -> Till:
    """A till that speaks UMF SP."""
    return till_of("umf-sp", Sandbox(keys))


def magic(code: str, parameter: int = 0) -> str:
    """A WeChat code that asks for a behaviour."""
    return f"13000000010000{code}{parameter:02d}"


def cancel(till: Till, order: PayOrder, known_paid: bool | None) -> object:
    """A cancel by what is known of the order."""
    return till.verdict(till.codec.cancel(till.ref(order, known_paid=known_paid), till.stamp))


# --- pay, query -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wallet", "code"),
    [
        (Wallet.WECHAT, "131111111111111111"),
        (Wallet.ALIPAY, "2811111111111111"),
        (Wallet.UNIONPAY, "6211111111111111111"),
    ],
)
def test_a_payment(till: Till, wallet: Wallet, code: str) -> None:
    """Pay and query say the same, it is true, and nothing about the requests is odd."""
    order = till.order(1250, code=code, attach="会员日")
    told, asked = till.pay(order), till.query(order)
    assert wallet is order.wallet
    assert isinstance(told, Paid)
    assert isinstance(asked, Paid)
    assert told.amounts == asked.amounts == Amounts.undiscounted(Fen(1250))
    assert (told.trade_no, told.channel_trade_no) == (asked.trade_no, asked.channel_trade_no)
    assert State(Phase.PAID, captured=1250) == till.state(order)
    assert [] == till.faults()


def test_a_face(till: Till) -> None:
    """Credentials for the SDK, then the 18-digit code that it gives."""
    request = FaceAuthRequest(Wallet.WECHAT, "device-1", "rdzIw3JD" * 100)
    auth = till.verdict(till.codec.face_auth(request, till.stamp))
    assert isinstance(auth, FaceAuth)
    assert (3600, "1", True) == (auth.expires_in_s, auth.face_code_type, bool(auth.authinfo))
    order = till.order(method=Method.FACE, credential=Secret("131111111111111111"))
    assert isinstance(till.pay(order), Paid)
    assert [] == till.faults()


def test_a_password(till: Till) -> None:
    """Still being paid, then paid."""
    order = till.order(code=magic("10", 4))
    assert Pending() == till.pay(order)
    assert Pending() == till.query(order)
    till.wait(4)
    assert isinstance(till.query(order), Paid)


@pytest.mark.parametrize(
    ("code", "told", "asked"),
    [
        ("20", Declined(Reason.INSUFFICIENT_FUNDS), Reason.INSUFFICIENT_FUNDS),
        ("21", Declined(Reason.CODE_EXPIRED), Reason.CODE_EXPIRED),
        ("22", Declined(Reason.CODE_USED), Reason.CODE_USED),
        ("23", Declined(Reason.CODE_INVALID), Reason.CODE_INVALID),
        ("24", Declined(Reason.LIMIT_EXCEEDED), Reason.LIMIT_EXCEEDED),
        ("25", Declined(Reason.DECLINED), Reason.DECLINED),
        ("26", UNCLEAR, Reason.USER_CANCELLED),
    ],
)
def test_a_decline(till: Till, code: str, told: object, asked: Reason) -> None:
    """By its code; one that only a channel has is told by the query in words."""
    order = till.order(code=magic(code))
    assert told == till.pay(order)
    assert Declined(asked) == till.query(order)
    assert State(Phase.FAILED) == till.state(order)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (PayFault.HANG, Broken.HANG),
        (PayFault.CUT_AFTER, Broken.CUT),
        (PayFault.ERROR_AFTER, Unknown(Doubt.HTTP_STATUS)),
        (PayFault.GARBAGE, Unknown(Doubt.BROKEN_BODY)),
        (PayFault.PENDING, Pending()),
        (PayFault.LIE, BAD_SIGNATURE),
        (PayFault.UNSIGNED, BAD_SIGNATURE),
        (PayFault.WRONG_AMOUNT, MISMATCH),
        (PayFault.WRONG_ORDER, MISMATCH),
    ],
)
def test_a_payment_behind_a_bad_answer(till: Till, fault: PayFault, seen: object) -> None:
    """Whatever became of the answer, the query tells the truth."""
    till.plan(Plan(pay=fault))
    order = till.order()
    assert seen == till.pay(order)
    assert isinstance(till.query(order), Paid)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (QueryFault.TOO_OFTEN, TOO_OFTEN),
        (QueryFault.NOT_FOUND, NotFound()),
        (QueryFault.SYSTEM_ERROR, UNCLEAR),
        (QueryFault.LIE, BAD_SIGNATURE),
        (QueryFault.UNSIGNED, BAD_SIGNATURE),
        (QueryFault.WRONG_AMOUNT, MISMATCH),
        (QueryFault.STALE, NotFound()),
    ],
)
def test_a_query_that_goes_wrong(till: Till, fault: QueryFault, seen: object) -> None:
    """Nothing but the truth is believed, and the next query has it."""
    till.plan(Plan(query=(fault, QueryFault.OK)))
    order = till.order()
    till.pay(order)
    assert seen == till.query(order)
    assert isinstance(till.query(order), Paid)


@pytest.mark.parametrize(("reading", "detected"), [("no", False), ("yes", True)])
def test_an_answer_about_another_order(till: Till, reading: str, *, detected: bool) -> None:
    """The table of the answer has no order number; where the platform gives one, it must be ours."""
    till.sandbox.set_quirk("umf-sp", "query_names_order", reading)
    till.plan(Plan(query=(QueryFault.WRONG_ORDER,)))
    order = till.order()
    till.pay(order)
    assert detected == (till.query(order) == MISMATCH)


def test_the_platforms_own_number_is_preferred(till: Till) -> None:
    """建议优先使用: by hand, an order can be asked for by ``transactionId``."""
    order = till.order()
    told = till.pay(order)
    assert isinstance(told, Paid)
    fields = {"orderNo": "0101X", "transactionId": told.trade_no or ""}
    result = till.verdict(till.codec.call("queryOrder", fields, till.stamp))
    assert not isinstance(result, Broken)
    assert ("00", True) == (result.fields["origRespCode"], result.succeeded)


# --- cancel, close ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known_paid", [True, None])
def test_what_is_paid_is_cancelled(till: Till, known_paid: bool | None) -> None:
    """Taken, then proven by the query."""
    order = till.order()
    till.pay(order)
    assert Accepted() == cancel(till, order, known_paid)
    assert Closed() == till.query(order)
    assert (Phase.REVERSED, 0) == (till.state(order).phase, till.state(order).net)
    assert [] == till.faults()


def test_what_is_not_paid_is_closed(till: Till) -> None:
    """Taken, then proven by the query."""
    order = till.order(code=magic("12"))
    till.pay(order)
    assert Accepted() == cancel(till, order, known_paid=False)
    assert Closed() == till.query(order)
    assert Phase.CLOSED is till.state(order).phase
    assert [] == till.faults()


def test_the_wrong_one_of_the_two_does_nothing(till: Till) -> None:
    """A close of what is paid and a cancel of what is not are refused; the next query tells which it must be."""
    paid, unpaid = till.order(), till.order(code=magic("12"))
    till.pay(paid)
    till.pay(unpaid)
    assert OTHER == cancel(till, paid, known_paid=False)
    assert STILL_PAYING == cancel(till, unpaid, known_paid=None)
    assert (Phase.PAID, Phase.PAYING) == (till.state(paid).phase, till.state(unpaid).phase)


def test_a_cancel_that_closes_in_the_other_reading(till: Till) -> None:
    """What ``cancelOrder`` does with an unpaid order is not said."""
    till.sandbox.set_quirk("umf-sp", "cancel_unpaid", "closes")
    order = till.order(code=magic("12"))
    till.pay(order)
    assert Accepted() == cancel(till, order, known_paid=None)
    assert Closed() == till.query(order)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (CancelFault.STILL_PAYING, STILL_PAYING),
        (CancelFault.TOO_LATE, TOO_LATE),
        (CancelFault.NOT_DONE, Accepted()),
        (CancelFault.LIE, BAD_SIGNATURE),
        (CancelFault.CUT_BEFORE, Broken.CUT),
    ],
)
def test_a_cancel_that_goes_wrong(till: Till, fault: CancelFault, seen: object) -> None:
    """Refused, taken and not done, forged, lost: the order stands, and the query says so."""
    till.plan(Plan(cancel=(fault,)))
    order = till.order()
    till.pay(order)
    assert seen == cancel(till, order, known_paid=True)
    assert isinstance(till.query(order), Paid)


def test_a_cancel_of_nothing_on_another_day_and_after_a_refund(till: Till) -> None:
    """Not there; 过了账期则需要走退费接口; what is partly back is not reversed."""
    unknown, order = till.order(), till.order()
    assert NotFound() == cancel(till, unknown, known_paid=None)
    assert NotFound() == cancel(till, unknown, known_paid=False)
    till.pay(order)
    till.refund(till.refund_order(order, 400))
    assert TOO_LATE == cancel(till, order, known_paid=True)
    till.wait(24 * 3600)
    assert TOO_LATE == cancel(till, order, known_paid=True)
    assert 600 == till.state(order).net


def test_union_pay_is_refunded(till: Till) -> None:
    """What is paid there cannot be cancelled, and is not tried to be; what is not paid is closed."""
    order = till.order(code="6211111111111111111")
    till.pay(order)
    assert TOO_LATE == cancel(till, order, known_paid=True)
    unpaid = till.order(code="6200000000100001200")
    till.pay(unpaid)
    assert STILL_PAYING == cancel(till, unpaid, known_paid=True)
    assert Accepted() == cancel(till, unpaid, known_paid=None)
    operations = [request.operation for each in till.sandbox.bank for request in each.requests]
    assert "cancelOrder" not in operations
    assert [] == till.faults()


def test_union_pay_refuses_a_cancel(till: Till) -> None:
    """仅支持微信支付宝刷卡交易: by hand it can be tried."""
    order = till.order(code="6211111111111111111")
    till.pay(order)
    result = till.verdict(till.codec.call("cancelOrder", {"orderNo": order.order_no}, till.stamp))
    assert not isinstance(result, Broken)
    assert "39" == result.fields["respCode"]
    assert Phase.PAID is till.state(order).phase


# --- refund -----------------------------------------------------------------------------------------------------------


def test_a_refund_in_parts(till: Till) -> None:
    """Taken, then done; then the order's query says no more than that something went back."""
    order = till.order(1000)
    till.pay(order)
    for number, amount in (("R1", 400), ("R2", 600)):
        refund = till.refund_order(order, amount, number)
        assert RefundProcessing() == till.refund(refund) == till.refund(refund)
        assert RefundDone() == till.refund_query(refund)
    assert 0 == till.state(order).net
    assert UNCLEAR == till.query(order)
    assert [] == till.faults()


@pytest.mark.parametrize(
    ("fault", "seen", "polls"),
    [
        (RefundFault.PROCESSING, RefundProcessing(), [RefundProcessing(), RefundProcessing(), RefundDone()]),
        (RefundFault.FAIL, RefundProcessing(), [RefundFailed()]),
        (RefundFault.BY_HAND, RefundProcessing(), [RefundFailed()]),
        (RefundFault.NOT_SURE, UNCLEAR, [NotFound()]),
        (RefundFault.LIE, BAD_SIGNATURE, [NotFound()]),
        (RefundFault.HANG, Broken.HANG, [RefundDone()]),
    ],
)
def test_a_refund_that_goes_wrong(till: Till, fault: RefundFault, seen: object, polls: list[object]) -> None:
    """The refund query tells what became of it."""
    till.plan(Plan(refund=(fault, RefundFault.OK)))
    order = till.order()
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert seen == till.refund(refund)
    assert polls == [till.refund_query(refund) for _ in polls]
    if NotFound() in polls:
        assert RefundProcessing() == till.refund(refund)
        assert RefundDone() == till.refund_query(refund)


def test_a_refund_that_is_refused(till: Till) -> None:
    """Not there, not paid, too much, another order's number."""
    order, other = till.order(code=magic("12")), till.order()
    refund = till.refund_order(order, 1000)
    assert RefundFailed() == till.refund(refund)
    till.pay(order)
    assert RefundFailed() == till.refund(refund)
    till.pay(other)
    assert RefundFailed() == till.refund(till.refund_order(other, 1001))
    mine = till.refund_order(other, 400)
    till.refund(mine)
    third = till.order()
    till.pay(third)
    assert RefundFailed() == till.refund(replace(till.refund_order(third, 400), refund_no=mine.refund_no))
    assert (0, 600, 1000) == (till.state(order).net, till.state(other).net, till.state(third).net)


# --- notifications ----------------------------------------------------------------------------------------------------


@pytest.fixture
def notified(keys: KeyRing) -> Till:
    """A till that is notified."""
    return till_of("umf-sp", Sandbox(keys), NOTIFY_URL)


def test_a_payment_is_notified_until_it_is_taken(notified: Till) -> None:
    """At once, then each minute, four times at most; the codec reads it, and its own reply ends it."""
    order = notified.order(1250, code=magic("14", 5))
    notified.pay(order)
    notified.wait(5)
    for pause_s in (60, 60, 60, 0):
        (send,) = notified.due()
        again = send.done(200, '{"respCode":"99"}', notified.now_ms)
        assert pause_s * 1000 == (again.at_ms - notified.now_ms if again else 0)
        notified.later += [again] if again else []
        notified.wait(pause_s)
    last = notified.sandbox.notice(notified.truth(order), Event.PAID, None, NoticeFault.OK, notified.now_ms)
    assert last is not None
    notice = notified.codec.read_notification(HttpResponse(200, last.body), notified.stamp)
    assert notice is not None
    told = notice.read(notified.ref(order)).verdict
    assert isinstance(told, Paid)
    assert Amounts(Fen(1250), Fen(100), Fen(1150)) == told.amounts
    for status, text in (
        (200, notice.failure.body.decode()),
        (200, notice.success.body.decode()),
        (200, '{"respMsg":"收到","respCode":"00"}'),
        (200, '{"respMsg":"收到","respCode":"00","signature":"AAAA"}'),
        (500, notice.success.body.decode()),
        (200, "ok"),
    ):
        last.done(status, text, notified.now_ms)
    taken = [each.acknowledged for each in notified.truth(order).notices[-6:]]
    assert [False, True, True, False, False, False] == taken


def test_what_an_answer_has_told_is_not_notified(notified: Till) -> None:
    """下单直接支付成功不会发送通知, nor what a query has told."""
    at_once, asked = notified.order(), notified.order(code=magic("10", 5))
    notified.pay(at_once)
    notified.pay(asked)
    notified.wait(5)
    notified.query(asked)
    assert [] == notified.due()


@pytest.mark.parametrize(("reading", "named"), [("no", False), ("yes", True)])
def test_a_cancel_and_a_refund_are_notified(notified: Till, reading: str, *, named: bool) -> None:
    """Neither is said to be done; a refund has its number at card terminals only, or always."""
    notified.sandbox.set_quirk("umf-sp", "refund_notice_named", reading)
    cancelled, refunded = notified.order(), notified.order()
    for order in (cancelled, refunded):
        notified.pay(order)
    cancel(notified, cancelled, known_paid=True)
    refund = notified.refund_order(refunded, 400)
    notified.refund(refund)
    bodies = [send.body for send in notified.due()]
    first, second = (notified.codec.read_notification(HttpResponse(200, body), notified.stamp) for body in bodies)
    assert first is not None
    assert second is not None
    assert Accepted() == first.read(notified.ref(cancelled)).verdict
    assert named == (second.refund_no == refund.refund_no)
    assert named == (second.read_refund is not None and second.read_refund(refund).verdict == RefundProcessing())


def test_a_forged_notification_is_not_read(notified: Till) -> None:
    """The behaviour that forges them."""
    order = notified.order(code=magic("91"))
    notified.pay(order)
    notified.wait(2)
    (send,) = notified.due()
    assert notified.codec.read_notification(HttpResponse(200, send.body), notified.stamp) is None


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TABLE)
def test_no_behaviour_is_taken_for_more_than_it_is(till: Till, code: str) -> None:
    """Every behaviour of the table, asked for and undone: what is read as an end was one."""
    order = till.order(code=magic(code, 3))
    known_paid: bool | None = None
    told = till.pay(order)
    assert not isinstance(told, Paid) or Phase.PAID is till.state(order).phase
    for turn in range(16):
        asked = till.query(order)
        if isinstance(asked, Paid):
            assert Phase.PAID is till.state(order).phase
        if isinstance(asked, Closed | Declined):
            assert 0 == till.state(order).net
        if isinstance(asked, Paid | Pending):
            known_paid = isinstance(asked, Paid)
        if turn >= 8:
            cancel(till, order, known_paid)
        till.wait(5)
    assert [] == till.faults()
