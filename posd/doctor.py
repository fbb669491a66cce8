"""``posd doctor``: looks at everything a till needs; prints nothing on paper and moves no money."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec

from devices.errors import DeviceError
from devices.scanner.framing import Scan
from devices.state import DeviceState, Health
from posd.client import Client, ClientError
from posd.clock import TimeLine
from posd.config import Config
from posd.config.sections import Scanner
from posd.gateways.base import CallResult
from posd.gateways.factory import make_gateways
from posd.gateways.gateway import Gateway
from posd.gateways.signing import SigningKeyError
from posd.ids import Ids
from posd.journal.access import demand_own, lax_modes
from posd.journal.errors import JournalError
from posd.journal.journal import check_version
from posd.journal.writer import connect
from posd.printing.printer import printer_of
from posd.scanner import scanner_of
from posd.tasks import Tasks

CLOCK_OFF_S = 30.0
"""Gateways sign times: more than this and some refuse."""
CERTIFICATE_DAYS = 21
"""Time enough to renew a certificate."""
GATEWAY_S = 8.0
SCANNER_S = 5.0
"""A scanner that is opened listens for silence first, for a second at most; converters take their time before it."""


class Finding(msgspec.Struct, frozen=True):
    """One look: what was looked at, whether it is well, and what to do if not."""

    subject: str
    ok: bool
    text: str


async def examine(config: Config) -> list[Finding]:
    """Everything, a finding each."""
    findings = [*_journal(config), *_space(config)]
    findings += [finding async for finding in _gateways(config)]
    daemon = _daemon_devices(config)
    if daemon is not None:
        findings.append(Finding("daemon", ok=True, text=f"serves on {config.api.socket}"))
        findings += daemon
        return findings
    findings.append(Finding("daemon", ok=False, text=f"nobody serves on {config.api.socket}: systemctl start posd"))
    findings += [await _scanner(section) for section in config.scanners]
    findings += [finding async for finding in _printer(config)]
    return findings


def _journal(config: Config) -> Iterator[Finding]:
    path = Path(config.journal.path)
    if not path.exists():
        writable = os.access(path.parent, os.W_OK)
        text = f"{path} is made at the first start" if writable else f"{path.parent} cannot be written to"
        yield Finding("journal", writable, text)
        return
    try:
        db = connect(path, read_only=True)
        check_version(db, path)
        (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
        (count,) = db.execute("SELECT count(*) FROM payments").fetchone()
        (open_,) = db.execute("SELECT count(*) FROM payments WHERE live").fetchone()
        db.close()
    except (sqlite3.Error, JournalError) as error:
        yield Finding("journal", ok=False, text=f"{path}: {error}")
        return
    yield Finding("journal", state == "ok", f"{path}: {count} payments, {open_} with something left to do")
    yield _permissions(path)


def _permissions(path: Path) -> Finding:
    """What would keep posd from starting, then what it would only complain of."""
    try:
        demand_own(path)
    except JournalError as error:
        return Finding("permissions", ok=False, text=str(error))
    lax = list(lax_modes(path))
    return Finding("permissions", not lax, lax[0] if lax else f"{path} is for posd and its group")


def _space(config: Config) -> Iterator[Finding]:
    directory = Path(config.journal.path).parent
    with contextlib.suppress(OSError):
        space = os.statvfs(directory)
        free_mb = space.f_bavail * space.f_frsize // 1_000_000
        yield Finding("disk", free_mb > 100, f"{free_mb} MB free for the journal in {directory}")


# --- gateways ---------------------------------------------------------------------------------------------------------


async def _gateways(config: Config) -> AsyncIterator[Finding]:
    try:
        gateways = make_gateways(config, TimeLine(), Ids())
    except (SigningKeyError, ValueError, OSError) as error:
        yield Finding("gateways", ok=False, text=str(error))
        return
    for name, gateway in gateways.items():
        yield await _gateway(name, gateway)
        await gateway.close()
    for name, section in config.gateways.items():
        async for finding in _address(name, section.common.base_url):
            yield finding


async def _gateway(name: str, gateway: Gateway) -> Finding:
    answer = await gateway.harmless()
    subject = f"gateway {name}"
    if not isinstance(answer.verdict, CallResult):
        said = answer.evidence.note or answer.evidence.gateway_message or "no answer that can be trusted"
        return Finding(subject, ok=False, text=f"{said}; look at base_url, keys and network")
    if answer.verdict.verified is False:
        return Finding(subject, ok=False, text="its signature is wrong; look at the platform's key")
    if not answer.verdict.succeeded:
        said = answer.evidence.gateway_message or answer.evidence.gateway_code or f"HTTP {answer.evidence.http_status}"
        return Finding(subject, ok=False, text=f"it refuses a harmless call: {said}; look at numbers, keys and clock")
    said = answer.evidence.gateway_message or "answers"
    return Finding(subject, ok=True, text=f"{said}; the signature {'holds' if answer.verdict.verified else 'is none'}")


async def _address(name: str, base_url: str) -> AsyncIterator[Finding]:
    """The clock by the gateway's Date, and how long its certificate lives."""
    parts = urlsplit(base_url)
    try:
        timeout = aiohttp.ClientTimeout(total=GATEWAY_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(base_url, allow_redirects=False) as response,
        ):
            date = response.headers.get("Date")
        if date is not None:
            off_s = abs(parsedate_to_datetime(date).timestamp() - time.time())
            yield Finding("clock", off_s < CLOCK_OFF_S, f"{off_s:.0f} s off the gateway {name}; set the time by NTP")
        if parts.scheme == "https":
            yield await _certificate(name, parts.hostname or "", parts.port or 443)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        yield Finding(f"address of {name}", ok=False, text=f"{parts.hostname}: {str(error) or 'no answer'}")


