"""The columnar engine on DuckDB: one machine, out of core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import duckdb
import pyarrow as pa

from wholechild.patterns.clocks import deadlines
from wholechild.patterns.columns import TABLES
from wholechild.patterns.engines.columnar.compiling import Asked, compiled
from wholechild.patterns.engines.columnar.plan import Plan, Source, last_uses
from wholechild.patterns.engines.in_memory import Words

DIALECT: Final = "duckdb"


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
    plan = compiled(source_of(connection, words), questions, with_evidence=with_evidence)
    _give_deadlines(connection, plan)
    for step, done_with in last_uses(plan.steps):
        what = "TEMP TABLE" if step.kept else "TEMP VIEW"
        connection.execute(f'CREATE OR REPLACE {what} "{step.name}" AS {step.tree.sql(DIALECT)}')
        for name in done_with:
            connection.execute(f'DROP TABLE "{name}"')


def source_of(connection: duckdb.DuckDBPyConnection, words: Words) -> Source:
    """What the compiler must know of the tables."""
    codes = connection.execute('SELECT "of", code, text FROM codes').fetchall()
    columns = connection.execute("DESCRIBE relevant").fetchall()
    first, last = connection.execute("SELECT min(happened_from), max(happened_to) FROM relevant").fetchall()[
        0
    ]
    return Source(
        {(of, text): code for of, code, text in codes},
        frozenset(c[0] for c in columns),
        words,
        first or 0,
        last or 0,
    )


def _give_deadlines(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    found = deadlines(plan.clocks, plan.source.first, plan.source.last)
    connection.register("arrow_deadlines", found)
    connection.execute("CREATE OR REPLACE TEMP TABLE deadlines AS SELECT * FROM arrow_deadlines")
    connection.unregister("arrow_deadlines")
