"""The gateways' own notifications, on a listener of their own: an answer like any other, once it is verified.

    POST /notify/NAME ─► signature ─► our order? ─► right amount? ─► on disk ─► the gateway's word for "taken"

Whatever is not all of this changes nothing, is counted, and gets the gateway's word for "not taken".
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping

from aiohttp import web

from posd.api.errors import problems
from posd.checkout.checkout import Checkout
from posd.checkout.orders import Till, order_ref, refund_order, void_refund
from posd.checkout.refunds import Refunds
from posd.clock import TimeLine
from posd.config.load import split_host_port
from posd.gateways.base import Answer, HttpResponse, Notice, Stamp
from posd.gateways.gateway import Gateway
from posd.ids import Ids
from posd.journal import queries
from posd.journal.errors import JournalUnavailable
from posd.journal.journal import Journal
from posd.payment.events import Answered, AnyVerdict, Source
from posd.payment.payment import Payment
from posd.payment.verdicts import Doubt, Unknown
from posd.tasks import Tasks

_log = logging.getLogger(__name__)

BODY_AT_MOST = 64 * 1024
"""The longest notification (ChinaUMS, with a list of articles) is a few kilobytes."""
BODY_WITHIN_S = 10.0
"""A gateway sends its few kilobytes at once; whoever takes longer only holds a connection."""
ANSWER_WITHIN_S = 2.5
"""Chaoying 2.3 微信预下单结果通知: an answer after 3 s is none. The other documents name no limit, or a longer one."""
LINGER_S = 1.0
"""What is still being sent after the answer is read for this long, so that the sender sees the answer; then closed."""
SHUTDOWN_S = 1.0


class Notifications:
    """Serves ``POST /notify/{gateway}`` from ``start`` to ``close``. The only listener that faces the network."""

    def __init__(
        self,
        gateways: Mapping[str, Gateway],
        journal: Journal,
        checkout: Checkout,
        refunds: Refunds,
        clock: TimeLine,
        ids: Ids,
        till: Till,
    ) -> None:
        self._gateways = gateways
        self._journal = journal
        self._checkout = checkout
        self._refunds = refunds
        self._clock = clock
        self._ids = ids
        self._till = till
        self._runner: web.AppRunner | None = None
        self._tasks = Tasks()
        self.counted: Counter[tuple[str, str]] = Counter()
        """By gateway and outcome: ``taken``, ``forged``, ``foreign``, ``mismatch``, ``unclear``, ``lost``, ``late``."""

    async def start(self, listen: str) -> None:
        """Listen on HOST:PORT. Raises OSError."""
        app = web.Application(middlewares=[problems], client_max_size=BODY_AT_MOST)
        app.router.add_post("/notify/{gateway}", self._notified)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, lingering_time=LINGER_S)
        await self._runner.setup()
        host, port = split_host_port(listen) or ("", 0)
        await web.TCPSite(self._runner, host, port).start()

    async def close(self) -> None:
        """Stop listening, and leave to the gateway's repetition what is not on disk yet."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self._tasks.close()

    async def _notified(self, request: web.Request) -> web.Response:
        name = request.match_info["gateway"]
        gateway = self._gateways.get(name)
        if gateway is None:
            raise web.HTTPNotFound
        headers = {key.lower(): value for key, value in request.headers.items()}
        body = await _body_of(request)
        stamp = Stamp(self._clock.now_ms(), self._ids.nonce())
        notice = gateway.codec.read_notification(HttpResponse(200, body, headers), stamp)
        if notice is None:
            self.counted[name, "forged"] += 1
            return _response(gateway.codec.notification_refusal())
        outcome = await self._take_in_time(name, notice)
        self.counted[name, outcome] += 1
        if outcome != "taken":
            _log.warning("a notification of %s about %s: %s", name, notice.order_no[:64], outcome)
        return _response(notice.success if outcome == "taken" else notice.failure)

    async def _take_in_time(self, name: str, notice: Notice) -> str:
        """What is made of it; ``late`` where the disk is slow: it is still taken, and its repetition is told so."""
        outcome: list[str] = []

        async def take() -> None:
            outcome.append(await self._take(name, notice))

        await asyncio.wait({self._tasks.start(take(), f"notification:{name}")}, timeout=ANSWER_WITHIN_S)
        return outcome[0] if outcome else "late"

    async def _take(self, name: str, notice: Notice) -> str:
        """What is made of a rightly signed notification."""
        try:
            record = await self._journal.read(lambda db: queries.find_payment(db, notice.order_no))
            payment = record.payment if record is not None else None
            ours = payment is not None and payment.order_no == notice.order_no and payment.gateway == name
            if payment is None or not ours or payment.submitted_at_ms is None:
                return "foreign"
            if notice.refund_no is not None:
                return await self._take_refund(payment, notice)
            return await self._learn(payment, notice.read(order_ref(payment, self._till)))
        except JournalUnavailable:
            return "lost"

    async def _learn(self, payment: Payment, answer: Answer[AnyVerdict]) -> str:
        """Record what it says; a wrong amount too, for a person to look at."""
        now_ms, verdict = self._clock.now_ms(), answer.verdict
        mismatch = verdict == Unknown(Doubt.MISMATCH)
        if isinstance(verdict, Unknown) and not mismatch:
            return "unclear"
        heard = Answered(now_ms, Source.NOTIFICATION, now_ms, verdict, answer.evidence)
        await self._checkout.learn(payment.payment_id, heard)
        return "mismatch" if mismatch else "taken"

    async def _take_refund(self, payment: Payment, notice: Notice) -> str:
        """A refund is asked for at once: its own answer ends it."""
        if notice.read_refund is None:
            return "unclear"
        if notice.refund_no == payment.void_refund_no:
            return await self._learn(payment, notice.read_refund(void_refund(payment, self._till)))
        refund = await self._journal.read(lambda db: queries.find_refund(db, notice.refund_no or ""))
        if refund is None or refund.payment_id != payment.payment_id:
            return "foreign"
        verdict = notice.read_refund(refund_order(refund, payment, self._till)).verdict
        if isinstance(verdict, Unknown):
            return "mismatch" if verdict.doubt is Doubt.MISMATCH else "unclear"
        self._refunds.ask_now(refund.refund_id)
        return "taken"


async def _body_of(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def _response(answer: HttpResponse) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
