"""The behaviours of the table, with posd's own 惠商+ codec as the client: what it reads is compared with the truth."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from posd.gateways.base import HttpResponse
from posd.gateways.simulator.behaviour import CancelFault, NoticeFault, PayFault, Plan, QueryFault, RefundFault
from posd.gateways.simulator.keys import KeyRing
from posd.gateways.simulator.magic import TABLE
from posd.gateways.simulator.orders import Phase, State
from posd.gateways.simulator.protocol import Event
from posd.gateways.simulator.reply import Broken
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import AuthCode, Wallet
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


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Keys that are made once."""
    return KeyRing(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def till(keys: KeyRing) -> Till:
    """A till that speaks 惠商+."""
    return till_of("umf-huishang", Sandbox(keys))


def magic(code: str, parameter: int = 0) -> str:
    """A WeChat code that asks for a behaviour."""
    return f"13000000010000{code}{parameter:02d}"


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
    order = till.order(1250, code=code)
    told, asked = till.pay(order), till.query(order)
    assert wallet is order.wallet
    assert isinstance(told, Paid)
    assert isinstance(asked, Paid)
    assert told.amounts == asked.amounts == Amounts.undiscounted(Fen(1250))
    assert (told.trade_no, told.channel_trade_no) == (asked.trade_no, asked.channel_trade_no)
    assert State(Phase.PAID, captured=1250) == till.state(order)
    assert [] == till.faults()


@pytest.mark.parametrize("reading", ["padded", "plain"])
@pytest.mark.parametrize("order_of_fields", ["ascii", "table"])
def test_a_discount_in_every_reading(till: Till, reading: str, order_of_fields: str) -> None:
    """The three amounts and the promotion are told, zero-padded or not, signed in either order."""
    till.sandbox.set_quirk("umf-huishang", "pay_amount", reading)
    till.sandbox.set_quirk("umf-huishang", "answer_order", order_of_fields)
    order = till.order(1250, code=magic("02", 25))
    told, asked = till.pay(order), till.query(order)
    assert isinstance(told, Paid)
    assert isinstance(asked, Paid)
    assert told.amounts == asked.amounts == Amounts(Fen(1250), Fen(250), Fen(1000))
    promotions = json.loads(dict(asked.details)["promotionDetail"])
    assert [250] == [promotion["amount"] for promotion in promotions]
    assert State(Phase.PAID, captured=1000) == till.state(order)


@pytest.mark.parametrize("reading", ["03000000", "02000000", "01000000"])
def test_a_password(till: Till, reading: str) -> None:
    """Still being paid in all three words, then paid."""
    till.sandbox.set_quirk("umf-huishang", "paying", reading)
    order = till.order(code=magic("10", 4))
    assert Pending() == till.pay(order)
    assert Pending() == till.query(order)
    till.wait(4)
    assert isinstance(till.query(order), Paid)
    assert [] == till.faults()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("20", Reason.INSUFFICIENT_FUNDS),
        ("21", Reason.CODE_EXPIRED),
        ("22", Reason.CODE_USED),
        ("23", Reason.CODE_INVALID),
        ("24", Reason.LIMIT_EXCEEDED),
        ("25", Reason.DECLINED),
        ("26", Reason.USER_CANCELLED),
    ],
)
def test_a_decline(till: Till, code: str, reason: Reason) -> None:
    """A decline has no published code: the pay answer says nothing, the query says it in words."""
    order = till.order(code=magic(code))
    assert UNCLEAR == till.pay(order)
    assert Declined(reason) == till.query(order)
    assert State(Phase.FAILED) == till.state(order)


def test_a_customer_who_refuses(till: Till) -> None:
    """Refused after the password was asked for."""
    order = till.order(code=magic("11", 4))
    assert Pending() == till.pay(order)
    till.wait(4)
    assert Declined(Reason.USER_CANCELLED) == till.query(order)


def test_a_gateway_that_closes_by_itself(till: Till) -> None:
    """Closed by the gateway is closed."""
    order = till.order(code=magic("13", 9))
    till.pay(order)
    till.wait(9)
    assert Closed() == till.query(order)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (PayFault.HANG, Broken.HANG),
        (PayFault.CUT_AFTER, Broken.CUT),
        (PayFault.ERROR_AFTER, Unknown(Doubt.HTTP_STATUS)),
        (PayFault.GARBAGE, Unknown(Doubt.BROKEN_BODY)),
        (PayFault.PENDING, Pending()),
        (PayFault.NO_STATUS, Pending()),
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


def test_a_request_that_arrives_late(till: Till) -> None:
    """Not there, then paid."""
    order = till.order(code=magic("33", 20))
    assert Broken.CUT is till.pay(order)
    assert NotFound() == till.query(order)
    till.wait(20)
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
        (QueryFault.WRONG_ORDER, MISMATCH),
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


