"""The commands with the daemon stopped, gone in the middle, or twice."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from posd.cli import money, paper
from tests.api.till import Till, fresh_code
from tests.cli.console import Console, spawn

NEEDS_THE_DAEMON = [["pay", "1"], ["cancel", "x"], ["refund", "x"], ["reconcile", "--date", "2026-11-20"], ["ui"]]


@pytest.mark.parametrize("words", NEEDS_THE_DAEMON, ids=lambda words: words[0])
async def test_what_needs_the_daemon_says_so(console: Console, words: list[str]) -> None:
    """3, and a line that names the socket."""
    result = await console.run(*words)
    assert 3 == result.code
    assert str(console.till.socket) in result.line


@pytest.mark.parametrize("words", [["show", "x"], ["list"], ["report"], ["journal", "verify"], ["reprint", "--last"]])
async def test_nothing_to_read_yet(console: Console, words: list[str]) -> None:
    """No daemon, no journal: 3."""
    result = await console.run(*words)
    assert (3, True) == (result.code, "journal" in result.line)


async def test_unknown_orders(console: Console) -> None:
    """1, with the daemon and without."""
    async with console.till.serving():
        up = [await console.run(*words) for words in (["show", "x"], ["timeline", "x"], ["reprint", "x"])]
    down = [await console.run(*words) for words in (["show", "x"], ["timeline", "x"], ["reprint", "x"])]
    for result in up + down:
        assert (1, True) == (result.code, "x" in result.line)


async def test_reprint_prints_by_itself(console: Console) -> None:
    """Daemon stopped and gateway away: the paper comes out, and the copy is counted in the journal."""
    async with console.till.serving() as desk:
        paid = await desk.paid()
        await console.till.printer.wait_receipts(1)
        await desk.until(paid["id"], lambda now: now["receipt"]["state"] == "printed")
    await console.till.simulator.pause()
    result = await console.run("reprint", "--last")
    assert (0, "printed\n", "") == (result.code, result.out, result.err)
    receipts = await console.till.printer.wait_receipts(2)
    assert "补打" in receipts[1].text
    assert paid["orderNo"] in receipts[1].text
    shown = await console.run("show", paid["id"], "--json")
    assert {"state": "printed", "copies": 1} == shown.json["receipt"]


async def test_reprint_without_a_printer_that_works(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """4, what is wrong with it, and nothing waits to surprise the next customer."""
    async with console.till.serving() as desk:
        await desk.paid()
        await console.till.printer.wait_receipts(1)
    monkeypatch.setattr(paper, "PAPER_S", 0.3)
    await console.till.printer.close()
    result = await console.run("reprint", "--last")
    assert 4 == result.code
    assert result.line
    await console.till.printer.start()
    console.till.sections["[printer]"]["port"] = console.till.printer.port
    async with console.till.serving() as desk:
        second = await desk.paid(77)
        receipts = await console.till.printer.wait_receipts(2)
        assert second["orderNo"] in receipts[1].text


async def test_a_till_without_a_printer(console: Console) -> None:
    """4: there is none; the preview works all the same."""
    async with console.till.serving() as desk:
        await desk.paid()
    del console.till.sections["[printer]"]
    console.till.write_config()
    assert 4 == (await console.run("reprint", "--last")).code
    assert 0 == (await console.run("reprint", "--last", "--preview")).code


async def test_bad_configuration(console: Console, tmp_path: Path) -> None:
    """2 for every command."""
    console.till.config_path.write_text("[terminal")
    for words in (["run"], ["check"], ["pay", "1"], ["list"], ["doctor"], ["journal", "verify"], ["reprint", "--last"]):
        result = await console.run(*words)
        assert (2, True) == (result.code, "not valid TOML" in result.line)


@pytest.mark.parametrize("command", ["check", "run"])
async def test_what_no_gateway_can_do_is_refused(console: Console, command: str) -> None:
    """2 and a line for each demand, before a journal is made or a socket: what begins must be voidable."""
    console.till.sections["[payments]"] |= {"window": 301, "qr_window": 302}
    console.till.write_config()
    result = await console.run(command)
    lines = [f"payments.{key}: main cancels nothing that is older than 300 s" for key in ("window", "qr_window")]
    assert (2, [f"{console.till.config_path}: {line}" for line in lines]) == (result.code, result.err.splitlines())
    made = {path.suffix for path in console.till.directory.iterdir()}
    assert not made & {".db", ".lock", ".sock"}


@pytest.mark.parametrize("words", [[], ["fly"], ["show"], ["list", "--date", "2026-02-30"], ["list", "--status", "x"]])
async def test_usage(console: Console, words: list[str]) -> None:
    """2, one line, which says where help is."""
    result = await console.run(*words)
    assert (2, True) == (result.code, "--help" in result.line)


async def _serves(till: Till) -> None:
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(str(till.socket))
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return


async def test_two_daemons_on_one_journal(console: Console) -> None:
    """The second ends with 2 and a line; the first goes on, its socket too."""
    async with console.till.serving() as desk:
        second = await asyncio.to_thread(lambda: _end(spawn(console.till, "run")))
        assert (2, 1) == (second[0], second[1].count("\n")), second[1]
        assert "in use by another posd" in second[1]
        assert 200 == (await desk.get("/healthz")).status


def _end(process: object) -> tuple[int, str]:
    import subprocess

    assert isinstance(process, subprocess.Popen)
    with process:
        _, err = process.communicate()
    return process.returncode, err


async def test_a_daemon_killed_in_the_middle_of_pay(console: Console) -> None:
    """``posd pay`` waits for the daemon to come back and tells the true end: charged once."""
    first = spawn(console.till, "run")
    await _serves(console.till)
    running = asyncio.create_task(console.run("pay", "1", "--code", fresh_code("10", 3), "--json"))
    while not console.till.simulator.bank.orders:  # noqa: ASYNC110 - the bank has no event
        await asyncio.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(_end, first)
    async with console.till.serving():
        result = await running
    assert (0, "paid") == (result.code, result.json["status"])
    (order,) = console.till.simulator.bank.orders.values()
    assert 1 == order.submits


async def test_a_daemon_that_stays_away(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """5: it was sent, and nobody can say what became of it; the line says where to look."""
    monkeypatch.setattr(money, "PATIENCE_S", 0.5)
    first = spawn(console.till, "run")
    await _serves(console.till)
    running = asyncio.create_task(console.run("pay", "1", "--code", fresh_code("12")))
    while not console.till.simulator.bank.orders:  # noqa: ASYNC110 - the bank has no event
        await asyncio.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(_end, first)
    result = await running
    (order,) = console.till.simulator.bank.orders.values()
    assert 5 == result.code
    assert order.order_no in result.line or "posd list" in result.line


async def test_a_daemon_ends_as_it_should(console: Console) -> None:
    """SIGTERM: 0, and the socket is gone."""
    process = spawn(console.till, "run")
    await _serves(console.till)
    process.send_signal(signal.SIGTERM)
    code, err = await asyncio.to_thread(_end, process)
    assert 0 == code, err
    assert not console.till.socket.exists()
    assert "Traceback" not in err
