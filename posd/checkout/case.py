"""One live payment: one task that takes facts, records them, and performs what is due."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import assert_never

import msgspec

from posd.checkout.asking import answer_of
from posd.checkout.orders import Credential, Order, Till, order_ref, pay_order, void_refund
from posd.clock import TimeLine
from posd.gateways.base import Answer
from posd.gateways.gateway import Gateway
from posd.journal.batch import Batch
from posd.journal.errors import JournalUnavailable
from posd.journal.journal import Journal
from posd.payment import schedule, state_machine
from posd.payment.actions import (
    GiveUpQuery,
    PaymentAction,
    SendCancel,
    SendPay,
    SendQuery,
    SendRefund,
    SendRefundQuery,
)
from posd.payment.auth_code import Wallet
from posd.payment.events import (
    Answered,
    AnyVerdict,
    AttentionRaised,
    FaceTold,
    PaymentEvent,
    Source,
    Status,
    Submitted,
    UndoStep,
    VoidBy,
    VoidRequested,
    VoidSent,
)
from posd.payment.payment import Payment
from posd.payment.schedule import Activity
from posd.payment.terms import Method, Rules
from posd.printing.job import PrintJob, PrintQueued
from posd.tasks import Tasks

_log = logging.getLogger(__name__)

JOURNAL_RETRY_S = 1.0
"""Between two tries to write what must not be forgotten while the disk is full."""

WAKER_SLACK_S = 0.001
"""The time line counts whole milliseconds: to wake one later is to wake in time."""

PrintJobs = Callable[[Payment, int], list[tuple[PrintJob, PrintQueued]]]


class Shop(msgspec.Struct, frozen=True):
    """What all cases share."""

    journal: Journal
    clock: TimeLine
    till: Till
    rules_of: Callable[[Payment], Rules]
    gateways: Mapping[str, Gateway]
    """Those of the configuration; a payment of long ago may be of another."""
    route: Callable[[Wallet | None], tuple[str, int]]
    """The gateway and the window (ms) of a wallet."""
    receipts: PrintJobs
    """The print jobs that a paid payment brings, recorded with it."""
    wake_printer: Callable[[], None]
    counting: Callable[[], bool]
    """Whether a duration counts elsewhere (a refund, a paper), so that the time line must not be moved."""
    on_settled: Callable[[Payment], None]
    """Called once a payment has become final, after it is durable."""


class Void:
    """The wish of the cashier to give up."""


Fact = Answered | Void | Credential | PaymentEvent


class Case:
    """Runs one payment from its first fact until nothing is left to do.

    ``payment`` is always what is on disk. ``run`` is its one task; cancelling it leaves everything in the journal.
    """

    def __init__(
        self, shop: Shop, payment: Payment, activity: Activity, order: Order | None, credential: Credential | None
    ) -> None:
        self.payment = payment
        self.taken = credential is not None
        """A code or a face was accepted: the next one is not for this payment."""
        self._shop = shop
        self._activity = activity
        self._order = order
        self._credential = credential
        self._facts: deque[tuple[Fact, asyncio.Future[None] | None]] = deque()
        self.ended = False
        """Nothing is taken any more: what is left of it is in the journal."""
        self._ready = asyncio.Event()
        self._waker: asyncio.TimerHandle | None = None
        self._rests = False
        """The task waits; whatever it would decide now, it has decided."""
        self._wire = Tasks()
        self._queries: dict[int, asyncio.Task[None]] = {}
        self._repeats = 0
        self.queries = 0
        """How often this process has asked the gateway how it stands."""

    # --- facts from outside

    def take(self, credential: Credential) -> None:
        """The customer has shown a code or a face; the pay request goes out as soon as this is recorded."""
        self.taken = True
        self._put(credential)

    async def learn(self, event: PaymentEvent) -> None:
        """Something else happened: a notification came, a device has failed while the payment waited for it.

        Returns once it is recorded; raises JournalUnavailable when it cannot be.
        """
        await self._put_and_wait(event)

    def takes(self, method: Method) -> bool:
        """Whether a payment that waits may be paid this way."""
        return self._order is not None and self._order.method in {None, method}

    async def void(self) -> None:
        """The cashier gives up. Returns once that is recorded; raises JournalUnavailable when it cannot be."""
        await self._put_and_wait(Void())

    def _put(self, fact: Fact, done: asyncio.Future[None] | None = None) -> None:
        self._facts.append((fact, done))
        self._ready.set()

    async def _put_and_wait(self, fact: Fact) -> None:
        if self.ended:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(fact, done)
        await done

    # --- the task

    async def run(self) -> None:
        """Until nothing is left to do, now or later."""
        try:
            while self.payment.live:
                if self._follows():
                    await self._record()
                await self._perform_due()
                await self._wait()
                while self._facts:
                    await self._take(*self._facts.popleft())
        finally:
            self.ended = True
            for _, done in self._facts:
                if done is not None and not done.done():
                    done.set_exception(JournalUnavailable("posd is being stopped; ask again"))
            if self._waker is not None:
                self._waker.cancel()
            await self._wire.close()

    def _follows(self) -> bool:
        now_ms = self._shop.clock.now_ms()
        return state_machine.consequence(self.payment, now_ms, self._rules) is not None

    @property
    def _rules(self) -> Rules:
        return self._shop.rules_of(self.payment)

    async def _wait(self) -> None:
        """Until a fact comes or the clock makes something due."""
        if not self.payment.live or self._facts:
            return
        self._set_waker()
        self._rests = True
        try:
            await self._ready.wait()
        finally:
            self._rests = False
        self._ready.clear()

    def _set_waker(self) -> None:
        """See that the clock wakes the task in time. A waker that comes no later stays: it finds nothing to do.

        Not asyncio.timeout: to raise, catch and convert costs as much as all that is decided here.
        """
        by_facts_ms = state_machine.wakes_at_ms(self.payment)
        by_asking_ms = schedule.wakes_at_ms(self.payment, self._activity, self._rules)
        moments_ms = [moment for moment in (by_facts_ms, by_asking_ms) if moment is not None]
        if not moments_ms:
            return
        loop = asyncio.get_running_loop()
        when_s = loop.time() + max(0, min(moments_ms) - self._shop.clock.now_ms()) / 1000
        if self._waker is not None:
            if self._waker.when() <= when_s + WAKER_SLACK_S:
                return
            self._waker.cancel()
        self._waker = loop.call_at(when_s, self._wake)

    def _wake(self) -> None:
        self._waker = None
        self._ready.set()

    async def _take(self, fact: Fact, done: asyncio.Future[None] | None) -> None:
        """Record a fact. Somebody who waits for it is told when the journal fails; otherwise it is tried again."""
        events = self._events_of(fact)
        if done is None:
            if events or self._follows():
                await self._record(*events)
            return
        try:
            await self._append(*events)
        except JournalUnavailable as error:
            if not done.done():
                done.set_exception(error)
        else:
            if not done.done():
                done.set_result(None)

    def _events_of(self, fact: Fact) -> tuple[PaymentEvent, ...]:
        """What a fact means for the payment as it stands; nothing where it is no news."""
        payment, now_ms = self.payment, self._shop.clock.now_ms()
        match fact:
            case Answered():
                return self._news(fact)
            case Void():
                open_ = not payment.status.final and payment.void_by is None
                return (VoidRequested(now_ms, VoidBy.CASHIER),) if open_ else ()
            case Credential() if payment.status is not Status.AWAITING_CODE:
                return ()
            case Credential(secret, method, wallet):
                self._credential = fact
                hint = secret.masked() if secret else None
                gateway, window_ms = self._shop.route(wallet)
                asked_ms = self._order.window_ms if self._order is not None else None
                return (Submitted(now_ms, method, wallet, gateway, asked_ms or window_ms, hint),)
            case FaceTold():
                return (fact,) if payment.status.final and payment.face_waits else ()
            case AttentionRaised():
                return (fact,)
            case event:
                return () if payment.status.final else (event,)

    def _news(self, answer: Answered) -> tuple[PaymentEvent, ...]:
        self._activity = schedule.answered(self._activity, answer)
        if not self._is_news(answer):
            self._repeats += 1
            return ()
        repeats, self._repeats = self._repeats, 0
        return (msgspec.structs.replace(answer, repeats=repeats),)

    def _is_news(self, answer: Answered) -> bool:
        return state_machine.is_news(self.payment, answer, self._rules)

    # --- recording

    async def _record(self, *events: PaymentEvent) -> None:
        """Make events, and what follows from them, durable; for as long as it takes."""
        while True:
            try:
                return await self._append(*events)
            except JournalUnavailable as error:
                _log.critical("%s: %s", self.payment.order_no, error)
                await asyncio.sleep(JOURNAL_RETRY_S)

    async def _append(self, *events: PaymentEvent) -> None:
        now_ms = self._shop.clock.now_ms()
        after, happened = state_machine.advance(self.payment, events, now_ms, self._rules)
        if not happened:
            return
        batch = Batch().payment(after, happened)
        paid = after.status is Status.PAID and not self.payment.status.final
        for job, queued in self._shop.receipts(after, now_ms) if paid else ():
            batch.job(job, [queued])
        refused = after.refund_refused is not None and self.payment.refund_refused is None
        await self._shop.journal.append(batch)
        settled = after.status.final and not self.payment.status.final
        self.payment = after
        if refused:  # once: it is tried again for ever
            _log.warning("%s: the gateway will not give the money back; a person should look", after.order_no)
        if any(isinstance(event, Submitted) for event in happened):
            self._activity = schedule.resubmitted(self._activity)
        if settled:
            self._settled(paid=paid)

    def _settled(self, *, paid: bool) -> None:
        self._credential = self._order = None
        if paid:
            self._shop.wake_printer()
        self._shop.on_settled(self.payment)

    # --- performing

    async def _perform_due(self) -> None:
        """Send what is due, until nothing is."""
        while self.payment.live and not self._facts:
            now_ms = self._shop.clock.now_ms()
            actions = schedule.due(self.payment, self._activity, now_ms, self._rules)
            if not actions:
                return
            for action in actions:
                await self._perform(action, now_ms)

    async def _perform(self, action: PaymentAction, now_ms: int) -> None:
        gateway, till = self._shop.gateways[self.payment.gateway], self._shop.till
        if isinstance(action, SendCancel | SendRefund):
            step = UndoStep.CANCEL if isinstance(action, SendCancel) else UndoStep.REFUND
            await self._record(VoidSent(now_ms, step))
            if not self.payment.must_undo:
                return
        self._activity = schedule.started(self._activity, action, now_ms)
        match action:
            case SendPay():
                if self._order is not None and self._credential is not None:
                    order = pay_order(self.payment, self._order, self._credential, till)
                    self._ask(Source.PAY, now_ms, gateway.pay(order))
            case SendQuery():
                self.queries += 1
                self._queries[now_ms] = self._ask(Source.QUERY, now_ms, gateway.query(order_ref(self.payment, till)))
            case GiveUpQuery(asked_at_ms):
                if (task := self._queries.pop(asked_at_ms, None)) is not None:
                    task.cancel()
            case SendCancel():
                self._ask(Source.CANCEL, now_ms, gateway.cancel(order_ref(self.payment, till)))
            case SendRefund():
                self._ask(Source.REFUND, now_ms, gateway.refund(void_refund(self.payment, till)))
            case SendRefundQuery():
                self._ask(Source.REFUND_QUERY, now_ms, gateway.refund_query(void_refund(self.payment, till)))
            case _:
                assert_never(action)

    def _ask(self, source: Source, asked_at_ms: int, call: Awaitable[Answer[AnyVerdict]]) -> asyncio.Task[None]:
        name = f"{source}:{self.payment.order_no}"
        return self._wire.start(self._await_answer(source, asked_at_ms, call), name)

    async def _await_answer(self, source: Source, asked_at_ms: int, call: Awaitable[Answer[AnyVerdict]]) -> None:
        answer = await answer_of(call, f"{source} of {self.payment.order_no}")
        if source is Source.QUERY:
            self._queries.pop(asked_at_ms, None)
        fact = Answered(self._shop.clock.now_ms(), source, asked_at_ms, answer.verdict, answer.evidence)
        if not self._heard_in_passing(fact):
            self._put(fact)

    def _heard_in_passing(self, answer: Answered) -> bool:
        """Whether this could be counted while the task waits: most answers say nothing new, and need not wake it."""
        if not self._rests or self._facts or self._is_news(answer):
            return False
        self._activity = schedule.answered(self._activity, answer)
        self._repeats += 1
        self._set_waker()
        return True
