"""Cases on which an engine once differed from the reference: each a file of kept/ that says one history and one condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from wholechild.patterns import history as histories
from wholechild.patterns.history import ChildHistory
from wholechild.patterns.language import nodes
from wholechild.patterns.language.nodes import Condition

FOLDER: Final = Path(__file__).with_name("kept")


def as_python(history: ChildHistory, condition: Condition) -> str:
    """The case as it is written into a file."""
    return f"(\n{_written(history)},\n{_written(condition)},\n)\n"


def case_of(text: str) -> tuple[ChildHistory, Condition]:
    """The case that a file says; only the names of histories and of the language mean anything in it."""
    known: dict[str, Any] = {**vars(histories), **vars(nodes), "__builtins__": {"frozenset": frozenset}}
    history, condition = eval(text, known)
    return history, condition


def _written(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if is_dataclass(value):
        said = [
            f"{f.name}={_written(inner)}" for f in fields(value)
            if (inner := getattr(value, f.name)) != (f.default_factory() if f.default_factory is not MISSING else f.default)
        ]  # fmt: skip
        return f"{type(value).__name__}({', '.join(said)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(k)}: {_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + "".join(f"{_written(inner)}, " for inner in value).rstrip(" ") + ")"
    if isinstance(value, frozenset):
        return f"frozenset(({''.join(f'{_written(v)}, ' for v in sorted(value))}))"
    return repr(value)


KEPT: Final = {path.stem: case_of(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.txt"))}
