"""Linking on Apache Spark, for more identities than one machine weighs: the same artefact, functions and statements.

Each identity is standardised by the very functions of people/comparing/; the levels, weights and what forbids a link are the
statements of predicting.py. Of the string distances Spark has none, or another one: they are rapidfuzz's here as everywhere. Spark
weighs, and writes Parquet; from pairs to people is one machine's work, as it always is (settling.py).

Needs the extra `wholechild[spark]` and Java 17; on more machines than one, Wholechild on each and a folder that all of them see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from duckdb import DuckDBPyConnection
from rapidfuzz.distance import OSA, JaroWinkler

from wholechild.people.batch.conditions import COLUMNS, LISTS, SPARK
from wholechild.people.batch.predicting import RULES, levelling, weighing
from wholechild.people.batch.tables import LISTS as RAW_LISTS
from wholechild.people.batch.tables import NO_IDS, TEXTS, ColumnsRefused, allow_memory
from wholechild.people.comparing.artefact import Artefact
from wholechild.people.comparing.identity import Identity
from wholechild.people.comparing.keys import MOST_IN_A_BLOCK, blocking_keys, most_under
from wholechild.people.comparing.prepared import NameForms, Prepared, prepare
from wholechild.people.comparing.scoring import telling
from wholechild.people.comparing.standardising import Raw, standardise

#: The folders that are written, of Parquet files.
IDENTITIES: Final = "identities"
PAIRS: Final = "pairs"

_VIEWS: Final = tuple(
    f"linking_{name}" for name in ("placed", "parts", "compared", "keys", "candidates", "levelled")
)
_PLACED, _PARTS, _COMPARED, _KEYS, _CANDIDATES, _LEVELLED = _VIEWS
#: Spark numbers the rows of each part from a multiple of this on.
_OF_A_PART: Final = 2**33


def weigh_on_spark(
    spark: Any,
    raw: Path,
    artefact: Artefact,
    into: Path,
    *,
    bound: float | None = None,
    most: int = MOST_IN_A_BLOCK,
) -> int:
    """Weigh every candidate of a Parquet file of raw identities: writes the folders `identities` and `pairs` into `into`.

    Shape    `pairs` has the columns that `weigh_all` gives its table, `identities` those of `Identity` and what was worked out of
             them. Each is Parquet, in as many files as Spark likes; what stood there is replaced. Answers how many candidates there were.
    Units    `bound` in bits: the weight from which pairs are kept, that of the zone `possible` where none is given.
    Missing  a column that the file does not have is missing of everybody; so is a null.
    Errors   ColumnsRefused, if there is no column `id`, or one is of another kind than that of `Raw`.
    """
    least = artefact.possible if bound is None else bound
    try:
        _standardise_all(spark, raw, artefact, into / IDENTITIES)
        _number(spark, into / IDENTITIES)
        many = _find_candidates(spark, most)
        _find_levels(spark)
        pairs = spark.sql(weighing(artefact, least, _LEVELLED, _COMPARED))
        pairs.write.mode("overwrite").parquet(str(into / PAIRS))
    finally:
        for view in _VIEWS:
            spark.catalog.dropTempView(view)
    return many


def read_weighed(connection: DuckDBPyConnection, written: Path) -> None:
    """Read what `weigh_on_spark` wrote into the tables `identities` and `pairs`, so that `settle_all` finds them.

    Shape    `identities` has the columns of `Identity` and `n`, the number of the id in the order of ids, as everywhere.
    """
    columns = ", ".join(field.name for field in fields(Identity))
    connection.execute(
        f"CREATE OR REPLACE TABLE identities AS SELECT CAST(row_number() OVER (ORDER BY id) AS INTEGER) AS n, {columns}"
        f" FROM read_parquet(?)",
        [f"{written / IDENTITIES}/*.parquet"],
    )
    allow_memory(connection, "identities")
    connection.execute(
        "CREATE OR REPLACE TABLE pairs AS SELECT * FROM read_parquet(?)", [f"{written / PAIRS}/*.parquet"]
    )


def _functions() -> Any:
    """Spark's own functions, loaded when they are asked for: the rest of Wholechild does without the extra."""
    return import_module("pyspark.sql.functions")


# -- identities ---------------------------------------------------------------------------------------------------------


