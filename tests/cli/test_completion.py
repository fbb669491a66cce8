"""Shell completion: bash really completes, and every command is in all three scripts."""

from __future__ import annotations

import subprocess

import pytest

from posd.cli.completion import SHELLS, nodes
from posd.cli.main import main, make_parser


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``posd completion`` prints."""
    assert 0 == main(["completion", shell])
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["posd", "jour"], ["journal"]),
        (["posd", "gateway", ""], ["call"]),
        (["posd", "--config", "/x", "journal", "ver"], ["verify"]),
        (["posd", "journal", "export", "--format", ""], ["csv", "jsonl"]),
        (["posd", "list", "--status", "c"], ["cancelled", "cancelling"]),
        (["posd", "completion", ""], ["bash", "fish", "zsh"]),
        (["posd", "reprint", "--l"], ["--last"]),
        (["posd", "fly", "--l"], []),
    ],
)
def test_bash_completes(capsys: pytest.CaptureFixture[str], typed: list[str], offered: list[str]) -> None:
    """In a real bash."""
    words = " ".join(f"'{word}'" for word in typed)
    command = f"COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _posd; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    text = script("bash", capsys) + "\n" + command
    result = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)
    assert offered == sorted(set(result.stdout.split()) - {"--help"})


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_there(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    """The script is made from the same tree as the commands."""
    text = script(shell, capsys)
    for node in nodes(make_parser()):
        assert all(word in text for word in node.path)
        assert all(option.removeprefix("--") in text for option, _ in node.options)
