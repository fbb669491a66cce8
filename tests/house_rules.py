"""The rules of the house, as far as a program can tell them. A finding names the place and says what to do about it.

What ruff and mypy can judge stands in `pyproject.toml`; here is what they cannot: who may import whom, what is pure,
how long things get, and what must not be written anywhere.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

MAX_FILE_LINES = 400
"""What one reads in one sitting. The good models of our style stay under it everywhere."""
MAX_FUNCTION_LINES = 70
"""Docstring included. Ninety-seven in a hundred functions of the good models are shorter."""

PURE = (
    "posd/payment/*.py",
    "posd/receipt.py",
    "posd/receipt/*.py",
    "posd/gateways/*/codec*.py",
    "devices/scanner/framing.py",
    "devices/scanner/keymap.py",
    "devices/scanner/hidpos.py",
    "devices/face/protocol.py",
    "devices/printer/document.py",
    "devices/printer/layout.py",
    "devices/printer/status.py",
)
"""What decides. It gets its time, its numbers and its input from whoever calls it."""

IMPURE = (
    frozenset({"asyncio", "aiohttp", "sqlite3", "time", "random", "socket", "logging", "os"})  # what the design names
    | {"secrets", "uuid", "subprocess", "threading", "select", "selectors", "ssl", "signal", "tempfile", "shutil"}
    | {"serial", "serial_asyncio", "usb"}
)
IMPURE_CALLS = frozenset({"open", "print", "input", "now", "utcnow", "today"})

BROAD = frozenset({"Exception", "BaseException"})
TOPS_OF_TASKS: dict[str, str] = {
    "posd/tasks.py": "a task that dies is told once, here, and ends the daemon or is started again",
    "posd/checkout/asking.py": "who waits for an answer of a gateway must get one, whatever our own code does",
    "posd/daemon.py": "the last frame of the process",
    "posd/printing/spool.py": "one paper that our own code cannot make must not keep back all that come after it",
    "posd/api/errors.py": "whatever a handler raises becomes a problem answer, and the daemon stays up",
}
"""Where everything may be caught, and why. Elsewhere the errors that can come are named."""

FORBIDDEN_TEXT = re.compile(
    # Written with a bracket in each, so that this file does not find itself.
    rb"\.\./share[d]|(?<![\w.-])/wor[k]/|pyp[i]\.org|python[h]osted|registry\.npm[j]s|deb\.debia[n]\.org|index-ur[l]"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file of the project: its path from the root, with slashes, and what it says."""

    path: str
    text: str = field(repr=False)

    @property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return parsed(self.path, self.text)

    @property
    def module(self) -> str:
        """The dotted name it is imported by."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_pure(self) -> bool:
        """Whether it may only decide."""
        return any(fnmatch(self.path, pattern) for pattern in PURE)

    def at(self, node: ast.AST, finding: str) -> str:
        """A finding with its place, as editors jump to it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {finding}"


@cache
def parsed(path: str, text: str) -> ast.Module:
    """The syntax tree of a file, made once for all the rules."""
    return ast.parse(text, path)


@cache
def project_files() -> tuple[str, ...]:
    """All files that are, or would be, in the repository."""
    # The checkout may belong to somebody else (a container, a build machine); we only read the list.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted({path for path in listed.split("\0") if path and (ROOT / path).is_file()}))


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files under these folders."""
    paths = (path for path in project_files() if path.endswith(".py") and path.split("/")[0] in folders)
    return tuple(Source(path, (ROOT / path).read_text("utf-8")) for path in paths)


# --- what a file imports ----------------------------------------------------------------------------------------------


def is_for_types_only(node: ast.AST) -> bool:
    """Whether this is an ``if TYPE_CHECKING:``, whose imports never happen."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def nodes_that_run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those for the type checker."""
    for child in ast.iter_child_nodes(tree):
        if not is_for_types_only(child):
            yield child
            yield from nodes_that_run(child)


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Each import with the dotted name it asks for: ``a.b`` for ``from a import b``, since ``b`` may be a module."""
    for node in nodes_that_run(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(part for part in (package_of(source, node.level), node.module) if part)
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def package_of(source: Source, level: int) -> str:
    """What the dots of a relative import stand for."""
    if level == 0:
        return ""
    parts = source.path.removesuffix(".py").split("/")
    return ".".join(parts[:-level])


def is_within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or inside it."""
    return name == package or name.startswith(f"{package}.")


