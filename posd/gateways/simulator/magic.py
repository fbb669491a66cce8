"""The magic numbers: codes and amounts that choose a behaviour, the same at all five gateways. Pure.

    auth or face code    …0000BBNN        130000000100001005: password, pays after 5 s
    amount               88BB.NN yuan     8810.05 yuan: the same

``BB`` is a behaviour of ``TABLE``, ``NN`` its parameter; ``NN = 00`` means the behaviour's own default. The code wins
over the amount. Everything else is paid at once; a QR code without a magic amount waits for a person, who finds two
buttons behind the address that the code shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import msgspec

from posd.gateways.simulator.behaviour import (
    PAYS,
    WAITS,
    CancelFault,
    NoticeFault,
    PayFault,
    Plan,
    QueryFault,
    RefundFault,
)
from posd.payment.verdicts import Reason


class Parameter(StrEnum):
    """What ``NN`` counts."""

    NOTHING = "–"
    SECONDS = "seconds"
    TIMES = "times"
    POLLS = "refund queries"
    TENTHS = "tenths of a yuan"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A row of the table."""

    code: str
    """``BB``: two digits; the first says what goes wrong."""
    text: str
    make: Callable[[int], Plan]
    counts: Parameter = Parameter.NOTHING
    default: int = 0

    def plan(self, parameter: int = 0) -> Plan:
        """The plan for ``NN``; 0 means the default."""
        return self.make(parameter or self.default)


# How long the customer types where something else is the point of the behaviour.
_TYPING_MS = 2_000


def _plain(code: str, text: str, plan: Plan) -> Behaviour:
    return Behaviour(code, text, lambda _: plan)


def _seconds(code: str, text: str, default: int, make: Callable[[int], Plan]) -> Behaviour:
    return Behaviour(code, text, lambda seconds: make(seconds * 1000), Parameter.SECONDS, default)


def _declined(code: str, text: str, reason: Reason) -> Behaviour:
    return _plain(code, text, Plan(decline=reason))


def _paid_but(code: str, text: str, fault: PayFault) -> Behaviour:
    return _plain(code, text, Plan(pay=fault))


def _queries(code: str, text: str, default: int, fault: QueryFault) -> Behaviour:
    def make(times: int) -> Plan:
        return Plan(confirm_after_ms=_TYPING_MS, query=(fault,) * times + (QueryFault.OK,))

    return Behaviour(code, text, make, Parameter.TIMES, default)


def _cancels(code: str, text: str, default: int, fault: CancelFault) -> Behaviour:
    def make(times: int) -> Plan:
        return Plan(confirm_after_ms=None, cancel=(fault,) * times + (CancelFault.OK,))

    return Behaviour(code, text, make, Parameter.TIMES, default)


def _refunds(code: str, text: str, *faults: RefundFault) -> Behaviour:
    return _plain(code, text, Plan(refund=faults))


def _notices(code: str, text: str, fault: NoticeFault) -> Behaviour:
    return _plain(code, text, Plan(confirm_after_ms=_TYPING_MS, notice=fault))


FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "0": "All is well",
        "1": "The customer is asked for the password",
        "2": "Declined at once",
        "3": "The answer to the pay request is lost",
        "4": "An answer is not true",
        "5": "Password, pays after 2 s; the first queries go wrong",
        "6": "Password, never pays; the first cancels go wrong",
        "7": "Pays at once; refunds go wrong",
        "8": "Several things at once",
        "9": "Pays after 2 s; notifications go wrong",
    }
)
"""What the first digit of ``BB`` means."""

