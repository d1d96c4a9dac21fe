"""The columnar engine on Apache Spark, for histories that outgrow one machine: the same statements, from the same trees.

Needs the extra `wholechild[spark]` and Java 17. `local[2]` and the URL of a standalone master are used alike.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import sqlglot
from sqlglot import exp

from wholechild.patterns.clocks import deadlines
from wholechild.patterns.columns import TABLES
from wholechild.patterns.engines.columnar.compiling import Asked, work_out
from wholechild.patterns.engines.columnar.plan import COUNTED, SPANNED, Plan, Source, counted
from wholechild.patterns.engines.in_memory import Words

WRITTEN_IN: Final = "duckdb"
DIALECT: Final = "spark"
#: Where nothing is said, Spark starts whichever Python is the first to be found.
_ANY_PYTHON: Final = "python3"


def session(master: str = "local[2]", *, memory: str = "2g", partitions: int = 2, folder: str = "") -> Any:
    """A session on this machine, or on a cluster by the URL of its master. Errors: ImportError, without the extra."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": memory, "spark.sql.shuffle.partitions": str(partitions), "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true", "spark.sql.adaptive.enabled": "false",
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.showConsoleProgress": "false",
        # Spark 4.3 looks for a column in vain ("key not found") where one kept view stands twice in a UNION ALL.
        "spark.sql.constraintPropagation.enabled": "false",
    }  # fmt: skip
    builder = SparkSession.builder.master(master).appName("wholechild")
    for name, value in (settings | ({"spark.local.dir": folder} if folder else {})).items():
        builder = builder.config(name, value)
    found = builder.getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    if found.sparkContext.pythonExec == _ANY_PYTHON:
        # Functions of ours run in the Python that we run in, unless PYSPARK_PYTHON names another.
        found.sparkContext.pythonExec = sys.executable
    return found


def register(spark: Any, tables: Mapping[str, pa.Table]) -> None:
    """Give the session the tables of patterns/columns.py as views."""
    for name in TABLES:
        spark.createDataFrame(tables[name]).createOrReplaceTempView(name)


def evaluate(spark: Any, questions: Mapping[str, Asked], words: Words, *, with_evidence: bool = True) -> None:
    """Work out every lesson for every child, and leave `holds`, `unsure` and `evidence` as temporary views.

    Shape    see the package's docstring. Views of these names from an earlier call are replaced.
    Errors   NotInTheColumns, if a lesson asks for an attribute or a measure that the tables were written without.
    """
    work_out(_OnSpark(spark, source_of(spark, words)), questions, with_evidence=with_evidence)


class _OnSpark(Plan):
    """Statements as views, whose rows are kept in the executors' memory or on their disks where a table is asked for."""

    def __init__(self, spark: Any, source: Source) -> None:
        super().__init__(source)
        self.spark = spark

    def _reads_cheaply(self) -> bool:
        return False

    def deadlines(self, nation: str, days: int) -> str:
        name = f"deadlines_{nation}_{days}"
        if name not in self._rows:
            [(first, last)] = self.spark.sql(SPANNED).collect()
            found = deadlines(nation, days, first, last)
            self.spark.createDataFrame(found).createOrReplaceTempView(name)
            self._rows[name] = found.num_rows
            self._shared.append(name)
        return name

    def result(self, name: str, sql: str) -> None:
        rows = self.spark.sql(in_spark(sql)).localCheckpoint(eager=True)
        rows.createOrReplaceTempView(name)

    def _make(self, name: str, sql: str) -> int:
        rows = self.spark.sql(in_spark(sql)).localCheckpoint(
            eager=False
        )  # counting it writes it: one job, not two
        rows.createOrReplaceTempView(name)
        return int(rows.count())

    def _see(self, name: str, sql: str) -> None:
        self.spark.sql(in_spark(sql)).createOrReplaceTempView(name)

    def _drop(self, name: str, *, kept: bool) -> None:
        self.spark.catalog.dropTempView(name)


def source_of(spark: Any, words: Words) -> Source:
    """What the compiler must know of the tables."""
    rows, largest = counted(spark.sql(COUNTED).collect())
    return Source(
        {(of, said): code for of, code, said in spark.sql("SELECT `of`, code, text FROM codes").collect()},
        frozenset(spark.table("relevant").columns),
        words,
        rows,
        largest,
    )


@lru_cache(maxsize=4096)
def in_spark(sql: str) -> str:
    """A statement in Spark's dialect."""
    said: str = sqlglot.parse_one(sql, read=WRITTEN_IN).transform(_as_spark_says).sql(DIALECT, identify=True)
    return said


def _as_spark_says(node: exp.Expr) -> exp.Expr:
    """The few expressions that sqlglot leaves as DuckDB says them."""
    match node:
        case exp.ArrayOverlaps():
            return exp.Anonymous(this="ARRAYS_OVERLAP", expressions=[node.this, node.expression])
        case exp.Anonymous(this="list_reduce", expressions=[several, fold, first]):
            return exp.Anonymous(this="AGGREGATE", expressions=[several, first, fold])
        case exp.Anonymous(this="list_slice", expressions=[several, first, _]):
            return exp.Anonymous(this="SLICE", expressions=[several, first, exp.Literal.number(1)])
    return node
