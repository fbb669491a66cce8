"""The simulated ChinaUMS with posd's own codec as the client: what is told, and what is true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posd.gateways.base import CallResult, Goods, HttpResponse, PayOrder
from posd.gateways.chinaums.codec import ChinaumsCodec
from posd.gateways.chinaums.codes import SECURE_STATUS, TARGET_SYSTEMS
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.simulator.behaviour import CancelFault, PayFault, Plan, QueryFault, RefundFault
from posd.gateways.simulator.chinaums import Chinaums
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
# A day in Beijing is long enough for everything a test does.
MORNING_MS = 1_794_967_200_000


class ChinaumsTill(Till):
    """A till that speaks ChinaUMS: every order number begins with the source's four characters."""

    def order(self, amount: int = 1000, code: str | None = None, **more: object) -> PayOrder:
        """See the base class."""
        made = super().order(amount, code, **more)
        return replace(made, order_no=f"{self.codec.capabilities.order_prefix}{made.order_no}")

    def qr_order(self, amount: int = 1000, wallet: Wallet = Wallet.ALIPAY, **more: object) -> PayOrder:
        """See the base class."""
        return super().qr_order(amount, wallet, **more)


def chinaums_till(notify_url: str | None = None, **quirks: str) -> ChinaumsTill:
    """A till in the morning."""
    sandbox = Sandbox(protocols=(Chinaums,))
    for name, reading in quirks.items():
        sandbox.set_quirk("chinaums", name, reading)
    settings = ChinaumsSettings(**sandbox.credentials("chinaums"), notify_url=notify_url)  # type: ignore[arg-type]  # as they are named
    till = ChinaumsTill("chinaums", ChinaumsCodec(settings), sandbox)
    till.now_ms = MORNING_MS
    return till


@pytest.fixture
def till() -> ChinaumsTill:
    """A till in the morning."""
    return chinaums_till()


def magic(code: str, parameter: int = 0) -> str:
    """A WeChat code that asks for a behaviour."""
    return f"13000000010000{code}{parameter:02d}"


def by_hand(till: Till, operation: str, **fields: str) -> CallResult:
    """A call that a person makes."""
    result = till.verdict(till.codec.call(operation, fields, till.stamp))
    assert isinstance(result, CallResult)
    return result


def faults(till: Till) -> list[str]:
    """What the client did wrong, without its impatience."""
    return [text for text in till.faults() if "queries of one order" not in text]


# --- all behaviours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refunded", ["told", "zero"])
@pytest.mark.parametrize("code", TABLE)
def test_no_verdict_is_untrue(code: str, refunded: str) -> None:
    """Whatever gateway and customer do: what the codec says is true when it says it, and the order can be undone."""
    till = chinaums_till(refunded_amount=refunded)
    order = till.order(1250, code=magic(code))
    watch(till, order)
    undo(till, order)
    state = truth(till, order)
    plan = TABLE[code].plan()
    stuck = plan.refund[-1] in {RefundFault.FAIL, RefundFault.BY_HAND} and state is not None and state.net == 1250
    deaf = plan.query[-1] in {QueryFault.HANG, QueryFault.WRONG_AMOUNT, QueryFault.WRONG_ORDER}
    assert state is None or state.net == 0 or stuck or deaf
    assert faults(till) == []


@pytest.mark.parametrize("code", TABLE)
def test_no_verdict_about_a_face_is_untrue(code: str) -> None:
    """The same for a face code, chosen by the amount."""
    till = chinaums_till()
    order = till.order(int(f"88{code}00"), method=Method.FACE, credential=Secret("b713b5d2-666c-48"))
    watch(till, order)
    undo(till, order)
    assert faults(till) == []


@pytest.mark.parametrize("code", TABLE)
def test_no_verdict_about_a_code_to_scan_is_untrue(code: str) -> None:
    """The same for orders that the customer pays by himself."""
    till = chinaums_till()
    order = till.qr_order(int(f"88{code}00"), expires_at_ms=till.now_ms + 60_000)
    watch(till, order)
    undo(till, order)
    state = truth(till, order)
    plan = TABLE[code].plan()
    stuck = plan.refund[-1] in {RefundFault.FAIL, RefundFault.BY_HAND}
    deaf = plan.query[-1] in {QueryFault.HANG, QueryFault.WRONG_AMOUNT, QueryFault.WRONG_ORDER}
    assert state is None or state.net == 0 or stuck or deaf
    assert faults(till) == []


