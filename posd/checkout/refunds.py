"""Refunds: each has a task that sends it, asks after it, and never loses it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from weakref import WeakValueDictionary

from posd.checkout import errors
from posd.checkout.asking import answer_of
from posd.checkout.case import JOURNAL_RETRY_S, Shop
from posd.checkout.keys import Keys
from posd.checkout.orders import refund_order
from posd.ids import Ids
from posd.journal import queries
from posd.journal.batch import Batch, Key, Notice
from posd.journal.errors import JournalUnavailable
from posd.payment import refund as machine
from posd.payment.amounts import Fen
from posd.payment.events import Source, Status
from posd.payment.payment import Payment
from posd.payment.refund import Refund, RefundAnswered, RefundEvent, RefundRequested, RefundSent, RefundStatus
from posd.printing.job import PrintJob, PrintQueued
from posd.tasks import Tasks

_log = logging.getLogger(__name__)

RefundPrintJobs = Callable[[Refund, int], list[tuple[PrintJob, PrintQueued]]]


class Refunds:
    """Belongs to the event loop. ``go_on`` comes first, ``close`` last."""

    def __init__(self, shop: Shop, keys: Keys, ids: Ids, receipts: RefundPrintJobs) -> None:
        self._shop = shop
        self._ids = ids
        self._receipts = receipts
        self._keys = keys
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of the payments that are being refunded: two requests at once cannot both take what is left."""
        self._tasks = Tasks()
        self._news: dict[str, asyncio.Event] = {}

    async def take_up(self, batch: Batch) -> list[tuple[Refund, Payment]]:
        """Every refund without an end; what the restart means for them goes into the batch."""
        refunds = await self._shop.journal.read(queries.live_refunds)
        return [(self._resumed(refund, batch), await self._payment(refund.payment_id)) for refund in refunds]

    def _resumed(self, refund: Refund, batch: Batch) -> Refund:
        trusted = self._shop.journal.clock_trusted
        lost = machine.resumed(refund, self._shop.clock.now_ms(), clock_trusted=trusted)
        if lost is None:
            return refund
        after = machine.apply(refund, lost)
        batch.refund(after, [lost])
        return after

    def go_on(self, refunds: Iterable[tuple[Refund, Payment]]) -> None:
        """With what was taken up, once that is on disk. What may have arrived is asked for, not sent again."""
        for refund, payment in refunds:
            if payment.gateway in self._shop.gateways:
                self._run(refund, payment)
            else:
                _log.error("%s stays open: there is no [gateways.%s] any more", refund.refund_no, payment.gateway)

    @property
    def live(self) -> int:
        """Refunds without an end."""
        return len(self._news)

    async def close(self) -> None:
        """Leave what is open in the journal."""
        await self._tasks.close()

    async def start(
        self, ident: str, amount: Fen, reason: str | None, key: str, fingerprint: bytes
    ) -> tuple[Refund, bool]:
        """Give money back. Returns the refund, on disk, and whether an earlier request with this key made it.

        Raises a ``Refusal``, or JournalUnavailable; nothing is sent then.
        """
        async with self._keys.hold(key, fingerprint) as made:
            if made is not None:
                return await self.find(made), True
            payment = await self._payment(ident)
            lock = self._locks.setdefault(payment.payment_id, asyncio.Lock())
            async with lock:
                return await self._start(payment, amount, reason, Key(key, fingerprint, "")), False

    def ask_now(self, refund_id: str) -> None:
        """Something has happened to a refund: do not wait for its turn."""
        if (news := self._news.get(refund_id)) is not None:
            news.set()

    async def find(self, refund_id: str) -> Refund:
        """One refund as it stands on disk. Raises NotFound."""
        refund = await self._shop.journal.read(lambda db: queries.find_refund(db, refund_id))
        if refund is None:
            raise errors.NotFound(f"there is no refund {refund_id}")
        return refund

    async def _payment(self, ident: str) -> Payment:
        record = await self._shop.journal.read(lambda db: queries.find_payment(db, ident))
        if record is None:
            raise errors.NotFound(f"there is no payment {ident}")
        return record.payment

    async def _start(self, payment: Payment, amount: Fen, reason: str | None, key: Key) -> Refund:
        if payment.status is not Status.PAID:
            raise errors.NotRefundable(f"{payment.order_no} is {payment.status}; only a paid payment can be refunded")
        if payment.gateway not in self._shop.gateways:
            raise errors.NotRefundable(f"{payment.order_no}: there is no [gateways.{payment.gateway}] any more")
        earlier = await self._shop.journal.read(lambda db: queries.refunds_of(db, payment.payment_id))
        restored_at_ms = await self._shop.journal.read(queries.restored_at_ms)
        left = payment.amount - sum(refund.holds for refund in earlier)
        if amount > left:
            raise errors.RefundExceedsAmount(f"{left} fen of {payment.amount} are left to refund")
        now_ms = self._shop.clock.now_ms()
        lost = restored_at_ms is not None and payment.created_at_ms <= restored_at_ms
        number = self._ids.refund_no(payment.order_no, len(earlier) + 1, others_may_exist=lost)
        requested = RefundRequested(now_ms, self._ids.new("ref", now_ms), number, payment.payment_id, amount, reason)
        refund = machine.request(requested)
        batch = Batch(keys=[Key(key.key, key.fingerprint, refund.refund_id)]).refund(refund, [requested])
        batch.notices.append(_refunded_amount_changed(payment.payment_id))
        await self._shop.journal.append(batch)
        self._run(refund, payment)
        return refund

    # --- one refund

    def _run(self, refund: Refund, payment: Payment) -> None:
        self._tasks.start(self._follow(refund, payment), f"refund:{refund.refund_no}")

    async def _follow(self, refund: Refund, payment: Payment) -> None:
        news = self._news[refund.refund_id] = asyncio.Event()
        try:
            asked, last_at_ms = 0, None
            while refund.live:
                due_ms = machine.next_at_ms(asked, last_at_ms, self._shop.clock.now_ms())
                await self._wait(news, due_ms)
                last_at_ms, asked = self._shop.clock.now_ms(), asked + 1
                refund = await self._ask(refund, payment)
        finally:
            del self._news[refund.refund_id]

    async def _wait(self, news: asyncio.Event, due_ms: int) -> None:
        """Until the next request is due, or there is a reason to make it now."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0, due_ms - self._shop.clock.now_ms()) / 1000):
                await news.wait()
        news.clear()

    async def _ask(self, refund: Refund, payment: Payment) -> Refund:
        """Send it, or ask after it; record what came back."""
        gateway, order = self._shop.gateways[payment.gateway], refund_order(refund, payment, self._shop.till)
        now_ms = self._shop.clock.now_ms()
        if refund.resend:
            refund = await self._record(refund, RefundSent(now_ms))
            source, call = Source.REFUND, gateway.refund(order)
        else:
            source, call = Source.REFUND_QUERY, gateway.refund_query(order)
        answer = await answer_of(call, f"{source} of {refund.refund_no}")
        event = RefundAnswered(self._shop.clock.now_ms(), source, now_ms, answer.verdict, answer.evidence)
        return refund if _is_repetition(refund, event) else await self._record(refund, event)

    async def _record(self, refund: Refund, event: RefundEvent) -> Refund:
        """Make an event durable, for as long as it takes."""
        while True:
            try:
                return await self._append(refund, event)
            except JournalUnavailable as error:
                _log.critical("%s: %s", refund.refund_no, error)
                await asyncio.sleep(JOURNAL_RETRY_S)

    async def _append(self, refund: Refund, event: RefundEvent) -> Refund:
        after, now_ms = machine.apply(refund, event), self._shop.clock.now_ms()
        ended = machine.consequence(after, now_ms)
        events: list[RefundEvent] = [event]
        if ended is not None:
            after, events = machine.apply(after, ended), [event, ended]
        batch = Batch().refund(after, events)
        if ended is not None:
            batch.notices.append(_refunded_amount_changed(after.payment_id))
        succeeded = after.status is RefundStatus.SUCCEEDED
        for job, queued in self._receipts(after, now_ms) if succeeded else ():
            batch.job(job, [queued])
        await self._shop.journal.append(batch)
        if succeeded:
            self._shop.wake_printer()
        return after


def _refunded_amount_changed(payment_id: str) -> Notice:
    return Notice("payment", payment_id)


def _is_repetition(refund: Refund, answer: RefundAnswered) -> bool:
    """An answer that changes nothing and says what the last one said is not written again."""
    return machine.apply(refund, answer) == refund
