"""Every behaviour of the table, asked for by a magic code or amount, with posd's own Chaoying codec as the client.

What the client reads is compared with what is true; a lie must not become more than a doubt.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import Goods
from posd.gateways.simulator.behaviour import CancelFault, PayFault, Plan, QueryFault
from posd.gateways.simulator.magic import TABLE
from posd.gateways.simulator.orders import Phase, State
from posd.gateways.simulator.reply import Broken
from posd.payment.amounts import Amounts, Fen
from posd.payment.auth_code import AuthCode, Secret, Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import (
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
    RefundManual,
    RefundNotSure,
    RefundProcessing,
    Refusal,
    Refused,
    Unknown,
)
from tests.gateways.simulator.support import Till, chaoying_till

FLOOR_S = 15.0


@pytest.fixture
def till() -> Till:
    """A till that speaks Chaoying."""
    return chaoying_till()


def magic(code: str, parameter: int = 0) -> str:
    """A WeChat code that asks for a behaviour."""
    return f"13000000010000{code}{parameter:02d}"


# --- 0, 1, 2: what a healthy gateway says -----------------------------------------------------------------------------


def test_a_payment(till: Till) -> None:
    """Pay and query say the same, and it is true."""
    order = till.order(1250, code=magic("00"))
    told = till.pay(order)
    asked = till.query(order)
    assert isinstance(told, Paid)
    assert isinstance(asked, Paid)
    assert told.amounts == asked.amounts == Amounts.undiscounted(Fen(1250))
    assert (told.trade_no, told.channel_trade_no) == (asked.trade_no, asked.channel_trade_no)
    assert till.state(order) == State(Phase.PAID, captured=1250)
    assert till.faults() == []


def test_a_slow_answer(till: Till) -> None:
    """The money is there long before the answer."""
    order = till.order(code=magic("01", 7))
    assert isinstance(till.pay(order), Paid)
    assert till.delay_ms == 7000


def test_a_discount(till: Till) -> None:
    """The three amounts are told, and what was given off is not charged."""
    order = till.order(1250, code=magic("02", 25))
    told = till.pay(order)
    assert isinstance(told, Paid)
    assert told.amounts == Amounts(Fen(1250), Fen(250), Fen(1000))
    assert "promotion_detail" in dict(told.details)
    assert till.state(order).captured == 1000


@pytest.mark.parametrize("code", ["10", "14"])
def test_a_password(till: Till, code: str) -> None:
    """Pending until the customer has typed it, and no earlier."""
    order = till.order(code=magic(code, 4))
    assert till.pay(order) == Pending()
    till.wait(3.9)
    assert till.query(order) == Pending()
    till.wait(0.1)
    assert isinstance(till.query(order), Paid)


def test_a_customer_who_refuses(till: Till) -> None:
    """A definite no, and nothing is charged."""
    order = till.order(code=magic("11", 4))
    assert till.pay(order) == Pending()
    till.wait(4)
    assert till.query(order) == Declined(Reason.USER_CANCELLED)
    assert till.state(order).net == 0


def test_a_customer_who_does_nothing(till: Till) -> None:
    """For ever pending; the cancel ends it."""
    order = till.order(code=magic("12"))
    assert till.pay(order) == Pending()
    till.wait(200)
    assert till.query(order) == Pending()
    assert till.cancel(order) == Closed()
    assert till.query(order) == Closed()
    assert till.state(order) == State(Phase.CLOSED)


def test_a_gateway_that_closes_by_itself(till: Till) -> None:
    """Nobody asked for it."""
    order = till.order(code=magic("13", 9))
    till.pay(order)
    till.wait(9)
    assert till.query(order) == Closed()


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
    """Each reason is told so that a client can tell it apart; nothing is charged, now or later."""
    order = till.order(code=magic(code))
    assert till.pay(order) == Declined(reason)
    till.wait(500)
    assert till.query(order) == Declined(reason)
    assert till.state(order).net == 0


# --- 3, 4: the answer to the pay request ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("30", Broken.HANG),
        ("31", Broken.CUT),
        ("34", Unknown(Doubt.HTTP_STATUS)),
        ("36", Unknown(Doubt.BROKEN_BODY)),
        ("37", Pending()),
        ("39", Pending()),
        ("40", Unknown(Doubt.BAD_SIGNATURE)),
        ("42", Unknown(Doubt.BAD_SIGNATURE)),
        ("43", Unknown(Doubt.MISMATCH)),
        ("44", Unknown(Doubt.MISMATCH)),
    ],
)
def test_a_lost_answer_hides_a_payment(till: Till, code: str, seen: object) -> None:
    """Whatever came of the pay request, the money was taken, and the query says so."""
    order = till.order(code=magic(code))
    assert till.pay(order) == seen
    assert isinstance(till.query(order), Paid)
    assert till.state(order) == State(Phase.PAID, captured=1000)


@pytest.mark.parametrize(("code", "seen"), [("32", Broken.CUT), ("35", Unknown(Doubt.HTTP_STATUS))])
def test_a_request_that_never_arrived(till: Till, code: str, seen: object) -> None:
    """The gateway knows of no order, for ever."""
    order = till.order(code=magic(code))
    assert till.pay(order) == seen
    till.wait(100)
    assert till.query(order) == NotFound()
    assert till.cancel(order) not in (Closed(), Refunded())
    assert till.truth(order).history == []


def test_a_request_that_arrives_late(till: Till) -> None:
    """Not found, not cancelled, and then suddenly paid: why "not found" proves nothing."""
    order = till.order(code=magic("33", 20))
    assert till.pay(order) is Broken.CUT
    till.wait(FLOOR_S)
    assert till.query(order) == NotFound()
    assert till.cancel(order) not in (Closed(), Refunded())
    assert (till.truth(order).arriving, till.truth(order).history) == (1, [])
    till.wait(5)
    assert isinstance(till.query(order), Paid)
    assert (till.truth(order).arriving, till.state(order).net) == (0, 1000)
    assert till.cancel(order) == Closed()
    assert till.state(order).net == 0


def test_no_answer_and_a_password(till: Till) -> None:
    """The query is the only one who tells."""
    order = till.order(code=magic("38", 5))
    assert till.pay(order) is Broken.HANG
    assert till.query(order) == Pending()
    till.wait(5)
    assert isinstance(till.query(order), Paid)


def test_a_forged_success(till: Till) -> None:
    """The answer says paid, nothing was paid: a wrong signature is no answer."""
    order = till.order(code=magic("41"))
    assert till.pay(order) == Unknown(Doubt.BAD_SIGNATURE)
    assert till.query(order) == Declined(Reason.INSUFFICIENT_FUNDS)
    assert till.state(order).captured == 0


@pytest.mark.parametrize("code", ["45", "46"])
def test_queries_that_speak_of_something_else(till: Till, code: str) -> None:
    """Rightly signed, and still not ours."""
    order = till.order(code=magic(code))
    assert till.pay(order) == Pending()
    assert [till.query(order) for _ in range(3)] == [Unknown(Doubt.MISMATCH)] * 3
    assert till.state(order).captured == 1000


# --- 5: queries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("50", Unknown(Doubt.TOO_OFTEN)),
        ("51", Broken.HANG),
        ("52", Broken.CUT),
        ("53", Unknown(Doubt.HTTP_STATUS)),
        ("54", Unknown(Doubt.BROKEN_BODY)),
        ("56", NotFound()),
        ("57", Unknown(Doubt.UNCLEAR_CODE)),
        ("58", Unknown(Doubt.BAD_SIGNATURE)),
        ("59", Unknown(Doubt.BAD_SIGNATURE)),
    ],
)
def test_queries_that_go_wrong(till: Till, code: str, seen: object) -> None:
    """As often as asked for; then the truth."""
    order = till.order(code=magic(code, 2))
    assert till.pay(order) == Pending()
    till.wait(2)
    assert [till.query(order), till.query(order)] == [seen, seen]
    assert isinstance(till.query(order), Paid)


def test_queries_that_answer_with_the_past(till: Till) -> None:
    """Pending for as long as the answer lags behind."""
    order = till.order(code=magic("55", 3))
    till.pay(order)
    till.wait(4)
    assert till.state(order).phase is Phase.PAID
    assert till.query(order) == Pending()
    till.wait(1.1)
    assert isinstance(till.query(order), Paid)


# --- 6: cancels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "seen", "phase"),
    [
        ("60", Refused(Refusal.STILL_PAYING), Phase.PAYING),
        ("61", Broken.CUT, Phase.CLOSED),
        ("62", Unknown(Doubt.HTTP_STATUS), Phase.CLOSED),
        ("63", Broken.CUT, Phase.PAYING),
        ("64", Broken.HANG, Phase.CLOSED),
        ("65", Refused(Refusal.STILL_PAYING), Phase.PAYING),
        ("67", Unknown(Doubt.BAD_SIGNATURE), Phase.PAYING),
    ],
)
def test_a_cancel_that_goes_wrong(till: Till, code: str, seen: object, phase: Phase) -> None:
    """What it did and what was said of it are two things; the second one is believed and true."""
    order = till.order(code=magic(code, 1))
    till.pay(order)
    till.wait(FLOOR_S)
    assert till.cancel(order) == seen
    assert till.state(order).phase is phase
    assert till.cancel(order) == Closed()
    assert till.state(order) == State(Phase.CLOSED)


@pytest.mark.parametrize(("code", "seen"), [("66", Pending()), ("80", Broken.HANG)])
def test_a_cancel_that_is_too_late(till: Till, code: str, seen: object) -> None:
    """Only a refund is left."""
    order = till.order(code=magic(code, 16))
    assert till.pay(order) == seen
    till.wait(FLOOR_S)
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    till.wait(2)
    assert isinstance(till.query(order), Paid)
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    refund = till.refund_order(order, 1000)
    told = till.refund(refund)
    while told == RefundProcessing():
        told = till.refund_query(refund)
    assert told == RefundDone(Fen(1000))
    assert till.query(order) == Refunded()
    assert till.state(order).net == 0


def test_a_customer_who_pays_as_the_cancel_arrives(till: Till) -> None:
    """He is charged and gets it back: the cancel reverses."""
    order = till.order(code=magic("68"))
    till.pay(order)
    till.wait(FLOOR_S)
    assert till.cancel(order) == Closed()
    assert [state.phase for _, state in till.truth(order).history] == [Phase.PAYING, Phase.PAID, Phase.REVERSED]
    assert till.state(order).net == 0


def test_a_late_arrival_with_more(till: Till) -> None:
    """81: the request arrives late, the first query and the first cancel are cut off; all of it ends well."""
    order = till.order(code=magic("81", 20))
    assert till.pay(order) is Broken.CUT
    till.wait(20)
    assert (till.query(order), till.cancel(order)) == (Broken.CUT, Broken.CUT)
    assert isinstance(till.query(order), Paid)
    assert till.cancel(order) == Closed()
    assert till.state(order).net == 0


def test_nobody_says_anything(till: Till) -> None:
    """82: neither the pay request nor a query is answered; the cancel is."""
    order = till.order(code=magic("82"))
    assert [till.pay(order), till.query(order), till.query(order)] == [Broken.HANG] * 3
    till.wait(FLOOR_S)
    assert till.cancel(order) == Closed()
    assert till.state(order).net == 0


# --- 7: refunds -------------------------------------------------------------------------------------------------------


def test_a_refund_in_parts(till: Till) -> None:
    """What goes back is told, and is in proportion to what was paid."""
    order = till.order(1000, code=magic("02", 25))
    assert isinstance(till.pay(order), Paid)
    first, second = till.refund_order(order, 400, "R1"), till.refund_order(order, 600, "R2")
    assert till.refund(first) == RefundDone(Fen(300))
    assert till.refund_query(first) == RefundDone(Fen(300))
    assert till.state(order).net == 450
    assert till.refund(second) == RefundDone(Fen(450))
    assert till.state(order).net == 0
    assert till.faults() == []


def test_a_refund_once_more_is_the_same_refund(till: Till) -> None:
    """One number, one refund, however often it is sent."""
    order = till.order()
    till.pay(order)
    refund = till.refund_order(order, 400)
    assert [till.refund(refund) for _ in range(3)] == [RefundDone(Fen(400))] * 3
    assert till.state(order).net == 600


def test_a_refund_by_the_platforms_number(till: Till) -> None:
    """The query finds it by either number."""
    order = till.order()
    till.pay(order)
    refund = till.refund_order(order, 400)
    till.refund(refund)
    platform_no = next(iter(till.truth(order).refunds.values())).refund_id
    assert till.refund_query(replace(refund, platform_refund_no=platform_no)) == RefundDone(Fen(400))


def test_more_than_is_left_is_not_refunded(till: Till) -> None:
    """And the client is told that it should have known."""
    order = till.order()
    till.pay(order)
    till.refund(till.refund_order(order, 700, "R1"))
    assert till.refund(till.refund_order(order, 301, "R2")) == RefundFailed()
    assert till.state(order).net == 300
    assert any("exceeds" in fault for fault in till.faults())


def test_a_refund_number_of_another_order(till: Till) -> None:
    """Nothing is refunded under it, and it is a violation."""
    first, second = till.order(), till.order()
    till.pay(first)
    till.pay(second)
    refund = till.refund_order(first, 100)
    till.refund(refund)
    stolen = replace(refund, order=till.ref(second))
    assert till.refund(stolen) == RefundFailed()
    assert till.state(second).net == 1000
    assert any("mismatch" in fault for fault in till.faults())


def test_a_refund_that_takes_time(till: Till) -> None:
    """70: processing for as many queries as asked for."""
    order = till.order(code=magic("70", 2))
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert till.refund(refund) == RefundProcessing()
    assert [till.refund_query(refund), till.refund_query(refund)] == [RefundProcessing()] * 2
    assert till.state(order).net == 1000
    assert till.refund_query(refund) == RefundDone(Fen(1000))
    assert till.state(order).net == 0


@pytest.mark.parametrize(
    ("code", "seen", "left"),
    [
        ("71", Broken.CUT, 0),
        ("75", Broken.HANG, 0),
        ("76", Broken.CUT, 1000),
        ("77", Unknown(Doubt.HTTP_STATUS), 0),
        ("78", Unknown(Doubt.BAD_SIGNATURE), 1000),
    ],
)
def test_a_refund_whose_answer_is_lost(till: Till, code: str, seen: object, left: int) -> None:
    """Whether it happened or not, the same number once more ends it, and the money goes back once."""
    order = till.order(code=magic(code))
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert till.refund(refund) == seen
    assert till.state(order).net == left
    assert till.refund_query(refund) == (NotFound() if left else RefundDone(Fen(1000)))
    assert till.refund(refund) == RefundDone(Fen(1000))
    assert till.state(order).net == 0


def test_a_refund_that_is_not_sure(till: Till) -> None:
    """72: asked for once more with the same number, it is done."""
    order = till.order(code=magic("72"))
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert till.refund(refund) == RefundNotSure()
    assert till.refund_query(refund) == RefundNotSure()
    assert till.state(order).net == 1000
    assert till.refund(refund) == RefundDone(Fen(1000))
    assert till.state(order).net == 0


def test_a_refund_by_hand(till: Till) -> None:
    """73: no money moves by itself."""
    order = till.order(code=magic("73"))
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert till.refund(refund) == RefundProcessing()
    assert till.refund_query(refund) == RefundManual()
    assert till.state(order).net == 1000


def test_a_refund_that_fails(till: Till) -> None:
    """74: no money goes back under this number."""
    order = till.order(code=magic("74"))
    till.pay(order)
    refund = till.refund_order(order, 1000)
    assert till.refund(refund) == RefundFailed()
    assert till.refund_query(refund) == RefundFailed()
    assert till.state(order).net == 1000


def test_an_unpaid_order_is_not_refunded(till: Till) -> None:
    """Nothing was taken."""
    order = till.order(code=magic("12"))
    till.pay(order)
    assert till.refund(till.refund_order(order, 1)) == RefundFailed()


# --- faces, codes to scan, amounts ------------------------------------------------------------------------------------


def test_a_face(till: Till) -> None:
    """A face code can ask for a behaviour too."""
    order = till.order(
        method=Method.FACE, wallet=Wallet.WECHAT, credential=Secret("face-code-0000" + "1003"), openid="o1"
    )
    assert till.pay(order) == Pending()
    till.wait(3)
    assert isinstance(till.query(order), Paid)
    assert till.faults() == []


@pytest.mark.parametrize("wallet", [Wallet.WECHAT, Wallet.ALIPAY])
def test_a_code_to_scan(till: Till, wallet: Wallet) -> None:
    """The code leads to a page of the simulator; who pays there is charged."""
    till.sandbox.set_site("http://127.0.0.1:1")
    order = till.qr_order(wallet=wallet)
    assert till.pay(order) == Pending(f"http://127.0.0.1:1/customer/{order.order_no}")
    till.wait(100)
    assert till.query(order) == Pending()
    assert till.sandbox.confirm(till.truth(order), till.now_ms) == ()
    assert isinstance(till.query(order), Paid)
    assert till.faults() == []


def test_a_code_to_scan_can_be_cancelled_at_once(till: Till) -> None:
    """The fifteen seconds are those of a scanned code; a QR code has no pay request under way."""
    order = till.qr_order()
    till.pay(order)
    assert till.cancel(order) == Closed()
    assert till.sandbox.confirm(till.truth(order), till.now_ms) is None
    assert till.state(order) == State(Phase.CLOSED)
    assert till.faults() == []


def test_a_code_to_scan_dies(till: Till) -> None:
    """At its time_expire nobody can pay it any more."""
    order = till.qr_order(expires_at_ms=till.now_ms + 400_000)
    till.pay(order)
    till.wait(399)
    assert till.query(order) == Pending()
    till.wait(2)
    assert till.query(order) == Closed()


def test_an_amount_chooses_for_a_code_to_scan(till: Till) -> None:
    """88BB.NN: paid after it could have been scanned, or declined."""
    order, poor = till.qr_order(88_10_04), till.qr_order(88_20_00)
    assert isinstance(till.pay(order), Pending)
    till.wait(4)
    assert isinstance(till.query(order), Paid)
    assert till.pay(poor) == Declined(Reason.INSUFFICIENT_FUNDS)


@pytest.mark.parametrize(
    ("code", "wallet"),
    [
        ("280000000000123456", Wallet.ALIPAY),
        ("6290000000000123456", Wallet.UNIONPAY),
        ("6230105000000123456", Wallet.UNIONPAY),
        ("0100000000000123456", Wallet.ECNY),
        ("180000000000123456", Wallet.JDPAY),
        ("510000000000123456", Wallet.BESTPAY),
        ("910000000000123456", Wallet.OTHER),
    ],
)
def test_every_wallet(till: Till, code: str, wallet: Wallet) -> None:
    """Each goes through pay, query, refund and cancel under its own paytype."""
    order = till.order(code=code, goods=(Goods("CY-1", 2, Fen(500), "纸巾"),), attach="说明")
    assert AuthCode(code).wallet is wallet
    assert isinstance(till.pay(order), Paid)
    assert isinstance(till.query(order), Paid)
    till.wait(FLOOR_S)
    assert till.cancel(order) == Closed()
    assert (till.state(order).net, till.faults()) == (0, [])


# --- rules of the document --------------------------------------------------------------------------------------------


def test_a_cancel_before_fifteen_seconds_is_a_violation(till: Till) -> None:
    """It is carried out, as the vendor only advises against it, and noted."""
    order = till.order()
    till.pay(order)
    till.wait(14.8)
    assert till.cancel(order) == Closed()
    assert [fault for fault in till.faults() if "allowed from 15 s" in fault]


def test_a_cancel_after_fifteen_seconds_is_none(till: Till) -> None:
    """Counted from the pay request's arrival."""
    order = till.order()
    till.pay(order)
    till.wait(FLOOR_S)
    assert till.cancel(order) == Closed()
    assert till.faults() == []


