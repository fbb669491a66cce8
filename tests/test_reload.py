"""SIGHUP: who may call is taken up, everything else waits for a restart and is named."""

from __future__ import annotations

import logging

import aiohttp
import pytest

from posd.reload import changes, reload
from tests.api.conftest import till as till  # noqa: PLC0414 - the fixture
from tests.api.till import TOKEN, Till

OTHER_TOKEN = "another-token-of-the-tests"


async def status(session: aiohttp.ClientSession, token: str) -> int:
    """What a program with this token is answered."""
    async with session.get("/v1/devices", headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status


async def test_a_new_token_is_taken_up(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    """The old token opens nothing any more, the new one does; payments go on."""
    caplog.set_level(logging.INFO)
    address = till.listen()
    async with till.serving() as desk:
        context = desk.parts.context
        (till.directory / "api-token").write_text(f"{OTHER_TOKEN}\n", "utf-8")
        config = reload(context.config, context.guard)
        async with aiohttp.ClientSession(f"http://{address}") as session:
            assert [401, 200] == [await status(session, token) for token in (TOKEN, OTHER_TOKEN)]
    assert {"api.token"} == changes(context.config, config)
    assert "api.token" in caplog.text
    assert TOKEN not in caplog.text
    assert OTHER_TOKEN not in caplog.text


async def test_what_is_built_in_waits_for_a_restart(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    """A changed window and a removed printer are named with what to do, and the running values stay."""
    caplog.set_level(logging.INFO)
    async with till.serving() as desk:
        context = desk.parts.context
        till.sections["[payments]"]["window"] = 30.0
        del till.sections["[printer]"]
        till.write_config()
        config = reload(context.config, context.guard)
    assert set() == changes(context.config, config)
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert ["payments.window", "printer.host", "printer.port", "printer.type"] == [
        line.split()[1] for line in warned if "restart posd" in line
    ]


async def test_a_file_with_faults_changes_nothing(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    """Every fault is told, and what ran goes on as it was."""
    async with till.serving() as desk:
        context = desk.parts.context
        till.config_path.write_text("[terminal]\nid = 7\n", "utf-8")
        assert context.config is reload(context.config, context.guard)
        assert 200 == (await desk.get("/healthz")).status
    assert "not reloaded" in caplog.text
    assert "terminal.id" in caplog.text
