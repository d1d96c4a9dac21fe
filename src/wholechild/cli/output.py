"""What every command prints with: JSON on stdout, tables for people, progress on stderr, stable exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import IntEnum
from typing import Any, Final, NoReturn, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


#: Tables that go to a file or a pipe are this wide.
WIDTH_OF_A_FILE: Final = 132


class Exit(IntEnum):
    """The exit codes that scripts rely on (ARCHITECTURE section 9)."""

    DONE = 0
    CHECK_FAILED = 1
    BAD_USAGE = 2
    DONE_WITH_ISSUES = 3


def print_json(value: Any) -> None:
    """One JSON document on stdout, keys in the order they were made, dates as ISO."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def console(*, stderr: bool = False) -> Console:
    """A console for tables: as wide as the terminal, and wide enough to be read where there is none."""
    if (sys.stderr if stderr else sys.stdout).isatty():
        return Console(stderr=stderr, highlight=False)
    return Console(stderr=stderr, highlight=False, width=WIDTH_OF_A_FILE)


def progressing(items: Iterable[T], *, total: int | None, label: str) -> Iterator[T]:
    """The same items, with a bar on stderr while they are worked through (only where stderr is a terminal)."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        yield from bar.track(items, total=total, description=label)


@contextmanager
def stepping(total: int, label: str) -> Iterator[Callable[[str], None]]:
    """Gives a function to call with each step in words as it begins; a bar on stderr shows it (only where stderr is a terminal)."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task, begun = bar.add_task(label, total=total), iter(range(total + 1))
        yield lambda what: bar.update(task, description=f"{label}: {what}", completed=next(begun, total))


def leave(code: Exit) -> NoReturn:
    """End the command with one of the stable exit codes."""
    raise SystemExit(int(code))