# --- cancel -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "phase"), [("00", Phase.REVERSED), ("12", Phase.CLOSED)])
def test_a_cancel_is_taken_and_a_query_proves_it(till: Till, code: str, phase: Phase) -> None:
    """Paid or not: an application, then the proof."""
    order = till.order(code=magic(code))
    till.pay(order)
    assert Accepted() == till.cancel(order)
    assert Closed() == till.query(order)
    assert (phase, 0) == (till.state(order).phase, till.state(order).net)
    assert Accepted() == till.cancel(order)
    assert [] == till.faults()


def test_a_cancel_that_is_taken_and_not_done(till: Till) -> None:
    """``0000`` of a query after a cancel says that it failed."""
    till.plan(Plan(cancel=(CancelFault.NOT_DONE, CancelFault.OK)))
    order = till.order()
    till.pay(order)
    assert Accepted() == till.cancel(order)
    assert isinstance(till.query(order), Paid)
    assert Accepted() == till.cancel(order)
    assert Closed() == till.query(order)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (CancelFault.STILL_PAYING, Refused(Refusal.STILL_PAYING)),
        (CancelFault.TOO_LATE, Refused(Refusal.TOO_LATE)),
        (CancelFault.LIE, BAD_SIGNATURE),
        (CancelFault.CUT_BEFORE, Broken.CUT),
        (CancelFault.ERROR_AFTER, Unknown(Doubt.HTTP_STATUS)),
    ],
)
def test_a_cancel_that_goes_wrong(till: Till, fault: CancelFault, seen: object) -> None:
    """Refused, forged, lost."""
    till.plan(Plan(cancel=(fault,)))
    order = till.order()
    till.pay(order)
    assert seen == till.cancel(order)
    done = fault is CancelFault.ERROR_AFTER
    assert (Phase.REVERSED if done else Phase.PAID) is till.state(order).phase


def test_a_cancel_of_nothing(till: Till) -> None:
    """An order that is not there (yet) is not cancelled."""
    order = till.order()
    assert NotFound() == till.cancel(order)


def test_a_cancel_on_another_day(till: Till) -> None:
    """过了账期则需要走退费接口."""
    order = till.order()
    till.pay(order)
    till.wait(24 * 3600)
    assert Refused(Refusal.TOO_LATE) == till.cancel(order)
    assert Phase.PAID is till.state(order).phase
    assert [] == till.faults()


def test_a_cancel_of_what_is_refunded(till: Till) -> None:
    """What is partly back is not reversed."""
    order = till.order()
    till.pay(order)
    till.refund(till.refund_order(order, 400))
    assert Refused(Refusal.TOO_LATE) == till.cancel(order)
    assert 600 == till.state(order).net


def test_a_cancel_of_an_unpaid_order_may_be_refused(till: Till) -> None:
    """The document does not say what becomes of it."""
    till.sandbox.set_quirk("umf-huishang", "repeal_unpaid", "refused")
    order = till.order(code=magic("12"))
    till.pay(order)
    assert Refused(Refusal.STILL_PAYING) == till.cancel(order)
    assert Phase.PAYING is till.state(order).phase


# --- codes to scan ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wallet", [Wallet.WECHAT, Wallet.ALIPAY, Wallet.UNIONPAY])
def test_a_code_to_scan(till: Till, wallet: Wallet) -> None:
    """Shown, scanned, paid."""
    order = till.qr_order(1250, wallet=wallet)
    told = till.pay(order)
    assert isinstance(told, Pending)
    assert f"http://simulator.invalid/customer/{order.order_no}" == told.qr_code
    assert Pending() == till.query(order)
    till.sandbox.confirm(till.truth(order), till.now_ms)
    assert isinstance(till.query(order), Paid)
    assert [] == till.faults()


def test_a_code_to_scan_ends_by_itself_only(till: Till) -> None:
    """``repeal`` is for bar codes: an unpaid code dies after 300 s, a paid one is refunded."""
    unpaid, paid = till.qr_order(), till.qr_order()
    till.pay(unpaid)
    till.pay(paid)
    till.sandbox.confirm(till.truth(paid), till.now_ms)
    assert Refused(Refusal.STILL_PAYING) == till.cancel(unpaid)
    assert Refused(Refusal.TOO_LATE) == till.cancel(paid)
    till.wait(300)
    assert Closed() == till.query(unpaid)
    assert isinstance(till.query(paid), Paid)


def test_a_longer_life_of_a_code_to_scan(till: Till) -> None:
    """``expairTime`` from 300 to 1800 s is kept."""
    order = till.qr_order(expires_at_ms=till.now_ms + 600_000)
    till.pay(order)
    till.wait(590)
    assert Pending() == till.query(order)
    till.wait(10)
    assert Closed() == till.query(order)
    assert [] == till.faults()


def test_a_code_to_scan_can_be_cancelled_in_the_other_reading(till: Till) -> None:
    """The table of ``repeal`` lists UnionPay's codes, so some may take it."""
    till.sandbox.set_quirk("umf-huishang", "repeal_qr", "closes")
    order = till.qr_order()
    till.pay(order)
    assert Accepted() == till.cancel(order)
    assert Closed() == till.query(order)


