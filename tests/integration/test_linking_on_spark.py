"""Batch linking on Apache Spark: the same candidates, levels, weights and people as on DuckDB. Skipped where Spark is not installed.

Every pair counts: the bound lies below all of them, so that the pairs are the candidates.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from duckdb import DuckDBPyConnection

from tests.generative.columnar_engines import spark_session
from tests.unit.test_batch_linking import raws, write
from wholechild.people.batch.conditions import NUMBERS
from wholechild.people.batch.predicting import FORBIDS, find_candidates, one_number, weigh_all
from wholechild.people.batch.settling import settle_all
from wholechild.people.batch.spark import read_weighed, weigh_on_spark
from wholechild.people.batch.tables import ColumnsRefused, read_raw, standardise_all, workbench
from wholechild.people.comparing.artefact import Artefact, default_artefact, digest, loads

pytestmark = pytest.mark.slow

#: Of so many odd identities every level comes up.
MANY = 1_000
BELOW_ALL = -1e9


def with_shared(*values: str) -> Artefact:
    """The artefact of this release, to which these values say nothing."""
    digests = ", ".join(f'"{digest(value)}"' for value in values)
    return loads(default_artefact().dumps().replace('"shared":[]', f'"shared":[{digests}]'))


def both(
    folder: Path, artefact: Artefact, *, many: int, bound: float | None, most: int
) -> DuckDBPyConnection:
    """A workbench with what each engine made of the same file: `pairs` and `people`, on Spark `spark_pairs` and `spark_people`."""
    raw = write(raws(many), folder / "raw.parquet")
    counted = weigh_on_spark(spark_session(), raw, artefact, folder, bound=bound, most=most)
    connection = workbench(folder)
    read_weighed(connection, folder)
    settle_all(connection, artefact)
    for table in ("pairs", "people", "identities"):
        connection.execute(f"ALTER TABLE {table} RENAME TO spark_{table}")
    read_raw(connection, raw)
    standardise_all(connection)
    find_candidates(connection, most=most)
    assert weigh_all(connection, artefact, bound=bound) == counted
    settle_all(connection, artefact)
    return connection


def shape(connection: DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE {table}").fetchall()]


def different(connection: DuckDBPyConnection, table: str, columns: str) -> list[tuple[object, ...]]:
    """Rows that only one of the two has."""
    one, other = f"SELECT {columns} FROM {table}", f"SELECT {columns} FROM spark_{table}"
    return connection.execute(f"(({one}) EXCEPT ({other})) UNION ALL (({other}) EXCEPT ({one}))").fetchall()


def assert_the_same(connection: DuckDBPyConnection) -> None:
    assert shape(connection, "pairs") == shape(connection, "spark_pairs")
    assert different(connection, "pairs", "* EXCLUDE (weight)") == []
    far = "SELECT max(abs(p.weight - s.weight)) FROM pairs p JOIN spark_pairs s USING (one, other)"
    assert connection.execute(far).fetchall()[0][0] < 1e-9
    for table in ("pairs", "people", "identities"):
        counts = [
            one_number(connection, f"SELECT count(*) FROM {name}") for name in (table, f"spark_{table}")
        ]
        assert counts[0] == counts[1] > 0
    assert different(connection, "people", "id, person") == []
    columns = ", ".join(name for name, _ in shape(connection, "spark_identities"))
    assert different(connection, "identities", columns) == []


def test_spark_weighs_every_candidate_as_duckdb_does(tmp_path: Path) -> None:
    artefact = with_shared("447700900124", "100070123456")
    connection = both(tmp_path, artefact, many=MANY, bound=BELOW_ALL, most=10**6)
    assert_the_same(connection)
    assert one_number(connection, "SELECT count(*) FROM pairs") >= 50_000
    assert one_number(connection, "SELECT count(DISTINCT forbids) FROM pairs") == len(FORBIDS)
    for name, numbers in NUMBERS.items():
        found = connection.execute(f"SELECT DISTINCT level_{name} FROM spark_pairs").fetchall()
        assert {number for (number,) in found} == {0, *numbers.values()}, name


def test_spark_follows_no_crowded_key_and_keeps_what_is_possible(tmp_path: Path) -> None:
    connection = both(tmp_path, default_artefact(), many=400, bound=None, most=20)
    assert_the_same(connection)
    assert one_number(connection, "SELECT count(*) - count(DISTINCT person) FROM spark_people") > 0


def test_what_the_file_does_not_have_is_missing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["b", "a"], "given_names": ["Amina", None]}), tmp_path / "x.parquet")
    assert weigh_on_spark(spark_session(), tmp_path / "x.parquet", default_artefact(), tmp_path) == 0
    connection = workbench(tmp_path)
    read_weighed(connection, tmp_path)
    rows = connection.execute(
        "SELECT n, id, given, family, born, phones FROM identities ORDER BY n"
    ).fetchall()
    assert rows == [(1, "a", "", "", None, []), (2, "b", "amina", "", None, [])]
    assert settle_all(connection, default_artefact()) == 2


def test_nobody_is_linked_with_nobody(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "x.parquet")
    assert weigh_on_spark(spark_session(), tmp_path / "x.parquet", default_artefact(), tmp_path) == 0
    connection = workbench(tmp_path)
    read_weighed(connection, tmp_path)
    assert settle_all(connection, default_artefact()) == 0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"name": ["Amina"]}, "column `id`"),
        ({"id": ["a"], "born": ["2015-03-04"]}, "`born` .* has to be of dates"),
        ({"id": ["a"], "uprn": [100070123456.0]}, "`uprn` .* has to be of texts"),
        ({"id": ["a"], "phones": ["07700 900123"]}, "`phones` .* has to be of lists of texts"),
    ],
)
def test_a_table_of_other_columns_is_refused(
    tmp_path: Path, columns: dict[str, list[object]], said: str
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    with pytest.raises(ColumnsRefused, match=said):
        weigh_on_spark(spark_session(), tmp_path / "x.parquet", default_artefact(), tmp_path)
