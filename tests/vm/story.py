"""What is tried on a real kernel and a real systemd, in the order of a till's life. Nothing here judges a time."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Any

from tests.vm.gateway import Gateway
from tests.vm.guest import GuestError
from tests.vm.machine import the_disk_forgets
from tests.vm.report import Report
from tests.vm.till import DEVICES, Till

EXPOSURE_MAX = 1.3
"""Of 10, by `systemd-analyze security`; docs/operations.md explains what is left open."""
WINDOW_S = 15
"""A payment that is not paid after so long is voided."""
SCANS_MAX = 4
"""As often as a cashier tries before the customer is asked for another wallet."""
RESCAN_S = 20.0
"""A code that was taken shows at once, even here."""
IDLE_S = 20
"""How long the figures of an idle till are taken over."""

MODES = {
    "/etc/posd": "750 root:posd",
    "/etc/posd/posd.toml": "640 root:posd",
    "/etc/credstore/posd.main.key": "600 root:root",
    "/var/lib/posd": "750 posd:posd",
    "/var/lib/posd/journal.db": "600 posd:posd",
    "/run/posd": "755 posd:posd",
    "/run/posd/posd.sock": "660 posd:posd",
}

CUT = b"\x1dV\x00"
"""`GS V 0`: what lies between two of them is one slip."""

_codes = iter(range(1, 100_000_000))


def code(behaviour: int = 0, parameter: int = 0) -> str:
    """A new WeChat code that behaves so at the simulator (docs/simulator.md)."""
    return f"13{next(_codes):08d}0000{behaviour:02d}{parameter:02d}"


def install(till: Till, package: Path, report: Report) -> None:
    """The package makes a service that runs, shut in, and takes a payment at the simulator it brings."""
    report.part("The package is installed")
    said = till.install(package)
    report.check("apt installs it without a network and without a complaint", not re.search("(?i)error|fail", said))
    till.wait_until_serving()
    report.equal("the unit is active", "active", till.unit("ActiveState"))
    report.equal("it tells systemd itself when it is ready", "notify", till.unit("Type"))
    report.equal("it was never restarted", "0", till.unit("NRestarts"))
    report.check("it tells how it is", "unresolved" in till.unit("StatusText"), till.unit("StatusText"))
    judge_the_unit(till, report)
    judge_rights(till, report)
    paid = till.resolved(till.pay(code())["orderNo"])
    report.equal("a payment at the simulator that comes with it is", "paid", paid["status"])
    declined = till.resolved(till.pay(code(20))["orderNo"])
    report.equal("a payment by a wallet without money is", "failed", declined["status"])


def judge_the_unit(till: Till, report: Report) -> None:
    """What systemd itself thinks of the unit that runs."""
    last = till.guest.run("systemd-analyze security --no-pager posd | tail -n 1").out
    exposure = re.search(r"([0-9.]+) (OK|MEDIUM|EXPOSED|UNSAFE)", last)
    report.check(
        f"systemd-analyze security: at most {EXPOSURE_MAX}",
        exposure is not None and float(exposure[1]) <= EXPOSURE_MAX,
        exposure[1] if exposure else last,
    )
    verified = till.guest.run(
        "systemd-analyze verify posd.service posd@lane2.service posd-simulator.service", check=False
    )
    report.equal("systemd-analyze verify says nothing", (0, ""), (verified.code, (verified.out + verified.err).strip()))


def judge_rights(till: Till, report: Report) -> None:
    """Whose everything is, and who gets in."""
    process = till.unit("MainPID")
    report.equal("it runs as", "posd", till.guest.says(f"ps -o user= -p {process}"))
    capabilities = till.guest.says(f"grep CapEff /proc/{process}/status")
    report.check("it has no right of root", set(capabilities.split()[1]) == {"0"}, capabilities)
    for path, mode in MODES.items():
        report.equal(f"{path} is", mode, till.guest.says(f"stat -c '%a %U:%G' {path}"))
    secrets = till.guest.says("ls /run/credentials/posd.service")
    report.check("systemd hands it the gateway's key", "main.key" in secrets.split(), secrets)
    for user in ("nobody", "posd-simulator", "posd"):
        read = till.guest.run(f"setpriv --reuid={user} --clear-groups cat /etc/credstore/posd.main.key", check=False)
        report.check(f"{user} cannot read the key that root keeps", read.code != 0, read.err.strip())
    read = till.guest.run(
        "setpriv --reuid=nobody --clear-groups cat /run/credentials/posd.service/main.key", check=False
    )
    report.check("nobody else can read the key that the service has", read.code != 0, read.err.strip())
    till.guest.run("useradd --system --groups posd kasse")
    for user, group, may in (("kasse", "--init-groups", True), ("nobody", "--clear-groups", False)):
        command = f"setpriv --reuid={user} --regid=nogroup {group} curl -sS --unix-socket /run/posd/posd.sock"
        asked = till.guest.run(f"{command} http://localhost/healthz", check=False)
        report.equal(f"{user} may talk to it", may, asked.code == 0)


def plug(till: Till, gateway: Gateway, report: Report) -> None:
    """The devices get their names and posd gets in; codes of both scanners are paid; receipts come out."""
    report.part("Scanners and a printer are plugged in")
    till.connect(gateway.port)
    till.wait_until_serving()
    report.equal("posd waits for devices that are not there", {"lost"}, set(till.states().values()))
    till.plug_everything()
    for name, link in DEVICES.items():
        till.wait_for_device(name, "ready")
        rights = till.guest.says(f"stat -L -c '%a %G %n' {link}; readlink {link}").replace("\n", " -> ")
        report.check(f"{name} is ready", True, rights)
    for name in ("front", "gun"):
        payment = scan(till, name)
        report.equal(f"a code scanned by {name} is", "paid", payment["status"])
        report.check("the gateway has the same", gateway.agrees(payment), gateway.order(payment["orderNo"])["net"])
        payment = till.printed(payment["orderNo"])
        report.equal("its receipt came out once", 1, receipts(till, payment["orderNo"]))
    report.tell("bytes the printer was told for two receipts", len(till.paper()))


def scan(till: Till, name: str) -> dict[str, Any]:
    """A payment by a scan, at its end. On a busy machine a code may come in pieces: then it is scanned again."""
    order_no = till.pay(None)["orderNo"]
    for _ in range(SCANS_MAX):
        if name == "front":
            till.machine.scan_serial(name, code())
        else:
            till.machine.scan_keyboard(code())
        with contextlib.suppress(GuestError):
            till.guest.wait_for(
                "taken", lambda: till.payment(order_no)["status"] != "awaiting_code", timeout_s=RESCAN_S
            )
            break
    return till.resolved(order_no)


def is_taken(till: Till, order_no: str) -> bool:
    """Whether a payment has got its code."""
    return bool(till.payment(order_no)["status"] != "awaiting_code")


def receipts(till: Till, order_no: str) -> int:
    """How many slips with an order's number were cut since the boot."""
    return sum(order_no.encode("ascii") in slip for slip in till.paper().split(CUT))


