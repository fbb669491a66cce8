"""A till that was started with a wrong clock gets its answers once the clock is right, though a payment is open."""

from __future__ import annotations

from posd.clock import TimeLine
from posd.gateways.base import HttpRequest, HttpResponse, OrderRef, PayOrder
from posd.gateways.errors import NoAnswerError
from posd.gateways.gateway import Gateway
from posd.gateways.protocols import make_codec, settings_class
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.transport import Timeouts
from posd.payment.amounts import Fen
from posd.payment.auth_code import AuthCode, Wallet
from posd.payment.terms import Method
from posd.payment.verdicts import Paid

NOW_MS = 1_795_140_000_000
DAY_MS = 86_400_000


class Direct:
    """Requests go straight to the sandbox, at the true time."""

    timeouts = Timeouts()

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """As ``Transport.send``."""
        outcome = self._sandbox.handle("daxpay", request, NOW_MS).outcome
        if not isinstance(outcome, HttpResponse):
            raise NoAnswerError("cut")
        return outcome


async def test_a_question_is_dated_by_the_wall_clock() -> None:
    """DaxPay answers nothing that is dated wrongly: the line of time stays a day ahead, the question is of today."""
    sandbox, wall_ms = Sandbox(), [NOW_MS]
    codec = make_codec("daxpay", settings_class("daxpay")(**sandbox.credentials("daxpay")))
    code = AuthCode("130000000000000001")
    order = PayOrder("0101A", Fen(1000), Method.BARCODE, Wallet.WECHAT, "示例", "1", "0101", "md_001", code)
    right = Gateway("main", codec, Direct(sandbox), lambda: NOW_MS, lambda: "0" * 32)  # type: ignore[arg-type]
    await right.pay(order)

    wall_ms[0] = NOW_MS + DAY_MS
    line = TimeLine(lambda: wall_ms[0], lambda: 0, "boot")
    late = Gateway("main", codec, Direct(sandbox), line.now_ms, lambda: "1" * 32, wall_ms=line.wall_ms)  # type: ignore[arg-type]
    ref = OrderRef("0101A", Fen(1000), Method.BARCODE, Wallet.WECHAT, NOW_MS, "1")
    assert not isinstance((await late.query(ref)).verdict, Paid)

    wall_ms[0] = NOW_MS  # set right while the payment is open
    assert NOW_MS + DAY_MS == line.now_ms(), "what counts durations has not moved"
    assert isinstance((await late.query(ref)).verdict, Paid)
