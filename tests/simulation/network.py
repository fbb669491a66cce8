"""Between a process and the gateways: requests under way live on when their process dies, and arrive all the same."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Never

from posd.gateways.base import HttpRequest, HttpResponse
from posd.gateways.errors import NoAnswerError, NotSentError
from posd.gateways.simulator.desk import GARBAGE
from posd.gateways.simulator.reply import Broken, Later, Reply, Send
from posd.gateways.simulator.sandbox import Sandbox
from posd.gateways.transport import Timeouts
from tests.simulation.loop import VirtualLoop
from tests.simulation.weather import HORIZON_S, Fate, Mishap, Weather

START_MS = 1_795_140_000_000
"""2026-11-20 in UTC milliseconds: where the gateways' clock begins."""

FLOOR_SLACK_S = 0.1
"""A process that has died knows when its pay request was recorded, not when it left: later by what the disk took. The
gateways, who count from its arrival, grant the same."""

Call = tuple[str, str]
"""What a request is about: ``pay``, ``query``, ``cancel``, ``refund`` or ``refund_query``, and the order number."""


class Agenda:
    """What happens in the world at which moment, whether or not a process runs."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._numbers = itertools.count()
        self._loop: VirtualLoop | None = None

    def at(self, at_s: float, action: Callable[[float], None]) -> None:
        """Have something happen; ``action`` is told the moment."""
        heapq.heappush(self._due, (at_s, next(self._numbers), action))
        if self._loop is not None:
            self._loop.call_at(at_s, self._turn, at_s)

    def attach(self, loop: VirtualLoop) -> None:
        """A process begins: what was due before has happened, what comes wakes its loop."""
        self.run_until(loop.time())
        self._loop = loop
        for at_s, _, _ in self._due:
            loop.call_at(at_s, self._turn, at_s)

    def detach(self) -> None:
        """The process has ended."""
        self._loop = None

    def run_until(self, now_s: float) -> None:
        """Let everything happen whose moment has come, in its order."""
        while self._due and self._due[0][0] <= now_s:
            at_s, _, action = heapq.heappop(self._due)
            action(at_s)

    def _turn(self, at_s: float) -> None:
        if self._loop is not None:  # else its process is being buried, at no time of this world
            self.run_until(at_s)


class Network:
    """Carries requests to the sandbox and answers back. ``notified`` is handed what gateways send by themselves."""

    def __init__(self, weather: Weather, sandbox: Sandbox) -> None:
        self.weather, self.sandbox = weather, sandbox
        self.agenda = Agenda()
        self.requests = 0
        self.submits: Counter[str] = Counter()
        """Pay requests that left, by order."""
        self.early_cancels: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        """Pay requests that have not arrived yet, by order."""
        self.refused: set[str] = set()
        """Orders whose pay request was refused as it is; the same bytes once more would be, too."""
        self.too_late: set[str] = set()
        """Orders whose pay request arrives after the horizon."""
        self.repeated: set[str] = set()
        """Orders whose pay request the network delivers twice, which is no fault of ours."""
        self.mishaps: Counter[str] = Counter()
        self.log: list[tuple[float, str, str, Fate]] | None = None
        """What left and what became of it, where somebody wants to read it."""
        self.notified: Callable[[str, Send, float], None] = _nobody
        self._paid_at_s: dict[str, float] = {}

    @staticmethod
    def ms(now_s: float) -> int:
        """A moment as the gateways' clock tells it."""
        return START_MS + int(now_s * 1000)

    def depart(
        self, gateway: str, call: Call, request: HttpRequest, floor_s: float, answer: asyncio.Future[HttpResponse]
    ) -> None:
        """A request leaves. Raises NotSentError when it does not."""
        now_s = answer.get_loop().time()
        fate = self.weather.fate(now_s)
        self.requests += 1
        self._note(now_s, call, fate)
        if fate.unsent:
            raise NotSentError("the connection was refused")
        kind, order_no = call
        if kind == "pay":
            self._paid_at_s[order_no] = now_s
            self.submits[order_no] += 1
        elif kind == "cancel" and now_s < self._paid_at_s.get(order_no, -floor_s) + floor_s - FLOOR_SLACK_S:
            self.early_cancels[order_no] += 1
        if fate.out_s is not None:
            self._send(gateway, call, request, fate, now_s + fate.out_s, answer)
        if fate.again_s is not None:
            if kind == "pay":
                self.repeated.add(order_no)
            self._send(gateway, call, request, Fate(None, None), now_s + fate.again_s, None)
        if fate.reset_s is not None:
            answer.get_loop().call_later(fate.reset_s, _break, answer)

    def _send(
        self,
        gateway: str,
        call: Call,
        request: HttpRequest,
        fate: Fate,
        at_s: float,
        answer: asyncio.Future[HttpResponse] | None,
    ) -> None:
        kind, order_no = call
        if kind == "pay":
            self.under_way[order_no] += 1
            if at_s > self._paid_at_s[order_no] + HORIZON_S:
                self.too_late.add(order_no)

        def arrive(moment_s: float) -> None:
            reply = self.sandbox.handle(gateway, request, self.ms(moment_s))
            if kind == "pay":
                self.under_way[order_no] -= 1
                self._watch_late_plan(order_no, moment_s)
                if self.sandbox.bank.find(order_no) is None:
                    self.refused.add(order_no)
            for later in reply.later:
                self._follow(gateway, later)
            if answer is not None:
                _reply(answer, reply, fate)

        self.agenda.at(at_s, arrive)

    def may_arrive(self, order_no: str) -> bool:
        """Whether a pay request is on its way that could still make an order."""
        return self.under_way[order_no] > 0 and order_no not in self.refused

    def _watch_late_plan(self, order_no: str, moment_s: float) -> None:
        """A gateway that lets a request lie adds to its way."""
        order = self.sandbox.bank.find(order_no)
        lies_ms = order.plan.arrive_after_ms if order is not None and order.created_at_ms is None else None
        if lies_ms is not None and moment_s + lies_ms / 1000 > self._paid_at_s[order_no] + HORIZON_S:
            self.too_late.add(order_no)

    def _follow(self, gateway: str, later: Later) -> None:
        def act(moment_s: float) -> None:
            send = later.act(self.ms(moment_s))
            if send is not None:
                self.notified(gateway, send, moment_s)

        self.agenda.at((later.at_ms - START_MS) / 1000 + 0.01, act)

    def _note(self, now_s: float, call: Call, fate: Fate) -> None:
        if self.log is not None:
            self.log.append((now_s, call[1], f"{call[0]} leaves", fate))


