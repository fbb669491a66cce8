"""The units: systemd understands them, they leave open what we know, and the template is no third opinion."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from posd.config import load

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = ("posd.service", "posd@.service", "posd-simulator.service")

MOST_EXPOSED = {"posd.service": 1.3, "posd@.service": 1.3, "posd-simulator.service": 1.0}
"""What `systemd-analyze security` may say, of 10."""

LEFT_OPEN = {
    "RootDirectory=/RootImage=",
    "SupplementaryGroups=",
    "PrivateDevices=",
    "DeviceAllow=",
    "RestrictAddressFamilies=~AF_NETLINK",
    "RestrictAddressFamilies=~AF_UNIX",
    "RestrictAddressFamilies=~AF_(INET|INET6)",
    "ProcSubset=",
    "PrivateNetwork=",
    "IPAddressDeny=",
}
"""Of posd.service; each is explained in docs/operations.md."""


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of systemd, with what it says on both channels."""
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, timeout=60)


def settings(unit: str) -> list[tuple[str, str]]:
    """The settings of a unit file, in order."""
    lines = (UNITS / unit).read_text("utf-8").splitlines()
    return [(name, value) for name, _, value in (line.partition("=") for line in lines if not line.startswith("#"))]


@pytest.mark.parametrize("unit", SERVICES)
def test_systemd_understands_every_line(unit: str, tmp_path: Path) -> None:
    """`systemd-analyze verify` says nothing: no unknown key, no value it ignores, no unit it cannot find."""
    name = unit.replace("@", "@lane2")
    text = (UNITS / unit).read_text("utf-8").replace("/opt/posd/bin/posd", "/usr/bin/true")
    (tmp_path / name).write_text(text, "utf-8")
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name))
    assert (0, "") == (done.returncode, done.stderr)


DRIVERS = {
    "char-ttyUSB": "usbserial",
    "char-ttyACM": "cdc_acm",
    "char-hidraw": "hid",
    "char-usb": "usbcore",
    "char-usb_device": "usbcore",
}
"""What makes the kernel know a kind of device; ttyS and input are built in."""


@pytest.mark.parametrize("unit", ["posd.service", "posd@.service"])
def test_every_kind_of_device_is_known_when_the_service_starts(unit: str) -> None:
    """Systemd passes over a kind of which no driver is loaded: the first scanner plugged in later would be refused."""
    kinds = {value.split()[0] for name, value in settings(unit) if name == "DeviceAllow"}
    assert set(DRIVERS) | {"char-ttyS", "char-input"} == kinds
    wanted = {f"modprobe@{driver}.service" for driver in DRIVERS.values()}
    for setting in ("Wants", "After"):
        units = {each for name, value in settings(unit) if name == setting for each in value.split()}
        assert set() == wanted - units, setting


@pytest.mark.parametrize("unit", SERVICES)
def test_little_is_left_open(unit: str, tmp_path: Path) -> None:
    """The exposure of each unit stays under its limit."""
    name = unit.replace("@", "@lane2")
    (tmp_path / name).write_text((UNITS / unit).read_text("utf-8"), "utf-8")
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(tmp_path / name))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED[unit]


def test_what_is_left_open_is_known_and_explained() -> None:
    """Nothing is open that was not decided, and the manual explains each of them by name."""
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / "posd.service"))
    marked = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("✗")}
    assert marked == LEFT_OPEN
    manual = (UNITS.parent / "docs" / "operations.md").read_text("utf-8").replace("\\|", "|")
    assert [] == [name for name in sorted(LEFT_OPEN) if f"`{name}`" not in manual]


def test_the_template_differs_in_names_only() -> None:
    """A second lane is guarded as the first: `posd@.service` with its names put back is `posd.service`."""
    as_first = []
    for name, value in settings("posd@.service"):
        put_back = value.replace("/etc/posd/%i.toml", "/etc/posd/posd.toml").replace("posd-%i", "posd")
        as_first.append((name, put_back.replace("lane %i", "this till")))
    assert settings("posd.service") == as_first


@pytest.mark.parametrize("unit", SERVICES)
def test_every_restriction_has_its_reason(unit: str) -> None:
    """Every group of settings of [Service] begins with a comment: who loosens one knows what for it was there."""
    body = (UNITS / unit).read_text("utf-8").partition("[Service]")[2].partition("[Install]")[0]
    assert [] == [line for above, line in pairwise(body.splitlines()) if is_setting(line) and not above]


def is_setting(line: str) -> bool:
    """Whether this line sets something."""
    return bool(line) and not line.startswith("#")


def test_sysusers_and_tmpfiles_are_understood(tmp_path: Path) -> None:
    """systemd-sysusers and systemd-tmpfiles parse our files without a word of complaint."""
    users = run("systemd-sysusers", "--dry-run", str(UNITS / "posd.sysusers"))
    harmless = ("Creating ", "Would write ")
    assert (0, []) == (users.returncode, [line for line in users.stderr.splitlines() if not line.startswith(harmless)])
    root = f"--root={tmp_path}"
    files = run("systemd-tmpfiles", root, "--create", str(UNITS / "posd.tmpfiles"))
    assert "Unknown" not in files.stderr
    assert "Invalid" not in files.stderr


def test_udev_rules_are_well_formed() -> None:
    """Every rule is made of KEY OP "VALUE" parts that udev knows, and gives no device to everybody."""
    part = re.compile(r'(?:[A-Z_]+)(?:\{[^}"]+\})?(?:==|!=|\+=|:=|=)"[^"]*"$')
    lines = (UNITS / "65-posd.rules").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert [] == [piece for rule in rules for piece in rule.split(", ") if not part.match(piece)]
    assert "0666" not in "".join(rules)
    assert {"LABEL"} == {rule.split("=")[0] for rule in rules[-1:]}


def test_the_configuration_that_comes_along_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its one credential it loads without a fault, and its gateway is the simulator on this machine."""
    (tmp_path / "main.key").write_text("0123456789ABCDEF0123456789ABCDEF\n", "ascii")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = load(UNITS / "posd.toml")
    listen = next(value for name, value in settings("posd-simulator.service") if name == "ExecStart").split()[3]
    assert f"http://{listen}/chaoying" == config.gateways["main"].common.base_url


def test_every_secret_a_gateway_may_need_is_a_credential() -> None:
    """Each secret of [api], [face] and [gateways.main], whatever its protocol, is among the LoadCredential lines."""
    loaded = {value.partition(":")[0] for name, value in settings("posd.service") if name == "LoadCredential"}
    secret = ("key", "private_key", "platform_key", "app_key", "notify_key", "secret")
    assert {"api.token", "face.token", *(f"main.{name}" for name in secret)} == loaded
