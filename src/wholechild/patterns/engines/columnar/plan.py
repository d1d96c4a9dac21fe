"""Where the statements run: each makes a named relation, and an equal statement is never run twice.

What a step finds decides what is asked next: where nobody is left for whom a lesson could hold, the rest of it is not asked; where
no record is vague, no doubt is worked out. The statements are written in DuckDB's SQL, of which sqlglot makes trees where
another dialect is wanted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from wholechild.patterns.columns import SCOPE_NUMBER
from wholechild.patterns.engines.in_memory import Words
from wholechild.patterns.history import Scope
from wholechild.patterns.language.nodes import Selection

#: Everybody: no table of children to keep to.
EVERYBODY: Final = ""


#: SELECT how many rows there are of each scope and kind, and the most that any of them stands for. The two are one number,
#: which `counted()` takes apart: to group by one column takes half the time of grouping by two.
COUNTED: Final = f"SELECT kind * {len(SCOPE_NUMBER)} + scope, count(*), max(count) FROM relevant GROUP BY 1"
#: SELECT the first and the last instant at which any record happened.
SPANNED: Final = "SELECT min(happened_from), max(happened_to) FROM relevant"

#: The columns of `relevant` that a selection always reads.
_READ: Final = frozenset(
    "child scope record kind sector agency area informant happened_from happened_to known_from known_to certain count person".split()
)


def counted(rows: Collection[Sequence[int]]) -> tuple[dict[tuple[int, int], int], int]:
    """The rows that COUNTED gave, as (scope, kind) -> rows, and the most that one record stands for."""
    found = {(both % len(SCOPE_NUMBER), both // len(SCOPE_NUMBER)): several for both, several, _ in rows}
    return found, max((largest for *_, largest in rows), default=1)


class NotInTheColumns(ValueError):
    """A lesson asks for something that the tables were written without; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """What must be known of the tables before anything is asked of them.

    Shape    `codes` is the table of that name; `columns` are those of `relevant`; `rows` counts those of each (scope, kind);
             `largest` is the most that any one record stands for.
    """

    codes: Mapping[tuple[str, str], int]
    columns: frozenset[str]
    words: Words
    rows: Mapping[tuple[int, int], int]
    largest: int = 1

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

    def about(self, selection: Selection, scope: Scope) -> int:
        """About how many rows a selection has: those of its kinds, whatever else it asks for."""
        number = SCOPE_NUMBER[scope]
        return sum(self.rows.get((number, kind), 0) for kind in self.coded("kind", selection.kinds))


class Plan(ABC):
    """Runs statements as they come, and knows which relation holds what.

    Shape    tables are dropped when the lesson for which they were made is done, unless they were made `for_all`.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        #: Where selections read from: `relevant`, or a copy of what any lesson asks for of it.
        self.relevant = "relevant"
        #: Sectors that a doubt is about, by the number under which the statements carry them.
        self.sectors: list[str] = []
        self._named: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        self._shared: list[str] = []
        self._lessons: list[str] = []
        self._made = self._shared
        self._count = 0

    def keep(self, hint: str, sql: str) -> str:
        """The name of a table with the rows of this SELECT."""
        return self._known(sql) or self._new(hint, sql, kept=True)

    def view(self, hint: str, sql: str) -> str:
        """The name of a view: nothing is worked out until something reads it."""
        return self._known(sql) or self._new(hint, sql, kept=False)

    def rows(self, *tables: str) -> int:
        """How many rows tables that were kept have, together."""
        return sum(self._rows[table] for table in tables)

    def most(self, *tables: str) -> int:
        """No child has more rows than this in these kept tables together."""
        return sum(self._most_of_one_child(table) for table in tables)

    def _most_of_one_child(self, table: str) -> int:
        """The most rows that a child has in a kept table, or a number that is no less and cheaper to come by."""
        return self._rows[table]

    def is_empty(self, table: str) -> bool:
        """Whether a table that was kept has no rows."""
        return self._rows[table] == 0

    def gather(self, kinds: frozenset[str], columns: Collection[str]) -> None:
        """Copy the rows of these kinds, with these columns besides those always read, where reading `relevant` often is dear."""
        if self._reads_cheaply():
            return
        codes = ", ".join(map(str, self.source.coded("kind", kinds))) or "NULL"
        wanted = ", ".join(f'"{name}"' for name in sorted(self.source.columns & (_READ | set(columns))))
        self.relevant = self.keep("gathered", f"SELECT {wanted} FROM relevant WHERE kind IN ({codes})")

    @contextmanager
    def one_lesson(self) -> Iterator[None]:
        """What is made within is dropped at the end."""
        self._made = self._lessons
        try:
            yield
        finally:
            self._forget(self._lessons)
            self._made = self._shared

    @contextmanager
    def for_all(self) -> Iterator[None]:
        """What is made within stays until all is done."""
        before, self._made = self._made, self._shared
        try:
            yield
        finally:
            self._made = before

    def done(self) -> None:
        """Drop everything but the results."""
        self._forget(self._shared)

    def sector(self, sector: str) -> int:
        """The number that stands for a sector in a doubt, whether or not any record is from it."""
        if sector not in self.sectors:
            self.sectors.append(sector)
        return self.sectors.index(sector)

    @abstractmethod
    def _reads_cheaply(self) -> bool:
        """Whether `relevant` is a table of the engine's own, not files or rows that are decoded anew each time."""

    @abstractmethod
    def deadlines(self, nation: str, days: int) -> str:
        """The name of the table (day, due): when so many working days after each day are over."""

    @abstractmethod
    def result(self, name: str, sql: str) -> None:
        """Leave the rows of this SELECT under this very name."""

    @abstractmethod
    def _make(self, name: str, sql: str) -> int:
        """Make a table, and say how many rows it has."""

    @abstractmethod
    def _see(self, name: str, sql: str) -> None:
        """Make a view."""

    @abstractmethod
    def _drop(self, name: str, *, kept: bool) -> None:
        """Drop a table or a view."""

    def _known(self, sql: str) -> str | None:
        """The name of what was made by an equal statement; from now on it stays, if it is wanted for all."""
        name = self._named.get(sql)
        if name in self._lessons and self._made is self._shared:
            self._lessons.remove(name)
            self._shared.append(name)
        return name

    def _new(self, hint: str, sql: str, *, kept: bool) -> str:
        self._count += 1
        name = f"{hint}_{self._count}"
        if kept:
            self._rows[name] = self._make(name, sql)
        else:
            self._see(name, sql)
        self._named[sql] = name
        self._made.append(name)
        return name

    def _forget(self, names: list[str]) -> None:
        gone = set(names)
        self._named = {sql: name for sql, name in self._named.items() if name not in gone}
        for name in reversed(names):
            self._drop(name, kept=self._rows.pop(name, None) is not None)
        names.clear()
