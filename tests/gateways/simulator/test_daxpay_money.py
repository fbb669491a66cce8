"""The simulated DaxPay with posd's own codec as the client: what is told, and what is true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import Answer, CallResult, HttpResponse
from posd.gateways.daxpay.codec import DaxpayCodec
from posd.gateways.daxpay.codes import PAY_SYNC_STATUS, REFUND_SYNC_STATUS
from posd.gateways.daxpay.settings import DaxpaySettings
from posd.gateways.simulator.behaviour import CancelFault, PayFault, Plan, QueryFault, RefundFault
from posd.gateways.simulator.daxpay import Daxpay
from posd.gateways.simulator.magic import TABLE
from posd.gateways.simulator.orders import Phase, State
from posd.gateways.simulator.sandbox import Sandbox
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
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
    Refunded,
    RefundFailed,
    RefundProcessing,
    Refusal,
    Refused,
    Unknown,
)
from tests.gateways.simulator.honesty import held_against_the_truth, truth, undo, watch
from tests.gateways.simulator.support import NOTIFY_URL, Till

UNCLEAR = Unknown(Doubt.UNCLEAR_CODE)


def daxpay_till(api: str = "2.0.8", notify_url: str | None = None, **quirks: str) -> Till:
    """A till that speaks DaxPay."""
    sandbox = Sandbox(protocols=(Daxpay,))
    for name, reading in quirks.items():
        sandbox.set_quirk("daxpay", name, reading)
    facts = sandbox.credentials("daxpay")
    secret = facts["secret"]
    assert isinstance(secret, Secret)
    settings = DaxpaySettings(secret, str(facts["sign_type"]), str(facts["client_ip"]), api, notify_url)
    return Till("daxpay", DaxpayCodec(settings), sandbox)


@pytest.fixture(params=["2.0.8", "2.0.6"])
def till(request: pytest.FixtureRequest) -> Till:
    """A till of either generation."""
    return daxpay_till(str(request.param))


def by_hand(till: Till, operation: str, **fields: str) -> CallResult:
    """A call that a person makes."""
    result = till.verdict(till.codec.call(operation, fields, till.stamp))
    assert isinstance(result, CallResult)
    return result


def magic(code: str, parameter: int = 0) -> str:
    """A WeChat code that asks for a behaviour."""
    return f"13000000010000{code}{parameter:02d}"


# --- all behaviours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TABLE)
def test_no_verdict_is_untrue(till: Till, code: str) -> None:
    """Whatever gateway and customer do: what the codec says is true when it says it, and the order can be undone."""
    order = till.order(1250, code=magic(code))
    watch(till, order)
    undo(till, order)
    state = truth(till, order)
    refuses_refunds = TABLE[code].plan().refund[-1] in {RefundFault.FAIL, RefundFault.BY_HAND}
    deaf = TABLE[code].plan().query[-1] in {QueryFault.HANG, QueryFault.WRONG_AMOUNT, QueryFault.WRONG_ORDER}
    assert state is None or state.net == 0 or refuses_refunds or deaf
    assert [text for text in till.faults() if "queries of one order" not in text] == []


@pytest.mark.parametrize("code", TABLE)
def test_no_verdict_about_a_code_to_scan_is_untrue(code: str) -> None:
    """The same for orders that the customer pays by himself, chosen by the amount."""
    till = daxpay_till()
    order = till.qr_order(int(f"88{code}00"), expires_at_ms=till.now_ms + 60_000)
    watch(till, order)
    undo(till, order)
    assert [text for text in till.faults() if "queries of one order" not in text] == []


# --- pay and query ----------------------------------------------------------------------------------------------------


def test_a_payment(till: Till) -> None:
    """The pay answer has no amount, so the query has the word; it is true, and nothing was done wrong."""
    order = till.order(1250, code=magic("00"))
    assert till.pay(order) == UNCLEAR
    asked = till.query(order)
    assert isinstance(asked, Paid)
    assert asked.amounts == Amounts.undiscounted(Fen(1250))
    assert (asked.trade_no or "").startswith("DEVP")
    assert till.state(order) == State(Phase.PAID, captured=1250)
    assert till.faults() == []


def test_a_password(till: Till) -> None:
    """Pending until the customer has typed it, and no earlier."""
    order = till.order(code=magic("10", 4))
    assert till.pay(order) == Pending()
    till.wait(3.9)
    assert till.query(order) == Pending()
    till.wait(0.1)
    assert isinstance(till.query(order), Paid)


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
def test_a_declined_code(till: Till, code: str, reason: Reason) -> None:
    """Pay and query give the reason in words, and both are read."""
    order = till.order(code=magic(code))
    assert till.pay(order) == Declined(reason)
    assert till.query(order) == Declined(reason)
    assert till.state(order).net == 0


def test_a_declined_code_as_an_exception() -> None:
    """The platform's source answers code 0 with a message and no status: the query decides."""
    till = daxpay_till(declined="exception")
    order = till.order(code=magic("20"))
    assert till.pay(order) == UNCLEAR
    assert till.query(order) == Declined(Reason.INSUFFICIENT_FUNDS)