def test_a_declined_code_to_scan(till: Till) -> None:
    """No code is shown for an order that failed at once."""
    till.plan(Plan(decline=Reason.LIMIT_EXCEEDED))
    order = till.qr_order()
    assert UNCLEAR == till.pay(order)
    assert Declined(Reason.LIMIT_EXCEEDED) == till.query(order)


# --- refund -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reading", ["refund", "order"])
def test_a_refund_in_parts(till: Till, reading: str) -> None:
    """Taken, then done; then the order's query says no more than that a refund was taken."""
    till.sandbox.set_quirk("umf-huishang", "refund_amount", reading)
    order = till.order(1000)
    till.pay(order)
    for number, amount in (("R1", 400), ("R2", 600)):
        refund = till.refund_order(order, amount, number)
        assert RefundProcessing() == till.refund(refund)
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
    if fault in (RefundFault.NOT_SURE, RefundFault.LIE):
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


def test_the_same_refund_once_more(till: Till) -> None:
    """后台对于同一笔订单号做了幂等处理."""
    order = till.order()
    till.pay(order)
    refund = till.refund_order(order, 400)
    assert RefundProcessing() == till.refund(refund) == till.refund(refund)
    assert 600 == till.state(order).net


# --- notifications ----------------------------------------------------------------------------------------------------


@pytest.fixture
def notified(keys: KeyRing) -> Till:
    """A till that is notified."""
    return till_of("umf-huishang", Sandbox(keys), NOTIFY_URL)


def test_a_payment_is_notified_until_it_is_taken(notified: Till) -> None:
    """At once, then after 30, 300 and 1800 s; the codec reads it, and its own reply ends it."""
    order = notified.order(1250, code=magic("02", 25))
    notified.pay(order)
    for pause_s in (30, 300, 1800, 0):
        (send,) = notified.due()
        again = send.done(200, '{"retCode":"9999"}', notified.now_ms)
        assert pause_s * 1000 == (again.at_ms - notified.now_ms if again else 0)
        notified.later += [again] if again else []
        notified.wait(pause_s)
    assert [] == notified.due()
    last = notified.sandbox.notice(notified.truth(order), Event.PAID, None, NoticeFault.OK, notified.now_ms)
    assert last is not None
    notice = notified.codec.read_notification(HttpResponse(200, last.body), notified.stamp)
    assert notice is not None
    told = notice.read(notified.ref(order)).verdict
    assert isinstance(told, Paid)
    assert Amounts(Fen(1250), Fen(250), Fen(1000)) == told.amounts
    last.done(200, notice.failure.body.decode(), notified.now_ms)
    last.done(200, notice.success.body.decode(), notified.now_ms)
    last.done(200, notice.success.body.decode().replace("0000", "0000 "), notified.now_ms)
    last.done(500, notice.success.body.decode(), notified.now_ms)
    assert [False, True, False, False] == [each.acknowledged for each in notified.truth(order).notices[-4:]]


def test_a_cancel_and_a_refund_are_notified(notified: Till) -> None:
    """``TRADE_CANCEL`` and ``REFUND_SUCCESS`` are read for what they are."""
    cancelled, refunded = notified.order(), notified.order()
    for order in (cancelled, refunded):
        notified.pay(order)
    notified.later.clear()
    notified.cancel(cancelled)
    refund = notified.refund_order(refunded, 400)
    notified.refund(refund)
    bodies = [send.body for send in notified.due()]
    first, second = (notified.codec.read_notification(HttpResponse(200, body), notified.stamp) for body in bodies)
    assert first is not None
    assert second is not None
    assert Closed() == first.read(notified.ref(cancelled)).verdict
    assert refund.refund_no == second.refund_no
    assert second.read_refund is not None
    assert RefundDone() == second.read_refund(refund).verdict


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
    told = till.pay(order)
    assert not isinstance(told, Paid) or till.state(order).captured == told.amounts.pay_amount
    for _ in range(8):
        asked = till.query(order)
        if isinstance(asked, Paid):
            assert Phase.PAID is till.state(order).phase
        if isinstance(asked, Closed | Declined):
            assert 0 == till.state(order).net
        till.wait(5)
    for _ in range(8):
        till.cancel(order)
        till.wait(5)
        if till.query(order) == Closed():
            assert 0 == till.state(order).net
    assert [] == till.faults()


def test_a_wallet_that_is_not_known_is_refused_by_the_codec(till: Till) -> None:
    """No request leaves."""
    order = replace(till.order(), wallet=Wallet.ECNY, credential=AuthCode("0111111111111111111"))
    with pytest.raises(ValueError, match="WeChat, Alipay and UnionPay"):
        till.pay(order)
    assert [] == list(till.sandbox.bank)
