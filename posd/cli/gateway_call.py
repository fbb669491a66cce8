"""``posd gateway call``: any documented operation of a gateway by hand, signed, the answer verified."""

from __future__ import annotations

import argparse
import asyncio

from posd.cli.arguments import Subparsers, add_command
from posd.cli.errors import CommandError, Exit
from posd.cli.output import print_json
from posd.clock import TimeLine
from posd.config import Config, load
from posd.gateways.base import CallResult, Operation
from posd.gateways.factory import make_gateways
from posd.gateways.gateway import Gateway
from posd.ids import Ids
from posd.payment.verdicts import NotSent


def add_commands(commands: Subparsers) -> None:
    """``gateway call``."""
    about = "make a call to a gateway by hand"
    parser = commands.add_parser("gateway", help=about, description=about[0].upper() + about[1:] + ".")
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "posd gateway call main GetMchInfo"
    call = add_command(inner, "call", _call, "call an operation, or list them", prints_data=True, example=example)
    call.add_argument("name", metavar="NAME", help="the gateway, as in [gateways.NAME]")
    call.add_argument("operation", nargs="?", metavar="OPERATION", help="without it: all operations")
    call.add_argument("fields", nargs="*", metavar="key=value", help="what the configuration does not know")


def _call(options: argparse.Namespace) -> int:
    config = load(options.config)
    if options.name not in config.gateways:
        names = ", ".join(config.gateways)
        raise CommandError(Exit.USAGE, f"there is no [gateways.{options.name}]; there are: {names}")
    return asyncio.run(_with_gateway(config, options))


async def _with_gateway(config: Config, options: argparse.Namespace) -> int:
    gateways = make_gateways(config, TimeLine(), Ids())
    try:
        gateway = gateways[options.name]
        operations = gateway.codec.operations()
        if options.operation is None:
            return _list(list(operations.values()), as_json=options.json)
        if options.operation not in operations:
            message = f"{options.name} has no {options.operation}; without an operation, posd lists them"
            raise CommandError(Exit.USAGE, message)
        return await _make(gateway, options, _fields(options.fields))
    finally:
        for each in gateways.values():
            await each.close()


def _list(operations: list[Operation], *, as_json: bool) -> int:
    if as_json:
        print_json({"items": operations, "nextCursor": None})
        return Exit.DONE
    for operation in operations:
        wants = " ".join(f"{name}=…" for name in operation.required)
        print(f"{operation.name:<22} {operation.section}{'; wants ' + wants if wants else ''}")
    return Exit.DONE


def _fields(pairs: list[str]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise CommandError(Exit.USAGE, f"{name!r} is no key=value")
        fields[name] = value
    return fields


async def _make(gateway: Gateway, options: argparse.Namespace, fields: dict[str, str]) -> int:
    try:
        answer = await gateway.call(options.operation, fields)
    except ValueError as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    result = answer.verdict
    if not isinstance(result, CallResult):
        note = answer.evidence.note or answer.evidence.gateway_message or "no answer that can be trusted"
        raise CommandError(Exit.OTHERWISE if isinstance(result, NotSent) else Exit.UNKNOWN, f"{gateway.name}: {note}")
    signed = {True: "the signature holds", False: "THE SIGNATURE IS WRONG", None: "not signed"}[result.verified]
    if options.json:
        print_json({"fields": result.fields, "verified": result.verified, "succeeded": result.succeeded})
    else:
        for name, value in result.fields.items():
            print(f"{name} = {value}")
        print(f"-- {signed}")
    return Exit.DONE if result.succeeded and result.verified is not False else Exit.OTHERWISE