def test_a_cancel_after_five_minutes_is_refused(till: Till) -> None:
    """Then only a refund is left, and the order stands."""
    order = till.order()
    till.pay(order)
    till.wait(301)
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    assert till.state(order).net == 1000


def test_what_is_partly_refunded_is_not_cancelled(till: Till) -> None:
    """It would give money back twice."""
    order = till.order()
    till.pay(order)
    till.wait(FLOOR_S)
    till.refund(till.refund_order(order, 1))
    assert isinstance(till.cancel(order), Refused)
    assert till.state(order).net == 999


def test_an_order_number_that_comes_twice_is_a_violation(till: Till) -> None:
    """The order stands as it is, and the answer does not pretend that it failed for good."""
    order = till.order()
    assert isinstance(till.pay(order), Paid)
    assert till.pay(order) == Unknown(Doubt.UNCLEAR_CODE)
    assert till.state(order) == State(Phase.PAID, captured=1000)
    assert till.faults() == ["submitted 2 times"]


def test_a_second_request_makes_an_order_of_one_that_never_arrived(till: Till) -> None:
    """Also a violation: nobody could know that the first one was lost."""
    order = till.order(code=magic("32"))
    assert till.pay(order) is Broken.CUT
    assert isinstance(till.pay(order), Paid)
    assert till.faults() == ["submitted 2 times"]


