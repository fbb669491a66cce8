"""Asking a printer how it is, over one connection, while whatever else it says comes in between."""

from __future__ import annotations

import asyncio

from devices.printer.status import (
    IN_TURN_QUERY,
    REAL_TIME_QUERIES,
    Kind,
    PrinterStatus,
    ReplyReader,
    from_answers,
    from_asb,
)
from devices.transport.base import ByteTransport


class Conversation:
    """One connection's questions and answers; lives as long as the connection, used by one task.

    A call that is cancelled may leave half a question on the line: drop the connection then.
    """

    def __init__(self, transport: ByteTransport) -> None:
        self._transport = transport
        self._replies = ReplyReader()
        self._real_time: list[int] = []
        self._automatic: PrinterStatus | None = None
        self._turns_asked = 0
        self.turns_answered = 0
        """Answers to `ask_in_turn` so far."""

    async def status(self, timeout_s: float) -> PrinterStatus | None:
        """Ask DLE EOT 1-4 at once, one by one where the printer answers only some; None if it says nothing in time.

        The time is for each round trip. Raises DeviceLost.
        """
        await self._hear(0)
        self._real_time.clear()
        await self._transport.write(b"".join(REAL_TIME_QUERIES))
        await self._answers(len(REAL_TIME_QUERIES), timeout_s)
        if 0 < len(self._real_time) < len(REAL_TIME_QUERIES):
            return from_answers(await self._one_by_one(timeout_s))
        return from_answers(dict(enumerate(self._real_time, start=1))) or self._automatic

    async def _one_by_one(self, timeout_s: float) -> dict[int, int]:
        """Which question an answer belongs to can be told only while there is no other."""
        answers: dict[int, int] = {}
        for number, query in enumerate(REAL_TIME_QUERIES, start=1):
            await self._hear(0)
            self._real_time.clear()
            await self._transport.write(query)
            await self._answers(1, timeout_s)
            if self._real_time:
                answers[number] = self._real_time[-1]
        return answers

    async def ask_in_turn(self) -> None:
        """Ask GS r 1; the answer comes when everything sent before it is on the paper. Raises DeviceLost."""
        self._turns_asked += 1
        await self._transport.write(IN_TURN_QUERY)

    async def wait_turn(self, timeout_s: float) -> bool:
        """Whether everything sent before the last `ask_in_turn` is on the paper, now or within the time.

        Raises DeviceLost.
        """
        end = asyncio.get_running_loop().time() + timeout_s
        while self.turns_answered < self._turns_asked and (left_s := _left(end)) > 0:
            await self._hear(left_s)
        return self.turns_answered >= self._turns_asked

    async def _answers(self, count: int, timeout_s: float) -> None:
        end = asyncio.get_running_loop().time() + timeout_s
        while len(self._real_time) < count and (left_s := _left(end)) > 0:
            await self._hear(left_s)

    async def _hear(self, timeout_s: float) -> None:
        for reply in self._replies.feed(await self._transport.read(timeout_s)):
            match reply.kind:
                case Kind.REAL_TIME:
                    self._real_time.append(reply.data[0])
                case Kind.IN_TURN:
                    self.turns_answered += 1
                case Kind.AUTOMATIC:
                    self._automatic = from_asb(reply.data)


def _left(end: float) -> float:
    return end - asyncio.get_running_loop().time()
