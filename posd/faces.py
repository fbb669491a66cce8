"""Faces: from the bridge's raw data to the credential of a payment, and the result back to its screen on every path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from devices.errors import DeviceError
from devices.face import errors as face_errors
from devices.face.bridge import FaceBridge
from devices.face.listener import Address, TcpAddress, UnixAddress
from devices.face.protocol import FaceCodeRequest
from devices.state import DeviceState, Health
from posd.checkout.case import Case
from posd.checkout.checkout import Checkout
from posd.checkout.orders import Credential
from posd.clock import TimeLine
from posd.config import Config
from posd.config.load import split_host_port
from posd.config.sections import Face
from posd.gateways.base import FaceAuth, FaceAuthRequest
from posd.gateways.gateway import Gateway
from posd.journal.errors import JournalUnavailable
from posd.payment.auth_code import Secret, Wallet
from posd.payment.events import FaceAsked, FaceTold, Status
from posd.payment.payment import Payment
from posd.payment.terms import Method
from posd.payment.verdicts import Reason
from posd.tasks import Tasks

_log = logging.getLogger(__name__)

AUTH_MARGIN_S = 60
"""Credentials are renewed this long before they expire, so that none dies in the customer's face."""
LONGEST_FACE_S = 60
"""How long a face may take, however long the payment waits for a code."""

_REASONS: tuple[tuple[type[DeviceError], Reason], ...] = (
    (face_errors.FaceUserCancelled, Reason.USER_CANCELLED),
    (face_errors.FaceSwitchedToScan, Reason.USER_CANCELLED),
    (face_errors.FaceTimedOut, Reason.NO_CODE),
)
"""Everything else is a fault of the device."""


