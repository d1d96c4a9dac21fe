"""The two moves over spans, on relations that no lesson gives at once: many twins, channels that are full."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from wholechild.patterns.engines.columnar.algebra import Channel, bracketed, islands, sweep
from wholechild.patterns.engines.columnar.duckdb import connect


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    found = connect(memory="1GB", threads=1)
    yield found
    found.close()


def test_spans_that_are_there_twice_do_not_join_what_lies_apart(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Of two equal spans the first begins an island and the second does not, in whichever order they are sorted."""
    connection.execute("""
        CREATE TABLE spans AS SELECT CAST(hash(number) // 2 AS BIGINT) AS child, 10 * place AS start, 10 * place + 5 AS until
        FROM range(300) AS c(number), range(3) AS p(place), range(2) AS t(times) ORDER BY hash(number, place, times)""")
    apart = connection.execute("SELECT DISTINCT child, start, until FROM spans").fetchall()
    assert sorted(connection.execute(islands("spans")).fetchall()) == sorted(apart)


@pytest.mark.parametrize("most", [1, 3, 4, 1_000_000, 2**61, None])
def test_channels_side_by_side_count_as_they_would_alone(
    connection: duckdb.DuckDBPyConnection, most: int | None
) -> None:
    several = min(most or 9, 9)
    connection.execute(f"""
        CREATE TABLE spans AS SELECT 1 AS child, place AS start, place + {several} AS until, place % 2 AS odd
        FROM range(20) AS p(place)""")
    of = {
        "all_of_them": Channel("spans", most=most),
        "none": Channel(bracketed("SELECT * FROM spans WHERE odd > 1"), most=0),
        "odd": Channel("spans", "odd", most),
        "doubled": Channel("spans", "2", None if most is None else 2 * most),
    }
    for start, until, whole, none, odd, doubled in connection.execute(
        f"SELECT start, until, all_of_them, none, odd, doubled FROM ({sweep(of)}) AS p"
    ).fetchall():
        covering = [p for p in range(20) if p <= start and until <= p + several]
        assert (whole, none, odd, doubled) == (
            len(covering), 0, sum(p % 2 for p in covering), 2 * len(covering)
        )  # fmt: skip