# --- poslink: pay and query -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Method.BARCODE, Method.FACE])
def test_a_payment(till: ChinaumsTill, method: Method) -> None:
    """Pay and query say the same, and it is true."""
    credential = Secret("b713b5d2-666c-48") if method is Method.FACE else AuthCode(magic("00"))
    order = till.order(1250, method=method, credential=credential)
    told, asked = till.pay(order), till.query(order)
    assert isinstance(told, Paid)
    assert isinstance(asked, Paid)
    assert told.amounts == asked.amounts == Amounts.undiscounted(Fen(1250))
    assert (told.trade_no, told.channel_trade_no) == (asked.trade_no, asked.channel_trade_no)
    assert till.state(order) == State(Phase.PAID, captured=1250)
    assert till.faults() == []


def test_a_discount(till: ChinaumsTill) -> None:
    """The three amounts are told, and what was given off is not charged."""
    order = till.order(1250, code=magic("02", 25))
    for told in (till.pay(order), till.query(order)):
        assert isinstance(told, Paid)
        assert told.amounts == Amounts(Fen(1250), Fen(250), Fen(1000))
        assert dict(told.details)["totalDiscountAmount"] == "250"
    assert till.state(order).captured == 1000


@pytest.mark.parametrize("paying", ["0000", "SUCCESS", "99"])
@pytest.mark.parametrize("unknown", ["FF", "1"])
def test_a_password(paying: str, unknown: str) -> None:
    """Whatever the code for it is: open until the customer has typed it, and no earlier."""
    till = chinaums_till(paying=paying, unknown=unknown)
    order = till.order(code=magic("10", 4))
    assert till.pay(order) == UNCLEAR
    till.wait(3.9)
    assert till.query(order) == UNCLEAR
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
def test_a_declined_code(till: ChinaumsTill, code: str, reason: Reason) -> None:
    """Pay is open, because its codes are not public; the query is definite."""
    order = till.order(code=magic(code))
    assert till.pay(order) == UNCLEAR
    assert till.query(order) == Declined(reason)
    assert till.state(order).net == 0


def test_an_order_that_is_over_at_once(till: ChinaumsTill) -> None:
    """The pay answer has no success, the query says why."""
    till.plan(Plan(confirm_after_ms=None, expire_after_ms=0))
    order = till.order()
    assert till.pay(order) == UNCLEAR
    assert till.query(order) == Closed()


def test_an_order_that_never_arrived(till: ChinaumsTill) -> None:
    """No such order, for every call."""
    for order in (till.order(code=magic("32")), till.qr_order(883200)):
        till.pay(order)
        assert till.query(order) == NotFound()
        assert till.cancel(order) == NotFound()
        assert till.refund(till.refund_order(order, 1)) == RefundFailed()


def test_the_same_number_twice(till: ChinaumsTill) -> None:
    """Not taken again; it is a violation."""
    for order in (till.order(), till.qr_order()):
        till.pay(order)
        assert till.pay(order) == UNCLEAR
        assert till.truth(order).submits == 2


@pytest.mark.parametrize(
    ("plan", "pay"),
    [
        (Plan(pay=PayFault.LIE), Unknown(Doubt.BROKEN_BODY)),
        (Plan(pay=PayFault.WRONG_AMOUNT), Unknown(Doubt.MISMATCH)),
        (Plan(pay=PayFault.PENDING), UNCLEAR),
    ],
)
def test_an_answer_that_is_not_true(till: ChinaumsTill, plan: Plan, pay: object) -> None:
    """A doubt, never a state; the query tells the truth."""
    till.plan(plan)
    order = till.order()
    assert till.pay(order) == pay
    assert isinstance(till.query(order), Paid)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (QueryFault.LIE, Unknown(Doubt.BROKEN_BODY)),
        (QueryFault.WRONG_AMOUNT, Unknown(Doubt.MISMATCH)),
        (QueryFault.WRONG_ORDER, Unknown(Doubt.MISMATCH)),
        (QueryFault.TOO_OFTEN, Unknown(Doubt.TOO_OFTEN)),
        (QueryFault.SYSTEM_ERROR, UNCLEAR),
        (QueryFault.NOT_FOUND, NotFound()),
        (QueryFault.ERROR, Unknown(Doubt.HTTP_STATUS)),
    ],
)
@pytest.mark.parametrize("scanned", [False, True])
def test_a_query_that_goes_wrong(till: ChinaumsTill, scanned: bool, fault: QueryFault, expected: object) -> None:
    """Each fault is read for what it is, at both interfaces."""
    till.plan(Plan(query=(fault, QueryFault.OK)))
    order = till.qr_order() if scanned else till.order()
    till.pay(order)
    assert till.query(order) == expected
    assert isinstance(till.query(order), Paid)


