"""Six payments, told as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from devices.face.simulator import Behaviour, VirtualBridge
from devices.printer.simulator import PrintedReceipt
from posd.demo.stage import Stage, page_address, set_up
from posd.payment.amounts import Fen, format_yuan
from posd.payment.auth_code import mask, wallet_of
from posd.tasks import Tasks

Chapter = Callable[["Teller"], Awaitable[None]]

PATIENCE_S = 60
"""Longer than any chapter takes."""
RECEIPT_S = 10.0
LOOK_AGAIN_S = 0.05


class Teller:
    """Prints a line for everything that happens, with the seconds since the chapter began."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._began = time.monotonic()
        self._codes = 0
        self.wrong: list[str] = []

    def title(self, text: str) -> None:
        """A new chapter."""
        self._began = time.monotonic()
        print(f"\n── {text} " + "─" * max(0, 76 - len(text)), flush=True)

    def say(self, text: str) -> None:
        """Something happened."""
        print(f"  {time.monotonic() - self._began:5.1f} s  {text}", flush=True)

    def code(self, behaviour: str) -> str:
        """A fresh WeChat code whose last digits tell the simulator what the customer does."""
        self._codes += 1
        return f"13{self._codes:08d}0000{behaviour}"

    async def pay_by_scan(self, amount: int, code: str, reference: str) -> str:
        """The POS arms, the scanner beeps."""
        ident = await self._ask_for(amount, "barcode", reference)
        self.stage.scanner.scan(code)
        self.say(f"scanner beeps: {mask(code)} ({wallet_of(code)})")
        return ident

    async def pay_by_face(self, amount: int, bridge: VirtualBridge, reference: str) -> str:
        """The POS asks for a face, the customer looks into the camera."""
        await bridge.connected.wait()
        bridge.script.append(Behaviour.OK)
        return await self._ask_for(amount, "face", reference)

    async def _ask_for(self, amount: int, method: str, reference: str) -> str:
        body = {"amount": amount, "method": method, "reference": reference}
        payment = await self.stage.post("/v1/payments", f"demo-{reference}", **body)
        self.say(f"POS asks for {format_yuan(Fen(amount))}: {payment['orderNo']}, {payment['status']}")
        return str(payment["id"])

    async def screen(self, bridge: VirtualBridge) -> None:
        """Tell what the camera was asked, up to the result that its screen waits for."""
        while bridge.asked[-1].method != "result":  # noqa: ASYNC110 - the log tells nobody
            await asyncio.sleep(LOOK_AGAIN_S)
        told = " → ".join(f"{asked.method} {asked.outcome}".strip() for asked in bridge.asked)
        self.say(f"the camera was asked: {told}")

    async def end_of(self, ident: str, *, wanted: str) -> dict[str, Any]:
        """Tell each status until the last."""
        told = None
        while True:
            payment: dict[str, Any] = await self.stage.get(f"/v1/payments/{ident}")
            if payment["status"] not in {told, "awaiting_code"}:
                told = payment["status"]
                reason = f" ({payment['reason']['message']})" if payment["reason"] else ""
                self.say(f"posd says {told}{reason}")
            if told in {"paid", "failed", "cancelled"}:
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        if told != wanted:
            self.wrong.append(f"{payment['orderNo']} is {told}, the story wanted {wanted}")
        return payment

    async def receipt(self) -> None:
        """Show what came out of the printer."""
        async with asyncio.timeout(RECEIPT_S):
            receipt = await self.stage.receipts.get()
        self.say("the printer prints:")
        show(receipt)

    def money(self, payment: dict[str, Any]) -> None:
        """What really happened, by the gateway's own books."""
        order = self.stage.simulator.bank.find(payment["orderNo"])
        state = order.state(self.stage.simulator.now_ms()) if order is not None else None
        net = state.net if state is not None else 0
        self.say(f"at the gateway the customer has paid {format_yuan(Fen(net))} in the end")
        told = payment["payAmount"] or 0 if payment["status"] == "paid" else 0
        if net != told:
            self.wrong.append(f"{payment['orderNo']}: posd says {told}, the gateway {net}")


def show(receipt: PrintedReceipt) -> None:
    """A receipt as text, with a line where the paper is cut."""
    for line in receipt.text.rstrip().splitlines():
        print(f"           │ {line}")
    print("           └" + "╌" * 33)