class Wire:
    """What stands in for the transport of one gateway in one process."""

    def __init__(self, network: Network, gateway: str, admit: Callable[[], bool]) -> None:
        self.timeouts = Timeouts()
        self.call: Call = ("", "")
        """What the next request is about; set right before it."""
        self.floor_s = 0.0
        self._network, self._gateway, self._admit = network, gateway, admit

    async def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """As ``Transport.send``."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[HttpResponse] = loop.create_future()
        if self._admit():
            self._network.depart(self._gateway, self.call, request, self.floor_s, answer)
        late = loop.call_later(timeout_s, _break, answer)
        try:
            return await answer
        finally:
            late.cancel()

    async def close(self) -> None:
        """Nothing is kept open."""

    async def warm(self) -> None:
        """Nothing is kept open."""

    async def keep_warm(self) -> Never:
        """Nothing is kept open."""
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")


def _reply(answer: asyncio.Future[HttpResponse], reply: Reply, fate: Fate) -> None:
    """Bring an answer back, if anybody still waits for it."""
    if answer.done() or answer.get_loop().is_closed():
        return
    loop = answer.get_loop()
    match reply.outcome:
        case HttpResponse() as response if fate.back_s is not None:
            loop.call_later(reply.delay_ms / 1000 + fate.back_s, _tell, answer, _spoilt(response, fate.answer))
        case Broken.CUT:
            loop.call_later(reply.delay_ms / 1000, _break, answer)
        case _:
            pass


def _spoilt(response: HttpResponse, how: Mishap | None) -> HttpResponse:
    match how:
        case Mishap.GARBAGE:
            return GARBAGE
        case Mishap.BAD_GATEWAY:
            return HttpResponse(502, response.body, response.headers)
        case Mishap.TRUNCATED:
            return HttpResponse(response.status, response.body[: len(response.body) // 2], response.headers)
        case _:
            return response


def _tell(answer: asyncio.Future[HttpResponse], response: HttpResponse) -> None:
    if not answer.done():
        answer.set_result(response)


def _break(answer: asyncio.Future[HttpResponse]) -> None:
    if not answer.done():
        answer.set_exception(NoAnswerError("the connection broke, or the answer did not come in time"))


def _nobody(_gateway: str, _send: Send, _now_s: float) -> None:
    """Until somebody listens."""