def test_signed_answers() -> None:
    """A platform that signs its answers: right ones are read, a lie is seen."""
    till = chinaums_till(answers_signed="yes")
    order = till.order()
    assert isinstance(till.pay(order), Paid)
    till.plan(Plan(pay=PayFault.LIE, query=(QueryFault.LIE, QueryFault.UNSIGNED)))
    other = till.order()
    assert till.pay(other) == Unknown(Doubt.BAD_SIGNATURE)
    assert till.query(other) == Unknown(Doubt.BAD_SIGNATURE)
    assert isinstance(till.query(other), Paid)
    result = by_hand(till, "poslink/query", merchantOrderId=order.order_no)
    assert (result.verified, result.succeeded) == (True, True)


# --- poslink: void ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "phase"), [("00", Phase.REVERSED), ("12", Phase.CLOSED)])
def test_a_void(till: ChinaumsTill, code: str, phase: Phase) -> None:
    """What is paid goes back, what is unpaid is over; the query proves it."""
    order = till.order(code=magic(code))
    till.pay(order)
    assert till.cancel(order) == Accepted()
    assert till.query(order) == Closed()
    assert till.state(order).phase is phase
    assert till.state(order).net == 0
    assert till.cancel(order) == Refused(Refusal.OTHER)
    assert till.faults() == []


def test_a_void_on_the_next_day(till: ChinaumsTill) -> None:
    """Only a refund is left, and that is why the codec's terms have a deadline."""
    order = till.order()
    till.pay(order)
    till.wait(24 * 3600)
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    assert till.state(order).net == 1000


def test_a_void_after_a_refund(till: ChinaumsTill) -> None:
    """Not any more: part of the money is back already."""
    order = till.order(1000)
    till.pay(order)
    till.refund(till.refund_order(order, 1))
    assert till.cancel(order) == Refused(Refusal.OTHER)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (CancelFault.STILL_PAYING, Refused(Refusal.STILL_PAYING)),
        (CancelFault.TOO_LATE, Refused(Refusal.TOO_LATE)),
        (CancelFault.LIE, Unknown(Doubt.BROKEN_BODY)),
        (CancelFault.NOT_DONE, Accepted()),
    ],
)
@pytest.mark.parametrize("scanned", [False, True])
def test_a_cancel_that_goes_wrong(till: ChinaumsTill, scanned: bool, fault: CancelFault, expected: object) -> None:
    """Each fault is read for what it is, at both interfaces, and the order is as open as before."""
    till.plan(Plan(confirm_after_ms=None, cancel=(fault,)))
    order = till.qr_order() if scanned else till.order()
    till.pay(order)
    assert till.cancel(order) == expected
    assert till.state(order).phase is Phase.PAYING
    assert till.query(order) == (Pending() if scanned else UNCLEAR)


# --- poslink: refunds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scanned", [False, True])
def test_a_refund(till: ChinaumsTill, scanned: bool) -> None:
    """Taken, done, and the platform says what the customer got."""
    till.plan(Plan(discount_fen=200))
    order = till.qr_order(1000) if scanned else till.order(1000)
    till.pay(order)
    first, rest = till.refund_order(order, 300), till.refund_order(order, 700, "R2")
    told = till.refund(first)
    assert told == (RefundDone(Fen(300)) if scanned else RefundProcessing())
    assert till.refund_query(first) == RefundDone(Fen(300))
    held_against_the_truth(till, order, till.query(order))
    till.refund(rest)
    assert till.refund_query(rest) == RefundDone(Fen(500))
    assert till.state(order).net == 0
    assert till.query(order) == (Closed() if scanned else Refunded())
    assert till.faults() == []


