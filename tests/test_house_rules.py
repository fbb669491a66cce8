"""The project keeps the rules of the house, and the rules find what breaks them."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch

import pytest

from tests.house_rules import (
    FORBIDDEN_TEXT,
    MAX_FILE_LINES,
    MAX_FUNCTION_LINES,
    PURE,
    ROOT,
    RULES,
    Rule,
    Source,
    devices_know_nothing_of_posd,
    errors_are_named,
    everything_public_says_what_it_does,
    files_are_short,
    functions_are_short,
    money_is_never_a_float,
    no_test_is_skipped,
    nobody_imports_the_daemon,
    project_files,
    pure_does_nothing,
    pure_stays_pure,
    sources,
    tasks_have_owners,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    """No file of the project breaks it."""
    findings = [finding for source in sources("posd", "devices", "tests", "bench") for finding in rule(source)]
    assert not findings, "\n".join(["", *findings])


BROKEN = [
    (devices_know_nothing_of_posd, "devices/a.py", "from posd.payment import amounts"),
    (devices_know_nothing_of_posd, "devices/a.py", "def f():\n    import posd"),
    (nobody_imports_the_daemon, "posd/api/a.py", "from posd import daemon"),
    (nobody_imports_the_daemon, "posd/a.py", "from . import daemon"),
    (pure_stays_pure, "posd/payment/a.py", "import asyncio"),
    (pure_stays_pure, "posd/gateways/chaoying/codec.py", "def f():\n    from os import path"),
    (pure_stays_pure, "posd/receipt.py", "from devices import reconnect"),
    (pure_does_nothing, "posd/payment/a.py", "async def f():\n    pass"),
    (pure_does_nothing, "posd/payment/a.py", "datetime.now(UTC)"),
    (files_are_short, "posd/a.py", "\n" * MAX_FILE_LINES),
    (functions_are_short, "devices/a.py", "def f():\n" + "    pass\n" * (MAX_FUNCTION_LINES - 1)),
    (errors_are_named, "posd/a.py", "try:\n    pass\nexcept Exception:\n    pass"),
    (errors_are_named, "posd/a.py", "try:\n    pass\nexcept (OSError, builtins.BaseException):\n    pass"),
    (errors_are_named, "devices/a.py", "try:\n    pass\nexcept:\n    raise OSError"),
    (errors_are_named, "devices/a.py", "with contextlib.suppress(Exception):\n    pass"),
    (tasks_have_owners, "posd/a.py", "asyncio.create_task(f())"),
    (tasks_have_owners, "posd/a.py", "asyncio.get_running_loop().create_task(f())"),
    (money_is_never_a_float, "posd/a.py", "amount_fen: float = 1"),
    (money_is_never_a_float, "posd/a.py", "def f(amount: int | float):\n    pass"),
    (everything_public_says_what_it_does, "posd/a.py", "X = 1"),
    (everything_public_says_what_it_does, "posd/a.py", "'''A.'''\nclass A:\n    '''A.'''\n    def f(self): pass"),
    (no_test_is_skipped, "tests/test_a.py", "@pytest.mark.skip\ndef test_a(): pass"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_rule_finds_what_breaks_it(rule: Rule, path: str, text: str) -> None:
    """Each rule finds something in each of these, and tells the place: a rule that finds nothing is no rule."""
    findings = list(rule(Source(path, text)))
    assert findings
    assert all(finding.startswith(f"{path}:") for finding in findings)


KEPT = [
    (devices_know_nothing_of_posd, "devices/a.py", "import devices.posd"),
    (nobody_imports_the_daemon, "posd/cli/run.py", "from posd.daemon import run"),
    (pure_stays_pure, "posd/payment/a.py", "if TYPE_CHECKING:\n    import asyncio"),
    (pure_stays_pure, "posd/clock.py", "import time"),
    (errors_are_named, "posd/a.py", "try:\n    pass\nexcept BaseException:\n    close()\n    raise"),
    (errors_are_named, "posd/tasks.py", "try:\n    pass\nexcept Exception:\n    raise"),
    (tasks_have_owners, "posd/a.py", "group.create_task(f())"),
    (money_is_never_a_float, "posd/a.py", "timeout_s: float = 1"),
]


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_a_rule_lets_pass_what_keeps_it(rule: Rule, path: str, text: str) -> None:
    """The rules do not forbid more than they say."""
    assert [] == list(rule(Source(path, text)))


@pytest.mark.parametrize("pattern", [pattern for pattern in PURE if "/*" in pattern and "receipt" not in pattern])
def test_there_are_pure_modules_to_judge(pattern: str) -> None:
    """The heart of posd stays where the rules look for it."""
    assert any(fnmatch(source.path, pattern) for source in sources("posd")), f"nothing is at {pattern} any more"


def test_the_project_stands_alone() -> None:
    """No file names a folder outside the project, a machine it was made on, or where packages come from."""
    findings = [
        f"{path}: says {found[0].decode()!r}: say it without a place that exists only on one machine"
        for path in project_files()
        if (found := FORBIDDEN_TEXT.search((ROOT / path).read_bytes()))
    ]
    assert not findings, "\n".join(["", *findings])


@pytest.mark.parametrize(
    "text", [b"../share" + b"d/x", b"see /wor" + b"k/main", b"https://pyp" + b"i.org/simple", b"--index-ur" + b"l x"]
)
def test_what_ties_the_project_to_a_machine_is_found(text: bytes) -> None:
    """The pattern finds what it is for."""
    assert FORBIDDEN_TEXT.search(text)


@pytest.mark.parametrize(("lock", "extra"), [("requirements.lock", ""), ("requirements-dev.lock", "dev")])
def test_the_lock_holds_all_we_ask_for(lock: str, extra: str) -> None:
    """Each dependency of pyproject.toml is pinned, each pin by hash."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.split(r"[<>=!~\[; ]", each)[0] for each in project["dependencies"]}
    wanted |= {re.split(r"[<>=!~\[; ]", each)[0] for each in project["optional-dependencies"].get(extra, [])}
    pins = re.findall(
        r"^([a-z0-9-]+)==.*?(?=^[a-z]|\Z)", text := (ROOT / lock).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert set() == wanted - set(pins), "run `make lock`"
    assert not re.search(r"^[^\s#].*[^\\]$", text, re.MULTILINE), "a pin without a hash: run `make lock`"