def test_an_order_that_never_arrived(till: Till) -> None:
    """No such order, for every call."""
    order = till.order(code=magic("32"))
    till.pay(order)
    assert till.query(order) == NotFound()
    assert till.cancel(order) == NotFound()
    assert till.refund(till.refund_order(order, 1)) == RefundFailed()


def test_the_same_number_twice(till: Till) -> None:
    """The platform does not take it again, and the client is told so; it is a violation."""
    order = till.order()
    till.pay(order)
    assert till.pay(order) == UNCLEAR
    assert till.truth(order).submits == 2
    assert till.faults() == ["submitted 2 times"]


def test_one_code_pays_one_order(till: Till) -> None:
    """A code that was used is refused for the next order."""
    code = "131111111111111111"
    till.pay(till.order(code=code))
    assert till.pay(till.order(code=code)) == Declined(Reason.CODE_USED)


def test_a_code_to_scan() -> None:
    """The address of the customer's page; it dies when it should."""
    till = daxpay_till()
    order = till.qr_order(1250, expires_at_ms=till.now_ms + 30_500)
    pending = till.pay(order)
    assert isinstance(pending, Pending)
    assert pending.qr_code == f"http://simulator.invalid/customer/{order.order_no}"
    till.wait(29)
    assert till.query(order) == Pending()
    till.wait(2)
    assert till.query(order) == Closed()
    assert till.faults() == []


def test_a_refused_code_to_scan() -> None:
    """A pre-order can fail at once."""
    till = daxpay_till()
    till.plan(Plan(decline=Reason.LIMIT_EXCEEDED))
    assert till.pay(till.qr_order()) == Declined(Reason.LIMIT_EXCEEDED)


def test_other_ways_to_pay_are_served_too() -> None:
    """A page or an app gets what it needs; the customer pays by himself."""
    till = daxpay_till()
    assert by_hand(till, "pay", bizOrderNo="B1", title="1", channel="ali_pay", method="wap", amount="1").succeeded
    order = till.sandbox.bank.find("B1")
    assert order is not None
    assert order.by_itself


def test_md5() -> None:
    """Both sides sign with MD5 where the platform is set to it."""
    till = daxpay_till(sign_type="MD5")
    order = till.order()
    till.pay(order)
    assert isinstance(till.query(order), Paid)