def hot_plug(till: Till, gateway: Gateway, report: Report) -> None:
    """Cables are pulled out and put in again; nothing is restarted, and the receipt comes when the printer does."""
    report.part("Cables come out and go in again")
    process = till.unit("MainPID")
    for name in ("front", "gun"):
        till.machine.unplug(name)
        till.wait_for_device(name, "lost")
        report.check(f"{name} is lost", True)
    till.guest.run("usb-printer unplug")
    till.wait_for_device("printer", "lost")
    report.check("printer is lost", True)
    waiting = till.resolved(till.pay(code())["orderNo"])
    report.equal("a payment without a printer is", "paid", waiting["status"])
    before = receipts(till, waiting["orderNo"])
    till.plug_everything()
    for name in DEVICES:
        till.wait_for_device(name, "ready")
        report.check(f"{name} is back", True)
    till.printed(waiting["orderNo"])
    report.equal(
        "its receipt: before and after the printer came back", (0, 1), (before, receipts(till, waiting["orderNo"]))
    )
    for name in ("front", "gun"):
        payment = scan(till, name)
        report.equal(f"a code scanned by {name} is", "paid", payment["status"])
        report.check("the gateway has the same", gateway.agrees(payment))
    report.equal("posd was not restarted", process, till.unit("MainPID"))


def hang(till: Till, gateway: Gateway, report: Report) -> None:
    """A daemon that stands still is ended by systemd and started again; its payment ends as the truth has it."""
    report.part("The daemon stands still in the middle of a payment")
    order_no = till.pay(code(10, 8))["orderNo"]
    report.equal("before", "processing", till.payment(order_no)["status"])
    process = till.unit("MainPID")
    restarts = int(till.unit("NRestarts"))
    till.guest.run(f"kill -STOP {process}")
    gateway.wait_until_charged(order_no)
    report.check("the customer pays meanwhile", True)
    till.guest.wait_for("systemd starts it again", lambda: int(till.unit("NRestarts")) > restarts, timeout_s=180)
    till.wait_until_serving()
    report.check("systemd has started it again", process != till.unit("MainPID"), f"once more than {restarts}")
    told = till.guest.says("journalctl --unit posd --boot --output cat | grep --ignore-case watchdog | head -n 1")
    report.check("because of the watchdog", "atchdog" in told, told)
    payment = till.resolved(order_no)
    report.check(f"the payment is {payment['status']}, and so it is at the gateway", gateway.agrees(payment))


