"""``posd completion``: a script for the shell, made from the tree of commands, so that the two never differ."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from posd.cli.arguments import Subparsers, add_command
from posd.cli.errors import Exit

SHELLS = ("bash", "zsh", "fish")


@dataclass(frozen=True, slots=True)
class Node:
    """A command: the words that lead to it, what may follow, and what each of that is for."""

    path: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, tuple[str, ...]], ...]
    """Option -> the only values it takes."""

    @property
    def words(self) -> list[str]:
        """Everything that may come next."""
        return [name for name, _ in (*self.commands, *self.options)]


def add_commands(commands: Subparsers) -> None:
    """``completion``."""
    example = "posd completion bash > /usr/share/bash-completion/completions/posd"
    completion = add_command(commands, "completion", _completion, "print a completion script", example=example)
    completion.add_argument("shell", choices=SHELLS, help="for which shell")


def _completion(options: argparse.Namespace) -> int:
    from posd.cli.main import make_parser

    make = {"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell]
    print(make(list(nodes(make_parser()))))
    return Exit.DONE


def nodes(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[Node]:
    """The parser and all below it, from the top."""
    commands: list[tuple[str, str]] = []
    below: list[Node] = []
    options, values = [], []
    for action in parser._actions:  # noqa: SLF001 - argparse tells its tree nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            for name, inner in action.choices.items():
                commands.append((name, helps.get(name, "")))
                below += nodes(inner, (*path, name))
        elif action.option_strings:
            option = action.option_strings[-1]
            options.append((option, action.help or ""))
            if action.choices:
                values.append((option, tuple(map(str, action.choices))))
        elif action.choices:
            commands += [(str(choice), "") for choice in action.choices]
    yield Node(path, tuple(commands), tuple(options), tuple(values))
    yield from below


def _bash(tree: list[Node]) -> str:
    """Goes by the words that are commands; options of the whole program may stand before them."""
    words = "\n".join(f'    "{" ".join(node.path)}") words="{" ".join(node.words)}" ;;' for node in tree)
    values = "\n".join(f'    {pattern}) words="{" ".join(choices)}" ;;' for pattern, choices in _values(tree))
    return f"""# bash completion of posd
_posd() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" path="" word words=""
  if [[ $previous == --config ]]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
    {"|".join(chr(34) + " ".join(node.path) + chr(34) for node in tree if node.path)}) path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path" in
{words}
  esac
  case "$path $previous" in
{values}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _posd posd"""


def _values(tree: list[Node]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in tree:
        for option, choices in node.values:
            yield f'"{" ".join((*node.path, option))}"', choices


def _zsh(tree: list[Node]) -> str:
    """Zsh runs completions of bash."""
    return f"#compdef posd\nautoload -U +X bashcompinit && bashcompinit\n{_bash(tree)}"


def _fish(tree: list[Node]) -> str:
    return "\n".join(["# fish completion of posd", "complete -c posd -f", *_fish_lines(tree)])


def _fish_lines(tree: list[Node]) -> Iterator[str]:
    for node in tree:
        seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in node.path)
        inner = " ".join(name for name, _ in node.commands)
        free = f"not __fish_seen_subcommand_from {inner}" if inner else ""
        for name, about in node.commands:
            yield _fish_line("; and ".join(filter(None, (seen, free))), f"-a {name}", about)
        for option, about in node.options:
            choices = dict(node.values).get(option)
            wants = f" -x -a '{' '.join(choices)}'" if choices else ""
            yield _fish_line(seen, f"-l {option.removeprefix('--')}{wants}", about)


def _fish_line(condition: str, what: str, about: str) -> str:
    told = about.replace("\\", "\\\\").replace("'", "\\'").replace("%%", "%")
    return (
        f"complete -c posd -n '{condition}' {what} -d '{told}'" if condition else f"complete -c posd {what} -d '{told}'"
    )