_ROWS = (
    _plain("00", "pays at once", PAYS),
    _seconds("01", "pays at once, the answer takes its time", 3, lambda ms: Plan(pay_latency_ms=ms)),
    Behaviour("02", "pays with a discount", lambda n: Plan(discount_fen=n * 10), Parameter.TENTHS, 20),
    _seconds("10", "pays", 5, lambda ms: Plan(confirm_after_ms=ms)),
    _seconds("11", "refuses", 5, lambda ms: Plan(confirm_after_ms=None, refuse_after_ms=ms)),
    _plain("12", "never does anything", WAITS),
    _seconds(
        "13",
        "does nothing, the gateway closes the order by itself",
        30,
        lambda ms: Plan(confirm_after_ms=None, expire_after_ms=ms),
    ),
    _seconds("14", "pays with a discount of 1 yuan", 5, lambda ms: Plan(confirm_after_ms=ms, discount_fen=100)),
    _declined("20", "balance too low", Reason.INSUFFICIENT_FUNDS),
    _declined("21", "code expired", Reason.CODE_EXPIRED),
    _declined("22", "code already used", Reason.CODE_USED),
    _declined("23", "no such code", Reason.CODE_INVALID),
    _declined("24", "over the customer's limit", Reason.LIMIT_EXCEEDED),
    _declined("25", "by the bank, without a reason", Reason.DECLINED),
    _declined("26", "the customer cancelled", Reason.USER_CANCELLED),
    _paid_but("30", "paid, no answer ever", PayFault.HANG),
    _paid_but("31", "paid, connection cut before the answer", PayFault.CUT_AFTER),
    _paid_but("32", "not paid: connection cut before the request arrived", PayFault.CUT_BEFORE),
    _seconds("33", "connection cut, the request arrives later and is paid", 20, lambda ms: Plan(arrive_after_ms=ms)),
    _paid_but("34", "paid, answered by HTTP 500", PayFault.ERROR_AFTER),
    _paid_but("35", "not paid: HTTP 500, the order was never made", PayFault.ERROR_BEFORE),
    _paid_but("36", "paid, answered by a page of HTML", PayFault.GARBAGE),
    _paid_but("37", "paid, the answer says still paying", PayFault.PENDING),
    _seconds("38", "password, no answer ever, pays", 5, lambda ms: Plan(pay=PayFault.HANG, confirm_after_ms=ms)),
    _paid_but("39", "paid, the answer says success and nothing of the order", PayFault.NO_STATUS),
    _paid_but("40", "paid, the answer says declined, wrongly signed", PayFault.LIE),
    _plain(
        "41",
        "declined, the answer says paid, wrongly signed",
        Plan(pay=PayFault.LIE, decline=Reason.INSUFFICIENT_FUNDS),
    ),
    _paid_but("42", "paid, the answer is not signed", PayFault.UNSIGNED),
    _paid_but("43", "paid, the answer names another amount, rightly signed", PayFault.WRONG_AMOUNT),
    _paid_but("44", "paid, the answer names another order, rightly signed", PayFault.WRONG_ORDER),
    _plain(
        "45",
        "paid, every query names another amount, rightly signed",
        Plan(pay=PayFault.PENDING, query=(QueryFault.WRONG_AMOUNT,)),
    ),
    _plain(
        "46",
        "paid, every query names another order, rightly signed",
        Plan(pay=PayFault.PENDING, query=(QueryFault.WRONG_ORDER,)),
    ),
    _queries("50", "refused: too often", 2, QueryFault.TOO_OFTEN),
    _queries("51", "no answer ever", 2, QueryFault.HANG),
    _queries("52", "connection cut", 2, QueryFault.CUT),
    _queries("53", "HTTP 500", 2, QueryFault.ERROR),
    _queries("54", "a page of HTML", 2, QueryFault.GARBAGE),
    _seconds(
        "55",
        "all queries answer with the past",
        5,
        lambda ms: Plan(confirm_after_ms=_TYPING_MS, query=(QueryFault.STALE,), stale_ms=ms),
    ),
    _queries("56", "no such order", 3, QueryFault.NOT_FOUND),
    _queries("57", "system error", 2, QueryFault.SYSTEM_ERROR),
    _queries("58", "the opposite of the truth, wrongly signed", 2, QueryFault.LIE),
    _queries("59", "not signed", 2, QueryFault.UNSIGNED),
    _cancels("60", "refused: still paying", 2, CancelFault.STILL_PAYING),
    _cancels("61", "done, connection cut before the answer", 1, CancelFault.CUT_AFTER),
    _cancels("62", "done, answered by HTTP 500", 1, CancelFault.ERROR_AFTER),
    _cancels("63", "connection cut before the request arrived", 2, CancelFault.CUT_BEFORE),
    _cancels("64", "done, no answer ever", 1, CancelFault.HANG),
    _cancels("65", "accepted and not done (refused where an answer is proof)", 2, CancelFault.NOT_DONE),
    _seconds(
        "66",
        "pays, the answers say still paying, cancels refused: too late",
        16,
        lambda ms: Plan(pay=PayFault.PENDING, confirm_after_ms=ms, cancel=(CancelFault.TOO_LATE,)),
    ),
    _cancels("67", "said to be done, wrongly signed, not done", 1, CancelFault.LIE),
    _plain("68", "pays in the moment the first cancel arrives", Plan(confirm_after_ms=None, confirm_on_cancel=True)),
    Behaviour(
        "70",
        "takes some refund queries",
        lambda n: Plan(refund=(RefundFault.PROCESSING,), refund_polls=n),
        Parameter.POLLS,
        2,
    ),
    _refunds("71", "done, connection cut before the answer", RefundFault.CUT_AFTER, RefundFault.OK),
    _refunds("72", "unclear until asked for once more with the same number", RefundFault.NOT_SURE),
    _refunds("73", "must be moved by hand", RefundFault.BY_HAND),
    _refunds("74", "fails", RefundFault.FAIL),
    _refunds("75", "done, no answer ever", RefundFault.HANG, RefundFault.OK),
    _refunds("76", "connection cut before the request arrived", RefundFault.CUT_BEFORE, RefundFault.OK),
    _refunds("77", "done, answered by HTTP 500", RefundFault.ERROR_AFTER, RefundFault.OK),
    _refunds("78", "said to be done, wrongly signed, not done", RefundFault.LIE, RefundFault.OK),
    _seconds(
        "80",
        "no answer, pays late, cancels too late, the refund takes two queries",
        16,
        lambda ms: Plan(
            pay=PayFault.HANG,
            confirm_after_ms=ms,
            cancel=(CancelFault.TOO_LATE,),
            refund=(RefundFault.PROCESSING,),
        ),
    ),
    _seconds(
        "81",
        "arrives late, is paid; the first query and the first cancel are cut off",
        20,
        lambda ms: Plan(
            arrive_after_ms=ms,
            query=(QueryFault.CUT, QueryFault.OK),
            cancel=(CancelFault.CUT_BEFORE, CancelFault.OK),
        ),
    ),
    _plain(
        "82",
        "paid, no answer to the pay request nor to any query",
        Plan(pay=PayFault.HANG, query=(QueryFault.HANG,)),
    ),
    _notices("90", "none", NoticeFault.NONE),
    _notices("91", "wrongly signed", NoticeFault.LIE),
    _notices("92", "another amount, rightly signed", NoticeFault.WRONG_AMOUNT),
    _notices("93", "another order, rightly signed", NoticeFault.WRONG_ORDER),
    _notices("94", "each one twice", NoticeFault.TWICE),
)