async def _certificate(name: str, host: str, port: int) -> Finding:
    _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    try:
        peer = writer.get_extra_info("peercert") or {}
        ends = ssl.cert_time_to_seconds(str(peer["notAfter"]))
    finally:
        writer.close()
    days = int((ends - time.time()) // 86400)
    until = datetime.fromtimestamp(ends, UTC).date()
    return Finding(f"certificate of {name}", days > CERTIFICATE_DAYS, f"valid until {until}, {days} days")


# --- devices ----------------------------------------------------------------------------------------------------------


def _daemon_devices(config: Config) -> list[Finding] | None:
    """What the running daemon says of its devices; None when none runs."""
    try:
        with Client(config.api.socket) as client:
            devices = client.devices()
    except ClientError:
        return None
    return [
        Finding(f"{device.type} {device.name}", _well(device.state), f"{device.state} {device.detail}".strip())
        for device in devices
    ]


def _well(health: Health) -> bool:
    return health in {Health.READY, Health.DISABLED}


async def _scanner(section: Scanner) -> Finding:
    """Opened by its own driver, as the daemon would, and closed again; what is scanned meanwhile is for nobody."""
    scanner, tasks = scanner_of(section, _nothing, _nobody), Tasks()
    tasks.start(scanner.run(), f"scanner:{section.name}")
    try:
        async with asyncio.timeout(SCANNER_S):
            await scanner.tried.wait()
    except TimeoutError:
        return Finding(f"{section.type} {section.name}", ok=False, text="does not open; unplug it and plug it in")
    finally:
        await tasks.close()
    state = scanner.state
    return Finding(f"{state.type} {state.name}", _well(state.health), f"{state.health} {state.detail}".strip())


async def _printer(config: Config) -> AsyncIterator[Finding]:
    printer = printer_of(config.printer, _nobody)
    if printer is None:
        return
    subject = f"{config.printer.type} {config.printer.name}"
    try:
        status = await printer.probe()
    except DeviceError as error:
        yield Finding(subject, ok=False, text=str(error))
        return
    if status is None:
        yield Finding(subject, ok=True, text="answers nothing, which is no fault")
    else:
        yield Finding(subject, not status.problem, status.problem or "ready")


def _nothing(_: Scan) -> None:
    """No payment waits for a code."""


def _nobody(_: DeviceState) -> None:
    """The daemon does not run, so nobody wants to know."""
