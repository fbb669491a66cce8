"""The commands of the technician: is everything well, does the gateway agree, a link to the page."""

from __future__ import annotations

import argparse
import asyncio

from posd.cli.arguments import Subparsers, add_command, date
from posd.cli.errors import Exit
from posd.cli.output import paint, print_json
from posd.client import Client
from posd.config import load, load_without_secrets
from posd.reconcile import Agreement, Finding, Step


def add_commands(commands: Subparsers) -> None:
    """``doctor``, ``reconcile``, ``ui``."""
    about = "look at devices, clock, gateway, certificates, journal and permissions; move nothing"
    add_command(commands, "doctor", _doctor, about, prints_data=True)
    reconcile = add_command(
        commands, "reconcile", _reconcile, "ask the gateway again about a day and list what differs", prints_data=True
    )
    reconcile.add_argument("--date", type=date, required=True, metavar="DATE", help="business date, YYYY-MM-DD")
    add_command(commands, "ui", _ui, "print a link that signs in to the cashier page, once")


def _doctor(options: argparse.Namespace) -> int:
    config = load(options.config)
    from posd.doctor import examine

    findings = asyncio.run(examine(config))
    if options.json:
        print_json({"items": findings, "nextCursor": None})
    else:
        for finding in findings:
            mark = paint("ok ", "green") if finding.ok else paint("BAD", "red")
            print(f"{mark}  {finding.subject}: {finding.text}")
    return Exit.DONE if all(finding.ok for finding in findings) else Exit.OTHERWISE


def _reconcile(options: argparse.Namespace) -> int:
    findings: list[Finding] = []
    asked, cursor = 0, None
    with Client(load_without_secrets(options.config).api.socket) as client:
        while True:
            step = client.reconcile(options.date, cursor)
            findings += step.items
            asked, cursor = asked + step.asked, step.next_cursor
            if cursor is None:
                break
    if options.json:
        print_json(Step(findings, asked, None))
    else:
        for finding in findings:
            name = finding.refund_no or finding.order_no
            print(f"{finding.agreement:<8} {name}: here {finding.status}, the gateway says {finding.gateway_says}")
        print(f"{asked} asked, {sum(f.agreement is Agreement.DIFFERS for f in findings)} differ")
    if any(finding.agreement is Agreement.DIFFERS for finding in findings):
        return Exit.OTHERWISE
    return Exit.UNKNOWN if findings else Exit.DONE


def _ui(options: argparse.Namespace) -> int:
    with Client(load_without_secrets(options.config).api.socket) as client:
        print(client.post("/v1/ui-link")["url"])
    return Exit.DONE
