"""Fails the build on what a linter does not know: imports in the wrong direction, I/O in a pure
room, sizes; and that every requirement has a test (`tools.traceability`).

`python -m tools.check` runs these, then ruff and mypy, on the firmware with the chip's stubs
(`make check`). The rules are
docs/architecture.md's.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import traceability, typings
from tools.folders import ROOT

# Who may import whom. `protocol` is what both ends share; boards and controller meet on the wire
# only.
ARROWS: dict[str, frozenset[str]] = {
    "protocol": frozenset(),
    "firmware": frozenset({"protocol"}),
    "controller": frozenset({"protocol"}),
    "simulator": frozenset({"protocol"}),
    "tools": frozenset({"protocol", "firmware", "controller", "simulator"}),
}
# The one place where the simulator, inside the interpreter, starts the firmware.
ARROW_EXCEPTIONS = {
    ("simulator/board.py", "firmware"),
    # And where the trials run the core alone, on either runtime.
    ("simulator/core_house.py", "firmware"),
    ("simulator/core_link.py", "firmware"),
    ("simulator/core_store.py", "firmware"),
    # And where the power is cut at every write of a story.
    ("simulator/cut_memory.py", "firmware"),
    ("simulator/cut_story.py", "firmware"),
    ("simulator/cut_trial.py", "firmware"),
}

# Pure code gets time, randomness and data as arguments.
IMPURE = frozenset(
    "aiomqtt asyncio cryptography django esp32 http io logging machine network os pathlib random "
    "secrets select socket sqlite3 ssl subprocess sys tempfile threading time tls urllib "
    "vfs".split()
)
# What MicroPython has not got, or has only in part.
NOT_ON_THE_CHIP = frozenset(
    "abc collections.abc contextlib dataclasses datetime decimal enum fractions functools "
    "itertools logging pathlib re typing".split()
)
# Only inside the simulator's interpreter, beside the chip's own modules that it stands in for.
SHARED = ("protocol", "firmware", "simulator/plant", "simulator/hardware", "simulator/board.py")

FORBIDDEN_NAMES = frozenset("common helper helpers manager managers misc util utils".split())
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
# Longer on purpose: "path" or "path:function", and why.
LONGER_WITH_REASON: dict[str, str] = {}


@dataclass(frozen=True)
class Module:
    """One source file: its path in the tree, and what it says."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """As it is imported: `controller.fleet.rules`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        """The top folder, such as `controller`."""
        return self.path.partition("/")[0]

    def is_in(self, place: str) -> bool:
        """Whether this is `place`, or a file below it."""
        return self.path == place or self.path.startswith(f"{place}/")


# Every module by its name, for rules that look further than one file.
Tree = dict[str, Module]