def test_a_code_that_comes_twice_is_a_violation(till: Till) -> None:
    """The second order is declined by the wallet."""
    first = till.order(code="131234567812345678")
    second = till.order(code="131234567812345678")
    assert isinstance(till.pay(first), Paid)
    assert till.pay(second) == Declined(Reason.CODE_USED)
    assert (till.state(first).net, till.state(second).net) == (1000, 0)
    assert till.faults() == ["the auth code was used for another order"]


def test_haste_is_a_violation(till: Till) -> None:
    """A dozen queries in ten seconds is what a client may ask."""
    order = till.order(code=magic("12"))
    till.pay(order)
    for _ in range(12):
        till.query(order)
    assert till.faults() == []
    till.query(order)
    assert till.faults() == ["more than 12 queries of one order in ten seconds"]


def test_an_order_under_another_wallet_is_a_violation(till: Till) -> None:
    """Paytype is the wallet that paid."""
    order = till.order()
    till.pay(order)
    wrong = till.codec.query(till.ref(order, wallet=Wallet.ALIPAY), till.stamp)
    assert not isinstance(till.verdict(wrong), Paid)
    assert [fault for fault in till.faults() if "paytype ALIPAY" in fault]


def test_a_total_that_is_not_the_orders_is_a_violation(till: Till) -> None:
    """A refund names what the whole order cost."""
    order = till.order()
    till.pay(order)
    refund = till.refund_order(order, 10)
    wrong = replace(refund, order=replace(refund.order, amount=Fen(999)))
    assert not isinstance(till.refund(wrong), RefundDone)
    assert till.state(order).net == 1000
    assert [fault for fault in till.faults() if "total_fee 999" in fault]