TABLE: Mapping[str, Behaviour] = MappingProxyType({row.code: row for row in _ROWS})
"""Every behaviour by its ``BB``."""

# A marker of four zeros: a code made up at random meets it once in ten thousand times.
_CODE = re.compile(r".*0000([0-9]{2})([0-9]{2})", re.ASCII)
_AMOUNT = re.compile(r"88([0-9]{2})([0-9]{2})", re.ASCII)

# Nobody takes out a phone and scans a code quicker than this.
_QR_SCAN_MS = 2_000


def choose(credential: str | None, amount_fen: int) -> Plan:
    """What happens to an order of this amount; ``credential`` is the auth or face code, None for a QR code."""
    if credential is None:
        found = _magic(_AMOUNT.fullmatch(str(amount_fen)))
        return WAITS if found is None else _as_scanned(found)
    found = _magic(_CODE.fullmatch(credential)) or _magic(_AMOUNT.fullmatch(str(amount_fen)))
    return found or PAYS


def plan_of(code: str, parameter: int = 0) -> Plan:
    """The plan of ``BB`` and ``NN``. Raises KeyError for a code that is not in the table."""
    return TABLE[code].plan(parameter)


def _magic(match: re.Match[str] | None) -> Plan | None:
    behaviour = TABLE.get(match[1]) if match else None
    return behaviour.plan(int(match[2])) if match and behaviour else None


def _as_scanned(plan: Plan) -> Plan:
    """The same for a QR code, which has to be scanned first."""
    confirm = plan.confirm_after_ms
    if confirm is None:
        return plan
    return msgspec.structs.replace(plan, confirm_after_ms=max(confirm, _QR_SCAN_MS))