def cut(till: Till, gateway: Gateway, report: Report) -> None:
    """The power goes in the middle of payments. What was told stays true, and what was open becomes it."""
    report.part("The power is cut in the middle of two payments")
    for name in DEVICES:
        till.wait_for_device(name, "ready")
    finished = till.printed(scan(till, "front")["orderNo"])
    # Both customers confirm while the box lies dead; the window of one is over by then.
    void = till.pay(code(10, WINDOW_S + 5))["orderNo"]
    long = till.pay(code(10, WINDOW_S + 5), window=600)["orderNo"]
    submitted = time.monotonic()
    before = {order: till.payment(order)["status"] for order in (void, long)}
    report.equal("before", {"processing"}, set(before.values()))
    till.machine.cut_power()
    report.check(
        "the power is cut", time.monotonic() - submitted < WINDOW_S, f"{time.monotonic() - submitted:.1f} s later"
    )
    for order_no in (void, long):
        gateway.wait_until_charged(order_no)
    report.check("the customers pay meanwhile", True)
    started = time.monotonic()
    report.equal("the box boots again", "running", till.machine.power_on())
    till.wait_until_serving()
    report.tell("from power to posd", f"{time.monotonic() - started:.0f} s")
    till.guest.run("usb-printer plug")
    for name in DEVICES:
        till.wait_for_device(name, "ready")
        report.check(f"{name} is ready", True)
    voided, kept = till.resolved(void), till.resolved(long)
    report.equal("the one whose window has passed is", "cancelled", voided["status"])
    report.equal("the one with a long window is", "paid", kept["status"])
    for payment in (voided, kept, till.payment(finished["orderNo"])):
        order = gateway.order(payment["orderNo"])
        report.check(
            f"{payment['status']}: the gateway has the same", gateway.agrees(payment), f"charged {order['net']}"
        )
    judge_prints(till, finished["orderNo"], void, long, report)
    verified = till.guest.run("posd journal verify", check=False)
    report.equal("posd journal verify", 0, verified.code)
    report.tell("it says", verified.out.strip().replace("\n", "; ") or verified.err.strip())
    payment = scan(till, "gun")
    report.equal("a code scanned after it is", "paid", payment["status"])


def judge_prints(till: Till, finished: str, void: str, long: str, report: Report) -> None:
    """Nothing is printed twice, and what was owed comes out."""
    till.printed(long)
    report.equal("its receipt came out once", 1, receipts(till, long))
    report.equal("the receipt from before the cut came out again", 0, receipts(till, finished))
    report.equal("a receipt for what was voided came out", 0, receipts(till, void))


def figures(till: Till, report: Report) -> None:
    """What it takes while nobody pays. The processor is emulated: compare with the whole machine, not with yours."""
    report.part("What it takes")
    process = till.unit("MainPID")
    # "VmRSS:     41234 kB": the whole, and of it what is its own and what it shares with the files it was read from.
    for name, what in (("VmRSS", "all"), ("RssAnon", "its own"), ("RssFile", "of files")):
        resident_kib = int(till.guest.says(f"grep {name} /proc/{process}/status").split()[1])
        report.tell(f"resident memory of the process, {what}", f"{resident_kib / 1024:.1f} MiB")
    report.tell("memory of the unit's cgroup", f"{int(till.unit('MemoryCurrent')) / 2**20:.1f} MiB")
    used_ns = int(till.unit("CPUUsageNSec"))
    time.sleep(IDLE_S)
    idle_ns = int(till.unit("CPUUsageNSec")) - used_ns
    report.tell(f"of a processor, over {IDLE_S} s of rest", f"{idle_ns / IDLE_S / 1e7:.2f} % (emulated)")
    report.tell("times it was restarted since the boot", till.unit("NRestarts"))


def tell_all(till: Till, package: Path, directory: Path, report: Report) -> None:
    """The whole story; ends at the first thing without which the next cannot be told."""
    report.part("The machine")
    report.check("a cut of its power loses what was not flushed", the_disk_forgets(directory))
    report.equal("a Debian boots", "running", till.machine.power_on())
    report.equal("its disk has a cache to lose", "write back", till.guest.says("cat /sys/block/vda/queue/write_cache"))
    report.tell("kernel and systemd", till.guest.says("uname -r; systemctl --version | head -n 1").replace("\n", ", "))
    install(till, package, report)
    gateway = Gateway(directory / "gateway", till.guest.says("cat /etc/credstore/posd.main.key"))
    try:
        plug(till, gateway, report)
        hot_plug(till, gateway, report)
        hang(till, gateway, report)
        cut(till, gateway, report)
        figures(till, report)
        report.equal("what posd did wrong by the gateway's document", [], gateway.ledger()["violations"])
    except GuestError as error:
        report.check(f"the story goes on: {error}", False)
        print(till.guest.run("journalctl --unit posd --lines 40 --no-pager", check=False).out)
    finally:
        gateway.end()