@pytest.mark.parametrize(("reading", "code"), [("PROCESSING", "10001"), ("NEED_QUERY", "10001")])
def test_the_word_for_still_paying(till: Till, reading: str, code: str) -> None:
    """The document has two words for it; a client takes both."""
    till.sandbox.set_quirk("chaoying", "paying", reading)
    order = till.order(code=magic("12"))
    till.pay(order)
    answer = till.make(till.codec.query(till.ref(order), till.stamp))
    assert not isinstance(answer, Broken)
    assert (answer.verdict, answer.evidence.gateway_code) == (Pending(), code)


@pytest.mark.parametrize("reading", ["no", "yes"])
def test_a_refunded_order_with_and_without_its_numbers(till: Till, reading: str) -> None:
    """The document promises them only with SUCCESS; it is refunded either way."""
    till.sandbox.set_quirk("chaoying", "refunded_with_ids", reading)
    order = till.order()
    till.pay(order)
    till.refund(till.refund_order(order, 1000))
    assert till.query(order) == Refunded()


def test_failures_without_a_signature(till: Till) -> None:
    """Later versions sign only what went right: without one, a refusal is not believed."""
    till.sandbox.set_quirk("chaoying", "failures_signed", "no")
    order = till.order()
    assert till.query(order) == Unknown(Doubt.BAD_SIGNATURE)
    assert isinstance(till.pay(order), Paid)


