"""The commands with the daemon running: what they do, print, and end with."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest
import serial

from posd.cli import money
from tests.api.till import Till, fresh_code
from tests.cli.console import Console


async def test_pay(console: Console) -> None:
    """0 when paid, 1 when not; amounts are yuan on the command line and fen in JSON."""
    async with console.till.serving():
        paid = await console.run("pay", "12.50", "--code", fresh_code("02", 25), "--reference", "B-1")
        assert (0, "") == (paid.code, paid.err)
        for words in ("paid", "12.50", "2.50", "10.00", "WECHAT", "B-1"):
            assert words in paid.out
        failed = await console.run("pay", "0.01", "--code", fresh_code("20"), "--json")
        assert (1, "failed", 1) == (failed.code, failed.json["status"], failed.json["amount"])


async def test_pay_arms_the_scanner(console: Console) -> None:
    """Without a code, posd waits for one."""
    async with console.till.serving() as desk:
        running = asyncio.create_task(console.run("pay", "1", "--json"))
        await desk.first("?status=awaiting_code")
        console.till.scanner.scan(fresh_code())
        result = await running
        assert (0, "paid", 100) == (result.code, result.json["status"], result.json["amount"])


@pytest.mark.parametrize("amount", ["0", "-1", "1.234", "1,50", "1e3", "x", "", "1000000.01", "١", "0.001"])
async def test_a_bad_amount(console: Console, amount: str) -> None:
    """Usage: 2, in one line."""
    result = await console.run("pay", "--code", "1", "--", amount)
    assert 2 == result.code
    assert "--help" in result.line


async def test_what_is_refused_is_told(console: Console) -> None:
    """1 and the API's own sentence."""
    async with console.till.serving():
        result = await console.run("pay", "1", "--code", "123")
        assert 1 == result.code
        assert "123" not in result.line


async def test_cancel(console: Console) -> None:
    """Waits for the proof: 0; a paid one 1; an unknown one 1."""
    console.till.gateway("main", "daxpay")
    async with console.till.serving() as desk:
        started = (await desk.pay(authCode=fresh_code("12"), wait=0)).json
        result = await console.run("cancel", started["orderNo"], "--json")
        assert (0, "cancelled") == (result.code, result.json["status"])
        paid = await desk.paid()
        refused = await console.run("cancel", paid["id"])
        assert (1, True) == (refused.code, "refund" in refused.line)
        unknown = await console.run("cancel", "0101none")
        assert (1, True) == (unknown.code, "0101none" in unknown.line)