def _standardise_all(spark: Any, raw: Path, artefact: Artefact, into: Path) -> None:
    """Write every identity as it is compared, with its keys, sorted by id; `place` tells where it stands in that order."""
    functions = _functions()

    def of(rows: pa.Array) -> pa.Array:
        return pa.array([columns_of(artefact, row) for row in rows.to_pylist()], type=_arrow_kind())

    # Not mapInArrow, which asks for pandas.
    worked_out = functions.arrow_udf(of, ", ".join(f"{name} {kind}" for name, kind in _KINDS.items()))
    ordered = _read_raw(spark, raw).orderBy("id").withColumn("place", functions.monotonically_increasing_id())
    found = ordered.select(worked_out(functions.struct("*")).alias("found")).select("found.*")
    found.write.mode("overwrite").parquet(str(into))


#: The columns of `Raw`, by what Spark may call their kind. Of other kinds it makes other texts and days than DuckDB.
_TEXTS_ARE: Final = frozenset("string tinyint smallint int bigint void".split())
_RAW_KINDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(TEXTS, _TEXTS_ARE),
    **dict.fromkeys(RAW_LISTS, frozenset({*(f"array<{kind}>" for kind in _TEXTS_ARE), "void"})),
    **dict.fromkeys(("born", "died"), frozenset({"date", "void"})),
}


def _read_raw(spark: Any, path: Path) -> Any:
    # The calendar is ours also before 1582, whoever wrote the file.
    found = spark.read.option("datetimeRebaseMode", "CORRECTED").parquet(str(path))
    there = dict(found.dtypes)
    if "id" not in there:
        raise ColumnsRefused(NO_IDS)
    for name, kinds in _RAW_KINDS.items():
        if there.get(name, "void") not in kinds:
            wanted = "dates" if "date" in kinds else "lists of texts" if name in RAW_LISTS else "texts"
            raise ColumnsRefused(
                f"The column `{name}` of the table of identities is of kind {there[name]}; on Spark it has to be of {wanted}."
                " See docs/explanation/linking.md for its columns."
            )
    return found.selectExpr(*(_said(name, name in there) for name in _RAW_KINDS))


def _said(name: str, there: bool) -> str:
    """An expression: a column of raw identities, with what is missing as `Raw` has it."""
    if name in TEXTS:
        return f"coalesce(CAST({name} AS STRING), '') AS {name}" if there else f"'' AS {name}"
    if name in RAW_LISTS:
        none = "CAST(array() AS ARRAY<STRING>)"
        said = f"filter(CAST({name} AS ARRAY<STRING>), x -> x IS NOT NULL AND x <> '')"
        return f"coalesce({said}, {none}) AS {name}" if there else f"{none} AS {name}"
    return f"CAST({name if there else 'NULL'} AS DATE) AS {name}"


def _kind_of_column(column: str) -> str:
    """The kind of a column that conditions read."""
    kinds = {"nhs_sound": "boolean", "born": "date"}
    kinds |= dict.fromkeys(("born_day", "died_day", "year", "month", "day"), "int")
    return kinds.get(column, "array<string>" if column in LISTS else "string")


_KIND_OF_FIELD: Final = {"str": "string", "date | None": "date", "tuple[str, ...]": "array<string>"}
_OF_COMPARED: Final = "compared_"
#: The levels whose weight follows how common the value is, and what of an identity says which value that is.
_SHARES: Final[Mapping[str, Callable[[Prepared], str]]] = {
    "given": lambda one: one.given,
    "family": lambda one: one.family,
    "born": lambda one: one.born_text,
}
#: The columns of the folder `identities`. What is compared may be less than what is said: what too many share is left out.
_KINDS: Final[dict[str, str]] = {
    **{field.name: _KIND_OF_FIELD[str(field.type)] for field in fields(Identity)},
    **{f"{_OF_COMPARED}{column}": _kind_of_column(column) for column in COLUMNS},
    **{f"{name}_share": "double" for name in _SHARES},
    "keys": "array<string>",
    "place": "bigint",
}
_IN_ARROW: Final = {
    "string": pa.string(), "date": pa.date32(), "array<string>": pa.list_(pa.string()), "int": pa.int32(),
    "boolean": pa.bool_(), "double": pa.float64(), "bigint": pa.int64(),
}  # fmt: skip


def _arrow_kind() -> pa.DataType:
    return pa.struct([(name, _IN_ARROW[kind]) for name, kind in _KINDS.items()])


