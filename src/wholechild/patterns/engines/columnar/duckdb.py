"""The columnar engine on DuckDB: one machine, out of core."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from wholechild.patterns.clocks import deadlines
from wholechild.patterns.columns import TABLES
from wholechild.patterns.engines.columnar.compiling import Asked, work_out
from wholechild.patterns.engines.columnar.plan import COUNTED, SPANNED, Plan, Source, counted
from wholechild.patterns.engines.in_memory import Words


def connect(*, memory: str = "4GB", threads: int = 2, folder: str = "") -> duckdb.DuckDBPyConnection:
    """A connection that keeps within so much memory, and spills what is more into the folder."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": threads,
        "preserve_insertion_order": False,
    }
    if folder:
        settings["temp_directory"] = folder
    return duckdb.connect(":memory:", config=settings)


def register(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> None:
    """Give the connection the tables of patterns/columns.py."""
    for name in TABLES:
        connection.register(f"arrow_{name}", tables[name])
        connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM "arrow_{name}"')
        connection.unregister(f"arrow_{name}")


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    questions: Mapping[str, Asked],
    words: Words,
    *,
    with_evidence: bool = True,
) -> None:
    """Work out every lesson for every child, and leave `holds`, `unsure` and `evidence` as temporary tables.

    Shape    see the package's docstring. Tables of these names from an earlier call are replaced.
    Errors   NotInTheColumns, if a lesson asks for an attribute or a measure that the tables were written without.
    """
    work_out(_OnDuckDB(connection, source_of(connection, words)), questions, with_evidence=with_evidence)


class _OnDuckDB(Plan):
    """Statements as temporary tables and views of one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: Source) -> None:
        super().__init__(source)
        self.connection = connection
        self._most: dict[str, int] = {}

    def _reads_cheaply(self) -> bool:
        own = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'relevant'"
        return bool(self.connection.execute(own).fetchall()[0][0])

    def deadlines(self, nation: str, days: int) -> str:
        name = f"deadlines_{nation}_{days}"
        if name not in self._rows:
            first, last = self.connection.execute(SPANNED).fetchall()[0]
            found = deadlines(nation, days, first, last)
            self.connection.register("arrow_deadlines", found)
            with self.for_all():
                self._made.append(name)
                self._rows[name] = self._make(name, "SELECT * FROM arrow_deadlines")
            self.connection.unregister("arrow_deadlines")
        return name

    def result(self, name: str, sql: str) -> None:
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql}')

    def _make(self, name: str, sql: str) -> int:
        made = self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql}').fetchall()
        return int(made[0][0])

    def _most_of_one_child(self, table: str) -> int:
        if table not in self._most:
            # the fewer bits a channel needs, the more of them travel in one running sum: that is worth asking
            asked = f'SELECT max(n) FROM (SELECT count(*) AS n FROM "{table}" GROUP BY child) AS c'
            self._most[table] = int(self.connection.execute(asked).fetchall()[0][0] or 0)
        return self._most[table]

    def _see(self, name: str, sql: str) -> None:
        self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {sql}')

    def _drop(self, name: str, *, kept: bool) -> None:
        self.connection.execute(f'DROP {"TABLE" if kept else "VIEW"} "{name}"')


def source_of(connection: duckdb.DuckDBPyConnection, words: Words) -> Source:
    """What the compiler must know of the tables."""
    codes = connection.execute('SELECT "of", code, text FROM codes').fetchall()
    columns = connection.execute("DESCRIBE relevant").fetchall()
    rows, largest = counted(connection.execute(COUNTED).fetchall())
    return Source(
        {(of, text): code for of, code, text in codes},
        frozenset(column[0] for column in columns),
        words,
        rows,
        largest,
    )