def test_a_refund_in_part(till: ChinaumsTill) -> None:
    """Poslink tells how much is gone; netpay only that something is."""
    order, scanned = till.order(1000), till.qr_order(1000)
    for each in (order, scanned):
        till.plan(Plan())
        till.pay(each)
        till.refund(till.refund_order(each, 300))
    asked = till.query(order)
    assert isinstance(asked, Paid)
    assert asked.refunded == 300
    assert till.query(scanned) == UNCLEAR


def test_a_refund_in_part_without_a_sum() -> None:
    """The real answer says 已退货 and 0: nothing can be made of it."""
    till = chinaums_till(refunded_amount="zero")
    order = till.order(1000)
    till.pay(order)
    till.refund(till.refund_order(order, 300))
    assert till.query(order) == UNCLEAR


@pytest.mark.parametrize("scanned", [False, True])
def test_refunds_that_are_not_made(till: ChinaumsTill, scanned: bool) -> None:
    """Too much, of another order, of what is not paid: nothing goes back."""

    def made() -> PayOrder:
        return till.qr_order(1000) if scanned else till.order(1000)

    till.plan(Plan())
    order = made()
    till.pay(order)
    assert till.refund(till.refund_order(order, 1001)) == RefundFailed()
    till.refund(till.refund_order(order, 1))
    till.plan(Plan())
    other = made()
    till.pay(other)
    stolen = replace(till.refund_order(other, 1), refund_no=f"{order.order_no}R1")
    assert till.refund(stolen) == RefundFailed()
    till.plan(Plan(confirm_after_ms=None))
    unpaid = made()
    till.pay(unpaid)
    assert till.refund(till.refund_order(unpaid, 1)) == RefundFailed()
    assert till.refund_query(till.refund_order(unpaid, 1)) == NotFound()
    assert till.state(order).refunded == 1


@pytest.mark.parametrize(
    ("fault", "told", "scanned_told", "asked"),
    [
        (RefundFault.PROCESSING, RefundProcessing(), RefundProcessing(), RefundProcessing()),
        (RefundFault.NOT_SURE, UNCLEAR, UNCLEAR, NotFound()),
        (RefundFault.FAIL, UNCLEAR, RefundFailed(), RefundFailed()),
        (RefundFault.BY_HAND, UNCLEAR, RefundFailed(), RefundFailed()),
        (RefundFault.LIE, Unknown(Doubt.BROKEN_BODY), Unknown(Doubt.BROKEN_BODY), NotFound()),
    ],
)
def test_a_refund_that_goes_wrong(
    till: ChinaumsTill, fault: RefundFault, told: object, scanned_told: object, asked: object
) -> None:
    """Each fault is read for what it is, at both interfaces."""
    for order, expected in ((till.order(1000), told), (till.qr_order(1000), scanned_told)):
        till.plan(Plan(refund=(fault, RefundFault.OK), refund_polls=1))
        till.pay(order)
        refund = till.refund_order(order, 1000)
        assert till.refund(refund) == expected
        assert till.refund_query(refund) == asked
        if fault is RefundFault.NOT_SURE:
            till.refund(refund)
            assert till.refund_query(refund) == RefundDone(Fen(1000))


# --- netpay -----------------------------------------------------------------------------------------------------------


def test_a_code_to_scan(till: ChinaumsTill) -> None:
    """Alipay's code; it dies when it should, and nothing is odd about the request."""
    goods = (Goods("001", 2, Fen(500), "鸡蛋"), Goods("002", 1, Fen(250)))
    order = till.qr_order(1250, expires_at_ms=till.now_ms + 30_000, attach="A-1", goods=goods)
    pending = till.pay(order)
    assert pending == Pending(qr_code=f"http://simulator.invalid/customer/{order.order_no}")
    assert till.truth(order).wallet is Wallet.ALIPAY
    till.wait(29)
    assert till.query(order) == Pending()
    till.wait(2)
    assert till.query(order) == Closed()
    assert till.faults() == []


def test_a_scanned_order_is_paid(till: ChinaumsTill) -> None:
    """What the customer paid, and by whom."""
    order = till.qr_order(881400)
    till.pay(order)
    till.wait(5)
    asked = till.query(order)
    assert isinstance(asked, Paid)
    assert asked.amounts == Amounts(Fen(881400), Fen(100), Fen(881300))
    assert dict(asked.details)["targetSys"] in TARGET_SYSTEMS
    assert till.cancel(order) == Refused(Refusal.TOO_LATE)
    assert till.state(order).net == 881300