class Faces:
    """Owns the bridge, from ``start`` to ``close``. Asks for one face at a time."""

    def __init__(
        self,
        config: Config,
        checkout: Checkout,
        gateways: Mapping[str, Gateway],
        clock: TimeLine,
        on_state: Callable[[DeviceState], None],
    ) -> None:
        if config.face is None:
            raise ValueError("no [face] is configured")
        token = config.face.token.reveal() if config.face.token is not None else ""
        self._config = config
        self._checkout = checkout
        self._gateways = gateways
        self._clock = clock
        self._bridge = FaceBridge(
            config.face.name, _address(config.face), on_state, token=token, on_connected=self._connected
        )
        self._tasks = Tasks()
        self._credentials: dict[tuple[str, Wallet, str], tuple[FaceAuth, int]] = {}
        """For a gateway, a wallet and the device whose raw data they were given for; and until when."""
        self._taking: tuple[str, asyncio.Task[None]] | None = None
        checkout.face_ready = self._ready

    async def start(self) -> None:
        """Listen for the bridge."""
        self._tasks.start(self._bridge.run(), "face-bridge")

    async def close(self) -> None:
        """Let go of the bridge."""
        await self._tasks.close()

    @property
    def state(self) -> DeviceState:
        """How the bridge is."""
        return self._bridge.state

    def _ready(self) -> bool:
        return self._bridge.connected and self._bridge.state.health is Health.READY

    # --- a face for a payment

    def take(self, case: Case) -> None:
        """A payment waits for a face, maybe beside a code."""
        if self._ready():
            ident = case.payment.payment_id
            self._taking = ident, self._tasks.start(self._take(case), f"face:{case.payment.order_no}")

    def give_up(self, payment: Payment) -> None:
        """The payment waits no more: a code was scanned first, or the cashier gave up."""
        if self._taking is None or self._taking[0] != payment.payment_id:
            return
        _, task = self._taking
        self._taking = None
        if not task.done() and task is not asyncio.current_task():
            task.cancel()
            self._tasks.start(self._stop(), "face-stop")

    async def _stop(self) -> None:
        try:
            await self._bridge.stop()
        except DeviceError as error:
            _log.info("the face bridge was not told to stop: %s", error)

    async def _take(self, case: Case) -> None:
        ident = case.payment.payment_id
        try:
            credential = await self._credential(case)
        except face_errors.FaceSwitchedToScan:
            if not case.takes(Method.BARCODE):
                await self._checkout.face_failed(ident, Reason.USER_CANCELLED)
        except DeviceError as error:
            _log.warning("no face for %s: %s", case.payment.order_no, error)
            if (reason := _reason(error)) is Reason.DEVICE_FAULT:
                # An SDK that was set up anew may not know them any more: else every customer would meet that fault.
                self._credentials.clear()
            await self._checkout.face_failed(ident, reason)
        except JournalUnavailable as error:
            _log.critical("%s: %s", case.payment.order_no, error)
        else:
            self._checkout.shown(ident, credential)

    async def _credential(self, case: Case) -> Credential:
        """The whole sequence. Raises a DeviceError where no face code comes of it."""
        payment = case.payment
        provider = self._bridge.provider
        wallet = Wallet.ALIPAY if provider == "alipay" else Wallet.WECHAT
        auth = await self._auth(self._config.gateway_for(wallet), wallet)
        left_s = ((payment.armed_until_ms or 0) - self._clock.now_ms()) // 1000
        await case.learn(FaceAsked(self._clock.now_ms()))
        face = await self._bridge.face_code(
            FaceCodeRequest(
                authinfo=auth.authinfo,
                appid=auth.appid,
                mch_id=auth.mch_id,
                sub_appid=auth.sub_appid,
                sub_mch_id=auth.sub_mch_id,
                store_id=self._config.terminal.store_id,
                order_no=payment.order_no,
                amount=payment.amount,
                face_code_type=_code_type(auth),
                timeout=max(1, min(left_s, LONGEST_FACE_S)),
            )
        )
        return Credential(Secret(face.face_code), Method.FACE, wallet, face.openid or None)

    async def _auth(self, name: str, wallet: Wallet) -> FaceAuth:
        """Credentials for the SDK: those that still live, else fresh ones from the gateway."""
        device_id = self._bridge.device_id or self._config.terminal.id
        kept = self._credentials.get((name, wallet, device_id))
        if kept is not None and self._clock.now_ms() < kept[1]:
            return kept[0]
        gateway, terminal = self._gateways[name], self._config.terminal
        if not gateway.codec.capabilities.face_auth:
            raise face_errors.FaceDeviceFault(f"the gateway {name} gives no credentials for faces")
        request = FaceAuthRequest(
            wallet,
            device_id,
            await self._bridge.rawdata(),
            terminal.store_id,
            terminal.store_name,
        )
        answer = await gateway.face_auth(request)
        if not isinstance(answer.verdict, FaceAuth):
            said = answer.evidence.gateway_message or answer.evidence.note or "no answer"
            raise face_errors.FaceDeviceFault(f"the gateway {name} gave no credentials for faces: {said}")
        lives_ms = max(0, answer.verdict.expires_in_s - AUTH_MARGIN_S) * 1000
        of_this_device = {key: kept for key, kept in self._credentials.items() if key[2] == device_id}
        fresh = answer.verdict, self._clock.now_ms() + lives_ms
        self._credentials = {**of_this_device, (name, wallet, device_id): fresh}
        return answer.verdict

    # --- the result, on every path

    def settled(self, payment: Payment) -> None:
        """A payment has ended: tell the screen, if it waits."""
        case = self._checkout.case(payment.payment_id)
        if case is not None and payment.face_waits:
            self._tasks.start(self._tell(case), f"face-result:{payment.order_no}")

    def _connected(self) -> None:
        for case in self._checkout.owing_faces():
            self._tasks.start(self._tell(case), f"face-result:{case.payment.order_no}")

    async def _tell(self, case: Case) -> None:
        outcome: Literal["SUCCESS", "ERROR"] = "SUCCESS" if case.payment.status is Status.PAID else "ERROR"
        try:
            await self._bridge.result(case.payment.order_no, outcome)
            await case.learn(FaceTold(self._clock.now_ms()))
        except (DeviceError, JournalUnavailable) as error:
            _log.info("the face bridge will be told of %s later: %s", case.payment.order_no, error)


def _reason(error: DeviceError) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.DEVICE_FAULT)


def _code_type(auth: FaceAuth) -> Literal["0", "1"]:
    return "1" if auth.face_code_type == "1" else "0"


def _address(section: Face) -> Address:
    found = split_host_port(section.listen)
    return UnixAddress(Path(section.listen)) if found is None else TcpAddress(*found)