def runs_with(name: str, modules: dict[str, Source]) -> Iterator[Source]:
    """Our own files that run when a dotted name is imported: the module and the packages around it."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        found = modules.get(".".join(parts[:length]))
        if found is not None:
            yield found


# --- the rules: each takes a file and yields findings -----------------------------------------------------------------


def devices_know_nothing_of_posd(source: Source) -> Iterator[str]:
    """`devices` is a library of its own."""
    if source.path.startswith("devices/"):
        for node, name in imports(source):
            if is_within(name, "posd"):
                yield source.at(node, f"devices imports {name}: hand the value or a callable in from posd instead")


def nobody_imports_the_daemon(source: Source) -> Iterator[str]:
    """The composition root knows everybody; nobody knows it but the commands that start it."""
    may = source.path.startswith(("posd/cli/", "posd/cli.", "posd/__main__.", "posd/daemon"))
    if source.path.startswith("posd/") and not may:
        for node, name in imports(source):
            if is_within(name, "posd.daemon"):
                yield source.at(node, "imports posd.daemon: let the daemon hand in what is needed here")


def pure_stays_pure(source: Source) -> Iterator[str]:
    """A pure module imports nothing that acts, not through another module of ours either."""
    if source.is_pure:
        yield from impure_imports(source, {other.module: other for other in sources("posd", "devices")})


def impure_imports(source: Source, modules: dict[str, Source]) -> Iterator[str]:
    """Everything impure that comes along when the file is imported, and through which file it comes."""
    waiting = [source, *(around for around in runs_with(source.module, modules) if around.path != source.path)]
    seen = {each.path for each in waiting}
    while waiting:
        current = waiting.pop()
        for node, name in imports(current):
            if name.split(".")[0] in IMPURE:
                through = "" if current is source else f" (through {current.path})"
                root = name.split(".")[0]
                yield source.at(
                    node if current is source else source.tree,
                    f"a pure module imports {root}{through}: decide here, act in the shell",
                )
            reached = [each for each in runs_with(name, modules) if each.path not in seen]
            seen.update(each.path for each in reached)
            waiting.extend(reached)


def pure_does_nothing(source: Source) -> Iterator[str]:
    """A pure module waits for nothing, opens nothing and asks no clock."""
    if not source.is_pure:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith):
            yield source.at(node, "a pure module waits: return what is to be done, and let the shell do it")
        elif isinstance(node, ast.Call) and called(node) in IMPURE_CALLS:
            yield source.at(node, f"a pure module calls {called(node)}(): take the value as an argument")


def called(node: ast.Call) -> str:
    """The last name of what is called: ``now`` in ``datetime.now()``."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def files_are_short(source: Source) -> Iterator[str]:
    """A file is read in one sitting."""
    lines = source.text.count("\n")
    if source.path.startswith(("posd/", "devices/")) and lines >= MAX_FILE_LINES:
        yield f"{source.path}:1: {lines} lines: find the two things in it and give each a file (under {MAX_FILE_LINES})"


def functions_are_short(source: Source) -> Iterator[str]:
    """A function does one thing."""
    if source.path.startswith(("posd/", "devices/")):
        for node in functions(source.tree):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines >= MAX_FUNCTION_LINES:
                yield source.at(node, f"{node.name} has {lines} lines: take a part with a name out of it")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def errors_are_named(source: Source) -> Iterator[str]:
    """A bug is not an error to be handled."""
    if source.path.startswith("tests/") or source.path in TOPS_OF_TASKS:
        return
    for node in ast.walk(source.tree):
        broad = isinstance(node, ast.ExceptHandler) and catches_everything(node) and not raises_it_again(node)
        suppressed = isinstance(node, ast.Call) and called(node) == "suppress" and names(*node.args) & BROAD
        if broad or suppressed:
            yield source.at(node, "catches everything: name the errors, or let it rise to the top of the task")


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether a bug, or the end of a task, would be caught too."""
    return handler.type is None or bool(names(handler.type) & BROAD)


def raises_it_again(handler: ast.ExceptHandler) -> bool:
    """Whether it only cleans up: what came goes on as it came."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def names(*nodes: ast.AST) -> set[str]:
    """The last parts of the names in an expression."""
    inner = [each for node in nodes for each in ast.walk(node)]
    return {each.id for each in inner if isinstance(each, ast.Name)} | {
        each.attr for each in inner if isinstance(each, ast.Attribute)
    }


def tasks_have_owners(source: Source) -> Iterator[str]:
    """A task that nobody holds can vanish, and its error with it."""
    if source.path.startswith("posd/") and source.path not in {"posd/tasks.py", "posd/checkout/asking.py"}:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or called(node) not in {"create_task", "ensure_future"}:
                continue
            if names(node.func) & {"asyncio", "loop", "get_running_loop"}:
                yield source.at(node, "starts a task of its own: use posd.tasks, which names, owns and awaits it")


def money_is_never_a_float(source: Source) -> Iterator[str]:
    """What is counted in fen is an integer."""
    for node in ast.walk(source.tree):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as kind):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                pass
            case ast.FunctionDef(name=name, returns=ast.expr() as kind):
                pass
            case _:
                continue
        if re.search(r"(^|_)(fen|amount)($|_)", name) and "float" in names(kind):
            yield source.at(node, f"{name} is a float: money is an integer of fen")


def everything_public_says_what_it_does(source: Source) -> Iterator[str]:
    """Whoever reads only the docstrings understands the project."""
    if source.path.startswith(("posd/", "devices/")):
        if not ast.get_docstring(source.tree):
            yield f"{source.path}:1: the module has no docstring: say in a line what is in it"
        for node in public(source.tree.body):
            if not ast.get_docstring(node):
                yield source.at(node, f"{node.name} has no docstring: say its contract in a line")


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(body: Iterable[ast.stmt]) -> Iterator[Definition]:
    """Public classes and functions, and those inside public classes."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_") and not is_an_overload(node):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def is_an_overload(node: Definition) -> bool:
    """Whether it repeats what is described already: a form for the type checker, the setter of a property."""
    return bool(names(*node.decorator_list) & {"overload", "setter"})


def no_test_is_skipped(source: Source) -> Iterator[str]:
    """A test that is skipped proves nothing, and looks as if it did."""
    if source.path.startswith("tests/"):
        for node in ast.walk(source.tree):
            name = node.attr if isinstance(node, ast.Attribute) else ""
            if name in {"skip", "skipif", "xfail", "importorskip"} and "pytest" in names(node):
                yield source.at(node, f"uses pytest's {name}: let `scripts/setup` provide what the test needs")


Rule = Callable[[Source], Iterator[str]]
RULES: tuple[Rule, ...] = (
    devices_know_nothing_of_posd,
    nobody_imports_the_daemon,
    pure_stays_pure,
    pure_does_nothing,
    files_are_short,
    functions_are_short,
    errors_are_named,
    tasks_have_owners,
    money_is_never_a_float,
    everything_public_says_what_it_does,
    no_test_is_skipped,
)
