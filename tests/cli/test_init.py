"""``posd init``: what it writes is what ``posd check`` takes, secrets are nobody else's, nothing is overwritten."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from posd.cli import init
from posd.cli.errors import CommandError
from posd.cli.init import interview, write
from posd.cli.main import main
from posd.cli.wizard import Places, find_scanner
from posd.config import load
from posd.gateways.protocols import PROTOCOLS

KEY = "the-secret-of-the-agent"
GIVEN = ["--set", "base_url=https://pay.example", "--set", "agent_id=a", "--set", "mch_id=m"]


@dataclass
class Script:
    """A person with prepared answers; every question is noted."""

    answers: list[str]
    asked: list[str] = field(default_factory=list)

    def ask(self, question: str, default: str = "") -> str:
        """The next answer."""
        self.asked.append(question)
        return self.answers.pop(0) or default

    def ask_secret(self, question: str) -> str:
        """The same."""
        return self.ask(question)

    def choose(self, question: str, choices: Mapping[str, str]) -> str:
        """The next answer, which must be one of them."""
        answer = self.ask(question, next(iter(choices)))
        assert answer in choices
        return answer


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Empty directories of devices."""
    return Places(tmp_path / "serial", tmp_path / "keyboards", tmp_path / "usb")


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is whole; what is missing is told; with the secret there it is good."""
    target = tmp_path / "new" / "posd.toml"
    more = ["--set", "terminal.store_name=示例", "--set", "printer.type=tcp", "--set", "printer.host=10.0.0.9"]
    more += ["--set", "scanner.type=hid", "--set", "scanner.device=/dev/input/by-id/x-event-kbd"]
    assert 0 == main(["init", "--gateway", "chaoying", *GIVEN, *more, "--output", str(target)])
    out = capsys.readouterr().out
    assert "gateways.main.key_file" in out
    assert "check" in out
    secret = tmp_path / "new" / "main.key"
    secret.touch(mode=0o600)
    secret.write_text(KEY)
    config = load(target)
    assert ("示例", "10.0.0.9", "hid") == (config.terminal.store_name, config.printer.host, config.scanners[0].type)
    assert "heads every receipt" in target.read_text("utf-8"), "the keys are explained"


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2, and the old file is as it was; a secret that exists is not touched either."""
    target = tmp_path / "posd.toml"
    target.write_text("mine")
    assert 2 == main(["init", "--gateway", "chaoying", *GIVEN, "--output", str(target)])
    assert 2 == main(["--config", str(target), "init", "--gateway", "chaoying", *GIVEN])
    assert "mine" == target.read_text()
    assert 2 == capsys.readouterr().err.count("\n")


@pytest.mark.parametrize(
    "words", [["--set", "colour=red"], ["--set", "x"], ["--set", "=x"], ["--set", "journal.path=x"], ["--set", "key=x"]]
)
def test_what_a_gateway_does_not_know(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """2 and nothing is written: a secret is no argument either, for all processes could read it."""
    target = tmp_path / "posd.toml"
    assert 2 == main(["init", "--gateway", "chaoying", *GIVEN, *words, "--output", str(target)])
    assert not target.exists()
    assert 1 == capsys.readouterr().err.count("\n")


def test_a_directory_nobody_may_write_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2, and what to do."""
    (tmp_path / "file").touch()
    assert 2 == main(["init", "--gateway", "chaoying", *GIVEN, "--output", str(tmp_path / "file" / "posd.toml")])
    assert "run it as a user who may write there" in capsys.readouterr().err


def test_by_questions(tmp_path: Path, places: Places) -> None:
    """Gateway, address, ids, secret, till, no scanner, a printer: the secret in a file of its own, mode 0600."""
    places.printers.mkdir()
    (places.printers / "lp0").touch()
    person = Script(["chaoying", "https://pay.example", "a", "m", KEY, "0102", "md_1", "示例", "no", "device", "80"])
    target = tmp_path / "posd.toml"
    written = write(interview(person, places), target)
    assert [] == person.answers
    assert {target, tmp_path / "main.key"} == set(written)
    assert 0o600 == stat.S_IMODE((tmp_path / "main.key").stat().st_mode)
    assert KEY not in target.read_text("utf-8")
    config = load(target)
    assert KEY == config.gateways["main"].settings.key.reveal()
    assert ("0102", "device", str(places.printers / "lp0"), 80) == (
        config.terminal.id,
        config.printer.type,
        config.printer.device,
        config.printer.paper,
    )


def test_a_key_that_is_a_file_already(tmp_path: Path, places: Places) -> None:
    """Its path is taken down, and it is not copied."""
    key = tmp_path / "vendor.pem"
    key.touch(mode=0o600)
    key.write_text(KEY)
    person = Script(["daxpay", "https://pay.example", str(key), "1", "", "", "no", "none"])
    target = tmp_path / "posd.toml"
    assert [target] == write(interview(person, places), target)
    assert KEY == load(target).gateways["main"].settings.secret.reveal()


def test_a_failed_write_leaves_nothing(tmp_path: Path, places: Places) -> None:
    """The configuration cannot be written: the secret is not left behind."""
    person = Script(["daxpay", "https://pay.example", KEY, "1", "", "", "no", "none"])
    target = tmp_path / "posd.toml"
    answers = interview(person, places)
    target.mkdir()
    with pytest.raises(CommandError):
        write(answers, target)
    assert not (tmp_path / "main.secret").exists()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_gateway_is_asked_for_what_it_needs(tmp_path: Path, places: Places, protocol: str) -> None:
    """No required setting is forgotten."""
    needed = [name for name, _, optional in init.fields(protocol) if not optional]
    answers = ["12345678"] * len(needed)
    person = Script([protocol, "https://pay.example", *answers, "1", "", "", "no", "none"])
    written = interview(person, places)
    assert set(needed) <= set(written.gateway) | set(written.secrets)


def test_a_scanner_is_found_by_plugging_it_in(places: Places) -> None:
    """What is there already is not it; what turns up is, with its type; a second look finds nothing new."""
    places.keyboards.mkdir()
    (places.keyboards / "usb-Keyboard-event-kbd").touch()
    looks = 0

    def plug_in(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            places.serial.mkdir()
            (places.serial / "usb-Scanner-if00").touch()

    assert ("serial", str(places.serial / "usb-Scanner-if00")) == find_scanner(places, plug_in)
    assert find_scanner(places, lambda _: None) is None


def test_a_scanner_that_was_not_unplugged_before(places: Places) -> None:
    """Unplugged and plugged in again while posd looks: found too."""
    places.keyboards.mkdir()
    scanner = places.keyboards / "usb-Scanner-event-kbd"
    scanner.touch()
    looks = 0

    def replug(_: float) -> None:
        nonlocal looks
        looks += 1
        scanner.unlink() if looks == 1 else scanner.touch()

    assert ("hid", str(scanner)) == find_scanner(places, replug)


def test_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is closed: 2, and how to do without."""
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert 2 == main(["init", "--output", str(tmp_path / "posd.toml")])
    assert "--gateway" in capsys.readouterr().err
