"""The rules of the house that import-linter cannot say, as functions from source text to sentences about what is wrong.

Each rule takes the modules of a source tree, so that it can be tried on a small tree that breaks it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "wholechild"
FACES: Final = frozenset({"cli", "pages", "api"})
#: Faces read the clock and the wiring reads the environment; `world` writes feeds and is held to the rules of a room.
OUTSIDE: Final = FACES | {"config", ""}
#: The names that Django gives a meaning. Every other module of a room is plain.
DJANGO_NAMES: Final = frozenset({"models", "queries", "actions", "fields", "apps", "admin", "migrations"})
#: Inside a room each may import only what has a smaller number. Plain modules have 0.
RANKS: Final = {"fields": 0, "models": 1, "queries": 2, "actions": 3}
NAMES_THAT_SAY_NOTHING: Final = frozenset(
    {"util", "utils", "helper", "helpers", "misc", "common", "shared", "tools"}
)

#: What a plain module may not import: frameworks, the network, other processes, unrepeatable numbers.
_NOT_PLAIN: Final = (
    "django", "procrastinate", "allauth", "csp", "whitenoise", "psycopg", "click", "rich", "granian",
    "socket", "ssl", "http", "urllib.request", "requests", "httpx", "aiohttp", "smtplib", "ftplib",
    "subprocess", "multiprocessing", "threading", "asyncio", "secrets", "logging",
)  # fmt: skip
#: Calls that answer differently each time. `Random(seed)` is repeatable; the functions of `random` are not.
_UNREPEATABLE: Final = frozenset({
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now",
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.sleep",
    "time.localtime", "time.gmtime", "os.urandom", "os.getrandom", "os.environ", "os.getenv",
    "uuid.uuid1", "uuid.uuid4", "uuid4", "uuid1", "SystemRandom", "random.SystemRandom",
})  # fmt: skip
_FUNCTIONS_OF_RANDOM: Final = frozenset({
    "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss", "seed",
    "expovariate", "betavariate", "normalvariate", "triangular", "getrandbits", "randbytes",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the source tree. `name` is without the package: `trust.models`; `room` its first part."""

    name: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def role(self) -> str:
        """`models`, `queries`, … for the names that Django gives a meaning, else `plain`."""
        named = [part for part in self.name.split(".")[1:] if part in DJANGO_NAMES]
        return named[0] if named else "plain"

    @property
    def is_plain(self) -> bool:
        return self.role == "plain" and self.room not in OUTSIDE


Rule = Callable[[Sequence[Module]], Iterator[str]]


def modules(source: Path) -> list[Module]:
    """Every module under the folder of the package."""
    return [_module(path, source) for path in sorted(source.rglob("*.py"))]


def _module(path: Path, source: Path) -> Module:
    parts = path.relative_to(source).with_suffix("").parts
    return Module(".".join(p for p in parts if p != "__init__"), ast.parse(path.read_text(encoding="utf-8")))


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything that the module imports, wherever in it; `from a import b` gives `a.b`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _of_ours(module: Module) -> Iterator[tuple[int, str, str]]:
    """(line, room, role) of everything of ours that the module imports."""
    for line, name in imports(module):
        package, _, rest = name.partition(".")
        if package == PACKAGE:
            parts = rest.split(".")
            # In `from room.models import Word` the last part is what the module holds, not a module.
            roles = [part for part in parts[1:] if part in DJANGO_NAMES]
            yield line, parts[0], roles[0] if roles else "plain"


def plain_modules_stay_plain(found: Sequence[Module]) -> Iterator[str]:
    """Plain modules import no framework, no network, and nothing that is not plain."""
    for module in (m for m in found if m.is_plain):
        for line, name in imports(module):
            if any(name == banned or name.startswith(f"{banned}.") for banned in _NOT_PLAIN):
                yield f"{module.name}:{line} is plain and imports {name}"
        for line, room, role in _of_ours(module):
            if role != "plain":
                yield f"{module.name}:{line} is plain and imports the {role} of {room}"


def nobody_reads_the_clock(found: Sequence[Module]) -> Iterator[str]:
    """In a room, time, chance, ids and the environment are arguments. Only faces and the wiring may ask for them."""
    for module in (m for m in found if m.room not in OUTSIDE and m.role != "migrations"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute | ast.Name) and _is_unrepeatable(_dotted(node)):
                yield f"{module.name}:{node.lineno} asks for {_dotted(node)}"
            if isinstance(node, ast.Call) and _dotted(node.func).endswith("Random") and not node.args:
                yield f"{module.name}:{node.lineno} makes chance without a seed"
            if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
                yield f"{module.name}:{node.lineno} lets the database layer read the clock ({node.arg})"
        for line, name in imports(module):
            if name.startswith("random.") and name.rpartition(".")[2] in _FUNCTIONS_OF_RANDOM | {
                "SystemRandom"
            }:
                yield f"{module.name}:{line} imports {name}"
            if name in (
                "uuid.uuid4",
                "uuid.uuid1",
                "os.urandom",
                "os.environ",
                "time.time",
                "django.utils.timezone.now",
            ):
                yield f"{module.name}:{line} imports {name}"