@pytest.mark.parametrize(
    ("plan", "pay", "query"),
    [
        (Plan(pay=PayFault.LIE), Unknown(Doubt.BAD_SIGNATURE), Paid),
        (Plan(pay=PayFault.UNSIGNED), Unknown(Doubt.BAD_SIGNATURE), Paid),
        (Plan(pay=PayFault.WRONG_ORDER), Unknown(Doubt.MISMATCH), Paid),
        (Plan(pay=PayFault.NO_STATUS), UNCLEAR, Paid),
        (Plan(pay=PayFault.PENDING), Pending(), Paid),
    ],
)
def test_an_answer_that_is_not_true(till: Till, plan: Plan, pay: object, query: type) -> None:
    """A doubt, never a state; the query tells the truth."""
    till.plan(plan)
    order = till.order()
    assert till.pay(order) == pay
    assert isinstance(till.query(order), query)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (QueryFault.LIE, Unknown(Doubt.BAD_SIGNATURE)),
        (QueryFault.UNSIGNED, Unknown(Doubt.BAD_SIGNATURE)),
        (QueryFault.WRONG_AMOUNT, Unknown(Doubt.MISMATCH)),
        (QueryFault.WRONG_ORDER, Unknown(Doubt.MISMATCH)),
        (QueryFault.TOO_OFTEN, Unknown(Doubt.TOO_OFTEN)),
        (QueryFault.SYSTEM_ERROR, UNCLEAR),
        (QueryFault.NOT_FOUND, NotFound()),
        (QueryFault.ERROR, Unknown(Doubt.HTTP_STATUS)),
        (QueryFault.GARBAGE, Unknown(Doubt.BROKEN_BODY)),
    ],
)
def test_a_query_that_goes_wrong(till: Till, fault: QueryFault, expected: object) -> None:
    """Each fault is read for what it is."""
    till.plan(Plan(query=(fault, QueryFault.OK)))
    order = till.order()
    till.pay(order)
    assert till.query(order) == expected
    assert isinstance(till.query(order), Paid)


# --- close and cancel -------------------------------------------------------------------------------------------------


def test_a_cancel_ends_what_is_unpaid(till: Till) -> None:
    """Taken, proven by the query, and nobody can pay any more."""
    order = till.order(code=magic("12"))
    till.pay(order)
    assert till.cancel(order) == Accepted()
    assert till.query(order) == Closed()
    assert till.state(order).phase is Phase.CLOSED
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    assert till.faults() == []


def test_a_cancelled_order_says_so() -> None:
    """2.0.8 has a word of its own for it."""
    till = daxpay_till()
    order = till.order(code=magic("12"))
    till.pay(order)
    till.cancel(order)
    answer = till.make(till.codec.query(till.ref(order), till.stamp))
    assert isinstance(answer, Answer)
    assert answer.evidence.gateway_code == "cancel"


def test_a_cancel_leaves_what_is_paid(till: Till) -> None:
    """Too late: the money stays, and goes back by refund only."""
    order = till.order()
    till.pay(order)
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    assert till.state(order).net == 1000


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (CancelFault.STILL_PAYING, Refused(Refusal.STILL_PAYING)),
        (CancelFault.TOO_LATE, Refused(Refusal.TOO_LATE)),
        (CancelFault.LIE, Unknown(Doubt.BAD_SIGNATURE)),
        (CancelFault.NOT_DONE, Accepted()),
        (CancelFault.ERROR_AFTER, Unknown(Doubt.HTTP_STATUS)),
    ],
)
def test_a_cancel_that_goes_wrong(till: Till, fault: CancelFault, expected: object) -> None:
    """Each fault is read for what it is, and the query tells how the order stands."""
    till.plan(Plan(confirm_after_ms=None, cancel=(fault,)))
    order = till.order()
    till.pay(order)
    assert till.cancel(order) == expected
    asked = till.query(order)
    assert asked == (Closed() if fault is CancelFault.ERROR_AFTER else Pending())


def test_unionpay_is_closed() -> None:
    """The platform cannot cancel at UnionPay; posd closes there, and a cancel by hand is refused."""
    till = daxpay_till()
    till.plan(Plan(confirm_after_ms=None))
    order = till.order(code="6212345678901234567")
    till.pay(order)
    assert not by_hand(till, "cancel", bizOrderNo=order.order_no).succeeded
    assert till.query(order) == Pending()
    assert till.cancel(order) == Accepted()
    assert till.query(order) == Closed()


# --- refunds ----------------------------------------------------------------------------------------------------------


def test_a_refund(till: Till) -> None:
    """Taken, then done; the rest is still paid, and the last of it makes the order refunded."""
    order = till.order(1000)
    till.pay(order)
    first = till.refund_order(order, 400)
    assert till.refund(first) == RefundProcessing()
    assert till.refund_query(first) == RefundDone(Fen(400))
    asked = till.query(order)
    assert isinstance(asked, Paid)
    assert asked.refunded == 400
    second = till.refund_order(order, 600, "R2")
    till.refund(second)
    assert till.refund_query(second) == RefundDone(Fen(600))
    assert till.query(order) == Refunded()
    assert till.state(order).net == 0
    assert till.faults() == []