def test_a_refused_order(till: ChinaumsTill) -> None:
    """The wallet refuses: open for the pay call, over for the query."""
    till.plan(Plan(decline=Reason.LIMIT_EXCEEDED))
    order = till.qr_order()
    assert till.pay(order) == UNCLEAR
    assert till.query(order) == Closed()


@pytest.mark.parametrize(
    ("call", "more", "wallet"),
    [
        ("wx/app-pre-order", {"subAppId": "wx1"}, Wallet.WECHAT),
        ("trade/precreate", {}, Wallet.ALIPAY),
        ("qmf/order", {"merchantUserId": "u1", "mobile": "13800000000"}, Wallet.OTHER),
        ("uac/app-order", {}, Wallet.UNIONPAY),
        ("applepay/order", {}, Wallet.OTHER),
        ("trade/app-pre-order", {}, Wallet.ALIPAY),
    ],
)
def test_the_six_order_calls(till: ChinaumsTill, call: str, more: dict[str, str], wallet: Wallet) -> None:
    """Each makes an order of its wallet; only one answers with a code to scan."""
    fields = {"merOrderId": "3194B001", "tradeType": "APP", "totalAmount": "1"}
    result = by_hand(till, f"netpay/{call}", **fields, **more)
    assert result.succeeded
    assert ("qrCode" in result.fields) is (call == "trade/precreate")
    order = till.sandbox.bank.find("3194B001")
    assert order is not None
    assert (order.wallet, order.by_itself) == (wallet, True)
    assert by_hand(till, "netpay/query", merOrderId="3194B001").fields["status"] == "WAIT_BUYER_PAY"
    assert by_hand(till, "netpay/close", merOrderId="3194B001").succeeded
    assert by_hand(till, "netpay/query", merOrderId="3194B001").fields["status"] == "TRADE_CLOSED"


def secured(till: Till, number: str, plan: Plan | None = None, secure: str = "true") -> None:
    """A secured order (担保交易) of 10 yuan."""
    till.plan(plan or Plan())
    by_hand(
        till,
        "netpay/uac/app-order",
        merOrderId=number,
        tradeType="APP",
        totalAmount="1000",
        secureTransaction=secure,
    )


def test_a_secured_transaction_is_cancelled(till: ChinaumsTill) -> None:
    """1.5 担保撤销: everything goes back, once."""
    secured(till, "3194S1")
    result = by_hand(till, "netpay/secure-cancel", merOrderId="3194S1")
    assert result.succeeded
    assert result.fields["secureStatus"] in SECURE_STATUS
    order = till.sandbox.bank.find("3194S1")
    assert order is not None
    assert order.state(till.now_ms) == State(Phase.REVERSED, captured=1000, reversed=1000)
    again = by_hand(till, "netpay/secure-cancel", merOrderId="3194S1")
    assert again.fields["errCode"] == "HAS_CANCELLED"


@pytest.mark.parametrize(
    ("amount", "status", "net"), [("1000", "ALL_COMPLETED", 1000), ("400", "PARTLY_COMPLETED", 400)]
)
def test_a_secured_transaction_is_completed(till: ChinaumsTill, amount: str, status: str, net: int) -> None:
    """1.6 担保完成: what is completed is the merchant's, the rest goes back; once."""
    secured(till, "3194S1")
    result = by_hand(till, "netpay/secure-complete", merOrderId="3194S1", completedAmount=amount)
    assert (result.succeeded, result.fields["secureStatus"]) == (True, status)
    assert status in SECURE_STATUS
    order = till.sandbox.bank.find("3194S1")
    assert order is not None
    state = order.state(till.now_ms)
    assert state is not None
    assert state.net == net
    for operation in ("netpay/secure-cancel", "netpay/secure-complete"):
        assert not by_hand(till, operation, merOrderId="3194S1", completedAmount="1").succeeded