# --- completeness -----------------------------------------------------------------------------------------------------


def test_every_behaviour_ends_without_a_fault_of_the_client() -> None:
    """Each row of the table: pay, query, cancel in time, refund what stands; the truth is that nothing is left."""
    for code in TABLE:
        till = chaoying_till()
        order = till.order(code=magic(code))
        till.pay(order)
        till.wait(31)
        for _ in range(4):
            till.query(order)
            till.cancel(order)
            till.wait(2)
        refund = till.refund_order(order, 1000)
        for _ in range(5):
            if till.truth(order).history and till.state(order).net:
                till.refund(refund)
                till.refund_query(refund)
        state = till.truth(order).state(till.now_ms)
        assert till.faults() == [], code
        if code in {"32", "35"}:
            assert state is None, code
        else:
            assert state is not None, code
            assert state.net == 0, code


def test_every_word_of_a_plan_can_be_scripted(till: Till) -> None:
    """Plans beyond the table: every pay, query and cancel fault answers something or breaks, none raises."""
    for pay in PayFault:
        for query in QueryFault:
            for cancel in CancelFault:
                till.plan(Plan(pay=pay, query=(query,), cancel=(cancel,)))
                order = till.order()
                till.pay(order)
                till.wait(20)
                till.query(order)
                till.cancel(order)
    assert till.faults() == []