def test_the_same_refund_twice(till: Till) -> None:
    """The same number is the same refund."""
    order = till.order(1000)
    till.pay(order)
    refund = till.refund_order(order, 400)
    assert till.refund(refund) == RefundProcessing()
    assert till.refund(refund) == RefundProcessing()
    assert till.state(order).refunded == 400


def test_a_refund_of_too_much(till: Till) -> None:
    """Refused, nothing goes back, and it is a violation."""
    order = till.order(1000)
    till.pay(order)
    assert till.refund(till.refund_order(order, 1001)) == RefundFailed()
    assert till.state(order).net == 1000
    assert len(till.faults()) == 1


def test_a_refund_of_what_is_not_paid(till: Till) -> None:
    """Refused by the state of the order."""
    order = till.order(code=magic("12"))
    till.pay(order)
    assert till.refund(till.refund_order(order, 1)) == RefundFailed()


def test_a_refund_number_of_another_order(till: Till) -> None:
    """It exists already, says the platform: nobody can tell which, so it is asked about."""
    first, second = till.order(1000), till.order(1000)
    till.pay(first)
    till.pay(second)
    till.refund(till.refund_order(first, 1))
    stolen = replace(till.refund_order(second, 1), refund_no=f"{first.order_no}R1")
    assert till.refund(stolen) == UNCLEAR
    assert till.refund_query(stolen) == Unknown(Doubt.MISMATCH)


@pytest.mark.parametrize(
    ("fault", "told", "asked"),
    [
        (RefundFault.PROCESSING, RefundProcessing(), RefundProcessing()),
        (RefundFault.NOT_SURE, UNCLEAR, NotFound()),
        (RefundFault.FAIL, RefundFailed(), RefundFailed()),
        (RefundFault.BY_HAND, RefundFailed(), RefundFailed()),
        (RefundFault.LIE, Unknown(Doubt.BAD_SIGNATURE), NotFound()),
    ],
)
def test_a_refund_that_goes_wrong(till: Till, fault: RefundFault, told: object, asked: object) -> None:
    """Each fault is read for what it is."""
    till.plan(Plan(refund=(fault, RefundFault.OK), refund_polls=1))
    order = till.order(1000)
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert till.refund(refund) == told
    assert till.refund_query(refund) == asked
    held_against_the_truth(till, order, till.query(order))
    if fault is RefundFault.NOT_SURE:
        till.refund(refund)
        assert till.refund_query(refund) == RefundDone(Fen(1000))


def test_a_refund_under_way_shows_in_the_order(till: Till) -> None:
    """Until it is done the order is still paid."""
    till.plan(Plan(refund=(RefundFault.PROCESSING,), refund_polls=1))
    order = till.order(1000)
    till.pay(order)
    till.refund(till.refund_order(order, 1000))
    asked = till.query(order)
    assert isinstance(asked, Paid)
    assert asked.refunded == 0


def test_an_unknown_refund(till: Till) -> None:
    """The platform knows no such refund."""
    order = till.order()
    till.pay(order)
    assert till.refund_query(till.refund_order(order, 1)) == NotFound()


# --- sync -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (Plan(), "pay_success"),
        (Plan(confirm_after_ms=None), "pay_progress"),
        (Plan(decline=Reason.DECLINED), "pay_fail"),
        (Plan(confirm_after_ms=None, expire_after_ms=0), "pay_closed"),
    ],
)
def test_sync_of_a_payment(till: Till, plan: Plan, word: str) -> None:
    """One signed word, and no number."""
    till.plan(plan)
    order = till.order()
    till.pay(order)
    result = by_hand(till, "syncPay", bizOrderNo=order.order_no)
    assert (result.verified, result.fields["status"]) == (True, word)
    assert word in PAY_SYNC_STATUS
    assert "bizOrderNo" not in result.fields