def columns_of(artefact: Artefact, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the folder `identities`, of one of raw identities."""
    place = row.pop("place")
    identity = standardise(Raw(**row))
    prepared = prepare(telling(artefact, identity))
    return {
        **{field.name: getattr(identity, field.name) for field in fields(Identity)},
        **{f"{_OF_COMPARED}{column}": said for column, said in _compared(prepared).items()},
        **{
            f"{name}_share": artefact.frequencies[name].of(value(prepared)) for name, value in _SHARES.items()
        },
        "keys": blocking_keys(identity),
        "place": place,
    }


def _compared(one: Prepared) -> dict[str, Any]:
    """What conditions read of an identity, each by its column."""
    also: dict[str, Any] = {form.name: getattr(one.names, form.name) for form in fields(NameForms)}
    also |= {"born_day": _day_number(one.born), "died_day": _day_number(one.died)}
    also |= {part: getattr(one.born, part) if one.born else None for part in ("year", "month", "day")}
    also["postcode_as_list"] = (one.postcode,) if one.postcode else ()
    return {column: also[column] if column in also else getattr(one, column) for column in COLUMNS}


def _day_number(day: date | None) -> int | None:
    return None if day is None else day.toordinal() - date(1970, 1, 1).toordinal()


def _number(spark: Any, written: Path) -> None:
    """Make the views of what is compared, and of keys: `n` is the number of an identity in the order of ids."""
    found = spark.read.parquet(str(written))
    found.createOrReplaceTempView(_PLACED)
    counted = spark.sql(
        f"SELECT place DIV {_OF_A_PART} AS part, count(*) AS many FROM {_PLACED} GROUP BY 1 ORDER BY 1"
    )
    first, parts = 1, [(-1, 0)]
    for part, many in counted.collect():
        parts.append((part, first))
        first += many
    spark.createDataFrame(parts, "part BIGINT, first BIGINT").createOrReplaceTempView(_PARTS)
    number = f"CAST(i.place % {_OF_A_PART} + p.first AS INT) AS n"
    numbered = f"{_PLACED} i JOIN {_PARTS} p ON p.part = i.place DIV {_OF_A_PART}"
    columns = ", ".join(f"i.{_OF_COMPARED}{column} AS {column}" for column in COLUMNS)
    shares = ", ".join(f"i.{name}_share" for name in _SHARES)
    for view, said in ((_COMPARED, f"i.id, {columns}, {shares}"), (_KEYS, "explode(i.keys) AS key")):
        spark.sql(f"SELECT {number}, {said} FROM {numbered}").createOrReplaceTempView(view)


# -- candidates ---------------------------------------------------------------------------------------------------------


def _find_candidates(spark: Any, most: int) -> int:
    """Make the view of every two that share a key which at most so many identities have. Answers how many they are."""
    bounds = {rule.name: most_under(rule.name, most) for rule in RULES}
    whens = " ".join(f"WHEN '{name}' THEN {bound}" for name, bound in sorted(bounds.items()))
    bound = f"CASE substring_index(key, ':', 1) {whens} ELSE {most} END"
    found = spark.sql(
        f"WITH shared AS (SELECT key, collect_list(n) AS several FROM {_KEYS} GROUP BY key HAVING count(*) BETWEEN 2 AND {bound}),"
        " ends AS (SELECT several, explode(several) AS l FROM shared),"
        " met AS (SELECT l, explode(filter(several, x -> x > l)) AS r FROM ends)"
        " SELECT DISTINCT l, r FROM met"
    ).localCheckpoint(eager=False)  # counting it writes it: one job, not two
    found.createOrReplaceTempView(_CANDIDATES)
    return int(found.count())


# -- levels -------------------------------------------------------------------------------------------------------------


def _find_levels(spark: Any) -> None:
    """Make the view of the levels of every candidate, worked out once: the weight reads each of them many times."""
    _register_distances(spark)
    found = spark.sql(levelling(_CANDIDATES, _COMPARED, SPARK)).localCheckpoint(eager=False)
    found.createOrReplaceTempView(_LEVELLED)


def _register_distances(spark: Any) -> None:
    """Give the session the string distances of people/comparing/levels.py, by the names that the statements know."""
    made = _functions().arrow_udf
    spark.udf.register(SPARK.similarity, made(_similarities, "double"))
    spark.udf.register(SPARK.slip, made(_slips, "int"))


def _similarities(some: pa.Array, others: pa.Array) -> pa.Array:
    pairs = zip(some.to_pylist(), others.to_pylist(), strict=True)
    return pa.array([JaroWinkler.similarity(one, other) for one, other in pairs], type=pa.float64())


def _slips(some: pa.Array, others: pa.Array) -> pa.Array:
    pairs = zip(some.to_pylist(), others.to_pylist(), strict=True)
    return pa.array([OSA.distance(one, other) for one, other in pairs], type=pa.int32())