@dataclass(frozen=True, order=True)
class Finding:
    """One breach: where, and what is wrong."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def check_tree(root: Path, longer: dict[str, str] = LONGER_WITH_REASON) -> list[Finding]:
    """All breaches in the rooms and tests below `root`, in order; `longer` lists what may be long,
    and why.
    """
    modules = [read_module(root, path) for path in source_paths(root)]
    tree = {module.name: module for module in modules}
    findings = [finding for module in modules for rule in RULES for finding in rule(module, tree)]
    too_long = {key: finding for module in modules for key, finding in measure(module)}
    findings += [finding for key, finding in too_long.items() if key not in longer]
    findings += [
        Finding(
            key, 1, "is listed as too long (LONGER_WITH_REASON) and is not: take it off the list"
        )
        for key in longer
        if key not in too_long
    ]
    return sorted(findings)


def source_paths(root: Path) -> list[Path]:
    """Every file that a person wrote; Django writes migrations."""
    places = [root / name for name in (*ARROWS, "tests")]
    found = [path for place in places for path in sorted(place.rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def read_module(root: Path, path: Path) -> Module:
    """Read and parse one file."""
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(root).as_posix(), text, ast.parse(text, str(path)))


def imported_names(module: Module) -> Iterator[tuple[str, int]]:
    """Each dotted name that a module imports, with its line; `from a import b` gives `a.b`."""
    package = module.path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((f"{prefix}.{alias.name}", node.lineno) for alias in node.names)


def check_arrows(module: Module, _tree: Tree) -> Iterator[Finding]:
    """A room imports only the rooms that its arrows point to; nothing imports the tests."""
    if module.room == "tests":
        return
    allowed = ARROWS[module.room] | {module.room}
    is_core = module.is_in("firmware/core")
    for name, line in imported_names(module):
        room = name.partition(".")[0]
        if is_core and name.startswith("firmware.") and not name.startswith("firmware.core"):
            yield Finding(module.path, line, f"the core must not import {name}")
        elif room in allowed or (module.path, room) in ARROW_EXCEPTIONS:
            continue
        elif room in {*ARROWS, "tests"}:
            yield Finding(module.path, line, f"{module.room} must not import {room} ({name})")


def check_purity(module: Module, tree: Tree) -> Iterator[Finding]:
    """`firmware/core` and every `rules.py` do no I/O, nor does what they import of ours."""
    is_rules = module.room == "controller" and module.path.endswith("/rules.py")
    if not is_rules and not module.is_in("firmware/core"):
        return
    for name, line in imported_names(module):
        chain = find_impurity(name, tree, frozenset({module.path}))
        if chain:
            yield Finding(module.path, line, f"pure code must not import {' → '.join(chain)}")


def find_impurity(name: str, tree: Tree, seen: frozenset[str]) -> list[str]:
    """The chain of imports from `name` to a module that does I/O; empty when there is none."""
    if name.partition(".")[0] in IMPURE:
        return [name]
    module = tree.get(name) or tree.get(name.rpartition(".")[0])
    if module is None or module.path in seen:
        return []
    for further, _ in imported_names(module):
        chain = find_impurity(further, tree, seen | {module.path})
        if chain:
            return [name, *chain]
    return []


def check_shared(module: Module, _tree: Tree) -> Iterator[Finding]:
    """What also runs on the chip imports nothing that MicroPython lacks."""
    if not any(module.is_in(place) for place in SHARED):
        return
    for name, line in imported_names(module):
        top = name.partition(".")[0]
        if top in NOT_ON_THE_CHIP or any(
            name.startswith(f"{lacking}.") for lacking in NOT_ON_THE_CHIP
        ):
            yield Finding(
                module.path, line, f"MicroPython has no {name}; this code runs on the chip too"
            )


def check_name(module: Module, _tree: Tree) -> Iterator[Finding]:
    """A module is named after its subject."""
    for part in module.path.removesuffix(".py").split("/"):
        if part in FORBIDDEN_NAMES:
            yield Finding(
                module.path, 1, f"`{part}` names no subject; name what the module is about"
            )


def check_docstring(module: Module, _tree: Tree) -> Iterator[Finding]:
    """A module says what it is for."""
    if module.tree.body and not ast.get_docstring(module.tree):
        yield Finding(
            module.path, 1, "needs a docstring: what it is for, and what it must not know"
        )


RULES: tuple[Callable[[Module, Tree], Iterator[Finding]], ...] = (
    check_arrows,
    check_purity,
    check_shared,
    check_name,
    check_docstring,
)


def measure(module: Module) -> Iterator[tuple[str, Finding]]:
    """What is longer than a reader can hold: its key for LONGER_WITH_REASON, and the finding."""
    lines = module.text.count("\n")
    if lines > MODULE_LINES_MAX:
        message = f"{lines} lines, more than {MODULE_LINES_MAX}: split it, or give a reason"
        yield module.path, Finding(module.path, 1, message)
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES_MAX:
            message = f"{node.name} has {length} lines, more than {FUNCTION_LINES_MAX}"
            yield f"{module.path}:{node.name}", Finding(module.path, node.lineno, message)


def main() -> int:
    """Run every check, the later ones even when an earlier one fails; 0 when all pass."""
    findings = check_tree(ROOT)
    findings += [Finding(*fault) for fault in traceability.check(ROOT)]
    for finding in findings:
        print(finding)
    print(f"structure: {len(findings)} findings", flush=True)
    failed = bool(findings)
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        print(f"{' '.join(command)}:", flush=True)
        failed |= subprocess.run([sys.executable, "-m", *command], cwd=ROOT).returncode != 0
    print("mypy, firmware on the chip's modules:", flush=True)
    failed |= typings.check() != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
