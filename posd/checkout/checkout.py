"""The checkout: takes orders, scans and cancels, and keeps a case for every payment that is not done with."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import msgspec

from posd.checkout import errors
from posd.checkout.case import Case, Shop
from posd.checkout.codes import UsedCodes
from posd.checkout.hub import Hub
from posd.checkout.keys import Keys
from posd.checkout.orders import Credential, Order
from posd.config import Config
from posd.gateways.base import Capabilities
from posd.ids import Ids
from posd.journal import queries
from posd.journal.batch import Batch, Key
from posd.journal.errors import KeyTaken
from posd.journal.records import PaymentRecord
from posd.payment import schedule, state_machine
from posd.payment.auth_code import AuthCode, Wallet, wallet_of
from posd.payment.errors import InvalidAuthCode
from posd.payment.events import (
    Answered,
    Armed,
    Created,
    PaymentEvent,
    Resolved,
    Resumed,
    Status,
    Submitted,
)
from posd.payment.payment import Payment
from posd.payment.schedule import Activity
from posd.payment.terms import Method
from posd.payment.verdicts import Reason
from posd.refusals import Refusal
from posd.tasks import Tasks

_log = logging.getLogger(__name__)

STOP_GRACE_S = 4.0
"""How long a stop waits for payments on the wire; what is open then goes on after the next start."""
NAME_TRIES = 5
"""A name that was made twice is made again; five clashes in a row are no chance."""


class Started(msgspec.Struct, frozen=True):
    """A payment that was taken, or that an earlier request with the same key made."""

    payment_id: str
    replayed: bool


class Checkout:
    """Belongs to the event loop. ``go_on`` comes first, ``close`` last; cancelling a call leaves nothing half done."""

    def __init__(self, config: Config, shop: Shop, hub: Hub, keys: Keys, ids: Ids) -> None:
        self._config = config
        self._shop = shop
        self._hub = hub
        self._ids = ids
        self._keys = keys
        self._used = UsedCodes()
        self._cases: dict[str, Case] = {}
        self._tasks = Tasks()
        self._late = asyncio.Lock()
        """One late fact at a time: each is read, thought through and written."""
        self._stopping = False
        self._orphans = 0
        """Open payments of gateways that are not configured any more: nobody can ask for them."""
        self._arming: str | None = None
        """The payment that waits for a code, from before it is on disk."""
        self.scanners_configured = bool(config.scanners)
        self.on_armed: Callable[[Case], None] = _nobody
        """Called when a payment begins to wait for a code or a face."""
        self.on_disarmed: Callable[[Payment], None] = _nobody
        """Called when it does not wait any more."""
        self.face_ready: Callable[[], bool] = lambda: False

    # --- what the daemon asks

    async def take_up(self, batch: Batch) -> list[Payment]:
        """Every open payment after the restart; what that means for them goes into the batch."""
        payments = await self._shop.journal.read(queries.live_payments)
        return [self._resumed(payment, batch) for payment in payments]

    def go_on(self, payments: Iterable[Payment]) -> None:
        """With what was taken up, once that is on disk."""
        for payment in payments:
            if payment.gateway not in self._shop.gateways:
                _log.error("%s stays open: there is no [gateways.%s] any more", payment.order_no, payment.gateway)
                self._orphans += not payment.status.final
            elif payment.live:
                self._run(Case(self._shop, payment, schedule.resumed(payment), None, None))

    def _resumed(self, payment: Payment, batch: Batch) -> Payment:
        now_ms = self._shop.clock.now_ms()
        event = Resumed(now_ms, self._shop.journal.clock_trusted)
        after, happened = state_machine.advance(payment, [event], now_ms, self._shop.rules_of(payment))
        batch.payment(after, happened)
        return after

    async def close(self) -> None:
        """Take nothing new, give what is on the wire a moment to end, and leave the rest in the journal."""
        self._stopping = True
        deadline = asyncio.get_running_loop().time() + STOP_GRACE_S
        while self._on_the_wire() and (left := deadline - asyncio.get_running_loop().time()) > 0:
            with self._hub.watch(self._on_the_wire()[0]) as watch:
                await watch.changed(min(left, 0.5))
        await self._tasks.close()

    def _on_the_wire(self) -> list[str]:
        return [ident for ident, case in self._cases.items() if case.payment.status is Status.PROCESSING]

    @property
    def unresolved(self) -> int:
        """Payments without an end."""
        return self._orphans + sum(not case.payment.status.final for case in self._cases.values())

    def case(self, payment_id: str) -> Case | None:
        """The case of a payment that is not done with."""
        return self._cases.get(payment_id)

    # --- what the POS asks

    async def start(self, order: Order, key: str, fingerprint: bytes) -> Started:
        """Take a payment; returns once it is on disk, and with a code once its pay request may leave.

        Raises a ``Refusal``, or JournalUnavailable; nothing is sent then.
        """
        async with self._keys.hold(key, fingerprint) as made:
            if made is not None:
                return Started(made, replayed=True)
            if self._stopping:
                raise errors.Stopping("posd is being stopped")
            return Started(await self._start(order, Key(key, fingerprint, "")), replayed=False)

    async def cancel(self, ident: str) -> str:
        """The cashier gives up. Returns the payment's id once that is on disk. Raises a ``Refusal``."""
        record = await self._find(ident)
        payment = record.payment
        case = self._cases.get(payment.payment_id)
        payment = case.payment if case is not None else payment
        if case is None or payment.status.final:
            raise _refusal_of_final(payment)
        await case.void()
        if case.payment.void_by is None:
            raise _refusal_of_final(case.payment)
        return payment.payment_id

    async def _find(self, ident: str) -> PaymentRecord:
        record = await self._shop.journal.read(lambda db: queries.find_payment(db, ident))
        if record is None:
            raise errors.NotFound(f"there is no payment {ident}")
        return record

    async def _start(self, order: Order, key: Key) -> str:
        credential = self._credential(order)
        self._demand_method(order, credential)
        if self._arming is not None:
            raise errors.TerminalBusy("another payment is waiting for a code; finish or cancel it first")
        code = credential.secret.reveal() if credential is not None and credential.secret is not None else None
        if code is not None and not self._used.use(code, self._shop.clock.now_ms()):
            raise errors.AuthCodeUsed("this code was used within the last ten minutes; ask for a fresh one")
        if credential is None:
            self._demand_device(order)
            self._arming = ""
        try:
            payment, activity = await self._create(order, credential, key)
        except BaseException:
            if code is not None:
                self._used.give_back(code)
            if credential is None:
                self._arming = None
            raise
        case = Case(self._shop, payment, activity, order, credential)
        self._run(case)
        if credential is None:
            self._arming = payment.payment_id
            self.on_armed(case)
        return payment.payment_id

    async def _create(self, order: Order, credential: Credential | None, key: Key) -> tuple[Payment, Activity]:
        """The first facts of a payment, durable."""
        if not self._cases and not self._shop.counting():
            self._shop.clock.align()
        for _ in range(NAME_TRIES):
            payment, events = self._first_facts(order, credential)
            batch = Batch(keys=[Key(key.key, key.fingerprint, payment.payment_id)]).payment(payment, events)
            try:
                await self._shop.journal.append(batch)
            except KeyTaken as error:
                _log.warning("a name was made twice: %s", error)
                continue
            return payment, schedule.resubmitted(Activity()) if credential else Activity()
        raise RuntimeError(f"no unique order number in {NAME_TRIES} tries")

    def _first_facts(self, order: Order, credential: Credential | None) -> tuple[Payment, tuple[PaymentEvent, ...]]:
        config, now_ms = self._config, self._shop.clock.now_ms()
        wallet = credential.wallet if credential else order.wallet
        method = credential.method if credential else order.method or Method.BARCODE
        gateway = config.gateway_for(wallet)
        prefix = self._shop.gateways[gateway].codec.capabilities.order_prefix
        created = Created(
            at_ms=now_ms,
            payment_id=self._ids.new("pay", now_ms),
            order_no=self._ids.order_no(prefix, config.terminal.id, now_ms, config.terminal.zone),
            amount=order.amount,
            method=method,
            wallet=wallet,
            gateway=gateway,
            window_ms=order.window_ms or self._window_ms(method, wallet),
            reference=order.reference,
            description=order.description,
            operator=order.operator or config.terminal.operator,
        )
        second: PaymentEvent = Armed(now_ms, now_ms + round(config.payments.armed_timeout * 1000))
        if credential is not None:
            hint = credential.secret.masked() if credential.secret else None
            second = Submitted(now_ms, method, wallet, gateway, created.window_ms, hint)
        payment = state_machine.apply(state_machine.create(created), second)
        return payment, (created, second)

    def _window_ms(self, method: Method, wallet: Wallet | None) -> int:
        payments = self._config.payments
        return round(1000 * (payments.qr_window if method is Method.QR else self._config.window_s(wallet)))

    # --- what is asked for, and whether it can be had

    def _credential(self, order: Order) -> Credential | None:
        """What the customer has shown already; None where posd must wait for it."""
        if order.auth_code is not None:
            try:
                wallet = AuthCode(order.auth_code.reveal()).wallet
            except InvalidAuthCode as error:
                raise errors.InvalidAuthCode(str(error)) from None
            if order.wallet not in {None, wallet}:
                raise errors.WalletMismatch(f"this is a code of {wallet}, not of {order.wallet}")
            return Credential(order.auth_code, Method.BARCODE, wallet)
        if order.face_code is not None:
            wallet = order.wallet or wallet_of(order.face_code.reveal()) or Wallet.WECHAT
            return Credential(order.face_code, Method.FACE, wallet, order.openid)
        if order.method is Method.QR:
            return Credential(None, Method.QR, order.wallet or self._qr_wallet())
        return None

    def _qr_wallet(self) -> Wallet | None:
        """Whose code is shown where the POS names nobody: the default gateway's choice, unless its route shows none."""
        default = self._capabilities(None)
        wallets = [default.qr_default, *sorted(default.qr_wallets)]
        return next((wallet for wallet in wallets if wallet in self._capabilities(wallet).qr_wallets), None)

    def _capabilities(self, wallet: Wallet | None) -> Capabilities:
        return self._shop.gateways[self._config.gateway_for(wallet)].codec.capabilities

    def _demand_method(self, order: Order, credential: Credential | None) -> None:
        method = credential.method if credential else order.method or Method.BARCODE
        wallet = credential.wallet if credential else order.wallet
        name = self._config.gateway_for(wallet)
        capabilities = self._shop.gateways[name].codec.capabilities
        lacks_face_auth = method is Method.FACE and credential is None and not capabilities.face_auth
        wallets = capabilities.qr_wallets if method is Method.QR else capabilities.wallets | {None}
        if method not in capabilities.methods or lacks_face_auth or wallet not in wallets:
            raise errors.MethodNotSupported(f"the gateway {name} takes no {wallet or ''} payment by {method}")

    def _demand_device(self, order: Order) -> None:
        face, scan = self.face_ready(), self.scanners_configured
        if order.method is Method.FACE and not face:
            raise errors.DeviceUnavailable("no face bridge is connected; scan a code instead")
        if order.method is Method.BARCODE and not scan:
            raise errors.DeviceUnavailable("no scanner is configured; send authCode with the request")
        if order.method is None and not (face or scan):
            raise errors.DeviceUnavailable("neither a scanner nor a face bridge; send authCode with the request")

    # --- what devices and gateways tell

    def scanned(self, text: str, *, fresh: bool = True) -> str | None:
        """A code was read. Used for the waiting payment, or the reason why it was not; None for goods.

        Not ``fresh``: it was scanned before anything waited for it.
        """
        case, wallet = self._waiting_case() if fresh else None, wallet_of(text)
        if case is None:
            return "not_armed" if wallet else None
        wanted = case.payment.wallet
        if wallet is None or not case.takes(Method.BARCODE):
            return "not_a_payment_code" if wallet is None else "not_armed"
        if wanted not in {None, wallet} or not self._takes_wallet(wallet):
            return "wallet_mismatch"
        if not self._used.use(text, self._shop.clock.now_ms()):
            return "already_used"
        case.take(Credential(AuthCode(text), Method.BARCODE, wallet))
        self._disarm(case.payment)
        return USED

    def _takes_wallet(self, wallet: Wallet) -> bool:
        return wallet in self._capabilities(wallet).wallets

    def _waiting_case(self) -> Case | None:
        case = self._cases.get(self._arming or "")
        waits = case is not None and case.payment.status is Status.AWAITING_CODE and not case.taken
        return case if waits else None

    def shown(self, payment_id: str, credential: Credential) -> bool:
        """A face was taken for a payment; False when it waits for none any more."""
        case = self._waiting_case()
        if case is None or case.payment.payment_id != payment_id:
            return False
        case.take(credential)
        self._disarm(case.payment)
        return True

    async def face_failed(self, payment_id: str, reason: Reason) -> None:
        """No face will come for a payment that wanted one."""
        case = self._waiting_case()
        if case is not None and case.payment.payment_id == payment_id:
            await case.learn(Resolved(self._shop.clock.now_ms(), Status.FAILED, reason))

    def owing_faces(self) -> list[Case]:
        """Ended payments whose end the face bridge does not know."""
        return [case for case in self._cases.values() if case.payment.status.final and case.payment.face_waits]

    async def learn(self, payment_id: str, event: PaymentEvent) -> None:
        """A notification, or a reconciliation, about any payment, ended or not. Returns once it is on disk."""
        async with self._late:
            case = self._cases.get(payment_id)
            if case is None or case.ended:
                await self._learn_late((await self._find(payment_id)).payment, event)
                return
        await case.learn(event)

    async def _learn_late(self, payment: Payment, event: PaymentEvent) -> None:
        """About a payment that is done with; it may come to life again."""
        rules = self._shop.rules_of(payment)
        if isinstance(event, Answered) and not state_machine.is_news(payment, event, rules):
            return
        after, happened = state_machine.advance(payment, [event], event.at_ms, rules)
        await self._shop.journal.append(Batch().payment(after, happened))
        if after.live:
            self._run(Case(self._shop, after, schedule.resumed(after), None, None))

    # --- cases

    def _run(self, case: Case) -> None:
        self._cases[case.payment.payment_id] = case
        self._tasks.start(self._follow(case), f"case:{case.payment.order_no}")

    async def _follow(self, case: Case) -> None:
        try:
            await case.run()
        finally:
            # A late fact may have brought it to life again while this one let go of its wire.
            if self._cases.get(case.payment.payment_id) is case:
                del self._cases[case.payment.payment_id]

    def settled(self, payment: Payment) -> None:
        """A payment has ended: nothing waits for a code any more, if it was this one."""
        if self._arming == payment.payment_id:
            self._disarm(payment)

    def _disarm(self, payment: Payment) -> None:
        self._arming = None
        self.on_disarmed(payment)


USED = "used"
"""What ``scanned`` says of a code that is being charged."""


def _nobody(_: object) -> None:
    """Until somebody listens."""


def _refusal_of_final(payment: Payment) -> Refusal:
    if payment.status is Status.PAID:
        return errors.AlreadyPaid(f"{payment.order_no} is paid; refund it to give the money back")
    return errors.AlreadyFinal(f"{payment.order_no} is {payment.status} already")
