"""A plan: named statements in the order in which they run, each said once however often it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlglot
from sqlglot import exp

from wholechild.patterns.engines.in_memory import Words

#: The dialect in which the statements are written here; each engine emits its own from the tree.
WRITTEN_IN: Final = "duckdb"


class NotInTheColumns(ValueError):
    """A lesson asks for something that the tables were written without; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: a SELECT that is kept as a table of this name, or stands as a view for those that come after."""

    name: str
    tree: exp.Expr
    kept: bool

    @property
    def reads(self) -> frozenset[str]:
        return frozenset(table.name for table in self.tree.find_all(exp.Table))


@dataclass(frozen=True, slots=True)
class Source:
    """What must be known of the tables before anything is asked of them.

    Shape    `codes` is the table of that name; `columns` are those of `relevant`; `first` and `last` are the earliest
             and the latest day start of any record.
    """

    codes: Mapping[tuple[str, str], int]
    columns: frozenset[str]
    words: Words
    first: int = 0
    last: int = 0

    def code(self, of: str, text: str) -> int | None:
        """The number of a text; None where no row has it."""
        return 0 if not text else self.codes.get((of, text))

    def coded(self, of: str, texts: frozenset[str]) -> list[int]:
        """The numbers of those of the texts that any row has, in order."""
        return sorted(found for text in texts if (found := self.code(of, text)) is not None)

    def column(self, name: str) -> str:
        if name not in self.columns:
            what = name.split("_", 1)[-1]
            raise NotInTheColumns(
                f"the histories were written without {what!r}, which a lesson asks for; write them anew"
            )
        return f'"{name}"'


@dataclass(slots=True)
class Plan:
    """Gathers statements. Equal statements are one step, so whatever two lessons share is worked out once."""

    source: Source
    steps: list[Step] = field(default_factory=list)
    #: Sectors that a doubt is about, by the number under which the statements carry them.
    sectors: list[str] = field(default_factory=list)
    #: (nation, working days) that some time limit needs.
    clocks: set[tuple[str, int]] = field(default_factory=set)
    _named: dict[str, str] = field(default_factory=dict)

    def keep(self, hint: str, sql: str) -> str:
        """The name of a table with the rows of this SELECT."""
        return self._step(hint, sql, kept=True)

    def view(self, hint: str, sql: str) -> str:
        """The name of a view: nothing is worked out until something reads it."""
        return self._step(hint, sql, kept=False)

    def result(self, name: str, sql: str) -> None:
        """What is left when the plan has run, under this very name."""
        self.steps.append(Step(name, sqlglot.parse_one(sql, read=WRITTEN_IN), kept=True))

    def sector(self, sector: str) -> int:
        """The number that stands for a sector in a doubt, whether or not any record is from it."""
        if sector not in self.sectors:
            self.sectors.append(sector)
        return self.sectors.index(sector)

    def _step(self, hint: str, sql: str, *, kept: bool) -> str:
        if sql not in self._named:
            name = f"{hint}_{len(self.steps)}"
            self._named[sql] = name
            self.steps.append(Step(name, sqlglot.parse_one(sql, read=WRITTEN_IN), kept))
        return self._named[sql]


def last_uses(steps: Sequence[Step]) -> Iterator[tuple[Step, list[str]]]:
    """Each step with the kept tables that nothing after it reads; a view reads when it is read."""
    through: dict[str, frozenset[str]] = {}
    for step in steps:
        through[step.name] = step.reads.union(
            *(through[name] for name in step.reads & through.keys() if not _kept(name, steps))
        )
    last = {name: step.name for step in steps if step.kept for name in through[step.name]}
    kept = {step.name for step in steps if step.kept}
    for step in steps:
        yield step, sorted(name for name in through[step.name] & kept if last.get(name) == step.name)


def _kept(name: str, steps: Sequence[Step]) -> bool:
    return any(step.name == name and step.kept for step in steps)
