"""What the log says: fields in journald's own protocol, one line a payment, and no secret in it."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from posd.logs import JournalHandler, datagram, fields, set_up_logging
from tests.api.conftest import till as till  # noqa: PLC0414 - the fixture
from tests.api.till import Till, fresh_code


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    """Where journald would listen, as `journal` beside everything else."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "journal"))
        listener.setblocking(False)
        yield listener


@pytest.fixture
def log(tmp_path: Path, journald: socket.socket) -> Iterator[logging.Logger]:
    """The root of all logs, sent to `journald`."""
    root, handler = logging.getLogger(), JournalHandler(str(tmp_path / "journal"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield logging.getLogger("posd.of_the_tests")
    root.setLevel(level)
    root.removeHandler(handler)
    handler.close()


def entries(journald: socket.socket) -> list[dict[str, str]]:
    """What has arrived, parsed as systemd's document has it."""
    found = []
    while True:
        try:
            found.append(parsed(journald.recv(1 << 16)))
        except BlockingIOError:
            return found


def parsed(data: bytes) -> dict[str, str]:
    """One datagram."""
    entry = {}
    while data:
        name, ends, rest = data.partition(b"\n")
        if b"=" in name:
            key, _, value = name.partition(b"=")
            data = rest
        else:
            (length,) = struct.unpack("<Q", rest[:8])
            key, value, data = name, rest[8 : 8 + length], rest[9 + length :]
        assert ends == b"\n"
        entry[key.decode("ascii")] = value.decode("utf-8")
    return entry


def test_values_with_line_breaks_cannot_forge_fields() -> None:
    """A message with a line break stays one value, whatever stands behind the break."""
    forged = {"MESSAGE": "one\nSTATUS=paid", "STATUS": "failed", "NOTE": "示例"}
    assert forged == parsed(datagram(forged))


def test_levels_become_priorities(log: logging.Logger, journald: socket.socket) -> None:
    """Journalctl -p err finds what a person has to do something about."""
    for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        log.log(level, "said")
    assert ["6", "4", "3", "2"] == [entry["PRIORITY"] for entry in entries(journald)]


def test_fields_are_bound_to_their_record(log: logging.Logger, journald: socket.socket) -> None:
    """Only what is known is told, under names that journald takes; the next record has none of it."""
    log.info("first", extra=fields(order_no="0101A", wallet=None))
    log.info("second")
    first, second = entries(journald)
    assert ("0101A", "posd") == (first["ORDER_NO"], first["SYSLOG_IDENTIFIER"])
    assert "WALLET" not in first
    assert "ORDER_NO" not in second


def test_a_journald_that_does_not_listen_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Records go to standard error with their priority, before and after journald has gone."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    path = tmp_path / "late"
    set_up_logging(journal=str(path))
    logging.getLogger("posd").warning("nobody listens")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    set_up_logging(journal=str(path))
    listener.close()
    logging.getLogger("posd").error("it has gone")
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    assert ["<4>nobody listens", "<3>it has gone"] == capfd.readouterr().err.splitlines()


async def test_a_payment_leaves_one_line(till: Till, log: logging.Logger, journald: socket.socket) -> None:
    """Paid after a password: order number, status, amounts, wallet, duration, queries as fields; once."""
    code = fresh_code("10", 1)
    async with till.serving() as desk:
        payment = (await desk.pay(1250, authCode=code, reference="B-1")).json
    (entry,) = [entry for entry in entries(journald) if "ORDER_NO" in entry]
    assert (payment["orderNo"], payment["id"]) == (entry["ORDER_NO"], entry["PAYMENT_ID"])
    assert ("paid", "WECHAT", "barcode", "main") == tuple(
        entry[name] for name in ("STATUS", "WALLET", "METHOD", "GATEWAY")
    )
    assert ("1250", "1250", "0") == tuple(entry[name] for name in ("AMOUNT_FEN", "PAY_AMOUNT_FEN", "ATTENTION"))
    assert int(entry["DURATION_MS"]) >= 1000
    assert int(entry["QUERIES"]) >= 1
    assert entry["MESSAGE"].startswith(f"{payment['orderNo']} paid 12.50 WECHAT in ")


async def test_no_secret_gets_into_the_log(till: Till, log: logging.Logger, journald: socket.socket) -> None:
    """Neither code nor key nor token, at the level of debugging, for payments that end well, badly and never."""
    logging.getLogger().setLevel(logging.DEBUG)
    till.listen()
    codes = [fresh_code("00"), fresh_code("20"), fresh_code("34")]
    key = (till.directory / "chaoying.key").read_text("ascii").strip()
    token = (till.directory / "api-token").read_text("ascii").strip()
    async with till.serving() as desk:
        for code in codes:
            await desk.pay(authCode=code)
    said = "\n".join(value for entry in entries(journald) for value in entry.values())
    assert [] == [secret for secret in (*codes, key, token) if secret in said]
    assert "paid" in said