async def test_cancel_and_refund_that_take_too_long(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """5: not known yet. They go on without the command."""
    monkeypatch.setattr(money, "PATIENCE_S", 0.3)
    async with console.till.serving() as desk:
        started = (await desk.pay(authCode=fresh_code("12"), wait=0)).json
        result = await console.run("cancel", started["id"], "--json")
        assert (5, "cancelling") == (result.code, result.json["status"])
        paid = await desk.pay(authCode=fresh_code("70", 50))
        refund = await console.run("refund", paid.json["id"], "--json")
        assert (5, "processing") == (refund.code, refund.json["status"])


async def test_refund(console: Console) -> None:
    """An amount, then what is left; 1 when nothing is, when it fails, when too much."""
    async with console.till.serving() as desk:
        paid = await desk.paid(1250)
        first = await console.run("refund", paid["orderNo"], "2.50", "--json")
        assert (0, 250, "succeeded") == (first.code, first.json["amount"], first.json["status"])
        too_much = await console.run("refund", paid["orderNo"], "10.01")
        assert (1, True) == (too_much.code, bool(too_much.line))
        rest = await console.run("refund", paid["orderNo"])
        assert (0, True) == (rest.code, "10.00" in rest.out)
        nothing = await console.run("refund", paid["orderNo"])
        assert (1, True) == (nothing.code, "in full" in nothing.line)
        fails = await desk.pay(authCode=fresh_code("74"))
        assert 1 == (await console.run("refund", fails.json["id"])).code
        declined = await desk.pay(authCode=fresh_code("20"))
        assert 1 == (await console.run("refund", declined.json["id"])).code


async def test_reading_is_the_same_with_the_daemon_and_without(console: Console) -> None:
    """``show``, ``list``, ``timeline`` and ``report`` say the same from the API and from the journal."""
    async with console.till.serving() as desk:
        paid = await desk.paid()
        await console.till.printer.wait_receipts(1)
        await desk.until(paid["id"], lambda now: now["receipt"]["state"] == "printed")
        await desk.pay(authCode=fresh_code("20"))
        date = paid["createdAt"][:10]
        commands = [
            ["show", paid["orderNo"]], ["show", paid["id"], "--json"], ["list"], ["list", "--json"],
            ["list", "--date", date, "--status", "failed", "--json"], ["timeline", paid["id"]],
            ["timeline", paid["id"], "--json"], ["report"], ["report", "--date", date, "--json"],
        ]  # fmt: skip
        with_daemon = [await console.run(*words) for words in commands]
    without = [await console.run(*words) for words in commands]
    for words, up, down in zip(commands, with_daemon, without, strict=True):
        assert (0, "") == (up.code, up.err), words
        assert up == down, words
    assert {"items", "nextCursor"} == with_daemon[3].json.keys()
    assert 2 == len(with_daemon[3].json["items"])
    assert ["failed"] == [item["status"] for item in with_daemon[4].json["items"]]


async def test_a_long_list_is_whole(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages of the API in one list."""
    from posd.cli import books

    monkeypatch.setattr(books, "LIST_AT_MOST", 2)
    async with console.till.serving() as desk:
        made = [(await desk.paid())["id"] for _ in range(5)]
        result = await console.run("list", "--json")
        assert made[::-1] == [item["id"] for item in result.json["items"]]


async def test_reprint(console: Console) -> None:
    """The last one, an order, a refund; ``--preview`` shows; with the daemon up the daemon prints."""
    async with console.till.serving() as desk:
        paid = await desk.paid()
        preview = await console.run("reprint", "--last", "--preview")
        assert (0, True) == (preview.code, paid["orderNo"] in preview.out)
        await desk.until(paid["id"], lambda now: now["receipt"]["state"] == "printed")
        copy = await console.run("reprint", paid["orderNo"])
        assert (0, True) == (copy.code, "copy 1" in copy.out)
        assert "补打" in (await console.till.printer.wait_receipts(2))[1].text
        path = f"/v1/payments/{paid['id']}/refunds?wait=20"
        refund = (await desk.post(path, {"amount": 5}, key="r")).json
        await console.till.printer.wait_receipts(3)
        while "copy" not in (result := await console.run("reprint", refund["refundNo"])).out:
            assert 0 == result.code, "while the original is on its way out, that is what was asked for"
        assert "退款凭证" in (await console.till.printer.wait_receipts(4))[3].text
        for words in ([], ["--last", "x"]):
            assert 2 == (await console.run("reprint", *words)).code
        declined = await desk.pay(authCode=fresh_code("20"))
        assert 1 == (await console.run("reprint", declined.json["id"])).code


async def test_a_printer_that_is_off_is_said(console: Console) -> None:
    """4 with the daemon up as well: the slip waits, and the technician knows."""
    await console.till.printer.close()
    async with console.till.serving() as desk:
        paid = await desk.paid()
        result = await console.run("reprint", paid["id"])
        assert (4, True) == (result.code, "waits" in result.line)
    await console.till.printer.start()


async def test_a_report_on_paper(console: Console) -> None:
    """The figures, also on the printer."""
    async with console.till.serving() as desk:
        await desk.paid(1250)
        await console.till.printer.wait_receipts(1)
        result = await console.run("report", "--print")
        assert (0, True) == (result.code, "12.50" in result.out)
        assert "12.50" in (await console.till.printer.wait_receipts(2))[1].text


async def test_reconcile(console: Console) -> None:
    """0 where all agrees; 1 and ``attention`` where the gateway says something else."""
    async with console.till.serving() as desk:
        paid = await desk.paid()
        date = paid["createdAt"][:10]
        agreed = await console.run("reconcile", "--date", date)
        assert (0, "1 asked, 0 differ\n") == (agreed.code, agreed.out)
        order = console.till.simulator.bank.find(paid["orderNo"])
        assert order is not None
        console.till.simulator.bank.reverse(order, console.till.simulator.now_ms())
        differs = await console.run("reconcile", "--date", date, "--json")
        assert (1, ["differs"]) == (differs.code, [item["agreement"] for item in differs.json["items"]])
        marked = await desk.payment(paid["id"])
        assert ("paid", True, "contradiction") == (marked["status"], marked["attention"], marked["reason"]["code"])
        await desk.paid()
        up = await console.run("list", "--attention", "--json")
    down = await console.run("list", "--attention", "--json")
    assert [paid["id"]] == [item["id"] for item in up.json["items"]]
    assert up.json == down.json


async def test_gateway_call(console: Console) -> None:
    """Lists the operations; makes one, with the daemon up or not; usage is told."""
    listed = await console.run("gateway", "call", "main", "--json")
    names = [item["name"] for item in listed.json["items"]]
    assert (0, True) == (listed.code, len(names) > 3)
    assert 2 == (await console.run("gateway", "call", "other")).code
    assert 2 == (await console.run("gateway", "call", "main", "Nonsense")).code
    assert 2 == (await console.run("gateway", "call", "main", names[0], "nopair")).code


async def test_the_journal(console: Console, tmp_path: Path) -> None:
    """verify, backup and export, while the daemon writes; a changed copy is found."""
    async with console.till.serving() as desk:
        paid = await desk.paid()
        verified = await console.run("journal", "verify", "--json")
        assert (0, True, []) == (verified.code, verified.json["ok"], verified.json["faults"])

        stop = False

        async def busy() -> int:
            count = 0
            while not stop:
                await desk.paid()
                count += 1
            return count

        writing = asyncio.create_task(busy())
        copy = tmp_path / "copy.db"
        backup = await console.run("journal", "backup", str(copy))
        stop = True
        assert await writing > 0
        assert (0, True) == (backup.code, "all well" in backup.out)
        assert 0o600 == copy.stat().st_mode & 0o777
        again = await console.run("journal", "backup", str(copy))
        assert (2, True) == (again.code, str(copy) in again.line)
        nowhere = await console.run("journal", "backup", str(tmp_path / "no" / "copy"))
        assert (1, True) == (nowhere.code, bool(nowhere.line))
        lines = (await console.run("journal", "export")).out.splitlines()
        assert paid["id"] == json.loads(lines[0])["id"]
        table = list(csv.DictReader(io.StringIO((await console.run("journal", "export", "--format", "csv")).out)))
        assert paid["orderNo"] == table[0]["orderNo"]
        assert len(lines) == len(table)


async def test_a_changed_journal_is_found(console: Console, till: Till) -> None:
    """1, and the fault on standard error."""
    import sqlite3

    async with till.serving() as desk:
        await desk.paid()
    db = sqlite3.connect(till.directory / "journal.db")
    db.execute("UPDATE events SET stream = 'x' WHERE seq = 2")
    db.commit()
    db.close()
    result = await console.run("journal", "verify")
    assert 1 == result.code
    assert "event 2 was changed" in result.err


async def test_ui(console: Console) -> None:
    """A link where the page is served; else what is missing."""
    async with console.till.serving():
        result = await console.run("ui")
        assert (1, True) == (result.code, "[api] listen" in result.line)
    address = console.till.listen()
    async with console.till.serving():
        result = await console.run("ui")
        assert (0, True) == (result.code, result.out.startswith(f"http://{address}/ui/sign-in?ticket="))


async def test_doctor(console: Console) -> None:
    """0 when all is well, with the daemon up; 1 and the reason when something is not; nothing on paper."""
    async with console.till.serving():
        well = await console.run("doctor", "--json")
        bad = [finding for finding in well.json["items"] if not finding["ok"]]
        assert (0, []) == (well.code, bad)
        console.till.scanner.unplug()
        while "lost" not in (await console.run("doctor")).out:
            pass
        assert 1 == (await console.run("doctor")).code
    down = await console.run("doctor")
    assert 1 == down.code
    assert "BAD  daemon" in down.out
    assert [] == console.till.printer.receipts


async def test_doctor_without_the_daemon(console: Console) -> None:
    """Scanner and printer are opened, looked at and left alone: nothing on paper, nothing kept."""
    scanner, printer = console.till.scanner, console.till.printer
    well = await console.run("doctor")
    assert {"ok   serial front: ready", "ok   tcp printer: ready"} <= set(well.out.splitlines())
    serial.Serial(str(scanner.link), exclusive=True).close()
    scanner.unplug()
    printer.paper_out()
    bad = await console.run("doctor")
    assert 1 == bad.code
    assert "plug the scanner in" in line_of(bad.out, "BAD  serial front")
    assert "paper" in line_of(bad.out, "BAD  tcp printer")
    scanner.link.write_text("no scanner")
    assert line_of((await console.run("doctor")).out, "BAD  serial front")
    scanner.link.unlink()
    assert [] == printer.receipts


def line_of(out: str, subject: str) -> str:
    """The line about a subject."""
    return next(line for line in out.splitlines() if line.startswith(subject))


async def test_check(console: Console) -> None:
    """0 and a line; 2 and a line for every fault."""
    good = await console.run("check")
    assert (0, "") == (good.code, good.err)
    text = console.till.config_path.read_text() + "\n[colours]\n[shapes]\n"
    console.till.config_path.write_text(text)
    bad = await console.run("check")
    assert (2, 2) == (bad.code, bad.err.count("\n"))
    assert "colours: unknown section" in bad.err