def _dotted(node: ast.AST) -> str:
    """`datetime.datetime.now` for such an expression; empty for any other."""
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def _is_unrepeatable(said: str) -> bool:
    first, _, last = said.rpartition(".")
    if first == "random" and last in _FUNCTIONS_OF_RANDOM:
        return True
    return any(said == banned or said.endswith(f".{banned}") for banned in _UNREPEATABLE if "." in banned)


def rooms_are_stacked(found: Sequence[Module]) -> Iterator[str]:
    """Inside a room: actions > queries > models > plain modules."""
    for module in found:
        rank = RANKS.get(module.role)
        for line, room, role in _of_ours(module):
            if rank is not None and room == module.room and RANKS.get(role, 0) > rank:
                yield f"{module.name}:{line} imports the {role} of its own room"


def faces_leave_models_alone(found: Sequence[Module]) -> Iterator[str]:
    """Pages, api and cli go through queries and actions; so does the synthetic area. A face's own tables are its own."""
    for module in (m for m in found if m.room in FACES | {"world"}):
        for line, room, role in _of_ours(module):
            if role == "models" and room != module.room:
                yield f"{module.name}:{line} touches the models of {room}"


def actions_say_who_why_and_when(found: Sequence[Module]) -> Iterator[str]:
    """Every public function of an `actions` module is keyword-only and begins with by, purpose, at."""
    for module in (m for m in found if m.role == "actions"):
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                given = node.args
                first = [argument.arg for argument in given.kwonlyargs[:3]]
                if given.posonlyargs or given.args or first != ["by", "purpose", "at"]:
                    yield f"{module.name}:{node.lineno} {node.name}() does not begin with *, by, purpose, at"


def what_a_face_reads_takes_a_viewer(found: Sequence[Module]) -> Iterator[str]:
    """Every query above trust that a face calls takes a `viewer`. Others are what an action has to know, and stay inside."""
    without = {
        f"{PACKAGE}.{module.name}.{node.name}"
        for module in found
        if module.role == "queries" and module.room not in ("trust", *OUTSIDE)
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and "viewer" not in _parameters(node)
    }
    for module in (m for m in found if m.room in FACES):
        for line, name in _used(module):
            if name in without:
                yield f"{module.name}:{line} reads {name.removeprefix(f'{PACKAGE}.')}() without a viewer"


def _parameters(function: ast.FunctionDef) -> set[str]:
    given = function.args
    return {argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)}


def _used(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of what the module imports by name, and of what it takes from a module that it imports."""
    whole = {name.rpartition(".")[2]: name for _, name in imports(module)}
    yield from imports(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in whole:
            yield node.lineno, f"{whole[node.value.id]}.{node.attr}"


def names_say_something(found: Sequence[Module]) -> Iterator[str]:
    """A general helper is named for its matter."""
    for module in found:
        if NAMES_THAT_SAY_NOTHING & set(module.name.split(".")):
            yield f"{module.name} is named for nothing in particular"


def no_signals(found: Sequence[Module]) -> Iterator[str]:
    """What is low returns a value, and what is higher acts; nothing happens at a distance."""
    for module in found:
        for line, name in imports(module):
            if name.startswith(("django.dispatch", "django.db.models.signals", "blinker")):
                yield f"{module.name}:{line} imports {name}"


def annotations_are_postponed(found: Sequence[Module]) -> Iterator[str]:
    """Every module that has annotations begins with `from __future__ import annotations`."""
    annotated = (ast.FunctionDef, ast.AsyncFunctionDef, ast.AnnAssign)
    for module in found:
        has_some = any(isinstance(node, annotated) for node in ast.walk(module.tree))
        if has_some and not any(name == "__future__.annotations" for _, name in imports(module)):
            yield f"{module.name} does not postpone its annotations"


RULES: Final[tuple[Rule, ...]] = (
    plain_modules_stay_plain, nobody_reads_the_clock, rooms_are_stacked, faces_leave_models_alone,
    actions_say_who_why_and_when, what_a_face_reads_takes_a_viewer, names_say_something, no_signals, annotations_are_postponed,
)  # fmt: skip