def test_sync_of_a_refund(till: Till) -> None:
    """What became of a refund, and of the order behind it."""
    order = till.order(1000)
    till.pay(order)
    refund = till.refund_order(order, 1000)
    till.refund(refund)
    assert by_hand(till, "syncRefund", bizRefundNo=refund.refund_no).fields["status"] == "refund_success"
    assert "refund_success" in REFUND_SYNC_STATUS
    assert by_hand(till, "syncPay", bizOrderNo=order.order_no).fields["status"] == "pay_refund"


def test_sync_of_nothing(till: Till) -> None:
    """Signed, and no."""
    for result in (by_hand(till, "syncPay", bizOrderNo="B"), by_hand(till, "syncRefund", bizRefundNo="R")):
        assert (result.verified, result.succeeded) == (True, False)


def test_the_platforms_own_numbers_work_too(till: Till) -> None:
    """OrderNo and refundNo win over the merchant's numbers."""
    order = till.order(1000)
    till.pay(order)
    refund = till.refund_order(order, 400)
    till.refund(refund)
    asked = till.query(order)
    assert isinstance(asked, Paid)
    assert by_hand(till, "queryPay", orderNo=asked.trade_no or "").fields["bizOrderNo"] == order.order_no
    refund_no = f"DEVR{till.truth(order).refunds[refund.refund_no].refund_id}"
    assert by_hand(till, "queryRefund", refundNo=refund_no).fields["bizRefundNo"] == refund.refund_no


def test_the_harmless_call(till: Till) -> None:
    """Keys, clock and path are right, and no order is made."""
    result = till.verdict(till.codec.harmless(till.stamp))
    assert isinstance(result, CallResult)
    assert result.succeeded
    assert till.faults() == []


# --- notifications ----------------------------------------------------------------------------------------------------


def test_a_notification_of_a_payment() -> None:
    """Signed, read, and taken by the platform's own word."""
    till = daxpay_till(notify_url=NOTIFY_URL)
    order = till.order(1250, wallet=Wallet.WECHAT, attach="A-1")
    till.pay(order)
    (send,) = till.due()
    assert (send.url, send.content_type) == (NOTIFY_URL, "application/json")
    notice = till.codec.read_notification(HttpResponse(200, send.body), till.stamp)
    assert notice is not None
    held_against_the_truth(till, order, notice.read(till.ref(order)).verdict)
    assert isinstance(notice.read(till.ref(order)).verdict, Paid)
    assert send.done(200, notice.success.body.decode(), till.now_ms) is None
    assert send.done(200, notice.failure.body.decode(), till.now_ms) is not None


def test_a_notification_of_a_refund() -> None:
    """About the refund, not about the order."""
    till = daxpay_till(notify_url=NOTIFY_URL)
    order = till.order(1000)
    till.pay(order)
    till.due()
    refund = till.refund_order(order, 400)
    till.refund(refund)
    (send,) = till.due()
    notice = till.codec.read_notification(HttpResponse(200, send.body), till.stamp)
    assert notice is not None
    assert notice.read_refund is not None
    assert notice.refund_no == refund.refund_no
    assert notice.read_refund(refund).verdict == RefundDone(Fen(400))


@pytest.mark.parametrize("code", ["91", "92", "93"])
def test_a_notification_that_is_not_true(code: str) -> None:
    """Wrongly signed: none. Rightly signed for another order or amount: a mismatch."""
    till = daxpay_till(notify_url=NOTIFY_URL)
    order = till.order(code=magic(code))
    till.pay(order)
    till.wait(3)
    (send,) = till.due()
    notice = till.codec.read_notification(HttpResponse(200, send.body), till.stamp)
    if code == "91":
        assert notice is None
    else:
        assert notice is not None
        assert notice.read(till.ref(order)).verdict == Unknown(Doubt.MISMATCH)


def test_faces_are_not_taken() -> None:
    """The platform has no call for them."""
    till = daxpay_till()
    with pytest.raises(ValueError, match="DaxPay"):
        till.pay(till.order(method=Method.FACE, credential=Secret("face")))
    with pytest.raises(ValueError, match="DaxPay"):
        till.pay(till.order(wallet=Wallet.ECNY, credential=AuthCode("0112345678901234567")))