async def _plain(teller: Teller) -> None:
    teller.title("1  A customer pays 12.50")
    payment = await teller.end_of(await teller.pay_by_scan(1250, teller.code("0000"), "B-1"), wanted="paid")
    await teller.receipt()
    teller.money(payment)


async def _coupon(teller: Teller) -> None:
    teller.title("2  A coupon takes 2.50 off")
    payment = await teller.end_of(await teller.pay_by_scan(1250, teller.code("0225"), "B-2"), wanted="paid")
    await teller.receipt()
    teller.money(payment)


async def _password(teller: Teller) -> None:
    teller.title("3  The wallet asks for a password; the customer types it after 4 s")
    payment = await teller.end_of(await teller.pay_by_scan(25800, teller.code("1004"), "B-3"), wanted="paid")
    await teller.receipt()
    teller.money(payment)


async def _never(teller: Teller) -> None:
    teller.title("4  The customer never confirms: after 15 s posd cancels by itself")
    payment = await teller.end_of(await teller.pay_by_scan(9900, teller.code("1200"), "B-4"), wanted="cancelled")
    teller.money(payment)


async def _face(teller: Teller) -> None:
    teller.title("5  A customer pays by face")
    if (bridge := teller.stage.bridge) is None:
        raise RuntimeError("this story needs a stage with a camera")
    payment = await teller.end_of(await teller.pay_by_face(8800, bridge, "B-5"), wanted="paid")
    await teller.screen(bridge)
    await teller.receipt()
    teller.money(payment)


async def _killed(teller: Teller) -> None:
    teller.title("6  posd is killed in the middle, and the customer pays meanwhile")
    ident = await teller.pay_by_scan(4200, teller.code("1003"), "B-6")
    await asyncio.sleep(1)
    await teller.stage.kill()
    teller.say("SIGKILL: the process is gone, the pay request is at the gateway")
    await asyncio.sleep(3)
    await teller.stage.start()
    teller.say("posd is back: it asks, it does not charge again")
    payment = await teller.end_of(ident, wanted="paid")
    await teller.receipt()
    teller.money(payment)


STORY: tuple[Chapter, ...] = (_plain, _coupon, _password, _never, _face, _killed)


async def play(*, once: bool) -> int:
    """Play the story; then stay up for the reader, unless ``once``. Returns 1 when anything went otherwise."""
    async with set_up(listen=None if once else page_address(), camera=True) as stage:
        teller = Teller(stage)
        print("A till on this machine: gateway, scanner, camera and printer are simulators, posd is the real one.")
        print(f"Everything lies in {stage.directory}")
        await stage.start()
        for chapter in STORY:
            async with asyncio.timeout(PATIENCE_S):
                await chapter(teller)
        for fault in teller.wrong:
            print(f"NOT AS IT SHOULD BE: {fault}", file=sys.stderr)
        if not once and not teller.wrong:
            await _stay(teller)
    return 1 if teller.wrong else 0


async def _stay(teller: Teller) -> None:
    """Let the reader play: lines typed here are scanned."""
    link = (await teller.stage.post("/v1/ui-link", "ui"))["url"]
    posd = f"{sys.argv[0]} --config {teller.stage.config}"
    print(f"""
posd stays up. The cashier page, for the next two minutes (later: {posd} ui):

    {link}

In another terminal:

    {posd} pay 12.50          arms the scanner and waits
    {posd} list

Type a code here and press Enter: the scanner reads it. 130000000900000000 pays at once, …1005 at the end asks for a
password and pays after 5 s, …1200 never pays; all of them: {teller.stage.simulator.address}/
Ctrl-C ends it.
""")
    tasks = Tasks()
    tasks.start(_print_receipts(teller), "demo-receipts")
    try:
        await _scan_lines(teller)
    except asyncio.CancelledError:
        print()
    finally:
        await tasks.close()


async def _print_receipts(teller: Teller) -> None:
    while True:
        show(await teller.stage.receipts.get())


async def _scan_lines(teller: Teller) -> None:
    """Everything typed is scanned; without a terminal, just stay."""
    reader = asyncio.StreamReader()
    with contextlib.suppress(ValueError, OSError):
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            if code := line.decode("utf-8", "replace").strip():
                teller.stage.scanner.scan(code)
    await asyncio.Event().wait()