def test_only_the_latest_completions_are_remembered(till: ChinaumsTill, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory has an end; the oldest is forgotten."""
    monkeypatch.setattr("posd.gateways.simulator.chinaums_netpay._COMPLETED_MAX", 1)
    for number in ("3194S1", "3194S2"):
        secured(till, number)
        assert by_hand(till, "netpay/secure-complete", merOrderId=number, completedAmount="1000").succeeded
    assert not by_hand(till, "netpay/secure-complete", merOrderId="3194S2", completedAmount="1000").succeeded
    assert by_hand(till, "netpay/secure-complete", merOrderId="3194S1", completedAmount="1000").succeeded


def test_what_is_not_secured_stays_as_it_is(till: ChinaumsTill) -> None:
    """No such order, one that is not secured, one that is not paid, more than was paid: refused."""
    assert by_hand(till, "netpay/secure-cancel", merOrderId="3194S0").fields["errCode"] == "NO_ORDER"
    secured(till, "3194S1", secure="false")
    secured(till, "3194S2", Plan(confirm_after_ms=None))
    secured(till, "3194S3")
    for number, amount in (("3194S1", "1"), ("3194S2", "1"), ("3194S3", "1001")):
        assert not by_hand(till, "netpay/secure-complete", merOrderId=number, completedAmount=amount).succeeded


def test_the_platforms_own_numbers_work_too(till: ChinaumsTill) -> None:
    """OriginalOrderId and targetOrderId instead of the merchant's number."""
    order = till.order()
    told = till.pay(order)
    assert isinstance(told, Paid)
    found = by_hand(till, "poslink/query", originalOrderId=told.trade_no or "")
    assert found.fields["merchantOrderId"] == order.order_no
    till.plan(Plan())
    scanned = till.qr_order()
    till.pay(scanned)
    asked = till.query(scanned)
    assert isinstance(asked, Paid)
    found = by_hand(till, "netpay/query", targetOrderId=asked.channel_trade_no or "")
    assert found.fields["merOrderId"] == scanned.order_no
    assert by_hand(till, "poslink/query", originalOrderId="20xx").fields["errCode"] == "NO_ORDER"


def test_the_harmless_call(till: ChinaumsTill) -> None:
    """Keys, clock, merchant and path are right, and no order is made."""
    result = till.verdict(till.codec.harmless(till.stamp))
    assert isinstance(result, CallResult)
    assert result.succeeded
    assert till.faults() == []


# --- notifications ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["MD5", "SHA256"])
def test_a_notification_of_a_payment(sign: str) -> None:
    """Signed either way, read, and taken by the platform's own word."""
    till = chinaums_till(notify_url=NOTIFY_URL, notify_sign=sign)
    till.plan(Plan(discount_fen=250))
    order = till.qr_order(1250, attach="备注 1")
    till.pay(order)
    (send,) = till.due()
    assert (send.url, send.content_type) == (NOTIFY_URL, "application/x-www-form-urlencoded")
    notice = till.codec.read_notification(HttpResponse(200, send.body), till.stamp)
    assert notice is not None
    verdict = notice.read(till.ref(order)).verdict
    held_against_the_truth(till, order, verdict)
    assert isinstance(verdict, Paid)
    assert verdict.amounts == Amounts(Fen(1250), Fen(250), Fen(1000))
    assert send.done(200, notice.success.body.decode(), till.now_ms) is None
    assert send.done(200, notice.failure.body.decode(), till.now_ms) is not None


def test_a_notification_of_a_refund() -> None:
    """TRADE_REFUND with the sum that is gone."""
    till = chinaums_till(notify_url=NOTIFY_URL)
    till.plan(Plan())
    order = till.qr_order(1000)
    till.pay(order)
    till.due()
    till.refund(till.refund_order(order, 400))
    (send,) = till.due()
    notice = till.codec.read_notification(HttpResponse(200, send.body), till.stamp)
    assert notice is not None
    verdict = notice.read(till.ref(order)).verdict
    assert isinstance(verdict, Paid)
    assert verdict.refunded == 400


@pytest.mark.parametrize("code", ["91", "92", "93"])
def test_a_notification_that_is_not_true(code: str) -> None:
    """Wrongly signed: none. Rightly signed for another order or amount: a mismatch."""
    till = chinaums_till(notify_url=NOTIFY_URL)
    order = till.qr_order(int(f"88{code}00"))
    till.pay(order)
    till.wait(3)
    (send,) = till.due()
    notice = till.codec.read_notification(HttpResponse(200, send.body), till.stamp)
    if code == "91":
        assert notice is None
    else:
        assert notice is not None
        assert notice.read(till.ref(order)).verdict == Unknown(Doubt.MISMATCH)
